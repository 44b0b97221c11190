package idcs

import (
	"cmp"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	scopePrefix   = "urn:opc:idm:"
	myScopes      = "urn:opc:idm:__myscopes__"
	roleScope     = "urn:opc:idm:role."
	expiryScope   = "urn:opc:resource:expiry="
	consumerScope = "urn:opc:resource:consumer::all"
	// everyClientScope is in the token of each client.
	everyClientScope = "urn:opc:idm:t.security.client"
)

// otherGrants are grant types of the real service that an application of the simulator does not have.
var otherGrants = []string{
	"authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer",
	"urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
}

func mountTokens(t table) {
	t.put(http.MethodPost, "/oauth2/v1/token", endpoint{operation: "token", open: true, serve: (*call).issueToken})
	t.put(http.MethodPost, "/oauth2/v1/introspect", endpoint{open: true, serve: (*call).introspect})
	t.put(http.MethodPost, "/oauth2/v1/revoke", endpoint{open: true, serve: (*call).revoke})
	t.put(http.MethodGet, "/admin/v1/SigningCert/jwk", endpoint{open: true, serve: (*call).signingCert})
}

// oauthError is an error of the token service: code, text, and the status that RFC 6749 gives the code.
type oauthError struct {
	code, text string
}

func (e *oauthError) Error() string { return e.code + ": " + e.text }

func (e *oauthError) status() int {
	if e.code == "invalid_client" {
		return http.StatusUnauthorized
	}
	return http.StatusBadRequest
}

// tokenError is the three-member body of Oracle's token service.
func tokenError(code, text, ecid string) []byte {
	body, err := json.Marshal(struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
		ECID        string `json:"ecid"`
	}{code, text, ecid})
	if err != nil { // three strings always encode
		return nil
	}
	return body
}

// tokenService runs a handler of the token service and shapes its errors, which differ from those of the admin API.
func (c *call) tokenService(serve func(form url.Values, client oauth.Client) error) error {
	err := c.withClient(serve)
	var refused *oauthError
	if !errors.As(err, &refused) {
		return err
	}
	if c.x.Reason == "" {
		c.x.Reason = refused.code
	}
	if refused.code == "invalid_client" && c.s.is(basicChallenge, "send") {
		c.w.Header()["Www-Authenticate"] = []string{`Basic realm="` + c.s.names.tenant + `"`}
	}
	c.sendToken(refused.status(), tokenError(refused.code, refused.text, c.ecid))
	return nil
}

func (c *call) withClient(serve func(form url.Values, client oauth.Client) error) error {
	media, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return &oauthError{"invalid_request", "The content type must be application/x-www-form-urlencoded."}
	}
	body, err := c.read()
	if err != nil {
		var r *refusal
		if errors.As(err, &r) && r.kind == tooLarge {
			return &oauthError{"invalid_request", r.Error()}
		}
		return &oauthError{"invalid_request", "The request body ended too early."}
	}
	form, err := parseTokenForm(string(body))
	// What may be secret is named before anything of the body is shown, also when the form is refused.
	for _, key := range []string{"client_secret", "token", "password", "assertion", "client_assertion", "refresh_token", "code"} {
		for _, value := range form[key] {
			c.x.Secret(secret.New(value))
		}
	}
	if err != nil {
		return err
	}
	client, err := c.client(form)
	if err != nil {
		return err
	}
	c.x.ShowBodies()
	return serve(form, client)
}

// parseTokenForm reads a form in which no parameter is given twice (RFC 6749, 3.2).
func parseTokenForm(body string) (url.Values, error) {
	form, err := url.ParseQuery(body)
	if err != nil {
		return form, &oauthError{"invalid_request", "The request body is not a valid form."}
	}
	for key, values := range form {
		if len(values) > 1 {
			return form, &oauthError{"invalid_request", "The parameter " + key + " is given more than once."}
		}
	}
	return form, nil
}

