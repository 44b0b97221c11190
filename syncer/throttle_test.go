package syncer

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
)

// window answers 429 to what exceeds a number of requests in each period, those for tokens apart.
func window(limit int, period time.Duration, refused func()) script {
	var mu sync.Mutex
	start, used := time.Now(), 0
	return func(call string, _ int, _ string) *step {
		if call == "token" {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.Sub(start) >= period {
			start, used = now.Truncate(period), 0
		}
		if used++; used > limit {
			refused()
			return &step{Status: 429}
		}
		return &step{Delay: 30 * time.Millisecond}
	}
}

// A limit that says nothing but "too many" must neither stop the work nor use up anybody's attempts.
func TestALimitThatTellsNothingIsLivedWith(t *testing.T) {
	perMinute := func(n float64) func(func()) script { return func(f func()) script { return bucket(n/60, n, f) } }
	for name, tt := range map[string]struct {
		limit  func(refused func()) script
		within time.Duration
	}{
		"150 a minute, counted by the minute": {func(f func()) script { return window(150, time.Minute, f) }, 6 * time.Minute},
		"150 a minute, as a bucket":           {perMinute(150), 6 * time.Minute},
		"30 a minute, as a bucket":            {perMinute(30), 30 * time.Minute},
		"30 a minute, counted by the minute":  {func(f func()) script { return window(30, time.Minute, f) }, 30 * time.Minute},
		"2 a second":                          {func(f func()) script { return bucket(2, 2, f) }, 10 * time.Minute},
		"20 at first, later 500 a second": {func(f func()) script {
			slow, fast := window(20, time.Minute, f), bucket(500, 500, f)
			end := time.Now().Add(90 * time.Second)
			return func(call string, n int, user string) *step {
				if time.Now().Before(end) {
					return slow(call, n, user)
				}
				return fast(call, n, user)
			}
		}, 4 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.config.IDCS.Remember = 0 // Two requests for each change.
				refused := 0
				var mu sync.Mutex
				r.domain.Script = tt.limit(func() { mu.Lock(); refused++; mu.Unlock() })
				users := 200
				for i := range users {
					r.domain.Add(fmt.Sprint("user-", i))
				}
				r.start()
				for i := range users {
					r.submit(fmt.Sprint("user-", i), "Password-1")
				}
				start := time.Now()
				most := 0
				for _, o := range r.settled(users, tt.within) {
					assert.Equal(t, hook.Applied, o.State, "%s %s", o.UserName, o.Reason)
					most = max(most, o.Attempts)
				}
				t.Logf("%v, %d requests refused, at most %d attempts for one change", time.Since(start).Round(time.Second), refused, most)
				assert.Less(t, refused, 2*users)
				assert.LessOrEqual(t, most, freeRefusals)
				r.close()
			})
		})
	}
}

