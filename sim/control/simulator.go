package control

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/harness"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/kernel/switches"
)

// Simulator is what the control plane needs of every simulated target. What only some can do is in the interfaces of
// abilities.go.
type Simulator interface {
	Name() string
	Clock() *clock.Clock
	Faults() *faults.Set
	Roster() harness.Roster
	// Standing is how a person's account stands now.
	Standing(p people.Person) harness.Standing
	// Populate adds a person by the vendor's rules, without a journal entry.
	Populate(p people.Person) (people.Person, error)
	// Remove takes away the user with that id; so do the next two change one.
	Remove(id string) error
	SetActive(id string, on bool) error
	SetLocked(id string, on bool) error
	// PolicyJSON is the password policy that holds for whom no other does; it has the vendor's names when it is made JSON.
	PolicyJSON() any
	SetPolicyJSON(text []byte) error
	CheckPassword(userName string, candidate secret.Value) ([]harness.Violation, error)
	// LogIn is the probe: no journal entry, no failure counted.
	LogIn(userName string, password secret.Value) people.LogIn
	Switches() []switches.Switch
	SetSwitch(name, value string) error
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
	names := make([]string, 0, len(r.simulators))
	for _, s := range r.simulators {
		if s.Name() == name {
			return s, nil
		}
		names = append(names, s.Name())
	}
	return nil, fmt.Errorf("target: there is no %q in this world; there is %s", name, strings.Join(names, ", "))
}

// persons finds all the named users, each once, or says which is missing: a wrong name is found before anything happens.
func persons(s Simulator, userNames []string) ([]people.Person, error) {
	found := make([]people.Person, 0, len(userNames))
	seen := make(map[string]bool, len(userNames))
	for i, name := range userNames {
		p, ok := s.Roster().ByUserName(name)
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
func knownClient(target string, s issuer, id *string) (string, error) {
	if id == nil || *id == "" {
		return "", nil
	}
	if all := s.Clients(); !slices.Contains(all, *id) {
		return "", fmt.Errorf("client: %s has no client %q; it has %s", target, *id, strings.Join(all, ", "))
	}
	return *id, nil
}
