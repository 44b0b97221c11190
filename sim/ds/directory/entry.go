package directory

import (
	"bytes"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// id is where an entry has its place in the tree, whatever its name. Ids grow, are never used again, and 0 is the root.
type id uint32

// pseudo is the id of entries that are not in the tree: the root DSE, the schema, monitors, the changelog.
const pseudo = ^id(0)

// entry is one version of an entry. It is never changed once it is in the tree: a change makes another one.
type entry struct {
	id         id
	parent     id
	dn         names.DN
	name       string // dn as text
	key        string
	attributes []attribute
	version    uint64
	subentry   bool // as the tree has found it
}

// attribute has the values of one attribute description.
type attribute struct {
	kind *schema.Attribute
	// description is how it was written: "cn", "CN", "cn;lang-de".
	description string
	// options are those of the description in their normal form, ";lang-de", "" for most.
	options string
	values  [][]byte
}

// clone is a copy whose attributes may be replaced, though not their values in place.
func (e *entry) clone() *entry {
	c := *e
	c.attributes = slices.Clone(e.attributes)
	c.version++
	return &c
}

// values are those of an attribute without options, but not of attributes that are a kind of it.
func (e *entry) values(kind *schema.Attribute) [][]byte {
	for i := range e.attributes {
		if a := &e.attributes[i]; a.kind == kind && a.options == "" {
			return a.values
		}
	}
	return nil
}

// value is the first value of an attribute, "" when there is none.
func (e *entry) value(kind *schema.Attribute) string {
	if values := e.values(kind); len(values) > 0 {
		return string(values[0])
	}
	return ""
}

// text is the first value of an attribute by its key; entries of another replica have attribute types of their own.
func (e *entry) text(key string) string {
	for i := range e.attributes {
		if a := &e.attributes[i]; a.kind.Key() == key && len(a.values) > 0 {
			return string(a.values[0])
		}
	}
	return ""
}

// set replaces the values of an attribute without options; without values it is gone. The entry must be a clone.
func (e *entry) set(kind *schema.Attribute, values ...string) {
	raw := make([][]byte, len(values))
	for i, v := range values {
		raw[i] = []byte(v)
	}
	e.setRaw(kind, kind.Name(), "", raw)
}

func (e *entry) setRaw(kind *schema.Attribute, description, options string, values [][]byte) {
	at := slices.IndexFunc(e.attributes, func(a attribute) bool { return a.kind == kind && a.options == options })
	switch {
	case at < 0 && len(values) > 0:
		if i := slices.Index(kind.Names, description); i >= 0 {
			description = kind.Names[i] // One text for all entries.
		}
		e.attributes = append(e.attributes, attribute{kind: kind, description: description, options: options, values: values})
	case at >= 0 && len(values) == 0:
		e.attributes = slices.Delete(e.attributes, at, at+1)
	case at >= 0:
		e.attributes[at].values = values
	}
}

// wire is the entry with all it has stored, operational attributes behind the others.
func (e *entry) wire() ldap.Entry {
	w := ldap.Entry{DN: e.name, Attributes: make([]ldap.Attribute, 0, len(e.attributes))}
	for _, operational := range []bool{false, true} {
		for i := range e.attributes {
			if a := &e.attributes[i]; a.kind.Operational == operational {
				w.Attributes = append(w.Attributes, ldap.Attribute{Description: a.description, Values: a.values})
			}
		}
	}
	return w
}

// below tells whether key names an entry below base, or base itself.
func below(key, base string) bool {
	if base == "" || key == base {
		return true
	}
	above, ok := strings.CutSuffix(key, base)
	if !ok {
		return false
	}
	if above, ok = strings.CutSuffix(above, ","); !ok {
		return false
	}
	// A comma behind an odd number of backslashes belongs to a value.
	return (len(above)-len(strings.TrimRight(above, `\`)))%2 == 0
}

// description is an attribute description taken apart.
type description struct {
	kind    *schema.Attribute
	options string
}

// describe finds the attribute of a description. What the schema does not know has no kind, but is no error.
func (d *Directory) describe(text string) description {
	name, options, tagged := strings.Cut(text, ";")
	kind, _ := d.schema.Attribute(name)
	if !tagged {
		return description{kind: kind}
	}
	list := strings.Split(strings.ToLower(options), ";")
	slices.Sort(list)
	return description{kind: kind, options: ";" + strings.Join(slices.Compact(list), ";")}
}

// covers tells whether asking for the description brings the attribute: the same one or a kind of it, with all the options.
func (d description) covers(a *attribute) bool {
	if d.kind == nil || !a.kind.Is(d.kind) {
		return false
	}
	if d.options == "" || d.options == a.options {
		return true
	}
	have := strings.Split(a.options, ";")
	for wanted := range strings.SplitSeq(d.options[1:], ";") {
		if !slices.Contains(have, wanted) {
			return false
		}
	}
	return true
}

// indexOf finds a value by the attribute's equality rule.
func (d *Directory) indexOf(kind *schema.Attribute, values [][]byte, wanted []byte) int {
	normal, ok := d.schema.Equal(kind, wanted)
	return slices.IndexFunc(values, func(v []byte) bool {
		if bytes.Equal(v, wanted) {
			return true
		}
		other, valid := d.schema.Equal(kind, v)
		return ok && valid && other == normal
	})
}
