package okta

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// Populate adds a user as an administrator of the org would find one. It applies the rules of a creation but for the password
// policy; a password in p.Credential is set as it is, for users whose password is here. String values in p.Attributes are further
// attributes of the profile.
//
// The provider follows from the person: FEDERATION for a federated one, ACTIVE_DIRECTORY for a delegated one, else OKTA. So
// does the status: DEPROVISIONED without Active, LOCKED_OUT with Locked, PASSWORD_EXPIRED with MustChange, PROVISIONED for an
// Okta user without a password, else ACTIVE.
func (s *Server) Populate(p people.Person) (people.Person, error) {
	now := s.now()
	if p.Created.IsZero() {
		p.Created = now
	}
	m := profile{"login": p.UserName, "firstName": p.GivenName, "lastName": p.FamilyName, "email": p.PrimaryEmail()}
	if m["email"] == "" {
		m["email"] = p.UserName
	}
	if p.DisplayName != "" {
		m["displayName"] = p.DisplayName
	}
	for name, value := range p.Attributes {
		if text, ok := value.(string); ok {
			m[name] = text
		}
	}
	if err := s.checkProfile(m); err != nil {
		return people.Person{}, fmt.Errorf("%w: user %q: %w", ErrInvalid, p.UserName, err)
	}
	a := Account{Provider: Provider{OKTA, OKTA}, LastUpdated: p.Created, StatusChanged: p.Created, Activated: p.Created}
	switch {
	case p.Federated:
		a.Provider = Provider{FEDERATION, FEDERATION}
	case p.Delegated:
		a.Provider = Provider{ActiveDirectory, directoryName}
	}
	p.Emails = append([]people.Email(nil), p.Emails...)
	switch c := &p.Credential; {
	case a.federated(), a.delegated():
		dropPassword(&p, &a)
		p.Locked = false
	case !c.Password.Empty():
		if c.Digest.IsZero() {
			c.Set(s.kernel.Digester.Digest(c.Password), c.Password, s.kernel.Clock.Now(), false)
		}
		a.PasswordChanged, a.HadPassword = c.SetAt.Truncate(time.Second), true
	}
	a.Status = statusOf(&p, &a)
	s.writes.Lock()
	defer s.writes.Unlock()
	return s.insert(p, a, m)
}

func statusOf(p *people.Person, a *Account) Status {
	switch {
	case !p.Active:
		return Deprovisioned
	case p.Locked:
		return LockedOut
	case a.Provider.Type == OKTA && !p.Credential.HasPassword():
		return Provisioned
	case p.Credential.MustChange:
		return PasswordExpired
	}
	return Active
}

// insert adds a user to store and index. The caller holds writes.
func (s *Server) insert(p people.Person, a Account, m profile) (people.Person, error) {
	if _, taken := s.index.owner(m["login"]); taken {
		return people.Person{}, fmt.Errorf("create %q: %w", m["login"], people.ErrDuplicate)
	}
	if p.ID == "" {
		p.ID = s.ids.next("00u")
	}
	keep(&p, a, m)
	created, err := s.people.Create(p)
	if err != nil {
		return people.Person{}, fmt.Errorf("insert: %w", err)
	}
	s.index.add(m["login"], created.ID)
	s.search.note(created.ID, nil, s.kernel.Clock.Now())
	return created, nil
}

// Change lets an operator of the harness change what no API of Okta's changes: the provider, who masters the profile, a
// transition under way. The change must be quick.
func (s *Server) Change(idOrLogin string, change func(*Account)) error {
	id, ok := s.lookUp(idOrLogin)
	if !ok {
		return fmt.Errorf("change %q: %w", idOrLogin, people.ErrNotFound)
	}
	_, err := s.update(id, func(p *people.Person) error {
		a := AccountOf(p)
		change(&a)
		if a.federated() {
			dropPassword(p, &a)
			a.Question, a.PasswordChanged = "", time.Time{}
			s.leavePassword(&a)
		}
		keep(p, a, profileOf(p))
		return nil
	})
	if err != nil {
		return fmt.Errorf("change %q: %w", idOrLogin, err)
	}
	return nil
}

// Disconnect is the button of the console that parts a user from identity providers: there are no links any more, the profile is
// Okta's again, the provider is OKTA, and there is no password yet.
func (s *Server) Disconnect(idOrLogin string) error {
	if id, ok := s.lookUp(idOrLogin); ok {
		s.idps.forget(id)
	}
	return s.Change(idOrLogin, func(a *Account) {
		a.Mastered = false
		if a.federated() {
			a.Provider = Provider{OKTA, OKTA}
		}
	})
}
