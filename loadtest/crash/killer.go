package crash

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/kernel/random"
)

// The moments of death.
const (
	// duringStart is the share of kills that hit the engine while it recovers from the one before.
	duringStart = 0.2
	// longestStart bounds when such a kill comes after the start.
	longestStart = 150 * time.Millisecond
	// longestDelay spreads a kill over the time after the acknowledgement that it waits for.
	longestDelay = 40 * time.Millisecond
	// watching is how often the number of acknowledgements is looked at.
	watching = time.Millisecond
)

// killer kills the engine and starts it again.
type killer struct {
	system *sut.Process
	source *source
	stream *random.Stream
	kills  int
	killed func(n int) // told after each kill

	crashes []invariants.Crash
}

// run kills the engine at random points of the run, by acknowledged changes.
func (k *killer) run(ctx context.Context) error {
	points := make([]int, k.kills)
	for i := range points {
		points[i] = 1 + k.stream.IntN(max(k.source.changes*97/100, 1))
	}
	slices.Sort(points)
	for i := 0; i < len(points); i++ {
		if err := k.until(ctx, points[i]); err != nil {
			return err
		}
		k.kill()
		for i+1 < len(points) && k.stream.Float64() < duringStart {
			i++
			if _, err := k.begin(); err != nil {
				return err
			}
			if err := pause(ctx, time.Duration(k.stream.Float64()*float64(longestStart))); err != nil {
				return err
			}
			k.kill()
		}
		ready, err := k.begin()
		if err != nil {
			return err
		}
		if err := ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// until waits for so many acknowledgements, and a random moment more.
func (k *killer) until(ctx context.Context, acknowledged int) error {
	for int(k.source.acked.Load()) < acknowledged {
		if err := pause(ctx, watching); err != nil {
			return err
		}
	}
	return pause(ctx, time.Duration(k.stream.Float64()*float64(longestDelay)))
}

func (k *killer) kill() {
	k.crashes = append(k.crashes, invariants.Crash{Died: time.Now()})
	k.system.Kill()
	k.killed(len(k.crashes))
}

func (k *killer) begin() (func(context.Context) error, error) {
	k.crashes[len(k.crashes)-1].Started = time.Now()
	ready, err := k.system.Begin()
	if err != nil {
		return nil, errors.Join(errors.New("after a kill"), err)
	}
	return ready, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
