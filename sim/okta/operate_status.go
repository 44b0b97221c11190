package okta

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// Statuses lists the statuses of a user.
func Statuses() []Status {
	return []Status{Staged, Provisioned, Active, Recovery, LockedOut, PasswordExpired, Suspended, Deprovisioned}
}

// SetStatus puts the user with that id into a status, by whatever way; the name is in any case.
func (s *Server) SetStatus(id, status string) error {
	wanted := Status(strings.ToUpper(status))
	if !slices.Contains(Statuses(), wanted) {
		return fmt.Errorf("%w: status: there is no %q; there are %s", ErrInvalid, status, strings.Join(names(Statuses()), ", "))
	}
	return s.alter(id, func(p *people.Person, a *Account) error { return s.bring(p, a, wanted) })
}

func (s *Server) bring(p *people.Person, a *Account, to Status) error {
	if a.Status == to && a.Transitioning == "" {
		return errUnchanged
	}
	elsewhere := a.federated() || a.delegated()
	switch to {
	case Provisioned, Recovery, PasswordExpired, LockedOut:
		if elsewhere {
			return fmt.Errorf("%w: status: %s is for users whose password is here, not at %s", ErrInvalid, to, a.Provider.Type)
		}
		if to == PasswordExpired && !hasPassword(p, a) {
			return fmt.Errorf("%w: status: the user has no password that could be expired", ErrInvalid)
		}
	case Deprovisioned:
		if s.is(deactivatedSecret, "clear") {
			dropPassword(p, a)
		}
	case Staged, Active, Suspended:
	}
	if p.Credential.Unlock(); to == LockedOut {
		p.Credential.LockedAt, p.Credential.LockedBy = s.kernel.Clock.Now(), people.ByAdministrator
	}
	a.Transitioning = ""
	a.move(to, s.now())
	return nil
}

// SetActive deactivates the user with that id, or brings it where an activation leads.
func (s *Server) SetActive(id string, on bool) error {
	return s.alter(id, func(p *people.Person, a *Account) error {
		switch {
		case a.usable() == on:
			return errUnchanged
		case !on:
			return s.bring(p, a, Deprovisioned)
		case a.federated() || a.delegated() || hasPassword(p, a) || s.is(optionalPassword, "on"):
			return s.bring(p, a, Active)
		}
		return s.bring(p, a, Provisioned)
	})
}

// SetLocked locks the user with that id out, or ends a lock.
func (s *Server) SetLocked(id string, on bool) error {
	return s.alter(id, func(p *people.Person, a *Account) error {
		switch {
		case (a.Status == LockedOut) == on:
			return errUnchanged
		case on:
			return s.bring(p, a, LockedOut)
		}
		return s.bring(p, a, Active)
	})
}

func names[T ~string](list []T) []string {
	texts := make([]string, 0, len(list))
	for _, one := range list {
		texts = append(texts, string(one))
	}
	return texts
}
