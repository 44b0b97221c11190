package idcs

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// name is the target's label.
const name = "idcs"

// Environment is what a file cannot say. Zero fields mean the real thing.
type Environment struct {
	// DialContext connects to the domain.
	DialContext rest.Dialer
	// RootCAs are the authorities to trust; nil means the system's and Config.CAFile's.
	RootCAs *x509.CertPool
	// Logger takes the log; nil discards it.
	Logger *slog.Logger
	// TokenAsked is told of each answered token request: "granted" or "refused".
	TokenAsked func(outcome string)
}

// Target is one identity domain. It is safe for concurrent use.
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
	base, err := rest.New(rest.Config{
		Name: name, URL: c.URL, CAFile: c.CAFile, Timeout: c.Timeout, MaxIdle: c.MaxIdle, ContentType: c.ContentType,
		Remember: c.Remember, RememberLimit: c.RememberLimit, Role: "the role User Administrator",
	}, rest.Environment{DialContext: e.DialContext, RootCAs: e.RootCAs, Logger: e.Logger}, api{c}, &table, func(t *rest.Target) (rest.Credentials, error) {
		return rest.Tokens(t.Client(), rest.Grant{
			Name: name, ClientID: c.ClientID, Table: &table, Request: c.tokenRequest, Asked: e.TokenAsked, Log: t.Log(),
		}), nil
	})
	if err != nil {
		return nil, err
	}
	return &Target{base, c}, nil
}

// tokenRequest asks for client credentials with HTTP Basic, as Oracle documents it ("Working with OAuth 2 to access the REST
// API").
func (c Config) tokenRequest(ctx context.Context) (*http.Request, error) {
	address := c.TokenURL
	if address == "" {
		address = strings.TrimRight(c.URL, "/") + "/oauth2/v1/token"
	}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {c.Scope}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape(c.ClientID), url.QueryEscape(string(c.ClientSecret)))
	return request, nil
}

// api is the SCIM API of a domain.
type api struct{ config Config }

// UserName is the job's own.
func (api) UserName(j target.Job) (string, error) { return j.UserName, nil }

// Write goes through the configured door.
func (x api) Write(userID string, password seal.Secret) rest.Request {
	return newWrite(x.config, userID, password)
}

// HistoryOnly reads the sentences of a refusal.
func (api) HistoryOnly(r rest.Reply) bool { return historyOnly(r.Body) }

// Describe adds nothing.
func (api) Describe(rest.Call, rest.Reply, *target.Answer) {}
