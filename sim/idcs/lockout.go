package idcs

import (
	"errors"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// The life of a lock:
//
//	open ── the maxIncorrectAttempts-th failed log-in in a row ──► locked by failures
//	open, locked ── an administrator ──► locked by an administrator
//	locked by failures ── lockoutDuration later ──► open, and the count begins anew
//	locked ── an administrator; or, by the switch lockedWrite, a new password ──► open
//
// A log-in that succeeds ends the count. One that meets a lock is not judged any further and does not count.

// LogIn is the probe of a harness: would this name and password sign in now? It leaves no trace: no journal entry, no
// failure counted.
func (s *Server) LogIn(userName string, password secret.Value) people.LogIn {
	p, ok := s.people.ByUserName(userName)
	if !ok {
		return people.LogIn{Reason: "not_found"}
	}
	return s.judgeLogIn(&p, s.policyFor(p.ID), password)
}

func (s *Server) judgeLogIn(p *people.Person, policy *passwordPolicy, password secret.Value) people.LogIn {
	now := s.kernel.Clock.Now()
	switch {
	case !p.Active:
		return people.LogIn{Reason: "inactive"}
	case p.Federated:
		return people.LogIn{Reason: "federated"}
	case p.Delegated:
		return people.LogIn{Reason: "delegated"}
	case policy.locks(p, now):
		return people.LogIn{Reason: "locked"}
	case !p.Credential.HasPassword():
		return people.LogIn{Reason: "no_password"}
	case !s.proves(p, password):
		return people.LogIn{Reason: "wrong_password"}
	case policy.expires(p, now):
		return people.LogIn{Reason: "expired"}
	}
	return people.LogIn{OK: true, MustChange: p.Credential.MustChange}
}

// locks tells whether the user is locked out: a lock from failed log-ins ends by itself after lockoutDuration, in minutes.
func (policy *passwordPolicy) locks(p *people.Person, now time.Time) bool {
	if !p.Locked {
		return false
	}
	duration := time.Duration(policy.rules.LockoutDuration) * time.Minute
	if lockReason(p) == lockedByAdministrator || duration == 0 {
		return true
	}
	return now.Before(p.Credential.LockedAt.Add(duration))
}

// expires tells whether the user's password is too old to log in with, by passwordExpiresAfter, in days.
func (policy *passwordPolicy) expires(p *people.Person, now time.Time) bool {
	days := policy.rules.PasswordExpiresAfter
	return days > 0 && p.Credential.HasPassword() && !now.Before(p.Credential.SetAt.AddDate(0, 0, days))
}

func (s *Server) locked(p *people.Person) bool {
	return p.Locked && s.policyFor(p.ID).locks(p, s.kernel.Clock.Now())
}

// Locked tells whether a lock of the person is still in force.
func (s *Server) Locked(p people.Person) bool { return s.locked(&p) }

// Some of the values of userState:User:locked.reason (Oracle, OCI SDK, package identitydomains).
const (
	lockedByFailures      = 0
	lockedByAdministrator = 1
)

func lockReason(p *people.Person) int {
	if p.Credential.LockedBy == people.ByAdministrator || p.Credential.LockedAt.IsZero() {
		return lockedByAdministrator
	}
	return lockedByFailures
}

// lockState is userState:User:locked.
func (s *Server) lockState(p *people.Person) map[string]any {
	if !s.locked(p) {
		return map[string]any{"on": false}
	}
	state := map[string]any{"on": true, "reason": float64(lockReason(p))}
	if at := p.Credential.LockedAt; !at.IsZero() {
		state["lockDate"] = stamp(at)
	}
	return state
}

// lock is an administrator's.
func lock(p *people.Person, now time.Time) {
	p.Locked, p.Credential.LockedAt, p.Credential.LockedBy = true, now, people.ByAdministrator
}

func unlock(p *people.Person) {
	p.Locked = false
	p.Credential.Unlock()
}

// fail counts a failed log-in of a user who is not locked out.
func (policy *passwordPolicy) fail(p *people.Person, now time.Time) {
	if p.Locked { // the lock has run out
		unlock(p)
	}
	p.Credential.Failures++
	if limit := policy.rules.MaxIncorrectAttempts; limit > 0 && p.Credential.Failures >= limit {
		p.Locked, p.Credential.LockedAt, p.Credential.LockedBy = true, now, people.ByFailures
	}
}

// errUnchanged ends an update that would change nothing.
var errUnchanged = errors.New("nothing to write")

// signIn judges a log-in and keeps count.
func (s *Server) signIn(userName string, password secret.Value) (people.Person, people.LogIn) {
	known, ok := s.people.ByUserName(userName)
	if !ok {
		return people.Person{}, people.LogIn{Reason: "not_found"}
	}
	policy := s.policyFor(known.ID)
	var result people.LogIn
	p, err := s.people.Update(known.ID, func(p *people.Person) error {
		result = s.judgeLogIn(p, policy, password)
		switch {
		case result.Reason == "wrong_password":
			policy.fail(p, s.kernel.Clock.Now())
		case result.OK && (p.Locked || p.Credential.Failures > 0):
			unlock(p)
		default:
			return errUnchanged
		}
		return nil
	})
	switch {
	case errors.Is(err, errUnchanged):
		return known, result
	case err != nil: // deleted in between
		return people.Person{}, people.LogIn{Reason: "not_found"}
	}
	return p, result
}
