package okta

import (
	"crypto/x509"
	"log/slog"
	"time"

	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// name is the target's label.
const name = "okta"

// Environment is what a file cannot say. Zero fields mean the real thing.
type Environment struct {
	// DialContext connects to the org.
	DialContext rest.Dialer
	// RootCAs are the authorities to trust; nil means the system's and Config.CAFile's.
	RootCAs *x509.CertPool
	// Logger takes the log; nil discards it.
	Logger *slog.Logger
	// TokenAsked is told of each answered token request: "granted" or "refused".
	TokenAsked func(outcome string)
}

// Target is one org. It is safe for concurrent use.
type Target struct {
	*rest.Target
	config Config
}

var _ target.Target = (*Target)(nil)

// New builds the target. It does not connect.
func New(c Config, e Environment) (*Target, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	x := &api{config: c}
	base, err := rest.New(rest.Config{
		Name: name, URL: c.URL, CAFile: c.CAFile, Timeout: c.Timeout, MaxIdle: c.MaxIdle, ContentType: "application/json",
		Remember: c.Remember, RememberLimit: c.RememberLimit,
		Resolution:     time.Second, // "2026-03-02T12:45:56.000Z", in all recorded answers.
		DoubtfulPolicy: true,
		Role:           "to read users, or the scope okta.users.read",
	}, rest.Environment{DialContext: e.DialContext, RootCAs: e.RootCAs, Logger: e.Logger}, x, &table,
		func(t *rest.Target) (rest.Credentials, error) {
			if c.ClientID != "" {
				return newClientGrant(c, t, e.TokenAsked)
			}
			return &apiToken{header: "SSWS " + string(c.Token), log: t.Log()}, nil
		})
	if err != nil {
		return nil, err
	}
	x.policy = &policies{log: base.Log()}
	return &Target{base, c}, nil
}
