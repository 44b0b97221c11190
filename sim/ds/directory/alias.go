package directory

import (
	"slices"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// Aliases are entries that stand for another one by its name, within this directory. "ForgeRock servers do not support alias
// dereferencing" (ForgeRock, Schema Reference, alias), so they are entries as any unless the switch aliases says otherwise.

// hops is how many aliases lead from one name to an entry at most.
const hops = 16

// dereference follows the aliases that lead to the base of a search.
func (d *Directory) dereference(a *asker, r ldap.SearchRequest, scope scope, dn names.DN) (names.DN, ldap.Result) {
	switch {
	case r.Deref == ldap.DerefNever || !d.anyAliases():
	case d.is(aliases, "base"):
		return d.dereferenceBase(r.Deref, scope, dn), ldap.Result{}
	case d.is(aliases, "rfc4511") && r.Deref != ldap.DerefInSearching:
		return d.locate(a, dn)
	}
	return dn, ldap.Result{}
}

func (d *Directory) anyAliases() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.tree.aliases.ids) > 0
}

// dereferenceBase does what OpenDJ does: only a base that is an alias itself is followed, also when aliases are to be followed in
// searching a subtree; what leads back ends with an alias, which is searched as the entry that it is (OpenDJ,
// LocalBackendSearchOperation.processSearch).
func (d *Directory) dereferenceBase(deref ldap.DerefAliases, scope scope, dn names.DN) names.DN {
	if deref == ldap.DerefInSearching && scope != scopeSubtree {
		return dn
	}
	followed := map[string]bool{}
	for {
		target, ok := d.aliased(d.entry(dn.Key(d.schema)))
		key := target.Key(d.schema)
		if !ok || followed[key] {
			return dn
		}
		followed[key], dn = true, target
	}
}

// standsFor tells whether an entry, which may be nil, is an alias.
func (d *Directory) standsFor(e *entry) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return e != nil && d.tree.aliases.has(e.id)
}

// aliased is the name that an alias stands for.
func (d *Directory) aliased(e *entry) (names.DN, bool) {
	if !d.standsFor(e) {
		return nil, false
	}
	target, err := names.Parse(e.value(d.known.aliasedObjectName))
	return target, err == nil
}

// locate finds the name of an entry that a name leads to, through aliases at it and above it (RFC 4511, 4.5.1.3).
func (d *Directory) locate(a *asker, dn names.DN) (names.DN, ldap.Result) {
	seen := map[string]bool{}
	followed := false
	for range hops {
		if len(dn) > names.MaxRDNs {
			break
		}
		key := dn.Key(d.schema)
		if seen[key] {
			break
		}
		seen[key] = true
		alias, target := d.aliasAt(dn)
		switch {
		case alias == nil && followed && d.entry(key) == nil && d.referralAbove(dn) == nil:
			r := d.noSuchObject(dn, "The alias names no object: "+dn.String())
			r.Code = ldap.AliasProblem
			return nil, r
		case alias == nil:
			return dn, ldap.Result{}
		case !a.may(mayRead, alias, d.known.aliasedObjectName):
			return nil, ldap.Result{Code: ldap.AliasDereferencingProblem, MatchedDN: alias.name, Message: "The alias " + alias.name + " cannot be dereferenced due to insufficient access rights"}
		}
		dn, followed = slices.Concat(dn[:len(dn)-len(alias.dn)], target), true
	}
	return nil, ldap.Result{Code: ldap.LoopDetect, Message: "Too many aliases lead to " + dn.String()}
}

// aliasAt is the alias that a name is of, or that is above it where nothing has the name itself.
func (d *Directory) aliasAt(dn names.DN) (*entry, names.DN) {
	for above := dn; len(above) > 0; above = above.Parent() {
		if e := d.entry(above.Key(d.schema)); e != nil {
			target, _ := d.aliased(e)
			if target == nil {
				e = nil
			}
			return e, target
		}
	}
	return nil, nil
}

// area is where a search looks.
type area struct {
	base  id
	scope scope
}

// spread lets a search go on at the entries that the aliases in its scope lead to: in the subtree below them when that is its
// scope, and otherwise at them alone. What leads nowhere is passed over, and nothing is searched twice.
func (f *finding) spread() {
	d := f.d
	if f.areas[0].scope == scopeBase || f.request.Deref != ldap.DerefInSearching && f.request.Deref != ldap.DerefAlways || !d.is(aliases, "rfc4511") || !d.anyAliases() {
		return
	}
	f.dereferencing = true
	scope := scopeSubtree
	if f.areas[0].scope == scopeOne {
		scope = scopeBase
	}
	followed := map[id]bool{}
	for at := 0; at < len(f.areas); at++ { // areas grows meanwhile
		d.mu.RLock()
		found := d.tree.pointing(&d.tree.aliases, f.areas[at].base, f.areas[at].scope)
		d.mu.RUnlock()
		for _, alias := range found {
			if followed[alias.id] || alias.id == f.areas[0].base {
				continue
			}
			followed[alias.id] = true
			dn, wrong := d.locate(f.asker, alias.dn)
			if wrong.Code != ldap.Success {
				continue
			}
			if e := d.entry(dn.Key(d.schema)); e != nil && !f.covers(e) {
				f.areas = append(f.areas, area{e.id, scope})
			}
		}
	}
}

// covers tells whether an entry is in the scope of a search already, with all that is below it when that is to be searched.
func (f *finding) covers(e *entry) bool {
	f.d.mu.RLock()
	defer f.d.mu.RUnlock()
	return f.within(e)
}

// within tells whether an entry is where the search looks. The tree must be locked.
func (f *finding) within(e *entry) bool {
	return slices.ContainsFunc(f.areas, func(a area) bool { return f.d.tree.within(e, a.base, a.scope) })
}
