package directory

import (
	"cmp"
	"slices"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
)

// tree holds the entries, by place and by name, and their indexes. It locks nothing: its Directory does.
type tree struct {
	schema  *schema.Schema
	slots   []slot // by id
	byKey   map[string]id
	byName  map[string]id // by the DN as it is written: most clients write it so, too, and save its parsing
	indexes indexes
	size    int

	referrals, aliases pointers
	// subentries are the ids of those, growing.
	subentries []id
}

// slot is the place of an entry. A removed entry leaves an empty one.
type slot struct {
	entry    *entry
	children []id // growing
	below    int  // how many entries are anywhere below
}

func newTree(s *schema.Schema, wanted []Index) *tree {
	t := &tree{schema: s, byKey: map[string]id{}, byName: map[string]id{}, indexes: newIndexes(s, wanted)}
	t.referrals, t.aliases = newPointers(s, "referral", "ref"), newPointers(s, "alias", "aliasedObjectName")
	t.slots = []slot{{entry: &entry{dn: names.DN{}}}}
	t.byKey[""] = 0
	return t
}

func (t *tree) find(key string) *entry {
	if at, ok := t.byKey[key]; ok {
		return t.slots[at].entry
	}
	return nil
}

func (t *tree) at(i id) *entry {
	if int(i) < len(t.slots) {
		return t.slots[i].entry
	}
	return nil
}

// slot is the place with that id; an empty one when it is none of this tree.
func (t *tree) slot(i id) *slot {
	if int(i) < len(t.slots) {
		return &t.slots[i]
	}
	return &slot{}
}

// end is the id behind the last.
func (t *tree) end() id { return id(len(t.slots)) } //nolint:gosec // G115: memory ends before the numbers do.

// insert puts a new entry in its place, which its parent must have.
func (t *tree) insert(e *entry) {
	e.id = t.end()
	t.slots = append(t.slots, slot{entry: e})
	t.enter(e)
	t.attach(e.id, e.parent, 1)
	t.register(nil, e)
	t.size++
}

// replace exchanges an entry for its next version, which has the same name.
func (t *tree) replace(before, after *entry) {
	t.slots[after.id].entry = after
	t.register(before, after)
}

// register tells the indexes of the next version of an entry; either may be nil.
func (t *tree) register(before, after *entry) {
	t.indexes.change(t.schema, before, after)
	t.referrals.change(t.schema, before, after)
	t.aliases.change(t.schema, before, after)
	t.mark(before, after)
}

// remove takes away an entry without children.
func (t *tree) remove(e *entry) {
	t.register(e, nil)
	t.detach(e.id, e.parent, 1)
	t.leave(e)
	t.slots[e.id] = slot{}
	t.size--
}

// fell removes an entry and all below it, the deepest first, and of siblings the last first, which moves none of the others.
func (t *tree) fell(e *entry) {
	doomed := t.subtree(e.id)
	slices.SortFunc(doomed, func(a, b id) int { return cmp.Or(len(t.at(b).dn)-len(t.at(a).dn), cmp.Compare(b, a)) })
	for _, i := range doomed {
		t.remove(t.at(i))
	}
}

// mark keeps the list of subentries; either version may be nil.
func (t *tree) mark(before, after *entry) {
	is, was := false, before != nil && before.subentry
	i := id(0)
	if before != nil {
		i = before.id
	}
	if after != nil {
		i, is = after.id, isSubentry(after)
		after.subentry = is
	}
	at, _ := slices.BinarySearch(t.subentries, i)
	switch {
	case is && !was:
		t.subentries = slices.Insert(t.subentries, at, i)
	case was && !is:
		t.subentries = slices.Delete(t.subentries, at, at+1)
	}
}

// move gives an entry its next version under another name, and all below it their new names.
func (t *tree) move(before, after *entry) {
	s := &t.slots[before.id]
	t.detach(before.id, before.parent, s.below+1)
	t.leave(before)
	t.enter(after)
	t.attach(after.id, after.parent, s.below+1)
	t.replace(before, after)
	for _, child := range s.children {
		t.rename(child, after)
	}
}

func (t *tree) rename(i id, parent *entry) {
	s := &t.slots[i]
	before, after := s.entry, s.entry.clone()
	after.dn = parent.dn.Child(before.dn[0])
	after.name = after.dn.String()
	after.key = childKey(before.dn[0].Key(t.schema), parent.key)
	t.leave(before)
	t.enter(after)
	t.replace(before, after)
	for _, child := range s.children {
		t.rename(child, after)
	}
}

func (t *tree) enter(e *entry) { t.byKey[e.key], t.byName[e.name] = e.id, e.id }

func (t *tree) leave(e *entry) {
	delete(t.byKey, e.key)
	delete(t.byName, e.name)
}

func childKey(rdn, parent string) string {
	if parent == "" {
		return rdn
	}
	return rdn + "," + parent
}

func (t *tree) attach(i, parent id, weight int) {
	s := &t.slots[parent]
	at, _ := slices.BinarySearch(s.children, i)
	s.children = slices.Insert(s.children, at, i)
	t.weigh(parent, weight)
}

func (t *tree) detach(i, parent id, weight int) {
	s := &t.slots[parent]
	if at, found := slices.BinarySearch(s.children, i); found {
		s.children = slices.Delete(s.children, at, at+1)
	}
	t.weigh(parent, -weight)
}

// weigh tells all above, parent included, that their number of entries has changed.
func (t *tree) weigh(parent id, weight int) {
	for {
		s := &t.slots[parent]
		s.below += weight
		if parent == 0 {
			return
		}
		parent = s.entry.parent
	}
}

// within tells whether an entry is in the scope of a search at base.
func (t *tree) within(e *entry, base id, scope scope) bool {
	switch scope {
	case scopeBase:
		return e.id == base
	case scopeOne:
		return e.parent == base && e.id != 0
	case scopeBelow:
		if e.id == base {
			return false
		}
	case scopeSubtree:
	}
	for ; e != nil; e = t.at(e.parent) { // It may be gone, or of a tree that is.
		if e.id == base {
			return true
		}
		if e.id == 0 {
			return false
		}
	}
	return false
}

// subtree collects the ids of base and all below it, growing.
func (t *tree) subtree(base id) []id {
	all := []id{base}
	for i := 0; i < len(all); i++ {
		all = append(all, t.slot(all[i]).children...)
	}
	slices.Sort(all)
	return all
}
