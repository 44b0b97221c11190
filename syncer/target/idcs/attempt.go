package idcs

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/seatrial/seatrial/syncer/target"
)

// attempt is one run through a job. The order of its steps is the law of doc.go.
type attempt struct {
	target    *Target
	job       target.Job
	refreshed bool // the one refresh of the token that an attempt may cause is used up
	settled   bool // a look has shown that the prior write was not applied
	allowance target.Allowance
}

func (a *attempt) run(ctx context.Context) target.Answer {
	if len(a.job.Hash) > 0 {
		return a.hashed()
	}
	if a.job.DryRun {
		return a.plan(ctx)
	}
	u, ok := a.recall()
	if !ok {
		var answer target.Answer
		if u, answer, ok = a.prepare(ctx); !ok {
			return answer
		}
	}
	refusal := a.write(ctx, u)
	if !doubtful(refusal) {
		return refusal
	}
	// He may not be who or what he was when we looked, and how IDCS then refuses is not documented.
	again, answer, ok := a.prepare(ctx)
	switch {
	case !ok:
		answer.Wrote = true
		return answer
	case again.id == u.id:
		return refusal
	}
	return a.write(ctx, again)
}

// hashed refuses without a request: both doors take passwords in clear only, and would store the text of a hash as one.
func (a *attempt) hashed() target.Answer {
	if a.job.DryRun {
		return target.Answer{Class: target.Planned, Plan: "park: " + string(target.Hashed)}
	}
	return target.Answer{Class: target.Permanent, Reason: target.Hashed, Detail: "nothing sent: the change holds a hash"}
}

// doubtful tells whether a refusal may be about another user than the one we thought we wrote to.
func doubtful(a target.Answer) bool {
	return a.Class == target.Missing || a.Class == target.Permanent && a.Reason != target.Policy
}

// recall returns a user who can be written to without a look: he was looked at lately, and when the answer to this write is
// lost, the date of the password will tell it from an earlier one.
func (a *attempt) recall() (user, bool) {
	if a.job.Prior != nil || a.job.LookOnly {
		return user{}, false
	}
	now := time.Now()
	e, ok := a.target.known.recall(a.job.UserName, now)
	if !ok {
		return user{}, false
	}
	since, _, ok := a.target.clock.at(now)
	if !ok || !since.After(e.wrote) {
		return user{}, false
	}
	return user{id: e.id, userName: e.userName, active: true, setAt: e.state, since: since}, true
}

// prepare looks at the user, settles an earlier write, and perhaps creates him; not ok means that the answer ends the
// attempt.
func (a *attempt) prepare(ctx context.Context) (user, target.Answer, bool) {
	u, answer, ok := a.look(ctx)
	switch {
	case !ok:
		return user{}, answer, false
	case u == nil && (!a.job.Provision || a.job.LookOnly):
		return user{}, target.Answer{Class: target.Missing, Reason: target.NotFound, Detail: "find: no such user"}, false
	case u == nil:
		if u, answer, ok = a.create(ctx); !ok {
			return user{}, answer, false
		}
	}
	if done, ok := a.settle(*u); ok {
		return user{}, done, false
	}
	if reason := u.barred(); reason != "" {
		return user{}, target.Answer{Class: target.Permanent, Reason: reason, Detail: "find: " + string(reason)}, false
	}
	return *u, target.Answer{}, true
}

// barred is why a user must not be written to, or "".
func (u user) barred() target.Reason {
	switch {
	case u.federated:
		return target.Federated
	case !u.active:
		return target.Inactive
	}
	return ""
}

// plan says what would be done.
func (a *attempt) plan(ctx context.Context) target.Answer {
	u, answer, ok := a.find(ctx)
	plan := "update"
	switch {
	case !ok && answer.Class == target.Permanent:
		plan = "park: " + string(answer.Reason)
	case !ok:
		return answer
	case u == nil && a.job.Provision:
		plan = "create"
	case u == nil:
		plan = "park: " + string(target.NotFound)
	case u.barred() != "":
		plan = "park: " + string(u.barred())
	}
	return target.Answer{Class: target.Planned, Plan: plan, Detail: answer.Detail}
}

// settle judges the earlier write by what the user looks like now.
func (a *attempt) settle(u user) (target.Answer, bool) {
	if prior := a.job.Prior; prior != nil && prior.User == u.id {
		applied, certain := landed(*prior, u.setAt)
		if applied {
			return target.Answer{Class: target.Applied, Evidence: target.ByDate}, true
		}
		a.settled = certain
	}
	if a.job.LookOnly {
		return target.Answer{Class: target.Transient, Reason: target.UnknownOutcome, Detail: "find: nothing new"}, true
	}
	return target.Answer{}, false
}

// landed tells from the date of a password whether the write behind a mark was applied.
func landed(m target.Mark, shown string) (applied, certain bool) {
	switch {
	case shown == "":
		return false, false
	case shown == m.State:
		return false, true
	case m.Since.IsZero():
		return true, true // It was another date just before.
	}
	date, err := time.Parse(time.RFC3339Nano, shown)
	if err != nil {
		return false, false
	}
	return !date.Before(m.Since), true
}

// write sends the password.
func (a *attempt) write(ctx context.Context, u user) target.Answer {
	mark := target.Mark{User: u.id, State: u.setAt, Since: u.since}
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
	if answer.Reason == target.Policy && a.job.Prior != nil && !a.settled && a.job.Prior.User == u.id && historyOnly(r.body) {
		answer = target.Answer{Class: target.Applied, Wrote: true, Evidence: target.ByHistory}
	}
	now := time.Now()
	_, before, told := a.target.clock.at(now)
	switch {
	case answer.Unsettled || doubtful(answer) || answer.Class == target.Applied && !told:
		a.target.known.forget(a.job.UserName, now)
	case answer.Class == target.Applied:
		a.target.known.wroteTo(a.job.UserName, u.id, before, now)
	}
	return answer
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
		a.target.clock.observe(r.date, r.asked, r.got)
		a.allowance = tighter(a.allowance, r.allowance)
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
