package forecast

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// expressions are what people write, and what is not understood.
var expressions = map[string]struct {
	expression, flags string
	accepts, refuses  []string
	counted           bool // nothing is left to a regular expression
	fails             string
}{
	"look-aheads and a length": {
		expression: `^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^\w\s]).{8,20}$`, counted: true,
		accepts: []string{"Abcdef-1"}, refuses: []string{"abcdef-1", "Abcdefg1", "Abcde-1", "Abcdef-1Abcdef-1Abcde"},
	},
	"a length alone":             {expression: `^.{8,}$`, counted: true, accepts: []string{"12345678"}, refuses: []string{"1234567"}},
	"an exact length":            {expression: `^.{8}$`, counted: true, accepts: []string{"12345678"}, refuses: []string{"1234567", "123456789"}},
	"a length without an end":    {expression: `^.{2,3}`, counted: true, accepts: []string{"12", "1234"}, refuses: []string{"1"}},
	"a length without an anchor": {expression: `.{2,3}$`, counted: true, accepts: []string{"12", "1234"}, refuses: []string{"1"}},
	"several of a kind":          {expression: `^(?=(?:.*[0-9]){3})`, counted: true, accepts: []string{"1a2b3"}, refuses: []string{"1a2b"}},
	"several, one by one":        {expression: `^(?=.*\d.*\d)`, counted: true, accepts: []string{"1a2b"}, refuses: []string{"1a"}},
	"not too many":               {expression: `^(?!(?:.*[#!]){2})`, counted: true, accepts: []string{"a#b"}, refuses: []string{"#a!"}},
	"none of a kind":             {expression: `^(?!.*\s)`, counted: true, accepts: []string{"ab"}, refuses: []string{"a b"}},
	"only a kind":                {expression: `^[a-zA-Z0-9]+$`, counted: true, accepts: []string{"aZ9"}, refuses: []string{"aZ-9"}},
	"only a kind, so many":       {expression: `^[a-z]{3,5}$`, counted: true, accepts: []string{"abc"}, refuses: []string{"ab", "abcdef", "ab1"}},
	"a first letter":             {expression: `^(?=[A-Za-z])(?!.*x)`, counted: true, accepts: []string{"a1"}, refuses: []string{"1a", "ax"}},
	"no run":                     {expression: `^(?!.*(.)\1{2})`, counted: true, accepts: []string{"aabbaa"}, refuses: []string{"abbba"}},
	"different characters":       {expression: `^(?=(?:.*?(.)(?!.*\1)){3})`, counted: true, accepts: []string{"abcabc"}, refuses: []string{"ababab"}},
	"a word in any case":         {expression: `^(?!.*[aA][cC][mM][eE])`, counted: true, accepts: []string{"acne"}, refuses: []string{"xAcMe1"}},
	"a word as written":          {expression: `^(?!.*acme)`, counted: true, accepts: []string{"Acme"}, refuses: []string{"acme1"}},
	"a flag for any case":        {expression: `^(?=.*[a-z])`, flags: "i", counted: true, accepts: []string{"A"}, refuses: []string{"1"}},
	"something of its own":       {expression: `^[a-z]+-\d+$`, accepts: []string{"ab-12"}, refuses: []string{"ab12", "xab-12x"}},
	"something somewhere":        {expression: `\d-\d`, accepts: []string{"ab1-2"}, refuses: []string{"1a-2"}},
	"alternatives":               {expression: `^a|b$`, accepts: []string{"ax", "xb"}, refuses: []string{"xax"}},
	"parentheses in a set":       {expression: `^(?=.*[)(|])[(]`, accepts: []string{"(x"}, refuses: []string{"x("}},
	"a back reference":           {expression: `(.)\1`, fails: "not understood"},
	"a flag that changes it":     {expression: `^a$`, flags: "m", fails: `the flags "m" are not understood`},
	"a parenthesis that is open": {expression: `^(?=.*[a-z]`, fails: "a parenthesis is not closed"},
	"a look-ahead anywhere":      {expression: `(?=[a-z])`, fails: "a look-ahead without ^"},
}

