package okta

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// sentence is that of the seed's policy; it names the minimum age although a password breaks the complexity only.
const sentence = "Password requirements were not met. Password requirements: at least 10 characters, a lowercase letter, an uppercase " +
	"letter, a number, a symbol, no parts of your username. At least 1 day(s) must have elapsed since you last changed your password."

// body is an error as Okta sends it.
func body(code, summary string, causes ...string) []byte {
	list := []map[string]string{}
	for _, c := range causes {
		list = append(list, map[string]string{"errorSummary": c})
	}
	data, _ := json.Marshal(map[string]any{ //nolint:errchkjson // Strings always marshal.
		"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": "oaefhFnOi_dSHKabyDvfPWwrQ", "errorCauses": list,
	})
	return data
}

// example is an error with a code of the table.
func example(code string) []byte {
	switch code {
	case codePassword:
		return body("E0000001", validationFailed+"password", "password: "+sentence)
	case codeUnsupported:
		return body("E0000001", validationFailed+"password", "password: Password")
	case codeLogin:
		return body("E0000001", validationFailed+"login", "login: Username must be in the form of an email address")
	case codeTaken:
		return body("E0000001", validationFailed+"login", "login: An object with this field already exists in the current organization")
	case "E0000001":
		return body("E0000001", validationFailed+"newUser", "Property name 'notValid' is not defined in profile")
	case "", noScope:
		return nil
	}
	return body(code, "no")
}

func header(code string) http.Header {
	if code != noScope {
		return nil
	}
	return http.Header{"Www-Authenticate": {`Bearer authorization_uri="http://ORG/oauth2/v1/authorize", realm="http://ORG", scope="okta.users.manage", error="insufficient_scope", error_description="The access token provided does not contain the required scopes.", resource="/api/v1/users/1"`}}
}

func TestEveryRowHasASourceAndIsReached(t *testing.T) {
	for i, row := range table.Rows {
		assert.NotEmpty(t, row.Source, "row %d", i)
		calls := []rest.Call{row.Call}
		if row.Call == 0 {
			calls = []rest.Call{rest.CallFind, rest.CallCreate, rest.CallWrite}
		}
		reached := false
		for _, c := range calls {
			for status := row.Status; status <= max(row.Status, row.Through); status++ {
				r := rest.Reply{Status: status, HTML: row.HTML, Body: example(row.Code), Header: header(row.Code)}
				want := row.Verdict
				want.Unsettled = want.Unsettled && c == rest.CallWrite
				reached = reached || table.Judge(c, r) == want && table.Code(r) == row.Code
			}
		}
		assert.True(t, reached, "row %d (%s %d %s) is hidden by an earlier one", i, row.Call, row.Status, row.Code)
	}
}

