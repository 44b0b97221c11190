package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/scenarios/invariants"
	"github.com/seatrial/seatrial/scenarios/sut"
)

// submission is one change on its way from the source to the system under test.
type submission struct {
	invariants.Change
	person     *person
	acceptable bool          // what is known at the source: whether the target could take this password from this user
	overtaken  bool          // the user was put out of reach after this change was made
	outdated   bool          // the target's policy was replaced after this change was made
	wait       time.Duration // strict mode: how long the source waits
	replays    int           // how often an operator had it sent again
	refused    bool          // the source was told that the change was refused
	stored     string        // at a directory: the digest of what is stored of the password
	unseen     bool          // at a directory: another one followed before the system looked
	done       chan struct{}
	err        error
}

// Changes of different users are sent close upon each other, but never at one instant: two timers that tie would make the
// order of a run the scheduler's choice.
const (
	between       = 2 * time.Microsecond
	betweenJitter = time.Microsecond
	submitTimeout = 2 * time.Minute
)

// change plays one change step: everybody's passwords are chosen first, then sent at their times. It returns when the last
// is on its way.
func (r *run) change(c Change) error {
	var batch []*submission
	for range max(c.Count, 1) {
		for _, p := range r.pick(c.Users) {
			s, err := r.submission(p, c.With)
			if err != nil {
				return err
			}
			if c.Wait != nil {
				s.wait = time.Duration(*c.Wait)
			}
			batch = append(batch, s)
		}
	}
	var over time.Duration
	if c.Over != nil {
		over = time.Duration(*c.Over)
	}
	base := time.Now()
	last := base
	for i, s := range batch {
		due := base.Add(over*time.Duration(i)/time.Duration(len(batch)) + between*time.Duration(i) + r.jitter.Jitter(betweenJitter))
		previous := s.person.sent
		s.person.sent = s.done
		r.changes = append(r.changes, s)
		r.senders.Go(func() { r.send(s, due, previous) })
		last = due
	}
	return r.sleep(time.Until(last) + between)
}

// submission chooses a password and writes down what the source knows about it.
func (r *run) submission(p *person, with With) (*submission, error) {
	password, acceptable, err := r.passwords.pick(p, with)
	if err != nil {
		return nil, err
	}
	s := &submission{person: p, done: make(chan struct{})}
	s.acceptable = acceptable && p.reachable() && (!p.newcomer || r.scenario.Given.Engine.Provision || r.pair != nil)
	if acceptable {
		p.known = append(p.known, password)
	}
	r.number++
	s.Change = invariants.Change{
		Number: r.number, TransactionID: fmt.Sprintf("%s-%06d", r.transactions.Hex(8), r.number),
		User: p.UserName, Password: password,
	}
	return s, nil
}

// send waits for the user's previous change to be answered, as a source does that locks a user while he changes his
// password, and submits this one.
func (r *run) send(s *submission, due time.Time, previous <-chan struct{}) {
	defer close(s.done)
	if previous != nil {
		select {
		case <-previous:
		case <-r.ctx.Done():
			return
		}
	}
	if r.sleep(time.Until(due)) != nil {
		return
	}
	s.Submitted = time.Now()
	for {
		id, err := r.submit(s)
		if refused, is := errors.AsType[*sut.RefusedError](err); is {
			s.refused, id, err = true, refused.ID, nil
		}
		if err == nil {
			s.ID, s.Acked, s.Acknowledged = id, true, time.Now()
			return
		}
		s.err = err
		if !r.scenario.mortal() || time.Since(s.Submitted) > resubmitFor || r.sleep(resubmit+r.jitter.Jitter(betweenJitter)) != nil {
			return
		}
	}
}

// A careful source submits a change again, under the same transaction id, until it is acknowledged.
const (
	resubmit    = 500 * time.Millisecond
	resubmitFor = time.Hour
)

func (r *run) submit(s *submission) (string, error) {
	if r.scenario.Given.DS != nil {
		return "", r.changeThere(s)
	}
	system := r.system.get()
	if system == nil {
		return "", errNotRunning
	}
	ctx, cancel := context.WithTimeout(r.ctx, submitTimeout)
	defer cancel()
	return system.Submit(ctx, sut.Change{
		TransactionID: s.TransactionID, UserName: s.User, Password: s.Password, Attributes: s.person.attributes(), Wait: s.wait,
	})
}

// refusedAtSource counts the changes of which the waiting source was told that they were refused.
func (r *run) refusedAtSource() int {
	n := 0
	for _, s := range r.changes {
		if s.refused {
			n++
		}
	}
	return n
}
