package okta_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/okta"
)

// golden is one exchange on the wire, with the source that the answer is held to.
type golden struct {
	Source  string              `json:"source"`
	Request string              `json:"request"`
	Sent    json.RawMessage     `json:"sent,omitempty"`
	Status  int                 `json:"status"`
	Headers map[string][]string `json:"headers"`
	Body    json.RawMessage     `json:"body,omitempty"`
}

// The bodies on the wire, in virtual time and with the seed's ids, so that they are always the same. Run with -update to write
// them anew, and read the difference.
func TestGolden(t *testing.T) {
	const (
		recorded   = "order and names: answers of two test orgs, recorded by a public project; rate headers: Okta, Rate limits"
		unverified = "; this use is unverified"
		get, post  = http.MethodGet, http.MethodPost
	)
	federate := func(t *testing.T, o *org) { t.Helper(); o.federated(t) }
	question := func(t *testing.T, o *org) {
		t.Helper()
		require.Equal(t, 200, o.post(t, "", `{"credentials":{"recovery_question":{"question":"Ship?","answer":"Lorelei"}}}`).status)
	}
	for _, tc := range []struct {
		name, source, token, method, path, body string
		before                                  func(*testing.T, *org)
	}{
		{name: "user", source: recorded, method: get, path: "{user}"},
		{name: "user-with-question", source: recorded, method: get, path: "{user}", before: question},
		{name: "user-federated", source: "Okta, Users API, FEDERATION; schema and type among the links unverified", method: get, path: "{user}", before: federate},
		{name: "user-created", source: recorded, method: post, path: usersPath, body: newcomer("sam@example.com", `,"credentials":{"password":{"value":"Spring-Tide-2026"}}`)},
		{name: "user-staged", source: recorded, method: post, path: usersPath + "?activate=false", body: newcomer("sam@example.com", "")},
		{name: "user-password-set", source: recorded, method: post, path: "{user}", body: setPassword(newPassword)},
		{name: "users", source: recorded, method: get, path: usersPath + "?limit=1", before: func(t *testing.T, o *org) { t.Helper(); o.add(t, "sam@example.com") }},
		{name: "user-deactivated", source: recorded, method: get, path: "{user}", before: func(t *testing.T, o *org) { t.Helper(); o.post(t, "/lifecycle/deactivate", "") }},
		{name: "password-policy", source: "Okta, Org2Org provisioning error, \"requirements were not met\"", method: post, path: "{user}", body: setPassword("weak"), before: func(t *testing.T, o *org) { t.Helper(); require.NoError(t, o.SetPolicy(hub())) }},
		{name: "password-federated", source: "Okta, Org2Org app assignment with initial provisioning; the cause on the hub is unverified", method: post, path: "{user}", body: setPassword(newPassword), before: federate},
		{name: "password-changed", source: "Okta, Users API, change_password", method: post, path: "{user}/credentials/change_password", body: changePassword(firstPassword, newPassword)},
		{name: "password-old-wrong", source: "tests of Okta's sign-in widget", method: post, path: "{user}/credentials/change_password", body: changePassword("x", newPassword)},
		{name: "password-reset", source: "Okta, Users API, reset_password", method: post, path: "{user}/lifecycle/reset_password?sendEmail=false"},
		{name: "forgot-federated", source: "tests of a client in production", method: post, path: "{user}/credentials/forgot_password", before: federate},
		{name: "login-taken", source: "tests of a client in production", method: post, path: usersPath, body: newcomer(login, "")},
		{name: "not-found", source: recorded, method: get, path: usersPath + "/missing@example.com"},
		{name: "token-invalid", source: "Okta, OpenAPI examples", token: "nobody", method: get, path: "{user}"},
		{name: "no-session", source: "captured bodies", token: "-", method: get, path: "{user}"},
		{name: "too-many-requests", source: "Okta, OpenAPI examples", method: get, path: "/api/v1/logs", before: func(t *testing.T, o *org) {
			t.Helper()
			require.NoError(t, o.SetPlan("free"))
			for range 10 {
				o.ask(t, "admin", get, "/api/v1/logs", "")
			}
		}},
		{name: "signed-in", source: "Okta, Authentication API", token: "-", method: post, path: "/api/v1/authn", body: `{"username":"` + login + `","password":"` + firstPassword + `"}`},
		{name: "sign-in-refused", source: "Okta, Authentication API", token: "-", method: post, path: "/api/v1/authn", body: `{"username":"` + login + `","password":"x"}`},
		{name: "sign-in-expired", source: "Okta, Authentication API" + unverified, token: "-", method: post, path: "/api/v1/authn", body: `{"username":"` + login + `","password":"` + firstPassword + `"}`, before: func(t *testing.T, o *org) {
			t.Helper()
			o.be(t, func(a *okta.Account) { a.Status = okta.PasswordExpired })
		}},
		{name: "policies", source: recorded, method: get, path: "/api/v1/policies?type=PASSWORD"},
		{name: "log", source: "Okta, OpenAPI, LogEvent", method: get, path: "/api/v1/logs", before: func(t *testing.T, o *org) { t.Helper(); o.post(t, "", setPassword(newPassword)) }},
		{name: "not-simulated", source: "ours", method: get, path: "/api/v1/zones"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrg(t)
				if tc.before != nil {
					tc.before(t, o)
				}
				token := "admin"
				switch tc.token {
				case "":
				case "-":
					token = ""
				default:
					token = tc.token
				}
				path := tc.path
				if rest, ok := bytes.CutPrefix([]byte(path), []byte("{user}")); ok {
					path = o.path() + string(rest)
				}
				a := o.ask(t, token, tc.method, path, tc.body)
				a.header.Del("Content-Length")
				compareGolden(t, tc.name, golden{
					Source: tc.source, Request: tc.method + " " + path, Sent: json.RawMessage(tc.body), Status: a.status, Headers: a.header, Body: a.body,
				})
			})
		})
	}
}

func compareGolden(t *testing.T, name string, g golden) {
	t.Helper()
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	require.NoError(t, encoder.Encode(g))
	file := filepath.Join("testdata", name+".json")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, got.Bytes(), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got.String())
}
