package idcs

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/harness"
)

// bucket is what Oracle calls an API group, each with limits of its own: a limit applies to the total of the APIs in it.
type bucket int

const (
	authN bucket = iota
	basicAuthN
	tokenManagement
	bulkCalls
	others
	buckets // how many there are
)

func (b bucket) String() string {
	return [...]string{"AuthN", "BasicAuthN", "Token", "Bulk", "Others"}[b]
}

// allowance is how many calls a bucket may have a second and a minute.
type allowance struct{ second, minute int }

// tiers is the table of Oracle's page "API Rate Limits", by domain type. Imports and exports, which have limits a day, are
// not simulated.
var tiers = map[string][buckets]allowance{
	"free": {
		authN: {10, 150}, basicAuthN: {10, 150}, tokenManagement: {10, 150}, others: {20, 150}, bulkCalls: {5, 200},
	},
	"oracle-apps": {
		authN: {50, 1000}, basicAuthN: {100, 3000}, tokenManagement: {40, 1000}, others: {50, 1500}, bulkCalls: {5, 200},
	},
	"oracle-apps-premium": {
		authN: {80, 2100}, basicAuthN: {160, 4000}, tokenManagement: {50, 1700}, others: {55, 1750}, bulkCalls: {5, 200},
	},
	"premium": {
		authN: {95, 4500}, basicAuthN: {95, 4500}, tokenManagement: {65, 3400}, others: {90, 5000}, bulkCalls: {5, 200},
	},
	"external-user": {
		authN: {90, 3100}, basicAuthN: {90, 3100}, tokenManagement: {60, 2300}, others: {80, 4000}, bulkCalls: {5, 200},
	},
}

// Tiers lists the domain types that have limits; beside them there is "", without limits.
func Tiers() []string { return slices.Sorted(maps.Keys(tiers)) }

func checkTier(name string) error {
	if _, known := tiers[name]; name != "" && !known {
		return fmt.Errorf(`%w: idcs.tier: there is no domain type %q; there are %s, and "" without limits`,
			ErrInvalid, name, strings.Join(Tiers(), ", "))
	}
	return nil
}

// bucketed says to which bucket the resources of the admin API belong (Oracle, API Rate Limits, "APIs in API Groups"); all
// others belong to Others. The page names no member of BasicAuthN: HTTPAuthenticator, which takes Basic credentials, is our
// reading.
var bucketed = map[string]bucket{
	"HTTPAuthenticator": basicAuthN,
	"Bulk":              bulkCalls, "BulkUserPasswordChanger": bulkCalls, "BulkUserPasswordResetter": bulkCalls, "BulkSourceEvents": bulkCalls,
	"SigningCert": authN, "PasswordAuthenticator": authN, "Asserter": authN, "MePasswordResetter": authN,
	"UserPasswordChanger": authN, "UserLockedStateChanger": authN, "MyAuthenticationFactorInitiator": authN,
	"MyAuthenticationFactorEnroller": authN, "MyAuthenticationFactorValidator": authN, "MyAuthenticationFactorsRemover": authN,
	"TermsOfUseConsent": authN, "MyTermsOfUseConsent": authN, "TrustedUserAgents": authN, "AuthenticationFactorInitiator": authN,
	"AuthenticationFactorEnroller": authN, "AuthenticationFactorValidator": authN, "AuthenticationFactorsRemover": authN,
	"BypassCodes": authN, "MyBypassCodes": authN, "MyTrustedUserAgents": authN, "Devices": authN, "MyDevices": authN,
	"TermsOfUses": authN, "TermsOfUseStatements": authN, "AuthenticationFactorSettings": authN, "SsoSettings": authN,
	"AdaptiveAccessSettings": authN, "RiskProviderProfiles": authN, "Threats": authN, "UserDevices": authN,
}

// bucketOf finds the bucket of a path.
func bucketOf(path string) bucket {
	if rest, ok := strings.CutPrefix(path, "/admin/v1/"); ok {
		resource, _, _ := strings.Cut(rest, "/")
		if b, ok := bucketed[resource]; ok {
			return b
		}
		return others
	}
	switch path {
	case "/oauth2/v1/token", "/oauth2/v1/introspect", "/oauth2/v1/revoke", "/oauth2/v1/device":
		return tokenManagement
	case "/oauth2/v1/authorize", "/oauth2/v1/userlogout", "/oauth2/v1/consent", "/ui/v1/signin":
		return authN
	}
	for _, prefix := range []string{"/sso/v1/", "/fed/v1/", "/mfa/v1/", "/session/v1/"} {
		if strings.HasPrefix(path, prefix) {
			return authN
		}
	}
	return others
}

// limiter is a tier in force. It counts in real (or virtual) time: who turns the tenant's clock to get past a password's
// minimum age does not get past the gateway.
type limiter struct {
	tier    string
	began   time.Time
	buckets [buckets]*counter
}

// counter is the state of one bucket.
type counter struct {
	mu             sync.Mutex
	second, minute window
	let, refused   uint64
}

func newLimiter(tier string) *limiter {
	if tier == "" {
		return nil
	}
	l := &limiter{tier: tier, began: time.Now()}
	for b, a := range tiers[tier] {
		l.buckets[b] = &counter{second: newWindow(time.Second, a.second), minute: newWindow(time.Minute, a.minute)}
	}
	return l
}

// standing is how a bucket stands after a request.
type standing struct {
	admitted         bool
	limit, remaining int
	reset            time.Duration // until there is more room
}

