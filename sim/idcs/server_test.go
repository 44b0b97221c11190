package idcs_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Who may do what: the table of Oracle's page on required roles.
func TestRoles(t *testing.T) {
	type request struct{ method, path, body string }
	requests := map[string]func(*domain) request{
		"search": func(*domain) request { return request{http.MethodGet, "/admin/v1/Users?count=1", ""} },
		"search by POST": func(*domain) request {
			return request{http.MethodPost, "/admin/v1/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`}
		},
		"read":   func(d *domain) request { return request{http.MethodGet, d.path(), ""} },
		"patch":  func(d *domain) request { return request{http.MethodPatch, d.path(), patchPassword(newPassword)} },
		"change": func(d *domain) request { return request{http.MethodPut, d.changer(), changePassword(newPassword)} },
		"create": func(*domain) request {
			return request{http.MethodPost, "/admin/v1/Users", strings.ReplaceAll(newUser, "%s", "")}
		},
		"delete":      func(d *domain) request { return request{http.MethodDelete, d.path(), ""} },
		"read policy": func(*domain) request { return request{http.MethodGet, "/admin/v1/PasswordPolicies/PasswordPolicy", ""} },
		"write policy": func(*domain) request {
			return request{http.MethodPatch, "/admin/v1/PasswordPolicies/PasswordPolicy", patch(`{"op":"replace","path":"minLength","value":10}`)}
		},
		"keys": func(*domain) request { return request{http.MethodGet, "/admin/v1/SigningCert/jwk", ""} },
	}
	for client, may := range map[string]string{
		"engine":   "search, search by POST, read, patch, change, create, delete, read policy, keys",
		"manager":  "search, search by POST, read, patch, change, create, delete, read policy, keys",
		"admin":    "search, search by POST, read, patch, change, create, delete, read policy, write policy, keys",
		"helpdesk": "read, change, read policy, keys",
		"security": "search, search by POST, read, read policy, write policy, keys",
		"changer":  "read policy, keys",
		"nobody":   "read policy, keys",
	} {
		allowed := strings.Split(may, ", ")
		for name, make := range requests {
			t.Run(client+" "+name, func(t *testing.T) {
				d := newDomain(t)
				r := make(d)
				a := d.ask(t, client, r.method, r.path, r.body)
				if slices.Contains(allowed, name) {
					assert.Less(t, a.status, 300, "%s", a.body)
					return
				}
				assert.Equal(t, http.StatusForbidden, a.status)
				assert.Equal(t, "You are not authorized to perform this action.", a.json(t)["detail"])
				assert.Equal(t, "forbidden", d.last(t).Reason)
				assert.True(t, d.logsIn(t, firstPassword).OK)
				d.set(t, "missingRole", "401")
				assert.Equal(t, http.StatusUnauthorized, d.ask(t, client, r.method, r.path, r.body).status)
			})
		}
	}
}

func TestBadBearer(t *testing.T) {
	for _, tc := range []struct {
		name   string
		header func(t *testing.T, d *domain) string
		state  string
	}{
		{"none", func(*testing.T, *domain) string { return "" }, ""},
		{"invented", func(*testing.T, *domain) string { return "Bearer eyJhbGciOiJub25lIn0.e30." }, "unknown"},
		{"Basic", func(*testing.T, *domain) string { return "Basic ZW5naW5lOng=" }, "unknown"},
		{"empty", func(*testing.T, *domain) string { return "Bearer " }, "unknown"},
		{"expired", func(t *testing.T, d *domain) string {
			t.Helper()
			token := d.token(t, "engine")
			d.Clock().Turn(time.Hour)
			return "Bearer " + token
		}, "expired"},
		{"expired on demand", func(t *testing.T, d *domain) string {
			t.Helper()
			token := d.token(t, "engine")
			d.Issuer().Expire("")
			return "Bearer " + token
		}, "expired"},
		{"revoked", func(t *testing.T, d *domain) string {
			t.Helper()
			token := d.token(t, "engine")
			d.Issuer().Revoke("engine")
			return "Bearer " + token
		}, "revoked"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			header := tc.header(t, d)
			a := d.ask(t, "", http.MethodPatch, d.path(), patchPassword(newPassword), "Authorization", header)
			assert.Equal(t, http.StatusUnauthorized, a.status)
			assert.Equal(t, "text/html", a.header.Get("Content-Type"))
			assert.Contains(t, string(a.body), "<html>")
			assert.Empty(t, a.header.Get("WWW-Authenticate"))
			entry := d.last(t)
			assert.Equal(t, tc.state, entry.Token)
			assert.Equal(t, "credential", entry.Reason)
			assert.Equal(t, "bjensen", entry.User)
			assert.Empty(t, entry.Surprise)
			assert.True(t, d.logsIn(t, firstPassword).OK)

			d.set(t, "bearer401", "json")
			d.set(t, "bearerChallenge", "send")
			a = d.ask(t, "", http.MethodGet, d.path(), "", "Authorization", header)
			assert.Equal(t, http.StatusUnauthorized, a.status)
			assert.Equal(t, "401", a.json(t)["status"])
			assert.Contains(t, a.header.Get("WWW-Authenticate"), "Bearer")
			d.leaks(t, newPassword, "eyJhbGciOiJub25lIn0", "ZW5naW5lOng=")
		})
	}
}

