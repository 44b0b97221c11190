package directory

import (
	"context"

	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Directory is one replica.
type Directory struct {
	config Config
	kernel Kernel
}

// Config says what directory to simulate.
type Config struct{}

// New builds a directory from its configuration.
func New(c Config, k Kernel) (*Directory, error) { return &Directory{config: c, kernel: k}, nil }

// Emit takes an entry of a search and what is told about it. An error ends the search.
type Emit func(ldap.Entry, []ldap.Control) error

var notYet = ldap.Result{Code: ldap.UnwillingToPerform}

// Bind lets the session be dn, by a password. An unsuccessful bind leaves it anonymous.
func (d *Directory) Bind(ctx context.Context, s *Session, dn string, password secret.Value, controls []ldap.Control) ldap.Result {
	return notYet
}

// BindProven is a bind whose proof the server has checked itself: SASL EXTERNAL or SCRAM. proven false is a wrong proof, which
// counts as a wrong password does.
func (d *Directory) BindProven(ctx context.Context, s *Session, dn string, proven bool, controls []ldap.Control) ldap.Result {
	return notYet
}

// Identify maps an authentication or authorization identity ("dn:…", "u:name", a bare name) to the DN of its entry.
func (d *Directory) Identify(identity string) (dn string, ok bool) { return "", false }

// SCRAM returns the stored {SCRAM-SHA-256} or {SCRAM-SHA-512} value of dn, in the form of schemes.Stored.Text.
func (d *Directory) SCRAM(dn, scheme string) (stored string, ok bool) { return "", false }

// Search finds entries. With the persistent search control it goes on until ctx ends.
func (d *Directory) Search(ctx context.Context, s *Session, r ldap.SearchRequest, controls []ldap.Control, emit Emit) ldap.Result {
	return notYet
}

// Add adds an entry.
func (d *Directory) Add(ctx context.Context, s *Session, r ldap.AddRequest, controls []ldap.Control) ldap.Result {
	return notYet
}

// Modify changes an entry.
func (d *Directory) Modify(ctx context.Context, s *Session, r ldap.ModifyRequest, controls []ldap.Control) ldap.Result {
	return notYet
}

// Delete removes an entry, with the tree delete control those below it, too.
func (d *Directory) Delete(ctx context.Context, s *Session, r ldap.DeleteRequest, controls []ldap.Control) ldap.Result {
	return notYet
}

// ModifyDN renames or moves an entry and those below it.
func (d *Directory) ModifyDN(ctx context.Context, s *Session, r ldap.ModifyDNRequest, controls []ldap.Control) ldap.Result {
	return notYet
}

// Compare tells whether an entry has a value: CompareTrue or CompareFalse.
func (d *Directory) Compare(ctx context.Context, s *Session, r ldap.CompareRequest, controls []ldap.Control) ldap.Result {
	return notYet
}

// PasswordModify is the operation of RFC 3062; nil is a field that was not sent. The generated password is not empty when the
// answer has to hold one.
func (d *Directory) PasswordModify(ctx context.Context, s *Session, identity *string, old, replacement *secret.Value, controls []ldap.Control) (generated secret.Value, result ldap.Result) {
	return secret.Value{}, notYet
}
