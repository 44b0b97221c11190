package okta

import (
	"sync"
	"time"
)

const (
	// rateWindow is the span of all limits. It begins with the first request in it, not with the minute of the clock.
	rateWindow = time.Minute
	// warnAt is the share of a limit, in percent, at which the System Log is warned: the example of Okta's pages. An
	// administrator may move it.
	warnAt = 60
	// burstFactor is how far Okta lets sign-ins and token requests go beyond their limits while it has room (Okta, Burst rate
	// limits).
	burstFactor = 5
)

// counter is one window of one bucket.
type counter struct {
	began        time.Time
	used         int
	let, refused uint64
	// What the System Log was told in this window.
	warned, burst, violated bool
}

func (c *counter) turn(now time.Time) {
	if now.Sub(c.began) >= rateWindow {
		*c = counter{began: now, let: c.let, refused: c.refused}
	}
}

// rateSettings is what an operator may change while the org runs.
type rateSettings struct {
	plan       string
	share      int // of each limit that one token or application may use, in percent
	concurrent int // requests under way at once; 0 is the plan's
}

// limiter is a plan in force. It counts in real (or virtual) time: who turns the org's clock does not get past the gateway.
//
// Buckets are nested: that of a token or application, a share of the limit, lies within that of the org, and a request counts in
// both (Okta, Rate limits).
type limiter struct {
	plan plan

	mu         sync.Mutex
	settings   rateSettings
	org        [buckets]counter
	principals map[string]*[buckets]counter
	signIns    map[string]*counter
	crowded    time.Time // when the System Log was last told of too many at once
}

func newLimiter(r rateSettings) *limiter {
	return &limiter{plan: plans[r.plan], settings: r, principals: map[string]*[buckets]counter{}, signIns: map[string]*counter{}}
}

func (l *limiter) read() rateSettings {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.settings
}

// concurrent is how many requests may be under way at once.
func (l *limiter) concurrent() int {
	if n := l.read().concurrent; n > 0 {
		return n
	}
	return l.plan.concurrent
}

// standing is how a bucket stands after a request.
type standing struct {
	admitted         bool
	limit, remaining int
	reset            time.Time
	news             []eventKind // what the System Log is to be told
}

// admit lets a request through or refuses it. What is refused does not count. An anonymous request counts for the org only.
func (l *limiter) admit(b bucket, who, show string, bursts bool) standing {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	org, limit := &l.org[b], l.plan.limits[b]
	org.turn(now)
	own, ownLimit := org, limit
	if who != "" {
		all := l.principals[who]
		if all == nil { // as many as there are tokens and applications
			all = &[buckets]counter{}
			l.principals[who] = all
		}
		own, ownLimit = &all[b], max(1, limit*l.settings.share/100)
		own.turn(now)
	}
	ceiling := limit
	if bursts && (b == authnBucket || b == tokenBucket) {
		ceiling *= burstFactor
		if own == org {
			ownLimit = ceiling
		}
	}
	st := standing{admitted: org.used < ceiling && own.used < ownLimit}
	if st.admitted {
		org.used++
		org.let++
		if own != org {
			own.used++
		}
	} else {
		org.refused++
	}
	st.news = org.news(limit, st.admitted)
	st.remaining = max(0, min(limit-org.used, ownLimit-own.used))
	st.limit, st.reset = min(limit, ownLimit), own.began.Add(rateWindow)
	if show == "org" || org.used >= limit {
		st.limit, st.reset = limit, org.began.Add(rateWindow)
	}
	if again := own.began.Add(rateWindow); own.used >= ownLimit && again.After(st.reset) {
		st.reset = again // who came before would be refused again
	}
	if show == "org" && st.admitted {
		st.remaining = max(0, limit-org.used)
	}
	return st
}

// news is what the window has not told yet: that the limit is near, that it is passed and borne, that a request was refused.
func (c *counter) news(limit int, admitted bool) []eventKind {
	var list []eventKind
	once := func(told *bool, now bool, kind eventKind) {
		if now && !*told {
			*told = true
			list = append(list, kind)
		}
	}
	once(&c.warned, c.used*100 >= limit*warnAt, eventRateWarning)
	once(&c.burst, c.used > limit, eventRateBurst)
	once(&c.violated, !admitted, eventRateLimit)
	return list
}

// mostSignIns bounds the memory of user names, which strangers make up.
const mostSignIns = 10_000

// signIn counts a sign-in of a user name, known or not: so many in a second, whoever asks (Okta, Additional rate limits).
func (l *limiter) signIn(userName string) (again time.Time, ok, news bool) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.signIns[userName]
	if c == nil || now.Sub(c.began) >= time.Second {
		if len(l.signIns) >= mostSignIns {
			clear(l.signIns)
		}
		c = &counter{began: now}
		l.signIns[userName] = c
	}
	if c.used >= l.plan.signIns {
		news = !c.violated
		c.violated = true
		return c.began.Add(time.Second), false, news
	}
	c.used++
	return time.Time{}, true, false
}
