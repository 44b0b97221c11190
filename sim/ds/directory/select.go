package directory

import (
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// selection is which attributes a search returns.
type selection struct {
	all         bool // "*", or nothing asked
	operational bool // "+"
	none        bool // "1.1" alone
	named       []named
	// virtualOnly and realOnly are the controls of those names.
	virtualOnly, realOnly bool
	// values are the filters of the matched values control, rights the question of that of effective rights.
	values []ldap.Filter
	rights *rightsAsked
}

// named is an attribute that was asked for by name, under which it is returned then.
type named struct {
	description
	text string
}

// manyNames is how many names a request may repeat before they are looked through for that.
const manyNames = 32

func (d *Directory) selection(asked []string, controls []ldap.Control) selection {
	var s selection
	_, s.virtualOnly = ldap.Find(controls, ldap.OIDVirtualAttributesOnly)
	_, s.realOnly = ldap.Find(controls, ldap.OIDRealAttributesOnly)
	var seen map[description]bool // nil where they are too few to matter
	if len(asked) > manyNames {
		seen = map[description]bool{}
	}
	name := func(asked description, text string) {
		if seen[asked] {
			return // Under its first name it is there already.
		}
		if seen != nil {
			seen[asked] = true
		}
		s.named = append(s.named, named{asked, text})
	}
	for _, text := range asked {
		switch text = strings.TrimSpace(text); {
		case text == "*":
			s.all = true
		case text == "+":
			s.operational = true
		case text == "1.1":
			s.none = true
		case strings.HasPrefix(text, "@"):
			if class, ok := d.schema.Class(text[1:]); ok {
				for _, above := range class.Above() {
					for _, kind := range append(append([]*schema.Attribute{}, above.Must...), above.May...) {
						name(description{kind: kind}, kind.Name())
					}
				}
			}
		case text != "":
			if asked := d.describe(text); asked.kind != nil {
				name(asked, text)
			}
		}
	}
	if len(asked) == 0 {
		s.all = true
	}
	s.none = s.none && len(asked) == 1
	if c, ok := ldap.Find(controls, ldap.OIDMatchedValues); ok {
		s.values, _ = ldap.ParseMatchedValues(c) // What is malformed was refused.
	}
	s.rights = d.rightsAsked(&s, controls)
	return s
}

// entryControls refuses what is malformed of the controls that say which entries and values a search returns.
func entryControls(controls []ldap.Control) (r ldap.Result) {
	_, err := wantsSubentries(controls)
	for _, c := range controls {
		if err != nil {
			break
		}
		switch c.OID {
		case ldap.OIDMatchedValues:
			_, err = ldap.ParseMatchedValues(c)
		case ldap.OIDEffectiveRights:
			var asked ldap.EffectiveRights
			if asked, err = ldap.ParseEffectiveRights(c); err != nil {
				break
			}
			if _, wrong := names.Parse(asked.DN); wrong != nil {
				return ldap.Result{Code: ldap.InvalidDNSyntax, Message: wrong.Error()}
			}
		}
	}
	if err != nil {
		r = ldap.Result{Code: ldap.ProtocolError, Message: err.Error()}
	}
	return r
}

// project makes the answer of a search: what is readable, and what controls make of it.
func (d *Directory) project(a *asker, e *entry, s selection) ldap.Entry {
	out := d.readable(a, e, s)
	d.matchValues(&out, s.values)
	d.effectiveRights(a, e, &s, &out)
	return out
}

// readable is what was asked for of what the asker may read. An attribute that may not be read is not there;
// nothing tells that it exists.
func (d *Directory) readable(a *asker, e *entry, s selection) ldap.Entry {
	out := ldap.Entry{DN: e.name}
	if s.none {
		return out
	}
	for i := range e.attributes {
		stored := &e.attributes[i]
		description, ok := s.wants(stored)
		if !ok || s.virtualOnly || !a.may(mayRead, e, stored.kind) {
			continue
		}
		out.Attributes = append(out.Attributes, ldap.Attribute{Description: description, Values: stored.values})
	}
	if e.id == pseudo || s.realOnly || !s.operational && len(s.named) == 0 {
		return out
	}
	for _, kind := range d.computed {
		description, ok := s.wants(&attribute{kind: kind, description: kind.Name()})
		if !ok || !a.may(mayRead, e, kind) {
			continue
		}
		if values := d.virtual[kind](e); len(values) > 0 {
			out.Attributes = append(out.Attributes, ldap.Attribute{Description: description, Values: values})
		}
	}
	return out
}

// wants tells whether an attribute was asked for, and how it is called in the answer.
func (s *selection) wants(a *attribute) (description string, ok bool) {
	for i := range s.named {
		if n := &s.named[i]; n.covers(a) {
			if n.kind == a.kind && n.options == a.options {
				return n.text, true
			}
			return a.description, true
		}
	}
	return a.description, s.all && !a.kind.Operational || s.operational && a.kind.Operational
}
