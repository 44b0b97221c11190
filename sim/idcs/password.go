package idcs

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	changerPath       = "/admin/v1/UserPasswordChanger"
	authenticatorPath = "/admin/v1/PasswordAuthenticator"
)

func mountPasswords(t table) {
	t.add(http.MethodPut, changerPath+"/{id}", "write_password", mayChangePasswords, (*call).changePassword)
	t.add(http.MethodPost, authenticatorPath, "log_in", mayAuthenticate, (*call).authenticatePassword)
}

// door is the way a password comes in. The doors differ in what the user finds at the next log-in, and in what is asked.
type door int

const (
	// fromAdministrator is POST, PUT and PATCH of Users: the user must change the password at the next log-in.
	fromAdministrator door = iota
	// throughChanger is UserPasswordChanger: the password can be used at once.
	throughChanger
	// byUser is the user's own choice, with the old password or with a token from a mail.
	byUser
)

// passwordWrite is a password on its way in.
type passwordWrite struct {
	value  secret.Value
	digest secret.Digest
	door   door
	hash   people.Hash // nil of a password in the clear
}

// newWrite takes a password from a request and tells the journal its digest; nameSecrets has told it what to hide.
func (c *call) newWrite(value any, d door) (*passwordWrite, error) {
	plain, ok := value.(string)
	if !ok {
		return nil, refuse(wrongType, "password", text)
	}
	w := &passwordWrite{value: secret.New(plain), door: d}
	w.digest = c.s.kernel.Digester.Digest(w.value)
	c.x.Password = w.digest
	if hashed(plain) {
		return nil, refuse(hashedPassword).surprising("a hashed password is for a creation")
	}
	return w, nil
}

// setPassword is what all doors share: the user's state, the policy, the write.
func (s *Server) setPassword(p *people.Person, w passwordWrite) error {
	if w.hash != nil {
		return s.setHash(p, w)
	}
	if err := s.takesPassword(p); err != nil {
		return err
	}
	now := s.kernel.Clock.Now()
	applies := s.policyFor(p.ID)
	rules := applies.rules
	subject := s.subject(p, rules, w)
	if p.Credential.HasPassword() && s.minimumAgeBinds(p, applies, w.door, now) {
		subject.Now, subject.ChangedAt = now, p.Credential.SetAt
		rules.MinPasswordAge = int(s.minimumAge(p.ID) / time.Hour)
	}
	if broken := rules.Check(w.value, subject); broken != nil {
		return refuse(policyViolation, s.policyDetail(broken))
	}
	p.Credential.Set(w.digest, w.value, now, w.door == fromAdministrator && !p.Federated && !p.Delegated)
	if p.Credential.Failures = 0; s.is(lockedWrite, "unlock") {
		unlock(p)
	}
	return nil
}

// takesPassword refuses a password for a user whose password is managed elsewhere, or who is deactivated.
func (s *Server) takesPassword(p *people.Person) error {
	elsewhere := func(setting string, k kind) error {
		switch {
		case s.is(setting, "refuse"):
			return refuse(k, p.UserName)
		case s.is(setting, "forbid"):
			return refuse(k, p.UserName).as(http.StatusForbidden)
		}
		return nil
	}
	if p.Federated {
		if err := elsewhere(federatedWrite, federatedUser); err != nil {
			return err
		}
	}
	if p.Delegated {
		if err := elsewhere(delegatedWrite, delegatedUser); err != nil {
			return err
		}
	}
	if !p.Active && s.is(inactiveWrite, "refuse") {
		return refuse(inactiveUser, p.UserName)
	}
	return nil
}

// minimumAge is the policy's minPasswordAge for a user.
func (s *Server) minimumAge(user string) time.Duration {
	age := time.Duration(s.policyFor(user).rules.MinPasswordAge) * time.Hour
	if s.is(minimumAgeUnit, "days") {
		age *= 24
	}
	return age
}

// minimumAgeBinds: a user may not change a password that is too young, unless it must be changed.
func (s *Server) minimumAgeBinds(p *people.Person, applies *passwordPolicy, d door, now time.Time) bool {
	if d != byUser {
		return s.is(minimumAge, "on")
	}
	return !p.Credential.MustChange && !applies.expires(p, now)
}

// subject is the user as the policy sees it.
func (s *Server) subject(p *people.Person, rules policy.Policy, w passwordWrite) policy.Subject {
	subject := policy.Subject{
		UserName: p.UserName, GivenName: p.GivenName, FamilyName: p.FamilyName,
		Current: p.Credential.Password,
	}
	if len(rules.DisallowedUserAttributeValues) > 0 {
		subject.Attributes = policyAttributes(p)
	}
	if w.door != fromAdministrator || s.is(historyOnPatch, "on") {
		subject.Reused = func(_ secret.Value, last int) bool { return p.Credential.Reused(w.digest, last) }
	}
	return subject
}

