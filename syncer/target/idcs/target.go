package idcs

import (
	"bytes"
	"context"
	"crypto/x509"
	"io"
	"iter"
	"log/slog"
	"net/http"
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
	client *client
	tokens *tokens
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
	return &Target{config: c, base: strings.TrimRight(c.URL, "/"), client: hc, tokens: newTokens(c, hc, e.Logger, e.TokenAsked)}, nil
}

// Name is "idcs".
func (t *Target) Name() string { return name }

// Close ends token requests under way and closes idle connections.
func (t *Target) Close() {
	t.tokens.close()
	t.client.close()
}

// People lists every user.
func (t *Target) People(context.Context) iter.Seq2[target.Person, error] {
	return func(func(target.Person, error) bool) {}
}

// KeepWarm keeps every user remembered until ctx ends.
func (t *Target) KeepWarm(context.Context) {}

// Apply makes one attempt: look, perhaps create, write.
func (t *Target) Apply(ctx context.Context, j target.Job) target.Answer {
	a := &attempt{target: t, job: j}
	return a.run(ctx)
}

// attempt is one run through a job.
type attempt struct {
	target    *Target
	job       target.Job
	refreshed bool // the one refresh of the token that an attempt may cause is used up
	settled   bool // a look has shown that the prior write was not applied
}

func (a *attempt) run(ctx context.Context) target.Answer {
	u, answer, ok := a.find(ctx)
	if !ok {
		return a.finish(answer)
	}
	if u == nil {
		if !a.job.Provision || a.job.LookOnly {
			return a.finish(target.Answer{Class: target.Missing, Reason: target.NotFound, Detail: "find: no such user"})
		}
		if u, answer, ok = a.create(ctx); !ok {
			return a.finish(answer)
		}
	}
	if done, ok := a.settle(*u); ok {
		return a.finish(done)
	}
	switch {
	case u.federated:
		return a.finish(target.Answer{Class: target.Permanent, Reason: target.Federated, Detail: "find: isFederatedUser"})
	case !u.active:
		return a.finish(target.Answer{Class: target.Permanent, Reason: target.Inactive, Detail: "find: active is false"})
	}
	return a.finish(a.write(ctx, *u))
}

// finish adds what the attempt has learnt about an earlier write.
func (a *attempt) finish(answer target.Answer) target.Answer {
	answer.Settled = a.settled
	return answer
}

// settle judges the earlier write by what the user looks like now.
func (a *attempt) settle(u user) (target.Answer, bool) {
	prior := a.job.Prior
	if prior != nil && prior.User == u.id {
		if u.setAt != "" && u.setAt != prior.State {
			return target.Answer{Class: target.Applied, Evidence: target.ByDate}, true
		}
		a.settled = u.setAt != ""
	}
	if a.job.LookOnly {
		return target.Answer{Class: target.Transient, Reason: target.UnknownOutcome, Detail: "find: nothing new"}, true
	}
	return target.Answer{}, false
}

// find returns the user, or nil when there is none; not ok means that the answer ends the attempt.
func (a *attempt) find(ctx context.Context) (*user, target.Answer, bool) {
	r, answer, ok := a.send(ctx, http.MethodGet, "/admin/v1/Users?"+findQuery(a.job.UserName), nil)
	if !ok {
		return nil, answer, false
	}
	if r.status != http.StatusOK || r.err != nil {
		return nil, a.answer(callFind, r), false
	}
	users, err := readUsers(r.body, a.job.UserName)
	switch {
	case err != nil: // 200, but not from the domain: a captive page, a proxy.
		return nil, target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: "find: 200, not a list of users"}, false
	case len(users) > 1:
		return nil, target.Answer{Class: target.Permanent, Reason: target.Duplicate, Detail: "find: several users of this name"}, false
	case len(users) == 0:
		return nil, target.Answer{}, true
	}
	return &users[0], target.Answer{}, true
}

