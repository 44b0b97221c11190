package okta

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/harness"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/kernel/switches"
)

const name = "okta"

// Kernel is what a simulator gets from its world.
type Kernel struct {
	Clock    *clock.Clock
	Seed     random.Seed
	Journal  *journal.Journal
	Digester *secret.Digester
	// Name tells two orgs of one world apart, "okta" and "spoke"; "" is "okta".
	Name string
	// Hashes reads imported password hashes; nil reads those that Okta documents.
	Hashes HashReader
	// HTTP is how the org reaches another one, whose users its applications provision; with nil every such task fails.
	HTTP *http.Client
}

// Server is one simulated org. It is safe for concurrent use.
type Server struct {
	config  Config
	kernel  Kernel
	name    string
	handler http.Handler
	routes  table
	people  *people.Store
	issuer  *oauth.Issuer
	faults  *faults.Set
	ids     *identifiers
	random  *random.Stream // of activation tokens and temporary passwords

	// writes puts everything that changes a login, a group or a membership in a row.
	writes sync.Mutex
	index  *index
	groups *groupStore

	tokens     *apiTokens
	assertions assertions
	hooks      hookStore
	proofs     assertions // of possession of a key
	nonce      string     // for proofs at the token endpoint; Okta's lasts a day
	policies   atomic.Pointer[policySet]
	limiter    atomic.Pointer[limiter]
	inFlight   atomic.Int64
	lifetime   atomic.Int64 // of an access token, in nanoseconds
	readOnly   atomic.Bool
	search     searchIndex
	switches   *switches.Panel
	log        *systemLog
	states     *stateTokens
	idps       *idpStore
	apps       *appStore
	tasks      *taskQueue
	hubs       hubTokens
	clientKeys clientKeys
}

// New builds an org from its configuration.
func New(c Config, k Kernel) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if k.Name == "" {
		k.Name = name
	}
	if k.Hashes == nil {
		k.Hashes = readHash
	}
	s := &Server{
		config: c, kernel: k, name: k.Name,
		routes: newTable(),
		people: people.NewStore(),
		issuer: oauth.NewIssuer(k.Clock, k.Seed.Stream(k.Name+".tokens")),
		faults: faults.NewSet(k.Seed.Stream(k.Name + ".faults")),
		ids:    newIdentifiers(k.Seed, k.Name),
		random: k.Seed.Stream(k.Name + ".secrets"),
		index:  newIndex(), groups: newGroupStore(), switches: switches.NewPanel(switchboard),
		tokens: newAPITokens(k.Digester, c.Tokens),
		log:    newSystemLog(), states: newStateTokens(k.Seed.Stream(k.Name + ".states")),
		idps: newIdPStore(), apps: newAppStore(), tasks: newTaskQueue(k.Seed.Stream(k.Name + ".tasks")),
	}
	s.nonce = letters(k.Seed.Stream(k.Name+".nonce"), 32)
	for _, client := range c.Clients {
		// The kernel wants a secret; a client of private_key_jwt has none, so it gets one that nobody knows.
		registered := oauth.Client{ID: client.ID, Name: client.Name, Scopes: client.Scopes, Active: true, Secret: secret.New(s.random.Hex(32))}
		if err := s.issuer.Register(registered); err != nil {
			return nil, fmt.Errorf("okta: %w", err)
		}
	}
	s.restore()
	// The order of a request is that of sim/idcs: the journal opens, the gateway counts it, faults may delay, refuse or cut it,
	// then the protocol begins.
	s.handler = k.Journal.Wrap(s.name, s.identify(s.gateway(s.faults.Wrap(vendor{s}, http.HandlerFunc(s.serve)))))
	return s, nil
}

// restore brings back the settings of the configuration.
func (s *Server) restore() {
	s.switches.Restore(s.config.Switches)
	s.lifetime.Store(int64(s.config.TokenLifetime))
	s.limiter.Store(newLimiter(rateSettings{s.config.Plan, s.config.TokenShare, s.config.ConcurrentLimit}))
	s.readOnly.Store(false)
	s.search.set(s.config.SearchLag)
	s.groups.reset(s.ids.next("00g"), s.kernel.Clock.Now())
	s.policies.Store(s.firstPolicies(s.config.Policy))
}

// Handler is the complete org: journal, gateway, faults and routes.
func (s *Server) Handler() http.Handler { return s.handler }

// Name is the simulator's name in journals, scenarios and the control plane.
func (s *Server) Name() string { return s.name }

// Host is the org's host name.
func (s *Server) Host() string { return s.config.Host }

// Clock is the org's clock.
func (s *Server) Clock() *clock.Clock { return s.kernel.Clock }

// Journal is where the org's exchanges are recorded.
func (s *Server) Journal() *journal.Journal { return s.kernel.Journal }

// Faults is the set of rules that make the org misbehave.
func (s *Server) Faults() *faults.Set { return s.faults }

// People is the store of users. Who writes it directly goes past the org's index of logins; Populate does not.
func (s *Server) People() *people.Store { return s.people }

// Roster is the users, to be read.
func (s *Server) Roster() harness.Roster { return s.people }

// Issuer issues and knows the access tokens.
func (s *Server) Issuer() *oauth.Issuer { return s.issuer }

// SetTokenLifetime decides how long access tokens last from now on; issued ones keep their time.
func (s *Server) SetTokenLifetime(d time.Duration) error {
	if d < minTokenLifetime || d > maxTokenLifetime || d%time.Second != 0 {
		return fmt.Errorf("%w: okta.tokenLifetime: %s is not a number of seconds from %s to %s", ErrInvalid, d, minTokenLifetime, maxTokenLifetime)
	}
	s.lifetime.Store(int64(d))
	return nil
}

// ReadOnly tells whether the org refuses writes.
func (s *Server) ReadOnly() bool { return s.readOnly.Load() }

// SetReadOnly puts the org into read-only mode, or ends it: writes are answered 503 (E0000010), reads, sign-ins and tokens go on
// (Okta, What is Okta's read-only mode).
func (s *Server) SetReadOnly(on bool) { s.readOnly.Store(on) }

// Reset brings back the start: no users, no groups, no access tokens, no faults, an empty log, the real time, and the settings
// of the configuration. API tokens that were revoked are valid again.
func (s *Server) Reset() {
	s.writes.Lock()
	defer s.writes.Unlock()
	s.tasks.reset()
	s.hubs.reset()
	s.clientKeys.reset()
	s.apps.reset()
	s.idps.reset()
	s.people.Reset()
	s.index.reset()
	s.issuer.Reset()
	s.tokens.reset()
	s.assertions.reset()
	s.proofs.reset()
	s.hooks.put(nil)
	s.states.reset()
	s.faults.Remove()
	s.search.reset()
	s.log.reset()
	s.kernel.Clock.Reset()
	s.restore()
}
