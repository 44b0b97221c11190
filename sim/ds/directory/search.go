package directory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// Sink takes what a search finds. An error ends the search.
type Sink interface {
	// Entry takes an entry and what is told about it.
	Entry(e ldap.Entry, controls []ldap.Control) error
	// Reference takes the places where the search goes on.
	Reference(urls []string) error
}

// Emit is a Sink that takes entries and is not interested in references.
type Emit func(ldap.Entry, []ldap.Control) error

// Entry calls f.
func (f Emit) Entry(e ldap.Entry, controls []ldap.Control) error { return f(e, controls) }

// Reference does nothing.
func (Emit) Reference([]string) error { return nil }

// Search finds entries. With the persistent search control it goes on until ctx ends.
func (d *Directory) Search(ctx context.Context, s *Session, r ldap.SearchRequest, controls []ldap.Control, to Sink) ldap.Result {
	a, refused := d.begin(s, controls)
	if refused.Code != ldap.Success {
		return refused
	}
	return d.search(ctx, a, r, controls, to)
}

func (d *Directory) search(ctx context.Context, a *asker, r ldap.SearchRequest, controls []ldap.Control, to Sink) ldap.Result {
	dn, key, wrong := d.parseDN(r.BaseDN)
	if wrong.Code != ldap.Success {
		return wrong
	}
	scope, ok := scopeOf(r.Scope)
	if !ok {
		return ldap.Result{Code: ldap.ProtocolError, Message: "The scope of the search is not known"}
	}
	controls, wrong = d.allowedControls(a, dn, controls)
	if wrong.Code == ldap.Success {
		wrong = entryControls(controls)
	}
	if wrong.Code != ldap.Success {
		return wrong
	}
	if key == "" && scope == scopeBase {
		return d.readOne(a, d.rootDSE(), r, controls, to)
	}
	switch special := d.special(key); special {
	case inSchema:
		return d.searchVirtual(a, []*entry{d.schemaEntry()}, key, scope, r, controls, to)
	case inMonitor:
		return d.searchMonitor(a, key, scope, r, controls, to)
	case inChangelog:
		return d.searchChangelog(ctx, a, scope, r, controls, to)
	case inTree:
	}
	if dn, wrong = d.dereference(a, r, scope, dn); wrong.Code != ldap.Success {
		return wrong
	}
	asked, persists, wrong := persistence(controls)
	base := d.base(dn.Key(d.schema))
	switch {
	case persists && asked.ChangesOnly && base == nil:
		base = d.pseudoEntry(dn.String()) // What is not there may come: nothing is looked for yet.
	case base == nil:
		return d.missingBase(dn, scope, "The search base entry '"+dn.String()+"' does not exist")
	}
	if wrong.Code != ldap.Success {
		return wrong
	}
	if looks := !persists || !asked.ChangesOnly; looks && !manages(controls) && d.isReferral(base) {
		return d.refer(base.dn, base, scope.urlText())
	}
	f, refused := d.newFinding(a, area{base.id, scope}, r, controls, to)
	switch {
	case refused.Code != ldap.Success:
		return refused
	case persists:
		return f.persist(ctx, asked, base)
	}
	return f.run(ctx)
}

// base is the entry where a search begins; the root has none of its own, but those of the suffix are below it.
func (d *Directory) base(key string) *entry {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.tree.find(key)
}

// guarded are the controls that need a right (DS, "targetcontrol"); what changes no result is not asked about.
var guarded = map[string]bool{
	ldap.OIDPersistentSearch: true, ldap.OIDChangelogCookie: true, ldap.OIDPasswordQualityAdvice: true, ldap.OIDRelaxRules: true,
	ldap.OIDReplicationRepair: true, ldap.OIDEffectiveRights: true, ldap.OIDAccountUsability: true,
}

// allowedControls leaves out the controls that the asker may not use on the entry of that name, and refuses them when they are
// critical (RFC 4511, 4.1.11; OpenDJ, LocalBackendWorkflowElement.removeAllDisallowedControls).
func (d *Directory) allowedControls(a *asker, dn names.DN, controls []ldap.Control) ([]ldap.Control, ldap.Result) {
	if !slices.ContainsFunc(controls, func(c ldap.Control) bool { return guarded[c.OID] }) {
		return controls, ldap.Result{}
	}
	at := &entry{id: pseudo, dn: dn, name: dn.String(), key: dn.Key(d.schema)} // Nobody looks whether it is there.
	allowed := make([]ldap.Control, 0, len(controls))
	for _, c := range controls {
		switch {
		case !guarded[c.OID] || a.mayControl(c.OID, at):
			allowed = append(allowed, c)
		case c.Critical:
			return nil, noControl(c.OID, ldap.UnavailableCriticalExtension)
		}
	}
	return allowed, ldap.Result{}
}

func noControl(oid string, code ldap.ResultCode) ldap.Result {
	return ldap.Result{Code: code, Message: fmt.Sprintf("The request control with Object Identifier (OID) \"%s\" cannot be used due to insufficient access rights", oid)}
}

