package okta

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// codesByMeaning has the codes in the order of what has to be done about them, not of their numbers: a row that is changed by
// mistake differs from it.
var codesByMeaning = []struct {
	name  string
	want  rest.Verdict
	codes string
}{
	{
		"another password", rest.Sure(target.Permanent, target.Policy),
		"400 " + codePassword + ", 403 E0000014, 403 E0000080",
	},
	{
		"another way to sign in", rest.Sure(target.Permanent, target.Federated),
		"400 " + codeUnsupported + ", 403 E0000023, 400 E0000041",
	},
	{
		"another status of the user", rest.Sure(target.Permanent, target.Inactive),
		"403 E0000016, 403 E0000017, 403 E0000032, 403 E0000038",
	},
	{
		"a role, a scope or a feature", rest.Sure(target.Permanent, target.Forbidden),
		"403 E0000006, 401 E0000015, 403 E0000034, 403 E0000035, 403 E0000036, 403 E0000079, 403 E0000087, 403 " + noScope,
	},
	{
		"another token", rest.Sure(target.Credential, target.BadCredential),
		"401 E0000004, 403 E0000005, 401 E0000011, 401 E0000064, 401 E0000207",
	},
	{"another login", rest.Sure(target.Permanent, target.Duplicate), "400 " + codeTaken},
	{"the user", rest.Sure(target.Missing, target.NotFound), "404 E0000007, 403 E0000095"},
	{
		"another request", rest.Sure(target.Permanent, target.Malformed),
		"400 " + codeLogin + ", 400 E0000001, 400 E0000002, 400 E0000003, 404 E0000012, 400 E0000018, 400 E0000019, 400 E0000020, " +
			"400 E0000021, 405 E0000022, 400 E0000024, 400 E0000028, 400 E0000031, 400 E0000033, 400 E0000037, 400 E0000053, " +
			"501 E0000060, 400 E0000093, 400 E0000124, 400 E0000125",
	},
	{"time, for the limit", rest.Sure(target.Transient, target.Throttled), "429 E0000047"},
	{
		"time, nothing was done", rest.Sure(target.Transient, target.Unavailable),
		"404 E0000008, 503 E0000010, 409 E0000112, 423 E0000239",
	},
	{"time, and a look", rest.Unsure(target.Transient, target.Unavailable), "500 E0000009"},
}

func TestWhatIsMissingWhenACodeComes(t *testing.T) {
	told := map[string]bool{}
	for _, tt := range codesByMeaning {
		t.Run(tt.name, func(t *testing.T) {
			for line := range strings.SplitSeq(tt.codes, ", ") {
				text, code, ok := strings.Cut(line, " ")
				require.True(t, ok)
				require.False(t, told[line], line)
				told[line] = true
				var status int
				_, err := fmt.Sscan(text, &status)
				require.NoError(t, err)
				r := rest.Reply{Status: status, Body: example(code), Header: header(code)}
				assert.Equal(t, tt.want, table.Judge(rest.CallWrite, r), line)
				want := tt.want
				want.Unsettled = false // Nothing was sent that could have been applied.
				assert.Equal(t, want, table.Judge(rest.CallFind, r), line)
			}
		})
	}
	for _, row := range table.Rows {
		if row.Code != "" {
			assert.True(t, told[fmt.Sprintf("%d %s", row.Status, row.Code)], "%d %s", row.Status, row.Code)
		}
	}
}

func TestWhatAStatusMeansByItself(t *testing.T) {
	refused, passing := rest.Sure(target.Permanent, target.Malformed), rest.Sure(target.Transient, target.Unavailable)
	lost := rest.Unsure(target.Unknown, target.Unavailable)
	for name, tt := range map[string]struct {
		call  rest.Call
		reply rest.Reply
		want  rest.Verdict
	}{
		"301":                              {rest.CallWrite, rest.Reply{Status: 301}, refused},
		"400":                              {rest.CallWrite, rest.Reply{Status: 400}, refused},
		"400, a page":                      {rest.CallWrite, rest.Reply{Status: 400, HTML: true}, refused},
		"403":                              {rest.CallWrite, rest.Reply{Status: 403}, rest.Sure(target.Permanent, target.Forbidden)},
		"403, a page, at the look":         {rest.CallFind, rest.Reply{Status: 403, HTML: true}, passing},
		"404":                              {rest.CallWrite, rest.Reply{Status: 404}, rest.Unsure(target.Transient, target.Unavailable)},
		"404 at the look":                  {rest.CallFind, rest.Reply{Status: 404}, passing},
		"408":                              {rest.CallWrite, rest.Reply{Status: 408}, rest.Unsure(target.Transient, target.Timeout)},
		"409":                              {rest.CallWrite, rest.Reply{Status: 409}, passing},
		"412":                              {rest.CallWrite, rest.Reply{Status: 412}, passing},
		"418":                              {rest.CallWrite, rest.Reply{Status: 418}, refused},
		"423":                              {rest.CallWrite, rest.Reply{Status: 423}, passing},
		"429":                              {rest.CallWrite, rest.Reply{Status: 429}, rest.Sure(target.Transient, target.Throttled)},
		"500":                              {rest.CallWrite, rest.Reply{Status: 500}, rest.Unsure(target.Transient, target.Unavailable)},
		"501":                              {rest.CallWrite, rest.Reply{Status: 501}, refused},
		"502 at the look":                  {rest.CallFind, rest.Reply{Status: 502, HTML: true}, passing},
		"599":                              {rest.CallWrite, rest.Reply{Status: 599}, rest.Unsure(target.Transient, target.Unavailable)},
		"201 for a creation":               {rest.CallCreate | rest.CallWrite, rest.Reply{Status: 201}, rest.Sure(target.Applied, "")},
		"204":                              {rest.CallWrite, rest.Reply{Status: 204}, rest.Sure(target.Applied, "")},
		"202 is not the org's yes":         {rest.CallWrite, rest.Reply{Status: 202}, rest.Unsure(target.Transient, target.Unavailable)},
		"204, a page":                      {rest.CallWrite, rest.Reply{Status: 204, HTML: true}, lost},
		"no token, 200":                    {rest.CallToken, rest.Reply{Status: 200, HTML: true}, passing},
		"no token, 302":                    {rest.CallToken, rest.Reply{Status: 302}, passing},
		"no token, 400":                    {rest.CallToken, rest.Reply{Status: 400}, rest.Sure(target.Credential, target.BadCredential)},
		"no token, 403":                    {rest.CallToken, rest.Reply{Status: 403}, rest.Sure(target.Credential, target.BadCredential)},
		"no token, 408":                    {rest.CallToken, rest.Reply{Status: 408}, rest.Sure(target.Transient, target.Timeout)},
		"no token, 429 without a body":     {rest.CallToken, rest.Reply{Status: 429}, rest.Sure(target.Transient, target.Throttled)},
		"no token, 503":                    {rest.CallToken, rest.Reply{Status: 503}, passing},
		"no token, an org that only reads": {rest.CallToken, rest.Reply{Status: 503, Body: example("E0000010")}, passing},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, table.Judge(tt.call, tt.reply)) })
	}
}
