package policy

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	longestPassword = 500 // what Oracle's console takes
	longestHistory  = 24  // what the simulators keep
)

// Validate finds settings that are impossible or that no password could meet together, all at once, each with its path.
// It knows the usual contradictions, not every one: a policy that passes may still be too tight for Generate.
func (p Policy) Validate() error {
	var v mistakes
	p.validateRanges(&v)
	p.validateLists(&v)
	if len(v) == 0 { // contradictions between settings that are themselves nonsense only confuse
		p.validateLength(&v)
		p.validateCharacters(&v)
	}
	return errors.Join(v...)
}

type mistakes []error

func (v *mistakes) addf(rule Rule, format string, args ...any) {
	*v = append(*v, fmt.Errorf("policy.%s: %s", rule, fmt.Sprintf(format, args...)))
}

func (p Policy) validateRanges(v *mistakes) {
	for _, limit := range []struct {
		name        Rule
		value, most int
		why         string
	}{
		{RuleMinLength, p.MinLength, longestPassword, "the most that Oracle takes"},
		{RuleMaxLength, p.MaxLength, longestPassword, "the most that Oracle takes"},
		{RuleMinAlphas, p.MinAlphas, longestPassword, "the longest password"},
		{RuleMinNumerals, p.MinNumerals, longestPassword, "the longest password"},
		{RuleMinAlphaNumerals, p.MinAlphaNumerals, longestPassword, "the longest password"},
		{RuleMinSpecialChars, p.MinSpecialChars, longestPassword, "the longest password"},
		{RuleMaxSpecialChars, p.MaxSpecialChars, longestPassword, "the longest password"},
		{RuleMinLowerCase, p.MinLowerCase, longestPassword, "the longest password"},
		{RuleMinUpperCase, p.MinUpperCase, longestPassword, "the longest password"},
		{RuleMinUniqueChars, p.MinUniqueChars, longestPassword, "the longest password"},
		{RuleMaxRepeatedChars, p.MaxRepeatedChars, longestPassword, "the longest password"},
		{RuleDistinctCharacters, p.DistinctCharacters, longestPassword, "the longest password"},
		{RuleNumPasswordsInHistory, p.NumPasswordsInHistory, longestHistory, "the longest history that is kept"},
		{RuleMinPasswordAge, p.MinPasswordAge, 10 * 365 * 24, "ten years of hours"},
		{"passwordExpiresAfter", p.PasswordExpiresAfter, 100 * 365, "a hundred years of days"},
		{"maxIncorrectAttempts", p.MaxIncorrectAttempts, 1000, "more attempts than a lock-out can mean"},
		{"lockoutDuration", p.LockoutDuration, 1440, "a day of minutes, the most that Oracle takes"},
		{RuleMinCharacterSets, p.MinCharacterSets, len(p.CharacterSets), "the number of characterSets"},
	} {
		switch {
		case limit.value < 0:
			v.addf(limit.name, "%d is below 0 (0 or absent means no restriction)", limit.value)
		case limit.value > limit.most:
			v.addf(limit.name, "%d is above %d, %s", limit.value, limit.most, limit.why)
		}
	}
	if p.LockoutDuration > 0 && p.LockoutDuration < 5 {
		v.addf("lockoutDuration", "%d is below 5 minutes, the least that Oracle takes", p.LockoutDuration)
	}
}

func (p Policy) validateLists(v *mistakes) {
	for i, word := range p.DisallowedSubstrings {
		if word == "" {
			v.addf(RuleDisallowedSubstrings, "entry %d is empty and would refuse every password", i+1)
		}
	}
	for i, name := range p.DisallowedUserAttributeValues {
		if name == "" {
			v.addf(RuleDisallowedUserAttributeValues, "entry %d names no attribute", i+1)
		}
	}
	if p.DictionaryWordDisallowed && len(p.Dictionary) == 0 {
		v.addf(RuleDictionaryWordDisallowed, "there are no words in policy.dictionary, so nothing would be refused")
	}
	names := map[string]bool{}
	for i, set := range p.CharacterSets {
		name, characters, found := strings.Cut(set, ":")
		switch {
		case !found || name == "" || characters == "":
			v.addf("characterSets", `entry %d: %q is not "name:characters"`, i+1, set)
		case names[name]:
			v.addf("characterSets", "entry %d: %q is named twice", i+1, name)
		}
		names[name] = true
	}
	if len(p.CharacterSets) > 0 && p.MinCharacterSets == 0 {
		v.addf(RuleMinCharacterSets, "0 of %d characterSets are required, so they would not be checked", len(p.CharacterSets))
	}
}

