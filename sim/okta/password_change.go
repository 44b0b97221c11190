package okta

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func mountPasswords(t table) {
	t.add(http.MethodPost, userPath+"/credentials/change_password", "write_password", resetCredentials, (*call).changePassword)
	t.add(http.MethodPost, userPath+"/credentials/forgot_password", "forgot_password", resetCredentials, (*call).forgotPassword)
	t.add(http.MethodPost, userPath+"/credentials/forgot_password_recovery_question", "write_password", resetCredentials, (*call).recover)
	t.add(http.MethodPost, userPath+"/credentials/change_recovery_question", "change_question", resetCredentials, (*call).changeQuestion)
}

// valueBody is a password in its object. A bare string instead is not well-formed (a report to okta-sdk-nodejs).
type valueBody struct {
	Value *string `json:"value"`
}

func (b *valueBody) text() string {
	if b == nil || b.Value == nil {
		return ""
	}
	return *b.Value
}

const (
	notForLoginType = " is not supported for the user's login type"
	notInStatus     = " is not allowed in the user's current status"
)

// changePassword is the user's own change, with the old password. It is checked against the history without strict too; strict
// adds the minimum age.
func (c *call) changePassword() error {
	var b struct {
		Old *valueBody `json:"oldPassword"`
		New *valueBody `json:"newPassword"`
	}
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	strict, err := c.flag("strict", false)
	if err != nil {
		return err
	}
	if b.Old.text() == "" || b.New.text() == "" {
		return refuse(validation, "newPassword").because("newPassword: The field cannot be left blank")
	}
	w := c.newWrite(b.New.text(), demands{history: true, current: true, minAge: strict})
	status, err := strconv.Atoi(c.s.switches.Value(wrongOldStatus))
	if err != nil {
		return err
	}
	old, err := c.prove(b.Old.text())
	if err != nil {
		return err
	}
	p, err := c.change(eventUpdatePassword, func(p *people.Person, a *Account, m profile) error {
		switch {
		case a.federated(), a.delegated():
			r := refuse(badCredentials).because("Change password" + notForLoginType)
			c.x.Reason = "federated"
			return r
		case a.Status != Staged && a.Status != Active && a.Status != PasswordExpired && a.Status != Recovery, !hasPassword(p, a):
			return refuse(wrongStatus)
		case c.s.policyFor(p, a).DenyChange:
			return refuse(changeRefused)
		case !c.s.matches(p, a, old):
			return refuse(badCredentials).because("Old Password is not correct").as(status)
		}
		if text := c.s.userSet(p, a, m, w); text != "" {
			return refuse(passwordRefused).because(text)
		}
		return nil
	})
	if err != nil {
		c.countWrongOld(err)
		return err
	}
	return c.sendCredentials(&p)
}

// prove tries a password of the user of the path.
func (c *call) prove(password string) (proof, error) {
	id, err := c.user()
	if err != nil {
		return proof{}, err
	}
	return c.s.proveOf(id, secret.New(password)), nil
}

// countWrongOld counts a wrong old password as a failed sign-in, where the switch says so.
func (c *call) countWrongOld(err error) {
	if refusedBecause(err, "Old Password is not correct") && c.s.is(wrongOldCounts, "yes") {
		if id, ok := c.s.lookUp(c.id); ok {
			c.s.fail(id, c)
		}
	}
}

// forgotPassword starts the user's own recovery. The status stays.
func (c *call) forgotPassword() error {
	mail, err := c.flag("sendEmail", true)
	if err != nil {
		return err
	}
	p, err := c.change(eventResetPassword, func(_ *people.Person, a *Account, _ profile) error {
		switch {
		case a.federated(), a.delegated():
			c.x.Reason = "federated"
			return refuse(resetRefused).because("Forgot password" + notForLoginType)
		case a.Status != Active:
			return refuse(forgotRefused).because("Forgot password" + notInStatus)
		case a.Question == "" && c.s.is(forgotNeedsAnswer, "yes"):
			return refuse(forgotRefused).because("Recovery credential not set.")
		}
		return errUnchanged
	})
	if err != nil {
		return err
	}
	return c.sendReset(&p, mail)
}

// sendReset answers with the link for a new password, or with nothing when it goes out by mail.
func (c *call) sendReset(p *people.Person, mail bool) error {
	if mail {
		return c.sendJSON(object{})
	}
	token := c.s.states.issue(p.ID, forRecovery, c.s.kernel.Clock.Now())
	c.x.Secret(secret.New(token))
	return c.sendJSON(object{{"resetPasswordUrl", c.base + "/signin/reset-password/" + url.PathEscape(token)}})
}

// recover sets a new password with the answer to the recovery question. What a broken policy is answered with is unverified;
// it is what change_password answers.
func (c *call) recover() error {
	var b struct {
		Password *valueBody    `json:"password"`
		Question *questionBody `json:"recovery_question"`
	}
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	if b.Password.text() == "" || b.Question == nil || b.Question.Answer == nil {
		return refuse(validation, "recovery_question").because("recovery_question.answer: The field cannot be left blank")
	}
	w := c.newWrite(b.Password.text(), demands{history: true, current: true})
	p, err := c.change(eventUpdatePassword, func(p *people.Person, a *Account, m profile) error {
		switch {
		case a.federated(), a.delegated():
			c.x.Reason = "federated"
			return refuse(resetRefused).because("Forgot password" + notForLoginType)
		case a.Status != Active:
			return refuse(forgotRefused).because("Forgot password" + notInStatus)
		case a.Question == "":
			return refuse(forgotRefused).because("Recovery credential not set.")
		case c.s.answerDigest(*b.Question.Answer) != a.answer:
			return refuse(wrongAnswer)
		}
		if text := c.s.userSet(p, a, m, w); text != "" {
			return refuse(passwordRefused).because(text)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.sendCredentials(&p)
}

// changeQuestion sets a recovery question with the present password.
func (c *call) changeQuestion() error {
	var b struct {
		Password *valueBody    `json:"password"`
		Question *questionBody `json:"recovery_question"`
	}
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	if b.Password.text() == "" || b.Question == nil {
		return refuse(validation, "recovery_question").because("recovery_question: The field cannot be left blank")
	}
	present, err := c.prove(b.Password.text())
	if err != nil {
		return err
	}
	p, err := c.change(eventUpdateProfile, func(p *people.Person, a *Account, _ profile) error {
		switch {
		case a.federated(), a.delegated(), a.Status != Staged && a.Status != Active && a.Status != Recovery:
			return refuse(questionRefused)
		case !c.s.matches(p, a, present):
			return refuse(badCredentials).because("Password is not correct")
		}
		return c.s.setQuestion(a, b.Question)
	})
	if err != nil {
		return err
	}
	return c.sendCredentials(&p)
}
