package rest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/seatrial/seatrial/syncer/target"
)

const (
	// refreshBefore is how long before its end a token is replaced, so that no request meets a target whose clock is ahead
	// with a token that looks expired there. Tokens that live less than twice as long are replaced at half their life.
	refreshBefore = 5 * time.Minute
	// refusalKept is how long a refusal of our client is remembered: all waiting changes share it instead of knocking one
	// by one.
	refusalKept = time.Minute
	// earlyAgain is the pause after an early refresh that did not work, while the old token is still good.
	earlyAgain = 10 * time.Second
	// defaultLifetime is taken when the answer does not say how long the token lives.
	defaultLifetime = 10 * time.Minute
)

// Credentials are what requests are made with. They are safe for concurrent use.
type Credentials interface {
	// Header is the Authorization of a request, or the answer for a job that cannot have one.
	Header(ctx context.Context) (string, target.Answer, bool)
	// Refused tells that a header was answered with 401. It returns whether another one can be had.
	Refused(header string) bool
	// Close ends what is under way.
	Close()
}

// token is an access token; without text there is none.
type token struct {
	text    string
	refresh time.Time // from here on it is replaced
	expires time.Time
}

// flight is one request to the token endpoint, shared by all who wait for it.
type flight struct {
	done   chan struct{}
	token  token
	answer target.Answer // when there is no token
}

// Grant says how tokens are asked for.
type Grant struct {
	// Name is the target's label, ClientID the application's id in the log.
	Name, ClientID string
	// Table has the meaning of refusals.
	Table *Table
	// Request builds one request.
	Request func(ctx context.Context) (*http.Request, error)
	// Again is told of a refusal. True asks once more, at once; nil never does.
	Again func(r Reply) bool
	// Asked is told of each answered request: "granted" or "refused".
	Asked func(outcome string)
	Log   *slog.Logger
}

// tokens is the cache. The mutex guards its fields only and is never held across a wait; those who need a token wait for
// the flight's channel.
type tokens struct {
	client *Client
	grant  Grant

	mu      sync.Mutex
	current token
	flight  *flight
	refused target.Answer
	until   time.Time // end of refused
	early   time.Time // not before this is an early refresh tried again

	life    context.Context //nolint:containedctx // The flights' own: none of those who wait owns the request.
	end     context.CancelFunc
	flights sync.WaitGroup
}

// Tokens are access tokens (RFC 6749): cached, refreshed before they expire by one request for all who wait, and dropped when
// they are refused.
func Tokens(c *Client, g Grant) Credentials {
	if g.Asked == nil {
		g.Asked = func(string) {}
	}
	life, end := context.WithCancel(context.Background())
	return &tokens{client: c, grant: g, life: life, end: end}
}

// Header waits for a token where there is none.
func (t *tokens) Header(ctx context.Context) (string, target.Answer, bool) {
	text, answer, ok := t.get(ctx)
	if !ok {
		return "", answer, false
	}
	return "Bearer " + text, target.Answer{}, true
}

// get returns a token, or the answer for a job that cannot have one.
func (t *tokens) get(ctx context.Context) (string, target.Answer, bool) {
	t.mu.Lock()
	now := time.Now()
	if t.current.text != "" && now.Before(t.current.refresh) {
		defer t.mu.Unlock()
		return t.current.text, target.Answer{}, true
	}
	if now.Before(t.until) && t.flight == nil && !t.valid(now) {
		defer t.mu.Unlock()
		answer := t.refused
		if answer.RetryAfter > 0 {
			answer.RetryAfter = t.until.Sub(now)
		}
		return "", answer, false
	}
	f := t.flight
	if f == nil && !now.Before(t.until) && (!t.valid(now) || !now.Before(t.early)) {
		f = &flight{done: make(chan struct{})}
		t.flight = f
		t.flights.Go(func() { t.fly(f) })
	}
	if t.valid(now) {
		// An early refresh holds nobody up: the old token is still good.
		defer t.mu.Unlock()
		return t.current.text, target.Answer{}, true
	}
	t.mu.Unlock()
	select {
	case <-f.done:
		return f.token.text, f.answer, f.token.text != ""
	case <-ctx.Done():
		v := broken(CallToken, ctx.Err(), false)
		return "", target.Answer{Class: v.Class, Reason: v.Reason, Detail: "token: gave up waiting"}, false
	}
}

