package okta

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// longestPassword is Okta's limit of password.value (Okta, Users API); its error is unverified, so it is that of the rules.
const longestPassword = 72

// longestHistory is as far as the kernel remembers.
const longestHistory = 24

// PasswordSettings is what a password policy demands, in the form of Okta's Policy API.
type PasswordSettings struct {
	Complexity Complexity `json:"complexity"`
	Age        Age        `json:"age"`
	Lockout    Lockout    `json:"lockout"`
}

// Complexity is what a password must look like. The rules for kinds of characters are on (1) or off (0).
type Complexity struct {
	MinLength    int `json:"minLength"`
	MinLowerCase int `json:"minLowerCase"`
	MinUpperCase int `json:"minUpperCase"`
	MinNumber    int `json:"minNumber"`
	MinSymbol    int `json:"minSymbol"`
	// ExcludeUsername forbids parts of the login that have four characters or more.
	ExcludeUsername bool `json:"excludeUsername"`
	// ExcludeAttributes are firstName and lastName, or one of them.
	ExcludeAttributes []string   `json:"excludeAttributes"`
	Dictionary        Dictionary `json:"dictionary"`
}

// Dictionary forbids commonly used passwords.
type Dictionary struct {
	Common struct {
		Exclude bool `json:"exclude"`
	} `json:"common"`
}

// Age is how long passwords last, at least and at most, and how many are remembered.
type Age struct {
	MaxAgeDays     int `json:"maxAgeDays"`     // 0 never expires
	ExpireWarnDays int `json:"expireWarnDays"` // shown only
	MinAgeMinutes  int `json:"minAgeMinutes"`
	HistoryCount   int `json:"historyCount"` // 0 to 24
}

// Lockout is what failed sign-ins lead to.
type Lockout struct {
	MaxAttempts         int  `json:"maxAttempts"`       // 0 never locks
	AutoUnlockMinutes   int  `json:"autoUnlockMinutes"` // 0 leaves it to an administrator
	ShowLockoutFailures bool `json:"showLockoutFailures"`
	// Channels tell users that they are locked: shown only.
	Channels []string `json:"userLockoutNotificationChannels"`
}

// DefaultSettings are those recorded of the default policies of two orgs.
func DefaultSettings() PasswordSettings {
	return PasswordSettings{
		Complexity: Complexity{
			MinLength: 8, MinLowerCase: 1, MinUpperCase: 1, MinNumber: 1, ExcludeUsername: true, ExcludeAttributes: []string{},
		},
		Age:     Age{HistoryCount: 4},
		Lockout: Lockout{MaxAttempts: 10},
	}
}

func (t PasswordSettings) validate(at string) error {
	var mistakes []error
	within := func(name string, value, most int) {
		if value < 0 || value > most {
			mistakes = append(mistakes, fmt.Errorf("%w: %s.%s: %d is not within 0 to %d", ErrInvalid, at, name, value, most))
		}
	}
	within("complexity.minLength", t.Complexity.MinLength, longestPassword)
	within("complexity.minLowerCase", t.Complexity.MinLowerCase, 1)
	within("complexity.minUpperCase", t.Complexity.MinUpperCase, 1)
	within("complexity.minNumber", t.Complexity.MinNumber, 1)
	within("complexity.minSymbol", t.Complexity.MinSymbol, 1)
	for _, name := range t.Complexity.ExcludeAttributes {
		if name != "firstName" && name != "lastName" {
			mistakes = append(mistakes, fmt.Errorf("%w: %s.complexity.excludeAttributes: %q is neither firstName nor lastName", ErrInvalid, at, name))
		}
	}
	within("age.maxAgeDays", t.Age.MaxAgeDays, 999)
	within("age.expireWarnDays", t.Age.ExpireWarnDays, 999)
	within("age.minAgeMinutes", t.Age.MinAgeMinutes, 525_600)
	within("age.historyCount", t.Age.HistoryCount, longestHistory)
	within("lockout.maxAttempts", t.Lockout.MaxAttempts, 100)
	within("lockout.autoUnlockMinutes", t.Lockout.AutoUnlockMinutes, 525_600)
	return errors.Join(mistakes...)
}

// subject is the user whose password is judged.
type subject struct {
	login, firstName, lastName string
}

func subjectOf(m profile) subject { return subject{m["login"], m["firstName"], m["lastName"]} }

