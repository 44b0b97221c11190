package okta

import (
	"fmt"
	"slices"
	"strings"
)

// requirements is the sentence of a refused password. It lists every rule of the policy, not only the broken ones, and the
// minimum age with them (Okta, Org2Org provisioning error, "requirements were not met"); who reads a minimum age there knows
// nothing about what was wrong. The order is that of captures in the tests of Okta's sign-in widget.
func (t *PasswordSettings) requirements() string {
	sentences := []string{"Password requirements were not met."}
	if rules := t.Complexity.rules(); len(rules) > 0 {
		sentences = append(sentences, "Password requirements: "+strings.Join(rules, ", ")+".")
	}
	if n := t.Age.HistoryCount; n > 0 {
		sentences = append(sentences, fmt.Sprintf("Your password cannot be any of your last %d passwords.", n))
	}
	if n := t.Age.MinAgeMinutes; n > 0 {
		sentences = append(sentences, "At least "+span(n)+" must have elapsed since you last changed your password.")
	}
	return strings.Join(sentences, " ")
}

// rules are the complexity in words.
func (t *Complexity) rules() []string {
	var rules []string
	add := func(on bool, text string) {
		if on {
			rules = append(rules, text)
		}
	}
	add(t.MinLength > 0, fmt.Sprintf("at least %d characters", t.MinLength))
	add(t.MinLowerCase > 0, "a lowercase letter")
	add(t.MinUpperCase > 0, "an uppercase letter")
	add(t.MinNumber > 0, "a number")
	add(t.MinSymbol > 0, "a symbol")
	add(t.ExcludeUsername, "no parts of your username")
	add(slices.Contains(t.ExcludeAttributes, "firstName"), "does not include your first name")
	add(slices.Contains(t.ExcludeAttributes, "lastName"), "does not include your last name")
	return rules
}

// span is a time in the largest unit that divides it: "1 day(s)", "2 hour(s)", "90 minute(s)".
func span(minutes int) string {
	const hour, day = 60, 24 * 60
	switch {
	case minutes%day == 0:
		return fmt.Sprintf("%d day(s)", minutes/day)
	case minutes%hour == 0:
		return fmt.Sprintf("%d hour(s)", minutes/hour)
	}
	return fmt.Sprintf("%d minute(s)", minutes)
}
