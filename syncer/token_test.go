package syncer

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

func TestAHundredWorkersRefreshOnce(t *testing.T) {
	for name, settings := range map[string]struct {
		warm bool
		call string // where the token dies
	}{
		"cold start":                   {},
		"dead before the look-up":      {warm: true, call: "find"},
		"dead between look and write":  {warm: true, call: "write"},
		"dead with requests in flight": {warm: true, call: "slow"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.config.Concurrency = 100
				r.domain.Add("first")
				for i := range 100 {
					r.domain.Add(fmt.Sprint("user-", i))
				}
				var armed atomic.Bool
				r.domain.Script = func(call string, _ int, _ string) *step {
					if call == settings.call && armed.CompareAndSwap(true, false) {
						r.domain.ExpireTokens()
					}
					if settings.call == "slow" && call == "find" {
						return &step{Delay: 200 * time.Millisecond}
					}
					return nil
				}
				r.start()
				if settings.warm {
					r.submit("first", "Password-0")
					r.settled(1, time.Second)
					armed.Store(settings.call != "slow")
				}
				for i := range 100 {
					r.submit(fmt.Sprint("user-", i), "Password-1")
				}
				if settings.call == "slow" {
					time.Sleep(100 * time.Millisecond)
					r.domain.ExpireTokens()
				}
				want, tokens := 100, 1
				if settings.warm {
					want, tokens = 101, 2
				}
				for _, o := range r.settled(want, time.Minute) {
					assert.Equal(t, hook.Applied, o.State)
					assert.Equal(t, 1, o.Attempts, "a refresh is not a retry")
				}
				assert.Len(t, r.domain.Log("token"), tokens)
				assert.Len(t, r.domain.Applied(), want)
				r.close()
			})
		})
	}
}

func TestATokenThatIsRefusedAtOnceIsNotFetchedForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		var healed atomic.Bool
		r.domain.Script = writes(func(int, string) *step {
			if healed.Load() {
				return nil
			}
			return &step{Status: 401, HTML: true}
		})
		r.start()
		id := r.submit("a", "Password-1")
		time.Sleep(time.Minute)
		assert.Equal(t, hook.Retrying, r.status(id).State)
		assert.Equal(t, "credential", r.status(id).Reason)
		assert.Len(t, r.domain.Log("write"), 8, "two per attempt")
		assert.LessOrEqual(t, len(r.domain.Log("token")), 5)
		healed.Store(true)
		r.settled(1, 20*time.Minute)
		assert.Equal(t, hook.Applied, r.status(id).State)
		r.close()
	})
}

func TestTokensAreReplacedInTime(t *testing.T) {
	for name, tt := range map[string]struct {
		lifetime time.Duration
		keeps    time.Duration // a change after this still uses the first token
		replaces time.Duration // and after this the second
	}{
		"an hour: five minutes before":  {time.Hour, 54 * time.Minute, 56 * time.Minute},
		"ten minutes: half":             {10 * time.Minute, 4*time.Minute + 50*time.Second, 5*time.Minute + 10*time.Second},
		"a minute: half":                {time.Minute, 29 * time.Second, 31 * time.Second},
		"expired before anybody needed": {time.Minute, 10 * time.Second, 20 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.domain.Lifetime = tt.lifetime
				r.domain.Add("a")
				r.start()
				start := time.Now()
				r.submit("a", "Password-1")
				r.settled(1, time.Second)
				time.Sleep(time.Until(start.Add(tt.keeps)))
				r.submit("a", "Password-2")
				r.settled(2, time.Second)
				require.Len(t, r.domain.Log("token"), 1)
				time.Sleep(time.Until(start.Add(tt.replaces)))
				r.submit("a", "Password-3")
				r.settled(3, time.Second)
				assert.Len(t, r.domain.Log("token"), 2)
				for _, e := range r.domain.Log("find", "write") {
					assert.NotEqual(t, 401, e.Status, "no request with a token that is known to be dead")
				}
				r.close()
			})
		})
	}
}

func TestAnEarlyRefreshThatFailsHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.domain.Script = func(call string, n int, _ string) *step {
			if call == "token" && n > 1 {
				return &step{Status: 503}
			}
			return nil
		}
		r.start()
		r.submit("a", "Password-0")
		r.settled(1, time.Second)
		time.Sleep(56 * time.Minute)
		for i := range 10 {
			r.submit("a", fmt.Sprint("Password-1-", i))
			r.settled(2+i, time.Second)
		}
		assert.Less(t, len(r.domain.Log("token")), 4)
		r.close()
	})
}

func TestARefusedClientWaitsForTheOperator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		right := r.domain.ClientSecret
		r.domain.ClientSecret = "changed-at-the-domain"
		for i := range 50 {
			r.domain.Add(fmt.Sprint("user-", i))
		}
		r.start()
		for i := range 50 {
			r.submit(fmt.Sprint("user-", i), "Password-1")
		}
		time.Sleep(10 * time.Minute)
		assert.Len(t, r.domain.Log("token"), 1, "fifty changes share one refusal")
		assert.Equal(t, 1, strings.Count(r.logs.String(), "refuses our client"))
		assert.Contains(t, r.logs.String(), "invalid_client")
		r.domain.ClientSecret = right // The operator helps.
		for _, o := range r.settled(50, time.Hour) {
			assert.Equal(t, hook.Applied, o.State)
		}
		r.close()
	})
}

func TestARefusedClientIsParkedAfterTheRounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.IDCS.ClientSecret = seal.Secret("not-this-one")
		r.domain.Add("a")
		r.start()
		r.submit("a", "Password-1")
		list := r.settled(1, 3*time.Hour)
		assert.Equal(t, hook.Parked, list[0].State)
		assert.Equal(t, "credential", list[0].Reason)
		assert.Equal(t, 6, list[0].Attempts, "no quick retries")
		assert.Len(t, r.domain.Log("token"), 6)
		r.close()
	})
}

func TestATokenEndpointThatIsDownPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.domain.Script = func(call string, n int, _ string) *step {
			if call == "token" && n <= 2 {
				return &step{Status: 503}
			}
			return nil
		}
		r.start()
		id := r.submit("a", "Password-1")
		r.settled(1, time.Minute)
		assert.Equal(t, hook.Applied, r.status(id).State)
		assertWaits(t, r.domain.Log("token"), 2*time.Second, 4*time.Second)
		r.close()
	})
}
