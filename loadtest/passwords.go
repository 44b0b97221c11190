package loadtest

import (
	"errors"
	"fmt"

	"github.com/seatrial/seatrial/scenarios/rulebook"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// passwords makes passwords that are all different, so that one found in a log tells whose it is and the journal tells
// which change arrived.
type passwords struct {
	stream *random.Stream
	source rulebook.Book
	people map[string]people.Person
	used   map[string]bool
}

func newPasswords(s Setting) *passwords {
	p := &passwords{
		stream: s.Seed.Stream("loadtest/passwords"), source: s.Source,
		people: make(map[string]people.Person, len(s.People)), used: map[string]bool{},
	}
	for _, person := range s.People {
		p.people[person.UserName] = person
	}
	return p
}

const passwordTries = 100

var errNoPassword = errors.New("no password was found that is unlike all others; the policy is too narrow for so many users")

// draw makes a password for a person under a policy.
func (w *passwords) draw(rules rulebook.Book, p people.Person) (secret.Value, error) {
	return w.unlike(rules, policy.Subject{
		UserName: p.UserName, GivenName: p.GivenName, FamilyName: p.FamilyName,
		Attributes: map[string]string{"displayName": p.DisplayName, "userName": p.UserName, "email": p.PrimaryEmail()},
	})
}

// next is the new password of a user, chosen under the source's policy.
func (w *passwords) next(u User) (secret.Value, error) {
	p, found := w.people[u.Name]
	if !found {
		return secret.Value{}, fmt.Errorf("%s does not live here", u.Name)
	}
	return w.unlike(w.source, policy.Subject{
		UserName: p.UserName, GivenName: p.GivenName, FamilyName: p.FamilyName, Current: u.Password,
		Attributes: map[string]string{"displayName": p.DisplayName, "userName": p.UserName, "email": p.PrimaryEmail()},
	})
}

func (w *passwords) unlike(rules rulebook.Book, subject policy.Subject) (secret.Value, error) {
	for range passwordTries {
		text, err := policy.Generate(w.stream, rules.Of(subject), subject)
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
