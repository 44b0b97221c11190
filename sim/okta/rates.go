package okta

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// bucket is what shares one rate limit.
type bucket int

const (
	usersBucket     bucket = iota // list and create
	readUserBucket                // GET of one user
	writeUserBucket               // POST, PUT and DELETE of one user, the admin's password set among them
	lifecycleBucket               // credential and lifecycle calls, when they have one of their own
	appsBucket
	appBucket
	groupsBucket
	groupBucket
	logsBucket
	authnBucket
	tokenBucket
	otherBucket // everything else
	buckets     // how many there are
)

func (b bucket) String() string {
	return [...]string{
		"/api/v1/users", "GET /api/v1/users/{id}", "/api/v1/users/{id}", "/api/v1/users/{id}/(credentials|lifecycle)", "/api/v1/apps",
		"/api/v1/apps/{id}", "/api/v1/groups", "/api/v1/groups/{id}", "/api/v1/logs", "/api/v1/authn", "/oauth2/v1/token", "/api/v1",
	}[b]
}

const unlimited = 1_000_000

// plan is the requests a minute by bucket, and how many may be under way at once.
type plan struct {
	limits     [buckets]int
	concurrent int
}

// plans is the table of Okta's rate limit pages of 2025, before multipliers of licences. The bucket of credential calls has no
// row there; 600 is our reading.
var plans = map[string]plan{
	"free":       {[buckets]int{100, 100, 100, 100, 20, 100, 100, 100, 20, 100, 300, 100}, 35},
	"one-app":    {[buckets]int{600, 1000, 600, 600, 100, 600, 600, 600, 50, 600, 1200, 600}, 35},
	"enterprise": {[buckets]int{600, 1000, 600, 600, 100, 600, 600, 600, 50, 600, 1200, 600}, 75},
	"workforce":  {[buckets]int{600, 2000, 600, 600, 100, 500, 500, 1000, 120, 500, 2000, 1200}, 75},
	"unlimited": {[buckets]int{
		unlimited, unlimited, unlimited, unlimited, unlimited, unlimited, unlimited, unlimited, unlimited, unlimited, unlimited, unlimited,
	}, unlimited},
}

// Plans lists the plans, whose rate limits differ.
func Plans() []string { return slices.Sorted(maps.Keys(plans)) }

func checkPlan(name string) error {
	if _, known := plans[name]; !known {
		return fmt.Errorf("%w: okta.plan: there is no plan %q; there are %s", ErrInvalid, name, strings.Join(Plans(), ", "))
	}
	return nil
}

func checkShare(percent int) error {
	if percent < 1 || percent > 100 {
		return fmt.Errorf("%w: okta.tokenShare: %d is not within 1 to 100", ErrInvalid, percent)
	}
	return nil
}

// bucketOf finds the bucket of a request: the exact one first, else that of the longest beginning.
func (s *Server) bucketOf(method, path string) bucket {
	if path == tokenPath {
		return tokenBucket
	}
	rest, ok := strings.CutPrefix(path, "/api/v1/")
	if !ok {
		return otherBucket
	}
	collection, rest, deeper := strings.Cut(rest, "/")
	_, _, deepest := strings.Cut(rest, "/")
	switch collection {
	case "users":
		switch {
		case !deeper:
			return usersBucket
		case deepest && s.is(credentialBucket, "own"):
			return lifecycleBucket
		case deepest:
			return usersBucket
		case method == http.MethodGet || method == http.MethodHead:
			return readUserBucket
		}
		return writeUserBucket
	case "apps":
		return appsBucket + bucket(oneIf(deeper))
	case "groups":
		return groupsBucket + bucket(oneIf(deeper))
	case "logs":
		return logsBucket
	case "authn":
		return authnBucket
	}
	return otherBucket
}

func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// rateWindow is the span of all limits. It begins with the first request in it, not with the minute of the clock.
const rateWindow = time.Minute

// counter is one window of one bucket.
type counter struct {
	began        time.Time
	used         int
	let, refused uint64
	told         bool // the System Log knows of the violation
}

