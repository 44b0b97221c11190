package scenarios

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// valid is a scenario without mistakes; each case of TestParseProblems breaks one line of it.
const valid = `id: test/valid
title: A title
because: A reason
severity: major
given:
  idcs: {users: 5, policy: standard, token_lifetime: 1h}
steps:
  - faults:
      - {id: outage, kind: status, status: 503, until: 20s}
  - change: {users: all, with: {violates: minLength}}
  - after: {applied: 2}
    do:
      - expire_tokens: all
  - settle: 1m
expect:
  - outcome: {applied: at least 1}
  - query: '{ journal(target: "idcs", status: 401) { total } }'
    that: journal.total >= 1
  - query: |
      {
        journal(operation: "token") { total entries { status } }
      }
    that: journal.total == 1
  - within: 30s
`

func TestParseTakesTheValidOne(t *testing.T) {
	s, err := Parse("valid.yaml", []byte(valid))
	require.NoError(t, err)
	assert.Equal(t, "test/valid", s.ID)
	assert.Equal(t, "valid.yaml", s.File())
	assert.Equal(t, With{Kind: withViolates, Violates: "minLength"}, s.Steps[1].Change.With)
	assert.Equal(t, Count{Min: 1, Max: -1}, *s.Expect[0].Outcome.Applied)
}

// validOrg is the same for an org.
const validOrg = `id: test/org
title: A title
because: A reason
severity: major
given:
  okta:
    users: 20
    policy: {like: default, complexity: {minLength: 10, minSymbol: 1}}
    providers: {FEDERATION: 5 %, LDAP: [3, 4]}
    statuses: {SUSPENDED: 5-6}
steps:
  - change: {users: 7-20, with: {violates: minSymbol}}
  - set_provider: {users: [7], provider: SOCIAL}
  - settle: 1m
expect:
  - query: '{ users(target: "okta") { total } }'
    that: users.total >= 1
`

func TestParseProblemsOfAnOrg(t *testing.T) {
	_, err := Parse("valid.yaml", []byte(validOrg))
	require.NoError(t, err)
	problemsOf(t, validOrg, []problemCase{
		{"two targets", "given:\n", "given:\n  idcs: {users: 2}\n", []string{"7:3: given: an identity domain and an org; a scenario has one target"}},
		{"nobody", "users: 20", "users: 0", []string{
			"6:3: given: nobody lives there; write okta: {users: 20}", "9:40: users: there are 0, not 3", "9:40: users: there are 0, not 4",
			"10:27: users: there are 0, not 6", "12:21: users: there are 0, not 20", "13:27: users: there are 0, not 7",
		}},
		{"a policy of Oracle's", "{like: default, complexity: {minLength: 10, minSymbol: 1}}", "standard", []string{
			"8:13: policy: is in the words of idcs; those of okta are default, or {like: default, complexity: {minLength: 10}}",
			"12:44: violates: the target's policy has no minSymbol; it has minLength, maxLength, minNumerals, minLowerCase, minUpperCase, firstNameDisallowed, lastNameDisallowed, userNameDisallowed",
		}},
		{"a part of a policy that is not there", "minSymbol: 1}", "minSymbols: 1}", []string{"8:57: complexity has no minSymbols; did you mean minSymbol?"}},
		{"an impossible policy", "minLength: 10", "minLength: 90", []string{"8:53: complexity.minLength: 90 is not within 0 to 72"}},
		{"a provider that is not there", "FEDERATION: 5 %", "FEDERATED: 5 %", []string{`9:17: providers: there is no "FEDERATED"; did you mean FEDERATION?`}},
		{"a share that is none", "5 %", "five %", []string{`9:29: FEDERATION: "five %" names no users: write all, newcomers, a number, a range such as 3-7, or a list`}},
		{"a status that is not there", "SUSPENDED: 5-6", "SUSPENDET: 5-6", []string{`10:16: statuses: there is no "SUSPENDET"; did you mean SUSPENDED?`}},
		{"a rule that the policy has not", "violates: minSymbol", "violates: minSymbl", []string{"12:44: violates: the target's policy has no minSymbl; did you mean minSymbol?"}},
		{"the history", "violates: minSymbol", "violates: historyCount", []string{"12:44: violates: the history is violated by sending an old password again: write with: reused, or with: initial"}},
		{"no spoke", "settle: 1m", "assign: 1-2", []string{"14:5: assign: there is no spoke; write given: {spoke: {}}"}},
		{"an engine beside a spoke", "steps:\n", "  spoke: {}\n  engine: {provision: true}\nsteps:\n", []string{
			"12:3: engine: there is none where a spoke pushes: Okta's own provisioning is on trial",
		}},
		{"a spoke's policy in Oracle's words", "steps:\n", "  spoke: {policy: standard}\nsteps:\n", []string{
			"11:19: policy: is in the words of idcs; a spoke has default, or {like: default, complexity: {minLength: 10}}",
		}},
		{"a provider in a step", "provider: SOCIAL", "provider: social", []string{`13:42: provider: "social" is not one of OKTA, FEDERATION, SOCIAL, ACTIVE_DIRECTORY, LDAP; did you mean SOCIAL?`}},
		{"query: another target", `(target: "okta")`, `(target: "idcs")`, []string{`16:29: query: there is no target "idcs"; it has okta`}},
		{"query: no target", `(target: "okta")`, "", []string{`16:15: query: users asks for idcs when no target is named; write target: "okta"`}},
	})
	problemsOf(t, valid, []problemCase{
		{"a step of an org's", "expire_tokens: all", "jit: all", []string{"13:9: jit: is for an Okta org; write given: {okta: {users: 20}}"}},
		{"a spoke without a hub", "steps:\n", "  spoke: {}\nsteps:\n", []string{"7:3: spoke: needs a hub; write okta: {users: 20}"}},
		{"a policy of Okta's", "policy: standard", "policy: default", []string{
			"6:28: policy: is in the words of okta; those of idcs are standard, simple, or {like: standard, minLength: 14}",
		}},
	})
}

