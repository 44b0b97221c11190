package okta_test

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/okta"
)

func number(t *testing.T, a answer, header string) int {
	t.Helper()
	n, err := strconv.Atoi(a.header.Get(header))
	require.NoError(t, err)
	return n
}

// One token sees half of a bucket; another one has the other half.
func TestATokenHasItsShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(t)
		time.Sleep(17*time.Second + 300*time.Millisecond) // windows begin with the first request, not with the minute
		start := time.Now()
		for n := range 300 {
			a := o.post(t, "", setPassword("Spring-Tide-"+strconv.Itoa(n)))
			require.Equal(t, 200, a.status, "request %d: %s", n, a.body)
			require.Equal(t, 300, number(t, a, "X-Rate-Limit-Limit"))
			require.Equal(t, 299-n, number(t, a, "X-Rate-Limit-Remaining"))
		}
		a := o.post(t, "", setPassword(newPassword))
		a.refused(t, 429, "E0000047", "API call exceeded rate limit due to too many requests.")
		assert.Equal(t, 0, number(t, a, "X-Rate-Limit-Remaining"))
		assert.Empty(t, a.header.Get("Retry-After"))
		reset := time.Unix(int64(number(t, a, "X-Rate-Limit-Reset")), 0)
		assert.WithinRange(t, reset, start.Add(time.Minute), start.Add(time.Minute+time.Second))
		assert.Equal(t, "throttled", o.last(t).Reason)
		assert.False(t, o.logsIn(newPassword).OK)

		assert.Equal(t, 200, o.ask(t, "users", http.MethodPost, o.path(), `{"profile":{}}`).status, "another token")
		assert.Equal(t, 200, o.ask(t, "admin", http.MethodGet, o.path(), "").status, "another bucket")
		time.Sleep(time.Until(reset))
		assert.Equal(t, 200, o.post(t, "", setPassword(newPassword)).status, "who obeys the header is not too early")
		o.took(t, newPassword)
	})
}

func TestTheOrgHasALimitOfItsOwn(t *testing.T) {
	o := newOrg(t, func(c *okta.Config, _ *okta.Kernel) { c.Plan, c.TokenShare = "free", 60 })
	served := 0
	for n := range 140 {
		token := []string{"admin", "users"}[n%2]
		if o.ask(t, token, http.MethodPost, o.path(), `{"profile":{}}`).status == 200 {
			served++
		}
	}
	assert.Equal(t, 100, served)
	a := o.ask(t, "owned", http.MethodPost, o.path(), `{"profile":{}}`)
	a.refused(t, 429, "E0000047", "")
	assert.Equal(t, 100, number(t, a, "X-Rate-Limit-Limit"))
	limits := o.Limits()
	assert.Contains(t, limits, okta.Limit{Bucket: "/api/v1/users/{id}", PerMinute: 100, Admitted: 100, Refused: 41})
	require.NoError(t, o.SetPlan("unlimited"))
	assert.Equal(t, "unlimited", o.Plan())
	assert.Equal(t, 200, o.post(t, "", `{"profile":{}}`).status)
	require.ErrorIs(t, o.SetPlan("gold"), okta.ErrInvalid)
}

func TestBuckets(t *testing.T) {
	o := newOrg(t)
	for _, tc := range []struct {
		method, path string
		limit        int
	}{
		{http.MethodGet, usersPath, 300},
		{http.MethodGet, o.path(), 1000},
		{http.MethodPut, o.path(), 300},
		{http.MethodPost, o.path() + "/lifecycle/suspend", 300},
		{http.MethodGet, o.path() + "/groups", 1000}, // the longest beginning
		{http.MethodGet, "/api/v1/groups", 250},
		{http.MethodGet, "/api/v1/groups/x", 500},
		{http.MethodGet, "/api/v1/apps", 50},
		{http.MethodGet, "/api/v1/apps/x", 250},
		{http.MethodGet, "/api/v1/logs", 60},
		{http.MethodPost, "/api/v1/authn", 250},
		{http.MethodPost, "/oauth2/v1/token", 1000},
		{http.MethodGet, "/api/v1/policies", 600},
		{http.MethodGet, "/else", 600},
	} {
		t.Run(tc.method+" "+tc.path, func(t *testing.T) {
			assert.Equal(t, tc.limit, number(t, o.ask(t, "admin", tc.method, tc.path, ""), "X-Rate-Limit-Limit"))
			o.set(t, "rateLimitShown", "org")
			assert.Equal(t, 2*tc.limit, number(t, o.ask(t, "admin", tc.method, tc.path, ""), "X-Rate-Limit-Limit"))
			o.set(t, "rateLimitShown", "principal")
		})
	}
	t.Run("credentials with list and create, or alone", func(t *testing.T) {
		before := number(t, o.ask(t, "users", http.MethodGet, usersPath, ""), "X-Rate-Limit-Remaining")
		o.ask(t, "users", http.MethodPost, o.path()+"/lifecycle/unsuspend", "")
		assert.Equal(t, before-2, number(t, o.ask(t, "users", http.MethodGet, usersPath, ""), "X-Rate-Limit-Remaining"))
		o.set(t, "credentialBucket", "own")
		o.ask(t, "users", http.MethodPost, o.path()+"/lifecycle/unsuspend", "")
		assert.Equal(t, before-3, number(t, o.ask(t, "users", http.MethodGet, usersPath, ""), "X-Rate-Limit-Remaining"))
	})
}

