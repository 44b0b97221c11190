package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

var barbara = policy.Subject{
	UserName: "bjensen", GivenName: "Barbara", FamilyName: "O’Neill-Müller",
	Attributes: map[string]string{"employeeNumber": "701984", "title": "VP"},
	Current:    secret.New("Sümmer2025holiday"),
}

// everything turns every rule on.
func everything() policy.Policy {
	return policy.Policy{
		MinLength: 13, MaxLength: 24,
		MinAlphas: 5, MinNumerals: 2, MinAlphaNumerals: 8, MinSpecialChars: 2, MaxSpecialChars: 6, MinLowerCase: 2, MinUpperCase: 2,
		MinUniqueChars: 7, MaxRepeatedChars: 2, DistinctCharacters: 3, NumPasswordsInHistory: 4,
		StartsWithAlphabet:   true,
		RequiredChars:        "x-",
		AllowedChars:         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#%-_’üÜ",
		DisallowedChars:      "qQ5",
		DisallowedSubstrings: []string{"qwerty", "Acme", "pass"},
		FirstNameDisallowed:  true, LastNameDisallowed: true, UserNameDisallowed: true,
		DisallowedUserAttributeValues: []string{"EmployeeNumber", "title"},
		DictionaryWordDisallowed:      true,
		Dictionary:                    []string{"Xylophone-77-Forty#Twoü", "secret"},
		MinPasswordAge:                24, PasswordExpiresAfter: 90, MaxIncorrectAttempts: 5, LockoutDuration: 30,
		CharacterSets:    []string{"lowercase:a-z", "uppercase:A-Z", "digits:0-9", "special-characters:!#%-_", "umlauts:üÜ"},
		MinCharacterSets: 5,
	}
}

func TestGenerate(t *testing.T) {
	for name, p := range map[string]policy.Policy{
		"no rules":     {},
		"standard":     policy.Standard(),
		"simple":       policy.Simple(),
		"every rule":   everything(),
		"a short PIN":  {MinLength: 4, MaxLength: 4, AllowedChars: "0123456789", MaxRepeatedChars: 1},
		"two letters":  {MinLength: 9, MaxLength: 9, AllowedChars: "ab", MaxRepeatedChars: 1},
		"no lower":     {MinLength: 12, DisallowedChars: "abcdefghijklmnopqrstuvwxyz", MinUpperCase: 3},
		"only special": {MinLength: 12, AllowedChars: "!?#", MinSpecialChars: 12, MinUniqueChars: 3},
		"very unique":  {MinLength: 200, MinUniqueChars: 200},
		"long":         {MinLength: 500, MaxRepeatedChars: 1},
		"exact fit":    {MaxLength: 8, MinNumerals: 2, MinSpecialChars: 2, MinUpperCase: 2, MinLowerCase: 2, MinUniqueChars: 8, RequiredChars: "!7Qz"},
		"small sets":   {CharacterSets: []string{"greek:α-ω", "digits:0-9", "rare:^~"}, MinCharacterSets: 2, MinNumerals: 1, MaxLength: 2},
		"alternating":  {MinLength: 16, MaxLength: 16, AllowedChars: "ab", DisallowedSubstrings: []string{"aa", "BB"}},
		"not an a":     {DisallowedSubstrings: []string{"a", "E", "i", "o", "U"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, p.Validate())
			s := random.Seed(1).Stream(name)
			seen := map[string]bool{}
			for range 200 {
				text, err := policy.Generate(s, p, barbara)
				require.NoError(t, err)
				assert.Empty(t, p.Check(secret.New(text), barbara), "%q", text)
				seen[text] = true
				length := len([]rune(text))
				if p.MaxLength == 0 || p.MaxLength >= 10 {
					assert.GreaterOrEqual(t, length, 10)
				}
			}
			if p.MaxLength == 0 || p.MaxLength >= 10 {
				if name != "only special" && name != "alternating" {
					assert.Len(t, seen, 200, "passwords repeat")
				}
			}
		})
	}
}

func TestGenerateLooksLikePeoples(t *testing.T) {
	s := random.Seed(2).Stream("people")
	small, all := 0, 0
	for range 500 {
		text, err := policy.Generate(s, policy.Standard(), barbara)
		require.NoError(t, err)
		for _, r := range text {
			all++
			if unicode.IsLower(r) {
				small++
			}
		}
	}
	assert.InDelta(t, 0.75, float64(small)/float64(all), 0.1)
}

func TestGenerateRepeatsItself(t *testing.T) {
	draw := func() string {
		text, err := policy.Generate(random.Seed(7).Stream("x"), everything(), barbara)
		require.NoError(t, err)
		return text
	}
	assert.Equal(t, draw(), draw(), "same seed, same password")
}

