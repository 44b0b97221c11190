package idcs

import (
	"errors"
	"net/http"
	"strings"

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

// door is the way a password comes in. The two differ in what the user finds at the next log-in.
type door int

const (
	// fromAdministrator is POST, PUT and PATCH of Users: the user must change the password at the next log-in.
	fromAdministrator door = iota
	// throughChanger is UserPasswordChanger: the password can be used at once.
	throughChanger
)

// passwordWrite is a password on its way in.
type passwordWrite struct {
	value  secret.Value
	digest secret.Digest
	door   door
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
		return nil, refuse(hashedPassword).surprising("hashed passwords are not simulated")
	}
	return w, nil
}

// hashed recognises the prefixes of Oracle's bulk import and create.
func hashed(plain string) bool {
	for _, prefix := range []string{"{PBKDF2-HMAC-SHA", "{SSHA}", "{SSHA256}", "{SSHA384}", "{SSHA512}"} {
		if strings.HasPrefix(plain, prefix) {
			return true
		}
	}
	return false
}

// setPassword is what both doors share: the user's state, the policy, the write.
func (s *Server) setPassword(p *people.Person, w passwordWrite) error {
	now := s.kernel.Clock.Now()
	if p.Federated {
		switch {
		case s.is(federatedWrite, "refuse"):
			return refuse(federatedUser, p.UserName)
		case s.is(federatedWrite, "forbid"):
			return refuse(federatedUser, p.UserName).as(http.StatusForbidden)
		}
	}
	if !p.Active && s.is(inactiveWrite, "refuse") {
		return refuse(inactiveUser, p.UserName)
	}
	rules := s.policyFor(p.ID).rules
	subject := s.subject(p, rules, w)
	if s.is(minimumAge, "on") && p.Credential.HasPassword() {
		subject.Now, subject.ChangedAt = now, p.Credential.SetAt
	}
	if broken := rules.Check(w.value, subject); broken != nil {
		return refuse(policyViolation, s.policyDetail(broken))
	}
	p.Credential.Set(w.digest, w.value, now, w.door == fromAdministrator && !p.Federated)
	if p.Credential.Failures = 0; s.is(lockedWrite, "unlock") {
		unlock(p)
	}
	return nil
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
	if w.door == throughChanger || s.is(historyOnPatch, "on") {
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
	id := plainID(c.id)
	body, err := c.body()
	if err != nil {
		return err
	}
	m, err := decodeObject(body)
	if err != nil {
		return err
	}
	nameSecrets(c.x, m, false)
	c.x.ShowBodies()
	if err := requireSchema(m, changerSchema); err != nil {
		return err
	}
	if err := checkTypes(m, changerAttributes); err != nil {
		return err
	}
	var value any
	for key, v := range m {
		if strings.EqualFold(key, "password") {
			value = v
		}
	}
	if value == nil {
		return refuse(missingAttributes, "password")
	}
	write, err := c.newWrite(value, throughChanger)
	if err != nil {
		return err
	}
	_, err = c.change(id, func(p *people.Person) error { return c.s.setPassword(p, *write) })
	if errors.Is(err, people.ErrNotFound) {
		if c.s.is(changerNotFound, "400") {
			return refuse(userReference, c.id)
		}
		return refuse(noSuchUser, c.id)
	}
	if err != nil {
		return err
	}
	// The shape is that of MePasswordChanger's captured answer, with its own type.
	return c.sendJSON(http.StatusOK, map[string]any{
		"schemas": []string{changerSchema}, "id": id,
		"meta": map[string]any{"resourceType": "UserPasswordChanger", "location": c.base + changerPath + "/" + id},
	})
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
	body, err := c.body()
	if err != nil {
		return err
	}
	m, err := decodeObject(body)
	if err != nil {
		return err
	}
	nameSecrets(c.x, m, false)
	c.x.ShowBodies()
	if err := requireSchema(m, authenticators); err != nil {
		return err
	}
	if err := checkTypes(m, authenticatorAttributes); err != nil {
		return err
	}
	by, _ := m["mappingAttribute"].(string)
	userName, _ := m["mappingAttributeValue"].(string)
	password, _ := m["password"].(string)
	if userName == "" || password == "" {
		return refuse(missingAttributes, "mappingAttributeValue,password")
	}
	if !strings.EqualFold(by, "userName") {
		return refuse(invalidValue, "mappingAttribute", "the simulator knows userName only")
	}
	c.x.User = userName
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
		"csr": false, "tenantName": c.s.names.tenant, "mappingAttribute": by, "mappingAttributeValue": userName,
	})
}
