package directory

import (
	"context"
	"slices"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
)

// passwordOfNew checks and encodes the passwords of an entry that is added (OpenDJ, LocalBackendAddOperation).
func (d *Directory) passwordOfNew(ctx context.Context, u *update, e *entry) (ldap.PasswordPolicyResponse, ldap.Result) {
	k := &d.known
	p := &passwordChange{d: d, update: u, entry: e, policy: d.policyOf(e), says: addSays}
	if r := p.first(ctx); r.Code != ldap.Success || len(e.values(k.userPassword)) == 0 {
		return ldap.PasswordPolicyResponse{Error: p.fault}, r
	}
	if p.policy.ForceChangeOnAdd && !u.asker.harness {
		e.set(k.pwdReset, "TRUE")
		p.fault = ldap.ChangeAfterReset
	}
	if e.value(k.pwdChangedTime) == "" {
		e.set(k.pwdChangedTime, u.now.Format(schema.Milliseconds))
	}
	return ldap.PasswordPolicyResponse{Error: p.fault}, ldap.Result{}
}

// first is for the passwords that an entry comes with.
func (p *passwordChange) first(ctx context.Context) ldap.Result {
	e, kind, harness := p.entry, p.d.known.userPassword, p.update.asker.harness
	values := e.values(kind)
	switch {
	case slices.ContainsFunc(e.attributes, func(a attribute) bool { return a.kind == kind && a.options != "" }):
		return p.refuse(ldap.ConstraintViolation, ldap.NoPasswordError, "Attribute options are not allowed for the password attribute userPassword")
	case len(values) > 1 && !p.policy.AllowMultiple && !harness:
		return p.refuse(ldap.ConstraintViolation, ldap.PasswordModNotAllowed, "Only a single value may be provided for the password attribute userPassword")
	}
	encoded := make([]string, 0, len(values))
	for _, v := range values {
		if schemes.PreEncoded(string(v)) && !p.policy.AllowPreEncoded && !harness {
			return p.refuse(ldap.ConstraintViolation, ldap.InsufficientPasswordQuality, "Pre-encoded passwords are not allowed for the password attribute userPassword")
		}
		stored, r := p.take(ctx, ldap.Replace, string(v))
		if r.Code != ldap.Success {
			return r
		}
		encoded = append(encoded, stored)
	}
	if !harness {
		if r := p.quality(ctx); r.Code != ldap.Success {
			return r
		}
	}
	if len(encoded) > 0 {
		e.set(kind, encoded...)
	}
	return ldap.Result{}
}