// A token that a client sends where it does not belong is hidden there too.
func TestRepeatedToken(t *testing.T) {
	for name, send := range map[string]func(t *testing.T, d *domain, token string){
		"query": func(t *testing.T, d *domain, token string) {
			t.Helper()
			d.ask(t, "engine", http.MethodGet, d.path()+"?attributes="+token, "")
		},
		"header": func(t *testing.T, d *domain, token string) {
			t.Helper()
			d.ask(t, "engine", http.MethodGet, d.path(), "", "X-Forwarded-Bearer", token)
		},
		"body": func(t *testing.T, d *domain, token string) {
			t.Helper()
			d.ask(t, "engine", http.MethodPatch, d.path(), patch(`{"op":"add","path":"title","value":"`+token+`"}`))
		},
		"path": func(t *testing.T, d *domain, token string) {
			t.Helper()
			d.ask(t, "engine", http.MethodGet, "/admin/v1/Users/"+token, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDomain(t)
			token := d.token(t, "engine")
			send(t, d, token)
			assert.Equal(t, "valid", d.last(t).Token)
			d.leaks(t, token)
		})
	}
}

func TestRevokedTokenWhereTheAdminAPIDoesNotNotice(t *testing.T) {
	d := newDomain(t)
	d.token(t, "engine")
	d.Issuer().Revoke("")
	d.set(t, "revokedToken", "accept")
	assert.Equal(t, 200, d.ask(t, "engine", http.MethodGet, d.path(), "").status)
	assert.Equal(t, "revoked", d.last(t).Token, "the journal knows better")
}

