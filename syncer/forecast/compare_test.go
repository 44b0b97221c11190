package forecast

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// source is a policy of IDM's from its entries in JSON.
func source(tb testing.TB, rules string) IDM {
	tb.Helper()
	var m IDM
	require.NoError(tb, json.Unmarshal([]byte(`[`+rules+`]`), &m.Rules))
	return m
}

// domain is a policy of the target's from its attributes in JSON.
func domain(tb testing.TB, attributes string) Policy {
	tb.Helper()
	d, err := ReadDomain([]byte(`{` + attributes + `}`))
	require.NoError(tb, err)
	return d.Policies[0].Policy
}

// length and its like are entries of IDM's policies.
const (
	length8   = `{"policyId":"minimum-length","params":{"minLength":8}}`
	capital   = `{"policyId":"at-least-X-capitals","params":{"numCaps":1}}`
	number    = `{"policyId":"at-least-X-numbers","params":{"numNums":1}}`
	noNames   = `{"policyId":"cannot-contain-others","params":{"disallowedFields":"userName,givenName,sn"}}`
	lowercase = `{"policyId":"regexpMatches","params":{"regexp":"^(?=.*[a-z])(?=.*[A-Z])"}}`
)

func TestGaps(t *testing.T) {
	t.Parallel()
	type gap struct{ rule, source string }
	cases := map[string]struct {
		source, target string
		gaps           []gap
	}{
		"nothing on either side":                  {``, ``, nil},
		"the same length":                         {length8, `"minLength":8`, nil},
		"longer at the target":                    {length8, `"minLength":12`, []gap{{"minLength", "8 are enough"}}},
		"no length at the source":                 {``, `"minLength":2`, []gap{{"minLength", "1 is enough"}}},
		"one character is always there":           {``, `"minLength":1,"minUniqueChars":1`, nil},
		"length that follows from other rules":    {`{"policyId":"at-least-X-numbers","params":{"numNums":6}}`, `"minLength":6,"minNumerals":5`, nil},
		"a maximum":                               {``, `"maxLength":40`, []gap{{"maxLength", "any number"}}},
		"a maximum on both sides":                 {`{"policyId":"maximum-length","params":{"maxLength":64}}`, `"maxLength":40`, []gap{{"maxLength", "up to 64"}}},
		"a smaller maximum at the source":         {`{"policyId":"maximum-length","params":{"maxLength":20}}`, `"maxLength":40`, nil},
		"digits":                                  {number, `"minNumerals":2`, []gap{{"minNumerals", "1 is enough"}}},
		"letters or digits":                       {number, `"minAlphaNumerals":1`, nil},
		"letters":                                 {number, `"minAlphas":1`, []gap{{"minAlphas", "none is asked for"}}},
		"special characters":                      {``, `"minSpecialChars":1`, []gap{{"minSpecialChars", "none is asked for"}}},
		"too many special characters":             {``, `"maxSpecialChars":3`, []gap{{"maxSpecialChars", "any number"}}},
		"parentheses are capitals for IDM":        {capital, `"minUpperCase":1`, []gap{{"minUpperCase", "none is asked for"}}},
		"no capitals wanted still wants one":      {`{"policyId":"at-least-X-capitals","params":{"numCaps":0}},{"policyId":"cannot-contain-characters","params":{"forbiddenChars":["(",")"]}}`, `"minUpperCase":1`, nil},
		"look-aheads of a regular expression":     {lowercase, `"minLowerCase":1,"minUpperCase":1,"minAlphas":2`, nil},
		"different characters":                    {length8, `"minUniqueChars":5`, []gap{{"minUniqueChars", "1 different is enough"}}},
		"no duplicates make them different":       {length8 + `,{"policyId":"cannot-contain-duplicates"}`, `"minUniqueChars":8,"maxRepeatedChars":1`, nil},
		"repeated characters":                     {``, `"maxRepeatedChars":2`, []gap{{"maxRepeatedChars", "longer runs are accepted"}}},
		"the first character":                     {``, `"startsWithAlphabet":true`, []gap{{"startsWithAlphabet", "any first character"}}},
		"required characters":                     {``, `"requiredChars":"-_"`, []gap{{"requiredChars", "not asked for"}}},
		"allowed characters":                      {``, `"allowedChars":"abcdefgh1234"`, []gap{{"allowedChars", "accepted"}}},
		"allowed characters on both sides":        {`{"policyId":"regexpMatches","params":{"regexp":"^[a-d1-4]{4,}$"}}`, `"allowedChars":"abcdefgh1234"`, nil},
		"all of ASCII allowed, and the é":         {``, `"allowedChars":` + quoted(ascii()), []gap{{"allowedChars", "accepted"}}},
		"disallowed characters":                   {``, `"disallowedChars":"<>"`, []gap{{"disallowedChars", "accepted"}}},
		"disallowed characters on both sides":     {`{"policyId":"cannot-contain-characters","params":{"forbiddenChars":["<",">","&"]}}`, `"disallowedChars":"<>"`, nil},
		"a word":                                  {``, `"disallowedSubstrings":["acme"]`, []gap{{"disallowedSubstrings", "accepted"}}},
		"a word that IDM refuses as written":      {`{"policyId":"cannot-contain-characters","params":{"forbiddenChars":["acme"]}}`, `"disallowedSubstrings":["acme"]`, []gap{{"disallowedSubstrings", "refused only as it is written"}}},
		"a word without letters":                  {`{"policyId":"cannot-contain-characters","params":{"forbiddenChars":["123"]}}`, `"disallowedSubstrings":["1234"]`, nil},
		"a word in any case":                      {`{"policyId":"regexpMatches","params":{"regexp":"^(?!.*[aA][cC][mM][eE])"}}`, `"disallowedSubstrings":["acmecorp"]`, nil},
		"names":                                   {``, `"firstNameDisallowed":true`, []gap{{"firstNameDisallowed", "accepted"}}},
		"names in another case":                   {noNames, `"lastNameDisallowed":true,"userNameDisallowed":true`, []gap{{"lastNameDisallowed", "refused only as it is written"}, {"userNameDisallowed", "refused only as it is written"}}},
		"another attribute":                       {``, `"disallowedUserAttributeValues":["emails.value"]`, []gap{{"disallowedUserAttributeValues", "accepted"}}},
		"different characters on both sides":      {`{"policyId":"regexpMatches","params":{"regexp":"^(?=(?:.*?(.)(?!.*\\1)){6})"}}`, `"minUniqueChars":5`, nil},
		"ten digits, each once, are never eleven": {`{"policyId":"cannot-contain-duplicates"},{"policyId":"regexpMatches","params":{"regexp":"^[0-9]+$"}}`, `"maxLength":10`, nil},
		"sets of characters":                      {`{"policyId":"required-character-sets","params":{"characterSets":["u:A-Z","l:a-z","n:0-9"],"minSets":3}}`, `"minLowerCase":1,"minUpperCase":1,"minNumerals":1`, nil},
		"sets that leave a choice":                {`{"policyId":"required-character-sets","params":{"characterSets":["u:A-Z","l:a-z","n:0-9"],"minSets":2}}`, `"minLowerCase":1,"minAlphas":1`, []gap{{"minLowerCase", "none is asked for"}}},
		"the order of the target":                 {``, `"minNumerals":1,"minLength":3`, []gap{{"minLength", "1 is enough"}, {"minNumerals", "none is asked for"}}},
		"a regular expression that is not read":   {`{"policyId":"regexpMatches","params":{"regexp":"(.)\\1"}}`, `"minLength":3`, []gap{{"minLength", "1 is enough"}}},
		"a regular expression of another's make":  {`{"policyId":"regexpMatches","params":{"regexp":"[0-9]+$"}}`, `"minLength":3`, []gap{{"minLength", "1 is enough"}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := source(t, c.source).Policy(), domain(t, c.target)
			result, err := Compare(from, to)
			require.NoError(t, err)
			var gaps []gap
			for _, g := range result.Gaps {
				gaps = append(gaps, gap{g.Rule, g.Source})
				assert.Empty(t, from.broken(g.Witness, nobody), "the source accepts %q", g.Witness)
				assert.False(t, g.rule.demand.met(g.Witness, nobody), "%s refuses %q", g.Rule, g.Witness)
				assert.Empty(t, g.Also, g.Witness)
			}
			assert.Equal(t, c.gaps, gaps)
			assert.Empty(t, result.Undecided)
		})
	}
}

