package directory

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// subtree says which entries a subentry is about: a subtree specification of RFC 3672, whose filter may be one of LDAP as well
// (OpenDJ, SubtreeSpecification).
type subtree struct {
	base    string // the key
	depth   int    // how many RDNs that has
	minimum int    // how far below the base the first entries are
	maximum int    // and the last; -1 is no limit
	// The keys of branches that are left out; with chopAfter their first entry stays in.
	chopBefore, chopAfter []string
	filter                ldap.Filter // nil: all entries
}

var errSubtree = errors.New("no valid RFC 3672 subtree specification")

// deepestRefinement is how deep the refinements of a specification may be nested.
const deepestRefinement = 50

// parseSubtree reads the specification of a subentry that stands below above.
func parseSubtree(s *schema.Schema, above names.DN, text string) (subtree, error) {
	in := &subtreeReader{rest: text}
	spec := subtree{maximum: -1}
	var base names.DN
	var before, after []names.DN
	seen := map[string]bool{}
	if !in.take('{') {
		return spec, errSubtree
	}
	for first := true; !in.take('}'); first = false {
		if !first && !in.take(',') {
			return spec, errSubtree
		}
		key := strings.ToLower(in.word())
		if seen[key] || !in.blank() {
			return spec, errSubtree
		}
		seen[key] = true
		ok := false
		switch key {
		case "base":
			base, ok = in.name()
		case "minimum":
			spec.minimum, ok = in.number()
		case "maximum":
			spec.maximum, ok = in.number()
		case "specificexclusions":
			before, after, ok = in.exclusions()
		case "specificationfilter":
			spec.filter, ok = in.specificationFilter(s)
		}
		if !ok {
			return spec, errSubtree
		}
	}
	if in.space(); in.rest != "" || spec.maximum >= 0 && spec.maximum < spec.minimum {
		return spec, errSubtree
	}
	base = slices.Concat(base, above)
	spec.base, spec.depth = base.Key(s), len(base)
	for _, chop := range before {
		spec.chopBefore = append(spec.chopBefore, slices.Concat(chop, base).Key(s))
	}
	for _, chop := range after {
		spec.chopAfter = append(spec.chopAfter, slices.Concat(chop, base).Key(s))
	}
	return spec, nil
}

// covers tells whether an entry is within the subtree; the filter sees all of it. The tree must not be locked.
func (t *subtree) covers(d *Directory, e *entry) bool {
	depth := len(e.dn) - t.depth
	if !below(e.key, t.base) || depth < t.minimum || t.maximum >= 0 && depth > t.maximum {
		return false
	}
	for _, chop := range t.chopBefore {
		if below(e.key, chop) {
			return false
		}
	}
	for _, chop := range t.chopAfter {
		if e.key != chop && below(e.key, chop) {
			return false
		}
	}
	return t.filter == nil || d.matches(view{d: d, asker: &asker{d: d, bypass: true}, entry: e}, t.filter) == yes
}

// subtreeReader reads the parts of a specification from the front of its text.
type subtreeReader struct {
	rest  string
	depth int
}

func (r *subtreeReader) space() { r.rest = strings.TrimLeft(r.rest, " \t\r\n") }

// blank tells whether a space comes, as it must behind a keyword.
func (r *subtreeReader) blank() bool { return r.rest != "" && strings.Contains(" \t\r\n", r.rest[:1]) }

func (r *subtreeReader) take(c byte) bool {
	r.space()
	if r.rest == "" || r.rest[0] != c {
		return false
	}
	r.rest = r.rest[1:]
	return true
}

// word is a name: letters, digits, hyphens, semicolons and underscores.
func (r *subtreeReader) word() string {
	r.space()
	end := strings.IndexFunc(r.rest, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != ';' && c != '_'
	})
	if end < 0 {
		end = len(r.rest)
	}
	word := r.rest[:end]
	r.rest = r.rest[end:]
	return word
}

func (r *subtreeReader) number() (int, bool) {
	n, err := strconv.ParseUint(r.word(), 10, 31)
	return int(n), err == nil
}