func TestProtocolErrors(t *testing.T) {
	big := `{"schemas":["` + strings.Repeat("x", 1<<20) + `"]}`
	for _, tc := range []struct {
		name, method, path, body, contentType string
		status                                int
		messageID                             string
		surprise                              bool
	}{
		{"unknown path", http.MethodGet, "/admin/v1/People", "", "", 404, "error.seatrial.noSuchRoute", true},
		{"outside", http.MethodGet, "/", "", "", 404, "error.seatrial.noSuchRoute", true},
		{"below a user", http.MethodGet, "/admin/v1/Users/1/groups", "", "", 404, "error.seatrial.noSuchRoute", true},
		{"a trailing slash", http.MethodGet, "/admin/v1/Users/", "", "", 404, "error.seatrial.noSuchRoute", true},
		{"not simulated", http.MethodPost, "/admin/v1/Settings", "{}", "application/json", 501, "error.seatrial.notSimulated", true},
		{"not simulated, with an id", http.MethodPut, "/admin/v1/AuditEvents/1", "{}", "application/json", 501, "error.seatrial.notSimulated", true},
		{"not simulated, OAuth", http.MethodGet, "/oauth2/v1/authorize", "", "", 501, "error.seatrial.notSimulated", true},
		{"wrong method", http.MethodPost, "/admin/v1/Users/1", "{}", "application/json", 405, "error.seatrial.methodNotAllowed", true},
		{"changer by POST", http.MethodPost, "/admin/v1/UserPasswordChanger/1", "{}", "application/json", 405, "error.seatrial.methodNotAllowed", true},
		{"form", http.MethodPatch, "", "a=b", "application/x-www-form-urlencoded", 415, "error.seatrial.unsupportedMediaType", false},
		{"no content type", http.MethodPatch, "", "{}", "", 415, "error.seatrial.unsupportedMediaType", false},
		{"broken JSON", http.MethodPatch, "", `{"schemas":[`, "application/json; charset=utf-8", 400, "error.seatrial.malformedPatch", false},
		{"empty body", http.MethodPatch, "", "", "application/scim+json", 400, "error.seatrial.malformedPatch", false},
		{"a megabyte and more", http.MethodPatch, "", big, "application/json", 413, "error.seatrial.payloadTooLarge", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			path := tc.path
			if path == "" {
				path = d.path()
			}
			a := d.ask(t, "engine", tc.method, path, tc.body, "Content-Type", tc.contentType)
			assert.Equal(t, tc.status, a.status, "%s", a.body)
			assert.Equal(t, "application/json", a.header.Get("Content-Type"), "errors come without a charset")
			assert.Equal(t, tc.messageID, a.messageID(t))
			assert.Equal(t, tc.surprise, d.last(t).Surprise != "", "surprise %q", d.last(t).Surprise)
			if tc.status == http.StatusMethodNotAllowed {
				assert.NotEmpty(t, a.header.Get("Allow"))
			}
		})
	}
	t.Run("a megabyte and more, of unknown length", func(t *testing.T) {
		d := newDomain(t)
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPatch, d.path(), io.MultiReader(strings.NewReader(big)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+d.token(t, "engine"))
		require.Negative(t, r.ContentLength)
		assert.Equal(t, http.StatusRequestEntityTooLarge, d.send(r).status)
	})
}

func TestHeaders(t *testing.T) {
	d := newDomain(t)
	a := d.ask(t, "engine", http.MethodGet, d.path(), "", "Opc-Request-Id", "abc")
	want := map[string]string{
		"Content-Type": "application/json;charset=utf-8", "Cache-Control": "no-cache, no-store, must-revalidate", "Pragma": "no-cache",
		"Expires": "Sat, 01 Jan 2000 00:00:00 GMT", "X-Content-Type-Options": "nosniff", "Via": "1.1 net-idcs-config",
		"Server": "Oracle Identity Cloud Service", "Opc-Request-Id": "abc",
	}
	for name, value := range want {
		assert.Equal(t, value, a.header.Get(name), name)
	}
	assert.Equal(t, []string{"0:1"}, a.raw("X-ORACLE-DMS-RID"))
	first, second := a.raw("X-ORACLE-DMS-ECID"), d.ask(t, "engine", http.MethodGet, d.path(), "").raw("X-ORACLE-DMS-ECID")
	require.Len(t, first, 1)
	assert.NotEqual(t, first, second)

	options := d.ask(t, "", http.MethodOptions, "/admin/v1/Users/1", "")
	assert.Equal(t, 200, options.status)
	assert.Empty(t, options.body)
	assert.Equal(t, "PATCH,GET,PUT,DELETE,OPTIONS", options.header.Get("Allow"))
	assert.Equal(t, options.header.Get("Allow"), options.header.Get("Access-Control-Allow-Methods"))
	assert.Equal(t, 200, d.ask(t, "engine", http.MethodHead, d.path(), "").status)
}

