package loadtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// trial is one shape being run.
type trial struct {
	*run
	shape Shape
	load  *reports.Load

	warmers, changes []*change // those that warm up, those that are measured
	since            uint64    // the journal's last entry before the shape
	before           []control.User
	initial          map[string]secret.Value
	started          time.Time
}

// change is one password change with its three times.
type change struct {
	invariants.Change
	user User
	fate chan fate // what the target's journal says; holds one

	intended, sent, done time.Time
	applied              bool
	refusal              string // why the target refused it
	words                string // the same in the target's own words, when they are known
	err                  error  // why the engine did not take it
	lost                 bool   // neither applied nor refused in time
}

// play runs the shape and fills in the load.
func (t *trial) play(ctx context.Context) error {
	if err := t.prepare(ctx); err != nil {
		return err
	}
	flying, ground := context.WithCancelCause(ctx)
	defer ground(nil)
	watch := newWatch(t.plane, t.plan.Target, t.since, t.all())
	var watching sync.WaitGroup
	watching.Go(func() {
		if err := watch.run(flying); err != nil {
			ground(err) // blind: whoever flies comes down
		}
	})
	err := t.fly(flying)
	if err == nil {
		err = t.settle(flying)
	}
	ground(nil)
	watching.Wait()
	if err != nil {
		return err
	}
	t.measure()
	t.report(Judging, len(t.changes))
	return t.judge(ctx)
}

func (t *trial) all() []*change { return slices.Concat(t.warmers, t.changes) }

func (t *trial) report(phase Phase, ended int) {
	t.progress(Event{Shape: t.shape.Name, Phase: phase, Planned: len(t.changes), Ended: ended})
}

// prepare chooses users and passwords and looks at the target before anything happens, so that nothing of it costs time
// while time is measured.
func (t *trial) prepare(ctx context.Context) error {
	t.initial = map[string]secret.Value{}
	var all []*change
	for _, user := range t.take(t.plan.WarmUp + t.shape.Changes()) {
		user.Password = t.current[user.Name]
		password, err := t.plan.Password(user)
		if err != nil {
			return fmt.Errorf("new password of %s: %w", user.Name, err)
		}
		t.number++
		c := &change{user: user, fate: make(chan fate, 1)}
		c.Change = invariants.Change{
			Number: t.number, TransactionID: fmt.Sprintf("%s-%06d", t.transactions.Hex(8), t.number),
			User: user.Name, Password: password, Acceptable: true,
		}
		t.initial[user.Name] = user.Password
		all = append(all, c)
	}
	t.warmers, t.changes = all[:t.plan.WarmUp], all[t.plan.WarmUp:]
	if err := t.digest(ctx, all); err != nil {
		return err
	}
	page, err := t.plane.JournalPage(ctx, control.JournalQuery{Target: t.plan.Target, First: 1})
	if err != nil {
		return err
	}
	t.since = page.Last
	t.before, err = t.plane.Users(ctx, t.plan.Target)
	return err
}

// digestsAtOnce keeps a request small.
const digestsAtOnce = 5_000

// digest learns under which digests the journal will show the passwords.
func (t *trial) digest(ctx context.Context, all []*change) error {
	taken := map[string]string{}
	for batch := range slices.Chunk(all, digestsAtOnce) {
		var passwords []secret.Value
		for _, c := range batch {
			passwords = append(passwords, c.Password)
		}
		digests, err := t.plane.Digests(ctx, passwords...)
		if err != nil {
			return err
		}
		if len(digests) != len(batch) {
			return fmt.Errorf("%d digests were asked for, %d answered", len(batch), len(digests))
		}
		for i, c := range batch {
			if other, found := taken[digests[i]]; found {
				return fmt.Errorf("%s and %s were given the same password, so the journal could not tell their changes apart", other, c.User)
			}
			c.Digest = digests[i]
			taken[c.Digest] = c.User
		}
	}
	return nil
}

// finalPoll is how often the engine is asked whether it has ended.
const finalPoll = 100 * time.Millisecond

// settle waits until the engine has ended every change that it acknowledged, and then looks on for a while. A change that
// is not final in the end is judged by the invariant that nothing is lost.
func (t *trial) settle(ctx context.Context) error {
	t.report(Settling, len(t.changes))
	deadline := time.Now().Add(t.plan.Settle)
	for {
		final, err := t.final(ctx)
		if err != nil {
			return err
		}
		if final || !time.Now().Before(deadline) {
			return sleep(ctx, t.plan.Calm)
		}
		if err := sleep(ctx, finalPoll); err != nil {
			return err
		}
	}
}

// final tells whether every acknowledged change has a final outcome. An engine that does not tell outcomes is watched from
// outside: all its changes have been waited for, so nothing more can be waited for.
func (t *trial) final(ctx context.Context) (bool, error) {
	outcomes, err := t.system.Outcomes(ctx)
	if errors.Is(err, errors.ErrUnsupported) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("outcomes of the system under test: %w", err)
	}
	ended := map[string]bool{}
	for _, o := range outcomes {
		ended[o.TransactionID] = true
	}
	for _, c := range t.all() {
		if c.Acked && !ended[c.TransactionID] {
			return false, nil
		}
	}
	return true, nil
}

// sleep waits, and says why when the context ends before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
