package okta

import (
	"encoding/json"
	"errors"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	tokenPath     = "/oauth2/v1/token" //nolint:gosec // G101: a path
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// assertionLife is how far ahead an assertion may expire. The SDKs ask for exactly an hour; the margin is for their clocks.
	assertionLife = time.Hour + 5*time.Minute
)

func mountTokens(t table) {
	t.put(http.MethodPost, tokenPath, endpoint{operation: "token", open: true, serve: (*call).issueToken})
}

// oauthError is an error of the token endpoint (RFC 6749, 5.2), with Okta's texts (Okta, OAuth errors).
type oauthError struct{ code, text string }

func (e *oauthError) Error() string { return e.code + ": " + e.text }

func invalidClient(text string) error { return &oauthError{"invalid_client", text} }

// issueToken is the token endpoint of the org authorization server: client_credentials with private_key_jwt.
func (c *call) issueToken() error {
	text, token, err := c.newToken()
	if refused, ok := errors.AsType[*oauthError](err); ok {
		return c.refuseToken(refused)
	}
	if err != nil {
		return err
	}
	c.x.Secret(secret.New(text))
	kind := "Bearer"
	if c.s.provesKey(token.Client) {
		kind = "DPoP"
	}
	return c.sendJSON(object{
		{"token_type", kind},
		{"expires_in", int(token.Expires.Sub(token.Issued) / time.Second)},
		{"access_token", text},
		{"scope", strings.Join(token.Scopes, " ")},
	})
}

func (c *call) refuseToken(refused *oauthError) error {
	status := http.StatusBadRequest
	if refused.code == "invalid_client" {
		status = http.StatusUnauthorized
	}
	c.x.Reason = refused.code
	if status == http.StatusUnauthorized && c.s.is(clientErrorBody, "envelope") {
		c.send(status, newEnvelope(refused.code, refused.text, c.s.ids.error(), nil))
		return nil
	}
	body, err := encode(object{{"error", refused.code}, {"error_description", refused.text}})
	if err != nil {
		return err
	}
	c.send(status, body)
	return nil
}

func (c *call) newToken() (string, oauth.Token, error) {
	form, err := c.tokenForm()
	if err != nil {
		return "", oauth.Token{}, err
	}
	switch grant := form.Get("grant_type"); grant {
	case "client_credentials":
	case "":
		return "", oauth.Token{}, &oauthError{"invalid_request", "The grant_type parameter is missing."}
	default:
		return "", oauth.Token{}, &oauthError{"unsupported_grant_type", "The authorization grant type is not supported by the authorization server."}
	}
	client, err := c.client(form)
	if err != nil {
		return "", oauth.Token{}, err
	}
	key, err := c.bind(client)
	if err != nil {
		return "", oauth.Token{}, err
	}
	scopes, err := c.scopes(client, form.Get("scope"))
	if err != nil {
		return "", oauth.Token{}, err
	}
	registered, _ := c.s.issuer.Client(client.ID)
	claims := map[string]any{"ver": 1, "iss": c.base, "aud": c.base, "sub": client.ID, "cid": client.ID, "scp": scopes}
	if key != "" {
		claims["cnf"] = map[string]any{"jkt": key}
	}
	return c.s.issuer.Issue(registered, scopes, time.Duration(c.s.lifetime.Load()), claims)
}

// tokenForm reads the parameters from the body and from the query: one generation of Okta's own SDK puts all of them there.
func (c *call) tokenForm() (url.Values, error) {
	body, err := c.read()
	if err != nil {
		return nil, &oauthError{"invalid_request", "The request body is too large or ended too early."}
	}
	form := url.Values{}
	if len(body) > 0 {
		media, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
		if err != nil || media != "application/x-www-form-urlencoded" {
			return nil, &oauthError{"invalid_request", "The content type must be application/x-www-form-urlencoded."}
		}
		if form, err = url.ParseQuery(string(body)); err != nil {
			return nil, &oauthError{"invalid_request", "The request body is not a valid form."}
		}
	}
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		c.x.Secret(secret.New(c.r.URL.RawQuery))
		return nil, &oauthError{"invalid_request", "The query is not a valid form."}
	}
	for key, values := range query {
		form[key] = append(form[key], values...)
	}
	// What may be secret is named before anything is shown, also when the form is refused.
	for _, key := range []string{"client_assertion", "client_secret", "password", "refresh_token"} {
		for _, value := range form[key] {
			c.x.Secret(secret.New(value))
		}
	}
	c.x.ShowBodies()
	for _, values := range form {
		if len(values) > 1 {
			return nil, &oauthError{"invalid_request", "The parameter is given more than once."}
		}
	}
	return form, nil
}

