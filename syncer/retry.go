package syncer

import (
	"encoding/binary"
	"hash/fnv"
	"time"
)

// chance is a number within [0,1) that depends on the seed and on what it is for, not on the order in which changes happen
// to be served: the same seed repeats the same waits.
func chance(seed uint64, what string, n int) float64 {
	h := fnv.New64a()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], seed)
	binary.LittleEndian.PutUint64(b[8:], uint64(n)) //nolint:gosec // Only to tell numbers apart.
	_, _ = h.Write(b[:])
	_, _ = h.Write([]byte(what))
	x := h.Sum64()
	// FNV mixes its last bytes poorly; this is the finish of MurmurHash3.
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

// wait is how long the n-th retry (from 1) of a change waits: exponential, within the jitter, and never shorter than what
// the target asked for.
func (r Retry) wait(seed uint64, id string, n int, retryAfter time.Duration) time.Duration {
	u := chance(seed, id, n)
	if base := r.First << (n - 1); base > retryAfter {
		w := time.Duration(float64(base) * (1 + r.Jitter*(2*u-1)))
		return max(w, retryAfter)
	}
	return time.Duration(float64(retryAfter) * (1 + r.Jitter*u))
}

// spread is less than a millisecond: no two scheduled times tie, which keeps runs in virtual time repeatable.
func spread(seed uint64, id string, n int) time.Duration {
	return time.Duration(chance(seed^0x5eed, id, n) * float64(time.Millisecond))
}

// throttle bounds the attempts in flight and pauses them all when the target says that there are too many requests. After a
// pause the bound is half of what it was and grows by one for each round of successes.
type throttle struct {
	limit  int
	window float64
	until  time.Time
	streak int // pauses without a success between
}

func newThrottle(limit int) *throttle { return &throttle{limit: limit, window: float64(limit)} }

// room tells whether one more attempt may start beside those in flight, and when to ask again if a pause forbids it.
func (t *throttle) room(now time.Time, inFlight int) (ok bool, again time.Time) {
	if now.Before(t.until) {
		return false, t.until
	}
	return inFlight < max(1, int(t.window)), time.Time{}
}

func (t *throttle) refused(now time.Time, wait time.Duration) {
	if !now.Before(t.until) { // One cut for all who were in flight together.
		t.window = max(1, t.window/2)
		t.streak++
	}
	if until := now.Add(wait); until.After(t.until) {
		t.until = until
	}
}

func (t *throttle) succeeded() {
	t.streak = 0
	t.window = min(float64(t.limit), t.window+1/t.window)
}

// breaker stops attempts at a target that is down: after failuresToOpen failures in a row of at least usersToOpen users. A
// single user whose changes fail never opens it. While it is open one attempt at a time finds out whether the target is
// back.
type breaker struct {
	failures int
	users    map[string]bool
	since    time.Time // zero while closed
	probe    time.Time // not before this is the target tried
	probing  bool
}

const (
	failuresToOpen = 10
	usersToOpen    = 5
	probeEvery     = 5 * time.Second
)

// admit tells whether an attempt may start, and when to ask again if not. When it says yes while open, the attempt is the
// probe, and its result must come back to settled.
func (b *breaker) admit(now time.Time) (ok bool, again time.Time) {
	switch {
	case b.since.IsZero():
		return true, time.Time{}
	case b.probing:
		return false, now.Add(probeEvery) // Its result wakes us earlier.
	case now.Before(b.probe):
		return false, b.probe
	}
	b.probing = true
	return true, time.Time{}
}

// failed counts a failure that is the target's. It reports whether the breaker has just opened.
func (b *breaker) failed(now time.Time, user string, jitter time.Duration) (opened bool) {
	b.probing = false
	b.failures++
	if b.users == nil {
		b.users = map[string]bool{}
	}
	if len(b.users) < usersToOpen {
		b.users[user] = true
	}
	if b.failures < failuresToOpen || len(b.users) < usersToOpen {
		return false
	}
	opened = b.since.IsZero()
	if opened {
		b.since = now
	}
	b.probe = now.Add(probeEvery + jitter)
	return opened
}

// succeeded: the target answers. It reports whether the breaker has just closed.
func (b *breaker) succeeded() (closed bool) {
	closed = !b.since.IsZero()
	*b = breaker{}
	return closed
}

// skipped: the attempt said nothing about the target.
func (b *breaker) skipped() { b.probing = false }
