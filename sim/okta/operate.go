package okta

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/harness"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// What whoever conducts a rehearsal does to the org, past its API: neither the journal nor the System Log sees it.

// Standing is how a person's account stands now.
func (s *Server) Standing(p people.Person) harness.Standing {
	a, _ := s.view(&p)
	standing := harness.Standing{
		Active: a.usable(), Federated: a.federated(), Delegated: a.delegated(), Locked: a.Status == LockedOut,
		MustChange: a.Status == PasswordExpired, HasPassword: hasPassword(&p, &a), Mastered: a.Mastered,
		Status: string(a.Status), Provider: a.Provider.Type,
	}
	if standing.Locked {
		standing.LockedBy = p.Credential.LockedBy
	}
	return standing
}

// alter changes the account of the user with that id. What is as wanted already stays untouched; what is not is pushed to other
// orgs like any change.
func (s *Server) alter(id string, change func(*people.Person, *Account) error) error {
	var before people.Person
	after, err := s.update(id, func(p *people.Person) error {
		before = *p
		a, m := s.view(p)
		if err := change(p, &a); err != nil {
			return err
		}
		keep(p, a, m)
		return nil
	})
	if errors.Is(err, errUnchanged) {
		return nil
	}
	if err == nil {
		s.noticed(&before, &after)
	}
	return err
}

// Providers lists the types of providers that a user can have.
func Providers() []string { return []string{OKTA, FEDERATION, SOCIAL, IMPORT, ActiveDirectory, LDAP} }

// SetProvider says where the password of the user with that id is. A password that is there goes with it, but for IMPORT,
// which makes an imported hash of it.
func (s *Server) SetProvider(id, provider string) error {
	provider = strings.ToUpper(provider)
	if !slices.Contains(Providers(), provider) {
		return fmt.Errorf("%w: provider: there is no %q; there are %s", ErrInvalid, provider, strings.Join(Providers(), ", "))
	}
	return s.alter(id, func(p *people.Person, a *Account) error {
		if a.Provider.Type == provider {
			return errUnchanged
		}
		return s.provide(p, a, provider)
	})
}

func (s *Server) provide(p *people.Person, a *Account, provider string) error {
	now := s.now()
	if provider == IMPORT {
		if !p.Credential.HasPassword() {
			return fmt.Errorf("%w: provider: a user without a password has nothing to import", ErrInvalid)
		}
		s.setHash(p, a, known{p.Credential.Digest, s.kernel.Digester})
		a.LastUpdated = now
		return nil
	}
	dropPassword(p, a)
	a.PasswordChanged = time.Time{}
	a.Provider, a.LastUpdated = Provider{provider, provider}, now
	if a.delegated() {
		a.Provider.Name = directoryName
	}
	if a.federated() {
		a.Question = ""
	}
	if a.federated() || a.delegated() {
		s.leavePassword(a)
	}
	return nil
}

// known is the hash of a password that the simulator knows.
type known struct {
	digest   secret.Digest
	digester *secret.Digester
}

// Verify makes it a Hash.
func (k known) Verify(candidate secret.Value) (bool, error) {
	return k.digester.Digest(candidate) == k.digest, nil
}

// SetFederated makes the user with that id one of an identity provider, or one of Okta's without a password.
func (s *Server) SetFederated(id string, on bool) error {
	return s.alter(id, func(p *people.Person, a *Account) error {
		switch {
		case a.federated() == on:
			return errUnchanged
		case on:
			return s.provide(p, a, FEDERATION)
		}
		return s.provide(p, a, OKTA)
	})
}

// SetDelegated makes the user with that id one of Active Directory, or one of Okta's without a password.
func (s *Server) SetDelegated(id string, on bool) error {
	return s.alter(id, func(p *people.Person, a *Account) error {
		switch {
		case a.delegated() == on:
			return errUnchanged
		case on:
			return s.provide(p, a, ActiveDirectory)
		}
		return s.provide(p, a, OKTA)
	})
}

// SetMastered says that another system owns the profile of the user with that id, or that Okta does.
func (s *Server) SetMastered(id string, on bool) error {
	return s.alter(id, func(_ *people.Person, a *Account) error {
		if a.Mastered == on {
			return errUnchanged
		}
		a.Mastered = on
		return nil
	})
}

// Remove takes the user with that id away, whatever its status, and with it what refers to it.
func (s *Server) Remove(id string) error {
	s.writes.Lock()
	defer s.writes.Unlock()
	p, ok := s.people.ByID(id)
	if !ok {
		return people.ErrNotFound
	}
	if err := s.people.Delete(id, nil); err != nil {
		return err
	}
	s.index.remove(p.UserName, id)
	s.search.note(id, &p, s.kernel.Clock.Now())
	s.idps.forget(id)
	s.apps.forget(id)
	return nil
}

// AddressedLogins tells whether logins must look like e-mail addresses.
func (s *Server) AddressedLogins() bool { return s.is(loginFormat, "email") }

// Tier is the plan, in the word that the control plane has for all vendors.
func (s *Server) Tier() string { return s.Plan() }

// SetTier is SetPlan, in that word; "" ends all limits.
func (s *Server) SetTier(tier string) error { return s.SetPlan(cmp.Or(tier, "unlimited")) }

// Visibility is SearchLag, in the word that the control plane has for all vendors.
func (s *Server) Visibility() time.Duration { return s.SearchLag() }

// SetVisibility is SetSearchLag, in that word.
func (s *Server) SetVisibility(after time.Duration) error { return s.SetSearchLag(after) }
