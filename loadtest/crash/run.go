package crash

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seatrial/seatrial/loadtest"
	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/population"
)

// Options say how much is done.
type Options struct {
	Changes, Kills, Users, Lanes int
	Seed                         uint64
	// Binary is seatrial itself; its `sync run` is killed.
	Binary string
	// Latency of the target, so that a kill finds writes under way.
	Latency loadtest.Latency
	// Settle bounds the time after the last change until all have their outcome.
	Settle time.Duration
}

// DefaultOptions kill the engine fifty times in ten thousand changes of a thousand users.
func DefaultOptions() Options {
	return Options{
		Changes: 10_000, Kills: 50, Users: 1000, Lanes: 32, Seed: 1, Settle: 5 * time.Minute,
		Latency: loadtest.Latency{P50: 8 * time.Millisecond, P95: 25 * time.Millisecond, P99: 60 * time.Millisecond},
	}
}

// Validate reports every mistake by its flag.
func (o Options) Validate() error {
	var errs []error
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(o.Changes < 1 || o.Changes > 100_000, "--changes: %d is not within 1…100000", o.Changes)
	add(o.Kills < 1 || o.Kills > o.Changes, "--kills: %d is not within 1 and the number of changes, %d", o.Kills, o.Changes)
	add(o.Users < o.Lanes, "--users: %d is below %d, one for each change under way", o.Users, o.Lanes)
	add(o.Settle <= 0, "--settle: %v is not above 0", o.Settle)
	return errors.Join(errs...)
}

// Event tells how far a run is.
type Event struct{ Killed, Kills, Acknowledged, Changes int }

// Run carries it out and judges. An error means that nothing could be found out.
func Run(ctx context.Context, o Options, progress func(Event)) (result reports.Scenario, err error) {
	if err := o.Validate(); err != nil {
		return result, err
	}
	began := time.Now()
	stage, err := o.build(ctx)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, stage.Close(context.WithoutCancel(ctx))) }()
	process, ok := stage.System.(*sut.Process)
	if !ok {
		return result, fmt.Errorf("a %T cannot be killed", stage.System)
	}
	plan, seed := stage.Plan(), random.Seed(o.Seed)
	s := &source{system: process, plan: plan, changes: o.Changes, lanes: o.Lanes, stream: seed.Stream("crash/transactions")}
	k := &killer{system: process, source: s, stream: seed.Stream("crash/moments"), kills: o.Kills}
	k.killed = func(n int) { progress(Event{n, o.Kills, int(s.acked.Load()), o.Changes}) }
	j := &judge{options: o, stage: stage, system: process, source: s, killer: k, initial: initial(plan)}
	if j.before, err = stage.World.Control().Users(ctx, target); err != nil {
		return result, err
	}
	if err := together(ctx, s.run, k.run); err != nil {
		return result, err
	}
	if err := j.settle(ctx); err != nil {
		return result, err
	}
	if err := process.Stop(ctx); err != nil {
		return result, err
	}
	result, err = j.report(ctx)
	result.RealTime = time.Since(began)
	return result, err
}

func (o Options) build(ctx context.Context) (*loadtest.Stage, error) {
	setting := loadtest.DefaultSetting()
	setting.Seed, setting.Latency = random.Seed(o.Seed), o.Latency
	setting.People = slices.Collect(population.Generate(setting.Seed, o.Users))
	setting.System = func(p sut.Place) (sut.System, error) {
		return sut.NewProcess(o.Binary, p, nil)
	}
	return loadtest.Build(ctx, setting)
}

func initial(plan loadtest.Plan) map[string]secret.Value {
	passwords := map[string]secret.Value{}
	for _, u := range plan.Users {
		passwords[u.Name] = u.Password
	}
	return passwords
}

// together runs all until all have ended; the first error ends the others.
func together(ctx context.Context, all ...func(context.Context) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var group sync.WaitGroup
	for _, f := range all {
		group.Go(func() {
			if err := f(ctx); err != nil {
				stop(err)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}
