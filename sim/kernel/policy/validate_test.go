package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/policy"
)

func TestValidate(t *testing.T) {
	for name, p := range map[string]policy.Policy{
		"none": {}, "standard": policy.Standard(), "simple": policy.Simple(), "every rule": everything(),
	} {
		t.Run(name, func(t *testing.T) { assert.NoError(t, p.Validate()) })
	}

	// Each case breaks one thing of a policy that is otherwise fine.
	for name, c := range map[string]struct {
		spoil func(*policy.Policy)
		want  string
	}{
		"negative":              {func(p *policy.Policy) { p.MinNumerals = -1 }, "policy.minNumerals: -1 is below 0 (0 or absent means no restriction)"},
		"too long":              {func(p *policy.Policy) { p.MaxLength = 501 }, "policy.maxLength: 501 is above 500, the most that Oracle takes"},
		"history too long":      {func(p *policy.Policy) { p.NumPasswordsInHistory = 25 }, "policy.numPasswordsInHistory: 25 is above 24, the longest history that is kept"},
		"lock-out too short":    {func(p *policy.Policy) { p.LockoutDuration = 4 }, "policy.lockoutDuration: 4 is below 5 minutes, the least that Oracle takes"},
		"lengths crossed":       {func(p *policy.Policy) { p.MinLength = 25 }, "policy.minLength: 25 is above maxLength 24"},
		"specials crossed":      {func(p *policy.Policy) { p.MinSpecialChars = 7 }, "policy.minSpecialChars: 7 is above maxSpecialChars 6"},
		"minimums add up":       {func(p *policy.Policy) { p.MinUpperCase, p.MinLowerCase = 11, 10 }, "policy.maxLength: 24 is too short: the minimums for kinds of characters add up to 25"},
		"too unique":            {func(p *policy.Policy) { p.MinUniqueChars = 25 }, "policy.minUniqueChars: 25 is above maxLength 24"},
		"required not allowed":  {func(p *policy.Policy) { p.RequiredChars = "é" }, "policy.requiredChars: 'é' is not among allowedChars"},
		"required disallowed":   {func(p *policy.Policy) { p.RequiredChars = "q" }, "policy.requiredChars: 'q' is among disallowedChars"},
		"allowed disallowed":    {func(p *policy.Policy) { p.AllowedChars, p.RequiredChars = "qQ5", "" }, "policy.allowedChars: all of them are among disallowedChars"},
		"no digit left":         {func(p *policy.Policy) { p.DisallowedChars, p.MinCharacterSets = "0123456789", 4 }, "policy.minNumerals: allowedChars leave no digit"},
		"empty substring":       {func(p *policy.Policy) { p.DisallowedSubstrings = []string{"x", ""} }, "policy.disallowedSubstrings: entry 2 is empty and would refuse every password"},
		"nameless attribute":    {func(p *policy.Policy) { p.DisallowedUserAttributeValues = []string{""} }, "policy.disallowedUserAttributeValues: entry 1 names no attribute"},
		"dictionary of nothing": {func(p *policy.Policy) { p.Dictionary = nil }, "policy.dictionaryWordDisallowed: there are no words in policy.dictionary"},
		"set without name":      {func(p *policy.Policy) { p.CharacterSets[1] = "A-Z" }, `policy.characterSets: entry 2: "A-Z" is not "name:characters"`},
		"set twice":             {func(p *policy.Policy) { p.CharacterSets[1] = "digits:0-9" }, `policy.characterSets: entry 3: "digits" is named twice`},
		"sets unchecked":        {func(p *policy.Policy) { p.MinCharacterSets = 0 }, "policy.minCharacterSets: 0 of 5 characterSets are required, so they would not be checked"},
		"too many sets":         {func(p *policy.Policy) { p.MinCharacterSets = 6 }, "policy.minCharacterSets: 6 is above 5, the number of characterSets"},
		"sets out of reach":     {func(p *policy.Policy) { p.DisallowedChars = "üÜ" }, "policy.minCharacterSets: allowedChars leave only 4 of the sets reachable, below 5"},
	} {
		t.Run(name, func(t *testing.T) {
			p := everything()
			c.spoil(&p)
			require.ErrorContains(t, p.Validate(), c.want)
			assert.NotContains(t, p.Validate().Error(), "\n", "one mistake, one line")
		})
	}
}

func TestValidateReportsAllAtOnce(t *testing.T) {
	err := policy.Policy{MinLength: -1, NumPasswordsInHistory: 99, DictionaryWordDisallowed: true}.Validate()
	require.Error(t, err)
	assert.Len(t, strings.Split(err.Error(), "\n"), 3)
}

func TestDecode(t *testing.T) {
	for name, p := range map[string]policy.Policy{"none": {}, "standard": policy.Standard(), "every rule": everything()} {
		t.Run(name, func(t *testing.T) {
			wire, err := json.Marshal(p)
			require.NoError(t, err)
			back, err := policy.Decode(wire)
			require.NoError(t, err)
			assert.Equal(t, p, back)
		})
	}

	for name, c := range map[string]struct{ body, want string }{
		"misspelt":       {`{"minLenght": 8}`, `policy.minLenght: no such attribute; did you mean "minLength"?`},
		"other case":     {`{"minlength": 8}`, `policy.minlength: no such attribute; did you mean "minLength"?`},
		"two at once":    {`{"minLenght": 8, "requiredChar": "x"}`, `policy.requiredChar: no such attribute; did you mean "requiredChars"?`},
		"foreign":        {`{"colour": "blue"}`, "policy.colour: no such attribute"},
		"twice":          {`{"minLength": 8, "minLength": 9}`, "policy.minLength: given twice"},
		"wrong type":     {`{"minLength": "8"}`, "policy.minLength: a JSON string is not a whole number"},
		"fraction":       {`{"minLength": 8.5}`, "policy.minLength: a JSON number 8.5 is not a whole number"},
		"wrong flag":     {`{"userNameDisallowed": 1}`, "policy.userNameDisallowed: a JSON number is not true or false"},
		"wrong element":  {`{"disallowedSubstrings": ["a", 1]}`, "policy.disallowedSubstrings: a JSON number is not a string"},
		"not a list":     {`{"disallowedSubstrings": "a"}`, "policy.disallowedSubstrings: a JSON string is not a list of strings"},
		"a list":         {`[]`, "policy: want a JSON object"},
		"nothing":        {``, "policy: not JSON"},
		"cut off":        {`{"minLength": 8`, "policy: not JSON"},
		"broken":         {`{"minLength": }`, "policy: minLength: not JSON"},
		"more after it":  {`{"minLength": 8} {}`, "policy: there is more after the object"},
		"garbage behind": {`{"minLength": 8}]`, "policy: there is more after the object"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policy.Decode([]byte(c.body))
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"minLength": 8, "characterSets": ["a:b-c"], "minCharacterSets": 1}`))
	f.Add([]byte(`{"minLenght": 8}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := policy.Decode(data)
		if err != nil {
			return
		}
		_ = p.Validate()
		wire, err := json.Marshal(p)
		require.NoError(t, err)
		back, err := policy.Decode(wire)
		require.NoError(t, err)
		again, err := json.Marshal(back)
		require.NoError(t, err)
		assert.Equal(t, string(wire), string(again))
	})
}
