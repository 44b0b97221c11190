package idcs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const policyID = "error.identity.passwordmgmt.pwdpolicyViolation"

func body(id, detail string) []byte {
	data, _ := json.Marshal(map[string]any{ //nolint:errchkjson // Strings always marshal.
		"detail": detail, "status": "400", "urn:ietf:params:scim:api:oracle:idcs:extension:messages:Error": map[string]string{"messageId": id},
	})
	return data
}

func TestWhatAnswersMean(t *testing.T) {
	reset := &url.Error{Op: "Put", URL: "https://idcs.test/secret-user", Err: syscall.ECONNRESET}
	late := &url.Error{Op: "Put", URL: "https://idcs.test/secret-user", Err: context.DeadlineExceeded}
	tests := map[string]struct {
		call  rest.Call
		reply rest.Reply
		want  rest.Verdict
	}{
		"taken":                 {rest.CallWrite, rest.Reply{Status: 200}, rest.Sure(target.Applied, "")},
		"taken, odd status":     {rest.CallWrite, rest.Reply{Status: 201}, rest.Sure(target.Applied, "")},
		"taken, empty":          {rest.CallWrite, rest.Reply{Status: 204}, rest.Sure(target.Applied, "")},
		"taken, then broke off": {rest.CallWrite, rest.Reply{Status: 200, Err: io.ErrUnexpectedEOF}, rest.Sure(target.Applied, "")},
		"a page says yes":       {rest.CallWrite, rest.Reply{Status: 200, HTML: true}, rest.Unsure(target.Unknown, target.Unavailable)},
		"accepted for later":    {rest.CallWrite, rest.Reply{Status: 202}, rest.Unsure(target.Transient, target.Unavailable)},
		"policy":                {rest.CallWrite, rest.Reply{Status: 400, Body: body(policyID, "x")}, rest.Sure(target.Permanent, target.Policy)},
		"policy id elsewhere":   {rest.CallFind, rest.Reply{Status: 400, Body: body(policyID, "x")}, rest.Sure(target.Permanent, target.Malformed)},
		"bad reference":         {rest.CallWrite, rest.Reply{Status: 400, Body: body("error.common.validation.invalidReferenceResource", "")}, rest.Sure(target.Missing, target.NotFound)},
		"other 400":             {rest.CallWrite, rest.Reply{Status: 400, Body: []byte("{")}, rest.Sure(target.Permanent, target.Malformed)},
		"401 page":              {rest.CallWrite, rest.Reply{Status: 401, HTML: true}, rest.Sure(target.Credential, target.BadCredential)},
		"401 JSON":              {rest.CallFind, rest.Reply{Status: 401}, rest.Sure(target.Credential, target.BadCredential)},
		"403":                   {rest.CallWrite, rest.Reply{Status: 403}, rest.Sure(target.Permanent, target.Forbidden)},
		"403 of a firewall":     {rest.CallWrite, rest.Reply{Status: 403, HTML: true}, rest.Unsure(target.Transient, target.Unavailable)},
		"404 user":              {rest.CallWrite, rest.Reply{Status: 404}, rest.Sure(target.Missing, target.NotFound)},
		"404 collection":        {rest.CallFind, rest.Reply{Status: 404}, rest.Sure(target.Transient, target.Unavailable)},
		"408":                   {rest.CallWrite, rest.Reply{Status: 408}, rest.Unsure(target.Transient, target.Timeout)},
		"409 write":             {rest.CallWrite, rest.Reply{Status: 409}, rest.Sure(target.Transient, target.Unavailable)},
		"409 create":            {rest.CallCreate, rest.Reply{Status: 409}, rest.Sure(target.Permanent, target.Duplicate)},
		"412":                   {rest.CallWrite, rest.Reply{Status: 412}, rest.Sure(target.Transient, target.Unavailable)},
		"415":                   {rest.CallWrite, rest.Reply{Status: 415}, rest.Sure(target.Permanent, target.Malformed)},
		"429":                   {rest.CallWrite, rest.Reply{Status: 429}, rest.Sure(target.Transient, target.Throttled)},
		"no e-mail":             {rest.CallCreate, rest.Reply{Status: 400, Body: body("error.identity.user.primaryEmailNotSpecified", "")}, rest.Sure(target.Permanent, target.Malformed)},
		"500 on write":          {rest.CallWrite, rest.Reply{Status: 500}, rest.Unsure(target.Transient, target.Unavailable)},
		"500 on look-up":        {rest.CallFind, rest.Reply{Status: 500}, rest.Sure(target.Transient, target.Unavailable)},
		"501":                   {rest.CallWrite, rest.Reply{Status: 501}, rest.Sure(target.Permanent, target.Malformed)},
		"502 on write":          {rest.CallWrite, rest.Reply{Status: 502, HTML: true}, rest.Unsure(target.Unknown, target.Unavailable)},
		"502 on look-up":        {rest.CallFind, rest.Reply{Status: 502, HTML: true}, rest.Sure(target.Transient, target.Unavailable)},
		"503":                   {rest.CallWrite, rest.Reply{Status: 503}, rest.Unsure(target.Transient, target.Unavailable)},
		"504 on write":          {rest.CallWrite, rest.Reply{Status: 504}, rest.Unsure(target.Unknown, target.Unavailable)},
		"redirect":              {rest.CallWrite, rest.Reply{Status: 307}, rest.Sure(target.Permanent, target.Malformed)},
		"reset after sending":   {rest.CallWrite, rest.Reply{Err: reset, Sent: true}, rest.Unsure(target.Unknown, target.Connection)},
		"reset before sending":  {rest.CallWrite, rest.Reply{Err: reset}, rest.Sure(target.Transient, target.Connection)},
		"reset of a look-up":    {rest.CallFind, rest.Reply{Err: reset, Sent: true}, rest.Sure(target.Transient, target.Connection)},
		"timeout of a write":    {rest.CallWrite, rest.Reply{Err: late, Sent: true}, rest.Unsure(target.Unknown, target.Timeout)},
		"timeout of a look-up":  {rest.CallFind, rest.Reply{Err: late, Sent: true}, rest.Sure(target.Transient, target.Timeout)},
		"token refused":         {rest.CallToken, rest.Reply{Status: 401}, rest.Sure(target.Credential, target.BadCredential)},
		"token scope refused":   {rest.CallToken, rest.Reply{Status: 400}, rest.Sure(target.Credential, target.BadCredential)},
		"token throttled":       {rest.CallToken, rest.Reply{Status: 429}, rest.Sure(target.Transient, target.Throttled)},
		"token 503":             {rest.CallToken, rest.Reply{Status: 503}, rest.Sure(target.Transient, target.Unavailable)},
		"token that is none":    {rest.CallToken, rest.Reply{Status: 200}, rest.Sure(target.Transient, target.Unavailable)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, table.Judge(tt.call, tt.reply))
			assert.NotContains(t, table.Detail(tt.call, tt.reply), "secret-user")
		})
	}
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
				got := table.Judge(c, rest.Reply{Status: status, HTML: row.HTML, Body: body(row.Code, "")})
				want := row.Verdict
				want.Unsettled = want.Unsettled && c == rest.CallWrite
				reached = reached || got == want
			}
		}
		assert.True(t, reached, "row %d (%s %d %s) is hidden by an earlier one", i, row.Call, row.Status, row.Code)
	}
}

