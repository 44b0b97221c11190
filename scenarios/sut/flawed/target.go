package flawed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const timeout = 30 * time.Second

// target is what the engine does to a target of one kind.
type target interface {
	// credential is what every request carries; "" when a token must be asked for.
	credential() string
	// tokenRequest is how a token is asked for.
	tokenRequest() (authorization string, form url.Values, err error)
	classify(r response) verdict
	find(j *job) (user, verdict)
	create(j *job) (user, verdict)
	writePassword(id string, j *job) verdict
	// unfederate makes a user local, and tidy changes what nobody asked to have changed.
	unfederate(id string) verdict
	tidy(id, displayName string) verdict
}

type token struct {
	text  string
	renew time.Time
}

// user is what the engine wants to know about a user; no id means that there is none.
type user struct {
	id                string
	active, federated bool
	passwordSet       string
}

type response struct {
	status int
	header http.Header
	body   []byte
}

// exchange sends one request and heeds Retry-After.
func (e *engine) exchange(method, path, authorization, contentType string, body []byte) (response, verdict) {
	for e.flaw != IgnoresRetryAfter && e.flaw != Recipe {
		e.mu.Lock()
		wait := time.Until(e.quiet)
		e.mu.Unlock()
		if wait <= 0 {
			break
		}
		if !e.sleep(wait) {
			return response{}, verdict{reason: "stopped"}
		}
	}
	ctx, cancel := context.WithTimeout(e.ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, e.place.URL+path, bytes.NewReader(body))
	if err != nil {
		return response{}, verdict{reason: "malformed"}
	}
	request.Header.Set("Authorization", authorization)
	request.Header.Set("Content-Type", contentType)
	answer, err := e.http.Do(request)
	if err != nil {
		return response{}, failed(err)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return response{}, failed(err)
	}
	e.mu.Lock()
	if until := quietUntil(answer); until.After(e.quiet) {
		e.quiet = until
	}
	e.mu.Unlock()
	page := strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html")
	if page && answer.StatusCode != http.StatusUnauthorized { // of whoever stands before the target; Oracle's own 401 is a page, too
		return response{}, verdict{reason: "unavailable", passing: true, unknown: true}
	}
	return response{answer.StatusCode, answer.Header, text}, verdict{}
}

// quietUntil is how long an answer asks to be left alone: by Retry-After, or by Okta's X-Rate-Limit-Reset, which counts only when
// there is a limit at all.
func quietUntil(answer *http.Response) time.Time {
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		return time.Now().Add(time.Duration(seconds) * time.Second)
	}
	reset, err := strconv.ParseInt(answer.Header.Get("X-Rate-Limit-Reset"), 10, 64)
	if err != nil || answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("X-Rate-Limit-Limit") == "0" {
		return time.Time{}
	}
	return time.Unix(reset, 0)
}

func failed(err error) verdict {
	v := verdict{reason: "connection", passing: true, unknown: true}
	if errors.Is(err, context.DeadlineExceeded) {
		v.reason = "timeout"
	}
	return v
}

// bearer is a credential that is not known to be dead, unless there is only one.
func (e *engine) bearer(dead string) (token, verdict) {
	if fixed := e.target.credential(); fixed != "" {
		return token{text: fixed}, verdict{}
	}
	if e.flaw == RefreshStampede || e.flaw == Recipe {
		e.mu.Lock()
		t := e.shared
		e.mu.Unlock()
		if t.text != "" && t.text != dead && time.Now().Before(t.renew) {
			return t, verdict{}
		}
		t, v := e.grant()
		e.mu.Lock()
		e.shared = t
		e.mu.Unlock()
		return t, v
	}
	var t token
	select {
	case t = <-e.token:
	case <-e.ctx.Done():
		return t, verdict{reason: "stopped"}
	}
	defer func() { e.token <- t }()
	if t.text != "" && t.text != dead && time.Now().Before(t.renew) {
		return t, verdict{}
	}
	var v verdict
	t, v = e.grant()
	return t, v
}

// grant asks for a token.
func (e *engine) grant() (token, verdict) {
	asked := time.Now()
	authorization, form, err := e.target.tokenRequest()
	if err != nil {
		return token{}, verdict{reason: "malformed"}
	}
	r, v := e.exchange(http.MethodPost, "/oauth2/v1/token", authorization, "application/x-www-form-urlencoded", []byte(form.Encode()))
	if v.reason != "" {
		return token{}, v
	}
	if r.status != http.StatusOK {
		return token{}, e.target.classify(r)
	}
	var granted struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"`
	}
	if err := json.Unmarshal(r.body, &granted); err != nil || granted.Token == "" {
		return token{}, verdict{reason: "unavailable", passing: true}
	}
	life := time.Duration(granted.Expires) * time.Second
	return token{"Bearer " + granted.Token, asked.Add(max(life-5*time.Minute, life/2))}, verdict{}
}

// call sends an authorised request; a token that is refused is exchanged once.
func (e *engine) call(method, path string, body any) (response, verdict) {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return response{}, verdict{reason: "malformed"}
		}
	}
	t, v := e.bearer("")
	for range 2 {
		if v.reason != "" {
			v.unknown = false // nothing was sent with it
			return response{}, v
		}
		var r response
		if r, v = e.exchange(method, path, t.text, "application/json", text); v.reason != "" {
			return r, v
		}
		if r.status != http.StatusUnauthorized || e.flaw == NoTokenRefresh || e.flaw == Recipe {
			if r.status >= http.StatusBadRequest {
				return r, e.target.classify(r)
			}
			return r, verdict{}
		}
		t, v = e.bearer(t.text)
	}
	if v.reason == "" {
		v = verdict{reason: "credential", passing: true}
	}
	return response{}, v
}
