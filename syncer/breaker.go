package syncer

import "time"

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
