package idcs

import (
	"slices"
	"strings"
	"sync"
)

// entitled is that somebody has an app role, or an application.
type entitled struct {
	stored
	app, role            string // the role by name; empty for the application itself
	granteeType, grantee string
	mechanism            string
}

// key is what there can be only one of.
func (g *entitled) key() string {
	return strings.Join([]string{g.app, g.role, g.granteeType, g.grantee}, ":")
}

// grantStore holds the grants that came through the API, by id and by grantee. What a client was registered with is not
// here: the issuer knows its roles. It is safe for concurrent use; who changes it holds Server.writes.
type grantStore struct {
	mu   sync.RWMutex
	byID map[string]entitled
	to   map[string][]string // ids in the order of granting, by the grantee's id
}

func newGrantStore() *grantStore {
	s := &grantStore{}
	s.reset()
	return s
}

func (s *grantStore) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID, s.to = map[string]entitled{}, map[string][]string{}
}

func (s *grantStore) put(g entitled) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[g.id] = g
	s.to[g.grantee] = append(s.to[g.grantee], g.id)
}

func (s *grantStore) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(id)
}

func (s *grantStore) drop(id string) {
	g, ok := s.byID[id]
	if !ok {
		return
	}
	delete(s.byID, id)
	rest := slices.DeleteFunc(slices.Clone(s.to[g.grantee]), func(other string) bool { return other == id })
	if s.to[g.grantee] = rest; len(rest) == 0 {
		delete(s.to, g.grantee)
	}
}

// forget removes what somebody was granted.
func (s *grantStore) forget(granteeType, grantee string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range s.to[grantee] {
		if s.byID[id].granteeType == granteeType {
			s.drop(id)
		}
	}
}

// forgetApp removes the grants of an application.
func (s *grantStore) forgetApp(app string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, g := range s.byID {
		if g.app == app {
			s.drop(id)
		}
	}
}

func (s *grantStore) hasGrantee(granteeType, grantee string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.ContainsFunc(s.to[grantee], func(id string) bool { return s.byID[id].granteeType == granteeType })
}

// given lists the stored grants to one grantee; to nobody in particular, all of them.
func (s *grantStore) given(grantee string) []entitled {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []entitled
	if grantee != "" {
		for _, id := range s.to[grantee] {
			list = append(list, s.byID[id])
		}
		return list
	}
	for _, g := range s.byID {
		list = append(list, g)
	}
	slices.SortFunc(list, func(a, b entitled) int {
		if order := a.created.Compare(b.created); order != 0 {
			return order
		}
		return strings.Compare(a.id, b.id)
	})
	return list
}

// rolesOf are the grants that a client's roles come from: those of the API, and for the rest one each that nobody made.
func (s *Server) rolesOf(a *app, known []entitled) []entitled {
	var list []entitled
	for _, role := range a.client.Roles {
		g := entitled{app: idcsAppID, role: role, granteeType: "App", grantee: a.id, mechanism: mechanisms["App"]}
		at := slices.IndexFunc(known, func(other entitled) bool { return other.key() == g.key() })
		if at < 0 {
			g.stored = stored{id: fingerprint("Grant "+g.key(), 0), created: s.born, modified: s.born, version: 1}
			list = append(list, g)
			continue
		}
		list = append(list, known[at])
	}
	return list
}

// grantsTo lists what somebody was granted. An application that is no client any more, or lost a role without the API, has
// what the issuer says.
func (s *Server) grantsTo(grantee string) []entitled {
	given := s.grants.given(grantee)
	a, ok := s.app(grantee)
	if !ok {
		return given
	}
	others := slices.DeleteFunc(slices.Clone(given), func(g entitled) bool { return g.role != "" })
	return append(s.rolesOf(&a, given), others...)
}

// allGrants lists everything that anybody was granted: the clients' first, for they were there first.
func (s *Server) allGrants() []entitled {
	given := s.grants.given("")
	var list []entitled
	for _, a := range s.allApps() {
		list = append(list, s.rolesOf(&a, given)...)
	}
	for _, g := range given {
		if g.granteeType != "App" || g.role == "" {
			list = append(list, g)
		}
	}
	return list
}

// grantByID is the grant with that id.
func (s *Server) grantByID(id string) (entitled, bool) {
	for _, g := range s.allGrants() {
		if g.id == id {
			return g, true
		}
	}
	return entitled{}, false
}

// grantsIn lists the grants of one application.
func (s *Server) grantsIn(app string) []entitled {
	return slices.DeleteFunc(s.allGrants(), func(g entitled) bool { return g.app != app })
}

func (s *Server) grantsOfRole(role string) []entitled {
	return slices.DeleteFunc(s.allGrants(), func(g entitled) bool { return g.role != role })
}