// policyAttributes are the values that a policy may forbid in a password, by attribute name.
func policyAttributes(p *people.Person) map[string]string {
	values := map[string]string{
		"userName": p.UserName, "externalId": p.ExternalID, "displayName": p.DisplayName,
		"name.givenName": p.GivenName, "name.familyName": p.FamilyName, "emails.value": p.PrimaryEmail(),
	}
	for key, value := range p.Attributes {
		if plain, ok := value.(string); ok {
			values[key] = plain
		}
	}
	return values
}

// changePassword is the administrator's way to a password that can be used at once.
func (c *call) changePassword() error {
	m, err := c.object(changerAttributes)
	if err != nil {
		return err
	}
	write, err := c.passwordIn(m, throughChanger)
	if err != nil {
		return err
	}
	p, err := c.change(plainID(c.id), func(p *people.Person) error { return c.s.setPassword(p, *write) })
	if err != nil {
		return c.changerRefusal(err)
	}
	if quiet, _ := member(m, "bypassNotification").(bool); !quiet {
		c.s.mail(&p, MailPasswordChanged, secret.Value{})
	}
	// The shape is that of MePasswordChanger's captured answer, with its own type.
	return c.done(http.StatusOK, changerSchema, changerPath, p.ID, nil)
}

// changerRefusal: an unknown user of UserPasswordChanger is one of the things that are not known.
func (c *call) changerRefusal(err error) error {
	switch {
	case !errors.Is(err, people.ErrNotFound):
		return err
	case c.s.is(changerNotFound, "400"):
		return refuse(userReference, c.id)
	}
	return refuse(noSuchUser, c.id)
}

// passwordIn takes the password out of a body.
func (c *call) passwordIn(m map[string]any, d door) (*passwordWrite, error) {
	value := member(m, "password")
	if value == nil {
		return nil, refuse(missingAttributes, "password")
	}
	return c.newWrite(value, d)
}

// done is the answer of the endpoints that do something to a user: little more than whom.
func (c *call) done(status int, urn, path, id string, extra map[string]any) error {
	m := map[string]any{
		"schemas": []string{urn}, "id": id,
		"meta": map[string]any{"resourceType": strings.TrimPrefix(urn, idcsSchemas), "location": c.base + path + "/" + id},
	}
	maps.Copy(m, extra)
	return c.sendJSON(status, m)
}

var changerAttributes = newSchema(changerSchema, append(common(),
	one(text, "password").writeOnly(),
	one(flag, "bypassNotification").immutable().never(),
	one(text, "notificationEmailTemplateId").writeOnly(),
	// One key, not a nested object (Oracle, Change Your Own Profile Attributes).
	one(flag, extSelfChange+":allowSelfChange").never(),
), map[string][]attribute{extSelfChange: {one(flag, "allowSelfChange").never()}}, nil)

var authenticatorAttributes = newSchema(authenticators, append(common(),
	one(text, "mappingAttribute"), one(text, "mappingAttributeValue"), one(text, "password").writeOnly(),
	one(flag, "includeMemberships"),
), nil, nil)

// authenticatePassword is a real log-in: failures count, and lock. The answers follow a public client's capture (201) and
// Oracle's page on response bodies (400 INVALID_CREDENTIALS).
func (c *call) authenticatePassword() error {
	m, err := c.object(authenticatorAttributes)
	if err != nil {
		return err
	}
	userName, err := c.mappedUser(m)
	if err != nil {
		return err
	}
	password, _ := m["password"].(string)
	if password == "" {
		return refuse(missingAttributes, "password")
	}
	p, result := c.s.signIn(userName, secret.New(password))
	if !result.OK {
		c.x.Reason = result.Reason
		refused := refuse(invalidCredentials)
		refused.extra = map[string]any{"csr": false, "tenantName": c.s.names.tenant}
		return refused
	}
	email := p.PrimaryEmail()
	return c.sendJSON(http.StatusCreated, map[string]any{
		"schemas": []string{authenticators}, "id": p.ID, "type": "User", "userEmail": email, "userDisplayName": p.DisplayName,
		"csr": false, "tenantName": c.s.names.tenant, "mappingAttribute": m["mappingAttribute"], "mappingAttributeValue": userName,
	})
}

// mappedUser is the user name in a body that names its user by an attribute.
func (c *call) mappedUser(m map[string]any) (string, error) {
	by, _ := m["mappingAttribute"].(string)
	userName, _ := m["mappingAttributeValue"].(string)
	switch {
	case userName == "":
		return "", refuse(missingAttributes, "mappingAttributeValue")
	case !strings.EqualFold(by, "userName"):
		return "", refuse(invalidValue, "mappingAttribute", "the simulator knows userName only")
	}
	c.x.User = userName
	return userName, nil
}
