package directory

import (
	"slices"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
)

// pointers are the entries of one class that stand for something elsewhere: referrals, aliases. There are few of them beside all
// others, so that a list is index enough; who asks whether there are any at all has the answer at once.
type pointers struct {
	class *schema.Class
	kind  *schema.Attribute // where to
	ids   []id              // growing
}

func newPointers(s *schema.Schema, class, attribute string) (p pointers) {
	p.class, _ = s.Class(class)
	p.kind, _ = s.Attribute(attribute)
	return p
}

// are tells whether an entry is one of them.
func (p *pointers) are(s *schema.Schema, e *entry) bool {
	if e == nil || p.kind == nil || len(e.values(p.kind)) == 0 {
		return false
	}
	for i := range e.attributes {
		if a := &e.attributes[i]; a.kind.Key() == "objectclass" {
			return slices.ContainsFunc(a.values, func(name []byte) bool {
				class, ok := s.Class(string(name))
				return ok && class == p.class
			})
		}
	}
	return false
}

// change takes one version of an entry out of the list and puts the next one in; either may be nil.
func (p *pointers) change(s *schema.Schema, before, after *entry) {
	was, is := p.are(s, before), p.are(s, after)
	if was == is {
		return
	}
	if was {
		if at, found := slices.BinarySearch(p.ids, before.id); found {
			p.ids = slices.Delete(p.ids, at, at+1)
		}
		return
	}
	at, _ := slices.BinarySearch(p.ids, after.id)
	p.ids = slices.Insert(p.ids, at, after.id)
}

// has tells whether the entry with that id is one of them.
func (p *pointers) has(i id) bool {
	_, found := slices.BinarySearch(p.ids, i)
	return found
}

// pointing finds those of the pointers that are in a scope, looking at whichever is less: them, or what is in the scope.
func (t *tree) pointing(p *pointers, base id, scope scope) (found []*entry) {
	all := p.ids
	if t.slot(base).below < len(all) {
		all = t.subtree(base)
	}
	for _, i := range all {
		if e := t.at(i); e != nil && p.has(i) && t.within(e, base, scope) {
			found = append(found, e)
		}
	}
	return found
}

// stands tells whether an entry is there for the sake of another, and is none of this search. The tree must be locked.
func (f *finding) stands(e *entry) bool {
	t := f.d.tree
	return !f.manage && t.referrals.has(e.id) || f.dereferencing && e.id != f.areas[0].base && t.aliases.has(e.id)
}
