package okta

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// idpLink ties a user to somebody at an identity provider.
type idpLink struct {
	user, externalID     string
	profile              map[string]string
	masters              bool // the provider has taken the profile over
	created, lastUpdated time.Time
}

// idpStore are the identity providers in the order of their creation, and their links by provider and user.
type idpStore struct {
	mu    sync.RWMutex
	list  []IdentityProvider
	links map[string]map[string]idpLink
	// names are the users by provider and externalID, by which each sign-in looks.
	names map[idpName]string
}

// idpName is somebody at an identity provider.
type idpName struct{ idp, externalID string }

func newIdPStore() *idpStore {
	return &idpStore{links: map[string]map[string]idpLink{}, names: map[idpName]string{}}
}

func (t *idpStore) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = nil
	clear(t.links)
	clear(t.names)
}

func (t *idpStore) all() []IdentityProvider {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Clone(t.list)
}

func (t *idpStore) find(idOrName string) (IdentityProvider, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	at := t.at(idOrName)
	if at < 0 {
		return IdentityProvider{}, false
	}
	return t.list[at], true
}

func (t *idpStore) at(idOrName string) int {
	if at := slices.IndexFunc(t.list, func(one IdentityProvider) bool { return one.ID == idOrName }); at >= 0 {
		return at
	}
	return slices.IndexFunc(t.list, func(one IdentityProvider) bool { return one.Name == idOrName })
}

// add is false when the name is taken.
func (t *idpStore) add(p IdentityProvider) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.at(p.Name) >= 0 {
		return false
	}
	t.list = append(t.list, p)
	return true
}

func (t *idpStore) change(idOrName string, f func(*IdentityProvider) error) (IdentityProvider, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.at(idOrName)
	if at < 0 {
		return IdentityProvider{}, refuse(notFound, idOrName, "IdentityProvider")
	}
	next := t.list[at]
	if err := f(&next); err != nil {
		return IdentityProvider{}, err
	}
	if other := t.at(next.Name); other >= 0 && other != at {
		return IdentityProvider{}, nameIsTaken()
	}
	t.list = slices.Clone(t.list)
	t.list[at] = next
	return next, nil
}

func (t *idpStore) remove(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = slices.DeleteFunc(slices.Clone(t.list), func(one IdentityProvider) bool { return one.ID == id })
	for user := range t.links[id] {
		t.cut(id, user)
	}
	delete(t.links, id)
}

// cut removes a link. The caller holds the lock.
func (t *idpStore) cut(idp, user string) (idpLink, bool) {
	l, ok := t.links[idp][user]
	if ok {
		delete(t.links[idp], user)
		delete(t.names, idpName{idp, l.externalID})
	}
	return l, ok
}

func (t *idpStore) link(idp string, l idpLink) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.links[idp] == nil {
		t.links[idp] = map[string]idpLink{}
	}
	t.cut(idp, l.user)
	t.links[idp][l.user], t.names[idpName{idp, l.externalID}] = l, l.user
}

func (t *idpStore) linkOf(idp, user string) (idpLink, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	l, ok := t.links[idp][user]
	return l, ok
}

// linkTo finds the user who is somebody's at a provider.
func (t *idpStore) linkTo(idp, externalID string) (idpLink, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	user, ok := t.names[idpName{idp, externalID}]
	return t.links[idp][user], ok
}

// linksOf are the links of a provider by the ids of their users.
func (t *idpStore) linksOf(idp string) []idpLink {
	t.mu.RLock()
	defer t.mu.RUnlock()
	list := slices.Collect(maps.Values(t.links[idp]))
	slices.SortFunc(list, func(a, b idpLink) int { return strings.Compare(a.user, b.user) })
	return list
}

// of are the providers that a user is linked to.
func (t *idpStore) of(user string) []IdentityProvider {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var list []IdentityProvider
	for _, p := range t.list {
		if _, linked := t.links[p.ID][user]; linked {
			list = append(list, p)
		}
	}
	return list
}

// unlink is false when there was no link.
func (t *idpStore) unlink(idp, user string) (idpLink, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cut(idp, user)
}

// mastered tells whether some provider has taken the user's profile over.
func (t *idpStore) mastered(user string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, links := range t.links {
		if links[user].masters {
			return true
		}
	}
	return false
}

// forget unlinks a user everywhere.
func (t *idpStore) forget(user string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for idp := range t.links {
		t.cut(idp, user)
	}
}
