package rest

import (
	"context"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/syncer/target"
)

// askTries is how often a page is asked for when the target is in passing trouble.
const askTries = 6

// Ask asks for something that is not part of an attempt, a page of a listing for instance, several times if need be. The answer
// that it returns is whole and has the status 200. salt keeps the timers of many from ending together.
func (t *Target) Ask(ctx context.Context, path string, salt int) (Reply, error) {
	for try := 1; ; try++ {
		a := &Attempt{target: t}
		r, answer, ok := a.Send(ctx, Request{Method: "GET", Path: path})
		if ok {
			if r.Whole(200) {
				return r, nil
			}
			answer = a.Answer(CallFind, r)
		}
		switch {
		case ctx.Err() != nil:
			return r, ctx.Err()
		case answer.Reason == target.Forbidden:
			return r, fmt.Errorf("%s: the client may not search for users; grant it %s", answer.Detail, t.config.Role)
		case answer.Class != target.Transient || try == askTries:
			return r, fmt.Errorf("%s (%s)", answer.Detail, answer.Reason)
		}
		wait := max(answer.RetryAfter, r.Quiet(), time.Second<<(try-1)) + time.Duration(salt)*time.Nanosecond
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return r, ctx.Err()
		}
	}
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
