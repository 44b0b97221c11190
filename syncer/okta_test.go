package syncer

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/oktatest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// newOktaRig makes a rig whose engine writes to an org.
func newOktaRig(t *testing.T) (*rig, *oktatest.Org) {
	t.Helper()
	r := newRig(t)
	o := oktatest.Start()
	t.Cleanup(o.Stop)
	r.config.Target, r.config.Okta.URL, r.config.Okta.Token = TargetOkta, o.URL(), seal.Secret(o.Token)
	r.dial = o.DialContext
	return r, o
}

func logins(n int) (list []string) {
	for i := range n {
		list = append(list, fmt.Sprintf("user-%d@example.com", i))
	}
	return list
}

func TestAnOrgsUsersCostOneCallEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, o := newOktaRig(t)
		o.Add(logins(50)...)
		r.config.Okta.Warm = true
		r.start()
		time.Sleep(time.Minute)
		n := len(o.Log())
		for _, u := range logins(50) {
			r.submit(u, "Password-1")
		}
		for _, outcome := range r.settled(50, time.Minute) {
			assert.Equal(t, hook.Applied, outcome.State)
		}
		assert.Len(t, o.Log()[n:], 50)
		assert.Contains(t, r.metrics(), `target_system="okta"`)
		r.close()
	})
}

func TestFederatedUsersOfAnOrgAreParkedWithTheRemedy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, o := newOktaRig(t)
		r.config.Okta.LoginSuffix = "@example.com"
		o.Add("anna@example.com")
		o.Federate("anna@example.com")
		r.start()
		id := r.submit("anna", "Password-1")
		r.settled(1, time.Minute)
		assert.Equal(t, "federated", r.status(id).Reason)
		assert.Equal(t, []string{"find"}, []string{o.Log()[0].Call})
		assert.Len(t, o.Log(), 1, "he was recognised before anything was sent")
		parked := r.parked()
		require.Len(t, parked, 1)
		assert.Contains(t, parked[0].Remedy, "seatrial sync okta repair --plan")
		assert.Equal(t, "anna@example.com", parked[0].Account)
		assert.Contains(t, r.logs.String(), "provider FEDERATION")

		o.Edit("anna@example.com", func(u *oktatest.User) { u.Provider = "OKTA" }) // Repaired.
		status, _ := r.replay(id)
		require.Equal(t, 202, status)
		r.settled(2, time.Minute)
		assert.Equal(t, "Password-1", o.User("anna@example.com").Password)
		assert.Empty(t, r.parked())
		r.close()
	})
}

// minutes answers as an org's bucket does: with its headers, and 429 when it is empty. It begins with the first request in it.
type minutes struct {
	limit int

	mu      sync.Mutex
	began   time.Time
	used    int
	refused int
}

func (w *minutes) step(o *oktatest.Org) *oktatest.Step {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if now.Sub(w.began) >= time.Minute {
		w.began, w.used = now, 0
	}
	s := &oktatest.Step{}
	if w.used == w.limit {
		w.refused++
		s = &oktatest.Step{Status: 429, Message: "E0000047"}
	} else {
		w.used++
	}
	s.Header = map[string]string{
		"X-Rate-Limit-Limit": strconv.Itoa(w.limit), "X-Rate-Limit-Remaining": strconv.Itoa(w.limit - w.used),
		"X-Rate-Limit-Reset": strconv.FormatInt(w.began.Add(time.Minute).Add(o.Ahead).Unix(), 10),
	}
	return s
}

// TestTheBucketsOfAnOrgAreKept: looks and writes have limits of their own, and the org's clock is not ours.
func TestTheBucketsOfAnOrgAreKept(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"our clock": 0, "the org is ahead": 4 * time.Minute, "the org is behind": -4 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, o := newOktaRig(t)
				o.Ahead = ahead
				o.Add(logins(300)...)
				reads, writes := &minutes{limit: 200}, &minutes{limit: 60}
				o.Script = func(call string, _ int, _ string) *oktatest.Step {
					if call == "find" {
						return reads.step(o)
					}
					return writes.step(o)
				}
				r.start()
				start := time.Now()
				for _, u := range logins(300) {
					r.submit(u, "Password-1")
				}
				for _, outcome := range r.settled(300, 15*time.Minute) {
					assert.Equal(t, hook.Applied, outcome.State)
				}
				assert.Less(t, time.Since(start), 8*time.Minute, "300 changes at 60 a minute")
				assert.Less(t, writes.refused+reads.refused, 5, "what the headers say is heeded")
				assert.Len(t, o.Applied(), 300)
				r.close()
			})
		})
	}
}

// TestTooManyAtATimeIsNoReasonToSleep: an org that takes eight requests at a time says so with a reset two minutes ahead.
func TestTooManyAtATimeIsNoReasonToSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, o := newOktaRig(t)
		o.Add(logins(200)...)
		var mu sync.Mutex
		inFlight := map[string]time.Time{}
		o.Script = func(call string, n int, user string) *oktatest.Step {
			mu.Lock()
			defer mu.Unlock()
			now := time.Now()
			for key, end := range inFlight {
				if !now.Before(end) {
					delete(inFlight, key)
				}
			}
			if len(inFlight) >= 8 {
				return &oktatest.Step{Status: 429, Message: "E0000047", Header: map[string]string{
					"X-Rate-Limit-Limit": "0", "X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": strconv.FormatInt(now.Add(114*time.Second).Unix(), 10),
				}}
			}
			inFlight[fmt.Sprint(call, n, user)] = now.Add(200 * time.Millisecond)
			return &oktatest.Step{Delay: 200 * time.Millisecond}
		}
		r.start()
		start := time.Now()
		for _, u := range logins(200) {
			r.submit(u, "Password-1")
		}
		r.settled(200, 5*time.Minute)
		assert.Less(t, time.Since(start), 90*time.Second)
		assert.Len(t, o.Applied(), 200)
		r.close()
	})
}

func TestAnOrgThatReadsOnlyForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, o := newOktaRig(t)
		o.Add("a@example.com")
		end := time.Now().Add(5 * time.Minute)
		o.Script = func(call string, _ int, _ string) *oktatest.Step {
			if call == "write" && time.Now().Before(end) {
				return &oktatest.Step{Status: 503, Message: "E0000010"}
			}
			return nil
		}
		r.start()
		id := r.submit("a@example.com", "Password-1")
		r.settled(1, time.Hour)
		assert.Equal(t, hook.Applied, r.status(id).State)
		assert.Len(t, o.Applied(), 1)
		r.close()
	})
}

func TestARefusedAPITokenWaitsForTheOperator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, o := newOktaRig(t)
		r.config.Concurrency = 4
		o.Token = "revoked"
		o.Add(logins(50)...)
		r.start()
		for _, u := range logins(50) {
			r.submit(u, "Password-1")
		}
		time.Sleep(10 * time.Minute)
		assert.LessOrEqual(t, len(o.Log()), 4, "fifty changes share one refusal")
		assert.Equal(t, 1, strings.Count(r.logs.String(), "refuses our API token"))
		assert.NotContains(t, r.logs.String(), "00-token-of-the-test")
		r.stop()
		r.config.Okta.Token = seal.Secret("revoked") // The operator puts it right.
		r.start()
		for _, outcome := range r.settled(50, time.Hour) {
			assert.Equal(t, hook.Applied, outcome.State)
		}
		r.close()
	})
}