func ascii() string {
	var b strings.Builder
	for c := ' '; c <= '~'; c++ {
		b.WriteRune(c)
	}
	return b.String()
}

func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

func TestWhatCannotBeCompared(t *testing.T) {
	t.Parallel()
	from := source(t, length8+`,{"policyId":"is-new","params":{"historyLength":2}}`).Policy()
	c, err := Compare(from, domain(t, `"numPasswordsInHistory":4,"minPasswordAge":24,"distinctCharacters":3,"dictionaryWordDisallowed":true`))
	require.NoError(t, err)
	assert.Empty(t, c.Gaps)
	var told []string
	for _, u := range c.NotComparable {
		told = append(told, u.Rule+": "+u.Text)
		assert.NotEmpty(t, u.Why)
	}
	assert.Equal(t, []string{
		"numPasswordsInHistory: the target refuses the last 4 passwords; the source refuses the last 2",
		"minPasswordAge: the target has a minimum age of 24",
		"distinctCharacters: the target wants 3 characters that the old password lacks",
		"dictionaryWordDisallowed: the target refuses words of a dictionary",
	}, told)
	assert.Equal(t, []string{"at least 8 characters"}, c.Stricter)
}

func TestARuleThatIsNotKnownIsACaveat(t *testing.T) {
	t.Parallel()
	from := source(t, `{"policyId":"no-weekdays"}`).Policy()
	c, err := Compare(from, domain(t, `"minLength":4`))
	require.NoError(t, err)
	require.Len(t, c.Gaps, 1)
	assert.Equal(t, []string{"no-weekdays"}, c.Gaps[0].Unless)
}