func FuzzJudge(f *testing.F) {
	f.Add(uint8(rest.CallWrite), 400, true, body(policyID, "x"), true)
	f.Add(uint8(rest.CallFind), 0, false, []byte{}, false)
	f.Fuzz(func(t *testing.T, call uint8, status int, html bool, data []byte, sent bool) {
		c := rest.Call(call)
		if !slices.Contains([]rest.Call{rest.CallToken, rest.CallFind, rest.CallCreate, rest.CallWrite}, c) {
			t.Skip()
		}
		r := rest.Reply{Status: status, HTML: html, Body: data, Sent: sent, Err: errors.New("x")}
		v := table.Judge(c, r)
		if v.Class == target.Applied {
			assert.True(t, c == rest.CallWrite && status >= 200 && status < 300 && !html)
			assert.Empty(t, v.Reason)
		} else {
			assert.Contains(t, target.Reasons(), v.Reason)
		}
		assert.False(t, v.Unsettled && c != rest.CallWrite, "only a write can be unsettled")
		assert.False(t, v.Class == target.Unknown && !v.Unsettled)
		_ = historyOnly(data)
		assert.LessOrEqual(t, len(table.Detail(c, r)), 512)
	})
}

func TestHistoryOnly(t *testing.T) {
	for text, want := range map[string]bool{
		"The password cannot repeat the most recent 4 password.":                                                                            true,
		"The password cannot repeat the most recent 1 passwords.":                                                                           true,
		"Password policy violated. The password cannot repeat the most recent 4 passwords.":                                                 true,
		"The password must have at least 12 characters.":                                                                                    false,
		"The password must have at least 12 characters. The password cannot repeat the most recent 4 passwords.":                            false,
		"The password cannot repeat the most recent 4 passwords. The password cannot contain the username of the user.":                     false,
		"The password cannot repeat the most recent 4 passwords. The password cannot repeat the most recent 4 passwords in another wording": true,
		"": false,
	} {
		assert.Equal(t, want, historyOnly(body(policyID, text)), text)
		assert.False(t, historyOnly(body("error.other", text)), text)
	}
	assert.False(t, historyOnly([]byte("<html>")))
}

