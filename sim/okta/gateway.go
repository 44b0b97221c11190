package okta

import (
	"net/http"
	"strconv"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/harness"
)

// gateway is what stands before the org: the rate limits and the limit of requests under way. Its headers are on every answer,
// also on those that faults give.
func (s *Server) gateway(next http.Handler) http.Handler {
	v := vendor{s}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := s.limiter.Load()
		underWay := s.inFlight.Add(1)
		defer s.inFlight.Add(-1)
		if underWay > int64(l.concurrent()) {
			s.noteCrowd(l, r)
			ahead := 114 * time.Second
			if s.is(concurrencyReset, "near") {
				ahead = time.Second
			}
			rateHeaders(w.Header(), 0, 0, time.Now().Add(ahead))
			v.answer(w, r, refuse(tooManyRequests))
			return
		}
		b := s.bucketOf(r.Method, r.URL.Path)
		st := l.admit(b, s.identifyPrincipal(r).name, s.switches.Value(rateLimitShown), s.is(burst, "on"))
		rateHeaders(w.Header(), st.limit, st.remaining, st.reset)
		for _, kind := range st.news {
			s.noteLimit(r, kind, b.String())
		}
		if !st.admitted {
			v.answer(w, r, refuse(tooManyRequests))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func rateHeaders(h http.Header, limit, remaining int, reset time.Time) {
	h["X-Rate-Limit-Limit"] = []string{strconv.Itoa(limit)}
	h["X-Rate-Limit-Remaining"] = []string{strconv.Itoa(remaining)}
	h["X-Rate-Limit-Reset"] = []string{epoch(reset)}
}

// maySignIn holds sign-ins to the limit of their user name. That its headers tell this limit and not the bucket's is unverified.
func (c *call) maySignIn(userName string) error {
	l := c.s.limiter.Load()
	again, ok, news := l.signIn(plain(userName))
	if ok {
		return nil
	}
	if news {
		c.s.noteLimit(c.r, eventUserLimit, userName)
	}
	rateHeaders(c.w.Header(), l.plan.signIns, 0, again)
	return refuse(tooManyRequests)
}

// Limit is how one bucket stands.
type Limit = harness.Limit

// Limits tells the limits in force and what they did.
func (s *Server) Limits() []Limit {
	l := s.limiter.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Limit, 0, buckets)
	for b := range l.org {
		list = append(list, Limit{
			Bucket: bucket(b).String(), PerMinute: l.plan.limits[b], Admitted: l.org[b].let, Refused: l.org[b].refused,
		})
	}
	return list
}

// Plan is the plan whose limits are in force.
func (s *Server) Plan() string { return s.limiter.Load().read().plan }

// TokenShare is how much of each limit one token or application may use, in percent.
func (s *Server) TokenShare() int { return s.limiter.Load().read().share }

// ConcurrentLimit is how many requests may be under way at once.
func (s *Server) ConcurrentLimit() int { return s.limiter.Load().concurrent() }

// SetPlan puts the limits of a plan into force, with nothing counted yet. Token share and concurrent limit stay as they were set.
func (s *Server) SetPlan(name string) error {
	if err := checkPlan(name); err != nil {
		return err
	}
	settings := s.limiter.Load().read()
	settings.plan = name
	s.limiter.Store(newLimiter(settings))
	return nil
}

// SetTokenShare decides how much of each limit one token or application may use, in percent: 1 to 100. What is counted stays
// counted.
func (s *Server) SetTokenShare(percent int) error {
	if err := checkShare(percent); err != nil {
		return err
	}
	l := s.limiter.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settings.share = percent
	return nil
}

// SetConcurrentLimit decides how many requests may be under way at once; 0 is what the plan says.
func (s *Server) SetConcurrentLimit(n int) error {
	if err := checkConcurrent(n); err != nil {
		return err
	}
	l := s.limiter.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settings.concurrent = n
	return nil
}

// ResetRates begins all windows anew, with nothing counted. The settings stay.
func (s *Server) ResetRates() { s.limiter.Store(newLimiter(s.limiter.Load().read())) }