func TestParseProblems(t *testing.T) {
	problemsOf(t, valid, []problemCase{
		{"unknown name", "severity: major", "severety: major", []string{
			"1:1: the file: severity is missing",
			"4:1: the file has no severety; did you mean severity?",
		}},
		{"unknown severity", "severity: major", "severity: mayor", []string{`4:11: severity: "mayor" is not one of critical, major, minor; did you mean major?`}},
		{"bad id", "id: test/valid", "id: Test Valid", []string{`1:5: id: "Test Valid" is not of the form area/what-happens: lower-case words joined by hyphens`}},
		{"empty title", "title: A title", "title: ''", []string{"2:8: title: is empty"}},
		{"missing title", "title: A title\n", "", []string{"1:1: the file: title is missing"}},
		{"text for a number", "users: 5,", "users: five,", []string{`6:17: users: "five" is not a whole number`}},
		{"unknown policy", "policy: standard", "policy: standart", []string{`6:28: policy: "standart" is not one of standard, simple, default; did you mean standard?`}},
		{"unknown rule in a policy", "policy: standard", "policy: {minLenght: 8}", []string{"6:29: policy has no minLenght; did you mean minLength?"}},
		{"impossible policy", "policy: standard", "policy: {like: standard, maxLength: 4}", []string{"6:28: minLength: 12 is above maxLength 4"}},
		{"bad duration", "token_lifetime: 1h", "token_lifetime: 1 hour", []string{`6:54: token_lifetime: "1 hour" is not a duration such as 250ms, 90s or 1h30m`}},
		{"no duration", "settle: 1m", "settle: 0s", []string{"14:13: settle: 0s is not longer than nothing"}},
		{"a number for a duration", "settle: 1m", "settle: 60", []string{"14:13: settle: 60 is not a text"}},
		{"nothing for a duration", "settle: 1m", "settle:", []string{"14:12: settle: nothing is not a text"}},
		{"unknown step", "- settle: 1m", "- setle: 1m", []string{"14:5: steps has no setle; did you mean settle?"}},
		{"two steps in one", "- settle: 1m", "- settle: 1m\n    wait: 1s", []string{"15:5: settle and wait in one step; begin each with a dash of its own"}},
		{"do without after", "- settle: 1m", "- do: [{wait: 1s}]", []string{"14:5: do without after", "24:5: within: no step settles; write - settle: 1m among the steps"}},
		{"an empty moment", "after: {applied: 2}", "after: {within: 2s}", []string{"11:12: after: write one of applied, attempts and requests"}},
		{"a moment within a moment", "- expire_tokens: all", "- {after: {applied: 3}, do: [{wait: 1s}]}", []string{"13:10: after within do: moments follow each other, so write them one below the other"}},
		{"unknown fault kind", "kind: status,", "kind: statsu,", []string{`9:28: kind: "statsu" is not one of certificate, handshake, latency, throttle, status, disconnect, reset, half_open, hang, drip, stall, cut, lose_answer; did you mean status?`}},
		{"a part of another kind", "status: 503,", "status: 503, rate: 2,", []string{"9:49: rate: rate is not a part of kind status"}},
		{"a rule of another protocol", "kind: status, status: 503,", "kind: disconnect,", []string{"9:28: kind: there is no disconnect over HTTP: a server of HTTP says no goodbye: use reset"}},
		{"a handshake with a route", "kind: status, status: 503,", "kind: certificate, certificate: expired, route: /admin/*,", []string{`9:70: route: nobody has asked for "/admin/*" yet when TLS begins: leave it out`}},
		{"what is wrong with it?", "kind: status, status: 503,", "kind: handshake,", []string{"9:9: handshake: is missing: write how it goes wrong, one of close, garbage, hang"}},
		{"share above one", "until: 20s}", "share: 1.5}", []string{"9:56: share: 1.5 is above 1"}},
		{"share of nothing", "until: 20s}", "share: 0}", []string{"9:56: share: 0 never fires, and a rule that never fires makes the run void"}},
		{"window turned round", "until: 20s}", "from: 30s, until: 20s}", []string{"9:67: until: 20s is not after from: 30s"}},
		{"unknown rule to clear", "- settle: 1m", "- clear_faults: [outaged]\n  - settle: 1m", []string{`14:20: clear_faults: no rule "outaged" was set before this step; did you mean outage?`}},
		{"more users than there are", "{users: all,", "{users: 6,", []string{"10:21: users: there are 5, not 6"}},
		{"range turned round", "{users: all,", "{users: 4-2,", []string{"10:21: users: 4-2 is not a range: users are numbered from 1, the lower number first"}},
		{"nobody of that name", "{users: all,", "{users: [bjensen],", []string{`10:22: users: nobody among given.idcs.people is called "bjensen"`}},
		{"words for users", "{users: all,", "{users: al,", []string{`10:21: users: "al" names no users: write all, newcomers, a number, a range such as 3-7, or a list`}},
		{"no newcomers", "{users: all,", "{users: newcomers,", []string{"10:21: users: there are no newcomers; write given: {source: {newcomers: 3}}"}},
		{"a rule that the policy has not", "violates: minLength", "violates: minSpecialChars", []string{
			"10:43: violates: the target's policy has no minSpecialChars; it has minLength, maxLength, minNumerals, minLowerCase, minUpperCase, firstNameDisallowed, lastNameDisallowed, userNameDisallowed",
		}},
		{"the history cannot be broken by a new password", "violates: minLength", "violates: numPasswordsInHistory", []string{
			"10:43: violates: the history is violated by sending an old password again: write with: reused, or with: initial",
		}},
		{"bad count", "at least 1", "atleast 1", []string{`16:24: applied: "atleast 1" is not a count such as 3, at least 3, at most 3 or 3 to 5`}},
		{"query: unknown field, in quotes", "{ total } }'", "{ totl } }'", []string{`17:54: query: cannot query field "totl" on type "Journal". did you mean "total"?`}},
		{"query: unknown field, after an escaped quote", `'{ journal(target: "idcs", status: 401) { total } }'`, `"{ journal(target: \"idcs\") { totl } }"`, []string{`17:43: query: cannot query field "totl" on type "Journal". did you mean "total"?`}},
		{"query: unknown field, in a block", "entries { status }", "entries { statuss }", []string{`21:55: query: cannot query field "statuss" on type "Entry". did you mean "status"?`}},
		{"query: unknown field, over two lines", `'{ journal(target: "idcs", status: 401) { total } }'`, "'{ journal(target: \"idcs\")\n      { totl } }'", []string{`18:9: query: cannot query field "totl" on type "Journal". did you mean "total"?`}},
		{"query: wrong type of an argument", "status: 401", `status: "401"`, []string{`17:47: query: int cannot represent non-integer value: "401"`}},
		{"query: syntax", "{ total } }'", "{ total }'", []string{"17:61: query: expected Name, found <EOF>"}},
		{"query: a mutation", `'{ journal(target: "idcs", status: 401) { total } }'`, `'mutation { reset }'`, []string{"17:13: query: a mutation changes the world; an expectation only looks (write a step)"}},
		{"query: a target that is not there", `target: "idcs"`, `target: "idsc"`, []string{`17:31: query: there is no target "idsc"; did you mean idcs?`}},
		{"query: an operation that is not there", `operation: "token"`, `operation: "tokens"`, []string{`21:28: query: there is no operation "tokens"; did you mean token?`}},
		{"query without that", "    that: journal.total >= 1\n", "", []string{"17:5: query without that"}},
		{"that: unknown name", "journal.total >= 1", "jornal.total >= 1", []string{"18:11: that: the answer has no jornal; did you mean journal?"}},
		{"that: unknown field", "journal.total >= 1", "journal.totl >= 1", []string{"18:19: that: unknown field totl"}},
		{"that: wrong type", "journal.total >= 1", `journal.total == "one"`, []string{"18:25: that: invalid operation: == (mismatched types int and string)"}},
		{"that: not true or false", "journal.total >= 1", "journal.total", []string{"18:11: that: expected bool, but got int"}},
		{"that: syntax", "journal.total >= 1", "journal.total >= ", []string{"18:26: that: unexpected token EOF"}},
		{"a name twice", "because: A reason", "because: A reason\nbecause: Another", []string{`4:1: mapping key "because" already defined at [3:1]`}},
		{"an anchor", "title: A title", "title: &t A title", []string{"2:8: an anchor (&) is not part of the language: write plain names and values"}},
		{"a tag", "title: A title", "title: !!str A title", []string{"2:8: a tag (!) is not part of the language: write plain names and values"}},
		{"a tab", "  idcs:", "\tidcs:", []string{`6:1: found character '	' that cannot start any token`}},
		{"a second document", "  - within: 30s\n", "---\nid: x\n", []string{"24:1: a second document; a file holds one scenario"}},
		{"all at once", "severity: major\ngiven:", "severity: mayor\nsteppes: []\ngiven:", []string{
			`4:11: severity: "mayor" is not one of critical, major, minor; did you mean major?`,
			"5:1: the file has no steppes; did you mean steps?",
		}},
	})
}

type problemCase struct {
	name string
	old  string // of the valid one
	new  string
	want []string
}

// problemsOf breaks one line of a valid scenario in each case.
func problemsOf(t *testing.T, valid string, tests []problemCase) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, 1, strings.Count(valid, test.old), "the case must change exactly one place")
			_, err := Parse("test.yaml", []byte(strings.Replace(valid, test.old, test.new, 1)))
			var invalid *InvalidError
			require.True(t, errors.As(err, &invalid), "want an InvalidError, got %v", err)
			var got []string
			for _, p := range invalid.Problems {
				got = append(got, strings.TrimPrefix(p.String(), "test.yaml:"))
			}
			assert.Equal(t, test.want, got)
			assert.Equal(t, 2, invalid.ExitCode())
		})
	}
}
