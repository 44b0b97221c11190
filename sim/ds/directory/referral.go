package directory

import (
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// Smart referrals: entries that say in ref at which server they are, and all below them (RFC 3296; OpenDJ, DN2URI).

// manages tells whether referrals are to be treated as any entries (RFC 3296, 3).
func manages(controls []ldap.Control) bool {
	_, ok := ldap.Find(controls, ldap.OIDManageDsaIT)
	return ok
}

// isReferral tells whether an entry says where to look instead.
func (d *Directory) isReferral(e *entry) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.tree.referrals.has(e.id)
}

// referralAbove is the nearest entry above a name that is a referral; nil when there is none.
func (d *Directory) referralAbove(dn names.DN) *entry {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if len(d.tree.referrals.ids) == 0 || len(dn) == 0 {
		return nil
	}
	for above := dn.Parent(); len(above) > 0; above = above.Parent() {
		if e := d.tree.find(above.Key(d.schema)); e != nil && d.tree.referrals.has(e.id) {
			return e
		}
	}
	return nil
}

// missing is the answer for an entry that is not there: where else it is, when a referral above tells, or else the nearest entry
// above that is there.
func (d *Directory) missing(dn names.DN, what string) ldap.Result {
	if at := d.referralAbove(dn); at != nil {
		return d.refer(dn, at, "")
	}
	return d.noSuchObject(dn, what)
}

// missingBase is the same for the base of a search.
func (d *Directory) missingBase(dn names.DN, scope scope, what string) ldap.Result {
	if at := d.referralAbove(dn); at != nil {
		return d.refer(dn, at, scope.urlText())
	}
	return d.noSuchObject(dn, what)
}

// referred is the answer to an operation on a referral itself that does not manage it.
func (d *Directory) referred(e *entry, manage bool) ldap.Result {
	if manage || !d.isReferral(e) {
		return ldap.Result{}
	}
	return d.refer(e.dn, e, "")
}

// refer sends a request to where a referral points to, with the DN that the target has there. The scope is that of a search.
func (d *Directory) refer(target names.DN, at *entry, scope string) ldap.Result {
	return ldap.Result{
		Code: ldap.Referral, MatchedDN: at.name, Message: "A referral entry " + at.name + " indicates that the operation must be processed at a different server",
		Referrals: d.places(at, func(u *ldap.URL) bool {
			there, err := names.Parse(u.DN)
			if err != nil {
				return false
			}
			// Without a DN it is that of the request (RFC 3296, 5.1).
			if u.Scope = scope; u.DN == "" || there.Key(d.schema) == at.key {
				u.DN = target.String()
			} else {
				u.DN = slices.Concat(target[:len(target)-len(at.dn)], there).String()
			}
			return true
		}),
	}
}

// references are the places that a search sends for a referral in its scope (RFC 3296, 5.4).
func (d *Directory) references(at *entry, scope scope) []string {
	return d.places(at, func(u *ldap.URL) bool {
		if u.DN == "" {
			u.DN = at.name
		}
		if u.Scope = "sub"; scope == scopeOne || scope == scopeBase {
			u.Scope = "base"
		}
		_, err := names.Parse(u.DN)
		return err == nil
	})
}

// places are the values of ref without their labels. Those of the scheme ldap are rewritten, others stay as they are (OpenDJ
// looks at no other scheme, not even ldaps).
func (d *Directory) places(at *entry, rewrite func(*ldap.URL) bool) []string {
	values := at.values(d.known.ref)
	urls := make([]string, len(values))
	for i, v := range values {
		text, _, _ := strings.Cut(string(v), " ")
		urls[i] = text
		if u, err := ldap.ParseURL(text); err == nil && u.Scheme == "ldap" && rewrite(&u) {
			urls[i] = u.String()
		}
	}
	return urls
}

// urlText is a scope as it is in URLs.
func (s scope) urlText() string {
	switch s {
	case scopeBase:
		return "base"
	case scopeOne:
		return "one"
	case scopeBelow:
		return "subordinate"
	case scopeSubtree:
	}
	return "sub"
}

// refer sends the references of a search, whatever its filter, before all entries. They do not count as entries, neither for the
// size limit nor for a page, and belong to the first page (OpenDJ, EntryContainer.searchIndexed).
func (f *finding) refer() (ldap.Result, bool) {
	if f.manage || f.page.start() != 0 {
		return ldap.Result{}, false
	}
	d, sent := f.d, map[id]bool{}
	for _, in := range f.areas {
		d.mu.RLock()
		referrals := d.tree.pointing(&d.tree.referrals, in.base, in.scope)
		d.mu.RUnlock()
		for _, at := range referrals {
			if f.late() {
				return f.timeIsUp(), true
			}
			if sent[at.id] || !f.asker.may(mayRead, at, d.known.ref) {
				continue
			}
			sent[at.id] = true
			if err := f.to.Reference(d.references(at, in.scope)); err != nil {
				return ldap.Result{Code: ldap.Unavailable, Message: err.Error()}, true
			}
		}
	}
	return ldap.Result{}, false
}
