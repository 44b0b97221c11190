package idcs

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/seatrial/seatrial/sim/kernel/oauth"
)

// The application that owns the app roles of the domain itself (Oracle, Working with Apps).
const (
	idcsAppID      = "IDCSAppId"
	idcsAppName    = "IDCSApp"
	idcsAppDisplay = "IDCS Application"
)

// app is an application. One that may ask for tokens is a client of the issuer, and there is one truth about it: name, secret,
// roles and whether it is active are the client's, whoever registered it.
type app struct {
	stored
	name, displayName string // name is the client id
	active            bool
	client            oauth.Client
	isClient          bool
}

// appStore holds what the issuer does not know of applications. It is safe for concurrent use; who changes it holds
// Server.writes.
type appStore struct {
	mu   sync.RWMutex
	byID map[string]*app
	// before is what a client was before the first write through the API, for Reset; an inactive zero for none.
	before map[string]oauth.Client
}

func newAppStore() *appStore {
	return &appStore{byID: map[string]*app{}, before: map[string]oauth.Client{}}
}

// apps lists all applications by name: those of the issuer, those of the store, and the domain's own.
func (s *Server) allApps() []app {
	list := []app{s.ownApp()}
	s.apps.mu.RLock()
	for _, a := range s.apps.byID {
		list = append(list, *a)
	}
	s.apps.mu.RUnlock()
	for _, id := range s.issuer.Clients() {
		if guid := clientGUID(id); !slices.ContainsFunc(list, func(a app) bool { return a.id == guid }) {
			list = append(list, s.registered(guid, id))
		}
	}
	slices.SortFunc(list, func(a, b app) int { return strings.Compare(a.name, b.name) })
	for i := range list {
		s.complete(&list[i])
	}
	return list
}

func (s *Server) ownApp() app {
	return app{
		stored: stored{id: idcsAppID, created: s.born, modified: s.born, version: 1},
		name:   idcsAppName, displayName: idcsAppDisplay, active: true,
	}
}

// registered is a client of the configuration, or of the control plane, as an application.
func (s *Server) registered(id, client string) app {
	known, _ := s.issuer.Client(client)
	grants := []any{clientCredentials}
	for _, grant := range known.Grants {
		grants = append(grants, grant)
	}
	return app{stored: stored{id: id, created: s.born, modified: s.born, version: 1, attributes: map[string]any{
		"basedOnTemplate": map[string]any{"value": confidentialTemplate}, "isOAuthClient": true, "clientType": "confidential",
		"allowedGrants": grants,
	}}, name: client}
}

// complete adds what the issuer knows.
func (s *Server) complete(a *app) {
	client, ok := s.issuer.Client(a.name)
	if !ok {
		return
	}
	a.client, a.isClient, a.active = client, true, client.Active
	if a.displayName = client.Name; client.Name == "" {
		a.displayName = client.ID
	}
}

// app is the application with that id.
func (s *Server) app(id string) (app, bool) {
	if id == idcsAppID {
		return s.ownApp(), true
	}
	s.apps.mu.RLock()
	known := s.apps.byID[id]
	s.apps.mu.RUnlock()
	if known != nil {
		a := *known
		s.complete(&a)
		return a, true
	}
	for _, client := range s.issuer.Clients() {
		if clientGUID(client) == id {
			a := s.registered(id, client)
			s.complete(&a)
			return a, true
		}
	}
	return app{}, false
}

func (s *appStore) put(a app) {
	a.client, a.isClient = oauth.Client{}, false // the issuer's
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[a.id] = &a
}

func (s *appStore) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, id)
}

// remember keeps what a client is before it is changed.
func (s *Server) remember(clientID string) {
	client, _ := s.issuer.Client(clientID)
	s.apps.mu.Lock()
	defer s.apps.mu.Unlock()
	if _, known := s.apps.before[clientID]; !known {
		s.apps.before[clientID] = client
	}
}

// reset brings back the clients as they were before the first write through the API.
func (s *appStore) reset(issuer *oauth.Issuer) {
	s.mu.Lock()
	before := maps.Clone(s.before)
	clear(s.before)
	clear(s.byID)
	s.mu.Unlock()
	for id, client := range before {
		issuer.Remove(id)
		if client.ID != "" {
			// What was registered once is registered again.
			_ = issuer.Register(client)
		}
	}
}

// grantTypes are those that allowedGrants of the resource names.
func (a *app) grantTypes() []string { return stringsOf(a.attributes["allowedGrants"]) }

// mayAskForItself tells whether a client may use client_credentials. One that nobody has written through the API may.
func (s *Server) mayAskForItself(client string) bool {
	s.apps.mu.RLock()
	defer s.apps.mu.RUnlock()
	a := s.apps.byID[clientGUID(client)]
	return a == nil || slices.Contains(a.grantTypes(), clientCredentials)
}