func (t *tokens) valid(now time.Time) bool {
	return t.current.text != "" && now.Before(t.current.expires)
}

// Refused forgets the token that was refused, unless another has taken its place: a hundred workers who are refused with the
// same token cause one request.
func (t *tokens) Refused(header string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if "Bearer "+t.current.text == header {
		t.current = token{}
	}
	return true
}

// Close ends the flights.
func (t *tokens) Close() {
	t.end()
	t.flights.Wait()
}

func (t *tokens) fly(f *flight) {
	f.token, f.answer = t.ask()
	t.mu.Lock()
	t.flight, t.early = nil, time.Now().Add(earlyAgain)
	if f.token.text != "" {
		t.current, t.until, t.early = f.token, time.Time{}, time.Time{}
	} else if f.answer.Class == target.Credential {
		t.refused, t.until = f.answer, time.Now().Add(refusalKept)
	} else if f.answer.RetryAfter > 0 { // Whoever asks meanwhile hears the same, and the endpoint has its quiet.
		t.refused, t.until = f.answer, time.Now().Add(f.answer.RetryAfter)
	}
	t.mu.Unlock()
	close(f.done)
}

// ask makes the request.
func (t *tokens) ask() (token, target.Answer) {
	asked := time.Now()
	r := t.client.Do(t.life, t.grant.Request)
	if r.Status >= http.StatusBadRequest && t.grant.Again != nil && t.grant.Again(r) {
		asked = time.Now()
		r = t.client.Do(t.life, t.grant.Request)
	}
	defer clear(r.Body)
	if r.Status == http.StatusOK && r.Err == nil {
		if got, ok := readToken(r.Body, asked); ok {
			t.grant.Asked("granted")
			return got, target.Answer{}
		}
	}
	v := t.grant.Table.Judge(CallToken, r)
	t.grant.Asked("refused")
	what := t.grant.Table.Detail(CallToken, r)
	if code := OAuthError(r.Body); code != "" && !strings.HasSuffix(what, code) {
		what += " " + code
	}
	if v.Class == target.Credential {
		t.grant.Log.ErrorContext(t.life, "the token endpoint refuses our client; changes wait for the schedule until it is put right",
			"target", t.grant.Name, "client_id", t.grant.ClientID, "detail", what)
	}
	return token{}, target.Answer{Class: v.Class, Reason: v.Reason, RetryAfter: r.Quiet(), Detail: what}
}

func readToken(body []byte, asked time.Time) (token, bool) {
	var answer struct {
		Token   string  `json:"access_token"`
		Expires float64 `json:"expires_in"`
	}
	if json.NewDecoder(bytes.NewReader(body)).Decode(&answer) != nil || answer.Token == "" {
		return token{}, false
	}
	life := defaultLifetime
	if answer.Expires > 0 && answer.Expires < 1e9 {
		life = time.Duration(answer.Expires * float64(time.Second))
	}
	early := min(refreshBefore, life/2)
	return token{text: answer.Token, expires: asked.Add(life), refresh: asked.Add(life - early)}, true
}

// OAuthError returns the error code when it is one of RFC 6749 or RFC 9449, or one of Okta's, which may also stand where Okta's
// own codes do; a stranger's text stays out of the log.
func OAuthError(body []byte) string {
	var answer struct {
		Error string `json:"error"`
		Code  string `json:"errorCode"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	switch code := cmp.Or(answer.Error, answer.Code); code {
	case "invalid_client", "invalid_scope", "invalid_request", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
		"invalid_dpop_proof", "use_dpop_nonce", "consent_required":
		return code
	}
	return ""
}
