package directory

import (
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// sorting is the server side sort of RFC 2891, with the virtual list view on top of it. A nil sorting sends entries as they are
// found.
type sorting struct {
	keys    []sortKey
	view    *ldap.ListView
	entries []sortable
}

type sortKey struct {
	kind    *schema.Attribute
	reverse bool
}

type sortable struct {
	entry *entry
	keys  []string // one for each sort key; an absent attribute has the largest
}

// absent is behind every value (RFC 2891, 2.2).
const absent = "\xff\xff"

func (d *Directory) newSorting(controls []ldap.Control) (*sorting, ldap.Result) {
	c, sorted := ldap.Find(controls, ldap.OIDServerSort)
	v, viewed := ldap.Find(controls, ldap.OIDVirtualListView)
	if !sorted && viewed {
		return nil, ldap.Result{Code: ldap.SortControlMissing, Message: "Unable to process the virtual list view request because the request did not contain the required server-side sort control"}
	}
	if !sorted {
		return nil, ldap.Result{}
	}
	keys, err := ldap.ParseSort(c)
	if err != nil {
		return nil, ldap.Result{Code: ldap.ProtocolError, Message: err.Error()}
	}
	s := &sorting{}
	for _, k := range keys {
		kind, ok := d.schema.Attribute(k.Attr)
		if !ok {
			r := ldap.Result{Controls: []ldap.Control{ldap.SortResult{Code: ldap.NoSuchAttribute, Attr: k.Attr}.Control()}}
			if c.Critical {
				r.Code, r.Message = ldap.UnavailableCriticalExtension, "The sort key "+k.Attr+" is not defined in the schema"
				return nil, r
			}
			return nil, ldap.Result{} // Unsorted, then.
		}
		s.keys = append(s.keys, sortKey{kind, k.Reverse})
	}
	if viewed {
		view, err := ldap.ParseListView(v)
		if err != nil {
			return nil, ldap.Result{Code: ldap.ProtocolError, Message: err.Error()}
		}
		s.view = &view
	}
	return s, ldap.Result{}
}

func (s *sorting) keep(d *Directory, e *entry) {
	keys := make([]string, len(s.keys))
	for i, k := range s.keys {
		keys[i] = absent
		for _, v := range e.values(k.kind) {
			if normal, ok := d.schema.Order(k.kind, v); ok {
				keys[i] = min(keys[i], normal)
			}
		}
	}
	s.entries = append(s.entries, sortable{e, keys})
}

func (s *sorting) compare(a, b sortable) int {
	for i, k := range s.keys {
		if c := strings.Compare(a.keys[i], b.keys[i]); c != 0 {
			if k.reverse {
				return -c
			}
			return c
		}
	}
	return int(a.entry.id) - int(b.entry.id)
}

// window sorts what was kept, and cuts out what the virtual list view asks for.
func (s *sorting) window(d *Directory) ([]*entry, ldap.Result) {
	slices.SortFunc(s.entries, s.compare)
	r := ldap.Result{Controls: []ldap.Control{ldap.SortResult{}.Control()}}
	from, to := 0, len(s.entries)
	if s.view != nil {
		target := s.target(d)
		code := ldap.Success
		if s.view.Offset < 1 && !s.view.ByValue {
			code, r.Code, r.Message = ldap.OffsetRangeError, ldap.VirtualListViewError, "The offset of a virtual list view begins with 1"
			to = 0
		} else {
			from, to = max(0, target-s.view.Before), min(len(s.entries), target+s.view.After+1)
			from = min(from, to)
		}
		r.Controls = append(r.Controls, ldap.ListViewResult{Position: target + 1, Count: len(s.entries), Code: code}.Control())
	}
	entries := make([]*entry, 0, to-from)
	for _, kept := range s.entries[from:to] {
		entries = append(entries, kept.entry)
	}
	return entries, r
}

// target is the place of the entry that a virtual list view is around.
func (s *sorting) target(d *Directory) int {
	v, n := s.view, len(s.entries)
	switch {
	case v.ByValue:
		wanted, _ := d.schema.Order(s.keys[0].kind, v.Value)
		at := slices.IndexFunc(s.entries, func(e sortable) bool {
			if s.keys[0].reverse {
				return e.keys[0] <= wanted
			}
			return e.keys[0] >= wanted
		})
		if at < 0 {
			return n
		}
		return at
	case v.Count == 0 || v.Count == n:
		return min(v.Offset, n+1) - 1
	}
	// The client believes in another length: its place is taken in proportion (draft-ietf-ldapext-ldapv3-vlv, 5.2).
	return min(n, v.Offset*n/v.Count)
}
