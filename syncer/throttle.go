package syncer

import (
	"time"

	"github.com/seatrial/seatrial/syncer/target"
)

// throttle keeps the attempts just below what the target takes. It learns in two ways.
//
// A target that tells its allowance is believed: when more changes wait than the allowance has room for, their starts are
// spread over the time until it is renewed, so that none is refused.
//
// One that only says "too many" is measured: what it took since it last said so, over that time, is the pace that it
// bears. After a refusal everything pauses, a single attempt finds out whether the target takes changes again, the number in
// flight doubles with each success, and starts keep that pace, which grows the faster the longer nothing is refused.
type throttle struct {
	limit  int       // attempts in flight, at most
	window int       // attempts in flight, for now
	until  time.Time // end of the pause
	streak int       // pauses without a success between
	stuck  time.Time // since when all are refused; zero while they are not

	last  time.Time     // the last start
	gap   time.Duration // between the starts of two attempts; 0 is no limit
	since time.Time     // the start of what taken counts
	taken int

	allowance target.Allowance
}

const (
	longestGap  = 5 * time.Second
	shortestGap = time.Millisecond
	// boldness is by how much of itself the gap shrinks with a success, for each success since the last refusal.
	boldness = 0.001
	// farReset bounds what a target can say about its next period: a slip of its clock must not stop the work.
	farReset = time.Hour
)

func newThrottle(limit int) *throttle { return &throttle{limit: limit, window: limit} }

// room tells whether one more attempt may start beside those in flight, and when to ask again if it is a matter of time.
// waiting is the number of changes that would like to start.
func (t *throttle) room(now time.Time, inFlight, waiting int) (ok bool, again time.Time) {
	wait := latest(t.until, t.last.Add(t.gap))
	if a := t.allowance; a.Known && now.Before(a.Reset) {
		// What is in flight may or may not be counted in what remains; so it is not spent twice.
		switch left := a.Remaining - inFlight; {
		case left <= 0:
			wait = latest(wait, a.Reset)
		case left < waiting:
			wait = latest(wait, t.last.Add(a.Reset.Sub(now)/time.Duration(left)))
		}
	}
	if now.Before(wait) {
		return false, wait
	}
	return inFlight < t.window, time.Time{}
}

func (t *throttle) started(now time.Time) {
	if t.since.IsZero() {
		t.since = now
	}
	t.last = now
}

// told takes what the target says about its limit.
func (t *throttle) told(now time.Time, a target.Allowance, inFlight int) {
	switch {
	case !a.Known:
	case a.Concurrent:
		t.window = max(1, min(t.limit, inFlight+a.Remaining))
	case !a.Reset.After(now) || a.Reset.After(now.Add(farReset)):
	case t.allowance.Known && now.Before(t.allowance.Reset) && a.Remaining > t.allowance.Remaining:
		// An answer that was overtaken by a younger one, or that speaks of another limit: an org of Okta's has one for looks and one
		// for writes, and a change needs both.
	default:
		t.allowance = a
	}
}

// refused: the target says that there are too many requests.
func (t *throttle) refused(now time.Time, wait time.Duration) {
	if !now.Before(t.until) { // One lesson from all who were in flight together.
		if t.streak++; t.stuck.IsZero() {
			t.stuck = now
		}
		if t.taken > 0 { // Otherwise it is the same refusal as before, and the time goes on counting.
			t.gap = min(max(now.Sub(t.since)/time.Duration(t.taken), shortestGap), longestGap)
			t.since, t.taken = now, 0
		}
		t.window = 1
	}
	t.until = latest(t.until, now.Add(wait))
}

// pause: the target asks, for another reason than its limit, to be left alone until then.
func (t *throttle) pause(until time.Time) { t.until = latest(t.until, until) }

func (t *throttle) succeeded() {
	t.streak, t.stuck = 0, time.Time{}
	t.taken++
	t.window = min(2*t.window, t.limit)
	t.gap -= time.Duration(float64(t.gap) * min(boldness*float64(t.taken), 0.5))
	if t.gap < shortestGap {
		t.gap = 0
	}
}

// hopeless tells whether the target has refused everything for longer than we are patient.
func (t *throttle) hopeless(now time.Time, patience time.Duration) bool {
	return !t.stuck.IsZero() && now.Sub(t.stuck) > patience
}
