package rulebook

import (
	"errors"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/policy"
)

// Oracles is a policy of an identity domain. The kernel speaks its language.
type Oracles struct{ policy.Policy }

// Vendor is IDCS.
func (Oracles) Vendor() string { return IDCS }

// Of is the policy itself: it asks the same of everybody.
func (o Oracles) Of(policy.Subject) policy.Policy { return o.Policy }

// Attributes have Oracle's names.
func (o Oracles) Attributes() any { return o.Policy }

// Rules have the names of the attributes.
func (o Oracles) Rules() []Rule {
	var all []Rule
	for _, r := range policy.Rules() {
		all = append(all, Rule{string(r), r})
	}
	return all
}

// Validate reports every mistake by its attribute.
func (o Oracles) Validate() error {
	if err := o.Policy.Validate(); err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), "policy.", ""))
	}
	return nil
}
