package ldap

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// trouble says in one word why an entry cannot be delivered. It is the same in logs and metrics.
type trouble string

const (
	noUID          trouble = "no_uid"            // the entry does not show uidAttribute
	noUserName     trouble = "no_user_name"      // the entry has no name for the target
	manyUserNames  trouble = "several_names"     // it has several, and its DN does not choose
	badUserName    trouble = "bad_user_name"     // its name is too long, or holds control characters
	manyPasswords  trouble = "several_passwords" // it has several, and the change does not choose
	cleartext      trouble = "cleartext"         // its password is stored in clear, and ldap.cleartext is off
	longPassword   trouble = "long_password"     // no hash is as long as that
	changesNotRead trouble = "changes_not_read"  // the changelog entry cannot be understood
)

// troubles lists them all.
func troubles() []trouble {
	return []trouble{noUID, noUserName, manyUserNames, badUserName, manyPasswords, cleartext, longPassword, changesNotRead}
}

// maxParked bounds what is kept of them; the log has them all.
const maxParked = 10_000

// Entry is one that cannot be delivered. It blocks nobody else, and is tried again when it changes, or is reconciled.
type Entry struct {
	DN     string    `json:"dn"`
	Reason string    `json:"reason"`
	Change string    `json:"change,omitempty"` // its place in the changelog
	Since  time.Time `json:"since"`
}

// park is where entries stand that cannot be delivered. One goroutine uses it.
type park struct {
	path    string // "" when nothing may be written
	entries map[string]Entry
	dirty   bool
	met     map[string]bool // those that the comparison under way has met
}

func parkFile(state string) string { return filepath.Join(state, "parked.json") }

func openPark(state string, readOnly bool) (*park, error) {
	var list []Entry
	if err := readJSON(parkFile(state), &list); err != nil {
		return nil, err
	}
	p := &park{entries: map[string]Entry{}}
	if !readOnly {
		p.path = parkFile(state)
	}
	for _, e := range list {
		p.entries[strings.ToLower(e.DN)] = e
	}
	return p, nil
}

// add logs an entry when it is new here, or its reason is.
func (p *park) add(ctx context.Context, log *slog.Logger, dn string, reason trouble, change string) {
	name := strings.ToLower(dn)
	old, ok := p.entries[name]
	if ok && old.Reason == string(reason) {
		return
	}
	log.ErrorContext(ctx, "an entry cannot be delivered, and is left aside", "dn", dn, "reason", string(reason), "change", change)
	if !ok && len(p.entries) >= maxParked {
		return // It is in the log.
	}
	p.entries[name] = Entry{DN: dn, Reason: string(reason), Change: change, Since: time.Now().UTC()}
	p.dirty = true
}

// remove is for an entry that could be delivered, or is gone.
func (p *park) remove(dn string) {
	name := strings.ToLower(dn)
	if _, ok := p.entries[name]; ok {
		delete(p.entries, name)
		p.dirty = true
	}
}

// begin begins a comparison; prune removes what it has not met, because it was deleted or has another name.
func (p *park) begin() { p.met = map[string]bool{} }

func (p *park) meet(dn string) {
	if name := strings.ToLower(dn); p.has(dn) {
		p.met[name] = true
	}
}

func (p *park) prune() {
	for name := range p.entries {
		if !p.met[name] {
			p.remove(name)
		}
	}
}

func (p *park) has(dn string) bool {
	_, ok := p.entries[strings.ToLower(dn)]
	return ok
}

func (p *park) list() []Entry {
	list := make([]Entry, 0, len(p.entries))
	for _, e := range p.entries {
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.DN, b.DN) })
	return list
}

func (p *park) flush() error {
	if p.path == "" || !p.dirty {
		return nil
	}
	if err := writeJSON(p.path, p.list()); err != nil {
		return err
	}
	p.dirty = false
	return nil
}
