package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Break makes a password that breaks the rule and, where one is found, no other. It returns an error when the policy does
// not set the rule, when the subject gives nothing to break it with (a name of three letters), and for the rules that no
// new password breaks: numPasswordsInHistory, for which the caller sends an old password again, and minPasswordAge.
func Break(s *random.Stream, p Policy, subject Subject, rule Rule) (string, error) {
	subject = timeless(subject)
	spoil, err := flaw(p, subject, rule)
	if err != nil {
		return "", fmt.Errorf("policy: break %s: %w", rule, err)
	}
	best, fewest := "", 0
	for i := range attempts {
		rest, strict := p.without(rule).relaxed(i)
		if !strict && best != "" {
			break
		}
		text, ok := spoil(s, rest, i%2 == 1)
		if !ok || text == "" {
			continue
		}
		broken := p.Check(secret.New(text), subject)
		if !slices.ContainsFunc(broken, func(v Violation) bool { return v.Rule == rule }) {
			continue
		}
		if len(broken) == 1 {
			return text, nil
		}
		if best == "" || len(broken) < fewest {
			best, fewest = text, len(broken)
		}
	}
	if best == "" {
		return "", fmt.Errorf("policy: break %s: %w", rule, ErrUnsatisfiable)
	}
	return best, nil
}

// Breakable lists the rules that Break has something to break with for this subject.
func (p Policy) Breakable(subject Subject) []Rule {
	return slices.DeleteFunc(Rules(), func(rule Rule) bool {
		_, err := flaw(p, timeless(subject), rule)
		return err != nil
	})
}

// relaxed gives the other rules up when they stand in the way: at first none, then one at a time, at last all.
func (p Policy) relaxed(attempt int) (rest Policy, strict bool) {
	all := Rules()
	switch i := attempt - attempts/2; {
	case i < 0:
		return p, true
	case i < len(all):
		return p.without(all[i]), false
	default:
		return Policy{MinLength: p.MinLength, MaxLength: p.MaxLength}, false
	}
}

// spoiler makes a password with one flaw that keeps the rest of the rules.
type spoiler func(s *random.Stream, rest Policy, anxious bool) (string, bool)

var (
	errNotSet  = errors.New("the policy does not set this rule")
	errShort   = fmt.Errorf("the user has no such value of %d characters or more", shortestName)
	errEmpty   = errors.New("only the empty password breaks it")
	errNone    = errors.New("the policy leaves nothing to break it with")
	errHistory = errors.New("no new password breaks it: send an old one again")
	errAge     = errors.New("no password breaks it: it is a matter of time")
	errCurrent = errors.New("the user has no current password")
)

