package idcs_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const tokenPath = "/oauth2/v1/token"

func claimsOf(t *testing.T, token any) map[string]any {
	t.Helper()
	text, _ := token.(string)
	parts := strings.Split(text, ".")
	require.Len(t, parts, 3)
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	require.NoError(t, err)
	var claims map[string]any
	require.NoError(t, json.Unmarshal(payload, &claims))
	return claims
}

func TestTokenAnswer(t *testing.T) {
	d := newDomain(t)
	a := d.form(t, tokenPath, "engine", "grant_type=client_credentials&scope=urn%3Aopc%3Aidm%3A__myscopes__")
	require.Equal(t, 200, a.status, "%s", a.body)
	assert.Equal(t, "application/json;charset=UTF-8", a.header.Get("Content-Type"))
	assert.Equal(t, "no-store", a.header.Get("Cache-Control"))
	m := a.json(t)
	assert.Len(t, m, 3, "access_token, token_type and expires_in, nothing else")
	assert.Equal(t, "Bearer", m["token_type"])
	assert.InDelta(t, 3600, m["expires_in"], 0)

	claims := claimsOf(t, m["access_token"])
	for _, name := range []string{
		"sub", "sub_type", "sub_mappingattr", "iss", "tok_type", "client_id", "client_guid", "client_name", "client_tenantname",
		"user.tenant.name", "tenant", "user_isAdmin", "aud", "clientAppRoles", "scope", "iat", "exp", "jti",
	} {
		assert.Contains(t, claims, name)
	}
	assert.Equal(t, "engine", claims["sub"])
	assert.Equal(t, []any{"Authenticated Client", "User Administrator"}, claims["clientAppRoles"])
	assert.Contains(t, claims["aud"], "https://"+d.Host())
	scope, _ := claims["scope"].(string)
	assert.Contains(t, strings.Fields(scope), "urn:opc:idm:t.users")

	entry := d.last(t)
	assert.Equal(t, "token", entry.Operation)
	assert.Equal(t, "engine", entry.Client)
	text, _ := m["access_token"].(string)
	d.leaks(t, text, "secret of engine", base64.StdEncoding.EncodeToString([]byte("engine:secret+of+engine")))

	keys := d.ask(t, "nobody", http.MethodGet, "/admin/v1/SigningCert/jwk", "")
	var set jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal(keys.body, &set))
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(t, err)
	assert.NoError(t, token.Claims(set.Keys[0], &map[string]any{}))
	assert.Equal(t, 401, d.ask(t, "", http.MethodGet, "/admin/v1/SigningCert/jwk", "").status)
	d.set(t, "signingCertAccess", "public")
	assert.Equal(t, 200, d.ask(t, "", http.MethodGet, "/admin/v1/SigningCert/jwk", "").status)
}

