package idcs

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	resetterPath    = "/admin/v1/UserPasswordResetter"
	bulkChanger     = "/admin/v1/BulkUserPasswordChanger"
	bulkResetter    = "/admin/v1/BulkUserPasswordResetter"
	resetterSchema  = idcsSchemas + "UserPasswordResetter"
	bulkResponseURN = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
	// bulkUsers is how many users one call may name (Oracle, API Rate Limits, "Other Restrictions").
	bulkUsers = 50
)

// mountResets is what an administrator does to passwords beside setting them.
func mountResets(t table) {
	t.add(http.MethodPut, resetterPath+"/{id}", "write_password", mayChangePasswords, (*call).resetPassword)
	t.add(http.MethodPost, bulkChanger, "write_password", mayChangePasswords, (*call).changePasswords)
	t.add(http.MethodPost, bulkResetter, "write_password", mayChangePasswords, (*call).resetPasswords)
	mountValidators(t)
}

var resetterAttributes = newSchema(resetterSchema, append(common(),
	one(flag, "bypassNotification").immutable().never(),
	one(flag, "userFlowControlledByExternalClient").immutable().never(),
	one(text, "notificationEmailTemplateId").writeOnly(),
	complexOf("userToken", texts("value", "$ref")...).readOnly(),
	one(text, "oneTimePassword").readOnly().onRequest(),
	one(flag, extSelfChange+":allowSelfChange").never(),
), selfChange, nil)

// resetPassword gives a user a random password, and a way to a better one: a mail with a token; or the token to a client
// that controls the flow; or, where no mail can be sent, the password itself (Oracle, OCI SDK, package identitydomains).
func (c *call) resetPassword() error {
	m, err := c.object(resetterAttributes)
	if err != nil {
		return err
	}
	p, random, err := c.resetOne(plainID(c.id))
	if errors.Is(err, people.ErrNotFound) {
		return refuse(noSuchUser, c.id)
	}
	if err != nil {
		return err
	}
	extra := map[string]any{}
	quiet, _ := member(m, "bypassNotification").(bool)
	external, _ := member(m, "userFlowControlledByExternalClient").(bool)
	switch {
	case external:
		token := c.s.newResetToken(p.ID)
		c.x.Secret(token)
		extra["userToken"] = map[string]any{"value": token.Reveal(), "$ref": c.base + "/admin/v1/UserTokens/" + c.s.tokens.Hex(idLength)}
	case p.PrimaryEmail() == "":
		extra["oneTimePassword"] = random.Reveal()
	case !quiet:
		c.s.mail(&p, MailPasswordReset, c.s.newResetToken(p.ID))
	}
	return c.done(http.StatusOK, resetterSchema, resetterPath, p.ID, extra)
}

// resetOne gives one user a random password that must be changed. A deactivated user is refused, whatever the switch
// inactiveWrite says (Oracle, Resetting User Passwords).
func (c *call) resetOne(id string) (people.Person, secret.Value, error) {
	known, ok := c.s.people.ByID(id)
	if !ok {
		return people.Person{}, secret.Value{}, people.ErrNotFound
	}
	random, err := c.s.randomPassword(&known)
	if err != nil {
		return people.Person{}, secret.Value{}, err
	}
	c.x.Secret(random)
	digest := c.s.kernel.Digester.Digest(random)
	p, err := c.change(id, func(p *people.Person) error {
		if !p.Active {
			return refuse(inactiveUser, p.UserName)
		}
		if err := c.s.takesPassword(p); err != nil {
			return err
		}
		p.Credential.Set(digest, random, c.s.kernel.Clock.Now(), !p.Federated && !p.Delegated)
		if p.Credential.Failures = 0; c.s.is(lockedWrite, "unlock") {
			unlock(p)
		}
		return nil
	})
	if err == nil {
		c.x.Password = digest
	}
	return p, random, err
}

// randomPassword is one that the user's policy accepts.
func (s *Server) randomPassword(p *people.Person) (secret.Value, error) {
	rules := s.policyFor(p.ID).rules
	text, err := policy.Generate(s.tokens, rules, s.subject(p, rules, passwordWrite{}))
	if err != nil {
		return secret.Value{}, refuse(invalidValue, "the password policy", err.Error())
	}
	return secret.New(text), nil
}

var (
	bulkChangerAttributes = newSchema(idcsSchemas+"BulkUserPasswordChanger", append(common(),
		attribute{name: "userIds", kind: text, many: true}, one(text, "password").writeOnly(), one(flag, "bypassNotification"),
	), nil, nil)
	bulkResetterAttributes = newSchema(idcsSchemas+"BulkUserPasswordResetter", append(common(),
		attribute{name: "userIds", kind: text, many: true}, one(flag, "bypassNotification"),
	), nil, nil)
)

// changePasswords sets one password for several users, each by the rules of UserPasswordChanger. The journal has one entry
// for all of them, with the digest of the password and without a user.
func (c *call) changePasswords() error {
	m, err := c.object(bulkChangerAttributes)
	if err != nil {
		return err
	}
	write, err := c.passwordIn(m, throughChanger)
	if err != nil {
		return err
	}
	return c.forEach(m, changerPath, func(id string) error {
		p, err := c.change(id, func(p *people.Person) error { return c.s.setPassword(p, *write) })
		if quiet, _ := member(m, "bypassNotification").(bool); err == nil && !quiet {
			c.s.mail(&p, MailPasswordChanged, secret.Value{})
		}
		return err
	})
}

func (c *call) resetPasswords() error {
	m, err := c.object(bulkResetterAttributes)
	if err != nil {
		return err
	}
	return c.forEach(m, resetterPath, func(id string) error {
		p, _, err := c.resetOne(id)
		if quiet, _ := member(m, "bypassNotification").(bool); err == nil && !quiet {
			c.s.mail(&p, MailPasswordReset, c.s.newResetToken(p.ID))
		}
		c.x.Password = secret.Digest{} // of one of many
		return err
	})
}

// forEach does something to each of the users that a body names, and answers with the outcome of each, in the form of a
// captured answer of BulkUserPasswordChanger. Errors are as RFC 7644, 3.7.3 has them.
func (c *call) forEach(m map[string]any, path string, do func(id string) error) error {
	ids := stringsOf(member(m, "userIds"))
	switch {
	case len(ids) == 0:
		return refuse(missingAttributes, "userIds")
	case len(ids) > bulkUsers:
		return refuse(invalidValue, "userIds", "a call may name "+strconv.Itoa(bulkUsers)+" users")
	}
	operations, accepted := make([]any, 0, len(ids)), 0
	for _, id := range ids {
		operation := map[string]any{"location": c.base + path + "/" + id, "method": http.MethodPut, "status": "200"}
		if err := do(plainID(id)); err != nil {
			refused, ok := errors.AsType[*refusal](err)
			switch {
			case errors.Is(err, people.ErrNotFound):
				refused = refuse(noSuchUser, id)
			case !ok:
				return err
			}
			c.x.Reason = answers[refused.kind].Reason
			operation["status"] = strconv.Itoa(refused.statusCode())
			operation["response"] = json.RawMessage(refused.body())
		} else {
			accepted++
		}
		operations = append(operations, operation)
	}
	switch c.x.Outcome = ""; accepted {
	case len(ids):
		c.x.Outcome = "accepted"
	case 0:
		c.x.Outcome = "refused"
	}
	return c.sendJSON(http.StatusCreated, map[string]any{"schemas": []string{bulkResponseURN}, "Operations": operations})
}
