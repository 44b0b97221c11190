package okta_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

func TestConfigNamesEveryMistake(t *testing.T) {
	require.NoError(t, okta.DefaultConfig().Validate())
	require.NoError(t, config().Validate())
	for name, tc := range map[string]struct {
		change func(*okta.Config)
		want   string
	}{
		"host":      {func(c *okta.Config) { c.Host = "https://x" }, "okta.host"},
		"lifetime":  {func(c *okta.Config) { c.TokenLifetime = time.Second }, "okta.tokenLifetime"},
		"plan":      {func(c *okta.Config) { c.Plan = "gold" }, `okta.plan: there is no plan "gold"`},
		"share":     {func(c *okta.Config) { c.TokenShare = 0 }, "okta.tokenShare: 0"},
		"policy":    {func(c *okta.Config) { c.Policy.Complexity.MinSymbol = 2 }, "okta.policy.complexity.minSymbol: 2 is not within 0 to 1"},
		"attribute": {func(c *okta.Config) { c.Policy.Complexity.ExcludeAttributes = []string{"email"} }, "neither firstName nor lastName"},
		"custom":    {func(c *okta.Config) { c.Attributes = []string{"login"} }, "okta.attributes[0]"},
		"token":     {func(c *okta.Config) { c.Tokens[0].Value = secret.Value{} }, "okta.tokens[0].value: is empty"},
		"twice":     {func(c *okta.Config) { c.Tokens[1].Name = c.Tokens[0].Name }, "okta.tokens[1].name"},
		"role":      {func(c *okta.Config) { c.Tokens[0].Role = "BOSS" }, "okta.tokens[0].role"},
		"client":    {func(c *okta.Config) { c.Clients[0].ID = "" }, "okta.clients[0].id"},
		"scope":     {func(c *okta.Config) { c.Clients[0].Scopes = []string{"okta.all"} }, "okta.clients[0].scopes"},
		"key":       {func(c *okta.Config) { c.Clients[0].Keys[0].KeyID = "" }, "okta.clients[0].keys[0]"},
		"no keys":   {func(c *okta.Config) { c.Clients[0].Keys = nil }, "okta.clients[0].keys: there is none"},
		"switch":    {func(c *okta.Config) { c.Switches = okta.Switches{"loginFormat": "x"} }, "okta.switches.loginFormat"},
		"no switch": {func(c *okta.Config) { c.Switches = okta.Switches{"x": "y"} }, "there is no such switch"},
	} {
		t.Run(name, func(t *testing.T) {
			c := config()
			tc.change(&c)
			err := c.Validate()
			require.ErrorIs(t, err, okta.ErrInvalid)
			assert.ErrorContains(t, err, tc.want)
		})
	}
}

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	o := newOrg(t)
	for name, a := range map[string]answer{
		"200": o.ask(t, "admin", http.MethodGet, o.path(), ""),
		"401": o.ask(t, "nobody", http.MethodGet, o.path(), ""),
		"403": o.ask(t, "", http.MethodGet, o.path(), ""),
		"404": o.ask(t, "admin", http.MethodGet, "/nothing", ""),
		"204": o.ask(t, "admin", http.MethodDelete, o.path()+"/sessions", ""),
	} {
		t.Run(name, func(t *testing.T) {
			assert.Regexp(t, `^[0-9a-f]{32}$`, a.header["X-Okta-Request-Id"][0])
			for _, header := range []string{"X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"} {
				assert.Regexp(t, `^\d+$`, a.header.Get(header), header)
			}
			_, err := http.ParseTime(a.header.Get("Date"))
			require.NoError(t, err)
			assert.Equal(t, "strict-origin-when-cross-origin", a.header.Get("Referrer-Policy"))
			if name == "204" {
				assert.Empty(t, a.header.Get("Content-Type"))
				assert.Empty(t, a.body)
				return
			}
			assert.Equal(t, "application/json", a.header.Get("Content-Type"))
		})
	}
}