func TestVendorAnswers(t *testing.T) {
	d := newDomain(t)
	d.token(t, "engine")
	for _, tc := range []struct {
		name, path        string
		rule              faults.Rule
		status            int
		contentType, body string
		retryAfter        string
		switches          []string
	}{
		{name: "throttled", rule: faults.Rule{Kind: faults.KindStatus, Status: 429}, status: 429, contentType: "application/json", body: "error.seatrial.tooManyRequests"},
		{name: "throttled with a wait", rule: faults.Rule{Kind: faults.KindStatus, Status: 429, RetryAfter: 1500 * time.Millisecond}, status: 429, contentType: "application/json", body: "Too Many Requests", retryAfter: "2"},
		{name: "maintenance", rule: faults.Rule{Kind: faults.KindStatus, Status: 503}, status: 503, contentType: "application/json", body: `"status":"503"`},
		{name: "maintenance with the switch", rule: faults.Rule{Kind: faults.KindStatus, Status: 503}, status: 503, contentType: "application/json", retryAfter: "1", switches: []string{"retryAfter", "seconds"}},
		{name: "gateway", rule: faults.Rule{Kind: faults.KindStatus, Status: 502, Body: "gateway"}, status: 502, contentType: "text/html", body: "502 Bad Gateway"},
		{name: "literal", rule: faults.Rule{Kind: faults.KindStatus, Status: 500, Body: `{"oops":1}`}, status: 500, contentType: "application/json", body: `{"oops":1}`},
		{name: "unauthorized", rule: faults.Rule{Kind: faults.KindStatus, Status: 401}, status: 401, contentType: "text/html", body: "401 Unauthorized"},
		{name: "forbidden", rule: faults.Rule{Kind: faults.KindStatus, Status: 403}, status: 403, contentType: "application/json", body: "not authorized"},
		{name: "token service", path: "/oauth2/v1/token", rule: faults.Rule{Kind: faults.KindStatus, Status: 503}, status: 503, contentType: "application/json;charset=UTF-8", body: `"ecid":`},
		{name: "this user", rule: faults.Rule{Kind: faults.KindStatus, Status: 503, Scope: faults.Scope{User: "BJENSEN", Client: "engine", Route: "PATCH /admin/v1/Users/*"}}, status: 503, contentType: "application/json"},
		{name: "another user", rule: faults.Rule{Kind: faults.KindStatus, Status: 503, Scope: faults.Scope{User: "other"}}, status: 400},
		{name: "another client", rule: faults.Rule{Kind: faults.KindStatus, Status: 503, Scope: faults.Scope{Client: "other"}}, status: 400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d.set(t, "retryAfter", "none")
			if tc.switches != nil {
				d.set(t, tc.switches[0], tc.switches[1])
			}
			added, err := d.Faults().Add(tc.rule)
			require.NoError(t, err)
			defer d.Faults().Remove()
			var a answer
			if tc.path == "" {
				a = d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword("short"))
			} else {
				a = d.form(t, tc.path, "engine", "grant_type=client_credentials")
			}
			assert.Equal(t, tc.status, a.status)
			entry := d.last(t)
			if tc.status == 400 {
				assert.Empty(t, entry.Faults)
				return
			}
			assert.Equal(t, tc.contentType, a.header.Get("Content-Type"))
			assert.Contains(t, string(a.body), tc.body)
			assert.Equal(t, tc.retryAfter, a.header.Get("Retry-After"))
			assert.Equal(t, []string{added.ID}, entry.Faults)
			assert.NotEmpty(t, entry.Route)
			if tc.path == "" {
				assert.Equal(t, "bjensen", entry.User)
			}
		})
	}
	t.Run("a 429 in plain text", func(t *testing.T) {
		d.set(t, "throttledBody", "text")
		_, err := d.Faults().Add(faults.Rule{Kind: faults.KindThrottle, Throttle: faults.Throttle{Rate: 0.001, Burst: 1}, Scope: faults.Scope{User: "bjensen", Route: "GET *"}})
		require.NoError(t, err)
		const search = "/admin/v1/Users?filter=userName+eq+%22bjensen%22"
		assert.Equal(t, 200, d.ask(t, "engine", http.MethodGet, search, "").status)
		a := d.ask(t, "engine", http.MethodGet, search, "")
		assert.Equal(t, 429, a.status)
		assert.Equal(t, "Too Many Requests", string(a.body))
	})
}

