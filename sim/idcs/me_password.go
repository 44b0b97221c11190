package idcs

import (
	"errors"
	"net/http"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	meChangerPath    = "/admin/v1/MePasswordChanger"
	mustChangerPath  = "/admin/v1/MePasswordMustChanger"
	meChangerSchema  = idcsSchemas + "MePasswordChanger"
	mustChangerShape = idcsSchemas + "MePasswordMustChanger"
)

// mountOwnPassword is how users change a password that they know.
func mountOwnPassword(t table) {
	t.add(http.MethodPut, meChangerPath, "write_password", mayUseMe, (*call).changeOwnPassword)
	t.add(http.MethodPost, mustChangerPath, "write_password", mayMustChange, (*call).changeOverduePassword)
}

var (
	meChangerAttributes = newSchema(meChangerSchema, append(common(),
		one(text, "oldPassword").writeOnly(), one(text, "password").writeOnly(),
	), nil, nil)
	mustChangerAttributes = newSchema(mustChangerShape, append(common(),
		one(text, "oldPassword").writeOnly(), one(text, "password").writeOnly(),
		one(text, "mappingAttribute"), one(text, "mappingAttributeValue"),
	), nil, nil)
)

// changeOwnPassword is the change by a user who has signed in.
func (c *call) changeOwnPassword() error {
	m, err := c.object(meChangerAttributes)
	if err != nil {
		return err
	}
	old, write, err := c.oldAndNew(m)
	if err != nil {
		return err
	}
	me, err := c.me()
	if err != nil {
		return err
	}
	return c.replaceOwn(http.StatusOK, meChangerSchema, meChangerPath, me.ID, old, write)
}

// changeOverduePassword is the change by a user who cannot sign in before it, because he must change the password or because
// it has expired. The client vouches for nothing but itself: the old password is the proof.
func (c *call) changeOverduePassword() error {
	m, err := c.object(mustChangerAttributes)
	if err != nil {
		return err
	}
	userName, err := c.mappedUser(m)
	if err != nil {
		return err
	}
	old, write, err := c.oldAndNew(m)
	if err != nil {
		return err
	}
	p, ok := c.s.people.ByUserName(userName)
	if !ok {
		c.x.Reason = "not_found"
		return refuse(wrongOldPassword)
	}
	return c.replaceOwn(http.StatusCreated, mustChangerShape, mustChangerPath, p.ID, old, write)
}

func (c *call) oldAndNew(m map[string]any) (secret.Value, *passwordWrite, error) {
	old, ok := member(m, "oldPassword").(string)
	if !ok {
		return secret.Value{}, nil, refuse(missingAttributes, "oldPassword")
	}
	write, err := c.passwordIn(m, byUser)
	return secret.New(old), write, err
}

func (c *call) replaceOwn(status int, urn, path, id string, old secret.Value, write *passwordWrite) error {
	p, err := c.changeOwn(id, &old, func(p *people.Person) error { return c.s.setPassword(p, *write) })
	if err != nil {
		return err
	}
	c.s.mail(&p, MailPasswordChanged, secret.Value{})
	return c.done(status, urn, path, id, nil)
}

// changeOwn is a change by the user himself. Where the current password is given, it is judged first: a wrong one counts as
// a failed log-in where the switch says so, and one who is locked out gets no answer at all.
func (c *call) changeOwn(id string, current *secret.Value, change func(*people.Person) error) (people.Person, error) {
	now := c.s.kernel.Clock.Now()
	applies := c.s.policyFor(id)
	wrong := refuse(wrongOldPassword)
	p, err := c.change(id, func(p *people.Person) error {
		if current != nil {
			if err := c.s.takesPassword(p); err != nil {
				return err
			}
			switch {
			case applies.locks(p, now):
				return refuse(lockedUser, p.UserName)
			case !c.s.proves(p, *current):
				return wrong
			}
		}
		return change(p)
	})
	switch {
	case errors.Is(err, people.ErrNotFound): // deleted a moment ago
		return p, refuse(noSuchUser, id)
	case errors.Is(err, wrong) && c.s.is(oldPasswordFails, "count"):
		_, _ = c.s.people.Update(id, func(p *people.Person) error {
			applies.fail(p, now)
			return nil
		})
	}
	return p, err
}
