package directory

import (
	"slices"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

type scope int

const (
	scopeBase scope = iota
	scopeOne
	scopeSubtree
	scopeBelow
)

func scopeOf(s ldap.Scope) (scope, bool) {
	switch s {
	case ldap.ScopeBase:
		return scopeBase, true
	case ldap.ScopeOne:
		return scopeOne, true
	case ldap.ScopeSubtree:
		return scopeSubtree, true
	case ldap.ScopeSubordinates:
		return scopeBelow, true
	}
	return 0, false
}

// candidates finds, without looking at an entry, a list of ids among which all matches in the scope are. It returns false
// when no index narrows the search: then all entries are candidates. The tree must be locked.
func (d *Directory) candidates(in area, f ldap.Filter, lookthrough int) ([]id, bool) {
	if in.scope == scopeBase {
		return []id{in.base}, true
	}
	found, indexed := d.narrow(f)
	slot := d.tree.slot(in.base)
	if indexed && len(found) <= slot.below/2 {
		return found, true
	}
	// A small scope is as good as an index (OpenDJ, EntryContainer.getIDSetFromScope).
	limit := entryLimit
	if lookthrough > 0 {
		limit = min(limit, lookthrough)
	}
	switch {
	case in.scope == scopeOne && len(slot.children) <= limit:
		return both(slices.Clone(slot.children), found, indexed), true
	case in.scope == scopeBelow && slot.below <= limit, in.scope == scopeSubtree && slot.below < limit:
		return both(d.tree.subtree(in.base), found, indexed), true
	}
	return found, indexed
}

func both(scope, found []id, indexed bool) []id {
	if !indexed {
		return scope
	}
	return intersect(scope, found)
}

// narrow asks the indexes about a filter.
func (d *Directory) narrow(f ldap.Filter) ([]id, bool) {
	switch f := f.(type) {
	case ldap.And:
		var found []id
		known := false
		for _, part := range f.Filters {
			list, ok := d.narrow(part)
			switch {
			case ok && known:
				found = intersect(found, list)
			case ok:
				found, known = list, true
			}
		}
		return found, known
	case ldap.Or:
		lists := make([][]id, 0, len(f.Filters))
		for _, part := range f.Filters {
			list, ok := d.narrow(part)
			if !ok {
				return nil, false
			}
			lists = append(lists, list)
		}
		if len(lists) == 0 {
			return nil, true // (|) is false.
		}
		return union(lists), true
	case ldap.Equality:
		return d.narrowEquality(f.Attr, f.Value)
	case ldap.Approx:
		return d.narrowEquality(f.Attr, f.Value)
	case ldap.Extensible:
		if f.Rule == "" && !f.DNAttributes {
			return d.narrowEquality(f.Attr, f.Value)
		}
	case ldap.Present:
		if x := d.index(f.Attr); x != nil && x.presence != nil && !x.presence.over {
			return slices.Clone(x.presence.list()), true
		}
	case ldap.Substrings:
		return d.narrowSubstrings(f)
	case ldap.GreaterOrEqual:
		return d.narrowRange(f.Attr, f.Value, true)
	case ldap.LessOrEqual:
		return d.narrowRange(f.Attr, f.Value, false)
	}
	return nil, false
}

func (d *Directory) index(attr string) *index {
	kind := d.describe(attr).kind
	if kind == nil {
		return nil
	}
	return d.tree.indexes.named(kind)
}

func (d *Directory) narrowEquality(attr string, value []byte) ([]id, bool) {
	kind := d.describe(attr).kind
	if kind == nil {
		return nil, true // What no entry can have, none has.
	}
	if kind == d.known.isMemberOf {
		return d.members(value)
	}
	x := d.tree.indexes.named(kind)
	if x == nil || x.equality == nil {
		return nil, false
	}
	key, ok := d.schema.Equal(kind, value)
	if !ok {
		return nil, true
	}
	p := x.equality[key]
	return slices.Clone(p.list()), !p.over
}

func (d *Directory) narrowSubstrings(f ldap.Substrings) ([]id, bool) {
	x := d.index(f.Attr)
	if x == nil || x.pieces == nil {
		return nil, false
	}
	var found []id
	known := false
	look := func(before string, piece []byte, after string) {
		if len(piece) == 0 {
			return
		}
		text, ok := d.schema.Piece(x.kind, piece)
		if !ok {
			return
		}
		list, ok := x.holding(before + text + after)
		switch {
		case ok && known:
			found = intersect(found, list)
		case ok:
			found, known = slices.Clone(list), true
		}
	}
	look(begin, f.Initial, "")
	for _, piece := range f.Any {
		look("", piece, "")
	}
	look("", f.Final, finish)
	return found, known
}

func (d *Directory) narrowRange(attr string, value []byte, least bool) ([]id, bool) {
	x := d.index(attr)
	if x == nil || x.order == nil {
		return nil, false
	}
	key, ok := d.schema.Order(x.kind, value)
	if !ok {
		return nil, true
	}
	if least {
		return x.order.between(key, "")
	}
	return x.order.between("", key)
}
