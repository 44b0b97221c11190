package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/population"
)

// person is a user of the run, as the source knows him.
type person struct {
	people.Person
	newcomer bool // only the source has him
	initial  secret.Value
	known    []secret.Value // the passwords that the target could accept so far, oldest first, the initial one included

	blocked   bool          // cannot take a password at the target now: federated, deactivated or removed
	elsewhere bool          // at an org: the provider of the credentials is another one, so the password is not the org's
	stored    secret.Value  // the password at the directory, when it was changed there
	sent      chan struct{} // closed when the latest change was answered
}

// reachable tells whether the target could take a password for this user now.
func (p *person) reachable() bool { return !p.blocked && !p.elsewhere }

func (p *person) current() secret.Value {
	if len(p.known) == 0 {
		return secret.Value{}
	}
	return p.known[len(p.known)-1]
}

func (p *person) subject() policy.Subject {
	return policy.Subject{
		UserName: p.UserName, GivenName: p.GivenName, FamilyName: p.FamilyName, Current: p.current(),
		Attributes: map[string]string{"displayName": p.DisplayName, "userName": p.UserName, "email": p.PrimaryEmail()},
		Reused: func(candidate secret.Value, last int) bool {
			return slices.ContainsFunc(p.known[max(len(p.known)-last, 0):], candidate.Equal)
		},
	}
}

// attributes are what the source sends along with a password.
func (p *person) attributes() map[string]string {
	return map[string]string{"givenName": p.GivenName, "sn": p.FamilyName, "mail": p.PrimaryEmail()}
}

// cast makes everybody of a scenario: the generated users, the named ones, the newcomers.
func cast(s Scenario, seed random.Seed) (residents, newcomers []*person) {
	place := s.target().place()
	generated := place.Users + s.Given.Source.Newcomers
	everybody := population.Generate(seed, generated)
	if s.Given.Okta != nil {
		everybody = population.AddressedLogins(everybody)
	}
	for p := range everybody {
		if len(residents) < place.Users {
			residents = append(residents, &person{Person: p})
		} else {
			newcomers = append(newcomers, &person{Person: p, newcomer: true})
		}
	}
	for _, p := range place.People {
		residents = append(residents, &person{Person: named(p)})
	}
	return residents, newcomers
}

func named(p Person) people.Person {
	given, family, email := p.GivenName, p.FamilyName, p.Email
	if given == "" {
		given = "Given"
	}
	if family == "" {
		family = "Family"
	}
	if email == "" {
		email = fmt.Sprintf("%s@example.com", strings.ToLower(family))
	}
	return people.Person{
		UserName: p.UserName, GivenName: given, FamilyName: family, DisplayName: given + " " + family, Active: true,
		Emails: []people.Email{{Value: email, Type: "work", Primary: true}},
	}
}

func input(p *person) control.UserInput {
	return control.UserInput{
		UserName: p.UserName, GivenName: p.GivenName, FamilyName: p.FamilyName, DisplayName: p.DisplayName,
		Email: p.PrimaryEmail(), Password: p.initial,
	}
}

// pick returns the users that a step or an expectation is about. The linter has seen to it that they exist.
func (r *run) pick(u Users) []*person {
	switch {
	case u.Newcomers:
		return r.newcomers
	case u.All():
		return r.residents
	}
	var picked []*person
	add := func(p *person) {
		if !slices.Contains(picked, p) {
			picked = append(picked, p)
		}
	}
	for _, span := range u.Ranges {
		to := span.To
		if to == 0 {
			to = len(r.residents)
		}
		for _, p := range r.residents[min(span.From-1, len(r.residents)):min(to, len(r.residents))] {
			add(p)
		}
	}
	for _, p := range r.residents {
		if slices.Contains(u.Names, p.UserName) {
			add(p)
		}
	}
	return picked
}

func userNames(list []*person) []string {
	names := make([]string, 0, len(list))
	for _, p := range list {
		names = append(names, p.UserName)
	}
	return names
}
