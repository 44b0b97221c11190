package syncer

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/source/hook"
)

func TestALostAnswerIsLookedInto(t *testing.T) {
	tests := map[string]struct {
		trouble  step
		dateless bool
		remember int
		old      bool // the password is one that history refuses
		writes   int
		state    hook.State
		reason   string // in the audit trail
	}{
		"applied, answer lost":                        {trouble: step{Lose: true}, remember: 4, writes: 1, state: hook.Applied, reason: "confirmed_by_date"},
		"applied, answer lost, no history":            {trouble: step{Lose: true}, writes: 1, state: hook.Applied, reason: "confirmed_by_date"},
		"not applied, connection cut":                 {trouble: step{Cut: true}, remember: 4, writes: 2, state: hook.Applied},
		"not applied, gateway":                        {trouble: step{Status: 504, HTML: true}, writes: 2, state: hook.Applied},
		"applied, no date, history":                   {trouble: step{Lose: true}, dateless: true, remember: 4, writes: 2, state: hook.Applied, reason: "confirmed_by_history"},
		"not applied, no date":                        {trouble: step{Cut: true}, dateless: true, remember: 4, writes: 2, state: hook.Applied},
		"not applied, and history refuses the repeat": {trouble: step{Cut: true}, remember: 4, old: true, writes: 2, state: hook.Parked, reason: "policy"},
		"a page instead of an answer":                 {trouble: step{Status: 200, HTML: true}, writes: 2, state: hook.Applied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.domain.Add("a")
				r.domain.Remember, r.domain.Dateless = tt.remember, tt.dateless
				r.domain.Script = first(1, tt.trouble)
				r.start()
				password := "Password-1"
				if tt.old {
					password = "initial"
				}
				id := r.submit("a", password)
				r.settled(1, time.Minute)
				assert.Equal(t, tt.state, r.status(id).State)
				assert.Len(t, r.domain.Log("write"), tt.writes)
				assert.Equal(t, tt.reason, r.trail()[0].Reason)
				r.close()
			})
		})
	}
}

func TestAHistoryRefusalWithoutALostAnswerIsOne(t *testing.T) {
	for name, detail := range map[string]string{
		"history":             "The password cannot repeat the most recent 4 passwords.",
		"history and another": "The password cannot repeat the most recent 4 passwords. The password must have at least 12 characters.",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.domain.Add("a")
				r.domain.Policy = func(string, string) string { return detail }
				r.start()
				id := r.submit("a", "Password-1")
				r.settled(1, time.Second)
				assert.Equal(t, "policy", r.status(id).Reason)
				assert.Len(t, r.domain.Log("write"), 1)
				r.close()
			})
		})
	}
	t.Run("another rule beside history after a lost answer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.domain.Add("a")
			r.domain.Dateless = true
			r.domain.Policy = func(string, string) string {
				return "The password cannot repeat the most recent 4 passwords. The password must have at least 12 characters."
			}
			r.domain.Script = first(1, step{Lose: true})
			r.start()
			id := r.submit("a", "Password-1")
			r.settled(1, time.Minute)
			assert.Equal(t, hook.Parked, r.status(id).State)
			r.close()
		})
	})
}

func TestWhatStaysUnknownSaysSo(t *testing.T) {
	tests := map[string]struct {
		dateless bool
		state    hook.State
		reason   string
	}{
		"the last look shows that it was not applied": {state: hook.Parked, reason: "connection"},
		"the target shows no date":                    {dateless: true, state: hook.Parked, reason: "unknown_outcome"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.domain.Add("a")
				r.domain.Dateless = tt.dateless
				r.domain.Script = writes(func(int, string) *step { return &step{Cut: true} })
				r.start()
				r.submit("a", "Password-1")
				list := r.settled(1, 3*time.Hour)
				assert.Equal(t, tt.state, list[0].State)
				assert.Equal(t, tt.reason, list[0].Reason)
				assert.Len(t, r.domain.Log("write"), 9)
				r.close()
			})
		})
	}
	t.Run("the last write was applied after all", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.domain.Add("a")
			r.domain.Script = writes(func(n int, _ string) *step {
				if n == 9 {
					return &step{Lose: true}
				}
				return &step{Cut: true}
			})
			r.start()
			r.submit("a", "Password-1")
			list := r.settled(1, 3*time.Hour)
			assert.Equal(t, hook.Applied, list[0].State)
			assert.Len(t, r.domain.Applied(), 1)
			r.close()
		})
	})
}

func TestTheTrailIsKeptBeforeAnOutcomeShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		var trail flaky
		r.startWith(&trail)
		trail.broken.Store(true)
		id := r.submit("a", "Password-1")
		time.Sleep(10 * time.Second)
		assert.Equal(t, hook.Queued, r.status(id).State, "nothing is final that is not audited")
		assert.Equal(t, 1, strings.Count(r.logs.String(), "the audit trail cannot be written"), "said once")
		trail.broken.Store(false)
		r.settled(1, time.Minute)
		assert.Len(t, r.domain.Log("write"), 1)
		require.Equal(t, 1, strings.Count(trail.String(), "\n"))
		r.close()
	})
}
