package directory

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"slices"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// Modify changes an entry.
func (d *Directory) Modify(ctx context.Context, s *Session, r ldap.ModifyRequest, controls []ldap.Control) ldap.Result {
	var a *asker
	if s.MustChange() && d.onlyOwnPassword(s, r) {
		a = d.asker(s)
	} else {
		var refused ldap.Result
		if a, refused = d.begin(s, controls); refused.Code != ldap.Success {
			return refused
		}
	}
	u, refused := d.newUpdate(a, controls)
	if refused.Code != ldap.Success {
		return refused
	}
	for range attempts {
		c, policy, result := d.prepareModify(ctx, u, r)
		if result.Code != ldap.Success {
			return withPolicy(result, controls, policy)
		}
		if u.noOp || d.commit(c) {
			if !u.noOp && c.after.key == d.keyOf(s.DN) && !same(c.before.values(d.known.userPassword), c.after.values(d.known.userPassword)) {
				s.mustChange.Store(false)
			}
			return withPolicy(d.done(u, c.before, c.after), controls, policy)
		}
	}
	return busy
}

// onlyOwnPassword tells whether a modification is the one that is allowed to who must change the password.
func (d *Directory) onlyOwnPassword(s *Session, r ldap.ModifyRequest) bool {
	if d.keyOf(r.DN) != d.keyOf(s.DN) {
		return false
	}
	return !slices.ContainsFunc(r.Changes, func(c ldap.Change) bool { return d.describe(c.Attribute.Description).kind != d.known.userPassword })
}

// prepareModify makes the next version of an entry, or says why not.
func (d *Directory) prepareModify(ctx context.Context, u *update, r ldap.ModifyRequest) (c change, policy ldap.PasswordPolicyResponse, result ldap.Result) {
	dn, key, wrong := d.parseDN(r.DN)
	if wrong.Code != ldap.Success {
		return c, policy, wrong
	}
	if d.special(key) != inTree {
		return c, policy, d.readOnly(key, r.DN)
	}
	before := d.entry(key)
	if before == nil {
		return c, policy, d.missing(dn, fmt.Sprintf("Entry %s cannot be modified because no such entry exists in the server", r.DN))
	}
	if result = d.asserted(u, before); result.Code != ldap.Success {
		return c, policy, result
	}
	if result = d.mayModify(u, before, r.Changes); result.Code != ldap.Success {
		return c, policy, result
	}
	mods := r.Changes
	var state []ldap.Change
	if slices.ContainsFunc(mods, func(c ldap.Change) bool { return d.describe(c.Attribute.Description).kind == d.known.userPassword }) {
		p := &passwordChange{d: d, update: u, entry: before, policy: d.policyOf(before)}
		if mods, result = p.rewrite(ctx, mods); result.Code != ldap.Success {
			return c, ldap.PasswordPolicyResponse{Error: p.fault}, result
		}
		state = p.state
	}
	after := before.clone()
	for _, m := range slices.Concat(mods, state) {
		if result = d.modify(u, after, m); result.Code != ldap.Success {
			return c, policy, result
		}
	}
	if violation := d.checkSchema(after); violation != "" {
		code := ldap.ObjectClassViolation
		if d.lostRDN(before, after) {
			code = ldap.NotAllowedOnRDN
		}
		return c, policy, ldap.Result{Code: code, Message: fmt.Sprintf("Entry %s cannot be modified because the resulting entry would have violated the server schema: %s", r.DN, violation)}
	}
	mods = slices.Concat(mods, state, d.stamp(after, u.asker.dn, u.now))
	return change{kind: modified, before: before, after: after, mods: mods, by: u.asker.dn, at: u.now}, policy, ldap.Result{}
}

