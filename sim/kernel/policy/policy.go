package policy

import (
	"time"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Policy is a password policy. The zero value of a field means no restriction. Characters are counted as runes; letters,
// digits and case are Unicode's.
type Policy struct {
	MinLength int `json:"minLength,omitempty"`
	MaxLength int `json:"maxLength,omitempty"` // at most 500, as in Oracle's console

	MinAlphas        int `json:"minAlphas,omitempty"`
	MinNumerals      int `json:"minNumerals,omitempty"`
	MinAlphaNumerals int `json:"minAlphaNumerals,omitempty"`
	MinSpecialChars  int `json:"minSpecialChars,omitempty"`
	MaxSpecialChars  int `json:"maxSpecialChars,omitempty"`
	MinLowerCase     int `json:"minLowerCase,omitempty"`
	MinUpperCase     int `json:"minUpperCase,omitempty"`
	MinUniqueChars   int `json:"minUniqueChars,omitempty"`   // different characters
	MaxRepeatedChars int `json:"maxRepeatedChars,omitempty"` // longest run of one character

	// DistinctCharacters is how many different characters must not occur in the current password.
	DistinctCharacters int `json:"distinctCharacters,omitempty"`
	// NumPasswordsInHistory is how many latest passwords, the current one included, must not come back.
	NumPasswordsInHistory int `json:"numPasswordsInHistory,omitempty"`

	StartsWithAlphabet   bool     `json:"startsWithAlphabet,omitempty"`
	RequiredChars        string   `json:"requiredChars,omitempty"` // each of them must occur
	AllowedChars         string   `json:"allowedChars,omitempty"`  // no others may occur
	DisallowedChars      string   `json:"disallowedChars,omitempty"`
	DisallowedSubstrings []string `json:"disallowedSubstrings,omitempty"` // in any case

	FirstNameDisallowed bool `json:"firstNameDisallowed,omitempty"`
	LastNameDisallowed  bool `json:"lastNameDisallowed,omitempty"`
	UserNameDisallowed  bool `json:"userNameDisallowed,omitempty"`
	// DisallowedUserAttributeValues names the user's attributes whose values must not occur; like the three above it
	// skips values of three characters or fewer.
	DisallowedUserAttributeValues []string `json:"disallowedUserAttributeValues,omitempty"`

	// DictionaryWordDisallowed refuses a password that is, in any case, a word of Dictionary. Oracle keeps the words in a
	// file of its own (dictionaryLocation); here they are part of the policy.
	DictionaryWordDisallowed bool     `json:"dictionaryWordDisallowed,omitempty"`
	Dictionary               []string `json:"dictionary,omitempty"`

	// MinPasswordAge is in hours; Oracle does not state its unit. It holds for the user's own changes: Check applies it
	// only when the subject says what time it is.
	MinPasswordAge       int `json:"minPasswordAge,omitempty"`
	PasswordExpiresAfter int `json:"passwordExpiresAfter,omitempty"` // days; 0 never
	MaxIncorrectAttempts int `json:"maxIncorrectAttempts,omitempty"` // 0 never locks
	LockoutDuration      int `json:"lockoutDuration,omitempty"`      // minutes, 5 to 1440; 0 until an administrator unlocks

	// CharacterSets are named sets in IDM's form, "special-characters:!@#$%^&*" or, with ranges, "uppercase:A-Z".
	CharacterSets []string `json:"characterSets,omitempty"`
	// MinCharacterSets is how many of CharacterSets must be represented.
	MinCharacterSets int `json:"minCharacterSets,omitempty"`
}

// Rule names what can be broken: the JSON name of the attribute.
type Rule string

// The rules, in the order in which Check reports them.
const (
	RuleMinLength                     Rule = "minLength"
	RuleMaxLength                     Rule = "maxLength"
	RuleMinAlphas                     Rule = "minAlphas"
	RuleMinNumerals                   Rule = "minNumerals"
	RuleMinAlphaNumerals              Rule = "minAlphaNumerals"
	RuleMinSpecialChars               Rule = "minSpecialChars"
	RuleMaxSpecialChars               Rule = "maxSpecialChars"
	RuleMinLowerCase                  Rule = "minLowerCase"
	RuleMinUpperCase                  Rule = "minUpperCase"
	RuleMinUniqueChars                Rule = "minUniqueChars"
	RuleMaxRepeatedChars              Rule = "maxRepeatedChars"
	RuleDistinctCharacters            Rule = "distinctCharacters"
	RuleNumPasswordsInHistory         Rule = "numPasswordsInHistory"
	RuleStartsWithAlphabet            Rule = "startsWithAlphabet"
	RuleRequiredChars                 Rule = "requiredChars"
	RuleAllowedChars                  Rule = "allowedChars"
	RuleDisallowedChars               Rule = "disallowedChars"
	RuleDisallowedSubstrings          Rule = "disallowedSubstrings"
	RuleFirstNameDisallowed           Rule = "firstNameDisallowed"
	RuleLastNameDisallowed            Rule = "lastNameDisallowed"
	RuleUserNameDisallowed            Rule = "userNameDisallowed"
	RuleDisallowedUserAttributeValues Rule = "disallowedUserAttributeValues"
	RuleDictionaryWordDisallowed      Rule = "dictionaryWordDisallowed"
	RuleMinPasswordAge                Rule = "minPasswordAge"
	RuleMinCharacterSets              Rule = "minCharacterSets"
)

// Violation is one broken rule.
type Violation struct {
	Rule Rule
	// Limit is the number the policy sets; 0 for rules without one.
	Limit int
	// Value is what the policy forbids or demands: characters, a substring, the name of an attribute. It never quotes the
	// candidate or the user's data, so it can go into an error body.
	Value string
}

// Subject is the user whose password is to be changed, as far as a rule may look.
type Subject struct {
	UserName, GivenName, FamilyName string
	// Attributes are the other values by name, for DisallowedUserAttributeValues; names are found in any case.
	Attributes map[string]string
	// Current is the present password, for DistinctCharacters; empty when there is none.
	Current secret.Value
	// Reused tells whether the candidate is one of the last passwords; nil when there are none.
	Reused func(candidate secret.Value, last int) bool
	// ChangedAt and Now decide MinPasswordAge. Leave Now zero when an administrator makes the change.
	ChangedAt, Now time.Time
}

// Standard is the default of a domain, as observed on an IDCS tenancy in Oracle's public labs. The lock-out numbers are
// less sure: they come from a public compliance script.
func Standard() Policy {
	return Policy{
		MinLength: 12, MaxLength: 40,
		MinNumerals: 1, MinLowerCase: 1, MinUpperCase: 1,
		NumPasswordsInHistory: 4,
		FirstNameDisallowed:   true, LastNameDisallowed: true, UserNameDisallowed: true,
		MaxIncorrectAttempts: 5, LockoutDuration: 30,
	}
}

// Simple is the weaker of Oracle's two built-in policies. Oracle does not publish its numbers; these are the fall-back
// numbers of a public compliance script.
func Simple() Policy {
	return Policy{
		MinLength: 8, MaxLength: 40,
		MinNumerals: 1, MinLowerCase: 1, MinUpperCase: 1,
		NumPasswordsInHistory: 1,
		MaxIncorrectAttempts:  5, LockoutDuration: 30,
	}
}
