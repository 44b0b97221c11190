package scenarios

import (
	"errors"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/sim/control"
)

// pace is how long to wait before asking again: often at first, and seldom when it lasts. Virtual time is free, requests
// are not.
func pace(waited time.Duration) time.Duration {
	return min(max(waited/25, 10*time.Millisecond), 30*time.Second)
}

// poll asks again and again until done says so or the limit is over; it tells whether done did.
func (r *run) poll(limit time.Duration, done func() (bool, error)) (bool, error) {
	began := time.Now()
	for {
		if r.interrupted() != nil {
			return false, premise("interrupted")
		}
		ok, err := done()
		if ok || err != nil {
			return ok, err
		}
		waited := time.Since(began)
		if waited >= limit {
			return false, nil
		}
		if err := r.sleep(min(pace(waited), limit-waited) + r.jitter.Jitter(betweenJitter)); err != nil {
			return false, err
		}
	}
}

// settle waits until every change has been answered and every acknowledged one is final. A change that is not final in
// the end is judged later: by the invariant that nothing is lost.
func (r *run) settle(limit time.Duration) error {
	began := time.Now()
	_, err := r.poll(limit, func() (bool, error) {
		if !r.allSent() {
			return false, nil
		}
		if !r.observable {
			return r.quiet()
		}
		if err := r.readOutcomes(); err != nil {
			return false, err
		}
		return r.observable && r.allFinal(), nil
	})
	r.settled = time.Since(began)
	return err
}

func (r *run) allSent() bool {
	for _, s := range r.changes {
		select {
		case <-s.done:
		default:
			return false
		}
	}
	return true
}

func (r *run) allFinal() bool {
	final := map[string]int{}
	for _, o := range r.outcomes {
		final[o.TransactionID]++
	}
	for _, s := range r.changes {
		if s.Acked && !s.unseen && final[s.TransactionID] <= s.replays {
			return false
		}
	}
	return true
}

// readOutcomes asks the system. One that cannot tell is watched from outside instead.
func (r *run) readOutcomes() error {
	if !r.observable {
		return nil
	}
	outcomes, err := r.system.get().Outcomes(r.ctx)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		r.observable = false
	case err != nil:
		return fmt.Errorf("outcomes of the system under test: %w", err)
	default:
		r.outcomes = outcomes
		r.heardOf()
	}
	return nil
}

// calm is longer than any wait between two attempts.
const calm = 40 * time.Second

// quiet tells whether the target has heard nothing for a while.
func (r *run) quiet() (bool, error) {
	page, err := r.control.JournalPage(r.ctx, control.JournalQuery{Target: r.target.name(), First: 1})
	if err != nil || page.Total == 0 {
		return false, err
	}
	last, err := r.control.JournalPage(r.ctx, control.JournalQuery{Target: r.target.name(), After: page.Last - 1, First: 1})
	if err != nil || len(last.Entries) == 0 {
		return false, err
	}
	return time.Since(last.Entries[0].Answered) > calm, nil
}

// moment waits until the target has seen so much.
func (r *run) moment(m Moment) error {
	limit := momentLimit
	if m.Within != nil {
		limit = time.Duration(*m.Within)
	}
	what, want := "requests", m.Requests
	queries := []control.JournalQuery{{}}
	switch {
	case m.Applied > 0:
		what, want = "applied", m.Applied
		queries = []control.JournalQuery{{Operation: "write_password", Outcome: "accepted"}, {Operation: "create", Outcome: "accepted"}}
	case m.Attempts > 0:
		what, want = "attempts", m.Attempts
		queries = []control.JournalQuery{{Operation: "write_password"}, {Operation: "create"}}
	}
	seen := 0
	came, err := r.poll(limit, func() (bool, error) {
		seen = 0
		for _, q := range queries {
			q.Target, q.First = r.target.name(), 1
			page, err := r.control.JournalPage(r.ctx, q)
			if err != nil {
				return false, err
			}
			seen += page.Total
		}
		return seen >= want, nil
	})
	if err != nil || came {
		return err
	}
	return premise("after %s: %d: the moment never came; it was %d after %v", what, want, seen, limit)
}
