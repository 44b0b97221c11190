package ds

import (
	"context"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// backend is what the server asks of a directory; *directory.Directory is one.
type backend interface {
	Bind(ctx context.Context, s *directory.Session, dn string, password secret.Value, controls []ldap.Control) ldap.Result
	// BindProven is for proofs of a password that the server has checked itself, those of SASL SCRAM.
	BindProven(ctx context.Context, s *directory.Session, dn string, proven bool, controls []ldap.Control) ldap.Result
	// BindCertified is for who needs no password, by SASL EXTERNAL.
	BindCertified(ctx context.Context, s *directory.Session, dn string, controls []ldap.Control) ldap.Result
	// Identify maps "dn:…", "u:name" and a bare name to a DN.
	Identify(identity string) (dn string, ok bool)
	// SCRAM is the stored value of the DN under the scheme, "{SCRAM-SHA-256}10000:…".
	SCRAM(dn, scheme string) (stored string, ok bool)

	// WhoAmI is for whom operations with these controls are done.
	WhoAmI(s *directory.Session, controls []ldap.Control) (authzID string, result ldap.Result)

	Search(ctx context.Context, s *directory.Session, r ldap.SearchRequest, controls []ldap.Control, to directory.Sink) ldap.Result
	Compare(ctx context.Context, s *directory.Session, r ldap.CompareRequest, controls []ldap.Control) ldap.Result
	Add(ctx context.Context, s *directory.Session, r ldap.AddRequest, controls []ldap.Control) ldap.Result
	Modify(ctx context.Context, s *directory.Session, r ldap.ModifyRequest, controls []ldap.Control) ldap.Result
	Delete(ctx context.Context, s *directory.Session, r ldap.DeleteRequest, controls []ldap.Control) ldap.Result
	ModifyDN(ctx context.Context, s *directory.Session, r ldap.ModifyDNRequest, controls []ldap.Control) ldap.Result
	PasswordModify(ctx context.Context, s *directory.Session, identity *string, old, replacement *secret.Value, controls []ldap.Control) (generated secret.Value, result ldap.Result)
	// PasswordState reads and changes the state of an account; value is that of the response.
	PasswordState(ctx context.Context, s *directory.Session, r ldap.ExtendedRequest) (value []byte, result ldap.Result)
}

var _ backend = (*directory.Directory)(nil)