// flaw says how to break the rule.
func flaw(p Policy, subject Subject, rule Rule) (spoiler, error) {
	if !p.sets(rule) {
		return nil, errNotSet
	}
	// edited cooks the recipe of the other rules after a change.
	edited := func(edit func(r *recipe, s *random.Stream)) spoiler {
		return func(s *random.Stream, rest Policy, anxious bool) (string, bool) {
			r := newRecipe(rest, subject)
			edit(&r, s)
			return r.cook(s, anxious)
		}
	}
	tooFew := func(k kind, limit int) (spoiler, error) {
		if limit == 1 && k == unique {
			return nil, errEmpty
		}
		return edited(func(r *recipe, _ *random.Stream) { r.most[k] = limit - 1 }), nil
	}
	oneOf := func(none error, blocks ...string) (spoiler, error) {
		if len(blocks) == 0 {
			return nil, none
		}
		return edited(func(r *recipe, s *random.Stream) { r.block = []rune(blocks[s.IntN(len(blocks))]) }), nil
	}
	name := func(value string) (spoiler, error) {
		if !longEnough(value) {
			return nil, errShort
		}
		return oneOf(errShort, value)
	}

	switch rule {
	case RuleMinLength:
		if p.MinLength == 1 {
			return nil, errEmpty
		}
		return edited(func(r *recipe, _ *random.Stream) { r.shortest, r.longest = p.MinLength-1, p.MinLength-1 }), nil
	case RuleMaxLength:
		return edited(func(r *recipe, _ *random.Stream) { r.shortest, r.longest = max(p.MaxLength+1, r.shortest), 0 }), nil
	case RuleMinAlphas:
		return tooFew(letters, p.MinAlphas)
	case RuleMinNumerals:
		return tooFew(numerals, p.MinNumerals)
	case RuleMinAlphaNumerals:
		return tooFew(alphaNumerals, p.MinAlphaNumerals)
	case RuleMinSpecialChars:
		return tooFew(specials, p.MinSpecialChars)
	case RuleMaxSpecialChars:
		return edited(func(r *recipe, _ *random.Stream) { r.least[specials] = p.MaxSpecialChars + 1 }), nil
	case RuleMinLowerCase:
		return tooFew(lower, p.MinLowerCase)
	case RuleMinUpperCase:
		return tooFew(upper, p.MinUpperCase)
	case RuleMinUniqueChars:
		return tooFew(unique, p.MinUniqueChars)
	case RuleMaxRepeatedChars:
		return edited(func(r *recipe, s *random.Stream) {
			if c, found := pick(s, r.alphabet); found {
				r.block = slices.Repeat([]rune{c}, p.MaxRepeatedChars+1)
			}
		}), nil
	case RuleDistinctCharacters:
		if subject.Current.Empty() {
			return nil, errCurrent
		}
		return edited(func(r *recipe, _ *random.Stream) {
			r.most[fresh] = p.DistinctCharacters - 1
			r.admit([]rune(r.current), p)
		}), nil
	case RuleNumPasswordsInHistory:
		return nil, errHistory
	case RuleStartsWithAlphabet:
		return edited(func(r *recipe, _ *random.Stream) {
			r.least[nonLetters] = max(r.least[nonLetters], 1)
			r.startsWith = func(c rune) bool { return !unicode.IsLetter(c) }
		}), nil
	case RuleRequiredChars:
		return edited(func(r *recipe, s *random.Stream) { r.forget(s, uniqueRunes(p.RequiredChars)) }), nil
	case RuleAllowedChars:
		return oneOf(errNone, p.outsiders()...)
	case RuleDisallowedChars:
		return oneOf(errNone, strings.Split(p.DisallowedChars, "")...)
	case RuleDisallowedSubstrings:
		return oneOf(errNone, p.DisallowedSubstrings...)
	case RuleFirstNameDisallowed:
		return name(subject.GivenName)
	case RuleLastNameDisallowed:
		return name(subject.FamilyName)
	case RuleUserNameDisallowed:
		return name(subject.UserName)
	case RuleDisallowedUserAttributeValues:
		var values []string
		for _, attribute := range p.DisallowedUserAttributeValues {
			if value := subject.attribute(attribute); longEnough(value) {
				values = append(values, value)
			}
		}
		return oneOf(errShort, values...)
	case RuleDictionaryWordDisallowed:
		if len(p.Dictionary) == 0 {
			return nil, errNone
		}
		return func(s *random.Stream, _ Policy, _ bool) (string, bool) {
			return anyCase(s, p.Dictionary[s.IntN(len(p.Dictionary))]), true
		}, nil
	case RuleMinPasswordAge:
		return nil, errAge
	case RuleMinCharacterSets:
		return edited(func(r *recipe, _ *random.Stream) {
			r.sets, r.most[sets] = p.CharacterSets, p.MinCharacterSets-1
		}), nil
	default:
		return nil, errNotSet
	}
}

// admit adds characters to choose from, as far as the policy lets them be.
func (r *recipe) admit(characters []rune, p Policy) {
	for _, c := range characters {
		if !slices.Contains(r.alphabet, c) && !strings.ContainsRune(p.DisallowedChars, c) &&
			(p.AllowedChars == "" || strings.ContainsRune(p.AllowedChars, c)) {
			r.alphabet = append(r.alphabet, c)
		}
	}
}

// forget demands the required characters but one, which may not occur.
func (r *recipe) forget(s *random.Stream, wanted []rune) {
	missing := wanted[s.IntN(len(wanted))]
	isMissing := func(c rune) bool { return c == missing }
	r.required = slices.DeleteFunc(wanted, isMissing)
	r.least[required] = len(r.required)
	r.alphabet = slices.DeleteFunc(r.alphabet, isMissing)
}

// outsiders lists characters that AllowedChars leaves out, the ordinary ones if there are any.
func (p Policy) outsiders() []string {
	var outside []string
	for _, candidates := range []string{lowerCase, upperCase + digits, marks, "äéñøßλж€§"} {
		for _, c := range candidates {
			if !strings.ContainsRune(p.AllowedChars+p.DisallowedChars, c) {
				outside = append(outside, string(c))
			}
		}
		if len(outside) > 0 {
			break
		}
	}
	return outside
}

// anyCase writes some letters of the word in the other case.
func anyCase(s *random.Stream, word string) string {
	return strings.Map(func(c rune) rune {
		if s.IntN(3) > 0 {
			return c
		}
		if unicode.IsUpper(c) {
			return unicode.ToLower(c)
		}
		return unicode.ToUpper(c)
	}, word)
}