// What the search does not find is not said to be absent: only one phrase passes this source, and it is too short.
func TestGivingUpIsNotNoGap(t *testing.T) {
	t.Parallel()
	c, err := Compare(source(t, `{"policyId":"regexpMatches","params":{"regexp":"^Quartz-[x-z]{3}-Sphinx$"}}`).Policy(), domain(t, `"minLength":40,"minNumerals":1`))
	require.NoError(t, err)
	assert.Empty(t, c.Gaps)
	require.Len(t, c.Undecided, 2)
	assert.Contains(t, c.Undecided[0].Why, "nor a proof that there is none")
	assert.False(t, c.Hopeless)
}

func TestPoliciesThatNoPasswordMeets(t *testing.T) {
	t.Parallel()
	_, err := Compare(source(t, length8+`,{"policyId":"maximum-length","params":{"maxLength":7}}`).Policy(), domain(t, ``))
	require.ErrorContains(t, err, "no password satisfies it")
	_, err = Compare(IDM{}.Policy(), domain(t, `"name":"short","minLength":4,"maxLength":5,"minNumerals":3,"minAlphas":3`))
	require.ErrorContains(t, err, "short: no password satisfies it")

	c, err := Compare(source(t, `{"policyId":"maximum-length","params":{"maxLength":10}}`).Policy(), domain(t, `"minLength":12`))
	require.NoError(t, err)
	assert.True(t, c.Hopeless)
	assert.Equal(t, []string{"minLength"}, rulesOf(c.Gaps))
}

func rulesOf(gaps []Gap) []string {
	var rules []string
	for _, g := range gaps {
		rules = append(rules, g.Rule)
	}
	return rules
}

func TestWitnessesAreForNobody(t *testing.T) {
	t.Parallel()
	c, err := Compare(DefaultIDM().Policy(), domain(t, `"userNameDisallowed":true,"minLength":12`))
	require.NoError(t, err)
	require.Len(t, c.Gaps, 2)
	assert.Nil(t, c.Gaps[0].For)
	assert.Equal(t, &nobody, c.Gaps[1].For)
	assert.Contains(t, c.Gaps[1].Because, "case included")
	assert.Contains(t, strings.ToLower(c.Gaps[1].Witness), nobody.UserName)
}