func TestCredentialsOfTheAPI(t *testing.T) {
	o := newOrg(t)
	t.Run("E0000011 unknown token", func(t *testing.T) {
		o.ask(t, "nobody", http.MethodGet, o.path(), "").refused(t, 401, "E0000011", "Invalid token provided")
		assert.Equal(t, "credential", o.last(t).Reason)
		assert.Equal(t, login, o.last(t).User)
	})
	t.Run("E0000005 no header", func(t *testing.T) {
		o.ask(t, "", http.MethodGet, o.path(), "").refused(t, 403, "E0000005", "Invalid session")
	})
	t.Run("an API token is no access token", func(t *testing.T) {
		a := o.ask(t, "", http.MethodGet, o.path(), "", "Authorization", "Bearer token-of-admin")
		assert.Equal(t, 401, a.status)
		assert.Empty(t, a.body)
		assert.Contains(t, a.header.Get("WWW-Authenticate"), `error="invalid_token", error_description="The access token is invalid."`)
	})
	t.Run("an access token is no API token", func(t *testing.T) {
		header := o.bearer(t, "okta.users.manage")
		o.ask(t, "", http.MethodGet, o.path(), "", "Authorization", "SSWS "+strings.TrimPrefix(header, "Bearer ")).refused(t, 401, "E0000011", "")
	})
	t.Run("E0000006 the role is too small", func(t *testing.T) {
		o.ask(t, "auditor", http.MethodPost, o.path(), setPassword(newPassword)).refused(t, 403, "E0000006", "You do not have permission to perform the requested action")
		o.ask(t, "helpdesk", http.MethodPost, o.path(), setPassword(newPassword)).refused(t, 403, "E0000006", "")
		o.ask(t, "helpdesk", http.MethodGet, "/api/v1/policies?type=PASSWORD", "").refused(t, 403, "E0000006", "")
		assert.Equal(t, 200, o.ask(t, "helpdesk", http.MethodPost, o.path()+"/lifecycle/expire_password", "").status)
		assert.Equal(t, 200, o.ask(t, "users", http.MethodPost, o.path(), setPassword(firstPassword)).status)
		o.keptFirst(t)
	})
	t.Run("revoked", func(t *testing.T) {
		assert.True(t, o.RevokeToken("auditor"))
		assert.False(t, o.RevokeToken("auditor"))
		o.ask(t, "auditor", http.MethodGet, o.path(), "").refused(t, 401, "E0000011", "")
	})
	t.Run("the scope is missing: no body, a header", func(t *testing.T) {
		header := o.bearer(t, "okta.groups.read")
		a := o.ask(t, "", http.MethodGet, o.path(), "", "Authorization", header)
		assert.Equal(t, 403, a.status)
		assert.Empty(t, a.body)
		assert.Equal(t, `Bearer authorization_uri="http://hub.okta.com/oauth2/v1/authorize", realm="http://hub.okta.com", `+
			`scope="okta.users.read", error="insufficient_scope", `+
			`error_description="The access token provided does not contain the required scopes.", resource="`+o.path()+`"`, a.header.Get("WWW-Authenticate"))
		assert.Equal(t, "forbidden", o.last(t).Reason)
	})
	t.Run("manage includes read", func(t *testing.T) {
		header := o.bearer(t, "okta.users.manage")
		assert.Equal(t, 200, o.ask(t, "", http.MethodGet, o.path(), "", "Authorization", header).status)
		assert.Equal(t, "0oasync", o.last(t).Client)
	})
	t.Run("expired and revoked access tokens", func(t *testing.T) {
		header := o.bearer(t, "okta.users.manage")
		o.Issuer().Expire("")
		assert.Contains(t, o.ask(t, "", http.MethodGet, o.path(), "", "Authorization", header).header.Get("WWW-Authenticate"), "The token has expired.")
		header = o.bearer(t, "okta.users.manage")
		o.Issuer().Revoke("")
		assert.Contains(t, o.ask(t, "", http.MethodGet, o.path(), "", "Authorization", header).header.Get("WWW-Authenticate"), "The access token has been revoked.")
	})
	o.leaks(t, "token-of-admin", "token-of-nobody")
}

