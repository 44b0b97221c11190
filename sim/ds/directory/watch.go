package directory

import (
	"context"
	"fmt"
	"maps"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// watcher takes changes as they happen. It is bounded: who does not take them in time is told so and let go.
type watcher struct {
	records   chan *record
	changelog bool          // it is about cn=changelog, and ends with it
	from      state         // all changes before the first
	over      chan struct{} // closed at the end
	code      ldap.ResultCode
}

// backlog is how many changes a persistent search may be behind.
const backlog = 1 << 14

func newWatcher() *watcher {
	return &watcher{records: make(chan *record, backlog), over: make(chan struct{})}
}

// end is the answer to a search whose watcher is over.
func (w *watcher) end() ldap.Result {
	if w.code == ldap.Busy {
		return ldap.Result{Code: w.code, Message: fmt.Sprintf("The persistent search has ended because the client is %d changes behind", backlog)}
	}
	return ldap.Result{Code: w.code, Message: "The persistent search has ended because the backend is not available"}
}

// tell hands a record over. Directory.mu is held, so nothing may wait here.
func (w *watcher) tell(r *record) {
	if w.code != ldap.Success {
		return
	}
	select {
	case w.records <- r:
	default:
		w.code = ldap.Busy
		close(w.over)
	}
}

func (d *Directory) watch(changelog bool) *watcher {
	w := newWatcher()
	w.changelog = changelog
	d.mu.Lock()
	defer d.mu.Unlock()
	w.from = maps.Clone(d.changes.newest)
	d.watchers[w] = struct{}{}
	return w
}

func (d *Directory) unwatch(w *watcher) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.watchers, w)
}

// endWatchers lets go those of the changelog, or all, as when a backend is taken down. The tree must be locked.
func (d *Directory) endWatchers(changelogOnly bool) {
	for w := range d.watchers {
		if changelogOnly && !w.changelog {
			continue
		}
		if w.code == ldap.Success {
			w.code = ldap.Unavailable
			close(w.over)
		}
		delete(d.watchers, w)
	}
}

// persistence reads the control of a persistent search.
func persistence(controls []ldap.Control) (asked ldap.PersistentSearch, persists bool, wrong ldap.Result) {
	c, persists := ldap.Find(controls, ldap.OIDPersistentSearch)
	if !persists {
		return asked, false, wrong
	}
	asked, err := ldap.ParsePersistentSearch(c)
	if err != nil {
		wrong = ldap.Result{Code: ldap.ProtocolError, Message: err.Error()}
	}
	return asked, true, wrong
}

// persist is the persistent search: the entries that are there, unless only changes are asked for, and then those that change,
// as they are after the change; a deleted one as it was. The limits are those of the first part, which ends with them, but not the
// search (OpenDJ, SearchOperationBasis.run).
func (f *finding) persist(ctx context.Context, asked ldap.PersistentSearch, base *entry) ldap.Result {
	w := f.d.watch(false)
	defer f.d.unwatch(w)
	if !asked.ChangesOnly {
		if end := f.run(ctx); !goesOn(end.Code) {
			return end
		}
	}
	return w.follow(ctx, func(r *record) error { return f.announce(r, asked, base) })
}

// goesOn tells whether a persistent search does after its first part.
func goesOn(code ldap.ResultCode) bool {
	switch code {
	case ldap.Success, ldap.SizeLimitExceeded, ldap.TimeLimitExceeded, ldap.AdminLimitExceeded:
		return true
	default:
		return false
	}
}

// follow hands each change to tell, until somebody has enough.
func (w *watcher) follow(ctx context.Context, tell func(*record) error) ldap.Result {
	for {
		select {
		case <-ctx.Done():
			return canceled
		case <-w.over:
			return w.end()
		case r := <-w.records:
			if err := tell(r); err != nil {
				return ldap.Result{Code: ldap.Unavailable, Message: err.Error()}
			}
		}
	}
}

var changeBits = map[changeKind]int{
	added: ldap.ChangedByAdd, modified: ldap.ChangedByModify, renamed: ldap.ChangedByModifyDN, deleted: ldap.ChangedByDelete,
}

// announce sends a change, when it is one that the search is about. There is no change number in what is told of it (OpenDJ,
// PersistentSearch.createControls).
func (f *finding) announce(r *record, asked ldap.PersistentSearch, base *entry) error {
	e := r.after
	if e == nil {
		e = r.before
	}
	if changeBits[r.kind]&asked.ChangeTypes == 0 || !f.concerns(r, base) || !f.visible(e) {
		return nil
	}
	var controls []ldap.Control
	if asked.ReturnChanges {
		told := ldap.EntryChange{Type: changeBits[r.kind]}
		if r.kind == renamed {
			told.PreviousDN = r.before.name
		}
		controls = []ldap.Control{told.Control()}
	}
	return f.to.Entry(f.d.project(f.asker, e, f.selection), controls)
}

// concerns tells whether a change is in the scope of the search and fits its filter. A modification fits when the entry did before
// or does after it; a rename is in the scope when the entry was or comes there. Of those below a renamed or deleted entry nothing is
// told (OpenDJ, PersistentSearch.processModify, processModifyDN).
func (f *finding) concerns(r *record, base *entry) bool {
	within := func(e *entry) bool { return encloses(f.areas[0].scope, base, e) }
	fits := func(e *entry) bool { return f.d.matches(view{f.d, f.asker, e}, f.request.Filter) == yes }
	switch r.kind {
	case added:
		return within(r.after) && fits(r.after)
	case modified:
		return within(r.before) && (fits(r.before) || fits(r.after))
	case renamed:
		return (within(r.before) || within(r.after)) && fits(r.after)
	case deleted:
	}
	return within(r.before) && fits(r.before)
}

// encloses tells by names whether an entry is in the scope; it may be gone.
func encloses(scope scope, base, e *entry) bool {
	switch scope {
	case scopeBase:
		return e.key == base.key
	case scopeOne:
		return len(e.dn) == len(base.dn)+1 && below(e.key, base.key)
	case scopeBelow:
		return e.key != base.key && below(e.key, base.key)
	case scopeSubtree:
	}
	return below(e.key, base.key)
}

// attributeOf makes an attribute with one value.
func attributeOf(kind *schema.Attribute, description string, value []byte) attribute {
	return attribute{kind: kind, description: description, values: [][]byte{value}}
}
