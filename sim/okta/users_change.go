package okta

import (
	"errors"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// errUnchanged ends an update that would change nothing.
var errUnchanged = errors.New("nothing to write")

// change is one write of a user's credentials or status.
func (c *call) change(kind eventKind, f func(*people.Person, *Account, profile) error) (people.Person, error) {
	return c.changeProfile(kind, func(p *people.Person, a *Account, m *profile) error { return f(p, a, *m) })
}

// changeProfile is one write: the user as of now, the change, its event.
func (c *call) changeProfile(kind eventKind, f func(*people.Person, *Account, *profile) error) (people.Person, error) {
	id, err := c.user()
	if err != nil {
		return people.Person{}, err
	}
	var before people.Person
	p, err := c.s.update(id, func(p *people.Person) error {
		before = *p
		a, m := c.s.view(p)
		if a.Transitioning != "" {
			return refuse(stillActivating)
		}
		if err := f(p, &a, &m); err != nil {
			return err
		}
		keep(p, a, m)
		return nil
	})
	switch {
	case errors.Is(err, errUnchanged):
		var ok bool
		if p, ok = c.s.people.ByID(id); !ok {
			return people.Person{}, noUser(c.id)
		}
	case errors.Is(err, people.ErrNotFound):
		return people.Person{}, noUser(c.id)
	case errors.Is(err, people.ErrDuplicate):
		return people.Person{}, loginIsTaken()
	case err != nil:
		if known, ok := c.s.people.ByID(id); ok {
			c.logRefusedPassword(err, &known)
		}
		return people.Person{}, err
	}
	if c.x.Operation == "write_password" {
		c.x.Outcome = "accepted"
	}
	c.log(kind, &p, "SUCCESS", "")
	if err == nil {
		c.s.noticed(&before, &p)
	}
	return p, nil
}

// logRefusedPassword leaves a failure in the System Log when a password was refused for what it is.
func (c *call) logRefusedPassword(err error, p *people.Person) {
	var r *refusal
	if p == nil || !errors.As(err, &r) || c.s.is(refusedWriteLogged, "none") {
		return
	}
	if r.kind == policyBroken || r.kind == passwordRefused || r.kind == badCredentials || r.kind == complexityUnmet || r.kind == federatedUser {
		c.log(eventUpdatePassword, p, "FAILURE", r.Error())
	}
}

// refusedBecause tells whether an error is a refusal with that cause.
func refusedBecause(err error, text string) bool {
	var r *refusal
	return errors.As(err, &r) && strings.Contains(strings.Join(r.causes, ";"), text)
}