func TestTokenEndpoint(t *testing.T) {
	other := signedByAnother(t)
	for _, tc := range []struct {
		name   string
		change func(jwt.Claims) jwt.Claims
		form   func(url.Values)
		kid    string
		scope  string
		status int
		code   string
		text   string
	}{
		{name: "good", status: 200},
		{name: "without a jti", change: func(c jwt.Claims) jwt.Claims { c.ID = ""; return c }, status: 200},
		{name: "some scopes are not granted", scope: "okta.users.manage okta.apps.manage", status: 200},
		{name: "no assertion", form: func(f url.Values) { f.Del("client_assertion") }, status: 401, code: "invalid_client", text: "Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method."},
		{name: "unknown issuer", change: func(c jwt.Claims) jwt.Claims { c.Issuer = "0oax"; return c }, status: 401, code: "invalid_client", text: "The issuer claim for client_assertion is not a valid client_id."},
		{name: "subject is another", change: func(c jwt.Claims) jwt.Claims { c.Subject = "0oax"; return c }, status: 401, code: "invalid_client", text: "The issuer claim for client_assertion is not a valid client_id."},
		{name: "unknown kid", kid: "k2", status: 401, code: "invalid_client", text: "The client_assertion JWT kid is invalid."},
		{name: "wrong key", form: func(f url.Values) { f.Set("client_assertion", other) }, status: 401, code: "invalid_client", text: "The client_assertion signature is invalid."},
		{name: "not a JWT", form: func(f url.Values) { f.Set("client_assertion", "x.y") }, status: 401, code: "invalid_client", text: "The client_assertion signature is invalid."},
		{name: "another audience", change: func(c jwt.Claims) jwt.Claims { c.Audience = jwt.Audience{"https://x"}; return c }, status: 401, code: "invalid_client", text: "The audience claim for client_assertion must be the endpoint invoked for the request."},
		{name: "expired", change: func(c jwt.Claims) jwt.Claims { c.Expiry = jwt.NewNumericDate(time.Now().Add(-time.Second)); return c }, status: 401, code: "invalid_client", text: "The client_assertion token is expired."},
		{name: "too long", change: func(c jwt.Claims) jwt.Claims { c.Expiry = jwt.NewNumericDate(time.Now().Add(2 * time.Hour)); return c }, status: 401, code: "invalid_client", text: "The client_assertion token has an expiration too far into the future."},
		{name: "no scope", form: func(f url.Values) { f.Del("scope") }, status: 400, code: "invalid_scope", text: "No scopes were requested."},
		{name: "unknown scope", scope: "okta.users.everything", status: 400, code: "invalid_scope", text: "The requested scope is invalid, unknown, malformed, or exceeds the scope granted by the resource owner."},
		{name: "not granted", scope: "okta.apps.manage", status: 400, code: "consent_required", text: "You are not allowed any of the requested scopes."},
		{name: "another grant", form: func(f url.Values) { f.Set("grant_type", "password") }, status: 400, code: "unsupported_grant_type"},
		{name: "a parameter twice", form: func(f url.Values) { f.Add("scope", "x") }, status: 400, code: "invalid_request"},
	} {
		for _, inQuery := range []bool{false, true} {
			t.Run(tc.name+map[bool]string{false: " in the body", true: " in the query"}[inQuery], func(t *testing.T) {
				o := newOrg(t)
				c := claims()
				if tc.change != nil {
					c = tc.change(c)
				}
				kid, scope := "k1", "okta.users.manage"
				if tc.kid != "" {
					kid = tc.kid
				}
				if tc.scope != "" {
					scope = tc.scope
				}
				assertion := signed(t, kid, theKey(), c)
				form := tokenForm(assertion, scope)
				if tc.form != nil {
					tc.form(form)
				}
				a := o.askToken(t, form, inQuery)
				require.Equal(t, tc.status, a.status, "%s", a.body)
				o.leaks(t, assertion)
				if tc.code == "" {
					token := a.json(t)["access_token"].(string)
					assert.JSONEq(t, `{"token_type":"Bearer","expires_in":3600,"access_token":"`+token+`","scope":"okta.users.manage"}`, string(a.body))
					assert.Equal(t, 200, o.ask(t, "", http.MethodGet, o.path(), "", "Authorization", "Bearer "+token).status)
					o.leaks(t, token)
					return
				}
				assert.Equal(t, tc.code, a.json(t)["error"])
				if tc.text != "" {
					assert.Equal(t, tc.text, a.json(t)["error_description"])
				}
				assert.Equal(t, tc.code, o.last(t).Reason)
			})
		}
	}
	t.Run("an assertion serves once", func(t *testing.T) {
		o := newOrg(t)
		form := tokenForm(signed(t, "k1", theKey(), claims()), "okta.users.read okta.users.manage")
		assert.Equal(t, 200, o.askToken(t, form, false).status)
		assert.Equal(t, "The client_assertion token has already been used.", o.askToken(t, form, false).json(t)["error_description"])
		o.set(t, "clientErrorBody", "envelope")
		o.askToken(t, form, false).refused(t, 401, "invalid_client", "The client_assertion token has already been used.")
	})
}

