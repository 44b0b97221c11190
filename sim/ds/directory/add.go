package directory

import (
	"context"
	"fmt"
	"slices"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// Add adds an entry.
func (d *Directory) Add(ctx context.Context, s *Session, r ldap.AddRequest, controls []ldap.Control) ldap.Result {
	a, refused := d.begin(s, controls)
	if refused.Code != ldap.Success {
		return refused
	}
	u, refused := d.newUpdate(a, controls)
	if refused.Code != ldap.Success {
		return refused
	}
	for range attempts {
		e, policy, result := d.prepareAdd(ctx, u, r)
		if result.Code == ldap.Success {
			if !u.noOp && !d.commit(change{kind: added, after: e, by: a.dn, at: u.now}) {
				continue
			}
			result = d.done(u, nil, e)
		}
		if policy.Error != ldap.NoPasswordError { // Otherwise OpenDJ does not answer the control at all.
			result = withPolicy(result, controls, policy)
		}
		return d.advise(result, u.advice)
	}
	return busy
}

// prepareAdd makes the entry, or says why not.
func (d *Directory) prepareAdd(ctx context.Context, u *update, r ldap.AddRequest) (e *entry, policy ldap.PasswordPolicyResponse, result ldap.Result) {
	dn, key, wrong := d.parseDN(r.DN)
	switch {
	case wrong.Code != ldap.Success:
		return nil, policy, wrong
	case d.special(key) != inTree:
		return nil, policy, d.readOnly(key, r.DN)
	case key == "" || !below(key, d.suffix):
		return nil, policy, ldap.Result{Code: ldap.NoSuchObject, Message: fmt.Sprintf("Entry %s cannot be added because the server does not have a backend for it", r.DN)}
	}
	if d.entry(key) != nil {
		return nil, policy, ldap.Result{Code: ldap.EntryAlreadyExists, Message: fmt.Sprintf("The entry %s cannot be added because an entry with that name already exists", r.DN)}
	}
	e = &entry{dn: dn, name: r.DN, key: key, version: 1}
	if d.entry(d.parentKey(e)) == nil && key != d.suffix {
		return nil, policy, d.missing(dn, fmt.Sprintf("Entry %s cannot be added because its parent entry %s does not exist in the server", r.DN, dn.Parent()))
	}
	if d.is(aliases, "rfc4511") && d.standsFor(d.entry(d.parentKey(e))) {
		return nil, policy, ldap.Result{Code: ldap.AliasProblem, MatchedDN: dn.Parent().String(), Message: fmt.Sprintf("Entry %s cannot be added because its parent entry is an alias", r.DN)}
	}
	if result = d.fill(u, e, r.Attributes); result.Code != ldap.Success {
		return nil, policy, result
	}
	if result = d.permit(u, dn); result.Code != ldap.Success {
		return nil, policy, result
	}
	if !u.asker.mayEntry(mayAdd, e) {
		return nil, policy, refuse(r.DN, "added")
	}
	if result = d.asserted(u, e); result.Code != ldap.Success {
		return nil, policy, result
	}
	if policy, result = d.passwordOfNew(ctx, u, e); result.Code != ldap.Success {
		return nil, policy, result
	}
	if violation := d.checkSchema(e); violation != "" {
		return nil, policy, ldap.Result{Code: ldap.ObjectClassViolation, Message: violation}
	}
	// Below a referral nothing is added, not even by who manages it (OpenDJ, EntryContainer.addEntry).
	if at := d.referralAbove(dn); at != nil {
		return nil, policy, d.refer(dn, at, "")
	}
	if result = d.checkSubentry(u.asker, nil, e); result.Code != ldap.Success {
		return nil, policy, result
	}
	d.born(e, u.asker.dn, u.now.Format(schema.Seconds))
	return e, policy, ldap.Result{}
}

// fill takes the attributes of a request.
func (d *Directory) fill(u *update, e *entry, attributes []ldap.Attribute) ldap.Result {
	for _, a := range attributes {
		asked := d.describe(a.Description)
		switch {
		case asked.kind == nil:
			return unknownAttribute(e.name, a.Description)
		case asked.kind.NoUserModification && !u.asker.harness:
			return ldap.Result{Code: ldap.ConstraintViolation, Message: fmt.Sprintf("Entry %s cannot be added because it includes attribute %s which is defined as NO-USER-MODIFICATION in the server schema", e.name, a.Description)}
		}
		if r := d.checkValues(e.name, asked.kind, a.Values); r.Code != ldap.Success {
			return r
		}
		if r := d.checkPrivileges(u.asker, asked.kind); r.Code != ldap.Success {
			return r
		}
		set := d.valueSet(asked.kind, e.valuesOf(asked), len(a.Values))
		for _, v := range a.Values {
			if !set.add(v) {
				return ldap.Result{Code: ldap.AttributeOrValueExists, Message: fmt.Sprintf("Entry %s cannot be added because attribute %s has the same value twice", e.name, a.Description)}
			}
		}
		e.setRaw(asked.kind, a.Description, asked.options, set.left())
	}
	d.addSuperiors(e)
	return d.nameInto(e, e.dn[0])
}

// valuesOf are those of an attribute with exactly these options.
func (e *entry) valuesOf(asked description) [][]byte {
	for i := range e.attributes {
		if a := &e.attributes[i]; a.kind == asked.kind && a.options == asked.options {
			return a.values
		}
	}
	return nil
}

// nameInto adds the values of an RDN that the entry does not have (add-missing-rdn-attributes, on in DS).
func (d *Directory) nameInto(e *entry, rdn names.RDN) ldap.Result {
	for _, pair := range rdn {
		kind, ok := d.schema.Attribute(pair.Type)
		if !ok {
			continue // The check of the schema refuses it.
		}
		value := []byte(pair.Value)
		if r := d.checkValues(e.name, kind, [][]byte{value}); r.Code != ldap.Success {
			return r
		}
		if values := e.values(kind); d.indexOf(kind, values, value) < 0 {
			e.setRaw(kind, pair.Type, "", append(slices.Clip(values), value))
		}
	}
	return ldap.Result{}
}

// born writes the operational attributes of a new entry, but those that it brings along.
func (d *Directory) born(e *entry, by, at string) {
	k := &d.known
	if e.value(k.entryUUID) == "" {
		e.set(k.entryUUID, d.uuid())
	}
	if e.value(k.createTimestamp) == "" {
		e.set(k.createTimestamp, at)
	}
	if e.value(k.creatorsName) == "" {
		e.set(k.creatorsName, by)
	}
}
