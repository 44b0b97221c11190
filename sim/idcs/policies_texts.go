package idcs

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/policy"
)

// policyDetail joins the texts of broken rules.
func (s *Server) policyDetail(broken []policy.Violation) string {
	list := make([]string, 0, len(broken)+1)
	if s.is(policyDetail, "sentence") {
		list = append(list, "The password does not meet the password policy.")
	}
	for _, v := range broken {
		list = append(list, RuleText(v))
		if s.is(policyDetail, "first") {
			break
		}
	}
	return strings.Join(list, " ")
}

// RuleText is Oracle's sentence for a broken rule, where a production client of the real service quotes it (lengths,
// numerals, case, names, history); the others are in its manner, and ours.
func RuleText(v policy.Violation) string {
	many := func(format, noun string) string {
		if v.Limit != 1 {
			noun += "s"
		}
		return fmt.Sprintf(format, v.Limit, noun)
	}
	switch v.Rule {
	case policy.RuleMinLength:
		return "The password must have at least " + strconv.Itoa(v.Limit) + " characters."
	case policy.RuleMaxLength:
		return "The password cannot exceed " + strconv.Itoa(v.Limit) + " characters."
	case policy.RuleMinNumerals:
		return many("The password must have at least %d numeric %s.", "character")
	case policy.RuleMinLowerCase:
		return many("The password must have at least %d lowercase %s.", "character")
	case policy.RuleMinUpperCase:
		return many("The password must have at least %d uppercase %s.", "character")
	case policy.RuleFirstNameDisallowed:
		return "The password cannot contain the first name of the user."
	case policy.RuleLastNameDisallowed:
		return "The password cannot contain the last name of the user."
	case policy.RuleUserNameDisallowed:
		return "The password cannot contain the username of the user."
	case policy.RuleNumPasswordsInHistory:
		return many("The password cannot repeat the most recent %d %s.", "password")
	case policy.RuleMinAlphas:
		return many("The password must have at least %d alphabetic %s.", "character")
	case policy.RuleMinAlphaNumerals:
		return many("The password must have at least %d alphanumeric %s.", "character")
	case policy.RuleMinSpecialChars:
		return many("The password must have at least %d special %s.", "character")
	case policy.RuleMaxSpecialChars:
		return many("The password cannot have more than %d special %s.", "character")
	case policy.RuleMinUniqueChars:
		return many("The password must have at least %d unique %s.", "character")
	case policy.RuleMaxRepeatedChars:
		return many("The password cannot repeat a character more than %d %s.", "time")
	case policy.RuleDistinctCharacters:
		return many("The password must have at least %d %s that the current one has not.", "character")
	case policy.RuleStartsWithAlphabet:
		return "The password must start with a letter."
	case policy.RuleRequiredChars:
		return "The password must contain the characters " + v.Value + "."
	case policy.RuleAllowedChars:
		return "The password can contain only the characters " + v.Value + "."
	case policy.RuleDisallowedChars:
		return "The password cannot contain the characters " + v.Value + "."
	case policy.RuleDisallowedSubstrings:
		return "The password cannot contain " + v.Value + "."
	case policy.RuleDisallowedUserAttributeValues:
		return "The password cannot contain the value of " + v.Value + " of the user."
	case policy.RuleDictionaryWordDisallowed:
		return "The password cannot be a dictionary word."
	case policy.RuleMinPasswordAge:
		return many("The password cannot be changed within %d %s of the last change.", "hour")
	case policy.RuleMinCharacterSets:
		return many("The password must have characters of at least %d character %s.", "set")
	}
	return "The password breaks the rule " + string(v.Rule) + "."
}

// configuredRules are the rules that a policy sets, in words that can be shown to whoever chooses a password.
func configuredRules(set map[string]any) []any {
	var list []any
	for _, rule := range policy.Rules() {
		v := policy.Violation{Rule: rule}
		switch value := set[string(rule)].(type) {
		case float64:
			v.Limit = int(value)
		case string:
			v.Value = value
		case []any:
			v.Value = strings.Join(stringsOf(value), ", ")
		case bool:
		default:
			continue
		}
		list = append(list, map[string]any{"key": string(rule), "value": RuleText(v)})
	}
	return list
}
