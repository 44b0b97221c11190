package directory

import (
	"context"
	"fmt"
	"slices"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// ModifyDN renames or moves an entry and those below it.
func (d *Directory) ModifyDN(_ context.Context, s *Session, r ldap.ModifyDNRequest, controls []ldap.Control) ldap.Result {
	a, refused := d.begin(s, controls)
	if refused.Code != ldap.Success {
		return refused
	}
	u, refused := d.newUpdate(a, controls)
	if refused.Code != ldap.Success {
		return refused
	}
	for range attempts {
		c, result := d.prepareRename(u, r)
		if result.Code != ldap.Success {
			return result
		}
		if u.noOp || d.commit(c) {
			return d.done(u, c.before, c.after)
		}
	}
	return busy
}

func (d *Directory) prepareRename(u *update, r ldap.ModifyDNRequest) (c change, result ldap.Result) {
	dn, key, wrong := d.parseDN(r.DN)
	switch {
	case wrong.Code != ldap.Success:
		return c, wrong
	case d.special(key) != inTree:
		return c, d.readOnly(key, r.DN)
	}
	rdn, err := names.ParseRDN(r.NewRDN)
	if err != nil {
		return c, ldap.Result{Code: ldap.InvalidDNSyntax, Message: err.Error()}
	}
	before := d.entry(key)
	if before == nil {
		return c, d.missing(dn, fmt.Sprintf("The entry %s cannot be renamed because it does not exist in the server", r.DN))
	}
	parent := before.dn.Parent()
	if r.HasNewSuperior {
		if parent, err = names.Parse(r.NewSuperior); err != nil {
			return c, ldap.Result{Code: ldap.InvalidDNSyntax, Message: err.Error()}
		}
	}
	parentKey := parent.Key(d.schema)
	switch above := d.entry(parentKey); {
	case key == d.suffix || key == d.rootKey:
		return c, ldap.Result{Code: ldap.UnwillingToPerform, Message: fmt.Sprintf("The entry %s cannot be renamed because it is the base of a backend", r.DN)}
	case above == nil:
		return c, d.noSuchObject(parent, fmt.Sprintf("The modify DN operation for entry %s cannot be performed because the new superior entry %s does not exist", r.DN, parent))
	case below(parentKey, key):
		return c, ldap.Result{Code: ldap.UnwillingToPerform, Message: fmt.Sprintf("The entry %s cannot be moved below itself", r.DN)}
	case !below(parentKey, d.suffix):
		return c, ldap.Result{Code: ldap.UnwillingToPerform, Message: fmt.Sprintf("The modify DN operation for entry %s cannot be performed because the existing and new entries do not belong to the same backend", r.DN)}
	case !d.mayRename(u.asker, before, above, rdn, r):
		return c, refuse(before.name, "renamed")
	}
	if result = d.asserted(u, before); result.Code != ldap.Success {
		return c, result
	}
	after, result := d.renamed(before, parent, rdn, r.DeleteOldRDN)
	if other := d.entry(after.key); other != nil && other.id != before.id {
		return c, ldap.Result{Code: ldap.EntryAlreadyExists, Message: fmt.Sprintf("The entry %s cannot be renamed to %s because an entry with that name already exists", r.DN, after.name)}
	}
	if result.Code != ldap.Success {
		return c, result
	}
	if violation := d.checkSchema(after); violation != "" {
		return c, ldap.Result{Code: ldap.ObjectClassViolation, Message: violation}
	}
	if result = d.referred(before, u.manage); result.Code != ldap.Success {
		return c, result
	}
	if result = d.checkBranch(u.asker, before); result.Code != ldap.Success {
		return c, result
	}
	c = change{kind: renamed, before: before, after: after, newRDN: rdn.String(), deleteOld: r.DeleteOldRDN, by: u.asker.dn, at: u.now}
	if r.HasNewSuperior {
		c.newSuperior = parent.String()
	}
	c.mods = d.stamp(after, u.asker.dn, u.now)
	return c, ldap.Result{}
}

// mayRename asks for the right to write the entry and the attributes of its names, and for those to take it from its place and to
// put it in another (OpenDJ, AciHandler.isAllowed of a ModifyDNOperation).
func (d *Directory) mayRename(a *asker, e, above *entry, rdn names.RDN, r ldap.ModifyDNRequest) bool {
	if !a.mayEntry(mayWrite, e) || r.HasNewSuperior && (!a.mayEntry(mayImport, above) || !a.mayEntry(mayExport, e)) {
		return false
	}
	pairs := rdn
	if r.DeleteOldRDN {
		pairs = slices.Concat(rdn, e.dn[0])
	}
	return !slices.ContainsFunc(pairs, func(p names.Pair) bool {
		kind, ok := d.schema.Attribute(p.Type)
		return ok && !a.may(mayWrite, e, kind)
	})
}

// renamed is the next version of an entry, under another name.
func (d *Directory) renamed(e *entry, parent names.DN, rdn names.RDN, deleteOld bool) (*entry, ldap.Result) {
	after := e.clone()
	after.dn = parent.Child(rdn)
	after.name, after.key = after.dn.String(), after.dn.Key(d.schema)
	result := d.nameInto(after, rdn)
	if deleteOld {
		d.unname(after, e.dn[0], rdn)
	}
	return after, result
}

// unname removes the values of the old RDN that the new one does not have.
func (d *Directory) unname(e *entry, old, replacement names.RDN) {
	for _, pair := range old {
		kind, ok := d.schema.Attribute(pair.Type)
		if !ok {
			continue
		}
		kept := slices.ContainsFunc(replacement, func(p names.Pair) bool {
			k, _ := d.schema.Attribute(p.Type)
			return k == kind && d.indexOf(kind, [][]byte{[]byte(p.Value)}, []byte(pair.Value)) == 0
		})
		values := e.values(kind)
		if at := d.indexOf(kind, values, []byte(pair.Value)); at >= 0 && !kept {
			e.setRaw(kind, kind.Name(), "", slices.Delete(slices.Clone(values), at, at+1))
		}
	}
}
