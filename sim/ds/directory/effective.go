package directory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// rightsAsked is what a search with the get effective rights control wants to know of each entry (OpenDJ, AciEffectiveRights).
type rightsAsked struct {
	whose        ldap.EffectiveRights
	of           *asker // who that is; nil before the first entry
	rights, info bool   // aclRights, aclRightsInfo
	kinds        []*schema.Attribute
}

func (d *Directory) rightsAsked(s *selection, controls []ldap.Control) *rightsAsked {
	c, ok := ldap.Find(controls, ldap.OIDEffectiveRights)
	if !ok {
		return nil
	}
	whose, err := ldap.ParseEffectiveRights(c)
	if err != nil {
		return nil // It was refused.
	}
	r := &rightsAsked{whose: whose}
	for _, n := range s.named {
		switch n.kind {
		case d.known.aclRights:
			r.rights = true
		case d.known.aclRightsInfo:
			r.info = true
		default:
			r.kinds = append(r.kinds, n.kind)
		}
	}
	if !r.rights && !r.info {
		return nil
	}
	return r
}

// effectiveRights adds to an answer what somebody may do with the entry. Who asks needs the right to read aclRights and
// aclRightsInfo there, besides the one to the control.
func (d *Directory) effectiveRights(a *asker, e *entry, s *selection, out *ldap.Entry) {
	r := s.rights
	if r == nil || !a.bypass && (r.rights && !a.may(mayRead, e, d.known.aclRights) || r.info && !a.may(mayRead, e, d.known.aclRightsInfo)) {
		return
	}
	if r.of == nil {
		r.of = d.subject(a, r.whose)
	}
	j := judgement{d: d, asked: r, of: r.of, entry: e, out: out}
	kinds := slices.Clone(r.kinds)
	for i := range e.attributes {
		kind := e.attributes[i].kind
		if s.all && !kind.Operational || s.operational && kind.Operational {
			kinds = append(kinds, kind)
		}
	}
	done := map[*schema.Attribute]bool{}
	for _, kind := range kinds {
		if !done[kind] {
			done[kind] = true
			j.attribute(kind, d.known.distinguishedName)
		}
	}
	for _, name := range r.whose.Attributes {
		if kind := d.describe(name).kind; kind != nil && !done[kind] {
			done[kind] = true
			j.attribute(kind, kind)
		}
	}
	j.whole()
}

// subject is the asker whose rights are wanted. OpenDJ passes over the instructions for who asks about himself and has bypass-acl,
// but asks the instructions alone about anybody else, whatever his privileges; effectiveRightsBypass decides otherwise.
func (d *Directory) subject(a *asker, whose ldap.EffectiveRights) *asker {
	key := d.keyOf(whose.DN)
	if whose.Own || key == a.key {
		return a
	}
	of := d.asker(&Session{DN: whose.DN, Secure: a.secure})
	if of.bypass && d.is(effectiveRightsBypass, "ignore") {
		of.bypass = false
		d.instruct(of)
	}
	of.key = key
	return of
}

// judgement writes down what is allowed on one entry, and why.
type judgement struct {
	d     *Directory
	asked *rightsAsked
	of    *asker
	entry *entry
	out   *ldap.Entry
}

// attribute is for one of the entry. self is the attribute that a right to add or remove oneself is looked up with: OpenDJ takes
// distinguishedName for the attributes of the search, and the attribute itself for those that the control names.
func (j *judgement) attribute(kind, self *schema.Attribute) {
	var all []string
	check := func(name string, r right, of *schema.Attribute) {
		v := j.of.verdict(j.entry, func(g *applicable) bool { return g.rights&r != 0 && g.attributes.has(of) })
		all = append(all, name+":"+v.digit())
		j.explain("attributeLevel;"+name+";"+kind.Key(), v, r, of.Name())
	}
	check("search", maySearch, kind)
	check("read", mayRead, kind)
	check("compare", mayCompare, kind)
	check("write", mayWrite, kind)
	selfRight := mayWrite
	if self.Syntax == schema.SyntaxDN {
		selfRight |= maySelfWrite
	}
	check("selfwrite_add", selfRight, self)
	check("selfwrite_delete", selfRight, self)
	check("proxy", mayProxy, kind)
	if j.asked.rights {
		j.put("aclRights;attributeLevel;"+kind.Key(), strings.Join(all, ","))
	}
}