func TestAnAllowanceIsMadeToLast(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	allowance := func(remaining int, reset time.Duration) target.Allowance {
		return target.Allowance{Known: true, Remaining: remaining, Reset: now.Add(reset)}
	}
	for name, tt := range map[string]struct {
		told     []target.Allowance
		inFlight int
		waiting  int
		want     time.Duration // until the next start; negative: no room for another reason
	}{
		"nothing told":                     {nil, 3, 1000, 0},
		"enough for all":                   {[]target.Allowance{allowance(100, time.Minute)}, 0, 50, 0},
		"spread over what is left":         {[]target.Allowance{allowance(60, time.Minute)}, 0, 500, time.Second},
		"what is in flight may be counted": {[]target.Allowance{allowance(64, time.Minute)}, 4, 500, time.Second},
		"used up":                          {[]target.Allowance{allowance(0, 40*time.Second)}, 0, 5, 40 * time.Second},
		"used up by what is in flight":     {[]target.Allowance{allowance(4, 40*time.Second)}, 4, 5, 40 * time.Second},
		"an older answer comes late":       {[]target.Allowance{allowance(0, 40*time.Second), allowance(7, 40*time.Second)}, 0, 5, 40 * time.Second},
		"another limit has more left":      {[]target.Allowance{allowance(0, 40*time.Second), allowance(90, 100*time.Second)}, 0, 5, 40 * time.Second},
		"another limit has less left":      {[]target.Allowance{allowance(90, 100*time.Second), allowance(0, 40*time.Second)}, 0, 5, 40 * time.Second},
		"over already":                     {[]target.Allowance{allowance(0, -time.Second)}, 0, 5, 0},
		"a clock that slipped":             {[]target.Allowance{allowance(0, 24*time.Hour)}, 0, 5, 0},
		"a limit of requests at a time":    {[]target.Allowance{{Known: true, Concurrent: true, Remaining: 0}}, 3, 5, -1},
	} {
		t.Run(name, func(t *testing.T) {
			l := newThrottle(32)
			l.started(now)
			for _, a := range tt.told {
				l.told(now, a, tt.inFlight)
			}
			ok, again := l.room(now, tt.inFlight, tt.waiting)
			switch {
			case tt.want < 0:
				assert.False(t, ok)
				assert.True(t, again.IsZero())
			case tt.want == 0:
				assert.True(t, ok, "%v", again)
			default:
				require.False(t, ok)
				assert.InDelta(t, tt.want.Seconds(), again.Sub(now).Seconds(), 0.01)
			}
		})
	}
}

func TestANewPeriodOfAnAllowance(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := newThrottle(32)
	l.started(now)
	l.told(now, target.Allowance{Known: true, Remaining: 0, Reset: now.Add(40 * time.Second)}, 0)
	later := now.Add(40 * time.Second)
	ok, _ := l.room(later.Add(-time.Second), 0, 5)
	assert.False(t, ok)
	l.told(later, target.Allowance{Known: true, Remaining: 90, Reset: later.Add(time.Minute)}, 0)
	ok, _ = l.room(later, 0, 5)
	assert.True(t, ok)
}

func TestAChangeThatAloneIsRefusedStopsNobodyForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("poison")
		r.domain.Script = func(_ string, _ int, user string) *step {
			if user == "poison" {
				return &step{Status: 429}
			}
			return nil
		}
		r.start()
		id := r.submit("poison", "Password-1")
		for i := range 300 {
			r.domain.Add(fmt.Sprint("user-", i))
			r.submit(fmt.Sprint("user-", i), "Password-1")
			time.Sleep(time.Second)
		}
		time.Sleep(10 * time.Second)
		assert.Len(t, r.outcomes(), 300)
		assert.Equal(t, "throttled", r.status(id).Reason)
		tries := len(r.domain.Log("find", "write"))
		time.Sleep(10 * time.Minute)
		assert.LessOrEqual(t, len(r.domain.Log("find", "write"))-tries, freeRefusals+4, "it is left to the schedule")
		r.close()
	})
}

func TestRefusalsForTheLimitCostNoRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.domain.Script = until(time.Now().Add(50*time.Second), step{Status: 429})
		r.start()
		r.submit("a", "Password-1")
		o := r.settled(1, 70*time.Second)[0] // The schedule would come later.
		assert.Equal(t, hook.Applied, o.State)
		assert.Greater(t, o.Attempts, 4)
		r.close()
	})
}

// Without jitter all who failed together come back together.
func TestRetriesSpreadWithinTheJitter(t *testing.T) {
	r := DefaultConfig().Retry
	for n, base := range map[int]time.Duration{1: 2 * time.Second, 2: 4 * time.Second, 3: 8 * time.Second} {
		shortest, longest := time.Hour, time.Duration(0)
		for i := range 1000 {
			w := r.wait(7, fmt.Sprint("change-", i), n, 0)
			shortest, longest = min(shortest, w), max(longest, w)
		}
		assert.InDelta(t, 0.9*base.Seconds(), shortest.Seconds(), 0.01*base.Seconds())
		assert.InDelta(t, 1.1*base.Seconds(), longest.Seconds(), 0.01*base.Seconds())
	}
}
