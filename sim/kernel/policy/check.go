package policy

import (
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// shortestName is the length from which a name, or another of the user's values, must not occur in the password: Oracle
// ignores values of three characters or fewer.
const shortestName = 4

// Check returns every broken rule, each once, in the order of Policy's fields; nil when the candidate passes.
func (p Policy) Check(candidate secret.Value, s Subject) []Violation {
	text := candidate.Reveal()
	t := p.tally(text, s.Current.Reveal())
	var c findings

	c.atLeast(RuleMinLength, p.MinLength, t.length)
	c.atMost(RuleMaxLength, p.MaxLength, t.length)
	c.atLeast(RuleMinAlphas, p.MinAlphas, t.letters)
	c.atLeast(RuleMinNumerals, p.MinNumerals, t.numerals)
	c.atLeast(RuleMinAlphaNumerals, p.MinAlphaNumerals, t.letters+t.numerals)
	c.atLeast(RuleMinSpecialChars, p.MinSpecialChars, t.specials)
	c.atMost(RuleMaxSpecialChars, p.MaxSpecialChars, t.specials)
	c.atLeast(RuleMinLowerCase, p.MinLowerCase, t.lower)
	c.atLeast(RuleMinUpperCase, p.MinUpperCase, t.upper)
	c.atLeast(RuleMinUniqueChars, p.MinUniqueChars, t.unique)
	c.atMost(RuleMaxRepeatedChars, p.MaxRepeatedChars, t.run)
	if !s.Current.Empty() {
		c.atLeast(RuleDistinctCharacters, p.DistinctCharacters, t.fresh)
	}
	if p.NumPasswordsInHistory > 0 && s.Reused != nil && s.Reused(candidate, p.NumPasswordsInHistory) {
		c.add(RuleNumPasswordsInHistory, p.NumPasswordsInHistory, "")
	}
	p.checkCharacters(&c, text)
	p.checkWords(&c, text, s)
	if !s.Now.IsZero() && !s.ChangedAt.IsZero() && s.Now.Before(s.ChangedAt.Add(time.Duration(p.MinPasswordAge)*time.Hour)) {
		c.add(RuleMinPasswordAge, p.MinPasswordAge, "")
	}
	if p.MinCharacterSets > 0 && p.setsIn(text) < p.MinCharacterSets {
		c.add(RuleMinCharacterSets, p.MinCharacterSets, strings.Join(p.CharacterSets, " "))
	}
	return c.list
}

// checkCharacters asks which characters there are, not how many.
func (p Policy) checkCharacters(c *findings, text string) {
	if p.StartsWithAlphabet && !startsWithLetter(text) {
		c.add(RuleStartsWithAlphabet, 0, "")
	}
	for _, r := range p.RequiredChars {
		if !strings.ContainsRune(text, r) {
			c.add(RuleRequiredChars, 0, p.RequiredChars)
			break
		}
	}
	if p.AllowedChars != "" && strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune(p.AllowedChars, r) }) {
		c.add(RuleAllowedChars, 0, p.AllowedChars)
	}
	if strings.ContainsAny(text, p.DisallowedChars) {
		c.add(RuleDisallowedChars, 0, p.DisallowedChars)
	}
}

// checkWords looks for whole words, which may not occur in any case.
func (p Policy) checkWords(c *findings, text string, s Subject) {
	if !p.looksForWords() {
		return
	}
	folded := strings.ToLower(text)
	contains := func(word string) bool { return strings.Contains(folded, strings.ToLower(word)) }

	for _, word := range p.DisallowedSubstrings {
		if contains(word) {
			c.add(RuleDisallowedSubstrings, 0, word)
			break
		}
	}
	if p.FirstNameDisallowed && longEnough(s.GivenName) && contains(s.GivenName) {
		c.add(RuleFirstNameDisallowed, 0, "")
	}
	if p.LastNameDisallowed && longEnough(s.FamilyName) && contains(s.FamilyName) {
		c.add(RuleLastNameDisallowed, 0, "")
	}
	if p.UserNameDisallowed && longEnough(s.UserName) && contains(s.UserName) {
		c.add(RuleUserNameDisallowed, 0, "")
	}
	for _, name := range p.DisallowedUserAttributeValues {
		if value := s.attribute(name); longEnough(value) && contains(value) {
			c.add(RuleDisallowedUserAttributeValues, 0, name)
			break
		}
	}
	if p.DictionaryWordDisallowed {
		for _, word := range p.Dictionary {
			if strings.EqualFold(text, word) {
				c.add(RuleDictionaryWordDisallowed, 0, "")
				break
			}
		}
	}
}

func (p Policy) looksForWords() bool {
	return len(p.DisallowedSubstrings) > 0 || p.FirstNameDisallowed || p.LastNameDisallowed || p.UserNameDisallowed ||
		len(p.DisallowedUserAttributeValues) > 0 || p.DictionaryWordDisallowed
}

// attribute finds one of the user's values, the three named ones included.
func (s Subject) attribute(name string) string {
	if value, found := s.Attributes[name]; found {
		return value
	}
	for key, value := range s.Attributes {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	switch {
	case strings.EqualFold(name, "userName"):
		return s.UserName
	case strings.EqualFold(name, "name.givenName"), strings.EqualFold(name, "givenName"):
		return s.GivenName
	case strings.EqualFold(name, "name.familyName"), strings.EqualFold(name, "familyName"):
		return s.FamilyName
	}
	return ""
}

func longEnough(value string) bool {
	return len(value) >= shortestName && len([]rune(value)) >= shortestName
}

// findings collects violations.
type findings struct{ list []Violation }

func (c *findings) add(rule Rule, limit int, value string) {
	c.list = append(c.list, Violation{Rule: rule, Limit: limit, Value: value})
}

func (c *findings) atLeast(rule Rule, limit, got int) {
	if limit > 0 && got < limit {
		c.add(rule, limit, "")
	}
}

func (c *findings) atMost(rule Rule, limit, got int) {
	if limit > 0 && got > limit {
		c.add(rule, limit, "")
	}
}