// whole is for the entry itself.
func (j *judgement) whole() {
	var all []string
	check := func(name string, r right, v verdict) {
		all = append(all, name+":"+v.digit())
		j.explain("entryLevel;"+name, v, r, "NULL")
	}
	level := func(r right) verdict {
		return j.of.verdict(j.entry, func(g *applicable) bool { return g.rights&r != 0 && len(g.controls) == 0 })
	}
	check("add", mayAdd, level(mayAdd))
	check("delete", mayDelete, level(mayDelete))
	check("read", mayRead, j.readsAny())
	check("write", mayWrite, level(mayWrite))
	check("proxy", mayProxy, level(mayProxy))
	if j.asked.rights {
		j.put("aclRights;entryLevel", strings.Join(all, ","))
	}
}

// readsAny is the right to read an entry: that to read any of its attributes, the object class first (OpenDJ, accessAllowedEntry).
func (j *judgement) readsAny() (v verdict) {
	kinds := []*schema.Attribute{j.d.known.objectClass}
	for i := range j.entry.attributes {
		kinds = append(kinds, j.entry.attributes[i].kind)
	}
	for _, kind := range kinds {
		if v = j.of.verdict(j.entry, func(g *applicable) bool { return g.rights&mayRead != 0 && g.attributes.has(kind) }); v.allowed {
			break
		}
	}
	return v
}

func (j *judgement) put(description, value string) {
	j.out.Attributes = append(j.out.Attributes, ldap.Attribute{Description: description, Values: octets(value)})
}

// explain adds a summary in the words of OpenDJ, where aclRightsInfo was asked for.
func (j *judgement) explain(where string, v verdict, r right, attribute string) {
	if !j.asked.info {
		return
	}
	access, who := "access not allowed", "anonymous"
	if v.allowed {
		access = "access allowed"
	}
	if j.of.key != "" {
		who = j.asked.whose.DN
		if who == "" {
			who = j.of.dn
		}
	}
	j.put("aclRightsInfo;logs;"+where, fmt.Sprintf("acl_summary(main): %s(%s) on entry/attr(%s, %s) to (%s) (not proxied) ( reason: %s %s)",
		access, rightText(r), j.entry.name, attribute, who, v.reason, v.decidedBy()))
}

func rightText(r right) string {
	for name, one := range rightNames {
		if r == one {
			return name
		}
	}
	return "write" // with or without selfwrite
}

// verdict is what the instructions say of a right, and which of them decides.
type verdict struct {
	allowed bool
	reason  string
	name    string
}

func (v verdict) digit() string {
	if v.allowed {
		return "1"
	}
	return "0"
}

func (v verdict) decidedBy() string {
	if v.name == "" {
		return ""
	}
	return ", deciding_aci: " + v.name
}

// verdict decides as granted does, and remembers why: what denies comes before what allows.
func (a *asker) verdict(e *entry, concerns func(*applicable) bool) verdict {
	if a.bypass {
		return verdict{allowed: true, reason: "user has bypass-acl privileges"}
	}
	v, relation := verdict{reason: "no acis matched the subject"}, a.relation(e)
	for i := range a.allowed {
		g := &a.allowed[i]
		if g.when&relation == 0 || !concerns(g) || !g.covers(e) || !a.filtered(g, e) {
			continue
		}
		if g.deny {
			return verdict{reason: "evaluated deny", name: g.name}
		}
		if !v.allowed {
			v = verdict{allowed: true, reason: "evaluated allow", name: g.name}
		}
	}
	return v
}