// client authenticates the client, by Basic or by parameters of the body.
func (c *call) client(form url.Values) (oauth.Client, error) {
	failed := &oauthError{"invalid_client", "Client authentication failed."}
	id, password, basic := oauth.Basic(c.r)
	if basic {
		if form.Has("client_secret") {
			return oauth.Client{}, &oauthError{"invalid_request", "The client authenticates by more than one method."}
		}
	} else {
		if form.Has("client_assertion") {
			c.x.Surprise = "client assertions exist at Oracle and are not simulated"
			return oauth.Client{}, failed
		}
		if c.s.is(bodyCredentials, "refuse") {
			return oauth.Client{}, failed
		}
		id, password = form.Get("client_id"), secret.New(form.Get("client_secret"))
	}
	c.x.Client = id
	c.x.Secret(password)
	client, err := c.s.issuer.Authenticate(id, password)
	if err != nil {
		return oauth.Client{}, failed
	}
	return client, nil
}

func (c *call) issueToken() error {
	return c.tokenService(func(form url.Values, client oauth.Client) error {
		switch grant := form.Get("grant_type"); {
		case grant == "":
			return &oauthError{"invalid_request", "The parameter grant_type is missing."}
		case slices.Contains(otherGrants, grant), slices.Contains(userGrants, grant) && !slices.Contains(client.Grants, grant):
			return &oauthError{"unauthorized_client", "The client may not use the grant type " + grant + "."}
		case grant == passwordGrant:
			return c.passwordToken(form, client)
		case grant == refreshGrant:
			return c.refreshedToken(form, client)
		case grant != clientCredentials:
			return &oauthError{"unsupported_grant_type", "The grant type " + grant + " is not supported."}
		case !c.s.mayAskForItself(client.ID):
			return &oauthError{"unauthorized_client", "The client may not use the grant type " + grant + "."}
		}
		granted, err := c.s.grant(client, form.Get("scope"))
		if err != nil {
			return err
		}
		text, _, err := c.s.issuer.Issue(oauth.Client{ID: client.ID, Roles: granted.roles}, granted.scopes, granted.lifetime,
			c.s.claims(client, granted, c.base))
		if err != nil {
			return err
		}
		c.x.Secret(secret.New(text))
		body, err := json.Marshal(struct { //nolint:gosec // handing out the token is what the endpoint is for
			AccessToken string `json:"access_token"`
			TokenType   string `json:"token_type"`
			ExpiresIn   int64  `json:"expires_in"`
		}{text, "Bearer", int64(granted.lifetime / time.Second)})
		if err != nil {
			return err
		}
		c.sendToken(http.StatusOK, body)
		return nil
	})
}

// grant is what a token request gets.
type grant struct {
	scopes, roles []string
	lifetime      time.Duration
}

// grant works out scopes, roles and lifetime (Oracle, Working with Scopes; Token Expiry Table).
func (s *Server) grant(client oauth.Client, requested string) (grant, error) {
	g := grant{lifetime: time.Duration(s.lifetime.Load())}
	held := heldScopes(client)
	all, consumer, asked := false, false, 0
	for scope := range strings.FieldsSeq(requested) {
		if seconds, ok := strings.CutPrefix(scope, expiryScope); ok {
			n, err := strconv.ParseInt(seconds, 10, 32)
			wanted := time.Duration(n) * time.Second
			if err != nil || wanted < minTokenLifetime || wanted > maxTokenLifetime {
				return grant{}, &oauthError{"invalid_scope", "The expiry scope takes 60 to 31536000 seconds."}
			}
			g.lifetime = min(g.lifetime, wanted)
			continue
		}
		asked++
		switch {
		case scope == myScopes:
			all = true
		case scope == consumerScope:
			consumer = true
		case strings.HasPrefix(scope, roleScope):
			role, err := url.QueryUnescape(scope[len(roleScope):])
			if err == nil && slices.Contains(client.Roles, role) {
				g.roles = append(g.roles, role)
				g.scopes = append(g.scopes, qualified(scopesOfRole[role])...)
			} else if s.is(scopeNotHeld, "error") {
				return grant{}, invalidScope(scope)
			}
		case slices.Contains(held, scope):
			g.scopes = append(g.scopes, scope)
			g.roles = append(g.roles, rolesWith(client, scope)...)
		case s.is(scopeNotHeld, "error"):
			return grant{}, invalidScope(scope)
		}
	}
	switch {
	case consumer && asked > 1:
		return grant{}, &oauthError{"invalid_scope", "The scope " + consumerScope + " cannot be mixed with another."}
	case consumer:
		g.scopes = []string{consumerScope}
		return g, nil
	case asked == 0 && s.is(emptyScope, "refuse"):
		return grant{}, &oauthError{"invalid_scope", "The parameter scope is missing."}
	case asked == 0 || all:
		g.scopes, g.roles = held, slices.Clone(client.Roles)
	case len(g.scopes) == 0:
		return grant{}, invalidScope(requested)
	}
	g.scopes, g.roles = unique(g.scopes), unique(g.roles)
	return g, nil
}