func (c *counter) turn(now time.Time) {
	if now.Sub(c.began) >= rateWindow {
		c.began, c.used, c.told = now, 0, false
	}
}

// limiter is a plan in force. It counts in real (or virtual) time: who turns the org's clock does not get past the gateway.
type limiter struct {
	name  string
	plan  plan
	share int

	mu         sync.Mutex
	org        [buckets]counter
	principals map[string]*[buckets]counter
	crowded    time.Time // when the System Log was last told of too many at once
}

func newLimiter(name string, share int) *limiter {
	return &limiter{name: name, plan: plans[name], share: share, principals: map[string]*[buckets]counter{}}
}

// standing is how a bucket stands after a request.
type standing struct {
	admitted         bool
	limit, remaining int
	reset            time.Time
	news             bool // the first refusal of this window
}

// admit lets a request through or refuses it. What is refused does not count. An anonymous request counts for the org only.
func (l *limiter) admit(b bucket, who string, show string) standing {
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
		own, ownLimit = &all[b], max(1, limit*l.share/100)
		own.turn(now)
	}
	st := standing{admitted: org.used < limit && own.used < ownLimit}
	if st.admitted {
		org.used++
		org.let++
		if own != org {
			own.used++
		}
	} else {
		org.refused++
		st.news, org.told = !org.told, true
	}
	st.remaining = max(0, min(limit-org.used, ownLimit-own.used))
	st.limit, st.reset = ownLimit, own.began.Add(rateWindow)
	if show == "org" || org.used >= limit {
		st.limit, st.reset = limit, org.began.Add(rateWindow)
	}
	if show == "org" && st.admitted {
		st.remaining = limit - org.used
	}
	return st
}

// gateway is what stands before the org: the rate limits and the limit of requests under way. Its headers are on every answer,
// also on those that faults give.
func (s *Server) gateway(next http.Handler) http.Handler {
	v := vendor{s}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := s.limiter.Load()
		h := w.Header()
		underWay := s.inFlight.Add(1)
		defer s.inFlight.Add(-1)
		if underWay > int64(l.plan.concurrent) {
			s.noteCrowd(l, r)
			ahead := 114 * time.Second
			if s.is(concurrencyReset, "near") {
				ahead = time.Second
			}
			h["X-Rate-Limit-Limit"], h["X-Rate-Limit-Remaining"] = []string{"0"}, []string{"0"}
			h["X-Rate-Limit-Reset"] = []string{epoch(time.Now().Add(ahead))}
			v.answer(w, r, refuse(tooManyRequests))
			return
		}
		b := s.bucketOf(r.Method, r.URL.Path)
		st := l.admit(b, s.identifyPrincipal(r).name, s.switches.Value(rateLimitShown))
		h["X-Rate-Limit-Limit"] = []string{strconv.Itoa(st.limit)}
		h["X-Rate-Limit-Remaining"] = []string{strconv.Itoa(st.remaining)}
		h["X-Rate-Limit-Reset"] = []string{epoch(st.reset)}
		if !st.admitted {
			if st.news {
				s.noteLimit(r, b.String())
			}
			v.answer(w, r, refuse(tooManyRequests))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Limit is how one bucket stands.
type Limit struct {
	Bucket            string
	PerMinute         int
	Admitted, Refused uint64
}

// Limits tells the limits in force and what they did.
func (s *Server) Limits() []Limit {
	l := s.limiter.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Limit, 0, buckets)
	for b := range l.org {
		list = append(list, Limit{bucket(b).String(), l.plan.limits[b], l.org[b].let, l.org[b].refused})
	}
	return list
}

// Plan is the plan whose limits are in force.
func (s *Server) Plan() string { return s.limiter.Load().name }

// SetPlan puts the limits of a plan into force, with nothing counted yet.
func (s *Server) SetPlan(name string) error {
	if err := checkPlan(name); err != nil {
		return err
	}
	s.limiter.Store(newLimiter(name, s.limiter.Load().share))
	return nil
}
