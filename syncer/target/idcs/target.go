package idcs

import (
	"context"
	"crypto/x509"
	"log/slog"
	"strings"

	"github.com/seatrial/seatrial/syncer/target"
)

// name is the target's label.
const name = "idcs"

// Environment is what a file cannot say. Zero fields mean the real thing.
type Environment struct {
	// DialContext connects to the domain.
	DialContext dialer
	// RootCAs are the authorities to trust; nil means the system's and Config.CAFile's.
	RootCAs *x509.CertPool
	// Logger takes the log; nil discards it.
	Logger *slog.Logger
	// TokenAsked is told of each answered token request: "granted" or "refused".
	TokenAsked func(outcome string)
}

// Target is one identity domain. It is safe for concurrent use.
type Target struct {
	config Config
	base   string
	log    *slog.Logger
	client *client
	tokens *tokens
	known  *known
	clock  *clock
}

var _ target.Target = (*Target)(nil)

// New builds the target. It does not connect.
func New(c Config, e Environment) (*Target, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if e.Logger == nil {
		e.Logger = slog.New(slog.DiscardHandler)
	}
	if e.TokenAsked == nil {
		e.TokenAsked = func(string) {}
	}
	hc, err := newClient(c, e.DialContext, e.RootCAs)
	if err != nil {
		return nil, err
	}
	return &Target{
		config: c, base: strings.TrimRight(c.URL, "/"), log: e.Logger, client: hc, tokens: newTokens(c, hc, e.Logger, e.TokenAsked),
		known: newKnown(c), clock: newClock(),
	}, nil
}

// Name is "idcs".
func (t *Target) Name() string { return name }

// Close ends token requests under way and closes idle connections.
func (t *Target) Close() {
	t.tokens.close()
	t.client.close()
}

// Apply makes one attempt.
func (t *Target) Apply(ctx context.Context, j target.Job) target.Answer {
	a := &attempt{target: t, job: j}
	answer := a.run(ctx)
	answer.Settled, answer.Allowance = a.settled, a.allowance
	return answer
}
