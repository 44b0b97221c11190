package okta

import (
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/kernel/web"
)

// principal is who calls: an API token, or an application with an access token.
type principal struct {
	name  string
	token bool // an API token; otherwise an application
	role  Role
	owner string
	// scopes are those of an access token.
	scopes []string
	// dpop: the token came with the scheme of those who prove their key.
	dpop bool
	// state is that of the credential: valid, expired, revoked, unknown; "" without one.
	state oauth.State
}

// apiTokens are the API tokens, by the digest of their value. An API token is no OAuth token, and neither works in the
// other's scheme.
type apiTokens struct {
	digester *secret.Digester
	tokens   []APIToken

	mu       sync.RWMutex
	byDigest map[secret.Digest]apiToken
}

// apiToken is an API token as it stands: one that has ended is still known to the journal.
type apiToken struct {
	APIToken
	state oauth.State
}

func newAPITokens(d *secret.Digester, tokens []APIToken) *apiTokens {
	t := &apiTokens{digester: d, tokens: slices.Clone(tokens)}
	for i := range t.tokens {
		if t.tokens[i].Role == "" {
			t.tokens[i].Role = SuperAdministrator
		}
	}
	t.reset()
	return t
}

func (t *apiTokens) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byDigest = make(map[secret.Digest]apiToken, len(t.tokens))
	for _, token := range t.tokens {
		t.byDigest[t.digester.Digest(token.Value)] = apiToken{token, oauth.Valid}
	}
}

// put adds a token that outlives Reset, in the place of the one with its name.
func (t *apiTokens) put(token APIToken) {
	if token.Role == "" {
		token.Role = SuperAdministrator
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	same := func(one APIToken) bool { return one.Name == token.Name }
	t.tokens = append(slices.DeleteFunc(slices.Clone(t.tokens), same), token)
	maps.DeleteFunc(t.byDigest, func(_ secret.Digest, one apiToken) bool { return same(one.APIToken) })
	t.byDigest[t.digester.Digest(token.Value)] = apiToken{token, oauth.Valid}
}

// end withdraws the valid tokens of that name, or all.
func (t *apiTokens) end(name string, as oauth.State, all bool) (ended int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for digest, token := range t.byDigest {
		if token.state == oauth.Valid && (all || token.Name == name) {
			token.state = as
			t.byDigest[digest] = token
			ended++
		}
	}
	return ended
}

func (t *apiTokens) names() []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	list := make([]string, 0, len(t.tokens))
	for _, token := range t.tokens {
		list = append(list, token.Name)
	}
	return list
}

func (t *apiTokens) find(text string) (apiToken, bool) {
	digest := t.digester.Digest(secret.New(text))
	t.mu.RLock()
	defer t.mu.RUnlock()
	token, ok := t.byDigest[digest]
	return token, ok
}

// RevokeToken withdraws an API token by name, until Reset; it is false when there is none of that name.
func (s *Server) RevokeToken(name string) bool { return s.tokens.end(name, oauth.Revoked, false) > 0 }

func bearer(header string) (string, bool) { return web.Credential(header, "Bearer") }

// identifyPrincipal finds out whose credential a request has, valid or not.
func (s *Server) identifyPrincipal(r *http.Request) principal {
	header := r.Header.Get("Authorization")
	if header == "" {
		return principal{}
	}
	if text, ok := web.Credential(header, "SSWS"); ok {
		if token, known := s.tokens.find(text); known {
			return principal{name: token.Name, token: true, role: token.Role, owner: token.Owner, state: token.state}
		}
		return principal{token: true, state: oauth.Unknown}
	}
	if text, ok := bearer(header); ok {
		token, state := s.issuer.Verify(text)
		return principal{name: token.Client, scopes: token.Scopes, state: state}
	}
	if text, ok := web.Credential(header, "DPoP"); ok {
		token, state := s.issuer.Verify(text)
		return principal{name: token.Client, scopes: token.Scopes, state: state, dpop: true}
	}
	return principal{state: oauth.Unknown, token: true}
}

// authenticate finds out whose request it is.
func (c *call) authenticate() error {
	c.who = c.s.identifyPrincipal(c.r)
	c.x.Client, c.x.Token = c.who.name, string(c.who.state)
	for _, scheme := range []string{"SSWS", "Bearer", "DPoP"} {
		if text, ok := web.Credential(c.r.Header.Get("Authorization"), scheme); ok {
			c.x.Secret(secret.New(text))
		}
	}
	switch c.who.state {
	case oauth.Valid:
		return c.authenticateKey()
	case "":
		return refuse(noSession)
	case oauth.Expired, oauth.Revoked, oauth.Unknown:
	}
	if c.who.token {
		if c.s.is(tokenChallenge, "send") {
			c.w.Header()["Www-Authenticate"] = []string{`SSWS realm="` + c.r.Host + `"`}
		}
		return refuse(badToken)
	}
	return c.badBearer(c.who.state)
}

// badBearer refuses an access token in the words of Okta's OAuth errors.
func (c *call) badBearer(state oauth.State) error {
	description := "The access token is invalid."
	switch state {
	case oauth.Expired:
		description = "The token has expired."
	case oauth.Revoked:
		description = "The access token has been revoked."
	case oauth.Unknown, oauth.Valid:
	}
	return c.refuseBearer("invalid_token", description)
}

// refuseBearer is the answer to an access token that does not serve.
func (c *call) refuseBearer(code, description string) error {
	c.challenge("", code, description)
	c.x.Reason = "credential"
	var body []byte
	if c.s.is(bearerBody, "envelope") {
		body = newEnvelope(code, description, c.s.ids.error(), nil)
	}
	if c.x.Operation == "write_password" || c.x.Operation == "create" {
		c.x.Outcome = "refused"
	}
	c.send(http.StatusUnauthorized, body)
	return errAnswered
}

// authorize compares the principal's role or scopes with what the endpoint asks for.
func (c *call) authorize(needs right) error {
	g := grants[needs]
	if c.who.token {
		if slices.Contains(g.roles, c.who.role) {
			return nil
		}
		return refuse(roleTooSmall)
	}
	if g.opens(c.who.scopes) {
		return nil
	}
	r := refuse(scopeMissing)
	c.challenge(g.scope, "insufficient_scope", r.summary())
	return r
}
