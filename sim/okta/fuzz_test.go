package okta_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/sim/okta"
)

// fuzzed is an org that is asked many times.
func fuzzed(f *testing.F) *org {
	f.Helper()
	return newOrg(f, func(c *okta.Config, _ *okta.Kernel) { c.Plan = "unlimited" })
}

// wellFormed holds an answer to what every answer is: JSON, and no failure of the org's own.
func wellFormed(t *testing.T, a answer) {
	t.Helper()
	assert.Less(t, a.status, 500, "%s", a.body)
	assert.True(t, len(a.body) == 0 || json.Valid(a.body), "%s", a.body)
}

func FuzzSearch(f *testing.F) {
	o := fuzzed(f)
	for _, seed := range []string{
		`profile.login eq "isaac.brock@example.com"`, `status eq "ACTIVE" and (id pr or profile.title sw "M")`, `lastUpdated gt "2000-01-01T00:00:00.000Z"`,
		`not (id pr)`, `((((((`, `profile.x eq "`, `id eq "\"`, `created le "2000`, "profile.firstName co \x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		query := url.Values{"search": {text}, "sortBy": {"profile.lastName"}}.Encode()
		wellFormed(t, o.ask(t, "admin", http.MethodGet, usersPath+"?"+query, ""))
	})
}

// What a filter finds a search finds, too: its language is smaller, and it is stricter with case.
func FuzzFilter(f *testing.F) {
	o := fuzzed(f)
	for _, seed := range []string{`status eq "ACTIVE"`, `profile.email eq "isaac.brock@example.com" or id eq "x"`, `lastUpdated ge "2000-01-01T00:00:00Z"`, `id ne "x"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a := o.ask(t, "admin", http.MethodGet, usersPath+"?filter="+url.QueryEscape(text), "")
		wellFormed(t, a)
		wellFormed(t, o.ask(t, "admin", http.MethodGet, "/api/v1/logs?limit=5&filter="+url.QueryEscape(text), ""))
		if a.status == http.StatusOK && len(a.list(t)) == 1 {
			assert.Len(t, o.ask(t, "admin", http.MethodGet, usersPath+"?search="+url.QueryEscape(text), "").list(t), 1, text)
		}
	})
}

// Whatever a body says, the answer is well-formed, and the password that it may have is nowhere in the journal.
func FuzzUserBody(f *testing.F) {
	for _, seed := range []string{
		newcomer("sam@example.com", `,"credentials":{"password":{"value":"`+newPassword+`"}}`), setPassword(newPassword), changePassword(firstPassword, newPassword),
		`{"credentials":{"password":{"hash":{"algorithm":"MD5","value":"CANLJiDsw+EW9VecEFEWBw==","salt":"c2FsdHNhbHQ4","saltOrder":"PREFIX"}}}}`,
		`{"credentials":{"password":{"hook":{"type":"default"}}}}`, `{"profile":{"login":null}}`, `{"profile":7}`, `[]`, `{`, `{"groupIds":["x"]}`,
		`{"credentials":{"recovery_question":{"question":"Ship?","answer":"Lorelei"},"provider":{"type":"FEDERATION","name":"FEDERATION"}}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		o := newOrg(t, func(c *okta.Config, _ *okta.Kernel) { c.Plan = "unlimited" })
		if body == "" {
			body = "{}"
		}
		wellFormed(t, o.ask(t, "admin", http.MethodPost, usersPath+"?provider=true", body))
		wellFormed(t, o.ask(t, "admin", http.MethodPost, o.path()+"?strict=true", body))
		wellFormed(t, o.ask(t, "admin", http.MethodPost, o.path()+"/credentials/change_password", body))
		var sent struct {
			Credentials struct {
				Password struct{ Value string }
			}
		}
		if json.Unmarshal([]byte(body), &sent) == nil && len(sent.Credentials.Password.Value) >= 8 && strings.Count(body, sent.Credentials.Password.Value) == 1 {
			o.leaks(t, sent.Credentials.Password.Value)
		}
	})
}

// Nothing but an assertion with the key's signature gets a token.
func FuzzClientAssertion(f *testing.F) {
	o := fuzzed(f)
	good := signed(f, "k1", theKey(), claims())
	for _, seed := range []string{good[:len(good)-4], "", "x.y.z", "eyJhbGciOiJub25lIn0.eyJpc3MiOiIwb2FzeW5jIn0."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, assertion string) {
		if strings.HasPrefix(assertion, good[:len(good)-1]) { // the last letter has bits to spare
			return
		}
		a := o.askToken(t, tokenForm(assertion, "okta.users.manage"), false)
		wellFormed(t, a)
		assert.Contains(t, []int{http.StatusBadRequest, http.StatusUnauthorized}, a.status, "%s", a.body)
	})
}

// Nor does a proof of a key that nobody proved.
func FuzzProof(f *testing.F) {
	o := newOrg(f, func(c *okta.Config, _ *okta.Kernel) { c.Plan, c.Clients[0].DPoP = "unlimited", true })
	c := claims()
	c.ID = "" // so that it serves again
	assertion := signed(f, "k1", theKey(), c)
	good := proofFor(http.MethodPost, tokenURL).sign(f, theKey(), "dpop+jwt")
	for _, seed := range []string{good, good[:len(good)-4], assertion, "x.y.z", "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6Im5vbmUifQ.e30."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, proof string) {
		r := httptest.NewRequestWithContext(named(t), http.MethodPost, tokenURL, strings.NewReader(tokenForm(assertion, "okta.users.manage").Encode()))
		r.Header["Content-Type"], r.Header["Dpop"] = []string{"application/x-www-form-urlencoded"}, []string{proof}
		a := o.send(r)
		wellFormed(t, a)
		assert.Equal(t, http.StatusBadRequest, a.status, "%s", a.body)
	})
}
