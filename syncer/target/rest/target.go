package rest

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/seatrial/seatrial/syncer/target"
)

// Config is what every target has.
type Config struct {
	// Name is the target's label and the name of its section in a configuration.
	Name string
	// URL is where paths begin.
	URL string
	// CAFile holds certificates (PEM) to trust besides the system's.
	CAFile string
	// Timeout bounds each request.
	Timeout time.Duration
	// MaxIdle is the number of idle connections that are kept.
	MaxIdle int
	// ContentType of requests with a body.
	ContentType string
	// Remember is how long a user who was looked up is written to without another look.
	Remember time.Duration
	// RememberLimit is the number of users who are remembered.
	RememberLimit int
	// Resolution is how coarse the dates of passwords are; 0 is fine enough to tell any two writes apart.
	Resolution time.Duration
	// DoubtfulPolicy: a refusal for policy may be one for what the user has become since he was looked at.
	DoubtfulPolicy bool
	// Role is what a client lacks who may not list users.
	Role string
}

// Environment is what a file cannot say. Zero fields mean the real thing.
type Environment struct {
	DialContext Dialer
	RootCAs     *x509.CertPool
	Logger      *slog.Logger
}

// Target makes attempts at one target. It is safe for concurrent use.
type Target struct {
	config      Config
	base        string
	api         API
	table       *Table
	client      *Client
	credentials Credentials
	known       *known
	clock       *clock
	log         *slog.Logger
}

// New builds the target. It does not connect. credentials is called once, with the client that they may ask with and the clock
// that they may learn from.
func New(c Config, e Environment, api API, table *Table, credentials func(*Target) (Credentials, error)) (*Target, error) {
	hc, err := newClient(c, e)
	if err != nil {
		return nil, err
	}
	t := &Target{
		config: c, base: strings.TrimRight(c.URL, "/"), api: api, table: table, client: hc, known: newKnown(c.Remember, c.RememberLimit),
		clock: newClock(), log: e.Logger,
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	if t.credentials, err = credentials(t); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	return t, nil
}

// Name is the target's label.
func (t *Target) Name() string { return t.config.Name }

// Client is what the target asks with.
func (t *Target) Client() *Client { return t.client }

// Log is the target's.
func (t *Target) Log() *slog.Logger { return t.log }

// Close ends token requests under way and closes idle connections.
func (t *Target) Close() {
	t.credentials.Close()
	t.client.close()
}

// Apply makes one attempt.
func (t *Target) Apply(ctx context.Context, j target.Job) target.Answer {
	a := &Attempt{target: t, job: j}
	answer := a.run(ctx)
	answer.Settled, answer.Allowance = a.settled, a.allowance
	if a.userName != j.UserName {
		answer.Account = a.userName
	}
	return answer
}

// Attempt is one without a job, for requests beside the engine's work.
func (t *Target) Attempt() *Attempt { return &Attempt{target: t} }

// Now bounds what the target's clock shows; not ok when no answer has told lately.
func (t *Target) Now() (low, high time.Time, ok bool) { return t.clock.at(time.Now()) }

// Observe learns the target's clock from an answer that did not come through an attempt.
func (t *Target) Observe(r Reply) { t.clock.observe(r.Date, r.Asked, r.Got) }

// Remember keeps what a listing has shown of a user. began is when the listing asked for him.
func (t *Target) Remember(u User, began time.Time) { t.known.saw(u, began) }

// Call makes one request beside the work of an engine, for a tool that looks at the target: with its credentials, within the
// timeout, and with a fresh token after a 401. It returns whatever the target answers; the error is that there was no answer, or
// no token to ask with.
func (t *Target) Call(ctx context.Context, method, path string, body []byte) (status int, answer []byte, err error) {
	r, refusal, ok := t.Attempt().Send(ctx, Request{method, path, body})
	switch {
	case !ok:
		return 0, nil, fmt.Errorf("%s: no token: %s", t.config.Name, refusal.Detail)
	case r.Err != nil:
		return r.Status, nil, fmt.Errorf("%s: %s %s: %w", t.config.Name, method, path, PlainError(r.Err))
	}
	return r.Status, r.Body, nil
}

// CheckURL reports what is wrong with the address of a target.
func CheckURL(name, text string) error {
	if text == "" {
		return fmt.Errorf("%s: not set", name)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %q is not a URL", name, text)
	case u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return fmt.Errorf("%s: %q is not an absolute https URL", name, text)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("%s: must not hold a user, a query or a fragment", name)
	}
	return nil
}

// The bounds of remembering. A user may be federated, deactivated or renamed while we remember otherwise, and the listing of a
// large target takes minutes.
const (
	longestRemember = 24 * time.Hour
	shortestWarm    = time.Minute
)

// CheckLimits reports what is wrong with the settings that every target has.
func CheckLimits(timeout time.Duration, maxIdle int, remember time.Duration, rememberLimit int, warm bool) error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if timeout < time.Second {
		wrong("timeout: %v is below 1s", timeout)
	}
	if maxIdle < 1 {
		wrong("maxIdle: %d is below 1", maxIdle)
	}
	if remember < 0 || remember > longestRemember {
		wrong("remember: %v is not within 0…%v", remember, longestRemember)
	}
	if rememberLimit < 1 {
		wrong("rememberLimit: %d is below 1; remember: 0s switches it off", rememberLimit)
	}
	if warm && remember < shortestWarm {
		wrong("warm: needs remember of at least %v, and it is %v: users would be forgotten faster than they are listed", shortestWarm, remember)
	}
	return errors.Join(errs...)
}
