package rest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/seatrial/seatrial/syncer/target"
)

// tries is how often a request is made when the target is in passing trouble.
const tries = 6

// Try makes a request that may be repeated, several times if need be, and returns the first answer that is no passing trouble,
// with what it means. The error is that there was none. salt keeps the timers of many from ending together.
func (t *Target) Try(ctx context.Context, q Request, salt int) (Reply, target.Answer, error) {
	for try := 1; ; try++ {
		a := t.Attempt()
		r, answer, ok := a.Send(ctx, q)
		if ok {
			if r.Status < http.StatusMultipleChoices && r.Whole(r.Status) && r.Status != 0 {
				return r, target.Answer{}, nil
			}
			answer = a.Answer(CallFind, r)
		}
		switch {
		case ctx.Err() != nil:
			return r, answer, ctx.Err()
		case ok && answer.Class != target.Transient:
			return r, answer, nil
		case answer.Class != target.Transient || try == tries:
			return r, answer, fmt.Errorf("%s (%s)", answer.Detail, answer.Reason)
		}
		wait := max(answer.RetryAfter, r.Quiet(), time.Second<<(try-1)) + time.Duration(salt)*time.Nanosecond
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return r, answer, ctx.Err()
		}
	}
}

// Ask gets something that is not part of an attempt, a page of a listing for instance. The answer that it returns is whole and
// has the status 200.
func (t *Target) Ask(ctx context.Context, path string, salt int) (Reply, error) {
	r, answer, err := t.Try(ctx, Request{Method: http.MethodGet, Path: path}, salt)
	switch {
	case err != nil:
		return r, err
	case r.Whole(http.StatusOK):
		return r, nil
	case answer.Reason == target.Forbidden:
		return r, fmt.Errorf("%s: the client may not search for users; grant it %s", answer.Detail, t.config.Role)
	}
	return r, fmt.Errorf("%s (%s)", answer.Detail, answer.Reason)
}

// KeepWarm has all users listed at once and then twice in each period for which they are remembered. list returns how many it
// has seen.
func (t *Target) KeepWarm(ctx context.Context, list func() (seen int, err error)) {
	trouble := ""
	for first := true; ; first = false {
		began := time.Now()
		seen, err := list()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && err.Error() != trouble:
			trouble = err.Error()
			t.log.WarnContext(ctx, "users cannot be listed; each is looked up when a change comes", "target", t.config.Name, "error", err)
		case err == nil && (first || trouble != ""):
			trouble = ""
			t.log.InfoContext(ctx, "users are remembered", "target", t.config.Name, "users", seen, "limit", t.config.RememberLimit,
				"seconds", time.Since(began).Seconds())
		}
		select {
		case <-time.After(time.Until(began.Add(t.config.Remember/2)) + time.Duration(seen)*time.Nanosecond):
		case <-ctx.Done():
			return
		}
	}
}
