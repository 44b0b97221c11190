package okta

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// passwordWrite is a password on its way in: the value, and what the door asks of it.
type passwordWrite struct {
	value   secret.Value
	digest  secret.Digest
	demands demands
}

// credentialsBody is credentials in a user of a request.
type credentialsBody struct {
	Password *struct {
		Value *string         `json:"value"`
		Hash  json.RawMessage `json:"hash"`
		Hook  json.RawMessage `json:"hook"`
	} `json:"password"`
	Question *questionBody `json:"recovery_question"`
	Provider *Provider     `json:"provider"`
}

type questionBody struct {
	Question string  `json:"question"`
	Answer   *string `json:"answer"`
}

// newWrite takes a password from a request and tells the journal its digest.
func (c *call) newWrite(value string, d demands) *passwordWrite {
	w := &passwordWrite{value: secret.New(value), demands: d}
	w.digest = c.s.kernel.Digester.Digest(w.value)
	c.x.Password = w.digest
	return w
}

// adminWrite is the password that an administrator sends, if there is one. An empty password object is none.
func (c *call) adminWrite(b *credentialsBody) (*passwordWrite, error) {
	if b == nil || b.Password == nil || b.Password.Value == nil {
		return nil, nil //nolint:nilnil // no password is no mistake
	}
	strict, err := c.flag("strict", false)
	if err != nil {
		return nil, err
	}
	return c.newWrite(*b.Password.Value, demands{history: strict, minAge: strict, current: strict || c.s.is(currentOnAdminSet, "always")}), nil
}

// adminSet sets a password as an administrator does: the old one is not asked for. The errors are those of validation.
func (s *Server) adminSet(p *people.Person, a *Account, m profile, w *passwordWrite) error {
	refused := func(k kind, text string) error { return refuse(k, "password").because("password: " + text) }
	settings := &s.policyFor(p, a).Settings
	switch {
	case a.federated(), a.delegated() && s.is(delegatedWrite, "refuse"):
		if s.is(federatedCause, "requirements") {
			return refused(federatedUser, settings.requirements())
		}
		return refused(federatedUser, "Password")
	case a.Status == Deprovisioned && s.is(deactivatedWrite, "refuse"),
		a.Status == Suspended && s.is(suspendedWrite, "refuse"),
		a.Status == Provisioned && s.is(provisionedWrite, "refuse"):
		return refuse(inactiveUser)
	}
	if text := settings.judge(w, &p.Credential, subjectOf(m), s.kernel.Clock.Now()); text != "" {
		return refused(policyBroken, text)
	}
	s.store(p, a, w)
	now := s.now()
	switch {
	case a.Status == Provisioned && s.is(provisionedWrite, "activate"),
		a.Status == Recovery && s.is(recoveryWrite, "activate"),
		a.Status == PasswordExpired && s.is(expiredWrite, "activate"):
		a.move(Active, now)
	case a.Status == LockedOut && s.is(lockedWrite, "unlock"):
		p.Credential.Unlock()
		a.move(Active, now)
	}
	return nil
}

// userSet sets a password that the user chose, and ends what stood in the way.
func (s *Server) userSet(p *people.Person, a *Account, m profile, w *passwordWrite) string {
	if text := s.policyFor(p, a).Settings.judge(w, &p.Credential, subjectOf(m), s.kernel.Clock.Now()); text != "" {
		return text
	}
	s.store(p, a, w)
	if a.Status == Recovery || a.Status == PasswordExpired {
		a.move(Active, s.now())
	}
	return ""
}

// store is the write itself. It moves passwordChanged, and not lastUpdated (recorded on two orgs).
func (s *Server) store(p *people.Person, a *Account, w *passwordWrite) {
	now := s.kernel.Clock.Now()
	p.Credential.Set(w.digest, w.value, now, false)
	if a.Status != LockedOut {
		p.Credential.Failures = 0
	}
	a.hash, a.HadPassword, a.PasswordChanged = nil, true, s.now()
	if a.Provider.Type == IMPORT {
		a.Provider = Provider{OKTA, OKTA}
	}
}

// setHash imports a hash: policy and history do not apply.
func (s *Server) setHash(p *people.Person, a *Account, h Hash) {
	p.Credential.Clear()
	a.hash, a.HadPassword, a.PasswordChanged = &imported{h}, true, s.now()
	a.Provider = Provider{IMPORT, IMPORT}
}

// readHash reads credentials.password.hash, or hook, which stands in its place.
func (c *call) readHash(b *credentialsBody) (Hash, error) {
	if b == nil || b.Password == nil {
		return nil, nil //nolint:nilnil // no hash is no mistake
	}
	given := 0
	for _, there := range []bool{b.Password.Value != nil, len(b.Password.Hash) > 0, len(b.Password.Hook) > 0} {
		given += oneIf(there)
	}
	switch {
	case given > 1:
		return nil, refuse(validation, "password").because("password: value, hash and hook exclude one another")
	case len(b.Password.Hook) > 0:
		return readHookOf(b.Password.Hook)
	case len(b.Password.Hash) == 0:
		return nil, nil //nolint:nilnil // as above
	}
	h, err := c.s.kernel.Hashes(b.Password.Hash)
	if err != nil {
		return nil, refuse(validation, "password").because("password: " + err.Error())
	}
	return h, nil
}

// setQuestion stores a recovery question with the digest of its answer.
func (s *Server) setQuestion(a *Account, b *questionBody) error {
	answer := ""
	if b.Answer != nil {
		answer = *b.Answer
	}
	switch {
	case strings.TrimSpace(b.Question) == "":
		return refuse(validation, "recovery_question").because("recovery_question.question: The field cannot be left blank")
	case len([]rune(answer)) < 4:
		return refuse(validation, "recovery_question").because("recovery_question.answer: The security question answer must be at least 4 characters in length")
	case a.federated():
		return refuse(validation, "recovery_question").because("recovery_question: Recovery question is not supported for the user's login type")
	}
	a.Question, a.answer, a.LastUpdated = b.Question, s.answerDigest(answer), s.now()
	return nil
}

// answerDigest is of an answer without regard to case and outer spaces.
func (s *Server) answerDigest(answer string) secret.Digest {
	return s.kernel.Digester.Digest(secret.New(strings.ToLower(strings.TrimSpace(answer))))
}

// sendCredentials answers with the credentials object.
func (c *call) sendCredentials(p *people.Person) error {
	a, _ := c.s.view(p)
	return c.sendJSON(credentialsOf(p, &a))
}

func (c *call) sendJSON(value any) error {
	body, err := encode(value)
	if err != nil {
		return err
	}
	c.x.ShowBodies()
	c.send(http.StatusOK, body)
	return nil
}
