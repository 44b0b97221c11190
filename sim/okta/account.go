package okta

import (
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Status is where a user stands in its life.
type Status string

// The statuses of a user (Okta, Users API).
const (
	Staged          Status = "STAGED"
	Provisioned     Status = "PROVISIONED"
	Active          Status = "ACTIVE"
	Recovery        Status = "RECOVERY"
	LockedOut       Status = "LOCKED_OUT"
	PasswordExpired Status = "PASSWORD_EXPIRED"
	Suspended       Status = "SUSPENDED"
	Deprovisioned   Status = "DEPROVISIONED"
)

// Provider says where a user's password is.
type Provider struct {
	Type string `json:"type"`
	Name string `json:"name"`
}

// The types of providers. The name of the three made here is the type; a directory has its own.
const (
	OKTA            = "OKTA"
	FEDERATION      = "FEDERATION"
	SOCIAL          = "SOCIAL"
	IMPORT          = "IMPORT"
	ActiveDirectory = "ACTIVE_DIRECTORY"
	LDAP            = "LDAP"
)

// Account is what Okta knows of a user beyond a person of the kernel. It is a value: a write replaces it.
type Account struct {
	Status        Status
	Transitioning Status // while a change is under way; else ""
	// transitionEnds is when a deactivation in the background is done.
	transitionEnds time.Time
	Provider       Provider
	Activated      time.Time
	StatusChanged  time.Time
	LastLogin      time.Time
	LastUpdated    time.Time
	// PasswordChanged moves with every new password; LastUpdated does not.
	PasswordChanged time.Time
	Question        string
	answer          secret.Digest
	hash            *imported
	// HadPassword tells whether there ever was one here.
	HadPassword bool
	// Mastered: another system owns the profile.
	Mastered bool
}

const (
	accountKey = "okta.account"
	profileKey = "okta.profile"
)

// AccountOf is the Okta side of a person of this store.
func AccountOf(p *people.Person) Account {
	a, _ := p.Attributes[accountKey].(Account)
	return a
}

// profileOf is the profile: strings by name. It must not be changed.
func profileOf(p *people.Person) profile {
	m, _ := p.Attributes[profileKey].(profile)
	return m
}

// keep stores account and profile, and what the kernel's person shows of them.
func keep(p *people.Person, a Account, m profile) {
	p.Attributes = map[string]any{accountKey: a, profileKey: m}
	p.UserName, p.GivenName, p.FamilyName = m["login"], m["firstName"], m["lastName"]
	p.DisplayName = m["displayName"]
	if p.PrimaryEmail() != m["email"] {
		p.Emails = []people.Email{{Value: m["email"], Type: "work", Primary: true}}
	}
	p.Active = a.usable()
	p.Federated = a.federated()
	p.Delegated = a.delegated()
	p.Locked = a.Status == LockedOut
	p.Modified = a.LastUpdated
}

// usable tells whether the status lets the user be somebody, as far as people.Person knows the difference.
func (a *Account) usable() bool {
	return a.Status != Deprovisioned && a.Status != Suspended && a.Status != Staged
}

func (a *Account) federated() bool { return a.Provider.Type == FEDERATION || a.Provider.Type == SOCIAL }

func (a *Account) delegated() bool {
	return a.Provider.Type == ActiveDirectory || a.Provider.Type == LDAP
}

// move changes the status.
func (a *Account) move(to Status, now time.Time) {
	if a.Status == to {
		return
	}
	a.Status, a.StatusChanged, a.LastUpdated = to, now, now
	if a.Activated.IsZero() && (to == Active || to == Provisioned || to == PasswordExpired) {
		a.Activated = now
	}
}

// hasPassword tells whether there is a password, in the clear or as an imported hash.
func hasPassword(p *people.Person, a *Account) bool {
	return p.Credential.HasPassword() || a.hash != nil
}

// directoryName is what the harness calls a directory whose users it makes up.
const directoryName = "directory.example.com"

// dropPassword takes the password away, and what was counted against it; the history stays.
func dropPassword(p *people.Person, a *Account) {
	p.Credential.Clear()
	p.Credential.Unlock()
	a.hash = nil
}

// leavePassword moves a user whose password is elsewhere out of the statuses of a password that is here.
func (s *Server) leavePassword(a *Account) {
	switch a.Status {
	case Provisioned, Recovery, LockedOut, PasswordExpired:
		a.move(Active, s.now())
	case Staged, Active, Suspended, Deprovisioned:
	}
}

// now is the org's time as its objects show it: in whole seconds.
func (s *Server) now() time.Time { return s.kernel.Clock.Now().Truncate(time.Second) }

// refresh opens a lock that has run out: Okta knows the end of a lock, nobody has to look.
func (s *Server) refresh(p *people.Person, a *Account) {
	if a.Status != LockedOut {
		return
	}
	minutes := s.policyFor(p, a).Settings.Lockout.AutoUnlockMinutes
	at := p.Credential.LockedAt.Add(time.Duration(minutes) * time.Minute)
	if minutes > 0 && !s.kernel.Clock.Now().Before(at) {
		p.Credential.Unlock()
		a.move(Active, at.Truncate(time.Second))
	}
}

// view is a person and its account as of now.
func (s *Server) view(p *people.Person) (Account, profile) {
	a := AccountOf(p)
	s.refresh(p, &a)
	s.settle(p, &a)
	return a, profileOf(p)
}
