package okta

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// How a missing user is created.
const (
	// CreateWithChange creates him with the password of the change: one request.
	CreateWithChange = "change"
	// CreateWithTemporary creates him with a password that nobody knows and that the hub's policy takes, and sets the real one
	// afterwards: a password that the policy refuses then leaves a user behind, not nobody.
	CreateWithTemporary = "temporary"
)

// What a user's login at the hub is made from.
const (
	// LoginUserName is the change's user name.
	LoginUserName = "userName"
	// LoginMail is the change's attribute mail.
	LoginMail = "mail"
)

// The scopes that a service application needs (Okta, OAuth 2.0 scopes; manage includes read).
const (
	scopeUsers    = "okta.users.manage"
	scopePolicies = "okta.policies.read"
)

// Config names the hub org and how to write to it.
type Config struct {
	// URL is the org, "https://example.okta.com"; /api/v1 is added. Never the admin console's address, which has -admin in it.
	URL string `yaml:"url"`
	// CAFile holds certificates (PEM) to trust besides the system's.
	CAFile string `yaml:"caFile"`
	// Token is an API token (SSWS) of an administrator who may manage users. A configuration file names it by TokenFile or
	// TokenEnv.
	Token seal.Secret `yaml:"-"`
	// TokenFile is a file that holds the token; a line end at its end is not part of it.
	TokenFile string `yaml:"tokenFile"`
	// TokenEnv is an environment variable that holds the token.
	TokenEnv string `yaml:"tokenEnv"`
	// ClientID is a service application that authenticates with private_key_jwt, instead of a token.
	ClientID string `yaml:"clientId"`
	// Key is the application's private key, PEM or JWK, RSA or EC. A configuration file names it by KeyFile or KeyEnv.
	Key seal.Secret `yaml:"-"`
	// KeyFile is a file that holds the key.
	KeyFile string `yaml:"keyFile"`
	// KeyEnv is an environment variable that holds the key.
	KeyEnv string `yaml:"keyEnv"`
	// KeyID is the key's id at the application; a JWK brings its own.
	KeyID string `yaml:"keyId"`
	// Scopes are what the access token is asked for. Default: okta.users.manage, and okta.policies.read where Create needs it.
	Scopes []string `yaml:"scopes"`
	// Timeout bounds each request. Default 30s.
	Timeout time.Duration `yaml:"timeout"`
	// MaxIdle is the number of idle connections that are kept. Default 64.
	MaxIdle int `yaml:"maxIdle"`
	// Remember is how long a user who was looked up is written to without another look. Default 10m; 0 looks every time.
	Remember time.Duration `yaml:"remember"`
	// RememberLimit is the number of users who are remembered. Default 200000.
	RememberLimit int `yaml:"rememberLimit"`
	// Warm looks all users up at the start, and again before they are forgotten. Default false: each one is looked up when his
	// first change comes.
	Warm bool `yaml:"warm"`
	// Strict has the hub check minimum age and history, which an administrator's write passes over otherwise. Default false: the
	// source has judged the password already.
	Strict bool `yaml:"strict"`
	// Create is "change" (default) or "temporary". It counts where the engine provisions.
	Create string `yaml:"create"`
	// Login is "userName" (default) or "mail".
	Login string `yaml:"login"`
	// LoginSuffix is added to a login that has no @: "@example.com". Default: nothing is added.
	LoginSuffix string `yaml:"loginSuffix"`
}

// DefaultConfig lacks only URL and the credentials: Token, or ClientID and Key.
func DefaultConfig() Config {
	return Config{
		Timeout: 30 * time.Second, MaxIdle: 64, Remember: 10 * time.Minute, RememberLimit: 200_000, Create: CreateWithChange,
		Login: LoginUserName,
	}
}

// scopes are those of the configuration, or the fewest that do.
func (c Config) scopes() []string {
	switch {
	case len(c.Scopes) > 0:
		return c.Scopes
	case c.Create == CreateWithTemporary:
		return []string{scopeUsers, scopePolicies}
	}
	return []string{scopeUsers}
}

// Validate reports every mistake, with paths relative to the section.
func (c Config) Validate() error {
	errs := append([]error{checkURL(c.URL)}, c.checkCredentials()...)
	errs = append(errs, rest.CheckLimits(c.Timeout, c.MaxIdle, c.Remember, c.RememberLimit, c.Warm))
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if slices.ContainsFunc(c.Scopes, func(s string) bool { return s == "" || strings.ContainsAny(s, " \t\r\n") }) {
		wrong("scopes: %q holds an empty one, or one with a blank; each scope is an item of its own", c.Scopes)
	}
	if c.Create != CreateWithChange && c.Create != CreateWithTemporary {
		wrong("create: %q is neither %q nor %q", c.Create, CreateWithChange, CreateWithTemporary)
	}
	if c.Login != LoginUserName && c.Login != LoginMail {
		wrong("login: %q is neither %q nor %q", c.Login, LoginUserName, LoginMail)
	}
	if c.LoginSuffix != "" && (!strings.HasPrefix(c.LoginSuffix, "@") || len(c.LoginSuffix) == 1) {
		wrong("loginSuffix: %q does not look like @example.com", c.LoginSuffix)
	}
	return errors.Join(errs...)
}

// checkCredentials wants a token or a client with a key, and not both.
func (c Config) checkCredentials() (errs []error) {
	token := len(c.Token) > 0 || c.TokenFile != "" || c.TokenEnv != ""
	client := c.ClientID != "" || len(c.Key) > 0 || c.KeyFile != "" || c.KeyEnv != ""
	switch {
	case token && client:
		return []error{errors.New("token: set, and so is a client; name either a token (tokenFile, tokenEnv) or a service application (clientId, keyFile or keyEnv)")}
	case !token && !client:
		return []error{errors.New("token: not set; name an API token (tokenFile, tokenEnv) or a service application (clientId, keyFile or keyEnv)")}
	case token && len(c.Token) == 0:
		return []error{errors.New("token: is empty")}
	case token && strings.ContainsFunc(string(c.Token), func(r rune) bool { return r <= ' ' || r > '~' }):
		return []error{errors.New("token: holds a blank or a line end, or something that no API token has")}
	case token:
		return nil
	}
	if c.ClientID == "" {
		errs = append(errs, errors.New("clientId: not set; it is the id of the service application that the key belongs to"))
	}
	if len(c.Key) == 0 {
		return append(errs, errors.New("key: not set; name it by keyFile or keyEnv"))
	}
	if _, err := readKey(c.Key, c.KeyID); err != nil {
		errs = append(errs, err)
	}
	return errs
}

func checkURL(text string) error {
	if err := rest.CheckURL("url", text); err != nil {
		return err
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return err
	case strings.Contains(u.Hostname(), "-admin.okta"):
		return fmt.Errorf("url: %q is the admin console; the API is at the address without -admin", text)
	case strings.Trim(u.Path, "/") != "":
		return fmt.Errorf("url: %q has a path; the org's address is enough", text)
	}
	return nil
}