// validateLength asks whether what must be in fits into what may be.
func (p Policy) validateLength(v *mistakes) {
	if p.MaxSpecialChars > 0 && p.MinSpecialChars > p.MaxSpecialChars {
		v.addf(RuleMinSpecialChars, "%d is above maxSpecialChars %d", p.MinSpecialChars, p.MaxSpecialChars)
	}
	if p.MaxLength == 0 {
		return
	}
	if p.MinLength > p.MaxLength {
		v.addf(RuleMinLength, "%d is above maxLength %d", p.MinLength, p.MaxLength)
	}
	letters := max(p.MinAlphas, p.MinLowerCase+p.MinUpperCase)
	needed := max(p.MinAlphaNumerals, letters+p.MinNumerals) + p.MinSpecialChars
	if needed > p.MaxLength {
		v.addf(RuleMaxLength, "%d is too short: the minimums for kinds of characters add up to %d", p.MaxLength, needed)
	}
	if p.MinUniqueChars > p.MaxLength {
		v.addf(RuleMinUniqueChars, "%d is above maxLength %d", p.MinUniqueChars, p.MaxLength)
	}
	if p.DistinctCharacters > p.MaxLength {
		v.addf(RuleDistinctCharacters, "%d is above maxLength %d", p.DistinctCharacters, p.MaxLength)
	}
	if n := len(uniqueRunes(p.RequiredChars)); n > p.MaxLength {
		v.addf(RuleRequiredChars, "%d characters do not fit into maxLength %d", n, p.MaxLength)
	}
}

// validateCharacters asks whether the characters that must occur may occur.
func (p Policy) validateCharacters(v *mistakes) {
	for _, r := range uniqueRunes(p.RequiredChars) {
		if p.AllowedChars != "" && !strings.ContainsRune(p.AllowedChars, r) {
			v.addf(RuleRequiredChars, "%q is not among allowedChars", r)
		}
		if strings.ContainsRune(p.DisallowedChars, r) {
			v.addf(RuleRequiredChars, "%q is among disallowedChars", r)
		}
	}
	specials := 0
	for _, r := range uniqueRunes(p.RequiredChars) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			specials++
		}
	}
	if p.MaxSpecialChars > 0 && specials > p.MaxSpecialChars {
		v.addf(RuleRequiredChars, "%d special characters are required, above maxSpecialChars %d", specials, p.MaxSpecialChars)
	}
	if p.AllowedChars == "" {
		return
	}
	var t tally
	usable := strings.Map(func(r rune) rune {
		if strings.ContainsRune(p.DisallowedChars, r) {
			return -1
		}
		return r
	}, p.AllowedChars)
	usable = string(uniqueRunes(usable))
	t = p.tally(usable, "")
	if t.length == 0 {
		v.addf(RuleAllowedChars, "all of them are among disallowedChars")
		return
	}
	for _, need := range []struct {
		rule      Rule
		set       bool
		available int
		kind      string
	}{
		{RuleMinAlphas, p.MinAlphas > 0, t.letters, "letter"},
		{RuleMinNumerals, p.MinNumerals > 0, t.numerals, "digit"},
		{RuleMinAlphaNumerals, p.MinAlphaNumerals > 0, t.letters + t.numerals, "letter or digit"},
		{RuleMinSpecialChars, p.MinSpecialChars > 0, t.specials, "special character"},
		{RuleMinLowerCase, p.MinLowerCase > 0, t.lower, "lower-case letter"},
		{RuleMinUpperCase, p.MinUpperCase > 0, t.upper, "upper-case letter"},
		{RuleStartsWithAlphabet, p.StartsWithAlphabet, t.letters, "letter"},
	} {
		if need.set && need.available == 0 {
			v.addf(need.rule, "allowedChars leave no %s", need.kind)
		}
	}
	if p.MinUniqueChars > t.length {
		v.addf(RuleMinUniqueChars, "%d is above the %d characters that allowedChars leave", p.MinUniqueChars, t.length)
	}
	if p.DistinctCharacters > t.length {
		v.addf(RuleDistinctCharacters, "%d is above the %d characters that allowedChars leave", p.DistinctCharacters, t.length)
	}
	if p.MaxSpecialChars > 0 && t.letters+t.numerals == 0 && p.MinLength > p.MaxSpecialChars {
		v.addf(RuleMaxSpecialChars, "allowedChars leave only special characters, and minLength %d is above %d", p.MinLength, p.MaxSpecialChars)
	}
	if n := p.setsIn(usable); p.MinCharacterSets > n {
		v.addf(RuleMinCharacterSets, "allowedChars leave only %d of the sets reachable, below %d", n, p.MinCharacterSets)
	}
}

// uniqueRunes returns the different characters of text, in order.
func uniqueRunes(text string) []rune {
	var seen runeSet
	unique := make([]rune, 0, utf8.RuneCountInString(text))
	for _, r := range text {
		if seen.add(r) {
			unique = append(unique, r)
		}
	}
	return unique
}
