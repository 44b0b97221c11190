package invariants

import (
	"net/http"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/sim/control"
)

// Tolerances of the discipline: the jitter that was promised, and how long a request that was on its way when the target
// asked for quiet may take to arrive.
const (
	jitter = 0.1
	onWay  = time.Second
)

// retryDiscipline: no retry of a permanent refusal; no more attempts, and no sooner, than promised; nothing given up
// before the promised retries; Retry-After obeyed.
func retryDiscipline(v *view) reports.Check {
	if reason := v.unobservable(); reason != "" {
		return void(RetryDiscipline, reason)
	}
	var f findings
	attempts := 0
	for _, user := range v.users {
		for _, a := range v.accounts(user) {
			if len(a.nagged) > 0 {
				f.add("%s: refused for good (%s) in entry %s and sent again in %s",
					a.changes[0].name(), a.refused[0].Reason, numbers(a.refused[0]), numbers(a.nagged...))
			}
		}
		attempts += len(v.wrote[user])
		v.judgeAttempts(&f, user)
		for _, c := range v.of[user] {
			v.judgePatience(&f, c)
		}
	}
	if v.Retries.HonorRetryAfter {
		v.judgeRetryAfter(&f)
		v.judgeResets(&f)
	}
	return f.check(RetryDiscipline, "%d attempts to write, none repeated out of turn", attempts)
}

// judgeAttempts counts the attempts for one user and measures the pauses between them. An attempt that a fault cut off does
// not show its password, so each further change of the user excuses one pause that is too short: it may be the first
// attempt of the next change.
func (v *view) judgeAttempts(f *findings, user string) {
	var tries []control.Entry
	for _, e := range v.wrote[user] {
		if e.Status != http.StatusUnauthorized { // a new token may be tried at once
			tries = append(tries, e)
		}
	}
	changes := len(v.of[user])
	if limit := changes * (1 + len(v.Retries.Waits)) * (1 + v.Retries.Rounds); changes > 0 && len(tries) > limit {
		f.add("%s: %d attempts for %d changes; %d are promised at most", user, len(tries), changes, limit)
	}
	if len(v.Retries.Waits) == 0 {
		return
	}
	excuses, round := changes-1, 0
	for i := 1; i < len(tries); i++ {
		before, e := tries[i-1], tries[i]
		if isAccepted(before) || isPermanent(before) || before.Reason == "not_found" || v.anotherLife(before, e.Received) {
			round = 0
			continue
		}
		wait := v.Retries.Waits[min(round, len(v.Retries.Waits)-1)]
		pause := e.Received.Sub(told(before))
		if pause > 3*v.Retries.Waits[len(v.Retries.Waits)-1] {
			round = 0 // the schedule's next round, or a breaker that closed
			continue
		}
		round++
		if pause >= time.Duration(float64(wait)*(1-jitter))-time.Millisecond || before.Digest != "" && e.Digest != "" && before.Digest != e.Digest {
			continue
		}
		if excuses > 0 {
			excuses, round = excuses-1, 0
			continue
		}
		f.add("%s: tried again %v after entry %s had failed, in entry %s; %v are promised", user, pause.Round(time.Millisecond), numbers(before), numbers(e), wait)
	}
}

// told is when the system under test could know that an attempt had failed.
func told(e control.Entry) time.Time {
	if e.Unanswered() {
		return e.Received // it may have hung up long before the target noticed
	}
	return e.Answered
}

// judgePatience: what is parked for a passing reason was tried for as long as was promised.
func (v *view) judgePatience(f *findings, c Change) {
	if c.State != Parked || !passing(c.Reason) || c.Finished.IsZero() || c.Acknowledged.IsZero() {
		return
	}
	var promised time.Duration
	for _, w := range v.Retries.Waits {
		promised += w
	}
	promised = time.Duration(float64(promised) * (1 - jitter))
	if lasted := c.Finished.Sub(c.Acknowledged); lasted < promised {
		f.add("%s: given up (%s) after %v; %d retries over %v are promised", c.name(), c.Reason, lasted.Round(time.Millisecond), len(v.Retries.Waits), promised)
	}
}

// judgeRetryAfter: whoever was told to stay away for a while stays away, with every request. A request that was on its way
// may still arrive.
func (v *view) judgeRetryAfter(f *findings) {
	type quiet struct {
		by    control.Entry
		until time.Time
	}
	open := map[string]quiet{}
	for _, e := range byArrival(v.Entries) {
		// The client of a request that a fault ended is not known; then it is taken for the same one.
		for _, client := range []string{e.Client, ""} {
			q, told := open[client]
			if told && e.Received.After(q.by.Answered.Add(onWay)) && e.Received.Before(q.until) {
				f.add("entry %s at %s, %s: told in entry %s at %s to stay away until %s",
					numbers(e), clock(e.Received), request(e), numbers(q.by), clock(q.by.Answered), clock(q.until))
				delete(open, client) // one finding for each request to stay away
				break
			}
			if e.Client == "" {
				break
			}
		}
		if e.Status != http.StatusTooManyRequests && e.Status != http.StatusServiceUnavailable {
			continue
		}
		if wait := retryAfter(e); wait > 0 {
			until := e.Answered.Add(time.Duration(float64(wait) * (1 - jitter)))
			if until.After(open[e.Client].until) {
				open[e.Client] = quiet{e, until}
			}
		}
	}
}

func request(e control.Entry) string {
	text := e.Method + " " + e.Path
	if e.User != "" {
		text += " for " + e.User
	}
	return text
}
