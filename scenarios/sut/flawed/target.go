package flawed

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	timeout            = 30 * time.Second
	federatedAttribute = "urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User:isFederatedUser"
	lastSet            = "urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User:lastSuccessfulSetDate"
)

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
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.mu.Lock()
		if until := time.Now().Add(time.Duration(seconds) * time.Second); until.After(e.quiet) {
			e.quiet = until
		}
		e.mu.Unlock()
	}
	return response{answer.StatusCode, answer.Header, text}, verdict{}
}

func failed(err error) verdict {
	v := verdict{reason: "connection", passing: true, unknown: true}
	if errors.Is(err, context.DeadlineExceeded) {
		v.reason = "timeout"
	}
	return v
}

// bearer is a token that is not known to be dead.
func (e *engine) bearer(dead string) (token, verdict) {
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

func (e *engine) grant() (token, verdict) {
	credentials := []byte(url.QueryEscape(e.place.ClientID) + ":" + url.QueryEscape(e.place.ClientSecret.Reveal()))
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {e.scope()}}
	asked := time.Now()
	r, v := e.exchange(http.MethodPost, "/oauth2/v1/token", "Basic "+base64.StdEncoding.EncodeToString(credentials), "application/x-www-form-urlencoded", []byte(form.Encode()))
	if v.reason != "" {
		return token{}, v
	}
	if r.status != http.StatusOK {
		return token{}, classify(r)
	}
	var granted struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"`
	}
	if err := json.Unmarshal(r.body, &granted); err != nil || granted.Token == "" {
		return token{}, verdict{reason: "unavailable", passing: true}
	}
	life := time.Duration(granted.Expires) * time.Second
	return token{granted.Token, asked.Add(max(life-5*time.Minute, life/2))}, verdict{}
}

func (e *engine) scope() string {
	if e.place.Scope == "" {
		return "urn:opc:idm:__myscopes__"
	}
	return e.place.Scope
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
		if r, v = e.exchange(method, path, "Bearer "+t.text, "application/json", text); v.reason != "" {
			return r, v
		}
		if r.status != http.StatusUnauthorized || e.flaw == NoTokenRefresh || e.flaw == Recipe {
			if r.status >= http.StatusBadRequest {
				return r, classify(r)
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

// classify reads an error of the target.
func classify(r response) verdict {
	switch {
	case r.status == http.StatusUnauthorized:
		return verdict{reason: "credential", passing: true}
	case r.status == http.StatusTooManyRequests:
		return verdict{reason: "throttled", passing: true}
	case r.status >= http.StatusInternalServerError:
		return verdict{reason: "unavailable", passing: true, unknown: true}
	case r.status == http.StatusNotFound:
		return verdict{reason: "not_found"}
	case r.status == http.StatusForbidden:
		return verdict{reason: "forbidden"}
	case r.status == http.StatusConflict:
		return verdict{reason: "duplicate"}
	case bytes.Contains(r.body, []byte("error.identity.passwordmgmt.pwdpolicyViolation")):
		return verdict{reason: "policy"}
	}
	return verdict{reason: "malformed"}
}

type wireUser struct {
	ID        string `json:"id"`
	Active    *bool  `json:"active"`
	Extension struct {
		Federated bool `json:"isFederatedUser"`
	} `json:"urn:ietf:params:scim:schemas:oracle:idcs:extension:user:User"`
	State struct {
		Set string `json:"lastSuccessfulSetDate"`
	} `json:"urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User"`
}

func (w wireUser) user() user {
	return user{id: w.ID, active: w.Active == nil || *w.Active, federated: w.Extension.Federated, passwordSet: w.State.Set}
}

func (e *engine) find(j *job) (user, verdict) {
	query := url.Values{
		"filter":     {`userName eq "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(j.UserName) + `"`},
		"attributes": {"userName,active," + federatedAttribute + "," + lastSet},
	}
	r, v := e.call(http.MethodGet, "/admin/v1/Users?"+query.Encode(), nil)
	if v.reason != "" {
		v.unknown = false // reading changes nothing
		return user{}, v
	}
	var list struct{ Resources []wireUser }
	if err := json.Unmarshal(r.body, &list); err != nil {
		return user{}, verdict{reason: "unavailable", passing: true}
	}
	if len(list.Resources) == 0 {
		return user{}, verdict{}
	}
	return list.Resources[0].user(), verdict{}
}

// create makes the user without a password: one that is set here would have to be changed at the next log-in.
func (e *engine) create(j *job) (user, verdict) {
	body := map[string]any{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": j.UserName,
		"name":   map[string]string{"givenName": j.Attributes["givenName"], "familyName": or(j.Attributes["sn"], j.UserName)},
		"emails": []map[string]any{{"value": or(j.Attributes["mail"], j.UserName+"@example.invalid"), "type": "work", "primary": true}},
	}
	r, v := e.call(http.MethodPost, "/admin/v1/Users", body)
	if v.reason == "duplicate" {
		v.passing = true // an answer was lost: the next attempt finds the user
	}
	if v.unknown = false; v.reason != "" {
		return user{}, v
	}
	var w wireUser
	if err := json.Unmarshal(r.body, &w); err != nil || w.ID == "" {
		return user{}, verdict{reason: "unavailable", passing: true}
	}
	return w.user(), verdict{}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (e *engine) writePassword(id string, j *job) verdict {
	if e.flaw == PatchDoor || e.flaw == Recipe || e.place.Door == "patch" {
		return e.patch(id, "password", j.Password.Reveal())
	}
	_, v := e.call(http.MethodPut, "/admin/v1/UserPasswordChanger/"+url.PathEscape(id), map[string]any{
		"schemas":  []string{"urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger"},
		"password": j.Password.Reveal(), "bypassNotification": true,
	})
	if v.reason == "not_found" {
		v.passing = true // deleted since it was found: look again
	}
	return v
}

func (e *engine) patch(id, path string, value any) verdict {
	_, v := e.call(http.MethodPatch, "/admin/v1/Users/"+url.PathEscape(id), map[string]any{
		"schemas":    []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
		"Operations": []map[string]any{{"op": "replace", "path": path, "value": value}},
	})
	return v
}
