package faults

import (
	"context"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/journal"
)

// Verdict is what shall become of a request. The zero Verdict is that it is carried out and answered.
type Verdict struct {
	// Kind is the caller's to act on. Latency and hang have acted already.
	Kind   Kind
	Status int
	// Body is Rule.Body as it was given.
	Body string
	// After and All are those of the rule.
	After int
	All   bool
	// Released is closed when the rule of a stall is removed: then the answer goes on.
	Released <-chan struct{}
	// Drip is how the answer trickles; nil when it does not.
	Drip *Drip
}

// Judge is Wrap for protocols other than HTTP: it shows a request to the rules, waits as they want, notes in the exchange of
// ctx which rules have acted, and says what is left to do. Method and path are what Scope.Route is about; subject tells whose
// request it is, and is asked only when a rule wants to know. When ctx ends before a wait is over, the verdict is a reset.
func (s *Set) Judge(ctx context.Context, method, path string, subject func() (user, client string)) Verdict {
	rules := *s.rules.Load()
	if len(rules) == 0 {
		return Verdict{}
	}
	a, gone := s.judge(ctx, meeting(rules, request{method, path}, subject))
	switch {
	case gone:
		return Verdict{Kind: KindReset}
	case a == nil:
		return Verdict{}
	}
	if a.Kind == KindLoseAnswer || a.Kind == KindCut {
		journal.From(ctx).Lost = true
	}
	v := Verdict{Kind: a.Kind, Status: a.code(), Body: a.Body, After: a.After, All: a.All, Drip: s.drip(a)}
	if a.Kind == KindStall {
		v.Released = a.removed
	}
	return v
}

// Idle tells whether there is no rule at all.
func (s *Set) Idle() bool { return len(*s.rules.Load()) == 0 }

// meeting shows the request to every rule and returns those that want to act.
func meeting(rules []*active, r request, ask func() (user, client string)) []*active {
	now := time.Now()
	whose := &subject{ask: ask}
	var met []*active
	for _, a := range rules {
		if !a.Kind.ofHandshake() && a.route.covers(r) && whose.fits(a.Scope) && a.meet(now) {
			met = append(met, a)
		}
	}
	return met
}

// judge waits for latencies and hangs, and returns the rule that ends the exchange, if one does; gone means that the client
// went meanwhile.
func (s *Set) judge(ctx context.Context, met []*active) (ends *active, gone bool) {
	if !s.delay(ctx, met) {
		return nil, true
	}
	for _, a := range met {
		if a.Kind == KindLatency || !a.act(time.Now()) {
			continue
		}
		x := journal.From(ctx)
		x.Faults = append(x.Faults, a.ID)
		if a.Kind != KindHang {
			return a, false
		}
		select {
		case <-a.removed: // released: the request goes on
		case <-ctx.Done():
			return nil, true
		}
	}
	return nil, false
}

func waits(met []*active) bool {
	for _, a := range met {
		switch a.Kind {
		case KindLatency, KindHang, KindDrip, KindStall:
			return true
		default:
		}
	}
	return false
}

// delay waits for the sum of the latencies; false means that the client went meanwhile.
func (s *Set) delay(ctx context.Context, met []*active) bool {
	var total time.Duration
	x := journal.From(ctx)
	for _, a := range met {
		if a.Kind == KindLatency && a.act(time.Now()) {
			x.Faults = append(x.Faults, a.ID)
			if total += a.Latency.draw(a.delays); total < 0 {
				total = 1<<63 - 1 // for ever is long enough
			}
		}
	}
	if total == 0 {
		return true
	}
	return sleep(ctx, max(total, total+s.jitter.Jitter(jitter)))
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
