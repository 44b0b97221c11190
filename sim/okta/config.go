package okta

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// ErrInvalid is wrapped by everything that is wrong with a setting or a person.
var ErrInvalid = errors.New("invalid")

const (
	minTokenLifetime = time.Minute
	maxTokenLifetime = 24 * time.Hour
)

// APIToken is a static token: "Authorization: SSWS <value>". It has the role of the administrator who made it.
type APIToken struct {
	// Name is how journals and the System Log call it.
	Name  string
	Value secret.Value
	// Role is one of Roles(); "" is SuperAdministrator.
	Role Role
	// Owner is the login of the user who made it, who is "me" to the Users API; "" is nobody here.
	Owner string
}

// Client is a service application that authenticates with private_key_jwt.
type Client struct {
	ID   string
	Name string
	// Scopes are those granted to the application, "okta.users.manage" for instance.
	Scopes []string
	// Keys are its registered public keys, each with a key id.
	Keys []jose.JSONWebKey
	// DPoP: the application proves possession of a key with each request (RFC 9449), as Okta asks of new ones.
	DPoP bool
	// KeysURL is where more of them are read when an assertion names one that is not known: its jwks_uri. For an Org2Org
	// connection that is /api/v1/apps/{id}/connections/default/jwks of the other org.
	KeysURL string
}

// Config says what org to simulate.
type Config struct {
	// Host is the org's host name, "example.okta.com".
	Host string
	// Tokens are the API tokens.
	Tokens []APIToken
	// Clients are the service applications.
	Clients []Client
	// TokenLifetime is how long an access token lasts: 1m to 24h; 1h by default (unverified).
	TokenLifetime time.Duration
	// Policy is the default password policy, which catches those to whom no other applies.
	Policy PasswordSettings
	// Attributes are the names of profile attributes beyond Okta's base schema.
	Attributes []string
	// Plan decides the rate limits: one of Plans().
	Plan string
	// TokenShare is how much of each rate limit one token or application may use, in percent: 1 to 100; 50 at Okta.
	TokenShare int
	// ConcurrentLimit is how many requests may be under way at once; 0 is what the plan says.
	ConcurrentLimit int
	// SearchLag is how late a search finds a change: at once by default; below a second as a rule at Okta.
	SearchLag time.Duration
	// Switches decide what Okta leaves open; an absent one has its default.
	Switches Switches
}

// DefaultConfig is an org as Okta sets one up, without tokens and clients: those need secrets and keys of the caller's.
func DefaultConfig() Config {
	return Config{
		Host: "seatrial.okta.com", TokenLifetime: time.Hour, Policy: DefaultSettings(), Plan: "workforce", TokenShare: 50,
	}
}

// Validate reports every mistake with its path.
func (c Config) Validate() error {
	var mistakes []error
	wrong := func(format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("%w: okta."+format, append([]any{ErrInvalid}, args...)...))
	}
	if c.Host == "" || strings.ContainsAny(c.Host, "/: ") {
		wrong("host: %q is not a host name", c.Host)
	}
	if d := c.TokenLifetime; d < minTokenLifetime || d > maxTokenLifetime || d%time.Second != 0 {
		wrong("tokenLifetime: %s is not a number of seconds from %s to %s", d, minTokenLifetime, maxTokenLifetime)
	}
	mistakes = append(mistakes, checkPlan(c.Plan), checkShare(c.TokenShare), checkConcurrent(c.ConcurrentLimit), checkLag(c.SearchLag), c.Policy.validate("okta.policy"))
	mistakes = append(mistakes, checkTokens(c.Tokens)...)
	mistakes = append(mistakes, checkClients(c.Clients)...)
	for i, name := range c.Attributes {
		if name == "" || slices.Contains(baseAttributes, name) || slices.Contains(c.Attributes[:i], name) {
			wrong("attributes[%d]: %q is empty or there already", i, name)
		}
	}
	for _, err := range switchboard.CheckAll(c.Switches) {
		mistakes = append(mistakes, fmt.Errorf("%w: %w", ErrInvalid, err))
	}
	return errors.Join(mistakes...)
}

func checkTokens(tokens []APIToken) (mistakes []error) {
	seen := map[string]bool{}
	for i, token := range tokens {
		at := fmt.Sprintf("okta.tokens[%d]", i)
		if token.Name == "" || seen[token.Name] {
			mistakes = append(mistakes, fmt.Errorf("%w: %s.name: %q is empty or there twice", ErrInvalid, at, token.Name))
		}
		seen[token.Name] = true
		if token.Value.Empty() {
			mistakes = append(mistakes, fmt.Errorf("%w: %s.value: is empty", ErrInvalid, at))
		}
		if token.Role != "" && !slices.Contains(Roles(), token.Role) {
			mistakes = append(mistakes, fmt.Errorf("%w: %s.role: there is no role %q; there are %v", ErrInvalid, at, token.Role, Roles()))
		}
	}
	return mistakes
}

func checkClients(clients []Client) (mistakes []error) {
	seen := map[string]bool{}
	for i, client := range clients {
		at := fmt.Sprintf("okta.clients[%d]", i)
		if client.ID == "" || seen[client.ID] {
			mistakes = append(mistakes, fmt.Errorf("%w: %s.id: %q is empty or there twice", ErrInvalid, at, client.ID))
		}
		seen[client.ID] = true
		for _, scope := range client.Scopes {
			if !slices.Contains(Scopes(), scope) {
				mistakes = append(mistakes, fmt.Errorf("%w: %s.scopes: there is no scope %q; there are %s", ErrInvalid, at, scope, strings.Join(Scopes(), ", ")))
			}
		}
		if len(client.Keys) == 0 && client.KeysURL == "" {
			mistakes = append(mistakes, fmt.Errorf("%w: %s.keys: there is none", ErrInvalid, at))
		}
		for j, key := range client.Keys {
			if key.KeyID == "" || !key.Valid() || !key.IsPublic() {
				mistakes = append(mistakes, fmt.Errorf("%w: %s.keys[%d]: not a public key with a key id", ErrInvalid, at, j))
			}
		}
	}
	return mistakes
}
