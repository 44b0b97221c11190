package idcs

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	optionsPath     = "/admin/v1/MePasswordRecoveryOptionRetriever"
	requestorPath   = "/admin/v1/MePasswordResetRequestor"
	meResetterPath  = "/admin/v1/MePasswordResetter"
	optionsSchema   = idcsSchemas + "MePasswordRecoveryOptionRetriever"
	requestorSchema = idcsSchemas + "MePasswordResetRequestor"
	meResetterShape = idcsSchemas + "MePasswordResetter"
)

// mountForgotten is how users come by a new password without the old one: by a mail. Text messages and security questions
// are not simulated.
func mountForgotten(t table) {
	t.add(http.MethodPost, optionsPath, "read", mayForget, (*call).recoveryOptions)
	t.add(http.MethodPost, requestorPath, "update", mayForget, (*call).requestReset)
	t.add(http.MethodPost, meResetterPath, "write_password", mayReset, (*call).resetForgotten)
}

var (
	optionsAttributes = newSchema(optionsSchema, append(common(), one(text, "userName"),
		listOf("options", texts("type", "value")...).readOnly()), nil, nil)
	requestorAttributes = newSchema(requestorSchema, append(common(), one(text, "userName"), one(text, "notificationType"),
		one(text, "notificationEmailAddress"), one(flag, "userFlowControlledByExternalClient"), one(flag, "bypassNotification")), nil, nil)
	meResetterAttributes = newSchema(meResetterShape, append(common(), one(text, "token").writeOnly(),
		one(text, "password").writeOnly()), nil, nil)
)

// forgetful is the user who is named in a body and may reset the password.
func (c *call) forgetful(m map[string]any) (people.Person, error) {
	userName, _ := member(m, "userName").(string)
	if userName == "" {
		return people.Person{}, refuse(missingAttributes, "userName")
	}
	c.x.User = userName
	p, ok := c.s.people.ByUserName(userName)
	switch {
	case !ok:
		return p, refuse(noSuchUser, userName)
	case !p.Active:
		return p, refuse(inactiveUser, userName)
	}
	return p, c.s.takesPassword(&p)
}

// recoveryOptions tells by which ways a user can be reached, in the form of a captured answer.
func (c *call) recoveryOptions() error {
	m, err := c.object(optionsAttributes)
	if err != nil {
		return err
	}
	p, err := c.forgetful(m)
	if err != nil {
		return err
	}
	options := []any{}
	if address := p.PrimaryEmail(); address != "" {
		options = append(options, map[string]any{"type": "email", "value": masked(address)})
	}
	return c.sendJSON(http.StatusCreated, map[string]any{
		"options": options, "schemas": []string{optionsSchema},
		"meta": map[string]any{"resourceType": "MePasswordRecoveryOptionRetriever", "location": c.base + optionsPath},
	})
}

func masked(address string) string {
	return "****" + address[max(0, strings.LastIndexByte(address, '@')):]
}

// requestReset sends the mail. Who asks again too soon is refused: that is what Oracle's SDK describes minPasswordAge as.
func (c *call) requestReset() error {
	m, err := c.object(requestorAttributes)
	if err != nil {
		return err
	}
	p, err := c.forgetful(m)
	if err != nil {
		return err
	}
	if way, ok := member(m, "notificationType").(string); ok && !strings.EqualFold(way, "email") {
		return refuse(invalidValue, "notificationType", "the simulator knows email only")
	}
	address := p.PrimaryEmail()
	to, given := member(m, "notificationEmailAddress").(string)
	if address == "" || given && !strings.EqualFold(to, address) && !strings.EqualFold(to, masked(address)) {
		return refuse(selfServiceMail, "notifications")
	}
	now := c.s.kernel.Clock.Now()
	if wait := c.s.resets.claim(p.ID, now, c.s.minimumAge(p.ID)); wait > 0 {
		return refuse(resetTooSoon, wait.Round(time.Second).String())
	}
	c.s.mail(&p, MailPasswordReset, c.s.newResetToken(p.ID))
	return c.done(http.StatusCreated, requestorSchema, requestorPath, p.ID, nil)
}

// resetForgotten sets a password with the token of a mail, which is used up by it.
func (c *call) resetForgotten() error {
	m, err := c.object(meResetterAttributes)
	if err != nil {
		return err
	}
	token, _ := member(m, "token").(string)
	if token == "" {
		return refuse(missingAttributes, "token")
	}
	write, err := c.passwordIn(m, byUser)
	if err != nil {
		return err
	}
	digest := c.s.kernel.Digester.Digest(secret.New(token))
	id := c.s.resets.user(digest, c.s.kernel.Clock.Now())
	if id == "" {
		return refuse(invalidToken)
	}
	c.x.User = c.s.people.UserName(id)
	p, err := c.change(id, func(p *people.Person) error {
		if err := c.s.setPassword(p, *write); err != nil {
			return err
		}
		if !c.s.resets.spend(digest) { // somebody else was faster
			return refuse(invalidToken)
		}
		return nil
	})
	if errors.Is(err, people.ErrNotFound) {
		return refuse(invalidToken)
	}
	if err != nil {
		return err
	}
	c.s.mail(&p, MailPasswordChanged, secret.Value{})
	return c.done(http.StatusCreated, meResetterShape, meResetterPath, id, nil)
}