func TestPolicies(t *testing.T) {
	const path = "/admin/v1/PasswordPolicies/PasswordPolicy"
	d := newDomain(t)
	list := d.ask(t, "engine", http.MethodGet, "/admin/v1/PasswordPolicies", "").json(t)
	assert.EqualValues(t, 3, list["totalResults"])
	before := d.ask(t, "engine", http.MethodGet, path, "").json(t)
	assert.EqualValues(t, 12, before["minLength"])

	a := d.ask(t, "security", http.MethodPatch, path, patch(`{"op":"REPLACE","path":"minLength","value":20},{"op":"add","path":"minSpecialChars","value":1}`))
	require.Equal(t, 200, a.status, "%s", a.body)
	assert.Equal(t, 20, d.Policy().MinLength)
	assert.Equal(t, "policy", d.last(t).Operation)
	assert.Equal(t, 400, d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(newPassword)).status)
	assert.Equal(t, people.LogIn{OK: true}, d.logsIn(t, firstPassword), "present passwords are not judged again")

	a = d.ask(t, "security", http.MethodPut, path, `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:PasswordPolicy"],"name":"PasswordPolicy","minLength":6}`)
	require.Equal(t, 200, a.status, "%s", a.body)
	assert.Equal(t, policy.Policy{MinLength: 6}, d.Policy(), "what is left out of a PUT is no restriction")

	for _, tc := range []struct {
		name, path, operations string
		status                 int
	}{
		{"unknown rule", path, `{"op":"add","path":"minVowels","value":1}`, 400},
		{"wrong type", path, `{"op":"add","path":"minLength","value":"many"}`, 400},
		{"impossible", path, `{"op":"add","value":{"minLength":20,"maxLength":10}}`, 400},
		{"built in", "/admin/v1/PasswordPolicies/SimplePasswordPolicy", `{"op":"add","path":"minLength","value":1}`, 400},
		{"unknown policy", "/admin/v1/PasswordPolicies/Other", `{"op":"add","path":"minLength","value":1}`, 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := d.ask(t, "security", http.MethodPatch, tc.path, patch(tc.operations))
			assert.Equal(t, tc.status, a.status, "%s", a.body)
			assert.Equal(t, policy.Policy{MinLength: 6}, d.Policy())
		})
	}
}

func TestReset(t *testing.T) {
	d := newDomain(t)
	token := d.token(t, "engine")
	d.set(t, "bearer401", "json")
	d.Clock().Turn(time.Minute)
	require.NoError(t, d.SetTokenLifetime(2*time.Minute))
	require.NoError(t, d.SetPolicy(policy.Policy{MinLength: 1}))
	_, err := d.Faults().Add(faults.Rule{Kind: faults.KindReset})
	require.NoError(t, err)
	d.Reset()
	assert.Zero(t, d.People().Len())
	assert.Zero(t, d.Clock().Offset())
	assert.Empty(t, d.Faults().List())
	assert.Equal(t, idcs.DefaultConfig().Policy, d.Policy())
	_, state := d.Issuer().Verify(token)
	assert.Equal(t, oauth.Unknown, state)
	for _, s := range d.Switches() {
		assert.Equal(t, s.Default, s.Value, s.Name)
	}
	d.tokens = map[string]string{}
	d.user = d.add(t, "bjensen")
	assert.Equal(t, 200, d.ask(t, "engine", http.MethodGet, d.path(), "").status, "clients stay")
	assert.Error(t, d.SetPolicy(policy.Policy{MinLength: -1}))
	assert.ErrorIs(t, d.SetTokenLifetime(time.Second), idcs.ErrInvalid)
}

func TestPopulateRefused(t *testing.T) {
	d := newDomain(t)
	email := []people.Email{{Value: "x@example.com", Primary: true}}
	for name, tc := range map[string]struct {
		p    people.Person
		want error
	}{
		"no user name":    {people.Person{Emails: email}, idcs.ErrInvalid},
		"no e-mail":       {people.Person{UserName: "x"}, idcs.ErrInvalid},
		"user name taken": {people.Person{UserName: "BJENSEN", Emails: email}, people.ErrDuplicate},
	} {
		_, err := d.Populate(tc.p)
		assert.ErrorIs(t, err, tc.want, name)
	}
	d.set(t, "primaryEmail", "optional")
	_, err := d.Populate(people.Person{UserName: "x"})
	assert.NoError(t, err)
}

