package directory

import (
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// Privilege is a right that is not about entries; ds-privilege-name lists an account's.
type Privilege string

// The privileges that this directory asks for.
const (
	BypassACL       Privilege = "bypass-acl"
	ModifyACL       Privilege = "modify-acl"
	PasswordReset   Privilege = "password-reset"
	PrivilegeChange Privilege = "privilege-change"
	UnindexedSearch Privilege = "unindexed-search"
	ChangelogRead   Privilege = "changelog-read"
	MonitorRead     Privilege = "monitor-read"
	ProxiedAuth     Privilege = "proxied-auth"
	SubentryWrite   Privilege = "subentry-write"
)

// Privileges lists them all.
func Privileges() []Privilege {
	return []Privilege{BypassACL, ChangelogRead, ModifyACL, MonitorRead, PasswordReset, PrivilegeChange, ProxiedAuth, SubentryWrite, UnindexedSearch}
}

// asker is who an operation is done for, as the directory knows the account when the operation begins.
type asker struct {
	d       *Directory
	dn      string // as it was bound
	key     string // "" is anonymous
	entry   *entry // nil when anonymous, or gone since
	secure  bool
	root    bool
	bypass  bool
	harness bool // the directory itself, or whoever operates it
	limits  Limits
	allowed []applicable
}

// applicable is a grant that concerns the asker, at least for some entries.
type applicable struct {
	*aci
	deny   bool
	rights right
	when   relation // the entries that it is for
}

func (d *Directory) asker(s *Session) *asker {
	a := &asker{d: d, dn: s.DN, secure: s.Secure, limits: d.config.Limits}
	if s.DN != "" {
		a.entry = d.lookUp(s.DN)
	}
	if a.entry != nil {
		a.key = a.entry.key
		a.root = a.key == d.rootKey
		d.ownLimits(a)
	}
	if a.bypass = a.has(BypassACL); a.bypass {
		return a
	}
	d.instruct(a)
	return a
}

// instruct finds the instructions that concern an asker.
func (d *Directory) instruct(a *asker) {
	for _, instruction := range *d.acis.Load() {
		for _, g := range instruction.grants {
			if when := a.when(g.who); when != 0 {
				a.allowed = append(a.allowed, applicable{aci: instruction, deny: g.deny, rights: g.rights, when: when})
			}
		}
	}
}

// harness asks in the name of whoever operates the simulator: nothing is forbidden.
func (d *Directory) harness() *asker {
	return &asker{d: d, dn: d.config.RootDN, key: d.rootKey, secure: true, root: true, bypass: true, harness: true}
}

// ownLimits reads the limits that the account itself has, where it has any.
func (d *Directory) ownLimits(a *asker) {
	read := func(kind *schema.Attribute, into *int) {
		if text := a.entry.value(kind); text != "" {
			if n, err := schema.Integer([]byte(text)); err == nil {
				*into = int(n)
			}
		}
	}
	read(d.known.sizeLimit, &a.limits.Size)
	read(d.known.timeLimit, &a.limits.Seconds)
	read(d.known.lookthroughLimit, &a.limits.Lookthrough)
}

// has tells whether the account has a privilege. The root user has those that its entry does not take away.
func (a *asker) has(p Privilege) bool {
	if a.harness {
		return true
	}
	if a.entry == nil {
		return false
	}
	has := a.root
	for _, value := range a.entry.values(a.d.known.privilegeName) {
		switch name := strings.ToLower(string(value)); name {
		case string(p):
			has = true
		case "-" + string(p):
			has = false
		}
	}
	return has
}

// may tells whether the asker has a right to an attribute of an entry.
func (a *asker) may(r right, e *entry, kind *schema.Attribute) bool {
	if a.bypass {
		return true
	}
	return a.granted(e, func(g *applicable) bool { return g.rights&r != 0 && g.attributes.has(kind) })
}

// mayEntry tells whether the asker has a right to an entry as a whole: to add, delete or rename it. Which attributes an
// instruction names does not matter then; but one that names any is about imports and exports only when it is about writing, too
// (OpenDJ, AciTargets.isTargetAttrApplicable).
func (a *asker) mayEntry(r right, e *entry) bool {
	if a.bypass {
		return true
	}
	return a.granted(e, func(g *applicable) bool {
		moves := r&(mayImport|mayExport) != 0
		return g.rights&r != 0 && len(g.controls) == 0 && (g.attributes == nil || !moves || g.aboutWriting())
	})
}

// granted tells whether an instruction of those that concern an entry allows what they are asked for, and none denies it.
func (a *asker) granted(e *entry, concerns func(*applicable) bool) bool {
	allowed, relation := false, a.relation(e)
	for i := range a.allowed {
		g := &a.allowed[i]
		if g.when&relation == 0 || !concerns(g) || !g.covers(e) || !a.filtered(g, e) {
			continue
		}
		if g.deny {
			return false
		}
		allowed = true
	}
	return allowed
}

// mayFilter tells whether the asker has a right to every attribute that a filter names, whatever the filter's truth depends on
// (OpenDJ, AciHandler.testFilter).
func (a *asker) mayFilter(r right, e *entry, f ldap.Filter) bool {
	if a.bypass {
		return true
	}
	all := func(parts []ldap.Filter) bool {
		return !slices.ContainsFunc(parts, func(part ldap.Filter) bool { return !a.mayFilter(r, e, part) })
	}
	switch f := f.(type) {
	case ldap.And:
		return all(f.Filters)
	case ldap.Or:
		return all(f.Filters)
	case ldap.Not:
		return a.mayFilter(r, e, f.Filter)
	}
	name, ok := ldap.AttributeOf(f)
	kind := a.d.describe(name).kind
	return !ok || kind == nil || a.may(r, e, kind)
}

// filtered tells whether an entry is one that a targetfilter is about.
func (a *asker) filtered(g *applicable, e *entry) bool {
	return g.filter == nil || a.d.matches(view{d: a.d, asker: &asker{d: a.d, bypass: true}, entry: e}, g.filter) == yes
}

// mayControl tells whether the asker may use a control on an entry.
func (a *asker) mayControl(oid string, e *entry) bool {
	if a.bypass {
		return true
	}
	return a.granted(e, func(g *applicable) bool {
		return g.rights&mayRead != 0 && (slices.Contains(g.controls, oid) || slices.Contains(g.controls, "*"))
	})
}

// aboutWriting tells whether the instruction allows or denies to write.
func (a *aci) aboutWriting() bool {
	return slices.ContainsFunc(a.grants, func(g grant) bool { return g.rights&mayWrite != 0 })
}

func (a *aci) covers(e *entry) bool {
	switch {
	case a.everywhere:
		return true
	case a.scope == scopeBase:
		return e.key == a.target
	case a.scope == scopeOne:
		return len(e.dn) == a.depth+1 && below(e.key, a.target)
	case a.scope == scopeBelow:
		return e.key != a.target && below(e.key, a.target)
	}
	return below(e.key, a.target)
}

// view is an entry as an asker sees it.
type view struct {
	d     *Directory
	asker *asker
	entry *entry
}

// any tells whether a value of the described attribute, among those the asker may search, fulfils a condition.
func (v view) any(asked description, condition func(*schema.Attribute, []byte) bool) bool {
	if compute, ok := v.d.virtual[asked.kind]; ok && v.entry.id != pseudo {
		return v.asker.may(maySearch, v.entry, asked.kind) && slices.ContainsFunc(compute(v.entry), func(value []byte) bool { return condition(asked.kind, value) })
	}
	for i := range v.entry.attributes {
		a := &v.entry.attributes[i]
		if !asked.covers(a) || !v.asker.may(maySearch, v.entry, a.kind) {
			continue
		}
		if slices.ContainsFunc(a.values, func(value []byte) bool { return condition(a.kind, value) }) {
			return true
		}
	}
	return false
}

// every tells whether any value of any attribute fulfils a condition.
func (v view) every(condition func(*schema.Attribute, []byte) bool) bool {
	for i := range v.entry.attributes {
		a := &v.entry.attributes[i]
		if v.asker.may(maySearch, v.entry, a.kind) && slices.ContainsFunc(a.values, func(value []byte) bool { return condition(a.kind, value) }) {
			return true
		}
	}
	return false
}

// refuse is the answer to who may not: 50, with OpenDJ's sentence for the operation.
func refuse(name, what string) ldap.Result {
	return ldap.Result{Code: ldap.InsufficientAccessRights, Message: "The entry " + name + " cannot be " + what + " due to insufficient access rights"}
}