// mayModify checks the rights to all that is changed before anything is.
func (d *Directory) mayModify(u *update, e *entry, mods []ldap.Change) ldap.Result {
	for _, m := range mods {
		asked := d.describe(m.Attribute.Description)
		if asked.kind == nil {
			return unknownAttribute(e.name, m.Attribute.Description)
		}
		if !u.asker.may(mayWrite, e, asked.kind) {
			return refuse(e.name, "modified")
		}
		if asked.kind.NoUserModification && !u.asker.harness {
			return ldap.Result{Code: ldap.ConstraintViolation, Message: fmt.Sprintf("Entry %s cannot be modified because the modification attempted to update attribute %s which is defined as NO-USER-MODIFICATION in the server schema", e.name, m.Attribute.Description)}
		}
		if r := d.checkPrivileges(u.asker, asked.kind); r.Code != ldap.Success {
			return r
		}
	}
	return ldap.Result{}
}

// modify carries out one modification on a clone.
func (d *Directory) modify(u *update, e *entry, m ldap.Change) ldap.Result {
	asked := d.describe(m.Attribute.Description)
	if m.Op != ldap.Delete {
		if r := d.checkValues(e.name, asked.kind, m.Attribute.Values); r.Code != ldap.Success {
			return r
		}
	}
	fail := func(code ldap.ResultCode, format string) ldap.Result {
		return ldap.Result{Code: code, Message: fmt.Sprintf(format, e.name, m.Attribute.Description)}
	}
	values := slices.Clone(e.valuesOf(asked))
	switch m.Op {
	case ldap.Add:
		for _, v := range m.Attribute.Values {
			if d.indexOf(asked.kind, values, v) < 0 {
				values = append(values, slices.Clone(v))
			} else if !u.permissive {
				return fail(ldap.AttributeOrValueExists, "Entry %s cannot be modified because it would have resulted in one or more duplicate values for attribute %s")
			}
		}
	case ldap.Delete:
		if len(values) == 0 && !u.permissive {
			return fail(ldap.NoSuchAttribute, "Entry %s cannot be modified because an attempt was made to remove one or more values from attribute %s but this attribute is not present in the entry")
		}
		for _, v := range m.Attribute.Values {
			at := d.indexOf(asked.kind, values, v)
			if at < 0 && u.permissive {
				continue
			}
			if at < 0 {
				return fail(ldap.NoSuchAttribute, "Entry %s cannot be modified because the attempt to update attribute %s would have removed one or more values from the attribute that were not present")
			}
			values = slices.Delete(values, at, at+1)
		}
		if len(m.Attribute.Values) == 0 {
			values = nil
		}
	case ldap.Replace:
		values = nil
		for _, v := range m.Attribute.Values {
			if d.indexOf(asked.kind, values, v) >= 0 {
				return fail(ldap.AttributeOrValueExists, "Entry %s cannot be modified because it would have resulted in one or more duplicate values for attribute %s")
			}
			values = append(values, slices.Clone(v))
		}
	case ldap.Increment:
		sum, ok := increment(values, m.Attribute.Values)
		if !ok {
			return fail(ldap.ConstraintViolation, "Entry %s cannot be modified because an attempt was made to increment the value of attribute %s which had no integer value, or by what is no integer")
		}
		values = sum
	default:
		return ldap.Result{Code: ldap.ProtocolError, Message: "The modification type is not known"}
	}
	e.setRaw(asked.kind, m.Attribute.Description, asked.options, values)
	if asked.kind == d.known.objectClass {
		d.addSuperiors(e)
	}
	return ldap.Result{}
}

// increment adds one number to all values (RFC 4525).
func increment(values, by [][]byte) ([][]byte, bool) {
	if len(by) != 1 || len(values) == 0 {
		return nil, false
	}
	step, ok := new(big.Int).SetString(string(bytes.TrimSpace(by[0])), 10)
	if !ok {
		return nil, false
	}
	sums := make([][]byte, len(values))
	for i, v := range values {
		n, ok := new(big.Int).SetString(string(bytes.TrimSpace(v)), 10)
		if !ok {
			return nil, false
		}
		sums[i] = []byte(n.Add(n, step).String())
	}
	return sums, true
}

// lostRDN tells whether a modification took a value that the entry is named by.
func (d *Directory) lostRDN(before, after *entry) bool {
	for _, pair := range before.dn[0] {
		kind, ok := d.schema.Attribute(pair.Type)
		if ok && d.indexOf(kind, after.values(kind), []byte(pair.Value)) < 0 {
			return true
		}
	}
	return false
}
