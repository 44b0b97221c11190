package rulebook

import (
	"slices"

	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// The vendors, by the names of their simulators.
const (
	IDCS = "idcs"
	Okta = "okta"
)

// Book is a password policy in one vendor's words. For each user it comes down to a policy of the kernel's.
type Book interface {
	// Vendor is the target that has such policies.
	Vendor() string
	// Of is what it asks of one user's passwords.
	Of(s policy.Subject) policy.Policy
	// Rules names what a password can break.
	Rules() []Rule
	// Validate reports every mistake by the path of its attribute.
	Validate() error
	// Attributes are what crosses the control plane.
	Attributes() any
}

// Rule is something that a password can break.
type Rule struct {
	Name   string // the vendor's
	Kernel policy.Rule
}

// Kernel is what a rule of the vendor's is to the kernel, "" when there is none of that name.
func Kernel(b Book, name string) policy.Rule {
	for _, r := range b.Rules() {
		if r.Name == name {
			return r.Kernel
		}
	}
	return ""
}

// Breakable lists the rules by which a new password can break the policy, given a user with a name of every kind.
func Breakable(b Book) []string {
	everyone := policy.Subject{
		UserName: "somebody@example.com", GivenName: "Somebody", FamilyName: "Somebody", Current: secret.New("Something-else-1"),
		Attributes: map[string]string{},
	}
	p := b.Of(everyone)
	for _, name := range p.DisallowedUserAttributeValues {
		everyone.Attributes[name] = "something"
	}
	can := p.Breakable(everyone)
	var names []string
	for _, r := range b.Rules() {
		if slices.Contains(can, r.Kernel) {
			names = append(names, r.Name)
		}
	}
	return names
}