// client authenticates the application by its assertion.
func (c *call) client(form url.Values) (Client, error) {
	text := form.Get("client_assertion")
	if text == "" || form.Get("client_assertion_type") != assertionType {
		return Client{}, invalidClient("Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.")
	}
	badSignature := invalidClient("The client_assertion signature is invalid.")
	parsed, err := jwt.ParseSigned(text, algorithms)
	if err != nil || len(parsed.Headers) != 1 {
		return Client{}, badSignature
	}
	var claims jwt.Claims
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return Client{}, badSignature
	}
	at := slices.IndexFunc(c.s.config.Clients, func(one Client) bool { return one.ID == claims.Issuer })
	if at < 0 || claims.Subject != claims.Issuer {
		return Client{}, invalidClient("The issuer claim for client_assertion is not a valid client_id.")
	}
	client := c.s.config.Clients[at]
	c.x.Client = client.ID
	key, known := c.s.keyOf(c.r.Context(), &client, parsed.Headers[0].KeyID)
	if !known {
		return Client{}, invalidClient("The client_assertion JWT kid is invalid.")
	}
	if err := parsed.Claims(key.Key, &claims); err != nil {
		return Client{}, badSignature
	}
	return client, c.judgeAssertion(claims)
}

// judgeAssertion judges a signed assertion: for whom, until when, and whether it is the first time.
func (c *call) judgeAssertion(claims jwt.Claims) error {
	now := c.s.kernel.Clock.Now()
	meant := []string{c.base + tokenPath, "https://" + c.s.config.Host + tokenPath}
	switch {
	case !slices.ContainsFunc(claims.Audience, func(one string) bool { return slices.Contains(meant, one) }):
		return invalidClient("The audience claim for client_assertion must be the endpoint invoked for the request.")
	case claims.Expiry == nil, !now.Before(claims.Expiry.Time()):
		return invalidClient("The client_assertion token is expired.")
	case claims.Expiry.Time().Sub(now) > assertionLife:
		return invalidClient("The client_assertion token has an expiration too far into the future.")
	case claims.ID != "" && !c.s.assertions.first(claims.Issuer+" "+claims.ID, claims.Expiry.Time(), now):
		return invalidClient("The client_assertion token has already been used.")
	}
	return nil
}

// scopes are those that the token gets.
func (c *call) scopes(client Client, requested string) ([]string, error) {
	wanted := strings.Fields(requested)
	if len(wanted) == 0 {
		return nil, &oauthError{"invalid_scope", "No scopes were requested."}
	}
	var granted []string
	for _, scope := range wanted {
		if !slices.Contains(Scopes(), scope) {
			return nil, &oauthError{"invalid_scope", "The requested scope is invalid, unknown, malformed, or exceeds the scope granted by the resource owner."}
		}
		if slices.Contains(client.Scopes, scope) && !slices.Contains(granted, scope) {
			granted = append(granted, scope)
		}
	}
	if len(granted) == 0 || len(granted) < len(wanted) && c.s.is(scopeNotGranted, "refuse") {
		return nil, &oauthError{"consent_required", "You are not allowed any of the requested scopes."}
	}
	return granted, nil
}

// assertions remembers the assertions (or proofs) that were used, until they expire.
type assertions struct {
	mu   sync.Mutex
	used map[string]time.Time
	tidy int // how many there may be before the expired ones are dropped
}

func (a *assertions) first(id string, until, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.used == nil {
		a.used = map[string]time.Time{}
	}
	if _, again := a.used[id]; again {
		return false
	}
	if len(a.used) >= max(a.tidy, 10_000) { // rarely, so that a request does not pay for all before it
		maps.DeleteFunc(a.used, func(_ string, expires time.Time) bool { return !now.Before(expires) })
		a.tidy = 2 * len(a.used)
	}
	a.used[id] = until
	return true
}

func (a *assertions) reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used = nil
}

// decode reads a JSON body into a typed request. The error names nothing of the body: there are passwords in it.
func decode(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return refuse(malformedBody)
	}
	return nil
}
