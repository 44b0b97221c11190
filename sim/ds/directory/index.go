package directory

import (
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
)

// entryLimit is how many entries a key of an index has before it stands for all: index-entry-limit of DS.
const entryLimit = 4000

// Index says by what an attribute can be found.
type Index struct {
	Attribute string
	Equality  bool
	Substring bool
	Presence  bool
	Ordering  bool
}

// DefaultIndexes are those that a backend has when DS is set up (OpenDJ, backend-index of userRoot).
func DefaultIndexes() []Index {
	return []Index{
		{Attribute: "aci", Presence: true},
		{Attribute: "cn", Equality: true, Substring: true},
		{Attribute: "ds-sync-conflict", Equality: true},
		{Attribute: "ds-sync-hist", Ordering: true},
		{Attribute: "entryUUID", Equality: true},
		{Attribute: "givenName", Equality: true, Substring: true},
		{Attribute: "mail", Equality: true, Substring: true},
		{Attribute: "member", Equality: true},
		{Attribute: "objectClass", Equality: true},
		{Attribute: "sn", Equality: true, Substring: true},
		{Attribute: "telephoneNumber", Equality: true, Substring: true},
		{Attribute: "uid", Equality: true},
		{Attribute: "uniqueMember", Equality: true},
	}
}

// postings are the entries that have a key, growing. Past the limit they are forgotten, and the key stands for all entries
// until the directory is reset, as in DS until its indexes are rebuilt.
type postings struct {
	one  id // the only one, which most keys of names and identifiers have
	more []id
	over bool
}

func (p postings) list() []id {
	if p.more == nil && p.one != 0 {
		return []id{p.one}
	}
	return p.more
}

func (p postings) with(i id) postings {
	switch {
	case p.over || p.one == i:
	case p.one == 0 && p.more == nil:
		p.one = i
	case p.more == nil:
		p.more, p.one = []id{min(p.one, i), max(p.one, i)}, 0
	default:
		at, found := slices.BinarySearch(p.more, i)
		if found {
			break
		}
		if len(p.more) == entryLimit {
			return postings{over: true}
		}
		p.more = slices.Insert(p.more, at, i)
	}
	return p
}

// without returns what is left, and whether that is anything.
func (p postings) without(i id) (postings, bool) {
	switch {
	case p.over:
	case p.one == i:
		p.one = 0
	default:
		if at, found := slices.BinarySearch(p.more, i); found {
			p.more = slices.Delete(p.more, at, at+1)
		}
	}
	return p, p.over || p.one != 0 || len(p.more) > 0
}

// index is what is indexed of one attribute.
type index struct {
	kind     *schema.Attribute
	equality map[string]postings
	pieces   map[string]postings // of three bytes, for substrings
	presence *postings
	order    *ordered
}

type indexes struct {
	all []*index
	// of lists the indexes that an attribute is found in: its own and those of what it is a kind of.
	of map[*schema.Attribute][]*index
}

func newIndexes(s *schema.Schema, wanted []Index) indexes {
	x := indexes{of: map[*schema.Attribute][]*index{}}
	if !slices.ContainsFunc(wanted, func(w Index) bool { return strings.EqualFold(w.Attribute, "aci") }) {
		wanted = append(slices.Clone(wanted), Index{Attribute: "aci", Presence: true}) // The directory itself looks there.
	}
	for _, w := range wanted {
		kind, ok := s.Attribute(w.Attribute)
		if !ok {
			continue // Config.Validate has refused it.
		}
		i := &index{kind: kind}
		if w.Equality {
			i.equality = map[string]postings{}
		}
		if w.Substring {
			i.pieces = map[string]postings{}
		}
		if w.Presence {
			i.presence = &postings{}
		}
		if w.Ordering {
			i.order = &ordered{}
		}
		x.all = append(x.all, i)
		x.of[kind] = append(x.of[kind], i)
	}
	return x
}

func (x *indexes) named(kind *schema.Attribute) *index {
	if list := x.of[kind]; len(list) > 0 {
		return list[0]
	}
	return nil
}

// change takes one version of an entry out of the indexes and puts the next one in; either may be nil.
func (x *indexes) change(s *schema.Schema, before, after *entry) {
	for _, i := range x.all {
		was, is := gather(before, i.kind), gather(after, i.kind)
		if same(was, is) {
			continue
		}
		if before != nil {
			i.put(s, was, before.id, false)
		}
		if after != nil {
			i.put(s, is, after.id, true)
		}
	}
}

// gather collects the values of an attribute with all options and kinds.
func gather(e *entry, kind *schema.Attribute) (values [][]byte) {
	if e == nil {
		return nil
	}
	for n := range e.attributes {
		if a := &e.attributes[n]; a.kind.Is(kind) {
			if values == nil {
				values = a.values
			} else {
				values = append(slices.Clip(values), a.values...)
			}
		}
	}
	return values
}

// same is quick: an attribute that no change was about has the very same values.
func same(a, b [][]byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func (x *index) put(s *schema.Schema, values [][]byte, i id, in bool) {
	update := func(m map[string]postings, key string) {
		if in {
			p, ok := m[key]
			if !ok {
				key = strings.Clone(key) // A piece would keep the whole text.
			}
			m[key] = p.with(i)
		} else if left, some := m[key].without(i); some {
			m[key] = left
		} else {
			delete(m, key)
		}
	}
	if x.presence != nil && len(values) > 0 {
		if in {
			*x.presence = x.presence.with(i)
		} else {
			*x.presence, _ = x.presence.without(i)
		}
	}
	for _, v := range values {
		if x.equality != nil {
			if key, ok := s.Equal(x.kind, v); ok {
				update(x.equality, key)
			}
		}
		if x.pieces != nil {
			if text, ok := s.Substring(x.kind, v); ok {
				for piece := range pieces(begin + text + finish) {
					update(x.pieces, piece)
				}
			}
		}
		if x.order != nil {
			if key, ok := s.Order(x.kind, v); ok {
				x.order.put(key, i, in)
			}
		}
	}
}

// begin and finish stand around a value, so that a piece at one of its ends is found as such.
const (
	begin     = "\x02"
	finish    = "\x03"
	pieceSize = 3
)

// pieces yields all runs of three bytes of a text.
func pieces(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := 0; i+pieceSize <= len(text); i++ {
			if !yield(text[i : i+pieceSize]) {
				return
			}
		}
	}
}

// holding finds the entries that may have a text among their pieces; false when that could be all.
func (x *index) holding(text string) ([]id, bool) {
	var found []id
	known := false
	for piece := range pieces(text) {
		p := x.pieces[piece]
		if p.over {
			continue
		}
		if list := p.list(); !known {
			found, known = list, true
		} else {
			found = intersect(found, list)
		}
	}
	return found, known
}

// intersect keeps what both lists have.
func intersect(a, b []id) []id {
	if len(b) < len(a) {
		a, b = b, a
	}
	both := make([]id, 0, len(a))
	for _, i := range a {
		at, found := slices.BinarySearch(b, i)
		if found {
			both = append(both, i)
		}
		b = b[at:]
	}
	return both
}

// union has what one of the lists has.
func union(lists [][]id) []id {
	if len(lists) == 1 {
		return lists[0]
	}
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}
