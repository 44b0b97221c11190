package directory

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"slices"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
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
			return d.advise(withPolicy(result, controls, policy), u.advice)
		}
		if u.noOp || d.commit(c) {
			if !u.noOp && c.after.key == d.keyOf(s.DN) && !same(c.before.values(d.known.userPassword), c.after.values(d.known.userPassword)) {
				s.mustChange.Store(false)
			}
			return d.advise(withPolicy(d.done(u, c.before, c.after), controls, policy), u.advice)
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

// prepareModify makes the next version of an entry, or says why not. What is wrong with a modification itself is told before the
// right to it is asked for, and passwords come last (OpenDJ, LocalBackendModifyOperation).
func (d *Directory) prepareModify(ctx context.Context, u *update, r ldap.ModifyRequest) (c change, policy ldap.PasswordPolicyResponse, result ldap.Result) {
	dn, key, wrong := d.parseDN(r.DN)
	if wrong.Code != ldap.Success {
		return c, policy, wrong
	}
	if d.special(key) != inTree {
		return c, policy, d.readOnly(key, r.DN)
	}
	if len(r.Changes) == 0 {
		return c, policy, ldap.Result{Code: ldap.ConstraintViolation, Message: fmt.Sprintf("Entry %s cannot be modified because the request did not contain any modifications", r.DN)}
	}
	before := d.entry(key)
	if before == nil {
		return c, policy, d.missing(dn, fmt.Sprintf("Entry %s cannot be modified because no such entry exists in the server", r.DN))
	}
	if result = d.permit(u, dn); result.Code != ldap.Success {
		return c, policy, result
	}
	if result = d.asserted(u, before); result.Code != ldap.Success {
		return c, policy, result
	}
	after := before.clone()
	if result = d.modifyAll(u, after, r.Changes, false); result.Code != ldap.Success {
		return c, policy, result
	}
	if result = d.mayModify(u, before, r.Changes); result.Code != ldap.Success {
		return c, policy, result
	}
	mods := r.Changes
	if slices.ContainsFunc(mods, d.aboutPassword) {
		p := &passwordChange{d: d, update: u, entry: before, policy: d.policyOf(before), says: modifySays}
		mods, result = p.rewrite(ctx, mods)
		if policy.Error = p.fault; result.Code != ldap.Success {
			return c, policy, result
		}
		if result = d.modifyAll(u, after, mods, true); result.Code != ldap.Success {
			return c, policy, result
		}
		for _, m := range p.state {
			if result = d.modify(u, after, m); result.Code != ldap.Success {
				return c, policy, result
			}
		}
		mods = slices.Concat(mods, p.state)
	}
	if violation := d.checkSchema(after); violation != "" {
		return c, policy, ldap.Result{Code: ldap.ObjectClassViolation, Message: fmt.Sprintf("Entry %s cannot be modified because the resulting entry would have violated the server schema: %s", r.DN, violation)}
	}
	if result = d.referred(before, u.manage); result.Code != ldap.Success {
		return c, policy, result
	}
	if result = d.checkSubentry(u.asker, before, after); result.Code != ldap.Success {
		return c, policy, result
	}
	mods = slices.Concat(mods, d.stamp(after, u.asker.dn, u.now))
	return change{kind: modified, before: before, after: after, mods: mods, by: u.asker.dn, at: u.now}, policy, ldap.Result{}
}

func (d *Directory) aboutPassword(m ldap.Change) bool {
	return d.describe(m.Attribute.Description).kind == d.known.userPassword
}

// modifyAll carries out the modifications of passwords, or all others.
func (d *Directory) modifyAll(u *update, e *entry, mods []ldap.Change, passwords bool) ldap.Result {
	for len(mods) > 0 {
		var m ldap.Change
		if m, mods = joined(mods); d.aboutPassword(m) != passwords {
			continue
		}
		asked := d.describe(m.Attribute.Description)
		switch {
		case asked.kind == nil && m.Op == ldap.Delete:
			return notThere(e.name, m.Attribute.Description)
		case asked.kind == nil:
			return unknownAttribute(e.name, m.Attribute.Description)
		case asked.kind.NoUserModification && !u.asker.harness:
			return ldap.Result{Code: ldap.ConstraintViolation, Message: fmt.Sprintf("Entry %s cannot be modified because the modification attempted to update attribute %s which is defined as NO-USER-MODIFICATION in the server schema", e.name, m.Attribute.Description)}
		}
		if r := d.checkPrivileges(u.asker, asked.kind); r.Code != ldap.Success && asked.kind != d.known.aci {
			return r
		}
		if r := d.modify(u, e, m); r.Code != ldap.Success {
			return r
		}
		if m.Op != ldap.Add && d.lostRDN(e) {
			return ldap.Result{Code: ldap.NotAllowedOnRDN, Message: fmt.Sprintf("Entry %s cannot be modified because the change to attribute %s would have removed a value used in the RDN", e.name, m.Attribute.Description)}
		}
	}
	return ldap.Result{}
}

// joined takes the first modification and those behind it that add to the same attribute: one by one they would copy it each time.
func joined(mods []ldap.Change) (first ldap.Change, rest []ldap.Change) {
	first, rest = mods[0], mods[1:]
	for n := 0; len(rest) > 0 && first.Op == ldap.Add && rest[0].Op == ldap.Add; n++ {
		next := rest[0].Attribute
		if next.Description != first.Attribute.Description || len(next.Values) == 0 {
			break
		}
		if n == 0 {
			first.Attribute.Values = slices.Clone(first.Attribute.Values)
		}
		first.Attribute.Values, rest = append(first.Attribute.Values, next.Values...), rest[1:]
	}
	return first, rest
}

// mayModify checks the rights to all that is changed.
func (d *Directory) mayModify(u *update, e *entry, mods []ldap.Change) ldap.Result {
	for _, m := range mods {
		kind := d.describe(m.Attribute.Description).kind
		if !u.asker.may(mayWrite, e, kind) {
			return refuse(e.name, "modified")
		}
		if r := d.checkPrivileges(u.asker, kind); r.Code != ldap.Success {
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
	values := e.valuesOf(asked)
	if m.Op == ldap.Replace {
		values = nil
	}
	set := d.valueSet(asked.kind, values, len(m.Attribute.Values))
	switch m.Op {
	case ldap.Add:
		if len(m.Attribute.Values) == 0 {
			return fail(ldap.ProtocolError, "Entry %s cannot be modified because the modification contained an add component for attribute %s but no values were provided")
		}
		for _, v := range m.Attribute.Values {
			if !set.add(v) && !u.permissive {
				return fail(ldap.AttributeOrValueExists, "Entry %s cannot be modified because it would have resulted in one or more duplicate values for attribute %s")
			}
		}
	case ldap.Delete:
		if len(values) == 0 && !u.permissive {
			return notThere(e.name, m.Attribute.Description)
		}
		for _, v := range m.Attribute.Values {
			if !set.remove(v) && !u.permissive {
				return fail(ldap.NoSuchAttribute, "Entry %s cannot be modified because the attempt to update attribute %s would have removed one or more values from the attribute that were not present")
			}
		}
		if len(m.Attribute.Values) == 0 {
			set.values = nil
		}
	case ldap.Replace:
		for _, v := range m.Attribute.Values {
			if !set.add(v) {
				return fail(ldap.AttributeOrValueExists, "Entry %s cannot be modified because it would have resulted in one or more duplicate values for attribute %s")
			}
		}
	case ldap.Increment:
		sums, code, why := increment(values, m.Attribute.Values)
		if asked.options == "" && slices.ContainsFunc(e.dn[0], func(p names.Pair) bool { k, _ := d.schema.Attribute(p.Type); return k == asked.kind }) {
			code, why = ldap.NotAllowedOnRDN, "which is used as an RDN attribute for the entry"
		}
		if code != ldap.Success {
			return fail(code, "Entry %s cannot be modified because an attempt was made to increment the value of attribute %s "+why)
		}
		set = &valueSet{values: sums} // Equal ones, where there were any, stay.
	default:
		return ldap.Result{Code: ldap.ProtocolError, Message: "The modification type is not known"}
	}
	e.setRaw(asked.kind, m.Attribute.Description, asked.options, set.left())
	if asked.kind == d.known.objectClass {
		d.addSuperiors(e)
	}
	return ldap.Result{}
}

// notThere is the answer to a deletion from an attribute that an entry does not have.
func notThere(entry, attr string) ldap.Result {
	return ldap.Result{Code: ldap.NoSuchAttribute, Message: fmt.Sprintf("Entry %s cannot be modified because an attempt was made to remove one or more values from attribute %s but this attribute is not present in the entry", entry, attr)}
}

// increment adds one number to all values (RFC 4525), or says in OpenDJ's words what keeps it from that.
func increment(values, by [][]byte) (sums [][]byte, code ldap.ResultCode, why string) {
	switch {
	case len(by) == 0:
		return nil, ldap.ProtocolError, "but the request did not include a value for that attribute specifying the amount by which to increment the value"
	case len(by) > 1:
		return nil, ldap.ProtocolError, "but the request contained multiple values, where only a single integer value is allowed"
	case len(values) == 0:
		return nil, ldap.ConstraintViolation, "but that attribute did not have any values in the target entry"
	}
	step, ok := new(big.Int).SetString(string(bytes.TrimSpace(by[0])), 10)
	if !ok {
		return nil, ldap.InvalidAttributeSyntax, "but the value contained in the request could not be parsed as an integer"
	}
	sums = make([][]byte, len(values))
	for i, v := range values {
		n, ok := new(big.Int).SetString(string(bytes.TrimSpace(v)), 10)
		if !ok {
			return nil, ldap.InvalidAttributeSyntax, "but a value of that attribute could not be parsed as an integer"
		}
		sums[i] = []byte(n.Add(n, step).String())
	}
	return sums, ldap.Success, ""
}

// lostRDN tells whether a value is gone that the entry is named by.
func (d *Directory) lostRDN(e *entry) bool {
	for _, pair := range e.dn[0] {
		kind, ok := d.schema.Attribute(pair.Type)
		if ok && d.indexOf(kind, e.values(kind), []byte(pair.Value)) < 0 {
			return true
		}
	}
	return false
}
