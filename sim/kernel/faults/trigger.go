package faults

import (
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/seatrial/seatrial/sim/kernel/random"
)

// active is a rule in force.
type active struct {
	Rule
	route   route
	added   time.Time
	removed chan struct{} // closed when the rule goes
	chance  *random.Stream
	delays  *random.Stream
	bucket  *rate.Limiter // of a throttle

	mu          sync.Mutex
	seen, fired uint64
	first, last time.Time
}

func newActive(r Rule, p protocol, seed random.Seed, now time.Time) *active {
	parsed, _ := p.route(r.Scope.Route) // checked by validate
	a := &active{
		Rule: r, route: parsed, added: now, removed: make(chan struct{}),
		chance: seed.Stream("chance of " + r.ID), delays: seed.Stream("delays of " + r.ID),
	}
	if r.Kind == KindThrottle {
		a.bucket = r.Throttle.bucket()
	}
	return a
}

func (t Throttle) bucket() *rate.Limiter {
	second := t.Rate
	if t.PerMinute != 0 {
		second = t.PerMinute / 60
	}
	burst := t.Burst
	if burst == 0 {
		burst = int(max(1, min(math.Ceil(second), math.MaxInt32)))
	}
	return rate.NewLimiter(rate.Limit(second), burst)
}

// meet counts a request in scope and decides whether the rule wants to act on it. The decision on the n-th request
// depends on n and the seed only, so it takes its number whether or not another rule will have ended the exchange.
func (a *active) meet(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	age := now.Sub(a.added)
	if age < a.Trigger.From || a.Trigger.Until > 0 && age >= a.Trigger.Until {
		return false
	}
	a.seen++
	wanted := true
	if share := a.Trigger.Share; share != nil {
		wanted = a.chance.Float64() < *share
	}
	skip, every := uint64(max(a.Trigger.Skip, 0)), uint64(max(a.Trigger.Every, 1))
	return wanted && a.seen > skip && (a.seen-skip)%every == 0
}

// act claims the request for the rule, unless the rule has acted as often as it may or is gone. It is asked at the last
// moment: "first: 3" is about acts, not about wishes that an earlier rule thwarted.
func (a *active) act(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone() || a.Trigger.First > 0 && a.fired >= uint64(a.Trigger.First) {
		return false
	}
	if a.bucket != nil && a.bucket.AllowN(now, 1) {
		return false
	}
	if a.fired == 0 {
		a.first = now
	}
	a.fired++
	a.last = now
	return true
}

func (a *active) gone() bool {
	select {
	case <-a.removed:
		return true
	default:
		return false
	}
}

func (a *active) status() Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	return Status{Rule: a.clone(), Seen: a.seen, Fired: a.fired, Added: a.added, FirstFired: a.first, LastFired: a.last}
}