func TestWhatAnswersMean(t *testing.T) {
	reset := &url.Error{Op: "Post", URL: "https://hub.test/secret-user", Err: syscall.ECONNRESET}
	const creation = rest.CallCreate | rest.CallWrite
	for name, tt := range map[string]struct {
		call  rest.Call
		reply rest.Reply
		want  rest.Verdict
	}{
		"taken":                               {rest.CallWrite, rest.Reply{Status: 200}, rest.Sure(target.Applied, "")},
		"taken, then broke off":               {rest.CallWrite, rest.Reply{Status: 200, Err: io.ErrUnexpectedEOF}, rest.Sure(target.Applied, "")},
		"a page says yes":                     {rest.CallWrite, rest.Reply{Status: 200, HTML: true}, rest.Unsure(target.Unknown, target.Unavailable)},
		"policy":                              {rest.CallWrite, rest.Reply{Status: 400, Body: example(codePassword)}, rest.Sure(target.Permanent, target.Policy)},
		"policy of a creation":                {creation, rest.Reply{Status: 400, Body: example(codePassword)}, rest.Sure(target.Permanent, target.Policy)},
		"several causes":                      {rest.CallWrite, rest.Reply{Status: 400, Body: body("E0000001", validationFailed+"password", "password: Password", "password: "+sentence)}, rest.Sure(target.Permanent, target.Policy)},
		"a federated user":                    {rest.CallWrite, rest.Reply{Status: 400, Body: example(codeUnsupported)}, rest.Sure(target.Permanent, target.Federated)},
		"mastered elsewhere":                  {rest.CallWrite, rest.Reply{Status: 403, Body: example("E0000023")}, rest.Sure(target.Permanent, target.Federated)},
		"a login that is taken":               {creation, rest.Reply{Status: 400, Body: example(codeTaken)}, rest.Sure(target.Permanent, target.Duplicate)},
		"read only":                           {rest.CallWrite, rest.Reply{Status: 503, Body: example("E0000010")}, rest.Sure(target.Transient, target.Unavailable)},
		"503 without a word":                  {rest.CallWrite, rest.Reply{Status: 503}, rest.Unsure(target.Transient, target.Unavailable)},
		"being activated":                     {rest.CallWrite, rest.Reply{Status: 409, Body: example("E0000112")}, rest.Sure(target.Transient, target.Unavailable)},
		"a token without the scope":           {rest.CallWrite, rest.Reply{Status: 403, Header: header(noScope)}, rest.Sure(target.Permanent, target.Forbidden)},
		"a firewall":                          {rest.CallWrite, rest.Reply{Status: 403, HTML: true}, rest.Unsure(target.Transient, target.Unavailable)},
		"401 without a body":                  {rest.CallWrite, rest.Reply{Status: 401}, rest.Sure(target.Credential, target.BadCredential)},
		"a login that is gone":                {rest.CallWrite, rest.Reply{Status: 404, Body: example("E0000007")}, rest.Sure(target.Missing, target.NotFound)},
		"a gateway's 404":                     {rest.CallWrite, rest.Reply{Status: 404, HTML: true}, rest.Unsure(target.Transient, target.Unavailable)},
		"a code that is none":                 {rest.CallWrite, rest.Reply{Status: 400, Body: body("Pa55word", "")}, rest.Sure(target.Permanent, target.Malformed)},
		"502 on write":                        {rest.CallWrite, rest.Reply{Status: 502}, rest.Unsure(target.Unknown, target.Unavailable)},
		"504 on a creation with the password": {creation, rest.Reply{Status: 504}, rest.Unsure(target.Unknown, target.Unavailable)},
		"504 on a creation without":           {rest.CallCreate, rest.Reply{Status: 504}, rest.Sure(target.Transient, target.Unavailable)},
		"reset after a creation was sent":     {creation, rest.Reply{Err: reset, Sent: true}, rest.Unsure(target.Unknown, target.Connection)},
		"reset before sending":                {creation, rest.Reply{Err: reset}, rest.Sure(target.Transient, target.Connection)},
		"an envelope at the token endpoint":   {rest.CallToken, rest.Reply{Status: 401, Body: body("invalid_client", "no")}, rest.Sure(target.Credential, target.BadCredential)},
		"a token endpoint that is throttled":  {rest.CallToken, rest.Reply{Status: 429, Body: example("E0000047")}, rest.Sure(target.Transient, target.Throttled)},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, table.Judge(tt.call, tt.reply))
			detail := table.Detail(tt.call, tt.reply)
			assert.NotContains(t, detail, "secret-user")
			assert.NotContains(t, detail, "Pa55word")
		})
	}
}

func TestHistoryOnly(t *testing.T) {
	for name, tt := range map[string]struct {
		causes []string
		want   bool
	}{
		"too recently":        {[]string{"password: Password has been used too recently"}, true},
		"the present one":     {[]string{"password: Password cannot be your current password"}, true},
		"without the field":   {[]string{"Password has been used too recently"}, true},
		"both":                {[]string{"password: Password has been used too recently", "password: Password cannot be your current password"}, true},
		"and something else":  {[]string{"password: Password has been used too recently", "password: " + sentence}, false},
		"the policy":          {[]string{"password: " + sentence}, false},
		"no cause":            {nil, false},
		"a federated user":    {[]string{"password: Password"}, false},
		"a longer sentence":   {[]string{"password: Password has been used too recently. Password requirements: …"}, false},
		"an unrelated prefix": {[]string{"login: Password has been used too recently"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, historyOnly(body("E0000001", validationFailed+"password", tt.causes...)))
		})
	}
	assert.False(t, historyOnly([]byte("<html>")))
}

func FuzzJudge(f *testing.F) {
	f.Add(uint8(rest.CallWrite), 400, true, example(codePassword), true)
	f.Add(uint8(rest.CallCreate|rest.CallWrite), 400, false, example(codeTaken), true)
	f.Fuzz(func(t *testing.T, call uint8, status int, html bool, data []byte, sent bool) {
		c := rest.Call(call)
		if !slices.Contains([]rest.Call{rest.CallToken, rest.CallFind, rest.CallCreate, rest.CallWrite, rest.CallCreate | rest.CallWrite}, c) {
			t.Skip()
		}
		r := rest.Reply{Status: status, HTML: html, Body: data, Sent: sent, Err: errors.New("x")}
		v := table.Judge(c, r)
		if v.Class == target.Applied {
			assert.True(t, c&rest.CallWrite != 0 && status >= 200 && status < 300 && !html)
			assert.Empty(t, v.Reason)
		} else {
			assert.Contains(t, target.Reasons(), v.Reason)
		}
		assert.False(t, v.Unsettled && c&rest.CallWrite == 0, "only a write can be unsettled")
		assert.False(t, v.Class == target.Unknown && !v.Unsettled)
		_ = historyOnly(data)
		_, _ = readUser(data)
		assert.LessOrEqual(t, len(table.Detail(c, r)), 64)
	})
}
