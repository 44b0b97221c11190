package okta

import (
	"context"
	"crypto/x509"
	"iter"
	"log/slog"
	"net"

	"github.com/seatrial/seatrial/syncer/target"
)

// name is the target's label.
const name = "okta"

// Environment is what a file cannot say. Zero fields mean the real thing.
type Environment struct {
	// DialContext connects to the org.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// RootCAs are the authorities to trust; nil means the system's and Config.CAFile's.
	RootCAs *x509.CertPool
	// Logger takes the log; nil discards it.
	Logger *slog.Logger
	// TokenAsked is told of each answered token request: "granted" or "refused".
	TokenAsked func(outcome string)
}

// Target is one org. It is safe for concurrent use.
type Target struct{}

var _ target.Target = (*Target)(nil)

// New builds the target. It does not connect.
func New(c Config, _ Environment) (*Target, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Target{}, nil
}

// Name is "okta".
func (t *Target) Name() string { return name }

// Apply makes one attempt.
func (t *Target) Apply(context.Context, target.Job) target.Answer {
	return target.Answer{Class: target.Permanent, Reason: target.Malformed, Detail: "not built yet"}
}

// People lists every user.
func (t *Target) People(context.Context) iter.Seq2[target.Person, error] {
	return func(func(target.Person, error) bool) {}
}

// KeepWarm looks all users up before they are needed.
func (t *Target) KeepWarm(context.Context) {}

// Close ends what the target has running.
func (t *Target) Close() {}