func TestGenerateRefusesTheImpossible(t *testing.T) {
	for name, p := range map[string]policy.Policy{
		"contradiction":    {MinLength: 12, MaxLength: 8},
		"a run of one":     {MinLength: 4, MaxLength: 4, AllowedChars: "7", MaxRepeatedChars: 3},
		"every letter out": {AllowedChars: "ab", DisallowedSubstrings: []string{"a", "B"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policy.Generate(random.Seed(1).Stream("x"), p, barbara)
			require.ErrorIs(t, err, policy.ErrUnsatisfiable)
		})
	}
}

// Any policy derived from a password is satisfiable: by that password.
func TestGenerateSatisfiesWhateverIsSatisfiable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, witness := satisfiable(t)
		require.Empty(t, p.Check(secret.New(witness), barbara), "the witness %q itself", witness)
		require.NoError(t, p.Validate())
		text, err := policy.Generate(random.Seed(rapid.Uint64().Draw(t, "seed")).Stream("x"), p, barbara)
		require.NoError(t, err, "though %q would do", witness)
		require.Empty(t, p.Check(secret.New(text), barbara), "%q", text)
	})
}

// satisfiable draws a password and rules that it keeps, most of them with little or no room.
func satisfiable(t *rapid.T) (policy.Policy, string) {
	runes := rapid.SliceOfN(rapid.RuneFrom([]rune("abcdefgxyzABCXYZ0189!#-_ßλ")), 1, 30).Draw(t, "witness")
	witness := string(runes)
	count := func(is func(rune) bool) int {
		return len(slices.DeleteFunc(slices.Clone(runes), func(r rune) bool { return !is(r) }))
	}
	special := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	upTo := func(label string, n int) int { return rapid.IntRange(0, n).Draw(t, label) }
	maybe := func(label string) bool { return rapid.Bool().Draw(t, label) }
	different := slices.Compact(slices.Sorted(slices.Values(runes)))
	run, longest := 0, 0
	for i, r := range runes {
		if i == 0 || r != runes[i-1] {
			run = 0
		}
		run++
		longest = max(longest, run)
	}

	p := policy.Policy{
		MinLength:       upTo("minLength", len(runes)),
		MinAlphas:       upTo("minAlphas", count(unicode.IsLetter)),
		MinNumerals:     upTo("minNumerals", count(unicode.IsDigit)),
		MinSpecialChars: upTo("minSpecialChars", count(special)),
		MinLowerCase:    upTo("minLowerCase", count(unicode.IsLower)),
		MinUpperCase:    upTo("minUpperCase", count(unicode.IsUpper)),
		MinUniqueChars:  upTo("minUniqueChars", len(different)),
	}
	p.MinAlphaNumerals = upTo("minAlphaNumerals", count(unicode.IsLetter)+count(unicode.IsDigit))
	if maybe("maxLength") {
		p.MaxLength = len(runes) + upTo("room", 5)
	}
	if n := count(special); n > 0 && maybe("maxSpecialChars") {
		p.MaxSpecialChars = n
	}
	if maybe("maxRepeatedChars") {
		p.MaxRepeatedChars = longest + upTo("longer", 2)
	}
	if maybe("startsWithAlphabet") {
		p.StartsWithAlphabet = unicode.IsLetter(runes[0])
	}
	if maybe("requiredChars") {
		p.RequiredChars = string(different[:upTo("requiredChars", min(4, len(different)))])
	}
	if maybe("allowedChars") {
		p.AllowedChars = witness + "qQ5"
	}
	for _, r := range "aX8-λ" {
		if !strings.ContainsRune(witness, r) {
			p.DisallowedChars += string(r)
		}
	}
	for _, word := range []string{"ab", "XY", "z", "19"} {
		if !strings.Contains(strings.ToLower(witness), strings.ToLower(word)) && maybe(word) {
			p.DisallowedSubstrings = append(p.DisallowedSubstrings, word)
		}
	}
	if maybe("characterSets") {
		p.CharacterSets = []string{"lower:a-z", "upper:A-Z", "digits:0-9", "marks:!#-_", "half:a-mA-M", "greek:λ"}
		for _, set := range []string{"abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789", "!#-_", "abcdefghijklmABCDEFGHIJKLM", "λ"} {
			if strings.ContainsAny(witness, set) {
				p.MinCharacterSets++
			}
		}
		if p.MinCharacterSets == 0 {
			p.CharacterSets = nil
		}
	}
	return p, witness
}

func TestBreakEachRuleOfStandardAlone(t *testing.T) {
	breakable := []policy.Rule{
		policy.RuleMinLength, policy.RuleMaxLength, policy.RuleMinNumerals, policy.RuleMinLowerCase, policy.RuleMinUpperCase,
		policy.RuleFirstNameDisallowed, policy.RuleLastNameDisallowed, policy.RuleUserNameDisallowed,
	}
	assert.Equal(t, breakable, policy.Standard().Breakable(barbara))
	for _, rule := range breakable {
		t.Run(string(rule), func(t *testing.T) { breakAlone(t, policy.Standard(), rule) })
	}
}