func invalidScope(scope string) error {
	return &oauthError{"invalid_scope", "The client does not hold the scope " + scope + "."}
}

func heldScopes(client oauth.Client) []string {
	held := append([]string{everyClientScope}, client.Scopes...)
	for _, role := range client.Roles {
		held = append(held, qualified(scopesOfRole[role])...)
	}
	return unique(held)
}

func rolesWith(client oauth.Client, scope string) []string {
	var roles []string
	for _, role := range client.Roles {
		if slices.Contains(scopesOfRole[role], strings.TrimPrefix(scope, scopePrefix)) {
			roles = append(roles, role)
		}
	}
	return roles
}

func qualified(scopes []string) []string {
	full := make([]string, 0, len(scopes))
	for _, scope := range scopes {
		full = append(full, scopePrefix+scope)
	}
	return full
}

func unique(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// claims are those of a real client_credentials token (Oracle learning labs); the issuer adds iat, exp and jti.
func (s *Server) claims(client oauth.Client, g grant, base string) map[string]any {
	return map[string]any{
		"sub": client.ID, "sub_type": "client", "sub_mappingattr": "userName",
		"iss": tokenIssuer, "tok_type": "AT",
		"client_id": client.ID, "client_guid": clientGUID(client.ID), "client_name": client.Name,
		"client_tenantname": s.names.tenant, "user.tenant.name": s.names.tenant, "tenant": s.names.tenant,
		"user_isAdmin":   slices.Contains(g.roles, DomainAdministrator),
		"aud":            []string{"urn:opc:lbaas:logicalguid=" + s.names.tenant, base},
		"clientAppRoles": append([]string{authenticatedClient}, g.roles...),
		"scope":          strings.Join(g.scopes, " "),
	}
}

// introspect tells whether a token is valid. The names of the members are those of a public description; their values
// are our reading.
func (c *call) introspect() error {
	return c.tokenService(func(form url.Values, _ oauth.Client) error {
		token, state := c.s.issuer.Verify(form.Get("token"))
		if state != oauth.Valid {
			c.sendToken(http.StatusOK, []byte(`{"active":false}`))
			return nil
		}
		body, err := json.Marshal(map[string]any{
			"active": true, "scope": strings.Join(token.Scopes, " "), "client_id": token.Client,
			"prn":       cmp.Or(c.s.people.UserName(token.User), token.Client),
			"expiresAt": token.Expires.UnixMilli(), "token_type": "JWT",
		})
		if err != nil {
			return err
		}
		c.sendToken(http.StatusOK, body)
		return nil
	})
}

// revoke answers 200 whether or not there was a token (RFC 7009, 2.2), and takes only the client's own.
func (c *call) revoke() error {
	return c.tokenService(func(form url.Values, client oauth.Client) error {
		text := form.Get("token")
		if token, state := c.s.issuer.Verify(text); state == oauth.Valid && token.Client == client.ID {
			c.s.issuer.RevokeToken(text)
		}
		c.s.issuer.Refresh(text, client.ID, true)
		c.sendToken(http.StatusOK, nil)
		return nil
	})
}

// signingCert shows the key that verifies the tokens.
func (c *call) signingCert() error {
	if c.s.is(signingCertAccess, "bearer") {
		if err := c.authenticate(); err != nil {
			return err
		}
	}
	c.x.ShowBodies()
	return c.sendJSON(http.StatusOK, c.s.issuer.JWKS())
}