func TestTokenRefused(t *testing.T) {
	const good = "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__"
	for _, tc := range []struct {
		name, client, body, contentType string
		switches                        []string
		status                          int
		code                            string
	}{
		{name: "wrong secret", client: "stranger", body: good, status: 401, code: "invalid_client"},
		{name: "no client", body: good, status: 401, code: "invalid_client"},
		{name: "wrong secret in the body", body: good + "&client_id=engine&client_secret=x", status: 401, code: "invalid_client"},
		{name: "in the body where that is refused", body: good + "&client_id=engine&client_secret=secret+of+engine", switches: []string{"bodyCredentials", "refuse"}, status: 401, code: "invalid_client"},
		{name: "two methods", client: "engine", body: good + "&client_id=engine&client_secret=x", status: 400, code: "invalid_request"},
		{name: "assertion", body: good + "&client_assertion=x", status: 401, code: "invalid_client"},
		{name: "JSON", client: "engine", body: "{}", contentType: "application/json", status: 400, code: "invalid_request"},
		{name: "not a form", client: "engine", body: "grant_type=%zz", status: 400, code: "invalid_request"},
		{name: "a parameter twice", client: "engine", body: good + "&scope=x", status: 400, code: "invalid_request"},
		{name: "no grant type", client: "engine", body: "scope=x", status: 400, code: "invalid_request"},
		{name: "another grant type", client: "engine", body: "grant_type=password&username=a&password=hunter2hunter2", status: 400, code: "unauthorized_client"},
		{name: "an unknown grant type", client: "engine", body: "grant_type=magic", status: 400, code: "unsupported_grant_type"},
		{name: "no scope", client: "engine", body: "grant_type=client_credentials", status: 400, code: "invalid_scope"},
		{name: "only scopes that the client does not hold", client: "engine", body: "grant_type=client_credentials&scope=urn:opc:idm:t.settings", status: 400, code: "invalid_scope"},
		{name: "one that it does not hold, strict", client: "engine", body: "grant_type=client_credentials&scope=urn:opc:idm:t.users+urn:opc:idm:t.settings", switches: []string{"scopeNotHeld", "error"}, status: 400, code: "invalid_scope"},
		{name: "consumer with another", client: "engine", body: "grant_type=client_credentials&scope=urn:opc:resource:consumer::all+urn:opc:idm:t.users", status: 400, code: "invalid_scope"},
		{name: "too short a life", client: "engine", body: good + "+urn:opc:resource:expiry=59", status: 400, code: "invalid_scope"},
		{name: "too long a life", client: "engine", body: good + "+urn:opc:resource:expiry=31536001", status: 400, code: "invalid_scope"},
		{name: "no number", client: "engine", body: good + "+urn:opc:resource:expiry=1h", status: 400, code: "invalid_scope"},
		{name: "too large", client: "engine", body: good + "&x=" + strings.Repeat("x", 1<<20), status: 400, code: "invalid_request"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			if tc.switches != nil {
				d.set(t, tc.switches[0], tc.switches[1])
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+d.Host()+tokenPath, strings.NewReader(tc.body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
			if tc.contentType != "" {
				r.Header.Set("Content-Type", tc.contentType)
			}
			if tc.client != "" {
				r.SetBasicAuth(tc.client, url.QueryEscape("secret of "+tc.client))
			}
			a := d.send(r)
			assert.Equal(t, tc.status, a.status, "%s", a.body)
			m := a.json(t)
			assert.Len(t, m, 3)
			assert.Equal(t, tc.code, m["error"])
			assert.NotEmpty(t, m["error_description"])
			ecid, _ := m["ecid"].(string)
			assert.Equal(t, []string{ecid}, a.raw("X-ORACLE-DMS-ECID"))
			assert.Equal(t, tc.status == 401, a.header.Get("WWW-Authenticate") != "")
			assert.Equal(t, tc.code, d.last(t).Reason)
			d.leaks(t, "hunter2hunter2", "secret of engine", "secret+of+engine")
		})
	}
}

func TestScopes(t *testing.T) {
	for _, tc := range []struct {
		name, client, scope string
		roles               []any
		scopes              string
		lifetime            float64
		search              int
	}{
		{"all of mine", "helpdesk", "urn:opc:idm:__myscopes__", []any{"Authenticated Client", "Help Desk Administrator"}, "urn:opc:idm:t.helpdesk.security urn:opc:idm:t.helpdesk.user urn:opc:idm:t.security.client", 3600, 403},
		{"one of mine", "engine", "urn:opc:idm:t.users", []any{"Authenticated Client", "User Administrator"}, "urn:opc:idm:t.users", 3600, 200},
		{"one of mine and one not", "engine", "urn:opc:idm:t.users urn:opc:idm:t.settings", []any{"Authenticated Client", "User Administrator"}, "urn:opc:idm:t.users", 3600, 200},
		{"every client's", "engine", "urn:opc:idm:t.security.client", []any{"Authenticated Client"}, "urn:opc:idm:t.security.client", 3600, 403},
		{"a role, its space encoded twice", "engine", "urn:opc:idm:role.User%20Administrator", []any{"Authenticated Client", "User Administrator"}, "", 3600, 200},
		{"consumer", "engine", "urn:opc:resource:consumer::all", []any{"Authenticated Client"}, "urn:opc:resource:consumer::all", 3600, 403},
		{"a shorter life", "engine", "urn:opc:idm:__myscopes__ urn:opc:resource:expiry=60", []any{"Authenticated Client", "User Administrator"}, "", 60, 200},
		{"not a longer one", "engine", "urn:opc:idm:__myscopes__ urn:opc:resource:expiry=86400", []any{"Authenticated Client", "User Administrator"}, "", 3600, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			a := d.form(t, tokenPath, tc.client, url.Values{"grant_type": {"client_credentials"}, "scope": {tc.scope}}.Encode())
			require.Equal(t, 200, a.status, "%s", a.body)
			m := a.json(t)
			claims := claimsOf(t, m["access_token"])
			assert.Equal(t, tc.roles, claims["clientAppRoles"])
			if tc.scopes != "" {
				assert.Equal(t, tc.scopes, claims["scope"])
			}
			assert.InDelta(t, tc.lifetime, m["expires_in"], 0)
			d.tokens[tc.client], _ = m["access_token"].(string)
			assert.Equal(t, tc.search, d.ask(t, tc.client, http.MethodGet, "/admin/v1/Users", "").status)
			d.Clock().Turn(time.Duration(tc.lifetime) * time.Second)
			assert.Equal(t, 401, d.ask(t, tc.client, http.MethodGet, "/admin/v1/Users", "").status)
		})
	}
	t.Run("consumer opens nothing, not even what every client may read", func(t *testing.T) {
		d := newDomain(t)
		a := d.form(t, tokenPath, "engine", "grant_type=client_credentials&scope=urn:opc:resource:consumer::all")
		d.tokens["engine"], _ = a.json(t)["access_token"].(string)
		assert.Equal(t, 403, d.ask(t, "engine", http.MethodGet, "/admin/v1/PasswordPolicies", "").status)
	})
	t.Run("none where that means all", func(t *testing.T) {
		d := newDomain(t)
		d.set(t, "emptyScope", "myscopes")
		assert.Equal(t, 200, d.form(t, tokenPath, "engine", "grant_type=client_credentials").status)
	})
	t.Run("the domain's lifetime", func(t *testing.T) {
		d := newDomain(t)
		require.NoError(t, d.SetTokenLifetime(5*time.Minute))
		a := d.form(t, tokenPath, "engine", "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__")
		assert.InDelta(t, 300, a.json(t)["expires_in"], 0)
	})
}

