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
	keys     []sortKey // none when the first is not known: then nothing is sorted
	critical bool
	view     *ldap.ListView
	entries  []sortable
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
	s := &sorting{critical: c.Critical}
	for _, k := range keys {
		kind, ok := d.schema.Attribute(k.Attr)
		if !ok {
			break // Those before it are good (OpenDJ, ServerSideSortRequestControl).
		}
		if !slices.ContainsFunc(s.keys, func(before sortKey) bool { return before.kind == kind }) { // A second time it decides nothing.
			s.keys = append(s.keys, sortKey{kind, k.Reverse})
		}
	}
	if len(s.keys) == 0 && c.Critical {
		return nil, ldap.Result{Code: ldap.UnavailableCriticalExtension, Controls: []ldap.Control{ldap.SortResult{Code: ldap.NoSuchAttribute}.Control()}}
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

// unsorted is what is told about entries that were not sorted.
func (s *sorting) unsorted(indexed bool) ldap.Control {
	if !indexed {
		return ldap.SortResult{Code: ldap.UnwillingToPerform}.Control()
	}
	return ldap.SortResult{Code: ldap.NoSuchAttribute}.Control()
}

// window sorts what was kept, and cuts out what the virtual list view asks for.
func (s *sorting) window(d *Directory) (entries []*entry, told []ldap.Control, wrong ldap.Result) {
	slices.SortFunc(s.entries, s.compare)
	told = []ldap.Control{ldap.SortResult{}.Control()}
	from, to := 0, len(s.entries)
	if s.view != nil {
		var view ldap.ListViewResult
		if s.view.ByValue {
			from, to, view, wrong = s.byValue(d)
		} else {
			from, to, view, wrong = s.byOffset()
		}
		told = append(told, view.Control())
	}
	entries = make([]*entry, 0, to-from)
	for _, kept := range s.entries[from:to] {
		entries = append(entries, kept.entry)
	}
	return entries, told, wrong
}

// byOffset is the window around a place in the list, whatever length the client believes it to have (OpenDJ,
// EntryContainer.sortByOffset).
func (s *sorting) byOffset() (from, to int, told ldap.ListViewResult, wrong ldap.Result) {
	v, n := s.view, len(s.entries)
	told = ldap.ListViewResult{Position: v.Offset, Count: n}
	if v.Offset < 0 {
		told.Code = ldap.OffsetRangeError
		return 0, 0, told, ldap.Result{Code: ldap.VirtualListViewError, Message: "Unable to process the virtual list view request because the target start position was before the beginning of the result set"}
	}
	told.Position = max(1, v.Offset) // It is easily forgotten that places begin with 1.
	from, to = told.Position-1-v.Before, told.Position+v.After
	if from >= n && n > 0 || n == 0 {
		// The list ends before: what it ends with is shown.
		told.Position, from, to = n+1, n-v.Before, n
	}
	from = max(0, from)
	return from, max(from, min(n, to)), told, wrong
}

// byValue is the window around the first entry that is not before a value. Behind the end there is nothing to show (OpenDJ,
// EntryContainer.sortByGreaterThanOrEqualAssertion).
func (s *sorting) byValue(d *Directory) (from, to int, told ldap.ListViewResult, wrong ldap.Result) {
	v, n, first := s.view, len(s.entries), s.keys[0]
	told.Count = n
	wanted, ok := d.schema.Order(first.kind, v.Value)
	if !ok {
		told.Code = ldap.OffsetRangeError
		return 0, 0, told, ldap.Result{Code: ldap.VirtualListViewError, Message: "Unable to process the virtual list view request because the target assertion is no value of the attribute type " + first.kind.Name()}
	}
	at := slices.IndexFunc(s.entries, func(e sortable) bool {
		if first.reverse {
			return e.keys[0] <= wanted
		}
		return e.keys[0] >= wanted
	})
	if at < 0 {
		told.Position = n + 1
		return 0, 0, told, wrong
	}
	told.Position = at + 1
	return max(0, at-v.Before), min(n, at+v.After+1), told, wrong
}
