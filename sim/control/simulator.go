package control

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Simulator is what the control plane needs of a simulated target.
type Simulator interface {
	Name() string
	Host() string
	Clock() *clock.Clock
	Faults() *faults.Set
	People() *people.Store
	Issuer() *oauth.Issuer
	Policy() policy.Policy
	SetPolicy(p policy.Policy) error
	// PolicyOf is the policy that applies to the user with that id.
	PolicyOf(id string) policy.Policy
	SetGroupPolicy(g idcs.GroupPolicy) error
	RemoveGroupPolicy(name string) bool
	GroupPolicies() []idcs.GroupPolicy
	Tier() string
	SetTier(tier string) error
	Limits() []idcs.Limit
	Visibility() time.Duration
	SetVisibility(after time.Duration) error
	Maintenance() (on bool, retryAfter time.Duration)
	SetMaintenance(on bool, retryAfter time.Duration) error
	// Locked tells whether a lock of the person is still in force.
	Locked(p people.Person) bool
	// Outbox is the mails after a sequence number, and how many were ever sent.
	Outbox(userName string, after uint64, limit int) (mails []idcs.Mail, sent uint64)
	SetTokenLifetime(d time.Duration) error
	Switches() []idcs.Switch
	SetSwitch(name, value string) error
	// Populate adds a person by the vendor's rules, without a journal entry.
	Populate(p people.Person) (people.Person, error)
	// LogIn is the probe: no journal entry, no failure counted.
	LogIn(userName string, password secret.Value) people.LogIn
	Reset()
}

// WorldInfo is what the control plane tells about the world as a whole.
type WorldInfo struct {
	Seed    random.Seed
	Version string
	// URL is where a stranger reaches the named simulator.
	URL func(name string) string
}

// find returns the simulator of that name.
func (r *resolver) find(name string) (Simulator, error) {
	for _, s := range r.simulators {
		if s.Name() == name {
			return s, nil
		}
	}
	names := make([]string, 0, len(r.simulators))
	for _, s := range r.simulators {
		names = append(names, s.Name())
	}
	return nil, fmt.Errorf("target: there is no %q in this world; there is %s", name, strings.Join(names, ", "))
}

// persons finds all the named users, each once, or says which is missing: a mutation of many users happens to all of them
// or none.
func persons(s Simulator, userNames []string) ([]people.Person, error) {
	found := make([]people.Person, 0, len(userNames))
	seen := make(map[string]bool, len(userNames))
	for i, name := range userNames {
		p, ok := s.People().ByUserName(name)
		if !ok {
			return nil, fmt.Errorf("userNames[%d]: %s has no user %q", i, s.Name(), name)
		}
		if !seen[p.ID] {
			seen[p.ID] = true
			found = append(found, p)
		}
	}
	return found, nil
}

// knownClient refuses the id of a client that does not exist: to expire the tokens of nobody is a slip of the pen.
func knownClient(s Simulator, id *string) (string, error) {
	if id == nil || *id == "" {
		return "", nil
	}
	if all := s.Issuer().Clients(); !slices.Contains(all, *id) {
		return "", fmt.Errorf("client: %s has no client %q; it has %s", s.Name(), *id, strings.Join(all, ", "))
	}
	return *id, nil
}
