package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func TestCheck(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ann := policy.Subject{
		UserName: "ann.li@example.com", GivenName: "Ann", FamilyName: "Żółć",
		Attributes: map[string]string{"nickName": "Sparky", "floor": "12"},
		Current:    secret.New("Abcdef-1"),
		Reused:     func(c secret.Value, last int) bool { return last >= 2 && c.Reveal() == "Old-password-1" },
		ChangedAt:  now.Add(-23 * time.Hour), Now: now,
	}
	sets := []string{"special-characters:!@#$%^&*", "uppercase:A-Z", "hyphens:a-!"}
	for name, c := range map[string]struct {
		policy   policy.Policy
		password string
		want     []policy.Violation
	}{
		"no rules":                     {policy.Policy{}, "", nil},
		"long enough":                  {policy.Policy{MinLength: 4}, "äöü€", nil},
		"runes, not bytes":             {policy.Policy{MinLength: 5}, "äöü€", violation(policy.RuleMinLength, 5, "")},
		"just short enough":            {policy.Policy{MaxLength: 4}, "äöü€", nil},
		"too long":                     {policy.Policy{MaxLength: 3}, "äöü€", violation(policy.RuleMaxLength, 3, "")},
		"letters of any script":        {policy.Policy{MinAlphas: 3}, "aß字1", nil},
		"too few letters":              {policy.Policy{MinAlphas: 3}, "ab12", violation(policy.RuleMinAlphas, 3, "")},
		"digits of any script":         {policy.Policy{MinNumerals: 2}, "1٣", nil},
		"too few digits":               {policy.Policy{MinNumerals: 2}, "1x½", violation(policy.RuleMinNumerals, 2, "")},
		"letters and digits":           {policy.Policy{MinAlphaNumerals: 4}, "ab12", nil},
		"too few of both":              {policy.Policy{MinAlphaNumerals: 4}, "ab1!", violation(policy.RuleMinAlphaNumerals, 4, "")},
		"special":                      {policy.Policy{MinSpecialChars: 3}, "a! €", nil},
		"too few special":              {policy.Policy{MinSpecialChars: 3}, "abc1!€", violation(policy.RuleMinSpecialChars, 3, "")},
		"too many special":             {policy.Policy{MaxSpecialChars: 1}, "a!?", violation(policy.RuleMaxSpecialChars, 1, "")},
		"lower case of any script":     {policy.Policy{MinLowerCase: 2}, "éλ", nil},
		"too few lower case":           {policy.Policy{MinLowerCase: 2}, "éΛ", violation(policy.RuleMinLowerCase, 2, "")},
		"too few upper case":           {policy.Policy{MinUpperCase: 2}, "éΛ", violation(policy.RuleMinUpperCase, 2, "")},
		"different characters":         {policy.Policy{MinUniqueChars: 4}, "abAßabAß", nil},
		"too few different":            {policy.Policy{MinUniqueChars: 4}, "abßabß", violation(policy.RuleMinUniqueChars, 4, "")},
		"runs short enough":            {policy.Policy{MaxRepeatedChars: 2}, "aabbaa", nil},
		"a repetition that is no run":  {policy.Policy{MaxRepeatedChars: 1}, "abababab", nil},
		"a run too long":               {policy.Policy{MaxRepeatedChars: 2}, "xßßßy", violation(policy.RuleMaxRepeatedChars, 2, "")},
		"a run differs in case":        {policy.Policy{MaxRepeatedChars: 2}, "aaAa", nil},
		"differs enough":               {policy.Policy{DistinctCharacters: 2}, "Abcdef-xyx", nil},
		"differs too little":           {policy.Policy{DistinctCharacters: 2}, "Abcdef-xxx", violation(policy.RuleDistinctCharacters, 2, "")},
		"used too recently":            {policy.Policy{NumPasswordsInHistory: 2}, "Old-password-1", violation(policy.RuleNumPasswordsInHistory, 2, "")},
		"used long ago":                {policy.Policy{NumPasswordsInHistory: 1}, "Old-password-1", nil},
		"starts with a letter":         {policy.Policy{StartsWithAlphabet: true}, "é1", nil},
		"starts with a digit":          {policy.Policy{StartsWithAlphabet: true}, "1é", violation(policy.RuleStartsWithAlphabet, 0, "")},
		"empty starts with nothing":    {policy.Policy{StartsWithAlphabet: true}, "", violation(policy.RuleStartsWithAlphabet, 0, "")},
		"required are there":           {policy.Policy{RequiredChars: "!é"}, "aé!", nil},
		"one required is not":          {policy.Policy{RequiredChars: "!é"}, "ae!", violation(policy.RuleRequiredChars, 0, "!é")},
		"only allowed":                 {policy.Policy{AllowedChars: "abé"}, "éba", nil},
		"not allowed":                  {policy.Policy{AllowedChars: "abé"}, "éca", violation(policy.RuleAllowedChars, 0, "abé")},
		"disallowed":                   {policy.Policy{DisallowedChars: "xé"}, "aéb", violation(policy.RuleDisallowedChars, 0, "xé")},
		"no disallowed":                {policy.Policy{DisallowedChars: "xé"}, "aeb", nil},
		"a substring in another case":  {policy.Policy{DisallowedSubstrings: []string{"zzz", "AcMe"}}, "my-aCmE-1", violation(policy.RuleDisallowedSubstrings, 0, "AcMe")},
		"a name of three is ignored":   {policy.Policy{FirstNameDisallowed: true}, "ann-annex", nil},
		"a name of four runes counts":  {policy.Policy{LastNameDisallowed: true}, "xŻÓŁĆx", violation(policy.RuleLastNameDisallowed, 0, "")},
		"the user name":                {policy.Policy{UserNameDisallowed: true}, "My-ANN.li@example.com", violation(policy.RuleUserNameDisallowed, 0, "")},
		"a part of the user name":      {policy.Policy{UserNameDisallowed: true}, "ann.li@example", nil},
		"an attribute, by other case":  {policy.Policy{DisallowedUserAttributeValues: []string{"floor", "NICKNAME"}}, "xsparky12", violation(policy.RuleDisallowedUserAttributeValues, 0, "NICKNAME")},
		"an attribute with a field":    {policy.Policy{DisallowedUserAttributeValues: []string{"name.familyName"}}, "żółć", violation(policy.RuleDisallowedUserAttributeValues, 0, "name.familyName")},
		"an attribute nobody has":      {policy.Policy{DisallowedUserAttributeValues: []string{"mail"}}, "sparky", nil},
		"a dictionary word":            {policy.Policy{DictionaryWordDisallowed: true, Dictionary: []string{"a", "Welcome1"}}, "wELCOME1", violation(policy.RuleDictionaryWordDisallowed, 0, "")},
		"more than a dictionary word":  {policy.Policy{DictionaryWordDisallowed: true, Dictionary: []string{"Welcome1"}}, "Welcome12", nil},
		"a dictionary that is off":     {policy.Policy{Dictionary: []string{"Welcome1"}}, "Welcome1", nil},
		"too soon":                     {policy.Policy{MinPasswordAge: 24}, "x", violation(policy.RuleMinPasswordAge, 24, "")},
		"not too soon":                 {policy.Policy{MinPasswordAge: 23}, "x", nil},
		"enough sets":                  {policy.Policy{CharacterSets: sets, MinCharacterSets: 2}, "Q!", nil},
		"too few sets":                 {policy.Policy{CharacterSets: sets, MinCharacterSets: 2}, "Qxyz", violation(policy.RuleMinCharacterSets, 2, "special-characters:!@#$%^&* uppercase:A-Z hyphens:a-!")},
		"a hyphen that makes no range": {policy.Policy{CharacterSets: sets, MinCharacterSets: 1}, "-", nil},
		"every broken rule, in order": {
			policy.Standard(), "ann.li@example.comŻółć" + "0123456789012345678901234567890",
			[]policy.Violation{{Rule: policy.RuleMaxLength, Limit: 40}, {Rule: policy.RuleLastNameDisallowed}, {Rule: policy.RuleUserNameDisallowed}},
		},
		"broken UTF-8": {policy.Policy{MinLength: 2, MinSpecialChars: 2}, "\xff\xfe", nil},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, c.policy.Check(secret.New(c.password), ann))
		})
	}
}

func violation(rule policy.Rule, limit int, value string) []policy.Violation {
	return []policy.Violation{{Rule: rule, Limit: limit, Value: value}}
}

func TestCheckOfANewcomer(t *testing.T) {
	p := everything()
	p.DistinctCharacters, p.NumPasswordsInHistory, p.MinPasswordAge = 5, 24, 24
	assert.Empty(t, p.Check(secret.New("Gx-ü77Wabcdef#h"), policy.Subject{}), "no names, no current password, no history, no clock")
	assert.NotPanics(t, func() { p.Check(secret.Value{}, policy.Subject{}) })
}

func BenchmarkCheck(b *testing.B) {
	for name, p := range map[string]policy.Policy{"standard": policy.Standard(), "every rule": everything()} {
		b.Run(name, func(b *testing.B) {
			candidate := secret.New("Gx-ü77Wabcdef#h")
			b.ReportAllocs()
			for b.Loop() {
				p.Check(candidate, barbara)
			}
		})
	}
}
