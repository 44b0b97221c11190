package idcs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
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
		call  call
		reply reply
		want  verdict
	}{
		"taken":                 {callWrite, reply{status: 200}, verdict{target.Applied, "", false}},
		"taken, odd status":     {callWrite, reply{status: 201}, verdict{target.Applied, "", false}},
		"taken, empty":          {callWrite, reply{status: 204}, verdict{target.Applied, "", false}},
		"taken, then broke off": {callWrite, reply{status: 200, err: io.ErrUnexpectedEOF}, verdict{target.Applied, "", false}},
		"a page says yes":       {callWrite, reply{status: 200, html: true}, verdict{target.Unknown, target.Unavailable, true}},
		"accepted for later":    {callWrite, reply{status: 202}, verdict{target.Transient, target.Unavailable, true}},
		"policy":                {callWrite, reply{status: 400, body: body(policyID, "x")}, verdict{target.Permanent, target.Policy, false}},
		"policy id elsewhere":   {callFind, reply{status: 400, body: body(policyID, "x")}, verdict{target.Permanent, target.Malformed, false}},
		"bad reference":         {callWrite, reply{status: 400, body: body("error.common.validation.invalidReferenceResource", "")}, verdict{target.Missing, target.NotFound, false}},
		"other 400":             {callWrite, reply{status: 400, body: []byte("{")}, verdict{target.Permanent, target.Malformed, false}},
		"401 page":              {callWrite, reply{status: 401, html: true}, verdict{target.Credential, target.BadCredential, false}},
		"401 JSON":              {callFind, reply{status: 401}, verdict{target.Credential, target.BadCredential, false}},
		"403":                   {callWrite, reply{status: 403}, verdict{target.Permanent, target.Forbidden, false}},
		"403 of a firewall":     {callWrite, reply{status: 403, html: true}, verdict{target.Transient, target.Unavailable, true}},
		"404 user":              {callWrite, reply{status: 404}, verdict{target.Missing, target.NotFound, false}},
		"404 collection":        {callFind, reply{status: 404}, verdict{target.Transient, target.Unavailable, false}},
		"408":                   {callWrite, reply{status: 408}, verdict{target.Transient, target.Timeout, true}},
		"409 write":             {callWrite, reply{status: 409}, verdict{target.Transient, target.Unavailable, false}},
		"409 create":            {callCreate, reply{status: 409}, verdict{target.Permanent, target.Duplicate, false}},
		"412":                   {callWrite, reply{status: 412}, verdict{target.Transient, target.Unavailable, false}},
		"415":                   {callWrite, reply{status: 415}, verdict{target.Permanent, target.Malformed, false}},
		"429":                   {callWrite, reply{status: 429}, verdict{target.Transient, target.Throttled, false}},
		"no e-mail":             {callCreate, reply{status: 400, body: body("error.identity.user.primaryEmailNotSpecified", "")}, verdict{target.Permanent, target.Malformed, false}},
		"500 on write":          {callWrite, reply{status: 500}, verdict{target.Transient, target.Unavailable, true}},
		"500 on look-up":        {callFind, reply{status: 500}, verdict{target.Transient, target.Unavailable, false}},
		"501":                   {callWrite, reply{status: 501}, verdict{target.Permanent, target.Malformed, false}},
		"502 on write":          {callWrite, reply{status: 502, html: true}, verdict{target.Unknown, target.Unavailable, true}},
		"502 on look-up":        {callFind, reply{status: 502, html: true}, verdict{target.Transient, target.Unavailable, false}},
		"503":                   {callWrite, reply{status: 503}, verdict{target.Transient, target.Unavailable, true}},
		"504 on write":          {callWrite, reply{status: 504}, verdict{target.Unknown, target.Unavailable, true}},
		"redirect":              {callWrite, reply{status: 307}, verdict{target.Permanent, target.Malformed, false}},
		"reset after sending":   {callWrite, reply{err: reset, sent: true}, verdict{target.Unknown, target.Connection, true}},
		"reset before sending":  {callWrite, reply{err: reset}, verdict{target.Transient, target.Connection, false}},
		"reset of a look-up":    {callFind, reply{err: reset, sent: true}, verdict{target.Transient, target.Connection, false}},
		"timeout of a write":    {callWrite, reply{err: late, sent: true}, verdict{target.Unknown, target.Timeout, true}},
		"timeout of a look-up":  {callFind, reply{err: late, sent: true}, verdict{target.Transient, target.Timeout, false}},
		"token refused":         {callToken, reply{status: 401}, verdict{target.Credential, target.BadCredential, false}},
		"token scope refused":   {callToken, reply{status: 400}, verdict{target.Credential, target.BadCredential, false}},
		"token throttled":       {callToken, reply{status: 429}, verdict{target.Transient, target.Throttled, false}},
		"token 503":             {callToken, reply{status: 503}, verdict{target.Transient, target.Unavailable, false}},
		"token that is none":    {callToken, reply{status: 200}, verdict{target.Transient, target.Unavailable, false}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, judge(tt.call, tt.reply))
			assert.NotContains(t, detail(tt.call, tt.reply), "secret-user")
		})
	}
}

