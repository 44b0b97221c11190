package idcs

import (
	"errors"
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

const name = "idcs"

// Kernel is what a simulator gets from its world.
type Kernel struct {
	Clock    *clock.Clock
	Seed     random.Seed
	Journal  *journal.Journal
	Digester *secret.Digester
}

// Server is one simulated identity domain. It is safe for concurrent use.
type Server struct {
	config  Config
	kernel  Kernel
	ids     *random.Stream
	people  *people.Store
	issuer  *oauth.Issuer
	faults  *faults.Set
	handler http.Handler
	names   names
	routes  table
	groups  *groupStore
	apps    *appStore
	grants  *grantStore
	secrets *random.Stream
	born    time.Time
	bulk    atomic.Bool // whether one is at work
	// writes puts the writes of groups, applications and grants in a row: each refers to the others, and to users.
	writes sync.Mutex

	policies     atomic.Pointer[policySet]
	policyWrites sync.Mutex              // held to replace policies
	lifetime     atomic.Int64            // of a token, in nanoseconds
	limiter      atomic.Pointer[limiter] // nil without limits
	maintenance  atomic.Pointer[closed]  // nil when open
	newcomers    newcomers
	outbox       outbox
	resets       resetTokens
	tokens       *random.Stream // of users who reset their passwords
	switches     *switches.Panel
	requests     atomic.Uint64
	authors      sync.Map // client id → *author
}

// New builds a domain from its configuration.
func New(c Config, k Kernel) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &Server{
		config: c, kernel: k,
		ids:    k.Seed.Stream("idcs.ids"),
		tokens: k.Seed.Stream("idcs.reset-tokens"),
		people: people.NewStore(),
		issuer: oauth.NewIssuer(k.Clock, k.Seed.Stream("idcs.tokens")),
		faults: faults.NewSet(k.Seed.Stream("idcs.faults")),
		names:  newNames(c.Host, k.Seed),
		routes: newTable(),
		groups: newGroupStore(), apps: newAppStore(), grants: newGrantStore(),
		secrets: k.Seed.Stream("idcs.secrets"), switches: switches.NewPanel(switchboard),
		born: k.Clock.Now(),
	}
	for _, client := range c.Clients {
		if err := s.issuer.Register(client); err != nil {
			return nil, fmt.Errorf("idcs: %w", err)
		}
	}
	if err := s.restore(); err != nil {
		return nil, err
	}
	// The order of a request: the journal opens, the gateway admits it, faults may delay, refuse or cut it, then the protocol
	// begins. The route is named before all that may end it, so that the journal knows what it wanted.
	s.handler = k.Journal.Wrap(name, s.identify(s.gateway(s.faults.Wrap(vendor{s}, http.HandlerFunc(s.serve)))))
	return s, nil
}

// restore brings back the settings of the configuration.
func (s *Server) restore() error {
	s.switches.Restore(s.config.Switches)
	s.lifetime.Store(int64(s.config.TokenLifetime))
	s.maintenance.Store(nil)
	s.newcomers.set(0)
	s.policies.Store(&policySet{})
	if err := errors.Join(s.SetTier(s.config.Tier), s.SetVisibility(s.config.Visibility)); err != nil {
		return err
	}
	return s.SetPolicy(s.config.Policy)
}

// Handler is the complete domain: journal, faults and routes.
func (s *Server) Handler() http.Handler { return s.handler }

// Name is the simulator's name in journals, scenarios and the control plane.
func (s *Server) Name() string { return name }

// Host is the domain's host name.
func (s *Server) Host() string { return s.config.Host }

// Clock is the domain's clock.
func (s *Server) Clock() *clock.Clock { return s.kernel.Clock }

// Journal is where the domain's exchanges are recorded.
func (s *Server) Journal() *journal.Journal { return s.kernel.Journal }

// Faults is the set of rules that make the domain misbehave.
func (s *Server) Faults() *faults.Set { return s.faults }

// People is the store of users.
func (s *Server) People() *people.Store { return s.people }

// Roster is the users, to be read.
func (s *Server) Roster() harness.Roster { return s.people }

// Issuer issues and knows the access tokens.
func (s *Server) Issuer() *oauth.Issuer { return s.issuer }

// SetTokenLifetime decides how long tokens last from now on; issued ones keep their time.
func (s *Server) SetTokenLifetime(d time.Duration) error {
	if err := checkLifetime(d); err != nil {
		return err
	}
	s.lifetime.Store(int64(d))
	return nil
}

// Reset brings back the start: no users, no groups, no grants, no tokens, no faults, the real time, and policy, token
// lifetime and switches of the configuration. Clients stay, as they were before the API changed them.
func (s *Server) Reset() {
	s.people.Reset()
	s.groups.reset()
	s.grants.reset()
	s.apps.reset(s.issuer)
	s.authors.Clear()
	s.issuer.Reset()
	s.faults.Remove()
	s.outbox.reset()
	s.resets.reset()
	s.kernel.Clock.Reset()
	// What New has accepted is accepted again.
	_ = s.restore()
}
