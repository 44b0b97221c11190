package scenarios

import (
	"time"

	"github.com/seatrial/seatrial/scenarios/rulebook"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/kernel/random"
)

// The targets that a scenario may have, as the control plane calls them.
const (
	targetIDCS = sim.IDCS
	targetOkta = sim.Okta
)

// target is the simulator that the passwords of a scenario go to: what the kinds of them do not have in common.
type target interface {
	// name is that of the control plane.
	name() string
	// place is what is given of a target of any kind.
	place() *GivenPlace
	// rules are its password policy before the first step.
	rules() rulebook.Book
	// configure says what must be known before the world is made.
	configure(c *sim.Config, seed random.Seed)
	// byClient tells whether the engine is a client that gets tokens; else it has one.
	byClient() bool
	// furnish tells the control plane what it alone can set, before anybody lives there.
	furnish(r *run) error
	// house gives those who live there now what the control plane alone can give them.
	house(r *run) error
	// lint checks what only this kind of target has.
	lint(l *linter, n *node)
	// words describe it, one sentence on each line.
	words() []string
}

// target is the one that the scenario gives; an identity domain when it gives none.
func (s Scenario) target() target {
	if s.Given.Okta != nil {
		return givenOrg{s.Given.Okta, s}
	}
	return givenDomain{&s.Given.IDCS}
}

// weatherID names the rule by which the target takes its usual time to answer.
const weatherID = "usual-latency"

const defaultTokenLifetime = time.Hour

// targetRules are the target's password policy, as the engine has it applied.
func (s Scenario) targetRules() rulebook.Book { return s.applied(s.target().rules()) }

// sourceRules are what people's new passwords obey.
func (s Scenario) sourceRules() rulebook.Book {
	if p := s.Given.Source.Policy; p != nil {
		return p.Book
	}
	return s.targetRules()
}

// applied is a policy of the target's as the engine has it applied.
func (s Scenario) applied(b rulebook.Book) rulebook.Book {
	if org, is := b.(rulebook.Oktas); is {
		section, _ := s.Given.Engine.Settings[targetOkta].(map[string]any)
		org.Strict, _ = section["strict"].(bool)
		return org
	}
	return b
}

func (s Scenario) tokenLifetime() time.Duration {
	if d := s.target().place().TokenLifetime; d != nil {
		return time.Duration(*d)
	}
	return defaultTokenLifetime
}

// weather is how long the target usually takes. Without any, all that happens would happen at one instant, and nothing
// could come in the middle of a run.
func (s Scenario) weather() Latency {
	if l := s.target().place().Latency; l != nil {
		return *l
	}
	return Latency{Min: Duration(20 * time.Millisecond), Max: Duration(60 * time.Millisecond)}
}

// residents is how many users live at the target.
func (s Scenario) residents() int {
	place := s.target().place()
	return place.Users + len(place.People)
}

func (s Scenario) door() string {
	if s.Given.Engine.Door != "" {
		return s.Given.Engine.Door
	}
	return "changer"
}

// asked are the simulators that a query may be about.
func (s Scenario) asked() []string {
	names := []string{s.target().name()}
	if s.Given.Spoke != nil {
		names = append(names, sim.Spoke)
	}
	if s.Given.DS != nil {
		names = append(names, s.Given.DS.names()...)
	}
	return names
}