// finding is one search under way.
type finding struct {
	d         *Directory
	asker     *asker
	request   ldap.SearchRequest
	areas     []area // the scope of the request, and those that aliases add
	selection selection
	to        Sink
	page      *page
	sort      *sorting
	usability bool // the account usability control is there
	manage    bool // referrals are entries
	// dereferencing tells that aliases are followed, and are no entries themselves.
	dereferencing bool
	indexed       bool // there is a list of candidates
	// subentriesOnly is for a search of nothing else, subentriesToo for one whose filter names them.
	subentriesOnly, subentriesToo bool

	time     time.Duration // 0 is no limit
	deadline time.Time
	limit    int // of entries; 0 is none
	sent     int // by earlier pages, too
	looked   int // without an index
}

func (d *Directory) newFinding(a *asker, in area, r ldap.SearchRequest, controls []ldap.Control, to Sink) (*finding, ldap.Result) {
	f := &finding{d: d, asker: a, request: r, areas: []area{in}, selection: d.selection(r.Attributes, controls), to: to, manage: manages(controls)}
	_, f.usability = ldap.Find(controls, ldap.OIDAccountUsability)
	f.limited(a, r)
	if f.request.Filter == nil {
		f.request.Filter = ldap.Present{Attr: "objectClass"}
	}
	f.subentriesOnly, _ = wantsSubentries(controls) // What is malformed was refused.
	f.subentriesToo = asksForSubentries(d, f.request.Filter)
	var wrong ldap.Result
	if f.page, wrong = d.newPage(f, controls); wrong.Code == ldap.Success {
		f.sort, wrong = d.newSorting(controls)
	}
	return f, wrong
}

// run goes through the candidates in the order of their ids, which is that of their creation.
func (f *finding) run(ctx context.Context) ldap.Result {
	f.spread()
	ids, indexed := f.candidates()
	f.indexed = indexed
	if !indexed {
		if refused, over := f.refuseUnindexed(); over {
			return refused
		}
	}
	if f.page.abandoned() {
		return f.page.last()
	}
	if end, over := f.refer(); over {
		return end
	}
	if indexed {
		if end, over := f.tooMany(len(ids)); over {
			return end
		}
	}
	walk := walk{d: f.d, ids: ids, all: !indexed}
	if !f.sorts() {
		walk.at = f.page.start()
	}
	for {
		entries := walk.next(f)
		if len(entries) == 0 {
			return f.finish()
		}
		for _, e := range entries {
			if end, over := f.examine(ctx, e); over {
				return end
			}
		}
	}
}

// candidates are those of all places where the search looks.
func (f *finding) candidates() (ids []id, indexed bool) {
	d := f.d
	d.mu.RLock()
	defer d.mu.RUnlock()
	lists := make([][]id, len(f.areas))
	for i, in := range f.areas {
		if lists[i], indexed = d.candidates(in, f.request.Filter, f.asker.limits.Lookthrough); !indexed {
			return nil, false
		}
	}
	if len(lists) == 1 {
		return lists[0], true
	}
	return union(lists), true
}

// examine looks at one entry and sends it when it matches. It returns how the search ends, when it does.
func (f *finding) examine(ctx context.Context, e *entry) (ldap.Result, bool) {
	if ctx.Err() != nil {
		return canceled, true
	}
	if !f.indexed {
		if end, over := f.tooMany(f.looked); over {
			return end, true
		}
		f.looked++
	}
	if f.d.matches(view{f.d, f.asker, e}, f.request.Filter) != yes || !f.visible(e) {
		return ldap.Result{}, false
	}
	if f.sorts() {
		f.sort.keep(f.d, e)
		return ldap.Result{}, false
	}
	return f.send(e)
}

// sorts tells whether the entries wait for their order.
func (f *finding) sorts() bool { return f.sort != nil && f.indexed && len(f.sort.keys) > 0 }

// visible tells whether the asker may know of the entry at all: who may read nothing of it does not find it.
func (f *finding) visible(e *entry) bool {
	if !f.shows(e) || !f.asker.mayFilter(maySearch, e, f.request.Filter) {
		return false
	}
	return f.asker.bypass || f.asker.may(mayRead, e, f.d.known.objectClass) || len(f.d.readable(f.asker, e, f.selection).Attributes) > 0
}

func (f *finding) send(e *entry) (ldap.Result, bool) {
	if f.page.full() {
		return f.page.turn(e.id), true
	}
	if end, over := f.exceeded(); over {
		return end, true
	}
	if err := f.show(e); err != nil {
		return ldap.Result{Code: ldap.Unavailable, Message: err.Error()}, true
	}
	f.page.count()
	return ldap.Result{}, false
}

// show sends an entry as the asker may see it.
func (f *finding) show(e *entry) error {
	var controls []ldap.Control
	if f.usability {
		controls = []ldap.Control{f.d.usability(e).Control()}
	}
	f.sent++
	return f.to.Entry(f.d.project(f.asker, e, f.selection), controls)
}

// finish is the end of the candidates.
func (f *finding) finish() ldap.Result {
	switch {
	case f.sort == nil:
		return f.page.last()
	case !f.sorts():
		return withControls(f.page.last(), f.sort.unsorted(f.indexed))
	}
	entries, told, wrong := f.sort.window(f.d)
	if wrong.Code != ldap.Success {
		return withControls(wrong, told...)
	}
	for _, e := range entries[f.page.resume(entries):] {
		if end, over := f.send(e); over {
			return withControls(end, told...)
		}
	}
	return withControls(f.page.last(), told...)
}

func withControls(r ldap.Result, controls ...ldap.Control) ldap.Result {
	r.Controls = append(controls, r.Controls...)
	return r
}