// quoted is a StringValue of RFC 3641, in which two quotation marks are one.
func (r *subtreeReader) quoted() (string, bool) {
	if !r.take('"') {
		return "", false
	}
	var b strings.Builder
	for {
		part, rest, closed := strings.Cut(r.rest, `"`)
		if !closed {
			return "", false
		}
		b.WriteString(part)
		if r.rest = rest; !strings.HasPrefix(rest, `"`) {
			return b.String(), true
		}
		b.WriteByte('"')
		r.rest = rest[1:]
	}
}

// name is a DN below that of the subentry's parent, or below the base.
func (r *subtreeReader) name() (names.DN, bool) {
	text, ok := r.quoted()
	if !ok {
		return nil, false
	}
	dn, err := names.Parse(text)
	return dn, err == nil
}

func (r *subtreeReader) exclusions() (before, after []names.DN, ok bool) {
	if !r.take('{') {
		return nil, nil, false
	}
	for first := true; !r.take('}'); first = false {
		if !first && !r.take(',') {
			return nil, nil, false
		}
		kind := strings.ToLower(r.word())
		if !r.take(':') {
			return nil, nil, false
		}
		dn, ok := r.name()
		switch {
		case ok && kind == "chopbefore":
			before = append(before, dn)
		case ok && kind == "chopafter":
			after = append(after, dn)
		default:
			return nil, nil, false
		}
	}
	return before, after, true
}

// specificationFilter is a filter in quotation marks, which OpenDJ tries first, or a refinement.
func (r *subtreeReader) specificationFilter(s *schema.Schema) (ldap.Filter, bool) {
	if r.space(); !strings.HasPrefix(r.rest, `"`) {
		return r.refinement()
	}
	text, ok := r.quoted()
	if !ok {
		return nil, false
	}
	f, err := ldap.ParseFilter(text)
	return f, err == nil && !circular(s, f)
}

// refinement reads one of RFC 3672, 2.3, as the filter that it is: item:person is (objectClass=person).
func (r *subtreeReader) refinement() (ldap.Filter, bool) {
	if r.depth++; r.depth > deepestRefinement {
		return nil, false
	}
	defer func() { r.depth-- }()
	kind := strings.ToLower(r.word())
	if !r.take(':') {
		return nil, false
	}
	switch kind {
	case "item":
		class := r.word()
		return ldap.Equality{Attr: "objectClass", Value: []byte(class)}, class != ""
	case "not":
		f, ok := r.refinement()
		return ldap.Not{Filter: f}, ok
	case "and":
		list, ok := r.refinements()
		return ldap.And{Filters: list}, ok
	case "or":
		list, ok := r.refinements()
		return ldap.Or{Filters: list}, ok
	}
	return nil, false
}

func (r *subtreeReader) refinements() (list []ldap.Filter, ok bool) {
	if !r.take('{') {
		return nil, false
	}
	for first := true; !r.take('}'); first = false {
		if !first && !r.take(',') {
			return nil, false
		}
		f, ok := r.refinement()
		if !ok {
			return nil, false
		}
		list = append(list, f)
	}
	return list, true
}

// circular tells whether a filter asks for what a policy itself decides: which policy is in force can be no reason for it.
func circular(s *schema.Schema, f ldap.Filter) bool {
	asks := func(attr string) bool {
		attr, _, _ = strings.Cut(attr, ";")
		kind, ok := s.Attribute(attr)
		return ok && (kind.Key() == "pwdpolicysubentry" || kind.Key() == "pwdexpirationtime")
	}
	one := func(list []ldap.Filter) bool {
		return slices.ContainsFunc(list, func(part ldap.Filter) bool { return circular(s, part) })
	}
	switch f := f.(type) {
	case ldap.And:
		return one(f.Filters)
	case ldap.Or:
		return one(f.Filters)
	case ldap.Not:
		return circular(s, f.Filter)
	}
	attr, ok := ldap.AttributeOf(f)
	return ok && asks(attr)
}