func TestEveryRowHasASourceAndIsReached(t *testing.T) {
	for i, r := range table {
		assert.NotEmpty(t, r.source, "row %d", i)
		calls := []call{r.call}
		if r.call == "" {
			calls = []call{callFind, callCreate, callWrite}
		}
		reached := false
		for _, c := range calls {
			for status := r.status; status <= max(r.status, r.through); status++ {
				got := judge(c, reply{status: status, html: r.html, body: body(r.messageID, "")})
				want := r.verdict
				want.unsettled = want.unsettled && c == callWrite
				reached = reached || got == want
			}
		}
		assert.True(t, reached, "row %d (%s %d %s) is hidden by an earlier one", i, r.call, r.status, r.messageID)
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("write", 400, true, body(policyID, "x"), true)
	f.Add("find", 0, false, []byte{}, false)
	f.Fuzz(func(t *testing.T, c string, status int, html bool, data []byte, sent bool) {
		if !slices.Contains([]string{"token", "find", "create", "write"}, c) {
			t.Skip()
		}
		r := reply{status: status, html: html, body: data, sent: sent, err: errors.New("x")}
		v := judge(call(c), r)
		if v.class == target.Applied {
			assert.True(t, c == "write" && status >= 200 && status < 300 && !html)
			assert.Empty(t, v.reason)
		} else {
			assert.Contains(t, target.Reasons(), v.reason)
		}
		assert.False(t, v.unsettled && c != "write", "only a write can be unsettled")
		assert.False(t, v.class == target.Unknown && !v.unsettled)
		_ = historyOnly(data)
		assert.LessOrEqual(t, len(detail(call(c), r)), 512)
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

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for name, tt := range map[string]struct {
		header, date string
		want         time.Duration
	}{
		"seconds":              {"7", "", 7 * time.Second},
		"spaces":               {" 7 ", "", 7 * time.Second},
		"zero":                 {"0", "", 0},
		"negative":             {"-7", "", 0},
		"fraction":             {"1.5", "", 0},
		"units":                {"7s", "", 0},
		"huge":                 {"99999999999999999999", "", time.Hour},
		"a year":               {"31536000", "", time.Hour},
		"date":                 {now.Add(9 * time.Second).Format(http.TimeFormat), "", 9 * time.Second},
		"date in the past":     {now.Add(-9 * time.Second).Format(http.TimeFormat), "", 0},
		"date, clock is ahead": {now.Add(249 * time.Second).Format(http.TimeFormat), now.Add(240 * time.Second).Format(http.TimeFormat), 9 * time.Second},
		"word":                 {"later", "", 0},
		"none":                 {"", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			h.Set("Retry-After", tt.header)
			date, _ := http.ParseTime(tt.date)
			assert.Equal(t, tt.want, retryAfter(h, date, now))
		})
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
func rig(t *testing.T) (*idcstest.Domain, *Target, func(target.Job) target.Answer) {
	t.Helper()
	d := idcstest.Start()
	c := DefaultConfig()
	c.URL, c.ClientID, c.ClientSecret = d.URL()+"/", d.ClientID, seal.Secret(d.ClientSecret)
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
		want []user
		bad  bool
	}{
		"none":                  {body: `{"totalResults":0}`},
		"one":                   {body: list(resource("1", "A", "")), want: []user{{id: "1", userName: "A", active: true}}},
		"inactive":              {body: list(resource("1", "a", `,"active":false`)), want: []user{{id: "1", userName: "a"}}},
		"a filter not obeyed":   {body: list(resource("1", "b", ""), resource("2", "c", ""))},
		"the right among many":  {body: list(resource("1", "b", ""), resource("2", "a", "")), want: []user{{id: "2", userName: "a", active: true}}},
		"without an id":         {body: list(resource("", "a", ""))},
		"a single user":         {body: resource("1", "a", ""), bad: true},
		"a page":                {body: "<html>", bad: true},
		"a wrong type":          {body: list(resource("1", "a", `,"active":"yes"`)), bad: true},
		"a list of many":        {body: list(resource("1", "a", ""), resource("2", "A", "")), want: []user{{id: "1", userName: "a", active: true}, {id: "2", userName: "A", active: true}}},
		"federated with a date": {body: list(resource("1", "a", `,"`+schemaUserExtension+`":{"isFederatedUser":true},"`+schemaPasswordState+`":{"lastSuccessfulSetDate":"x"}`)), want: []user{{id: "1", userName: "a", active: true, federated: true, setAt: "x"}}},
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
			assert.Equal(t, tt.method, w.method)
			assert.Equal(t, tt.path, w.path)
			assert.Equal(t, tt.body, string(w.body))
			assert.Equal(t, 256+6*len(password), cap(w.body), "it has not grown")
		})
	}
}

func FuzzAppendQuoted(f *testing.F) {
	f.Add([]byte("a\"\\\x00\x1f\x7f\u2028é𝄞"))
	f.Fuzz(func(t *testing.T, s []byte) {
		var got string
		require.NoError(t, json.Unmarshal(appendQuoted(nil, s), &got))
		if utf8.Valid(s) {
			assert.Equal(t, string(s), got)
		}
	})
}

func TestBodiesAreWiped(t *testing.T) {
	data := []byte("secret")
	b := &secretBody{data: data}
	got, err := io.ReadAll(b)
	require.NoError(t, err)
	assert.Equal(t, "secret", string(got))
	require.NoError(t, b.Close())
	assert.Equal(t, make([]byte, 6), data)
	n, err := b.Read(make([]byte, 9))
	assert.Zero(t, n)
	require.ErrorIs(t, err, io.EOF)
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
		d, x, apply := rig(t)
		d.Add("a")
		require.Equal(t, target.Applied, apply(target.Job{UserName: "a", Password: seal.Secret("x")}).Class)
		d.Down(true)
		x.client.close()
		answer := apply(target.Job{UserName: "a", Password: seal.Secret("y")})
		assert.Equal(t, target.Answer{Class: target.Transient, Reason: target.Connection, Detail: answer.Detail}, answer)
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