func TestRoutesAndBodiesThatAreNotThere(t *testing.T) {
	o := newOrg(t)
	t.Run("E0000008 unknown path", func(t *testing.T) {
		o.ask(t, "admin", http.MethodGet, "/api/v2/users", "").refused(t, 404, "E0000008", "The requested path was not found")
		assert.NotEmpty(t, o.last(t).Surprise)
	})
	t.Run("E0000060 not simulated", func(t *testing.T) {
		o.ask(t, "admin", http.MethodGet, "/api/v1/zones", "").refused(t, 501, "E0000060", "Unsupported operation.")
		assert.NotEmpty(t, o.last(t).Surprise)
		assert.Equal(t, "not_simulated", o.last(t).Reason)
	})
	t.Run("E0000022 wrong method", func(t *testing.T) {
		o.ask(t, "admin", http.MethodPatch, o.path(), "{}").refused(t, 405, "E0000022", "The endpoint does not support the provided HTTP method")
	})
	t.Run("E0000003 malformed", func(t *testing.T) {
		for _, body := range []string{"{", "[]", "null", `"x"`, "{} {}", `{"credentials":"x"}`, `{"credentials":{"password":"` + newPassword + `"}}`} {
			o.post(t, "", body).refused(t, 400, "E0000003", "The request body was not well-formed.")
		}
		o.keptFirst(t)
		o.leaks(t, newPassword)
	})
	t.Run("E0000018 no Content-Type", func(t *testing.T) {
		o.ask(t, "admin", http.MethodPost, o.path(), "").refused(t, 400, "E0000018", "Bad request.  Accept and/or Content-Type headers are likely not set.")
	})
	t.Run("E0000021 another Content-Type", func(t *testing.T) {
		o.ask(t, "admin", http.MethodPost, o.path(), "{}", "Content-Type", "text/plain").refused(t, 400, "E0000021", "")
	})
	t.Run("E0000019 another Accept", func(t *testing.T) {
		o.ask(t, "admin", http.MethodGet, o.path(), "", "Accept", "text/html").refused(t, 400, "E0000019", "")
		assert.Equal(t, 200, o.ask(t, "admin", http.MethodGet, o.path(), "", "Accept", "text/html, application/json;q=0.9").status)
	})
	t.Run("E0000037 neither true nor false", func(t *testing.T) {
		o.ask(t, "admin", http.MethodPost, o.path()+"?strict=maybe", setPassword(newPassword)).refused(t, 400, "E0000037", `Type mismatch exception.  "strict" is neither true nor false`)
		o.keptFirst(t)
	})
}

func TestFaultsAnswerAsOktaWould(t *testing.T) {
	for _, tc := range []struct {
		name   string
		rule   faults.Rule
		status int
		code   string
	}{
		{"E0000009 500", faults.Rule{Kind: faults.KindStatus, Status: 500}, 500, "E0000009"},
		{"E0000010 503", faults.Rule{Kind: faults.KindStatus, Status: 503}, 503, "E0000010"},
		{"E0000047 429", faults.Rule{Kind: faults.KindStatus, Status: 429, RetryAfter: 30 * time.Second}, 429, "E0000047"},
		{"E0000112 409", faults.Rule{Kind: faults.KindStatus, Status: 409}, 409, "E0000112"},
		{"E0000011 401", faults.Rule{Kind: faults.KindStatus, Status: 401}, 401, "E0000011"},
		{"E0000006 403", faults.Rule{Kind: faults.KindStatus, Status: 403}, 403, "E0000006"},
		{"of a user", faults.Rule{Kind: faults.KindStatus, Status: 500, Scope: faults.Scope{User: login, Client: "admin"}}, 500, "E0000009"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newOrg(t)
			_, err := o.Faults().Add(tc.rule)
			require.NoError(t, err)
			a := o.post(t, "", setPassword(newPassword))
			a.refused(t, tc.status, tc.code, "")
			assert.Empty(t, a.header.Get("Retry-After"))
			assert.NotEmpty(t, a.header.Get("X-Rate-Limit-Reset"))
			if tc.status == 429 {
				assert.Equal(t, "0", a.header.Get("X-Rate-Limit-Remaining"))
			}
			o.keptFirst(t)
			o.Reset()
			assert.Zero(t, o.People().Len())
			assert.Empty(t, o.Faults().List())
		})
	}
	t.Run("a gateway's page", func(t *testing.T) {
		o := newOrg(t)
		_, err := o.Faults().Add(faults.Rule{Kind: faults.KindStatus, Status: 502, Body: "gateway"})
		require.NoError(t, err)
		a := o.ask(t, "admin", http.MethodGet, o.path(), "")
		assert.Equal(t, 502, a.status)
		assert.Equal(t, "text/html", a.header.Get("Content-Type"))
	})
}

func TestSwitchesAreListedAndChanged(t *testing.T) {
	o := newOrg(t)
	for _, w := range o.Switches() {
		assert.Equal(t, w.Options[0], w.Default, w.Name)
		assert.Equal(t, w.Default, w.Value, w.Name)
		assert.GreaterOrEqual(t, len(w.Options), 2, w.Name)
		assert.NotEmpty(t, w.Note, w.Name)
		require.NoError(t, o.SetSwitch(w.Name, w.Options[1]))
		require.ErrorIs(t, o.SetSwitch(w.Name, "x"), okta.ErrInvalid)
	}
	o.Reset()
	for _, w := range o.Switches() {
		assert.Equal(t, w.Default, w.Value, w.Name)
	}
}

func signedByAnother(t *testing.T) string {
	t.Helper()
	return signed(t, "k1", otherKey(t), claims())
}

func otherKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return key
}
