package rest

import (
	"strings"
	"sync"
	"time"
)

// known remembers users who may be written to. What must not be written to is never remembered: a refusal always comes from
// a fresh look. It is bounded; when it is full, somebody is forgotten, whoever. It is safe for concurrent use.
type known struct {
	keep  time.Duration
	limit int

	mu    sync.Mutex
	users map[string]entry
	floor time.Time // looks that began before say nothing about anybody: who was dropped for room had news of that age
}

// entry is what is remembered of one user. An empty id means that the next write needs a look.
type entry struct {
	userName string
	id       string
	state    string    // the date of the password as the look showed it
	seen     time.Time // when the look began that all of this comes from
	wrote    time.Time // the last write of ours was applied before this, by the target's clock
	news     time.Time // when that was by ours; looks that began before are too old to tell the date
}

func newKnown(keep time.Duration, limit int) *known {
	return &known{keep: keep, limit: limit, users: map[string]entry{}}
}

// fold is equal for all spellings of a user name. Different names may have one fold, so entries keep the name, too.
func fold(userName string) string { return strings.ToLower(strings.ToUpper(userName)) }

// recall returns the entry of a user who may be written to without a look.
func (k *known) recall(userName string, now time.Time) (entry, bool) {
	k.mu.Lock()
	e, ok := k.users[fold(userName)]
	k.mu.Unlock()
	return e, ok && e.id != "" && now.Sub(e.seen) < k.keep && strings.EqualFold(e.userName, userName)
}

// saw learns from a look that began at a certain time. Looks may come in another order than they began.
func (k *known) saw(u User, began time.Time) {
	if k.keep == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	key := fold(u.Name)
	e, ok := k.users[key]
	usable := u.usable()
	switch {
	case !ok && !usable, began.Before(k.floor), ok && began.Before(e.seen):
		return
	case began.Before(e.news):
		// A write of ours has changed the password since the look began, or may have.
		if e.id != u.ID || !usable {
			e.id = ""
		}
		e.seen = began
	case !usable, e.id != "" && e.id != u.ID && strings.EqualFold(e.userName, u.Name):
		// Two users of one name, or one who was made anew: the next write looks for itself.
		e = entry{seen: began}
	default:
		e = entry{userName: u.Name, id: u.ID, state: u.State, seen: began}
	}
	k.set(key, e)
}

// wroteTo notes a write that was applied before a time of the target's clock.
func (k *known) wroteTo(userName, id string, before, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e, ok := k.users[fold(userName)]; ok && e.id == id {
		e.wrote, e.news = before, now
		k.users[fold(userName)] = e
	}
}

// forget makes the next write look first; looks that are under way already do not count.
func (k *known) forget(userName string, now time.Time) {
	if k.keep == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.set(fold(userName), entry{seen: now, news: now})
}

func (k *known) set(key string, e entry) {
	if _, ok := k.users[key]; !ok && len(k.users) >= k.limit {
		for other, dropped := range k.users {
			if k.floor.Before(dropped.news) {
				k.floor = dropped.news
			}
			delete(k.users, other)
			break
		}
	}
	k.users[key] = e
}

// size is the number of users who are remembered.
func (k *known) size() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.users)
}
