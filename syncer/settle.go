package syncer

import (
	"context"
	"sync"
	"time"

	"github.com/seatrial/seatrial/syncer/audit"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// settleAgain is the pause after an outcome that could not be written down.
const settleAgain = time.Second

// settlements bounds how many outcomes share a flush of the audit trail.
const settlements = 256

// settlement is an outcome that is to be written down.
type settlement struct {
	change  *change
	outcome outcome
}

// settler makes outcomes durable, in the order in which the dispatcher found them, so that no outcome is told before an
// earlier one of the same user. Those that come while a flush is on its way share the next one.
type settler struct {
	mu     sync.Mutex
	list   []settlement
	closed bool
	wake   chan struct{}
}

func newSettler() *settler { return &settler{wake: make(chan struct{}, 1)} }

// add never waits.
func (s *settler) add(c *change, o outcome) {
	s.mu.Lock()
	s.list = append(s.list, settlement{c, o})
	s.mu.Unlock()
	s.knock()
}

// close lets next end when all is taken.
func (s *settler) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.knock()
}

func (s *settler) knock() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next waits for outcomes and returns them; none means that there will be no more.
func (s *settler) next(ctx context.Context) []settlement {
	for {
		s.mu.Lock()
		list, closed := s.list, s.closed
		s.list = nil
		s.mu.Unlock()
		if len(list) > 0 || closed {
			return list
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return nil
		}
	}
}

// settleAll writes outcomes down until the dispatcher has no more, or ctx ends.
func (e *Engine) settleAll(ctx context.Context) {
	for {
		list := e.settler.next(ctx)
		if len(list) == 0 {
			return
		}
		for len(list) > 0 {
			n := min(len(list), settlements)
			if !e.settle(ctx, list[:n]) {
				return
			}
			list = list[n:]
		}
	}
}

// settle writes outcomes down: first in the audit trail, then in what is kept of parked changes, at last by removing the
// changes from the queue. A change without a state was audited by an earlier engine and is only removed. What cannot be
// written down is tried again until the engine stops; the changes are then still in the queue.
func (e *Engine) settle(ctx context.Context, list []settlement) bool {
	now := time.Now().UTC()
	lines := make([]audit.Line, 0, len(list))
	for _, s := range list {
		if s.outcome.state != "" {
			lines = append(lines, s.line(now, e.target.Name()))
		}
	}
	if len(lines) > 0 && !e.insist(ctx, "the audit trail cannot be written", func() error { return e.audit.WriteAll(ctx, lines) }) {
		return false
	}
	for _, s := range list {
		if s.outcome.state == "" {
			// What the audit trail says, so that an earlier engine's drop is made up for.
			status, _ := e.ledger.get(s.change.ID)
			s.outcome.state, s.outcome.reason = status.State, status.Reason
		} else {
			e.metrics.finished(s.outcome, now.Sub(s.change.Accepted))
		}
		if !e.insist(ctx, "the parked changes cannot be kept", func() error { return e.settleParked(ctx, s, now) }) {
			return false
		}
	}
	told := 0
	for _, s := range list {
		c := s.change
		if s.outcome.state != "" {
			e.ledger.finish(lines[told], &c.Accepted)
			told++
		}
		if c.replay == 0 && !e.insist(ctx, "a finished change cannot be removed from the queue", func() error { return e.queue.Done(ctx, c.delivery) }) {
			return false
		}
		if s.outcome.state == hook.Applied {
			e.log.InfoContext(ctx, "password applied", "change_id", c.ID, "transaction_id", c.TransactionID, "user_name", c.UserName,
				"attempts", c.attempts, "evidence", s.outcome.reason)
		}
	}
	return true
}

// settleParked brings the parked store in line with an outcome.
func (e *Engine) settleParked(ctx context.Context, s settlement, now time.Time) error {
	if s.change.replay > 0 {
		if err := e.lot.settle(ctx, s.change, s.outcome, now); err != nil {
			return err
		}
	}
	if s.outcome.state == hook.Applied {
		return e.lot.drop(ctx, s.change.key, s.change.order)
	}
	return nil
}

func (s settlement) line(now time.Time, target string) audit.Line {
	c := s.change
	return audit.Line{
		Time: now, TransactionID: c.TransactionID, ID: c.ID, UserName: c.UserName, Target: target, Outcome: string(s.outcome.state),
		Reason: s.outcome.reason, Attempts: c.attempts, Replay: c.replay, Plan: s.outcome.plan,
	}
}

// insist repeats f until it works. It logs the first failure only.
func (e *Engine) insist(ctx context.Context, trouble string, f func() error) bool {
	for n := 0; ; n++ {
		err := f()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if n == 0 {
			e.log.ErrorContext(ctx, trouble, "error", err) //nolint:sloglint // One of a few constants of this package.
		}
		select {
		case <-time.After(settleAgain):
		case <-ctx.Done():
			return false
		}
	}
}
