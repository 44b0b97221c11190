package rest

import (
	"sync"
	"time"
)

const (
	// clockWindow is how long an observation of the target's clock counts at least; it counts for twice as long at most.
	clockWindow = 5 * time.Minute
	// slowest is the longest exchange whose Date is believed: it may have been set at any moment of the exchange.
	slowest = 2 * time.Second
	// clockSlack is how far the clock that dates passwords may be from the one that dates answers: a gateway's, perhaps, or
	// another node's.
	clockSlack = time.Second
)

// clock bounds what time it is at the target, by the Date of its answers. The widest bounds of the last minutes count, not
// the narrowest: nodes that disagree, and a clock that is set, make it vaguer and never wrong. Ours is read as a stopwatch,
// so that setting it has no effect.
type clock struct {
	start time.Time

	mu     sync.Mutex
	now    bounds
	before bounds    // of the window before
	since  time.Time // when the current window began
}

// bounds hold the target's clock minus ours.
type bounds struct {
	low, high time.Duration
	known     bool
}

func (b bounds) and(c bounds) bounds {
	switch {
	case !b.known:
		return c
	case !c.known:
		return b
	}
	return bounds{min(b.low, c.low), max(b.high, c.high), true}
}

func newClock() *clock {
	now := time.Now()
	return &clock{start: now, since: now}
}

// local is a moment of ours, measured from the start.
func (c *clock) local(t time.Time) time.Time { return c.start.Round(0).Add(t.Sub(c.start)) }

// observe learns from an answer that was dated at some moment between its request and its arrival. A Date has no fraction
// of a second (RFC 9110, 5.6.7).
func (c *clock) observe(date, asked, got time.Time) {
	if date.IsZero() || got.Sub(asked) > slowest {
		return
	}
	b := bounds{date.Sub(c.local(got)), date.Add(time.Second).Sub(c.local(asked)), true}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(got)
	c.now = c.now.and(b)
}

// turn begins a new window when it is time.
func (c *clock) turn(now time.Time) {
	switch age := now.Sub(c.since); {
	case age >= 2*clockWindow:
		c.before, c.now, c.since = bounds{}, bounds{}, now
	case age >= clockWindow:
		c.before, c.now, c.since = c.now, bounds{}, now
	}
}

// at bounds what the target's clock shows at a moment of ours; not ok when no answer has told lately.
func (c *clock) at(t time.Time) (low, high time.Time, ok bool) {
	c.mu.Lock()
	c.turn(t)
	b := c.now.and(c.before)
	c.mu.Unlock()
	return c.local(t).Add(b.low - clockSlack).UTC(), c.local(t).Add(b.high + clockSlack).UTC(), b.known
}
