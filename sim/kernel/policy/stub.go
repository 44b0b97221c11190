package policy

import (
	"errors"

	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

var errSoon = errors.New("not there yet")

// Check returns every broken rule in a fixed order, that of Policy's fields; nil when the candidate passes.
func (p Policy) Check(candidate secret.Value, s Subject) []Violation { return nil }

// Validate finds settings that are impossible or contradict each other, all at once.
func (p Policy) Validate() error { return nil }

// Decode reads a policy from JSON.
func Decode(data []byte) (Policy, error) { return Policy{}, errSoon }

// Generate makes a password that p accepts.
func Generate(s *random.Stream, p Policy, subject Subject) (string, error) { return "", errSoon }

// Break makes a password that breaks the rule.
func Break(s *random.Stream, p Policy, subject Subject, rule Rule) (string, error) { return "", errSoon }
