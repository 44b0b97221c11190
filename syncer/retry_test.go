package syncer

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// gaps are the times between exchanges.
func gaps(list []idcstest.Exchange) []time.Duration {
	var g []time.Duration
	for i := 1; i < len(list); i++ {
		g = append(g, list[i].At.Sub(list[i-1].At))
	}
	return g
}

func assertWaits(t *testing.T, list []idcstest.Exchange, want ...time.Duration) {
	t.Helper()
	got := gaps(list)
	require.Len(t, got, len(want))
	for i, w := range want {
		assert.InDelta(t, w.Seconds(), got[i].Seconds(), w.Seconds()*0.1+0.002, "wait %d", i+1)
	}
}

func TestPassingFailuresWait2s4s8s(t *testing.T) {
	for name, s := range map[string]step{
		"503":          {Status: 503},
		"500":          {Status: 500},
		"gateway":      {Status: 502, HTML: true},
		"gateway time": {Status: 504, HTML: true},
		"cut":          {Cut: true},
		"throttled":    {Status: 429},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.domain.Add("a")
				r.domain.Script = first(3, s)
				r.start()
				id := r.submit("a", "Password-1")
				r.settled(1, time.Minute)
				assertWaits(t, r.domain.Log("write"), 2*time.Second, 4*time.Second, 8*time.Second)
				assert.Equal(t, hook.Applied, r.status(id).State)
				assert.Equal(t, 4, r.status(id).Attempts)
				assert.Len(t, r.domain.Applied(), 1)
				r.close()
			})
		})
	}
}

func TestASeedRepeatsItsWaits(t *testing.T) {
	run := func(seed uint64) (g []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.config.Seed = seed
			r.domain.Add("a", "b", "c")
			r.domain.Script = first(7, step{Status: 503})
			r.start()
			for _, u := range []string{"a", "b", "c"} {
				r.submit(u, "Password-1")
			}
			r.settled(3, time.Minute)
			g = gaps(r.domain.Log("write"))
			r.close()
		})
		return g
	}
	assert.Equal(t, run(1), run(1))
	assert.NotEqual(t, run(1), run(2))
}

func TestRetryAfterIsObeyed(t *testing.T) {
	for name, tt := range map[string]struct {
		header string
		want   time.Duration
	}{
		"longer than our wait":  {"17", 17 * time.Second},
		"shorter than our wait": {"1", 2 * time.Second},
		"a date":                {time.Date(2000, 1, 1, 0, 0, 30, 0, time.UTC).Format(http.TimeFormat), 30 * time.Second},
		"nonsense":              {"soon", 2 * time.Second},
		"negative":              {"-5", 2 * time.Second},
		"a year":                {"31536000", time.Hour},
	} {
		for _, status := range []int{429, 503} {
			t.Run(fmt.Sprint(name, " ", status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t)
					r.domain.Add("a")
					r.domain.Script = first(1, step{Status: status, RetryAfter: tt.header})
					r.start()
					r.submit("a", "Password-1")
					r.settled(1, 2*time.Hour)
					got := gaps(r.domain.Log("write"))
					require.Len(t, got, 1)
					assert.InDelta(t, tt.want.Seconds(), got[0].Seconds(), tt.want.Seconds()*0.1+0.01)
					if tt.want > 2*time.Second {
						assert.GreaterOrEqual(t, got[0], tt.want-10*time.Millisecond, "never earlier than asked for")
					}
					r.close()
				})
			})
		}
	}
}

func TestRetryAfterHoldsForTheScheduleToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.domain.Script = writes(func(n int, _ string) *step {
			switch {
			case n < 4:
				return &step{Status: 503}
			case n == 4:
				return &step{Status: 503, RetryAfter: "3000"}
			}
			return nil
		})
		r.start()
		r.submit("a", "Password-1")
		r.settled(1, 2*time.Hour)
		assert.InDelta(t, 3000, gaps(r.domain.Log("write"))[3].Seconds(), 2)
		r.close()
	})
}

func TestThrottlingPausesAllAndLosesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		var refused atomic.Int64
		r.domain.Script = bucket(20, 20, func() { refused.Add(1) })
		users := 200
		for i := range users {
			r.domain.Add(fmt.Sprint("user-", i))
		}
		r.start()
		for i := range users {
			r.submit(fmt.Sprint("user-", i), "Password-1")
		}
		for _, o := range r.settled(users, 10*time.Minute) {
			assert.Equal(t, hook.Applied, o.State, "%s %s", o.UserName, o.Reason)
			assert.LessOrEqual(t, o.Attempts, 4)
		}
		assert.Less(t, refused.Load(), int64(users/4), "the pace adapts instead of knocking")
		r.close()
	})
}