func TestIntrospectAndRevoke(t *testing.T) {
	d := newDomain(t)
	token := d.token(t, "engine")
	introspect := func() map[string]any {
		a := d.form(t, "/oauth2/v1/introspect", "nobody", "token="+token)
		require.Equal(t, 200, a.status)
		return a.json(t)
	}
	m := introspect()
	assert.Equal(t, true, m["active"])
	assert.Equal(t, "engine", m["client_id"])
	assert.Equal(t, 200, d.form(t, "/oauth2/v1/revoke", "nobody", "token="+token).status)
	assert.Equal(t, true, introspect()["active"], "another client's token is not withdrawn")
	assert.Equal(t, 200, d.form(t, "/oauth2/v1/revoke", "engine", "token="+token).status)
	assert.Equal(t, map[string]any{"active": false}, introspect())
	assert.Equal(t, 401, d.ask(t, "engine", http.MethodGet, d.path(), "").status)
	assert.Equal(t, "revoked", d.last(t).Token)
	assert.Equal(t, 401, d.form(t, "/oauth2/v1/introspect", "", "token="+token).status)
	d.leaks(t, token)
}

// A client that nobody of us wrote, over TLS.
func TestClientCredentialsOfTheOAuth2Library(t *testing.T) {
	d := newDomain(t)
	server := httptest.NewTLSServer(d.Handler())
	defer server.Close()
	for _, tc := range []struct {
		name  string
		style oauth2.AuthStyle
	}{{"Basic", oauth2.AuthStyleInHeader}, {"body", oauth2.AuthStyleInParams}, {"whatever works", oauth2.AuthStyleAutoDetect}} {
		t.Run(tc.name, func(t *testing.T) {
			ctx := t.Context()
			ctx = contextWithClient(ctx, server.Client())
			c := clientcredentials.Config{
				ClientID: "engine", ClientSecret: "secret of engine", TokenURL: server.URL + tokenPath,
				Scopes: []string{"urn:opc:idm:__myscopes__"}, AuthStyle: tc.style,
			}
			token, err := c.Token(ctx)
			require.NoError(t, err)
			assert.Equal(t, "Bearer", token.Type())
			assert.InDelta(t, time.Hour.Seconds(), time.Until(token.Expiry).Seconds(), 30)
			request, err := http.NewRequestWithContext(ctx, http.MethodPatch, server.URL+d.path(), strings.NewReader(patchPassword("Tide-of-"+strings.ReplaceAll(tc.name, " ", "-")+"-2026")))
			require.NoError(t, err)
			request.Header.Set("Content-Type", "application/scim+json")
			response, err := c.Client(ctx).Do(request)
			require.NoError(t, err)
			defer func() { assert.NoError(t, response.Body.Close()) }()
			assert.Equal(t, 200, response.StatusCode)
			var user map[string]any
			require.NoError(t, json.NewDecoder(response.Body).Decode(&user))
			meta, _ := user["meta"].(map[string]any)
			assert.Equal(t, server.URL+d.path(), meta["location"], "locations lead back the way the client came")
		})
	}
	t.Run("a wrong secret", func(t *testing.T) {
		c := clientcredentials.Config{ClientID: "engine", ClientSecret: "wrong", TokenURL: server.URL + tokenPath, AuthStyle: oauth2.AuthStyleInHeader}
		_, err := c.Token(contextWithClient(t.Context(), server.Client()))
		var refused *oauth2.RetrieveError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, "invalid_client", refused.ErrorCode)
		assert.Equal(t, "Client authentication failed.", refused.ErrorDescription)
	})
}

