package rulebook

import (
	"errors"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/okta"
)

// Oktas is a policy of an org.
type Oktas struct {
	okta.PasswordSettings
	// Strict is whether the engine asks the org to apply minimum age and history (strict=true), which an administrator's write
	// passes over otherwise (Okta, Users API).
	Strict bool `json:"-"`
}

// Vendor is Okta.
func (Oktas) Vendor() string { return Okta }

// Attributes are those of Okta's Policy API.
func (o Oktas) Attributes() any { return o.PasswordSettings }

// Of is what it asks of one login: the parts of it that a password may not have differ.
func (o Oktas) Of(s policy.Subject) policy.Policy {
	p := o.Complexity.Rules(s.UserName)
	if o.Strict { // Then the present password is refused even where the history is off.
		p.NumPasswordsInHistory = max(o.Age.HistoryCount, 1)
	}
	return p
}

// Rules have the names of the attributes of complexity and age.
func (o Oktas) Rules() []Rule {
	attribute := policy.RuleLastNameDisallowed
	if slices.Contains(o.Complexity.ExcludeAttributes, "firstName") {
		attribute = policy.RuleFirstNameDisallowed
	}
	return []Rule{
		{"minLength", policy.RuleMinLength},
		{"maxLength", policy.RuleMaxLength}, // 72, for everybody
		{"minLowerCase", policy.RuleMinLowerCase},
		{"minUpperCase", policy.RuleMinUpperCase},
		{"minNumber", policy.RuleMinNumerals},
		{"minSymbol", policy.RuleMinSpecialChars},
		{"excludeUsername", policy.RuleDisallowedSubstrings},
		{"excludeAttributes", attribute},
		{"dictionary", policy.RuleDictionaryWordDisallowed},
		{"historyCount", policy.RuleNumPasswordsInHistory},
	}
}

// Validate reports every mistake by the path of its attribute.
func (o Oktas) Validate() error {
	c := okta.DefaultConfig()
	c.Policy = o.PasswordSettings
	if err := c.Validate(); err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), okta.ErrInvalid.Error()+": okta.policy.", ""))
	}
	return nil
}
