package scenarios

import (
	"errors"
	"fmt"

	"github.com/seatrial/seatrial/scenarios/rulebook"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// passwords makes the passwords of a run. Each is unlike all others, so that one found in a log tells whose it is and a
// log-in tells which change has arrived.
type passwords struct {
	stream         *random.Stream
	source, target rulebook.Book
	lengths        Lengths
	used           map[string]bool
}

func newPasswords(s Scenario, seed random.Seed) *passwords {
	return &passwords{stream: seed.Stream("scenarios/passwords"), source: s.sourceRules(), target: s.targetRules(), lengths: s.Given.Source.Lengths, used: map[string]bool{}}
}

const passwordTries = 100

var errNoPassword = errors.New("no password found that is unlike all others; is the policy too narrow?")

// unlike draws until there is a password that nobody has.
func (w *passwords) unlike(draw func() (string, error)) (secret.Value, error) {
	for range passwordTries {
		text, err := draw()
		if err != nil {
			return secret.Value{}, err
		}
		if !w.used[text] {
			w.used[text] = true
			return secret.New(text), nil
		}
	}
	return secret.Value{}, errNoPassword
}

// initial is what a user of the target has before the run.
func (w *passwords) initial(p *person) (secret.Value, error) {
	return w.unlike(func() (string, error) { return policy.Generate(w.stream, w.target.Of(p.subject()), p.subject()) })
}

// pick chooses the password of a change. acceptable tells whether the target, as it is now, could take it.
func (w *passwords) pick(p *person, with With) (password secret.Value, acceptable bool, err error) {
	switch with.Kind {
	case withReused:
		password = p.current()
	case withInitial:
		password = p.initial
	case withViolates:
		password, err = w.unlike(func() (string, error) {
			return policy.Break(w.stream, w.target.Of(p.subject()), p.subject(), rulebook.Kernel(w.target, with.Violates))
		})
	default:
		password, err = w.unlike(func() (string, error) {
			return policy.Generate(w.stream, w.lengths.narrow(w.stream, w.source.Of(p.subject())), p.subject())
		})
	}
	if err == nil && password.Empty() {
		err = errors.New("has no password to use again")
	}
	if err != nil {
		return secret.Value{}, false, fmt.Errorf("%s: %w", p.UserName, err)
	}
	broken := w.target.Of(p.subject()).Check(password, p.subject())
	if with.Kind == withViolates && len(broken) == 0 {
		return secret.Value{}, false, fmt.Errorf("%s: a password that was to break %s breaks nothing", p.UserName, with.Violates)
	}
	return password, len(broken) == 0, nil
}