// Too many at once: 429 with limit 0 and remaining 0, and a reset that is far, although a slot is free at once.
func TestTooManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(t)
		_, err := o.Faults().Add(faults.Rule{Kind: faults.KindLatency, Latency: faults.Latency{Value: time.Second}})
		require.NoError(t, err)
		answers := make([]answer, 80)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() { answers[i] = o.ask(t, "admin", http.MethodGet, o.path(), "") })
		}
		all.Wait()
		refused := 0
		for _, a := range answers {
			if a.status != 429 {
				continue
			}
			refused++
			a.refused(t, 429, "E0000047", "")
			assert.Equal(t, []int{0, 0}, []int{number(t, a, "X-Rate-Limit-Limit"), number(t, a, "X-Rate-Limit-Remaining")})
			assert.Equal(t, 114, number(t, a, "X-Rate-Limit-Reset")-int(time.Now().Add(-time.Second).Unix()))
		}
		assert.Equal(t, 5, refused)
		assert.Equal(t, 200, o.ask(t, "admin", http.MethodGet, o.path(), "").status)
		events := o.ask(t, "admin", http.MethodGet, `/api/v1/logs?filter=eventType+eq+"core.concurrency.org.limit.violation"`, "").list(t)
		require.Len(t, events, 1, "once a minute")
		assert.Nil(t, events[0]["target"])
		assert.Nil(t, events[0]["outcome"].(map[string]any)["result"])
	})
}

// No window ever lets more through than its limit, whatever the traffic.
func TestLawNoBucketOverGrants(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		share := rapid.IntRange(1, 100).Draw(r, "share")
		gaps := rapid.SliceOfN(rapid.IntRange(0, 30), 1, 60).Draw(r, "gaps")
		synctest.Test(t, func(t *testing.T) {
			o := newOrg(t, func(c *okta.Config, _ *okta.Kernel) { c.Plan, c.TokenShare = "free", share })
			began, in := time.Time{}, 0
			for _, gap := range gaps {
				time.Sleep(time.Duration(gap) * time.Second)
				if began.IsZero() || time.Since(began) >= time.Minute {
					began, in = time.Now(), 0
				}
				for range 4 {
					if o.ask(t, "admin", http.MethodGet, "/api/v1/logs?limit=0", "").status == 200 {
						in++
					}
				}
				require.LessOrEqual(t, in, max(1, 20*share/100))
			}
		})
	})
}

// A limit tells the System Log three things, each once a window: that it is near, that it is passed and borne, that it is over.
func TestTheLogIsWarnedOfALimit(t *testing.T) {
	const signIns = `/api/v1/logs?filter=eventType+sw+"system.org.rate_limit"`
	events := func(t *testing.T, o *org) []string {
		t.Helper()
		var names []string
		for _, e := range o.ask(t, "admin", http.MethodGet, signIns, "").list(t) {
			names = append(names, e["eventType"].(string))
		}
		return names
	}
	t.Run("without bursts", func(t *testing.T) {
		o := newOrg(t, func(c *okta.Config, _ *okta.Kernel) { c.Plan = "free" })
		for n := range 59 {
			o.authn(t, "nobody"+strconv.Itoa(n)+"@example.com", "x")
		}
		assert.Empty(t, events(t, o))
		for n := range 42 {
			o.authn(t, "nobody"+strconv.Itoa(n)+"@example.org", "x")
		}
		assert.Equal(t, []string{"system.org.rate_limit.warning", "system.org.rate_limit.violation"}, events(t, o))
	})
	t.Run("with bursts", func(t *testing.T) {
		o := newOrg(t, func(c *okta.Config, _ *okta.Kernel) { c.Plan, c.Switches = "free", okta.Switches{"burst": "on"} })
		for n := range 500 {
			a := o.authn(t, "nobody"+strconv.Itoa(n)+"@example.com", "x")
			require.Equal(t, 401, a.status, "sign-in %d", n)
			require.Equal(t, max(0, 99-n), number(t, a, "X-Rate-Limit-Remaining"))
			require.Equal(t, 100, number(t, a, "X-Rate-Limit-Limit"))
		}
		o.authn(t, login, firstPassword).refused(t, 429, "E0000047", "")
		assert.Equal(t, []string{"system.org.rate_limit.warning", "system.org.rate_limit.burst", "system.org.rate_limit.violation"}, events(t, o))
		o.ResetRates()
		assert.Equal(t, 200, o.authn(t, login, firstPassword).status)
	})
}

