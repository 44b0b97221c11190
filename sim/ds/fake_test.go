package ds

import (
	"bytes"
	"context"
	"strings"
	"sync"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	peopleDN = "ou=People,dc=example,dc=com"
	babs     = "uid=bjensen," + peopleDN
	kirsten  = "uid=kvaughan," + peopleDN
	hifa     = "hifalutin"
	bribery  = "bribery"
	pencil   = "{SCRAM-SHA-256}4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
	pencilDN = "uid=user," + peopleDN
)

// fake is a directory with as few rules as the server's own tests need. Its functions, when set, go first.
type fake struct {
	onSearch func(ctx context.Context, emit directory.Emit) ldap.Result
	refers   []string // a reference that each search sends
	onModify func(ctx context.Context, r ldap.ModifyRequest) ldap.Result
	onBind   func(ctx context.Context)

	mu        sync.Mutex
	passwords map[string]string
	modified  []string
	proofs    []bool
	controls  []ldap.Control // of the last operation
}

func newFake() *fake {
	return &fake{passwords: map[string]string{babs: hifa, kirsten: bribery, pencilDN: "pencil"}}
}

func (f *fake) note(controls []ldap.Control) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.controls = controls
}

func (f *fake) Bind(ctx context.Context, s *directory.Session, dn string, password secret.Value, controls []ldap.Control) ldap.Result {
	f.note(controls)
	if f.onBind != nil {
		f.onBind(ctx)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if dn != "" && (password.Empty() || f.passwords[dn] != password.Reveal()) {
		return ldap.Result{Code: ldap.InvalidCredentials}
	}
	s.DN = dn
	var r ldap.Result
	if _, asked := ldap.Find(controls, ldap.OIDPasswordPolicy); asked {
		r.Controls = []ldap.Control{ldap.PasswordPolicyResponse{Grace: true, GraceLogins: 2}.Control()}
	}
	return r
}

func (f *fake) BindProven(_ context.Context, s *directory.Session, dn string, proven bool, _ []ldap.Control) ldap.Result {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.proofs = append(f.proofs, proven)
	if !proven {
		return ldap.Result{Code: ldap.InvalidCredentials}
	}
	s.DN = dn
	return ldap.Result{}
}

func (f *fake) BindCertified(ctx context.Context, s *directory.Session, dn string, controls []ldap.Control) ldap.Result {
	return f.BindProven(ctx, s, dn, true, controls)
}

func (f *fake) WhoAmI(s *directory.Session, _ []ldap.Control) (string, ldap.Result) {
	if s.DN == "" {
		return "", ldap.Result{}
	}
	return "dn:" + s.DN, ldap.Result{}
}

func (f *fake) PasswordState(context.Context, *directory.Session, ldap.ExtendedRequest) ([]byte, ldap.Result) {
	return nil, ldap.Result{Code: ldap.UnwillingToPerform}
}

func (f *fake) Identify(identity string) (string, bool) {
	dn := strings.TrimPrefix(identity, "dn:") // no DN of the tests needs more
	if name := strings.TrimPrefix(identity, "u:"); !strings.Contains(name, "=") {
		dn = "uid=" + name + "," + peopleDN
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.passwords[dn]
	return dn, ok
}

func (f *fake) SCRAM(dn, scheme string) (string, bool) {
	return pencil, dn == pencilDN && scheme == saslSCRAM256
}

func (f *fake) Search(ctx context.Context, _ *directory.Session, r ldap.SearchRequest, controls []ldap.Control, to directory.Sink) ldap.Result {
	f.note(controls)
	if f.onSearch != nil {
		return f.onSearch(ctx, to.Entry)
	}
	if len(f.refers) > 0 {
		if err := to.Reference(f.refers); err != nil {
			return ldap.Result{Code: ldap.Other, Message: err.Error()}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for dn := range f.passwords {
		if !strings.HasSuffix(dn, r.BaseDN) {
			continue
		}
		e := ldap.Entry{DN: dn, Attributes: []ldap.Attribute{{Description: "uid", Values: [][]byte{[]byte(leaf(dn))}}}}
		if err := to.Entry(e, nil); err != nil {
			return ldap.Result{Code: ldap.Other, Message: err.Error()}
		}
	}
	return ldap.Result{}
}

func (f *fake) Compare(_ context.Context, _ *directory.Session, r ldap.CompareRequest, controls []ldap.Control) ldap.Result {
	f.note(controls)
	if bytes.Equal(r.Value, []byte(leaf(r.DN))) {
		return ldap.Result{Code: ldap.CompareTrue}
	}
	return ldap.Result{Code: ldap.CompareFalse}
}

func (f *fake) Add(_ context.Context, _ *directory.Session, r ldap.AddRequest, controls []ldap.Control) ldap.Result {
	f.note(controls)
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, there := f.passwords[r.DN]; there {
		return ldap.Result{Code: ldap.EntryAlreadyExists, Message: "The entry " + r.DN + " cannot be added because an entry with that name already exists"}
	}
	f.passwords[r.DN] = ""
	return ldap.Result{}
}

func (f *fake) Modify(ctx context.Context, _ *directory.Session, r ldap.ModifyRequest, controls []ldap.Control) ldap.Result {
	f.note(controls)
	if f.onModify != nil {
		return f.onModify(ctx, r)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, there := f.passwords[r.DN]; !there {
		return ldap.Result{Code: ldap.NoSuchObject, MatchedDN: peopleDN}
	}
	for _, change := range r.Changes {
		if isPassword(change.Attribute.Description) && change.Op != ldap.Delete {
			f.passwords[r.DN] = string(change.Attribute.Values[0])
		}
		f.modified = append(f.modified, string(change.Attribute.Values[0]))
	}
	return ldap.Result{}
}

func (f *fake) Delete(_ context.Context, _ *directory.Session, r ldap.DeleteRequest, controls []ldap.Control) ldap.Result {
	f.note(controls)
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.passwords, r.DN)
	return ldap.Result{}
}

func (f *fake) ModifyDN(_ context.Context, _ *directory.Session, _ ldap.ModifyDNRequest, controls []ldap.Control) ldap.Result {
	f.note(controls)
	return ldap.Result{Code: ldap.Referral, Referrals: []string{"ldap://elsewhere.test:1389/"}}
}

func (f *fake) PasswordModify(_ context.Context, s *directory.Session, identity *string, old, replacement *secret.Value, controls []ldap.Control) (secret.Value, ldap.Result) {
	f.note(controls)
	dn := s.DN
	if identity != nil {
		dn, _ = f.Identify(*identity)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if old != nil && old.Reveal() != f.passwords[dn] {
		return secret.Value{}, ldap.Result{Code: ldap.InvalidCredentials}
	}
	if replacement == nil {
		generated := secret.New("Gen3rated!")
		f.passwords[dn] = generated.Reveal()
		return generated, ldap.Result{}
	}
	f.passwords[dn] = replacement.Reveal()
	return secret.Value{}, ldap.Result{}
}