func TestConfigValidate(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*idcs.Config)
		want   string
	}{
		"host":           {func(c *idcs.Config) { c.Host = "https://x" }, `idcs.host: "https://x" is not a host name`},
		"lifetime":       {func(c *idcs.Config) { c.TokenLifetime = time.Second }, "idcs.tokenLifetime: 1s is not"},
		"policy":         {func(c *idcs.Config) { c.Policy.MinLength = -1 }, "idcs.policy.minLength"},
		"client id":      {func(c *idcs.Config) { c.Clients[0].ID = "" }, "idcs.clients[0].id: is empty"},
		"client twice":   {func(c *idcs.Config) { c.Clients[1].ID = c.Clients[0].ID }, "is there twice"},
		"client secret":  {func(c *idcs.Config) { c.Clients[0].Secret = secret.Value{} }, "idcs.clients[0].secret: is empty"},
		"client role":    {func(c *idcs.Config) { c.Clients[0].Roles = []string{"Janitor"} }, `there is no app role "Janitor"`},
		"unknown switch": {func(c *idcs.Config) { c.Switches = idcs.Switches{"mood": "good"} }, "idcs.switches.mood: there is no such switch"},
		"switch value":   {func(c *idcs.Config) { c.Switches = idcs.Switches{"bearer401": "xml"} }, `"xml" is not one of html, json`},
	} {
		t.Run(name, func(t *testing.T) {
			c := config()
			require.NoError(t, c.Validate())
			tc.change(&c)
			err := c.Validate()
			require.ErrorIs(t, err, idcs.ErrInvalid)
			assert.Contains(t, err.Error(), tc.want)
		})
	}
	client := idcs.DefaultClient()
	client.Secret = secret.New("x")
	c := idcs.DefaultConfig()
	c.Clients = []oauth.Client{client}
	assert.NoError(t, c.Validate())
}

// What Oracle was seen to say, and what is ours, can be told apart by the id.
func TestMessageIDsOfOursAreRecognisable(t *testing.T) {
	seen := regexp.MustCompile(`^(error\.(identity|common)\..*)?$`)
	for _, a := range idcs.Answers() {
		if !strings.HasPrefix(a.MessageID, "error.seatrial.") {
			assert.Regexp(t, seen, a.MessageID)
			assert.NotEqual(t, "unverified", a.Source, "%s", a.MessageID)
		}
		assert.NotEmpty(t, a.Source)
		assert.NotEmpty(t, a.Reason)
	}
}

func TestSwitchesAreDescribed(t *testing.T) {
	d := newDomain(t)
	for _, s := range d.Switches() {
		assert.GreaterOrEqual(t, len(s.Options), 2, s.Name)
		assert.NotEmpty(t, s.Note, s.Name)
		assert.Equal(t, s.Options[0], s.Default)
		assert.Equal(t, s.Default, s.Value)
	}
	assert.ErrorIs(t, d.SetSwitch("bearer401", "xml"), idcs.ErrInvalid)
	assert.ErrorIs(t, d.SetSwitch("mood", "good"), idcs.ErrInvalid)
}

// A lost answer: the write is there, its answer is not, and the time of the last set tells.
func TestLostAnswerIsApplied(t *testing.T) {
	d := newDomain(t)
	server := httptest.NewServer(d.Handler())
	defer server.Close()
	before := d.state(t)["lastSuccessfulSetDate"]
	_, err := d.Faults().Add(faults.Rule{Kind: faults.KindLoseAnswer, Trigger: faults.Trigger{First: 1}, Scope: faults.Scope{Route: "PATCH *"}})
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, server.URL+d.path(), bytes.NewReader([]byte(patchPassword(newPassword))))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+d.token(t, "engine"))
	r.Header.Set("Content-Type", "application/json")
	response, err := server.Client().Do(r)
	if err == nil {
		_ = response.Body.Close()
	}
	require.Error(t, err)
	lost := d.Journal().Search(journal.Query{Operation: "write_password"})
	require.Equal(t, 1, lost.Total)
	assert.True(t, lost.Entries[0].Lost)
	assert.Equal(t, "accepted", lost.Entries[0].Outcome)
	assert.Equal(t, people.LogIn{OK: true, MustChange: true}, d.logsIn(t, newPassword))
	assert.NotEqual(t, before, d.state(t)["lastSuccessfulSetDate"])
}