func TestBreakEachRuleOfAPolicyWithEveryRule(t *testing.T) {
	possible := slices.DeleteFunc(policy.Rules(), func(r policy.Rule) bool {
		return r == policy.RuleNumPasswordsInHistory || r == policy.RuleMinPasswordAge
	})
	assert.Equal(t, possible, everything().Breakable(barbara))
	for _, rule := range possible {
		t.Run(string(rule), func(t *testing.T) {
			p := everything()
			breakAlone(t, p, rule)
		})
	}
}

func breakAlone(t *testing.T, p policy.Policy, rule policy.Rule) {
	t.Helper()
	require.NoError(t, p.Validate())
	s := random.Seed(3).Stream(string(rule))
	seen := map[string]bool{}
	for range 100 {
		text, err := policy.Break(s, p, barbara, rule)
		require.NoError(t, err)
		broken := p.Check(secret.New(text), barbara)
		require.Len(t, broken, 1, "%q", text)
		require.Equal(t, rule, broken[0].Rule, "%q", text)
		seen[text] = true
	}
	if rule != policy.RuleDictionaryWordDisallowed { // there are only so many ways to write a word
		assert.Len(t, seen, 100, "passwords repeat")
	}
}

func TestBreakSaysWhyNot(t *testing.T) {
	ann := policy.Subject{UserName: "ann", GivenName: "Ann", FamilyName: "Li"}
	for name, c := range map[string]struct {
		p    policy.Policy
		rule policy.Rule
		want string
	}{
		"not set":      {policy.Standard(), policy.RuleMinSpecialChars, "policy: break minSpecialChars: the policy does not set this rule"},
		"not a rule":   {policy.Standard(), "minLenght", "policy: break minLenght: the policy does not set this rule"},
		"history":      {policy.Standard(), policy.RuleNumPasswordsInHistory, "send an old one again"},
		"age":          {policy.Policy{MinPasswordAge: 1}, policy.RuleMinPasswordAge, "a matter of time"},
		"short name":   {policy.Standard(), policy.RuleFirstNameDisallowed, "no such value of 4 characters"},
		"empty":        {policy.Policy{MinLength: 1}, policy.RuleMinLength, "only the empty password"},
		"no current":   {policy.Policy{DistinctCharacters: 2}, policy.RuleDistinctCharacters, "no current password"},
		"no attribute": {policy.Policy{DisallowedUserAttributeValues: []string{"mail"}}, policy.RuleDisallowedUserAttributeValues, "no such value"},
		"no words":     {policy.Policy{DictionaryWordDisallowed: true}, policy.RuleDictionaryWordDisallowed, "nothing to break it with"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policy.Break(random.Seed(1).Stream("x"), c.p, ann, c.rule)
			require.ErrorContains(t, err, c.want)
			assert.NotContains(t, c.p.Breakable(ann), c.rule)
		})
	}
}

func TestBreakWhereOneFlawBringsAnother(t *testing.T) {
	s := policy.Subject{UserName: "barbara.jensen", GivenName: "Barbara", FamilyName: "Jensen"}
	text, err := policy.Break(random.Seed(1).Stream("x"), policy.Standard(), s, policy.RuleUserNameDisallowed)
	require.NoError(t, err)
	var broken []policy.Rule
	for _, v := range policy.Standard().Check(secret.New(text), s) {
		broken = append(broken, v.Rule)
	}
	assert.Equal(t, []policy.Rule{policy.RuleFirstNameDisallowed, policy.RuleLastNameDisallowed, policy.RuleUserNameDisallowed}, broken,
		"the user name contains both names; nothing else is wrong with %q", text)
}

func TestBreakBreaksWhateverIsBreakable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, _ := satisfiable(t)
		breakable := p.Breakable(barbara)
		if len(breakable) == 0 {
			t.Skip("nothing to break")
		}
		rule := rapid.SampledFrom(breakable).Draw(t, "rule")
		text, err := policy.Break(random.Seed(rapid.Uint64().Draw(t, "seed")).Stream("x"), p, barbara, rule)
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(p.Check(secret.New(text), barbara), func(v policy.Violation) bool { return v.Rule == rule }),
			"%q does not break it", text)
	})
}

func ExampleGenerate() {
	s := random.Seed(1).Stream("example")
	barbara := policy.Subject{UserName: "babs1985", GivenName: "Barbara", FamilyName: "Jensen"}
	good, _ := policy.Generate(s, policy.Standard(), barbara)
	bad, _ := policy.Break(s, policy.Standard(), barbara, policy.RuleUserNameDisallowed)
	fmt.Println(policy.Standard().Check(secret.New(good), barbara))
	fmt.Println(policy.Standard().Check(secret.New(bad), barbara))
	// Output:
	// []
	// [{userNameDisallowed 0 }]
}

func BenchmarkGenerate(b *testing.B) {
	for name, p := range map[string]policy.Policy{"standard": policy.Standard(), "every rule": everything()} {
		b.Run(name, func(b *testing.B) {
			s := random.Seed(1).Stream("bench")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := policy.Generate(s, p, barbara); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
