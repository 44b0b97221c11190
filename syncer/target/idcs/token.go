package idcs

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
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

// token is an access token; failure says why there is none.
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

// tokens is the cache. The mutex guards its fields only and is never held across a wait; those who need a token wait for
// the flight's channel.
type tokens struct {
	client *client
	url    string
	config Config
	log    *slog.Logger
	asked  func(outcome string)

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

func newTokens(c Config, hc *client, log *slog.Logger, asked func(string)) *tokens {
	address := c.TokenURL
	if address == "" {
		address = strings.TrimRight(c.URL, "/") + "/oauth2/v1/token"
	}
	life, end := context.WithCancel(context.Background())
	return &tokens{client: hc, url: address, config: c, log: log, asked: asked, life: life, end: end}
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
		v := broken(callToken, ctx.Err(), false)
		return "", target.Answer{Class: v.class, Reason: v.reason, Detail: "token: gave up waiting"}, false
	}
}

func (t *tokens) valid(now time.Time) bool {
	return t.current.text != "" && now.Before(t.current.expires)
}

// drop forgets the token that was refused, unless another has taken its place: a hundred workers who are refused with the
// same token cause one request.
func (t *tokens) drop(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current.text == text {
		t.current = token{}
	}
}

func (t *tokens) close() {
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

// ask makes the request: client credentials with HTTP Basic, as Oracle documents it ("Working with OAuth 2 to access the
// REST API").
func (t *tokens) ask() (token, target.Answer) {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {t.config.Scope}}.Encode()
	asked := time.Now()
	r := t.client.do(t.life, func(ctx context.Context) (*http.Request, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, strings.NewReader(form))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.SetBasicAuth(url.QueryEscape(t.config.ClientID), url.QueryEscape(string(t.config.ClientSecret)))
		return request, nil
	})
	defer clear(r.body)
	if r.status == http.StatusOK && r.err == nil {
		if got, ok := readToken(r.body, asked); ok {
			t.asked("granted")
			return got, target.Answer{}
		}
	}
	v := judge(callToken, r)
	t.asked("refused")
	what := detail(callToken, r)
	if code := oauthError(r.body); code != "" {
		what += " " + code
	}
	if v.class == target.Credential {
		t.log.Error("the token endpoint refuses our client; changes wait for the schedule until it is put right",
			"target", name, "client_id", t.config.ClientID, "detail", what)
	}
	return token{}, target.Answer{Class: v.class, Reason: v.reason, RetryAfter: r.retryAfter, Detail: what}
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

// oauthError returns the error code when it is one of RFC 6749; a stranger's text stays out of the log.
func oauthError(body []byte) string {
	var answer struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	switch answer.Error {
	case "invalid_client", "invalid_scope", "invalid_request", "invalid_grant", "unauthorized_client", "unsupported_grant_type":
		return answer.Error
	}
	return ""
}