func TestMessageIDsOfStrangersStayOut(t *testing.T) {
	assert.Equal(t, policyID, messageID(body(policyID, "")))
	for _, id := range []string{"Pa55word", "error.a b", "error." + strings.Repeat("x", 99), "error.identity.\n"} {
		assert.Empty(t, messageID(body(id, "")), id)
	}
}

func TestUserNamesInFilters(t *testing.T) {
	for _, name := range []string{
		`bjensen`, `o'neil`, `quote"d`, `back\slash`, `both\"`, `plus+sign@example.com`, `per%cent`, `a&b=c#d`, `Zoë Müller`, `名前`, `<x>`, `" or userName pr or "`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, _, apply := rig(t)
				d.Add("bystander", name)
				answer := apply(target.Job{UserName: name, Password: seal.Secret("Password-1")})
				assert.Equal(t, target.Applied, answer.Class, answer.Detail)
				assert.Equal(t, "Password-1", d.User(name).Password)
				assert.Equal(t, "initial", d.User("bystander").Password)
			})
		})
	}
}

// rig is a target and its domain.
func rig(t *testing.T, changes ...func(*Config)) (*idcstest.Domain, *Target, func(target.Job) target.Answer) {
	t.Helper()
	d := idcstest.Start()
	c := DefaultConfig()
	c.URL, c.ClientID, c.ClientSecret = d.URL()+"/", d.ClientID, seal.Secret(d.ClientSecret)
	for _, change := range changes {
		change(&c)
	}
	x, err := New(c, Environment{DialContext: d.DialContext})
	require.NoError(t, err)
	t.Cleanup(func() { x.Close(); d.Stop() })
	return d, x, func(j target.Job) target.Answer { return x.Apply(t.Context(), j) }
}

func TestReadUsersTrustsNobody(t *testing.T) {
	resource := func(id, name, rest string) string { return `{"id":"` + id + `","userName":"` + name + `"` + rest + `}` }
	list := func(r ...string) string {
		return fmt.Sprintf(`{"totalResults":%d,"Resources":[%s]}`, len(r), strings.Join(r, ","))
	}
	for name, tt := range map[string]struct {
		body string
		want []rest.User
		bad  bool
	}{
		"none":                  {body: `{"totalResults":0}`},
		"one":                   {body: list(resource("1", "A", "")), want: []rest.User{{ID: "1", Name: "A"}}},
		"inactive":              {body: list(resource("1", "a", `,"active":false`)), want: []rest.User{{ID: "1", Name: "a", Barred: target.Inactive}}},
		"a filter not obeyed":   {body: list(resource("1", "b", ""), resource("2", "c", ""))},
		"the right among many":  {body: list(resource("1", "b", ""), resource("2", "a", "")), want: []rest.User{{ID: "2", Name: "a"}}},
		"without an id":         {body: list(resource("", "a", ""))},
		"a single user":         {body: resource("1", "a", ""), bad: true},
		"a page":                {body: "<html>", bad: true},
		"a wrong type":          {body: list(resource("1", "a", `,"active":"yes"`)), bad: true},
		"a list of many":        {body: list(resource("1", "a", ""), resource("2", "A", "")), want: []rest.User{{ID: "1", Name: "a"}, {ID: "2", Name: "A"}}},
		"federated with a date": {body: list(resource("1", "a", `,"`+schemaUserExtension+`":{"isFederatedUser":true},"`+schemaPasswordState+`":{"lastSuccessfulSetDate":"x"}`)), want: []rest.User{{ID: "1", Name: "a", State: "x", Barred: target.Federated}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readUsers([]byte(tt.body), "a")
			assert.Equal(t, tt.bad, err != nil)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestWrites(t *testing.T) {
	password := seal.Secret("p\"\\\x01/é")
	for name, tt := range map[string]struct {
		config       Config
		method, path string
		body         string
	}{
		"changer": {
			Config{Door: DoorChanger},
			"PUT", "/admin/v1/UserPasswordChanger/a%2Fb",
			`{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger"],"password":"p\"\\\u0001/é","bypassNotification":true}`,
		},
		"changer with mail": {
			Config{Door: DoorChanger, Notify: true},
			"PUT", "/admin/v1/UserPasswordChanger/a%2Fb",
			`{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger"],"password":"p\"\\\u0001/é"}`,
		},
		"patch": {
			Config{Door: DoorPatch},
			"PATCH", "/admin/v1/Users/a%2Fb",
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"password","value":"p\"\\\u0001/é"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWrite(tt.config, "a/b", password)
			assert.Equal(t, tt.method, w.Method)
			assert.Equal(t, tt.path, w.Path)
			assert.Equal(t, tt.body, string(w.Body))
			assert.Equal(t, 256+6*len(password), cap(w.Body), "it has not grown")
		})
	}
}

func TestAPasswordFollowsNoRedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _, apply := rig(t)
		d.Add("a")
		d.Script = func(call string, _ int, _ string) *idcstest.Step {
			if call == "write" {
				return &idcstest.Step{Status: 307}
			}
			return nil
		}
		answer := apply(target.Job{UserName: "a", Password: seal.Secret("Password-1")})
		assert.Equal(t, target.Malformed, answer.Reason)
		assert.Len(t, d.Log("write"), 1)
	})
}

func TestNothingIsSentThatWasNotNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _, apply := rig(t)
		d.Add("a")
		answer := apply(target.Job{UserName: "a", Password: seal.Secret("x"), BeforeWrite: func(context.Context, target.Mark) error {
			return errors.New("disk full")
		}})
		assert.Equal(t, target.Transient, answer.Class)
		assert.Empty(t, d.Log("write"))
	})
}

func TestADownTargetIsCertainlyNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _, apply := rig(t)
		d.Add("a")
		require.Equal(t, target.Applied, apply(target.Job{UserName: "a", Password: seal.Secret("x")}).Class)
		d.Down(true)
		time.Sleep(2 * time.Minute) // The connection that was kept is closed.
		answer := apply(target.Job{UserName: "a", Password: seal.Secret("y")})
		assert.Equal(t, target.Transient, answer.Class)
		assert.Equal(t, target.Connection, answer.Reason)
		assert.False(t, answer.Unsettled)
	})
}

func TestConfigMistakes(t *testing.T) {
	valid := DefaultConfig()
	valid.URL, valid.ClientID, valid.ClientSecret = "https://idcs.example.com", "id", seal.Secret("s")
	require.NoError(t, valid.Validate())
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no url":         {func(c *Config) { c.URL = "" }, "url: not set"},
		"no scheme":      {func(c *Config) { c.URL = "idcs.example.com" }, "url: "},
		"user in url":    {func(c *Config) { c.URL = "https://a:b@idcs.example.com" }, "must not hold a user"},
		"token url":      {func(c *Config) { c.TokenURL = "ftp://x" }, "tokenURL: "},
		"client":         {func(c *Config) { c.ClientID = "" }, "clientId: "},
		"secret":         {func(c *Config) { c.ClientSecret = nil }, "clientSecret: "},
		"scope":          {func(c *Config) { c.Scope = "" }, "scope: "},
		"door":           {func(c *Config) { c.Door = "window" }, "door: "},
		"content type":   {func(c *Config) { c.ContentType = "text/xml" }, "contentType: "},
		"timeout":        {func(c *Config) { c.Timeout = 0 }, "timeout: "},
		"idle":           {func(c *Config) { c.MaxIdle = 0 }, "maxIdle: "},
		"timeout is int": {func(c *Config) { c.Timeout = 30 }, "timeout: "},
	} {
		t.Run(name, func(t *testing.T) {
			c := valid
			tt.change(&c)
			require.ErrorContains(t, c.Validate(), tt.want)
			_, err := New(c, Environment{})
			require.Error(t, err)
		})
	}
	t.Run("authorities", func(t *testing.T) {
		c := valid
		c.CAFile = filepath.Join(t.TempDir(), "ca.pem")
		require.NoError(t, os.WriteFile(c.CAFile, []byte("no certificate"), 0o600))
		_, err := New(c, Environment{})
		require.ErrorContains(t, err, "idcs.caFile")
	})
}
