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

// throttle bounds the attempts in flight, pauses them all when the target says that there are too many requests, and
// afterwards spaces them out: at first a little slower than the target took them lately, then ever faster until it says so
// again. So a target with a limit is used just below it, and few changes spend an attempt on hearing "too many".
type throttle struct {
	limit  int
	until  time.Time     // end of the pause
	streak int           // pauses without a success between
	gap    time.Duration // between the starts of two attempts; 0 is no limit
	next   time.Time     // not before this is the next start
	since  time.Time     // the last pause, or the first start
	taken  int           // successes since then
}

const (
	longestGap  = time.Second // One change a second is less than any limit of the vendor's.
	shortestGap = time.Millisecond
)

func newThrottle(limit int) *throttle { return &throttle{limit: limit} }

// room tells whether one more attempt may start beside those in flight, and when to ask again if it is a matter of time.
func (t *throttle) room(now time.Time, inFlight int) (ok bool, again time.Time) {
	if wait := latest(t.until, t.next); now.Before(wait) {
		return false, wait
	}
	return inFlight < t.limit, time.Time{}
}

func (t *throttle) started(now time.Time) {
	if t.since.IsZero() {
		t.since = now
	}
	t.next = now.Add(t.gap)
}

func (t *throttle) refused(now time.Time, wait time.Duration) {
	if !now.Before(t.until) { // One lesson from all who were in flight together.
		t.streak++
		if t.taken > 0 {
			t.gap = now.Sub(t.since) * 11 / 10 / time.Duration(t.taken)
		} else {
			t.gap *= 2
		}
		t.gap = min(max(t.gap, shortestGap), longestGap)
		t.since, t.taken = now, 0
	}
	t.until = latest(t.until, now.Add(wait))
}

func (t *throttle) succeeded() {
	t.streak = 0
	t.taken++
	if t.gap = t.gap * 97 / 100; t.gap < shortestGap {
		t.gap = 0
	}
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

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
