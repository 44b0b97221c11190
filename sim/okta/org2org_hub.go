package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// pushTimeout is how long the org waits for another one to answer; Okta publishes none.
const pushTimeout = 30 * time.Second

// refusedPush is what the other org said instead of doing what it was asked, or that it said nothing.
type refusedPush struct {
	status int           // 0 without an answer
	text   string        // what an administrator reads of it
	wait   time.Duration // until the rate limit lets requests through again
	bare   bool          // the text stands by itself in the sentence
}

// Error is the text.
func (r *refusedPush) Error() string { return r.text }

// passing tells whether the same request may succeed later without anybody's doing.
func (r *refusedPush) passing() bool {
	return r.status == 0 && r.wait > 0 || r.status >= http.StatusInternalServerError
}

// silent is no answer at all.
func silent(text string) *refusedPush { return &refusedPush{text: text, wait: time.Minute} }

// hub is the other org as an application reaches it.
type hub struct {
	s    *Server
	app  *application
	base string
}

func (s *Server) hubOf(a *application) *hub {
	return &hub{s: s, app: a, base: strings.TrimSuffix(a.address(), "/")}
}

// ask sends one request. An access token that the other org does not take any more is replaced once.
func (h *hub) ask(ctx context.Context, method, path string, body object, into any) error {
	for fresh := false; ; fresh = true {
		credential, err := h.credential(ctx)
		if err != nil {
			return err
		}
		err = h.send(ctx, method, path, credential, body, into)
		refused, _ := err.(*refusedPush) //nolint:errorlint // send returns it as it is
		if fresh || refused == nil || refused.status != http.StatusUnauthorized || h.app.connection.scheme != schemeOAuth {
			return err
		}
		h.s.hubs.drop(h.app.id)
	}
}

// credential is the Authorization header for the other org.
func (h *hub) credential(ctx context.Context) (string, error) {
	switch {
	case h.s.kernel.HTTP == nil:
		return "", &refusedPush{text: "this org has no way to reach " + h.base}
	case !h.app.provisions():
		return "", &refusedPush{text: "Provisioning is not enabled for the app instance."}
	case h.app.connection.scheme == schemeToken:
		return "SSWS " + h.app.apiToken().Reveal(), nil
	}
	token, err := h.accessToken(ctx)
	if err != nil {
		return "", err
	}
	return "Bearer " + token.Reveal(), nil
}

func (h *hub) send(ctx context.Context, method, path, credential string, body object, into any) error {
	var payload []byte
	if body != nil {
		var err error
		if payload, err = encode(body); err != nil {
			return err
		}
	}
	header := http.Header{"Accept": {"application/json"}, "Authorization": {credential}}
	if payload != nil {
		header.Set("Content-Type", "application/json")
	}
	return h.exchange(ctx, method, path, header, payload, into)
}

// exchange is one request and its answer.
func (h *hub) exchange(ctx context.Context, method, path string, header http.Header, payload []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, h.base+path, bytes.NewReader(payload))
	if err != nil {
		return &refusedPush{text: h.base + " is not an address"}
	}
	request.Header = header
	request.Header.Set("User-Agent", "okta_org2org")
	answer, err := h.s.kernel.HTTP.Do(request)
	if err != nil {
		return silent(h.base + " cannot be reached")
	}
	defer func() { _ = answer.Body.Close() }()
	read, err := io.ReadAll(io.LimitReader(answer.Body, bodyLimit))
	switch {
	case err != nil:
		return silent(h.base + " broke off its answer")
	case answer.StatusCode/100 != 2:
		return refusedBy(answer, read)
	case into != nil && json.Unmarshal(read, into) != nil:
		return &refusedPush{status: answer.StatusCode, text: h.base + " answered with something that is not JSON"}
	}
	return nil
}

// refusedBy words an answer as the list of tasks does: "summary (cause; cause)", or "HTTP error 502" when there is nothing to
// quote (Okta, User provisioning for Org2Org failed; captures of the console).
func refusedBy(answer *http.Response, body []byte) *refusedPush {
	r := &refusedPush{status: answer.StatusCode, text: fmt.Sprintf("HTTP error %d", answer.StatusCode)}
	var e struct {
		envelope
		Description string `json:"error_description"` // of the token endpoint
	}
	if json.Unmarshal(body, &e) == nil {
		switch {
		case e.Summary != "":
			causes := make([]string, 0, len(e.Causes))
			for _, c := range e.Causes {
				causes = append(causes, c.Summary)
			}
			if r.text = e.Summary; len(causes) > 0 {
				r.text += " (" + strings.Join(causes, "; ") + ")"
			}
		case e.Description != "":
			r.text = e.Description
		}
	}
	if answer.StatusCode == http.StatusTooManyRequests {
		r.wait = untilReset(answer.Header)
	}
	return r
}

// untilReset is X-Rate-Limit-Reset less Date, which are the same clock's.
func untilReset(h http.Header) time.Duration {
	reset, err := strconv.ParseInt(h.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil {
		return time.Minute
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(time.Unix(reset, 0).Sub(now), time.Second), 10*time.Minute)
}

// hubTokens are the access tokens for other orgs, by application.
type hubTokens struct {
	mu    sync.Mutex
	byApp map[string]hubToken
}

type hubToken struct {
	value secret.Value
	until time.Time
}

func (t *hubTokens) drop(app string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byApp, app)
}

func (t *hubTokens) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byApp = nil
}

func (t *hubTokens) find(app string, now time.Time) (secret.Value, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found, ok := t.byApp[app]
	return found.value, ok && now.Before(found.until)
}

func (t *hubTokens) keep(app string, token hubToken) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byApp == nil {
		t.byApp = map[string]hubToken{}
	}
	t.byApp[app] = token
}

// hubScopes are those that an Org2Org connection needs (Okta, Secure API connections between orgs with OAuth 2.0).
const hubScopes = "okta.users.manage okta.groups.manage"

// accessToken is the one at hand, until five minutes before its end, or a new one.
func (h *hub) accessToken(ctx context.Context) (secret.Value, error) {
	now := h.s.kernel.Clock.Now()
	if token, ok := h.s.hubs.find(h.app.id, now); ok {
		return token, nil
	}
	assertion, err := h.assertion(now)
	if err != nil {
		return secret.Value{}, err
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {hubScopes},
		"client_assertion_type": {assertionType}, "client_assertion": {assertion},
	}
	header := http.Header{"Accept": {"application/json"}, "Content-Type": {"application/x-www-form-urlencoded"}}
	var granted struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := h.exchange(ctx, http.MethodPost, tokenPath, header, []byte(form.Encode()), &granted); err != nil {
		return secret.Value{}, err
	}
	token := secret.New(granted.AccessToken)
	life := time.Duration(granted.ExpiresIn) * time.Second
	h.s.hubs.keep(h.app.id, hubToken{token, now.Add(life - min(5*time.Minute, life/2))})
	return token, nil
}

// assertion is the application's word for who it is, good for one token (RFC 7523).
func (h *hub) assertion(now time.Time) (string, error) {
	c := &h.app.connection
	if c.key == nil {
		return "", &refusedPush{text: "the connection has no key"}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: c.key, KeyID: c.keyID}}, nil)
	if err != nil {
		return "", fmt.Errorf("okta: sign for %s: %w", h.base, err)
	}
	return jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: c.clientID, Subject: c.clientID, Audience: jwt.Audience{h.base + tokenPath},
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(5 * time.Minute)), ID: h.s.random.Hex(32),
	}).Serialize()
}
