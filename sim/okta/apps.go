package okta

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	org2org  = "okta_org2org"
	bookmark = "bookmark"
)

// application is an application of the org. It is a value: a write replaces it.
type application struct {
	id, name, label, signOn string
	inactive                bool
	settings                map[string]json.RawMessage // settings.app, without its token
	token                   secret.Value               // settings.app.token
	features                userProvisioning
	connection              connection
	created, lastUpdated    time.Time
}

// setting is a string among the settings.
func (a *application) setting(name string) string {
	var text string
	if json.Unmarshal(orNull(a.settings[name]), &text) != nil {
		return ""
	}
	return text
}

// provisions tells whether the application reaches another org at all.
func (a *application) provisions() bool {
	return a.name == org2org && !a.inactive && a.connection.enabled
}

func (a *application) target() eventTarget { return eventTarget{a.id, "AppInstance", a.label, a.label} }

// appUser is the assignment of an application to a user. It is a value: a write replaces it.
type appUser struct {
	id        string // of the assignment; the user's is what the API calls id
	app, user string
	userName  string
	// chosen tells that userName was given, and does not follow the login.
	chosen  bool
	profile map[string]json.RawMessage
	// externalID is the user's id in the other org, once it is known.
	externalID string
	status     string
	// open counts the tasks under way; failed are the kinds whose last task failed.
	open   int
	failed []TaskKind
	// pushed is the digest of the Okta password that the other org is known to have.
	pushed                                                         secret.Digest
	created, lastUpdated, statusChanged, passwordChanged, syncedAt time.Time
}

// The statuses of an application's user (Okta, OpenAPI, AppUserStatus).
const (
	appUserActive      = "ACTIVE"      // the application does not provision
	appUserStaged      = "STAGED"      // provisioning has not linked it yet
	appUserProvisioned = "PROVISIONED" // it has an externalId
	appUserInactive    = "INACTIVE"    // deactivated in the other org
)

func (u *appUser) move(status string, now time.Time) {
	if u.status != status {
		u.status, u.statusChanged, u.lastUpdated = status, now, now
	}
}

func (u *appUser) target(label string) eventTarget {
	return eventTarget{u.id, "AppUser", u.userName, u.userName + " (" + label + ")"}
}

// appStore are the applications in the order of their creation, and their users.
type appStore struct {
	mu   sync.RWMutex
	apps []application
	// assignments are by their own id. One that was taken away stays until its last task is done; current finds those that count.
	assignments map[string]appUser
	current     map[membership]string
}

// membership is a user of an application.
type membership struct{ app, user string }

func newAppStore() *appStore {
	return &appStore{assignments: map[string]appUser{}, current: map[membership]string{}}
}

func (t *appStore) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.apps = nil
	clear(t.assignments)
	clear(t.current)
}

func (t *appStore) all() []application {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Clip(t.apps)
}

func (t *appStore) find(id string) (application, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if at := t.at(id); at >= 0 {
		return t.apps[at], true
	}
	return application{}, false
}

func (t *appStore) at(id string) int {
	return slices.IndexFunc(t.apps, func(one application) bool { return one.id == id })
}

func (t *appStore) add(a application) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.apps = append(t.apps, a)
}

// change writes a fresh slice: readers keep theirs.
func (t *appStore) change(id string, f func(*application) error) (application, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.at(id)
	if at < 0 {
		return application{}, noApp(id)
	}
	next := t.apps[at]
	if err := f(&next); err != nil {
		return application{}, err
	}
	t.apps = slices.Clone(t.apps)
	t.apps[at] = next
	return next, nil
}

// remove forgets an application and its users; other orgs keep theirs.
func (t *appStore) remove(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.apps = slices.DeleteFunc(slices.Clone(t.apps), func(one application) bool { return one.id == id })
	maps.DeleteFunc(t.assignments, func(_ string, u appUser) bool { return u.app == id })
	maps.DeleteFunc(t.current, func(m membership, _ string) bool { return m.app == id })
}

// assign is false when the user has the application already.
func (t *appStore) assign(u appUser) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := membership{u.app, u.user}
	if _, there := t.current[m]; there {
		return false
	}
	t.current[m], t.assignments[u.id] = u.id, u
	return true
}

func (t *appStore) assignment(app, user string) (appUser, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	u, ok := t.assignments[t.current[membership{app, user}]]
	return u, ok
}

// byID finds an assignment; current is false for one that was taken away.
func (t *appStore) byID(id string) (u appUser, current, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	u, ok = t.assignments[id]
	return u, ok && t.current[membership{u.app, u.user}] == id, ok
}

// changeUser writes an assignment; it is false when there is none of that id any more.
func (t *appStore) changeUser(id string, f func(*appUser)) (appUser, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, ok := t.assignments[id]
	if !ok {
		return appUser{}, false
	}
	f(&u)
	u.failed = slices.Clone(u.failed)
	t.assignments[id] = u
	return u, true
}

// unassign takes an application away from a user. The assignment itself stays until release, for the tasks that follow.
func (t *appStore) unassign(app, user string) (appUser, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := membership{app, user}
	u, ok := t.assignments[t.current[m]]
	delete(t.current, m)
	return u, ok
}

// release forgets an assignment that was taken away, unless there are tasks under way for it: the last of them releases it.
func (t *appStore) release(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u, ok := t.assignments[id]; ok && u.open == 0 && t.current[membership{u.app, u.user}] != id {
		delete(t.assignments, id)
	}
}

// usersOf are the users of an application, by the ids of the users.
func (t *appStore) usersOf(app string) []appUser {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var list []appUser
	for m, id := range t.current {
		if m.app == app {
			list = append(list, t.assignments[id])
		}
	}
	slices.SortFunc(list, func(a, b appUser) int { return strings.Compare(a.user, b.user) })
	return list
}

// appsOf are the applications of a user, in the order of their creation.
func (t *appStore) appsOf(user string) (apps []application, assignments []appUser) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, a := range t.apps {
		if id, ok := t.current[membership{a.id, user}]; ok {
			apps, assignments = append(apps, a), append(assignments, t.assignments[id])
		}
	}
	return apps, assignments
}

// forget takes all applications away from a user who was deleted. What is under way for him, his deactivation in other orgs above
// all, is still done.
func (t *appStore) forget(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.apps {
		m := membership{t.apps[i].id, user}
		if id, there := t.current[m]; there {
			delete(t.current, m)
			if t.assignments[id].open == 0 {
				delete(t.assignments, id)
			}
		}
	}
}
