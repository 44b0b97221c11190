package scenarios

import (
	"time"

	"github.com/seatrial/seatrial/sim/kernel/policy"
)

// targetName is the one simulator of a scenario's world.
const targetName = "idcs"

// weatherID names the rule by which the target takes its usual time to answer.
const weatherID = "usual-latency"

const defaultTokenLifetime = time.Hour

func (s Scenario) targetPolicy() policy.Policy {
	if p := s.Given.IDCS.Policy; p != nil {
		return p.Policy
	}
	return policy.Standard()
}

func (s Scenario) sourcePolicy() policy.Policy {
	if p := s.Given.Source.Policy; p != nil {
		return p.Policy
	}
	return s.targetPolicy()
}

func (s Scenario) tokenLifetime() time.Duration {
	if d := s.Given.IDCS.TokenLifetime; d != nil {
		return time.Duration(*d)
	}
	return defaultTokenLifetime
}

// weather is how long the target usually takes. Without any, all that happens would happen at one instant, and nothing
// could come in the middle of a run.
func (s Scenario) weather() Latency {
	if l := s.Given.IDCS.Latency; l != nil {
		return *l
	}
	return Latency{Min: Duration(20 * time.Millisecond), Max: Duration(60 * time.Millisecond)}
}

func (s Scenario) door() string {
	if s.Given.Engine.Door != "" {
		return s.Given.Engine.Door
	}
	return "changer"
}
