package directory

import (
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// truth is the three-valued logic of RFC 4511, 4.5.1.7: what cannot be decided is neither true nor false.
type truth int

const (
	no truth = iota - 1
	undecided
	yes
)

func decided(b bool) truth {
	if b {
		return yes
	}
	return no
}

// matches decides a filter for what the asker may know of an entry. The tree must not be locked.
func (d *Directory) matches(v view, f ldap.Filter) truth {
	switch f := f.(type) {
	case ldap.And:
		all := yes
		for _, part := range f.Filters {
			all = min(all, d.matches(v, part))
		}
		return all
	case ldap.Or:
		one := no
		for _, part := range f.Filters {
			one = max(one, d.matches(v, part))
		}
		return one
	case ldap.Not:
		return -d.matches(v, f.Filter)
	case ldap.Present:
		return d.present(v, f.Attr)
	case ldap.Equality:
		return d.equal(v, f.Attr, f.Value)
	case ldap.Approx:
		return d.equal(v, f.Attr, f.Value)
	case ldap.GreaterOrEqual:
		return d.ranged(v, f.Attr, f.Value, func(have, want string) bool { return have >= want })
	case ldap.LessOrEqual:
		return d.ranged(v, f.Attr, f.Value, func(have, want string) bool { return have <= want })
	case ldap.Substrings:
		return d.substrings(v, f)
	case ldap.Extensible:
		return d.extensible(v, f)
	}
	return undecided
}

func (d *Directory) present(v view, attr string) truth {
	asked := d.describe(attr)
	if asked.kind == nil {
		return undecided
	}
	return decided(v.any(asked, func(*schema.Attribute, []byte) bool { return true }))
}

func (d *Directory) equal(v view, attr string, value []byte) truth {
	asked := d.describe(attr)
	if asked.kind == nil {
		return undecided
	}
	want, ok := d.schema.Equal(asked.kind, value)
	if !ok {
		return undecided
	}
	return decided(v.any(asked, func(_ *schema.Attribute, have []byte) bool {
		normal, ok := d.schema.Equal(asked.kind, have)
		return ok && normal == want
	}))
}

func (d *Directory) ranged(v view, attr string, value []byte, compare func(have, want string) bool) truth {
	asked := d.describe(attr)
	if asked.kind == nil || !asked.kind.Ordered() {
		return undecided
	}
	want, ok := d.schema.Order(asked.kind, value)
	if !ok {
		return undecided
	}
	return decided(v.any(asked, func(_ *schema.Attribute, have []byte) bool {
		normal, ok := d.schema.Order(asked.kind, have)
		return ok && compare(normal, want)
	}))
}

func (d *Directory) substrings(v view, f ldap.Substrings) truth {
	asked := d.describe(f.Attr)
	if asked.kind == nil {
		return undecided
	}
	parts := make([]string, 0, len(f.Any)+2)
	for _, piece := range append(append([][]byte{f.Initial}, f.Any...), f.Final) {
		text, ok := d.schema.Piece(asked.kind, piece)
		if !ok {
			return undecided
		}
		parts = append(parts, text)
	}
	return decided(v.any(asked, func(_ *schema.Attribute, have []byte) bool {
		text, ok := d.schema.Substring(asked.kind, have)
		return ok && holds(text, parts)
	}))
}

// holds tells whether a text begins with the first part, ends with the last, and has the others between them in order.
func holds(text string, parts []string) bool {
	last := len(parts) - 1
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	if text, ok = strings.CutSuffix(text, parts[last]); !ok {
		return false
	}
	for _, part := range parts[1:last] {
		if _, text, ok = strings.Cut(text, part); !ok {
			return false
		}
	}
	return true
}

func (d *Directory) extensible(v view, f ldap.Extensible) truth {
	asked := d.describe(f.Attr)
	if f.Attr != "" && asked.kind == nil {
		return undecided
	}
	compare := func(kind *schema.Attribute, value []byte) (string, bool) { return d.schema.Equal(kind, value) }
	if f.Rule != "" {
		if _, _, known := d.schema.ByRule(f.Rule, nil); !known {
			return undecided
		}
		compare = func(_ *schema.Attribute, value []byte) (string, bool) {
			normal, valid, _ := d.schema.ByRule(f.Rule, value)
			return normal, valid
		}
	}
	same := func(kind *schema.Attribute, have []byte) bool {
		a, ok := compare(kind, have)
		b, valid := compare(kind, f.Value)
		return ok && valid && a == b
	}
	if f.Attr != "" && v.any(asked, same) || f.Attr == "" && v.every(same) {
		return yes
	}
	if f.DNAttributes && d.inName(v.entry.dn, asked.kind, same) {
		return yes
	}
	return no
}

// inName looks among the attributes of a name.
func (d *Directory) inName(dn names.DN, kind *schema.Attribute, same func(*schema.Attribute, []byte) bool) bool {
	for _, rdn := range dn {
		for _, pair := range rdn {
			k, ok := d.schema.Attribute(pair.Type)
			if ok && (kind == nil || k.Is(kind)) && same(k, []byte(pair.Value)) {
				return true
			}
		}
	}
	return false
}
