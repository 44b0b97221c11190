package okta

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPrecedenceAndQuotes(t *testing.T) {
	values := func(name string) []string {
		return map[string][]string{"a": {"1"}, "b": {`x"y\z`}, "c": nil, "d": {"2026-01-02T03:04:05.000Z"}}[name]
	}
	d := dialect{negation: true, expected: "…", operators: func(name string) []string {
		if strings.Contains("abcd", name) && len(name) == 1 {
			return []string{"eq", "ne", "sw", "ew", "co", "pr", "gt", "ge", "lt", "le"}
		}
		return nil
	}}
	for text, want := range map[string]bool{
		`a eq "1"`: true, `a EQ "1"`: true, `a eq 1`: true, `a eq "2"`: false, `a ne "2"`: true, `c pr`: false, `c ne "1"`: true,
		`a eq "2" and a eq "1" or a eq "1"`:   true,
		`a eq "2" and (a eq "1" or a eq "1")`: false,
		`a eq "1" or a eq "2" and a eq "2"`:   true,
		`not (a eq "1") or a eq "1"`:          true,
		`b eq "x\"y\\z"`:                      true,
		`b ew "\\z" and b co "\"Y"`:           true,
		`d gt "2026-01-02T03:04:04Z"`:         true,
		`d eq "2026-01-02T04:04:05+01:00"`:    true,
		`d lt "2026-01-02T03:04:05.000Z"`:     false,
		`d le "2026-01-02T03:04:05.000Z"`:     true,
	} {
		c, err := parseQuery(text, d)
		require.NoError(t, err, text)
		assert.Equal(t, want, c.matches(values), text)
	}
	for _, text := range []string{
		"", "a", "a eq", `a eq "1`, `a eq 1x`, `a eq "1" and`, `a eq "1" or`, `(a eq "1"`, `a eq "1")`, `a eq "1" a eq "1"`, `x eq "1"`, `a eqq "1"`,
		`not`, `not a`, strings.Repeat("(", 60) + `a pr` + strings.Repeat(")", 60), "a eq \"" + strings.Repeat("x", 9000) + `"`,
	} {
		_, err := parseQuery(text, d)
		require.Error(t, err, text)
	}
}

// Whatever a stranger sends, the parser answers, and what it accepts can be asked.
func FuzzParseQuery(f *testing.F) {
	for _, text := range []string{
		`profile.login eq "a"`, `status eq "ACTIVE" and (profile.firstName sw "x" or id pr)`, `eventType co "x" and not (severity eq "INFO")`,
		`published gt "2026-01-01T00:00:00Z"`, `((`, `a eq "\`, "é eq \"\xff\"", `lastUpdated ge "2026-13-01T00:00:00Z"`,
	} {
		f.Add(text)
	}
	s := &Server{ids: &identifiers{}}
	dialects := []dialect{s.searchDialect(), filterDialect, logDialect}
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range dialects {
			c, err := parseQuery(text, d)
			if err != nil {
				continue
			}
			values := func(string) []string { return []string{text, "x"} }
			if got := c.matches(values); got != c.matches(values) {
				t.Fatal("two answers to one question")
			}
		}
	})
}

func TestPlainLogins(t *testing.T) {
	for text, want := range map[string]string{
		"Isaac@Example.com": "isaac@example.com", "BRÖCK@x.de": "brock@x.de", "Zoë@x.de": "zoe@x.de", "Zoe\u0308@x.de": "zoe@x.de",
		"Łukasz@x.pl": "lukasz@x.pl", "漢字@x.jp": "漢字@x.jp",
	} {
		assert.Equal(t, want, plain(text))
	}
}
