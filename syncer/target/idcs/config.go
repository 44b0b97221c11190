package idcs

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// The doors through which IDCS takes an administrator's password.
const (
	// DoorChanger is PUT UserPasswordChanger/{id}: the password is usable at once, and history is checked.
	DoorChanger = "changer"
	// DoorPatch is PATCH Users/{id}: the user must change the password at the next log-in.
	DoorPatch = "patch"
)

// Config names the identity domain and how to write to it.
type Config struct {
	// URL is the identity domain, "https://idcs-….identity.oraclecloud.com"; /admin/v1 is added.
	URL string `yaml:"url"`
	// TokenURL is the token endpoint. Default: URL + /oauth2/v1/token.
	TokenURL string `yaml:"tokenURL"`
	// ClientID is the confidential application that holds User Administrator.
	ClientID string `yaml:"clientId"`
	// ClientSecret is its secret. A configuration file names it by ClientSecretFile or ClientSecretEnv.
	ClientSecret seal.Secret `yaml:"-"`
	// ClientSecretFile is a file that holds the secret; a line end at its end is not part of it.
	ClientSecretFile string `yaml:"clientSecretFile"`
	// ClientSecretEnv is an environment variable that holds the secret.
	ClientSecretEnv string `yaml:"clientSecretEnv"`
	// Scope is what the token is asked for. Default "urn:opc:idm:__myscopes__", all that the application's roles allow.
	Scope string `yaml:"scope"`
	// Door is "changer" (default) or "patch".
	Door string `yaml:"door"`
	// Notify lets the domain mail the user about the change (changer only). Default false: the user made the change.
	Notify bool `yaml:"notify"`
	// ContentType of requests with a SCIM body: "application/json" (default) or "application/scim+json".
	ContentType string `yaml:"contentType"`
	// Timeout bounds each request. Default 30s.
	Timeout time.Duration `yaml:"timeout"`
	// MaxIdle is the number of idle connections that are kept. Default 64.
	MaxIdle int `yaml:"maxIdle"`
	// CreateAttributes are added to each provisioned user as they stand, under their SCIM names.
	CreateAttributes map[string]any `yaml:"createAttributes"`
	// Remember is how long a user who was looked up is written to without another look. Default 10m; 0 looks every time.
	Remember time.Duration `yaml:"remember"`
	// RememberLimit is the number of users who are remembered. Default 200000.
	RememberLimit int `yaml:"rememberLimit"`
	// Warm looks all users up at the start, page by page, and again before they are forgotten. Default false.
	Warm bool `yaml:"warm"`
	// CAFile holds certificates (PEM) to trust besides the system's.
	CAFile string `yaml:"caFile"`
}

// DefaultConfig lacks only URL, ClientID and ClientSecret.
func DefaultConfig() Config {
	return Config{
		Scope: "urn:opc:idm:__myscopes__", Door: DoorChanger, ContentType: "application/json",
		Timeout: 30 * time.Second, MaxIdle: 64, Remember: 10 * time.Minute, RememberLimit: 200_000,
	}
}

// Validate reports every mistake, with paths relative to the section.
func (c Config) Validate() error {
	var errs []error
	errs = append(errs, rest.CheckURL("url", c.URL))
	if c.TokenURL != "" {
		errs = append(errs, rest.CheckURL("tokenURL", c.TokenURL))
	}
	if c.ClientID == "" {
		errs = append(errs, errors.New("clientId: not set; it is the id of the confidential application in the identity domain"))
	}
	if len(c.ClientSecret) == 0 {
		errs = append(errs, errors.New("clientSecret: not set; name it by clientSecretFile or clientSecretEnv"))
	}
	if c.Scope == "" {
		errs = append(errs, errors.New("scope: not set; urn:opc:idm:__myscopes__ asks for all that the application's roles allow"))
	}
	if c.Door != DoorChanger && c.Door != DoorPatch {
		errs = append(errs, fmt.Errorf("door: %q is neither %q nor %q", c.Door, DoorChanger, DoorPatch))
	}
	if c.ContentType != "application/json" && c.ContentType != "application/scim+json" {
		errs = append(errs, fmt.Errorf("contentType: %q is neither application/json nor application/scim+json", c.ContentType))
	}
	errs = append(errs, rest.CheckLimits(c.Timeout, c.MaxIdle, c.Remember, c.RememberLimit, c.Warm))
	for key := range c.CreateAttributes {
		if strings.EqualFold(key, "password") {
			errs = append(errs, errors.New("createAttributes.password: not allowed; the password comes with each change"))
		}
	}
	return errors.Join(errs...)
}
