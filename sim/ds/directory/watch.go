package directory

import (
	"context"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// watcher takes changes as they happen. It is bounded: who does not take them in time is told so and let go.
type watcher struct {
	records chan *record
	over    chan struct{} // closed at the end
	code    ldap.ResultCode
}

// backlog is how many changes a persistent search may be behind.
const backlog = 1 << 14

func newWatcher() *watcher {
	return &watcher{records: make(chan *record, backlog), over: make(chan struct{})}
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

func (d *Directory) watch() *watcher {
	w := newWatcher()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watchers[w] = struct{}{}
	return w
}

func (d *Directory) unwatch(w *watcher) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.watchers, w)
}

// endWatchers lets all go, as when a backend is taken down. The tree must be locked.
func (d *Directory) endWatchers() {
	for w := range d.watchers {
		if w.code == ldap.Success {
			w.code = ldap.Unavailable
			close(w.over)
		}
		delete(d.watchers, w)
	}
}

// persist is the persistent search: the entries that are there, unless only changes are asked for, and then those that change,
// as they are after the change; a deleted one as it was.
func (d *Directory) persist(ctx context.Context, a *asker, c ldap.Control, base *entry, scope scope, r ldap.SearchRequest, controls []ldap.Control, to Sink) ldap.Result {
	asked, err := ldap.ParsePersistentSearch(c)
	if err != nil {
		return ldap.Result{Code: ldap.ProtocolError, Message: err.Error()}
	}
	w := d.watch()
	defer d.unwatch(w)
	f, wrong := d.newFinding(a, area{base.id, scope}, r, controls, to)
	if wrong.Code != ldap.Success {
		return wrong
	}
	f.unlimited()
	f.page, f.sort = nil, nil
	if !asked.ChangesOnly {
		if end := f.run(ctx); end.Code != ldap.Success {
			return end
		}
	}
	for {
		select {
		case <-ctx.Done():
			return canceled
		case <-w.over:
			return ldap.Result{Code: w.code, Message: "The persistent search has ended because the backend is not available"}
		case change := <-w.records:
			if err := f.announce(change, asked, base); err != nil {
				return ldap.Result{Code: ldap.Unavailable, Message: err.Error()}
			}
		}
	}
}

var changeBits = map[changeKind]int{
	added: ldap.ChangedByAdd, modified: ldap.ChangedByModify, renamed: ldap.ChangedByModifyDN, deleted: ldap.ChangedByDelete,
}

// announce sends a change, when it is one that the search is about.
func (f *finding) announce(r *record, asked ldap.PersistentSearch, base *entry) error {
	e := r.after
	if e == nil {
		e = r.before
	}
	if changeBits[r.kind]&asked.ChangeTypes == 0 || !encloses(f.areas[0].scope, base, e) || f.d.matches(view{f.d, f.asker, e}, f.request.Filter) != yes || !f.visible(e) {
		return nil
	}
	var controls []ldap.Control
	if asked.ReturnChanges {
		told := ldap.EntryChange{Type: changeBits[r.kind]}
		if r.kind == renamed {
			told.PreviousDN = r.before.name
		}
		if number, ok := f.d.numbered(r); ok {
			told.ChangeNumber = number
		}
		controls = []ldap.Control{told.Control()}
	}
	return f.to.Entry(f.d.project(f.asker, e, f.selection), controls)
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

// numbered is the change number of a record where there are any.
func (d *Directory) numbered(r *record) (int64, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return int64(r.number), d.changes.mode == ChangelogNumbers
}

// attributeOf makes an attribute with one value.
func attributeOf(kind *schema.Attribute, description string, value []byte) attribute {
	return attribute{kind: kind, description: description, values: [][]byte{value}}
}