// Four sign-ins a second for one user name, in whatever way it is written; others are not held up.
func TestAUserNameSignsInFourTimesASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(t)
		for _, name := range []string{login, "Isaac.Brock@example.com", login, login} {
			require.Equal(t, 200, o.authn(t, name, firstPassword).status)
		}
		a := o.authn(t, login, firstPassword)
		a.refused(t, 429, "E0000047", "")
		assert.Equal(t, []int{4, 0}, []int{number(t, a, "X-Rate-Limit-Limit"), number(t, a, "X-Rate-Limit-Remaining")})
		assert.Equal(t, "throttled", o.last(t).Reason)
		assert.Equal(t, 401, o.authn(t, "nobody@example.com", "x").status)
		assert.True(t, o.logsIn(firstPassword).OK, "the probe of a harness has no limit")
		o.authn(t, login, firstPassword).refused(t, 429, "E0000047", "")
		events := o.ask(t, "admin", http.MethodGet, `/api/v1/logs?filter=eventType+eq+"system.operation.rate_limit.violation"`, "").list(t)
		assert.Len(t, events, 1)
		time.Sleep(time.Second)
		assert.Equal(t, 200, o.authn(t, login, firstPassword).status)
		require.NoError(t, o.SetPlan("unlimited"))
		for range 20 {
			require.Equal(t, 200, o.authn(t, login, firstPassword).status)
		}
	})
}

func TestAnOperatorChangesTheLimits(t *testing.T) {
	o := newOrg(t)
	ask := func() answer { return o.ask(t, "admin", http.MethodGet, "/api/v1/logs?limit=0", "") }
	assert.Equal(t, 59, number(t, ask(), "X-Rate-Limit-Remaining"))
	require.NoError(t, o.SetTokenShare(10))
	a := ask()
	assert.Equal(t, []int{12, 10}, []int{number(t, a, "X-Rate-Limit-Limit"), number(t, a, "X-Rate-Limit-Remaining")}, "what is counted stays counted")
	assert.Equal(t, 10, o.TokenShare())
	o.ResetRates()
	assert.Equal(t, 11, number(t, ask(), "X-Rate-Limit-Remaining"))
	require.NoError(t, o.SetPlan("free"))
	assert.Equal(t, 2, number(t, ask(), "X-Rate-Limit-Limit"), "the share stays")
	assert.Equal(t, 35, o.ConcurrentLimit())
	require.NoError(t, o.SetConcurrentLimit(3))
	assert.Equal(t, 3, o.ConcurrentLimit())
	o.ResetRates()
	assert.Equal(t, 3, o.ConcurrentLimit())
	require.NoError(t, o.SetConcurrentLimit(0))
	assert.Equal(t, 35, o.ConcurrentLimit())
	for _, n := range []int{0, 101, -1} {
		require.ErrorIs(t, o.SetTokenShare(n), okta.ErrInvalid)
	}
	require.ErrorIs(t, o.SetConcurrentLimit(-1), okta.ErrInvalid)
	o.Reset()
	assert.Equal(t, []any{"workforce", 50, 75}, []any{o.Plan(), o.TokenShare(), o.ConcurrentLimit()})
}

func TestTheConcurrentLimitIsTheOneSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(t, func(c *okta.Config, _ *okta.Kernel) { c.ConcurrentLimit = 2 })
		_, err := o.Faults().Add(faults.Rule{Kind: faults.KindLatency, Latency: faults.Latency{Value: time.Second}})
		require.NoError(t, err)
		statuses := make([]int, 5)
		var all sync.WaitGroup
		for i := range statuses {
			all.Go(func() { statuses[i] = o.ask(t, "admin", http.MethodGet, o.path(), "").status })
		}
		all.Wait()
		slices.Sort(statuses)
		assert.Equal(t, []int{200, 200, 429, 429, 429}, statuses)
	})
}