func TestRegularExpressions(t *testing.T) {
	t.Parallel()
	for name, c := range expressions {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			demands, err := patternDemands(c.expression, c.flags)
			if c.fails != "" {
				require.ErrorContains(t, err, c.fails)
				return
			}
			require.NoError(t, err)
			counted := true
			accepts := func(password string) bool {
				met := true
				for _, d := range demands {
					_, left := d.(pattern)
					counted = counted && !left
					met = met && d.met(password, nobody)
				}
				return met
			}
			for _, password := range c.accepts {
				assert.True(t, accepts(password), password)
			}
			for _, password := range c.refuses {
				assert.False(t, accepts(password), password)
			}
			assert.Equal(t, c.counted, counted, "%T", demands)
		})
	}
}

// question is what a JavaScript engine is asked.
type question struct {
	Expression string   `json:"expression"`
	Flags      string   `json:"flags"`
	Passwords  []string `json:"passwords"`
}

// javascript asks a real engine what expressions say to passwords.
func javascript(t *testing.T, questions []question) [][]bool {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node here")
	}
	input, err := json.Marshal(questions)
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), node, "-e", `const all = JSON.parse(require("fs").readFileSync(0, "utf8"));
		console.log(JSON.stringify(all.map(q => q.passwords.map(p => new RegExp(q.expression, q.flags).test(p)))))`)
	command.Stdin = strings.NewReader(string(input))
	said, err := command.Output()
	require.NoError(t, err)
	var answers [][]bool
	require.NoError(t, json.Unmarshal(said, &answers))
	return answers
}

// IDM runs its regular expressions in JavaScript, so a JavaScript engine has the last word.
func TestRegularExpressionsAsJavaScriptReadsThem(t *testing.T) {
	t.Parallel()
	var questions []question
	var want [][]bool
	for _, c := range expressions {
		if c.fails == "" {
			questions = append(questions, question{c.expression, c.flags, slices.Concat(c.accepts, c.refuses)})
			want = append(want, append(repeat(true, len(c.accepts)), repeat(false, len(c.refuses))...))
		}
	}
	for i, got := range javascript(t, questions) {
		assert.Equal(t, want[i], got, "%+v", questions[i])
	}
}

func repeat(v bool, n int) []bool {
	list := make([]bool, n)
	for i := range list {
		list[i] = v
	}
	return list
}

// The expression that --fix prints says in JavaScript what the target's rules say.
func TestTheFixAsJavaScriptReadsIt(t *testing.T) {
	t.Parallel()
	to := domain(t, `"maxLength":30,"minLowerCase":2,"minUpperCase":1,"minAlphas":4,"minAlphaNumerals":5,"minSpecialChars":1,
		"maxSpecialChars":4,"minUniqueChars":6,"maxRepeatedChars":2,"startsWithAlphabet":true,"requiredChars":"^]","disallowedChars":"\\[-","disallowedSubstrings":["a.c"]`)
	m := IDM{Rules: []IDMRule{NewIDMRule("regexpMatches", map[string]string{"regexp": `^(?=(?:.*?(.)(?!.*\1)){3})(?=.*[a-z]).{2,}$`}, "")}}
	c, err := Compare(m.Policy(), to)
	require.NoError(t, err)
	closed, left := m.Close(c.Gaps)
	require.Empty(t, left)
	var params struct{ Regexp string }
	for _, rule := range closed.Rules {
		if rule.ID == "regexpMatches" {
			require.NoError(t, json.Unmarshal(rule.Params, &params))
		}
	}
	var passwords []string
	var want []bool
	d := newDice(7, "javascript")
	for len(passwords) < 2000 {
		s := newShape()
		if len(passwords)%2 == 0 {
			s = to.shape()
		}
		s.amounts = append(s.amounts, atLeast(d.below(24)+1, anything))
		password, end := findWith(s, func(string) bool { return true }, d, func(rune) float64 { return 1 })
		if end != found || strings.ContainsAny(password, beyond) {
			continue // beyond ASCII the expression is stricter than the rules
		}
		passwords = append(passwords, password)
		want = append(want, to.accepts(password) && m.Policy().accepts(password))
	}
	require.Contains(t, want, true)
	for i, got := range javascript(t, []question{{Expression: params.Regexp, Passwords: passwords}})[0] {
		policies := true // the rest of the fix is not a regular expression
		for _, r := range closed.Policy().Rules {
			policies = policies && (r.ID == "regexpMatches" || r.demand.met(passwords[i], nobody))
		}
		require.Equal(t, want[i], got && policies, "%q: %s", passwords[i], params.Regexp)
	}
}
