package invariants

import (
	"time"

	"github.com/seatrial/seatrial/sim/control"
)

// life is one that began after a crash.
type life struct {
	// began is when it was started. Nothing was alive between the death of the one before and this moment: what was written
	// down before it is not its own, what was written down since can be nobody else's.
	began time.Time
	// able is from when its requests reach the target: no life has a token before it was granted one. What arrives between
	// began and able was on its way when the life before died.
	able time.Time
	// orphan is the sequence of a token request that the life before may have left on its way, or 0: that life had been granted
	// none yet when it died.
	orphan uint64
}

// livesOf finds the lives after the first one, in the order of the crashes.
func livesOf(h History) []life {
	var lives []life
	var from time.Time // when the life that died had begun
	entries := byArrival(h.Entries)
	for _, c := range h.Crashes {
		l, had := life{began: c.Started, able: c.Started}, false
		for _, e := range entries {
			if !isToken(e) || e.Received.Before(from) {
				continue
			}
			if e.Received.Before(c.Started) {
				had = had || isGrant(e)
				continue
			}
			if !had && l.orphan == 0 {
				l.orphan = e.Sequence
			}
			if isGrant(e) {
				l.able = e.Answered
				break
			}
		}
		lives = append(lives, l)
		from = c.Started
	}
	return lives
}

// anotherLife tells whether the sender of a request may have died before a moment at which the system was alive.
func (v *view) anotherLife(request control.Entry, moment time.Time) bool {
	for _, l := range v.lives {
		if request.Received.Before(l.able) && !moment.Before(l.began) {
			return true
		}
	}
	return false
}

// justified tells whether a life began between two token requests, or the first may have been left behind by a life that died
// before it was granted any.
func (v *view) justified(first, second control.Entry) bool {
	for _, l := range v.lives {
		if l.orphan == first.Sequence || first.Received.Before(l.began) && !second.Received.Before(l.began) {
			return true
		}
	}
	return false
}