// admit lets a request through or refuses it. What is refused does not count.
func (l *limiter) admit(b bucket, sliding bool) standing {
	// Monotonic, and yet aligned with the clock on the wall.
	now := l.began.UnixNano() + int64(time.Since(l.began))
	c := l.buckets[b]
	c.mu.Lock()
	defer c.mu.Unlock()
	c.second.forget(now, sliding)
	c.minute.forget(now, sliding)
	admitted := c.second.room() > 0 && c.minute.room() > 0
	if admitted {
		c.second.take(now)
		c.minute.take(now)
		c.let++
	} else {
		c.refused++
	}
	tight := &c.minute
	if c.second.room() < c.minute.room() {
		tight = &c.second
	}
	return standing{admitted: admitted, limit: len(tight.let), remaining: tight.room(), reset: tight.reset(now, sliding)}
}

// window lets no more requests through in any span than there are places in its ring. As fixed it counts by the second and
// minute of the clock, as sliding by those that precede each request. Both cost the same at any limit.
type window struct {
	span       int64
	let        []int64 // when, a ring
	next, used int
}

func newWindow(span time.Duration, limit int) window {
	return window{span: int64(span), let: make([]int64, limit)}
}

func (w *window) room() int { return len(w.let) - w.used }

func (w *window) oldest() int64 { return w.let[(w.next-w.used+len(w.let))%len(w.let)] }

func (w *window) forget(now int64, sliding bool) {
	for w.used > 0 && (sliding && now-w.oldest() >= w.span || !sliding && now/w.span != w.oldest()/w.span) {
		w.used--
	}
}

func (w *window) take(now int64) {
	w.let[w.next] = now
	w.next = (w.next + 1) % len(w.let)
	w.used++
}

func (w *window) reset(now int64, sliding bool) time.Duration {
	switch {
	case w.used == 0:
		return 0
	case sliding:
		return time.Duration(w.oldest() + w.span - now)
	}
	return time.Duration((now/w.span+1)*w.span - now)
}

// Limit is how one group of a tier stands.
type Limit = harness.Limit

// Limits tells the limits in force and what they did; none without a tier.
func (s *Server) Limits() []Limit {
	l := s.limiter.Load()
	if l == nil {
		return nil
	}
	list := make([]Limit, 0, buckets)
	for b, c := range l.buckets {
		c.mu.Lock()
		list = append(list, Limit{
			Bucket: bucket(b).String(), PerSecond: len(c.second.let), PerMinute: len(c.minute.let), Admitted: c.let, Refused: c.refused,
		})
		c.mu.Unlock()
	}
	return list
}

// Tier is the domain type whose limits are in force; "" when there are none.
func (s *Server) Tier() string {
	if l := s.limiter.Load(); l != nil {
		return l.tier
	}
	return ""
}

// SetTier puts the limits of a domain type into force, with nothing counted yet; "" ends all limits.
func (s *Server) SetTier(tier string) error {
	if err := checkTier(tier); err != nil {
		return err
	}
	s.limiter.Store(newLimiter(tier))
	return nil
}

// gateway is what stands before the domain: maintenance and the rate limits. It comes before the faults, because those are
// faults of the way to the service and of the service behind it: what the gateway refuses must not use up the "first: 3" of
// a fault, and what it lets through counts against the limit also when the service then fails. A delay by a fault is
// therefore not on the gateway's own refusals, which are quick at real gateways, too.
func (s *Server) gateway(next http.Handler) http.Handler {
	v := vendor{s}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m := s.maintenance.Load(); m != nil {
			v.Failure(w, r, http.StatusServiceUnavailable, s.switches.Value(maintenanceBody), m.retryAfter)
			return
		}
		if l := s.limiter.Load(); l != nil && !s.withinLimits(l, v, w, r) {
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) withinLimits(l *limiter, v vendor, w http.ResponseWriter, r *http.Request) bool {
	now := l.admit(bucketOf(r.URL.Path), s.is(rateWindow, "sliding"))
	if s.is(rateHeaders, "send") {
		h := w.Header()
		h["X-RateLimit-Limit"] = []string{strconv.Itoa(now.limit)}
		h["X-RateLimit-Remaining"] = []string{strconv.Itoa(now.remaining)}
		h["X-RateLimit-Reset"] = []string{strconv.Itoa(int(math.Ceil(now.reset.Seconds())))}
	}
	if now.admitted {
		return true
	}
	wait := time.Duration(0)
	if s.is(retryAfter, "seconds") {
		wait = now.reset
	}
	v.Throttled(w, r, wait)
	return false
}

// closed is a maintenance under way.
type closed struct{ retryAfter time.Duration }

// SetMaintenance begins a maintenance, or ends it: every request is answered 503. A retryAfter of 0 leaves the header to
// the switch of that name.
func (s *Server) SetMaintenance(on bool, retryAfter time.Duration) error {
	if retryAfter < 0 {
		return fmt.Errorf("%w: idcs.maintenance.retryAfter: %s is negative", ErrInvalid, retryAfter)
	}
	if on {
		s.maintenance.Store(&closed{retryAfter})
	} else {
		s.maintenance.Store(nil)
	}
	return nil
}

// Maintenance tells whether the domain is closed for maintenance, and what it says about coming back.
func (s *Server) Maintenance() (on bool, retryAfter time.Duration) {
	if m := s.maintenance.Load(); m != nil {
		return true, m.retryAfter
	}
	return false, 0
}
