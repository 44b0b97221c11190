package policy

import (
	"errors"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// attempts is how often a recipe is tried. The first attempt nearly always succeeds; the later ones are for policies
// that leave next to no room.
const attempts = 60

// ErrUnsatisfiable tells that no password was found that the policy accepts, or that breaks the rule.
var ErrUnsatisfiable = errors.New("no such password was found")

// Generate makes a password that p accepts for the subject: at least ten characters where maxLength lets it, mostly
// lower-case letters, and random enough not to be in anybody's history, which is not asked.
func Generate(s *random.Stream, p Policy, subject Subject) (string, error) {
	subject = timeless(subject)
	r := newRecipe(p, subject)
	r.spread = habit
	for i := range attempts {
		text, ok := r.cook(s, i%2 == 1)
		if ok && p.Check(secret.New(text), subject) == nil {
			return text, nil
		}
	}
	if err := p.Validate(); err != nil {
		return "", fmt.Errorf("policy: generate a password: %w: %w", ErrUnsatisfiable, err)
	}
	return "", fmt.Errorf("policy: generate a password: %w: the rules leave too little room", ErrUnsatisfiable)
}

// timeless leaves out of the subject what no new password can help: its predecessors, and the age of the current one.
func timeless(s Subject) Subject {
	s.Reused, s.Now = nil, time.Time{}
	return s
}
