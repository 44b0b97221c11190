package idcs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/policy"
)

// ErrInvalid is wrapped by everything that is wrong with a setting or a person.
var ErrInvalid = errors.New("invalid")

// The life of a token, by the vendor's expiry scope: one minute to one year (Oracle, Token Expiry Table).
const (
	minTokenLifetime = time.Minute
	maxTokenLifetime = 365 * 24 * time.Hour
)

// Config says what domain to simulate.
type Config struct {
	// Host is the domain's host name: idcs-<32 hex digits>.identity.oraclecloud.com.
	Host string
	// TokenLifetime is how long an access token lasts, unless the expiry scope asks for less: 1m to 8760h; 1h at Oracle.
	TokenLifetime time.Duration
	// Policy is the domain's default password policy.
	Policy policy.Policy
	// Clients may ask for tokens.
	Clients []oauth.Client
	// Tier is the domain type whose rate limits are in force, one of Tiers(); "" is none.
	Tier string
	// Visibility is how long a search does not find a user whom a client has created: 0s to 1h.
	Visibility time.Duration
	// Switches decide what Oracle leaves open; an absent one has its default.
	Switches Switches
}

// DefaultConfig is a domain as Oracle sets one up, without clients: a client needs a secret, and that is the caller's.
func DefaultConfig() Config {
	return Config{
		Host:          "idcs-5ea71a15ea71a15ea71a15ea71a15ea7.identity.oraclecloud.com",
		TokenLifetime: time.Hour,
		Policy:        policy.Standard(),
	}
}

// DefaultClient is a client that may do what a password synchronisation needs; the caller gives it a secret.
func DefaultClient() oauth.Client {
	return oauth.Client{ID: "seatrial", Name: "Password synchronisation", Roles: []string{UserAdministrator}, Active: true}
}

// Validate reports every mistake with its path.
func (c Config) Validate() error {
	var mistakes []error
	wrong := func(format string, args ...any) {
		mistakes = append(mistakes, fmt.Errorf("%w: "+format, append([]any{ErrInvalid}, args...)...))
	}
	if c.Host == "" || strings.ContainsAny(c.Host, "/: ") {
		wrong("idcs.host: %q is not a host name", c.Host)
	}
	if err := checkLifetime(c.TokenLifetime); err != nil {
		mistakes = append(mistakes, err)
	}
	if err := errors.Join(checkTier(c.Tier), checkVisibility(c.Visibility)); err != nil {
		mistakes = append(mistakes, err)
	}
	if err := c.Policy.Validate(); err != nil {
		mistakes = append(mistakes, fmt.Errorf("%w: idcs.%w", ErrInvalid, err))
	}
	seen := map[string]bool{}
	for i, client := range c.Clients {
		at := fmt.Sprintf("idcs.clients[%d]", i)
		switch {
		case client.ID == "":
			wrong("%s.id: is empty", at)
		case seen[client.ID]:
			wrong("%s.id: %q is there twice", at, client.ID)
		}
		seen[client.ID] = true
		if client.Secret.Empty() {
			wrong("%s.secret: is empty", at)
		}
		for _, grant := range client.Grants {
			if !slices.Contains(userGrants, grant) {
				wrong("%s.grants: there is no grant type %q; there are %s", at, grant, strings.Join(userGrants, ", "))
			}
		}
		for _, role := range client.Roles {
			if !slices.Contains(Roles(), role) {
				wrong("%s.roles: there is no app role %q; there are %s", at, role, strings.Join(Roles(), ", "))
			}
		}
	}
	for _, err := range switchboard.CheckAll(c.Switches) {
		mistakes = append(mistakes, fmt.Errorf("%w: %w", ErrInvalid, err))
	}
	return errors.Join(mistakes...)
}

func checkLifetime(d time.Duration) error {
	if d < minTokenLifetime || d > maxTokenLifetime || d%time.Second != 0 {
		return fmt.Errorf("%w: idcs.tokenLifetime: %s is not a number of seconds from %s to %s", ErrInvalid, d, minTokenLifetime, maxTokenLifetime)
	}
	return nil
}
