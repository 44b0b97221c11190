package directory

import (
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// subentry is an entry that says something about others: here, which password policy they have.
type subentry struct {
	area   subtree
	policy *PasswordPolicy // its own, or nil
	names  string          // the key of the one that a collective attribute names
}

// subentries are those that decide about password policies, found by where they begin; policies are by the keys of their DNs.
type subentries struct {
	byBase   map[string][]subentry // in the order of their creation
	policies map[string]*PasswordPolicy
}

// isSubentry tells whether an entry is one by its object classes: RFC 3672's or that of draft-ietf-ldup-subentry.
func isSubentry(e *entry) bool {
	for i := range e.attributes {
		if a := &e.attributes[i]; a.kind.Key() == "objectclass" {
			return slices.ContainsFunc(a.values, isSubentryClass)
		}
	}
	return false
}

func isSubentryClass(value []byte) bool {
	switch text := string(value); strings.ToLower(text) {
	case "subentry", "ldapsubentry", "2.5.17.0", "2.16.840.1.113719.2.142.6.1.1":
		return true
	}
	return false
}

// asksForSubentries tells whether a filter names their object class, which is as good as the control (OpenDJ, SearchOperationBasis).
func asksForSubentries(d *Directory, f ldap.Filter) bool {
	asks := func(f ldap.Filter) bool { return asksForSubentries(d, f) }
	switch f := f.(type) {
	case ldap.And:
		return slices.ContainsFunc(f.Filters, asks)
	case ldap.Or:
		return slices.ContainsFunc(f.Filters, asks)
	case ldap.Equality:
		return d.describe(f.Attr).kind == d.known.objectClass && isSubentryClass(f.Value)
	}
	return false
}

// wantsSubentries tells whether a search is for subentries instead of other entries (RFC 3672, 3).
func wantsSubentries(controls []ldap.Control) (only bool, err error) {
	for _, c := range controls {
		if c.OID == ldap.OIDSubentries || c.OID == ldap.OIDSubentriesDraft {
			if only, err = ldap.ParseSubentries(c); err != nil {
				return false, err
			}
		}
	}
	return only, nil
}

// shows tells whether a search is about the entry as far as subentries go: they are hidden where nobody asks for them, but for a
// search of one entry.
func (f *finding) shows(e *entry) bool {
	if e.subentry {
		return f.areas[0].scope == scopeBase || f.subentriesOnly || f.subentriesToo
	}
	return !f.subentriesOnly
}

// refreshSubentries reads the subentries that are there now. What has no valid policy says nothing: that was refused here, but
// replicas may differ in what they know.
func (d *Directory) refreshSubentries() {
	d.refreshing.Lock()
	defer d.refreshing.Unlock()
	next := &subentries{byBase: map[string][]subentry{}, policies: map[string]*PasswordPolicy{}}
	for _, e := range d.subentriesBelow(d.suffix) {
		if one, ok := d.readSubentry(e); ok {
			next.byBase[one.area.base] = append(next.byBase[one.area.base], one)
			if one.policy != nil {
				next.policies[e.key] = one.policy
			}
		}
	}
	d.subentries.Store(next)
}

func (d *Directory) readSubentry(e *entry) (one subentry, ok bool) {
	var err error
	if text := e.value(d.known.subtreeSpecification); text != "" {
		one.area, err = parseSubtree(d.schema, e.dn.Parent(), text)
	} else { // An ldapSubEntry has none (OpenDJ, SubEntry).
		one.area = subtree{base: e.dn.Parent().Key(d.schema), depth: len(e.dn) - 1, maximum: -1}
	}
	if err != nil {
		return one, false
	}
	if d.isPolicySubentry(e) {
		var refused ldap.Result
		one.policy, refused = d.subentryPolicy(e)
		return one, refused.Code == ldap.Success
	}
	collective := e.valuesOf(description{kind: d.known.passwordPolicyDN, options: ";collective"})
	if d.hasClass(e, "collectiveAttributeSubentry") && len(collective) > 0 {
		one.names = d.keyOf(string(collective[0]))
	}
	return one, one.names != ""
}

// subentriesBelow are those below a key, and the entry itself when it is one, in the order of their creation.
func (d *Directory) subentriesBelow(key string) (found []*entry) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, i := range d.tree.subentries {
		if e := d.tree.at(i); e != nil && below(e.key, key) {
			found = append(found, e)
		}
	}
	return found
}

// nearest is the first of these subentries that is about an entry, from the entry upwards; nil when there is none.
func (s *subentries) nearest(d *Directory, e *entry, such func(*subentry) bool) *subentry {
	if len(s.byBase) == 0 {
		return nil
	}
	for key := e.key; key != ""; key = aboveKey(key) {
		for i := range s.byBase[key] {
			if one := &s.byBase[key][i]; such(one) && one.area.covers(d, e) {
				return one
			}
		}
	}
	return nil
}

// aboveKey is the key of the entry above, "" that of the root.
func aboveKey(key string) string {
	for i := 0; i < len(key); i++ {
		switch key[i] {
		case '\\':
			i++
		case ',':
			return key[i+1:]
		}
	}
	return ""
}

// checkSubentry asks for the privilege to write a subentry, and whether what it says is valid (OpenDJ, SubentryManager). before is
// nil for a new one.
func (d *Directory) checkSubentry(a *asker, before, after *entry) ldap.Result {
	if !isSubentry(after) && (before == nil || !before.subentry) {
		return ldap.Result{}
	}
	if !a.has(SubentryWrite) {
		return mayNotWriteSubentries
	}
	if isSubentry(after) && d.isPolicySubentry(after) {
		_, refused := d.subentryPolicy(after)
		return refused
	}
	return ldap.Result{}
}

// checkBranch asks for that privilege when a branch that is moved or deleted has subentries.
func (d *Directory) checkBranch(a *asker, e *entry) ldap.Result {
	if !a.has(SubentryWrite) && len(d.subentriesBelow(e.key)) > 0 {
		return mayNotWriteSubentries
	}
	return ldap.Result{}
}

var mayNotWriteSubentries = ldap.Result{Code: ldap.InsufficientAccessRights, Message: "This operation involves LDAP subentries which you do not have sufficient privileges to administer"}
