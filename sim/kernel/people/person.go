package people

import (
	"slices"
	"time"
)

// Email is one e-mail address of a person.
type Email struct {
	Value   string
	Type    string
	Primary bool
}

// Person is one user of a directory. A Person handed out by a Store is a value of the caller's own, but for Attributes
// and the credential's history, which are shared and therefore replaced, never changed in place.
type Person struct {
	ID          string
	UserName    string
	ExternalID  string
	GivenName   string
	FamilyName  string
	DisplayName string
	Emails      []Email
	Active      bool
	Federated   bool
	// Delegated users have their password elsewhere, in Active Directory for instance, and log in here with it.
	Delegated bool
	Locked    bool
	Groups    []string
	// Attributes is all the rest, in the vendor's wire form.
	Attributes map[string]any
	Credential Credential
	Created    time.Time
	Modified   time.Time
	// Version counts the writes since the creation, which is 1.
	Version uint64
}

// PrimaryEmail is the address marked as primary, or the empty string.
func (p *Person) PrimaryEmail() string {
	for i := range p.Emails {
		if p.Emails[i].Primary {
			return p.Emails[i].Value
		}
	}
	return ""
}

func (p Person) clone() Person {
	p.Emails = slices.Clone(p.Emails)
	p.Groups = slices.Clone(p.Groups)
	return p
}

// LogIn is the answer of a log-in probe.
type LogIn struct {
	OK         bool
	MustChange bool
	// Reason says why not: "wrong_password", "not_found", "inactive", "federated", "delegated", "locked", "expired"
	// or "no_password".
	Reason string
}
