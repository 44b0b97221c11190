package idcs

import (
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

// group is a group without its members.
type group struct {
	stored
	displayName string
}

// membership is that a user is in a group.
type membership struct {
	user  string
	since time.Time
	place int // among those who joined
}

// groupStore holds the groups, and who is in them in both directions: neither asking for the groups of a user nor for one
// member of a group gets slower with the population. It is safe for concurrent use. Who changes it holds Server.writes, so
// that what a change refers to stays; a reader holds nothing.
type groupStore struct {
	mu     sync.RWMutex
	byID   map[string]*groupRecord
	byName map[string]*groupRecord // lower case
	order  []*groupRecord          // as they were created
	of     map[string][]*groupRecord
}

type groupRecord struct {
	group
	members map[string]*membership
	joined  []*membership // in order; nil where somebody has left, packed when half of it is holes
}

func newGroupStore() *groupStore {
	s := &groupStore{}
	s.reset()
	return s
}

func (s *groupStore) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID, s.byName, s.of, s.order = map[string]*groupRecord{}, map[string]*groupRecord{}, map[string][]*groupRecord{}, nil
}

// groupsOf lists the ids of the groups that a user is in, in the order of their joining. It costs the same at any
// population, takes no lock but its own for reading, and may be called while a user is being written.
func (s *Server) groupsOf(user string) []string {
	s.groups.mu.RLock()
	defer s.groups.mu.RUnlock()
	in := s.groups.of[user]
	if len(in) == 0 {
		return nil
	}
	ids := make([]string, 0, len(in))
	for _, r := range in {
		ids = append(ids, r.id)
	}
	return ids
}

// groupName is the display name of a group; ok is false when there is no such group.
func (s *Server) groupName(id string) (name string, ok bool) {
	g, ok := s.groups.get(id)
	return g.displayName, ok
}

func (s *groupStore) get(id string) (group, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r := s.byID[id]; r != nil {
		return r.group, true
	}
	return group{}, false
}

func (s *groupStore) named(displayName string) (group, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r := s.byName[strings.ToLower(displayName)]; r != nil {
		return r.group, true
	}
	return group{}, false
}

// all yields the groups of this moment and holds no lock meanwhile.
func (s *groupStore) all() iter.Seq[group] {
	s.mu.RLock()
	defer s.mu.RUnlock()
	snapshot := make([]group, 0, len(s.order))
	for _, r := range s.order {
		snapshot = append(snapshot, r.group)
	}
	return slices.Values(snapshot)
}

// put creates a group, or replaces what it says of itself. Who puts has looked whether another group has the name.
func (s *groupStore) put(g group) {
	name := strings.ToLower(g.displayName)
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byID[g.id]
	if r == nil {
		r = &groupRecord{members: map[string]*membership{}}
		s.byID[g.id] = r
		s.order = append(s.order, r)
	} else {
		delete(s.byName, strings.ToLower(r.displayName))
	}
	r.group = g
	s.byName[name] = r
}

// remove deletes a group and the memberships in it.
func (s *groupStore) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byID[id]
	if r == nil {
		return
	}
	for user := range r.members {
		s.leave(user, r)
	}
	delete(s.byID, id)
	delete(s.byName, strings.ToLower(r.displayName))
	s.order = slices.DeleteFunc(s.order, func(other *groupRecord) bool { return other == r })
}

// leave takes a group from the list of a user. The caller holds the lock.
func (s *groupStore) leave(user string, r *groupRecord) {
	rest := slices.DeleteFunc(s.of[user], func(other *groupRecord) bool { return other == r })
	if len(rest) == 0 {
		delete(s.of, user)
		return
	}
	s.of[user] = rest
}

// join puts users into a group, and drop takes them out. Who is in already, or is not, is passed over.
func (s *groupStore) join(id string, users []string, since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byID[id]
	if r == nil {
		return
	}
	for _, user := range users {
		if r.members[user] != nil {
			continue
		}
		m := &membership{user: user, since: since, place: len(r.joined)}
		r.members[user] = m
		r.joined = append(r.joined, m)
		s.of[user] = append(s.of[user], r)
	}
}

func (s *groupStore) drop(id string, users []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.byID[id]; r != nil {
		for _, user := range users {
			s.dropOne(r, user)
		}
	}
}

func (s *groupStore) dropOne(r *groupRecord, user string) {
	m := r.members[user]
	if m == nil {
		return
	}
	r.joined[m.place] = nil
	delete(r.members, user)
	s.leave(user, r)
	if len(r.joined) > 2*len(r.members) {
		r.joined = slices.DeleteFunc(r.joined, func(m *membership) bool { return m == nil })
		for i, m := range r.joined {
			m.place = i
		}
	}
}

// forget takes a user out of all groups.
func (s *groupStore) forget(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range slices.Clone(s.of[user]) {
		s.dropOne(r, user)
	}
}

// joinedGroup is a group that a user is in.
type joinedGroup struct {
	group
	since time.Time
}

// memberships lists the groups of a user.
func (s *groupStore) memberships(user string) []joinedGroup {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]joinedGroup, 0, len(s.of[user]))
	for _, r := range s.of[user] {
		list = append(list, joinedGroup{r.group, r.members[user].since})
	}
	return list
}

// members lists count members from a place on, or all with a count of 0, in the order in which they joined.
func (s *groupStore) members(id string, from, count int) []membership {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.byID[id]
	if r == nil {
		return nil
	}
	rest := max(0, len(r.members)-from)
	if count == 0 || count > rest {
		count = rest
	}
	list := make([]membership, 0, count)
	for _, m := range r.joined {
		switch {
		case m == nil:
			continue
		case len(list) == count:
			return list
		case from > 0:
			from--
		default:
			list = append(list, *m)
		}
	}
	return list
}

// member is one membership, or none.
func (s *groupStore) member(id, user string) []membership {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r := s.byID[id]; r != nil && r.members[user] != nil {
		return []membership{*r.members[user]}
	}
	return nil
}

func (s *groupStore) has(id, user string) bool { return s.member(id, user) != nil }

func (s *groupStore) size(id string) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r := s.byID[id]; r != nil {
		return len(r.members)
	}
	return 0
}