func FuzzTokenForm(f *testing.F) {
	for _, seed := range []string{
		"grant_type=client_credentials&scope=urn:opc:idm:__myscopes__", "grant_type=client_credentials&scope=urn:opc:idm:role.%2520",
		"grant_type=client_credentials&scope=urn:opc:resource:expiry=99999999999999999999", "&&==%", "scope=a&scope=b", "token=x",
	} {
		f.Add(seed)
	}
	d := newDomain(f)
	f.Fuzz(func(t *testing.T, body string) {
		t.Helper()
		a := d.form(t, tokenPath, "engine", body)
		if a.status != 200 && a.status != 400 && a.status != 401 {
			t.Fatalf("%q: %d %s", body, a.status, a.body)
		}
		if m := a.json(t); len(m) != 3 {
			t.Fatalf("%q: %s", body, a.body)
		}
	})
}

func FuzzPatch(f *testing.F) {
	for _, seed := range []string{
		patchPassword(newPassword), patchPassword("x"), patch(`{"op":"remove","path":"emails[type eq \"work\"]"}`),
		patch(`{"op":"add","value":{"password":"` + newPassword + `","name":{"givenName":"x"}}}`),
		patch(`{"op":"replace","path":"` + extUser + `","value":{"isFederatedUser":true}}`),
		patch(`{"op":"add","path":"urn:ietf:params:scim:schemas:core:2.0:User","value":{"userName":""}}`),
		patch(`{"op":"replace","path":"password.value","value":"Never-Tell-2026"}`),
		`{"Operations":null}`, `[]`, `{"schemas":[1],"Operations":[{}]}`,
	} {
		f.Add(seed)
	}
	d := newDomain(f)
	d.set(f, "federatedWrite", "accept")
	d.set(f, "inactiveWrite", "accept")
	f.Fuzz(func(t *testing.T, body string) {
		t.Helper()
		a := d.ask(t, "engine", http.MethodPatch, d.path(), body, "Content-Type", "application/json")
		entry := d.last(t)
		switch a.status {
		case 200:
			p, ok := d.People().ByID(d.user.ID)
			if !ok || p.UserName == "" || p.PrimaryEmail() == "" {
				t.Fatalf("%q left a user that cannot be: %+v", body, p)
			}
			if entry.Outcome == "accepted" && entry.Password != p.Credential.Digest {
				t.Fatalf("%q: the journal has another password than the store", body)
			}
			read := d.ask(t, "engine", http.MethodGet, d.path(), "")
			if string(read.body) != string(a.body) {
				t.Fatalf("%q: answered\n%s\nand read back\n%s", body, a.body, read.body)
			}
		case 400, 413:
			if a.messageID(t) == "" {
				t.Fatalf("%q: %s", body, a.body)
			}
		default:
			t.Fatalf("%q: %d %s", body, a.status, a.body)
		}
	})
}

func TestDeactivatedClient(t *testing.T) {
	d := newDomain(t, func(c *idcs.Config) {
		c.Clients = append(c.Clients, oauth.Client{ID: "off", Secret: secret.New("secret of off")})
	})
	assert.Equal(t, 401, d.form(t, tokenPath, "off", "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__").status)
}