// create makes the user and looks at it: the answer to the write to come is judged by its date.
func (a *attempt) create(ctx context.Context) (*user, target.Answer, bool) {
	body, err := newUser(a.job.UserName, a.job.Attributes, a.target.config.CreateAttributes)
	if err != nil {
		return nil, target.Answer{Class: target.Permanent, Reason: target.Malformed, Detail: "create: idcs.createAttributes is not JSON"}, false
	}
	r, answer, ok := a.send(ctx, http.MethodPost, "/admin/v1/Users", body)
	if !ok {
		return nil, answer, false
	}
	if r.status != http.StatusCreated && r.status != http.StatusConflict {
		return nil, a.answer(callCreate, r), false
	}
	// 409: somebody else was quicker, or the answer to our own earlier request was lost.
	u, answer, ok := a.find(ctx)
	if ok && u == nil {
		if r.status == http.StatusConflict {
			return nil, a.answer(callCreate, r), false
		}
		return nil, target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: "create: 201, but the user is not found yet"}, false
	}
	return u, answer, ok
}

// write sends the password.
func (a *attempt) write(ctx context.Context, u user) target.Answer {
	mark := target.Mark{User: u.id, State: u.setAt}
	if a.job.BeforeWrite != nil {
		if err := a.job.BeforeWrite(ctx, mark); err != nil {
			return target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: "write: not begun, it could not be noted: " + err.Error()}
		}
	}
	w := newWrite(a.target.config, u.id, a.job.Password)
	defer clear(w.body)
	r, answer, ok := a.send(ctx, w.method, w.path, w.body)
	if !ok {
		return answer
	}
	answer = a.answer(callWrite, r)
	answer.Mark, answer.Wrote = mark, true
	switch {
	case answer.Reason == target.Policy && a.job.Prior != nil && !a.settled && a.job.Prior.User == u.id && historyOnly(r.body):
		return target.Answer{Class: target.Applied, Wrote: true, Evidence: target.ByHistory}
	case r.status == http.StatusBadRequest && answer.Reason == target.Malformed, r.status == http.StatusForbidden && answer.Reason == target.Forbidden:
		return a.explain(ctx, answer)
	}
	return answer
}

// explain looks whether the user became federated or inactive between look and write; the ids with which IDCS refuses such
// a write are not documented.
func (a *attempt) explain(ctx context.Context, refusal target.Answer) target.Answer {
	u, _, ok := a.find(ctx)
	switch {
	case !ok:
	case u == nil:
		refusal.Class, refusal.Reason = target.Missing, target.NotFound
	case u.federated:
		refusal.Reason = target.Federated
	case !u.active:
		refusal.Reason = target.Inactive
	}
	return refusal
}

// answer turns a reply into the engine's terms.
func (a *attempt) answer(c call, r reply) target.Answer {
	v := judge(c, r)
	if v.class == target.Credential && c != callToken {
		// The client itself is fine, it has just been given a token; what refuses that may pass.
		v.class = target.Transient
	}
	return target.Answer{Class: v.class, Reason: v.reason, Unsettled: v.unsettled, RetryAfter: r.retryAfter, Detail: detail(c, r)}
}

// send makes one request with a token. A 401 drops the token and repeats at once with a new one, once per attempt: a
// refused token means that nothing was done.
func (a *attempt) send(ctx context.Context, method, path string, body []byte) (reply, target.Answer, bool) {
	for {
		text, refusal, ok := a.target.tokens.get(ctx)
		if !ok {
			return reply{}, refusal, false
		}
		r := a.target.client.do(ctx, func(ctx context.Context) (*http.Request, error) {
			return a.request(ctx, method, path, text, body)
		})
		if r.status != http.StatusUnauthorized || a.refreshed {
			return r, target.Answer{}, true
		}
		a.refreshed = true
		a.target.tokens.drop(text)
	}
}

func (a *attempt) request(ctx context.Context, method, path, token string, body []byte) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.target.base+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		request.Header.Set("Content-Type", a.target.config.ContentType)
		request.ContentLength = int64(len(body))
		// net/http asks for a second body only when not a byte of the first has left.
		request.GetBody = func() (io.ReadCloser, error) { return &secretBody{data: bytes.Clone(body)}, nil }
		request.Body, _ = request.GetBody()
	}
	return request, nil
}