func TestAnOutageOf20sNeedsNoOperator(t *testing.T) {
	for name, s := range map[string]step{"503": {Status: 503}, "gateway": {Status: 502, HTML: true}, "cut": {Cut: true}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				users := 40
				for i := range users {
					r.domain.Add(fmt.Sprint("user-", i))
				}
				r.domain.Script = until(time.Now().Add(20*time.Second), s)
				r.start()
				for i := range users {
					r.submit(fmt.Sprint("user-", i), "Password-1")
				}
				for _, o := range r.settled(users, 20*time.Minute) {
					assert.Equal(t, hook.Applied, o.State)
					assert.LessOrEqual(t, o.Attempts, 5)
				}
				assert.Len(t, r.domain.Applied(), users)
				assert.Less(t, len(r.domain.Log("find")), 4*users, "most of them waited instead of trying")
				r.close()
			})
		})
	}
}

func TestThePatienceWithATargetThatIsDownEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		users := 30
		for i := range users {
			r.domain.Add(fmt.Sprint("user-", i))
		}
		r.domain.Script = until(time.Now().Add(12*time.Minute), step{Status: 503})
		r.start()
		start := time.Now()
		for i := range users {
			r.submit(fmt.Sprint("user-", i), "Password-1")
		}
		time.Sleep(5 * time.Minute)
		assert.Contains(t, r.metrics(), `idm_password_sync_breaker_open{target_system="idcs"} 1`)
		quiet := len(r.domain.Log("find"))
		time.Sleep(5 * time.Minute)
		assert.Len(t, r.domain.Log("find"), quiet, "all are left to the schedule, nobody knocks")
		for _, o := range r.settled(users, time.Hour) {
			assert.Equal(t, hook.Applied, o.State)
			assert.InDelta(t, 15*60, o.Finished.Sub(start).Seconds(), 10, "the schedule's next round")
		}
		r.close()
	})
}

func TestTheScheduleGivesUpAfterItsRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.domain.Script = func(call string, _ int, _ string) *step {
			if call == "find" {
				return &step{Status: 503}
			}
			return nil
		}
		r.start()
		time.Sleep(7 * time.Minute)
		id := r.submit("a", "Password-1")
		time.Sleep(time.Minute)
		assert.Equal(t, hook.Retrying, r.status(id).State)
		assert.Equal(t, "unavailable", r.status(id).Reason)
		list := r.settled(1, 3*time.Hour)
		assert.Equal(t, hook.Parked, list[0].State)
		assert.Equal(t, "unavailable", list[0].Reason)
		assert.Equal(t, 9, list[0].Attempts)
		finds := r.domain.Log("find")
		require.Len(t, finds, 9)
		assertWaits(t, finds[:4], 2*time.Second, 4*time.Second, 8*time.Second)
		for i, e := range finds[4:] {
			assert.Equal(t, (i+1)*15*60, int(e.At.Sub(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).Seconds()), "round %d is on the quarter", i+1)
		}
		assert.Len(t, r.trail(), 1)
		r.close()
	})
}

func TestAPoisonChangeBlocksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.Concurrency = 2
		r.domain.Add("poison")
		r.domain.Script = func(_ string, _ int, user string) *step {
			if user == "poison" {
				return &step{Status: 503}
			}
			return nil
		}
		r.start()
		r.submit("poison", "Password-1")
		for i := range 50 {
			r.domain.Add(fmt.Sprint("user-", i))
			r.submit(fmt.Sprint("user-", i), "Password-1")
		}
		start := time.Now()
		r.settled(50, time.Second)
		assert.Less(t, time.Since(start), time.Second)
		r.close()
	})
}

func TestAHangingTargetTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.IDCS.Timeout = 5 * time.Second
		r.domain.Add("a")
		r.domain.Script = first(1, step{Hang: true})
		r.start()
		id := r.submit("a", "Password-1")
		time.Sleep(6 * time.Second)
		assert.Equal(t, "timeout", r.status(id).Reason)
		r.settled(1, time.Minute)
		assertWaits(t, r.domain.Log("write"), 7*time.Second)
		assert.Equal(t, hook.Applied, r.status(id).State)
		r.close()
	})
}

func TestBreakerNeedsSeveralUsers(t *testing.T) {
	now := time.Now()
	var b breaker
	for range 100 {
		assert.False(t, b.failed(now, "one", 0))
	}
	ok, _ := b.admit(now)
	assert.True(t, ok)
	opened := false
	for i := range usersToOpen {
		opened = opened || b.failed(now, fmt.Sprint(i), 0)
	}
	assert.True(t, opened)
	ok, again := b.admit(now)
	assert.False(t, ok)
	ok, _ = b.admit(again)
	assert.True(t, ok, "one probe")
	ok, _ = b.admit(again)
	assert.False(t, ok, "and no second beside it")
	b.skipped()
	ok, _ = b.admit(again)
	assert.True(t, ok, "a probe that said nothing is made again")
	assert.True(t, b.succeeded())
	ok, _ = b.admit(again)
	assert.True(t, ok)
}

func TestChanceIsEven(t *testing.T) {
	var cells [10]int
	for i := range 10_000 {
		u := chance(3, fmt.Sprintf("change-%d", i), 1)
		cells[int(u*10)]++
	}
	for i, n := range cells {
		assert.InDelta(t, 1000, n, 150, "tenth %d", i)
	}
}
