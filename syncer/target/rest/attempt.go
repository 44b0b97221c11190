package rest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/seatrial/seatrial/syncer/target"
)

// Attempt is one run through a job. The order of its steps is the law of doc.go.
type Attempt struct {
	target    *Target
	job       target.Job
	userName  string // the target's, not the job's
	refreshed bool   // the one refresh of the token that an attempt may cause is used up
	final     bool   // our credentials are refused, and no others can be had
	settled   bool   // a look has shown that the prior write was not applied
	allowance target.Allowance
}

// Job is what is attempted.
func (a *Attempt) Job() target.Job { return a.job }

// UserName is the name under which the target knows the user.
func (a *Attempt) UserName() string { return a.userName }

func (a *Attempt) run(ctx context.Context) target.Answer {
	var err error
	if a.userName, err = a.target.api.UserName(a.job); err != nil {
		return a.unnamed(err)
	}
	if len(a.job.Hash) > 0 {
		return a.bring(ctx)
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
	if !doubtful(refusal) && !a.changed(u, refusal) {
		return refusal
	}
	// He may not be who or what he was when we looked, and how the target then refuses is not documented.
	again, answer, ok := a.prepare(ctx)
	switch {
	case !ok:
		answer.Wrote = true
		return answer
	case again.ID == u.ID:
		return refusal
	}
	return a.write(ctx, again)
}

func (a *Attempt) unnamed(err error) target.Answer {
	if a.job.DryRun {
		return target.Answer{Class: target.Planned, Plan: "park: " + string(target.Malformed), Detail: err.Error()}
	}
	return target.Answer{Class: target.Permanent, Reason: target.Malformed, Detail: err.Error()}
}

// doubtful tells whether a refusal may be about another user than the one we thought we wrote to.
func doubtful(a target.Answer) bool {
	return a.Class == target.Missing || a.Class == target.Permanent && a.Reason != target.Policy
}

// changed tells whether a user whom we remember may have become another one, and is refused for that in words about the policy.
func (a *Attempt) changed(u User, refusal target.Answer) bool {
	return a.target.config.DoubtfulPolicy && !u.since.IsZero() && refusal.Reason == target.Policy
}

// recall returns a user who can be written to without a look: he was looked at lately, and when the answer to this write is
// lost, the date of the password will tell it from an earlier one.
func (a *Attempt) recall() (User, bool) {
	if a.job.Prior != nil || a.job.LookOnly {
		return User{}, false
	}
	now := time.Now()
	e, ok := a.target.known.recall(a.userName, now)
	if !ok {
		return User{}, false
	}
	since, _, ok := a.target.clock.at(now)
	since = since.Truncate(a.target.config.Resolution)
	if !ok || !since.After(e.wrote) || a.target.step(e.state).After(since) {
		return User{}, false
	}
	return User{ID: e.id, Name: e.userName, State: e.state, since: since}, true
}

// step is when the step of coarse dates ends in which a date lies; zero where dates are fine.
func (t *Target) step(state string) time.Time {
	if t.config.Resolution == 0 {
		return time.Time{}
	}
	date, err := time.Parse(time.RFC3339Nano, state)
	if err != nil {
		return time.Time{}
	}
	return date.Truncate(t.config.Resolution).Add(t.config.Resolution)
}

// longestStep bounds the wait for a step to end: a date far ahead of the target's own clock is not waited for.
const longestStep = 5 * time.Second

// apart waits until a write will show another date than the user does now.
func (a *Attempt) apart(ctx context.Context, u User) {
	end := a.target.step(u.State)
	if end.IsZero() || !u.since.IsZero() {
		return
	}
	now := time.Now()
	low, _, ok := a.target.clock.at(now)
	wait := end.Sub(low)
	if !ok { // When the look began the target's clock showed at least the date itself.
		wait = time.Until(u.seen.Add(a.target.config.Resolution + 2*clockSlack))
	}
	if wait <= 0 || wait > longestStep {
		return
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
}

// prepare looks at the user, settles an earlier write, and perhaps creates him; not ok means that the answer ends the
// attempt.
func (a *Attempt) prepare(ctx context.Context) (User, target.Answer, bool) {
	u, answer, ok := a.look(ctx)
	switch {
	case !ok:
		return User{}, answer, false
	case u == nil && (!a.job.Provision || a.job.LookOnly):
		return User{}, target.Answer{Class: target.Missing, Reason: target.NotFound, Detail: "find: no such user"}, false
	case u == nil:
		if u, answer, ok = a.target.api.Create(ctx, a); !ok {
			return User{}, answer, false
		}
		if u.seen.IsZero() {
			u.seen = time.Now()
		}
	}
	if done, ok := a.settle(*u); ok {
		return User{}, done, false
	}
	if u.Barred != "" {
		return User{}, u.refusal(), false
	}
	return *u, target.Answer{}, true
}

// refusal is the answer for a user who must not be written to.
func (u User) refusal() target.Answer {
	detail := "find: " + string(u.Barred)
	if u.Detail != "" {
		detail += ": " + u.Detail
	}
	return target.Answer{Class: target.Permanent, Reason: u.Barred, Detail: detail, Remedy: u.Remedy}
}

// plan says what would be done.
func (a *Attempt) plan(ctx context.Context) target.Answer {
	u, answer, ok := a.Find(ctx)
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
	case u.Barred != "":
		plan = "park: " + string(u.Barred)
	}
	return target.Answer{Class: target.Planned, Plan: plan, Detail: answer.Detail}
}

// look finds the user by name. One whom we have written to under that name may be too new for the search, and is then read
// by his id.
func (a *Attempt) look(ctx context.Context) (*User, target.Answer, bool) {
	u, answer, ok := a.Find(ctx)
	if ok && u == nil && a.job.Prior != nil && a.job.Prior.User != "" {
		return a.Read(ctx, a.job.Prior.User)
	}
	return u, answer, ok
}

// Find searches for the user by name. Nil is nobody; not ok means that the answer ends the attempt.
func (a *Attempt) Find(ctx context.Context) (*User, target.Answer, bool) {
	began := time.Now()
	u, answer, ok := a.target.api.Find(ctx, a, a.userName)
	return a.saw(u, began), answer, ok
}

// Read reads a user by id. One of another name is nobody.
func (a *Attempt) Read(ctx context.Context, id string) (*User, target.Answer, bool) {
	began := time.Now()
	u, answer, ok := a.target.api.Read(ctx, a, id)
	if u != nil && !strings.EqualFold(u.Name, a.userName) {
		u = nil
	}
	return a.saw(u, began), answer, ok
}

func (a *Attempt) saw(u *User, began time.Time) *User {
	if u != nil {
		u.seen = began
		a.target.known.saw(*u, began)
	}
	return u
}

// settle judges the earlier write by what the user looks like now. A write that has created him knows no id.
func (a *Attempt) settle(u User) (target.Answer, bool) {
	if prior := a.job.Prior; prior != nil && (prior.User == u.ID || prior.User == "") {
		applied, certain := landed(*prior, u.State)
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
func (a *Attempt) write(ctx context.Context, u User) target.Answer {
	a.apart(ctx, u)
	r, answer := a.Set(ctx, CallWrite, target.Mark{User: u.ID, State: u.State, Since: u.since}, a.target.api.Write(u.ID, a.job.Password))
	if !answer.Wrote {
		return answer
	}
	if answer.Reason == target.Policy && a.job.Prior != nil && !a.settled && a.job.Prior.User == u.ID && a.target.api.HistoryOnly(r) {
		answer = target.Answer{Class: target.Applied, Wrote: true, Evidence: target.ByHistory}
	}
	now := time.Now()
	_, before, told := a.target.clock.at(now)
	switch {
	case answer.Unsettled || doubtful(answer) || answer.Class == target.Applied && !told:
		a.target.known.forget(a.userName, now)
	case answer.Class == target.Applied:
		a.target.known.wroteTo(a.userName, u.ID, before, now)
	}
	return answer
}

// Set sends a request that sets the password, when its mark is stored, and wipes it.
func (a *Attempt) Set(ctx context.Context, c Call, mark target.Mark, w Request) (Reply, target.Answer) {
	defer clear(w.Body)
	if a.job.BeforeWrite != nil {
		if err := a.job.BeforeWrite(ctx, mark); err != nil {
			return Reply{}, target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: "write: not begun, it could not be noted: " + err.Error()}
		}
	}
	r, answer, ok := a.Send(ctx, w)
	if !ok {
		return r, answer
	}
	answer = a.Answer(c, r)
	answer.Mark, answer.Wrote = mark, true
	return r, answer
}

// Answer turns a reply into the engine's terms.
func (a *Attempt) Answer(c Call, r Reply) target.Answer {
	v := a.target.table.Judge(c, r)
	if v.Class == target.Credential && a.refreshed && !a.final {
		// The client itself is fine, it has just been given a token; what refuses that may pass.
		v.Class = target.Transient
	}
	answer := target.Answer{
		Class: v.Class, Reason: v.Reason, Unsettled: v.Unsettled, RetryAfter: r.RetryAfter, Detail: a.target.table.Detail(c, r),
	}
	a.target.api.Describe(c, r, &answer)
	return answer
}

// Send makes one request with our credentials. A refused token is dropped, and the request repeated at once with a new one, once
// per attempt: nothing was done. Not ok means that there was no token, and the answer says why.
func (a *Attempt) Send(ctx context.Context, q Request) (Reply, target.Answer, bool) {
	for {
		header, refusal, ok := a.target.credentials.Header(ctx)
		if !ok {
			return Reply{}, refusal, false
		}
		r := a.target.client.Do(ctx, func(ctx context.Context) (*http.Request, error) { return a.request(ctx, q, header) })
		a.target.Observe(r)
		a.allowance = tighter(a.allowance, r.Allowance)
		if a.refreshed || !a.target.table.refused(r) {
			return r, target.Answer{}, true
		}
		if !a.target.credentials.Refused(header) {
			a.final = true
			return r, target.Answer{}, true
		}
		a.refreshed = true
	}
}

func (a *Attempt) request(ctx context.Context, q Request, header string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, q.Method, a.target.base+q.Path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", header)
	if q.Body != nil {
		request.Header.Set("Content-Type", a.target.config.ContentType)
		request.ContentLength = int64(len(q.Body))
		// net/http asks for a second body only when not a byte of the first has left.
		request.GetBody = func() (io.ReadCloser, error) { return &secretBody{data: bytes.Clone(q.Body)}, nil }
		request.Body, _ = request.GetBody()
	}
	return request, nil
}
