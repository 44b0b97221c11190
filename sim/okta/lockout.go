package okta

import (
	"errors"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// LogIn is the probe of a harness: would this login and password sign in now? It leaves no trace: no journal entry, no failure
// counted, no imported hash taken over.
func (s *Server) LogIn(login string, password secret.Value) people.LogIn {
	id, ok := s.lookUp(login)
	if !ok {
		return people.LogIn{Reason: "not_found"}
	}
	p, ok := s.people.ByID(id)
	if !ok {
		return people.LogIn{Reason: "not_found"}
	}
	a, _ := s.view(&p)
	return s.judgeLogIn(&p, &a, s.prove(&p, password))
}

// byLogin finds who signs in: by login, or by the part of it before the @, never by id.
func (s *Server) byLogin(login string) (people.Person, bool) {
	id, ok := s.index.owner(login)
	if !ok {
		id, ok = s.index.short(login)
	}
	if !ok {
		return people.Person{}, false
	}
	return s.people.ByID(id)
}

func (s *Server) judgeLogIn(p *people.Person, a *Account, password proof) people.LogIn {
	switch {
	case a.federated():
		return people.LogIn{Reason: "federated"}
	case a.delegated():
		return people.LogIn{Reason: "delegated"}
	case a.Status == LockedOut:
		return people.LogIn{Reason: "locked"}
	case a.Status != Active && a.Status != PasswordExpired:
		return people.LogIn{Reason: "inactive"}
	case !hasPassword(p, a):
		return people.LogIn{Reason: "no_password"}
	case !s.matches(p, a, password):
		return people.LogIn{Reason: "wrong_password"}
	}
	expired := s.policyFor(p, a).Settings.expires(&p.Credential, s.kernel.Clock.Now())
	return people.LogIn{OK: true, MustChange: expired || a.Status == PasswordExpired}
}

// signIn judges a sign-in and keeps count. Only here a password that is too old makes its user PASSWORD_EXPIRED (Okta, OpenAPI,
// UserStatus), and only here an imported hash becomes one of Okta's.
func (s *Server) signIn(login string, password secret.Value, c *call) (people.Person, people.LogIn) {
	known, ok := s.byLogin(login)
	if !ok {
		return people.Person{}, people.LogIn{Reason: "not_found"}
	}
	id := known.ID
	var result people.LogIn
	imports := AccountOf(&known).hash != nil
	tried := c.proveBy(&known, login, password)
	p, err := s.update(id, func(p *people.Person) error {
		a, m := s.view(p)
		result = s.judgeLogIn(p, &a, tried)
		switch {
		case result.OK:
			s.signedIn(p, &a, password, result.MustChange)
		case result.Reason == "wrong_password":
			s.countFailure(p, &a)
		default:
			return errUnchanged
		}
		keep(p, a, m)
		return nil
	})
	if err != nil {
		if !errors.Is(err, errUnchanged) { // deleted in between
			return people.Person{}, people.LogIn{Reason: "not_found"}
		}
		p, _ = s.people.ByID(id)
		return p, result
	}
	if a := AccountOf(&p); imports && result.OK {
		outcome := "SUCCESS"
		if a.hash != nil { // it is asked again next time
			outcome = "FAILURE"
		}
		c.log(eventImportPassword, &p, outcome, "")
	}
	if a := AccountOf(&p); result.Reason == "wrong_password" && a.Status == LockedOut {
		c.log(eventLock, &p, "FAILURE", "LOCKED_OUT")
	}
	if result.OK && !result.MustChange {
		s.noticedSignIn(&p)
	}
	return p, result
}

func (s *Server) signedIn(p *people.Person, a *Account, password secret.Value, mustChange bool) {
	p.Credential.Failures = 0
	if a.hash != nil && s.is(importAfterSignIn, "okta") && !s.ReadOnly() {
		p.Credential.Set(s.kernel.Digester.Digest(password), password, a.PasswordChanged, false)
		a.hash, a.Provider = nil, Provider{OKTA, OKTA}
	}
	if mustChange {
		a.move(PasswordExpired, s.now())
		return
	}
	a.LastLogin = s.now()
}

func (s *Server) countFailure(p *people.Person, a *Account) {
	p.Credential.Failures++
	limit := s.policyFor(p, a).Settings.Lockout.MaxAttempts
	if limit > 0 && p.Credential.Failures >= limit && a.Status != LockedOut {
		p.Credential.LockedAt, p.Credential.LockedBy = s.kernel.Clock.Now(), people.ByFailures
		a.move(LockedOut, s.now())
	}
}

// fail counts a failed sign-in that was none: a wrong old password.
func (s *Server) fail(id string, c *call) {
	p, err := s.update(id, func(p *people.Person) error {
		a, m := s.view(p)
		s.countFailure(p, &a)
		keep(p, a, m)
		return nil
	})
	if a := AccountOf(&p); err == nil && a.Status == LockedOut {
		c.log(eventLock, &p, "FAILURE", "LOCKED_OUT")
	}
}

// ExpiresAt is when the user's password will be too old, by the policy in force now; zero for never.
func (s *Server) ExpiresAt(p people.Person) time.Time {
	a, _ := s.view(&p)
	if t := s.policyFor(&p, &a).Settings.Age; t.MaxAgeDays > 0 && p.Credential.HasPassword() {
		return p.Credential.SetAt.AddDate(0, 0, t.MaxAgeDays)
	}
	return time.Time{}
}