// Rules is what the complexity asks of the passwords of one login, in the kernel's terms: what it generates is accepted, what it
// breaks is refused. History and age are matters of the door.
func (t *Complexity) Rules(login string) policy.Policy {
	rules := policy.Policy{
		MinLength: t.MinLength, MaxLength: longestPassword, MinLowerCase: t.MinLowerCase, MinUpperCase: t.MinUpperCase,
		MinNumerals: t.MinNumber, MinSpecialChars: t.MinSymbol,
		FirstNameDisallowed: slices.Contains(t.ExcludeAttributes, "firstName"),
		LastNameDisallowed:  slices.Contains(t.ExcludeAttributes, "lastName"),
	}
	if t.ExcludeUsername {
		rules.DisallowedSubstrings = usernameParts(login)
	}
	if t.Dictionary.Common.Exclude {
		rules.DictionaryWordDisallowed, rules.Dictionary = true, common
	}
	return rules
}

// check tells whether a candidate has the complexity, and is none of the common passwords.
func (t *Complexity) check(candidate secret.Value, who subject) (meets, uncommon bool) {
	broken := t.Rules(who.login).Check(candidate, policy.Subject{UserName: who.login, GivenName: who.firstName, FamilyName: who.lastName})
	common := func(v policy.Violation) bool { return v.Rule == policy.RuleDictionaryWordDisallowed }
	uncommon = !slices.ContainsFunc(broken, common)
	return len(slices.DeleteFunc(broken, common)) == 0, uncommon
}

// usernameParts are the parts of a login that must not be in a password: those between , . _ # @ and - that have at least four
// characters, without the top-level domain (Okta, Users API, "isaac.brock@example.com").
func usernameParts(login string) []string {
	if at := strings.LastIndexByte(login, '@'); at >= 0 {
		if dot := strings.LastIndexByte(login, '.'); dot > at {
			login = login[:dot]
		}
	}
	parts := strings.FieldsFunc(login, func(r rune) bool { return strings.ContainsRune(",._#@-", r) })
	return slices.DeleteFunc(parts, func(part string) bool { return utf8.RuneCountInString(part) < 4 })
}

// common are the passwords of the dictionary. Okta does not publish its own.
var common = []string{
	"password", "password1", "password12", "password123", "passw0rd", "passw0rd1", "p@ssw0rd", "p@ssword1", "welcome1", "welcome123",
	"letmein1", "qwerty123", "qwertyuiop", "qwerty12345", "iloveyou1", "abc12345", "abcd1234", "12345678", "123456789", "1234567890",
	"changeme1", "changeme123", "football1", "baseball1", "sunshine1", "princess1", "monkey123", "dragon123", "trustno1", "summer2026",
	"winter2026", "spring2026", "autumn2026", "admin123", "administrator1", "superman1", "master123", "whatever1", "starwars1",
}

// demands are the rules that a door asks for beside complexity.
type demands struct {
	history bool
	// current refuses the present password in words of its own, also where the history is off.
	current bool
	minAge  bool
}

const tooCommon = "This password was found in a list of commonly used passwords. Please try another password."

// judge returns what is wrong with a candidate, in Okta's words; "" when nothing is.
func (t *PasswordSettings) judge(w *passwordWrite, c *people.Credential, who subject, now time.Time) string {
	meets, uncommon := t.Complexity.check(w.value, who)
	switch {
	case !meets:
		return t.requirements()
	case !uncommon:
		return tooCommon
	}
	young := t.Age.MinAgeMinutes > 0 && c.HasPassword() && now.Before(c.SetAt.Add(time.Duration(t.Age.MinAgeMinutes)*time.Minute))
	switch {
	case w.demands.minAge && young:
		// The same sentence, which names the age too. Whether Okta says this or something else is unverified.
		return t.requirements()
	case w.demands.current && c.HasPassword() && c.Digest == w.digest:
		return "Password cannot be your current password"
	case w.demands.history && c.Reused(w.digest, t.Age.HistoryCount):
		return "Password has been used too recently"
	}
	return ""
}

// expires tells whether a password is too old to sign in with. Nobody looks between sign-ins.
func (t *PasswordSettings) expires(c *people.Credential, now time.Time) bool {
	return t.Age.MaxAgeDays > 0 && c.HasPassword() && !now.Before(c.SetAt.AddDate(0, 0, t.Age.MaxAgeDays))
}
