package syncer

import (
	"bytes"
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

func TestADryRunPlansAndWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.DryRun, r.config.Provision = true, true
		r.config.Retry.Retries, r.config.Rounds = 1, 0
		r.domain.Add("a", "f", "i", "down")
		r.domain.Edit("f", func(u *idcstest.User) { u.Federated = true })
		r.domain.Edit("i", func(u *idcstest.User) { u.Inactive = true })
		r.domain.Script = func(_ string, _ int, user string) *step {
			if user == "down" {
				return &step{Status: 503}
			}
			return nil
		}
		r.start()
		want := map[string]string{
			r.submit("a", "Password-1"): "update", r.submit("f", "Password-1"): "park: federated",
			r.submit("i", "Password-1"): "park: inactive", r.submit("new", "Password-1"): "create",
			r.submit("down", "Password-1"): "park: unavailable",
		}
		got := map[string]string{}
		for _, o := range r.settled(5, time.Minute) {
			assert.Equal(t, hook.Planned, o.State)
			got[o.ID] = o.Plan
		}
		assert.Equal(t, want, got)
		for _, l := range r.trail() {
			assert.Equal(t, "planned", l.Outcome)
			assert.Equal(t, want[l.ID], l.Plan)
		}
		assert.Empty(t, r.domain.Log("write", "create"))
		assert.Empty(t, r.parked())
		var summary bytes.Buffer
		printPlans(&summary, r.engine.Plans())
		assert.Contains(t, summary.String(), "1  update\n")
		assert.Contains(t, summary.String(), "5  planned; nothing was written\n")
		r.close()
	})
}

func TestTheRealRunKnowsNothingOfTheDryOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.DryRun = true
		r.domain.Add("a", "b")
		var healed atomic.Bool
		r.domain.Script = func(_ string, _ int, user string) *step {
			if user == "b" && !healed.Load() {
				return &step{Status: 503}
			}
			return nil
		}
		r.start()
		dry := r.submitAs("tx-1", "a", "Password-1")
		r.submitAs("tx-2", "b", "Password-1") // It is left over.
		r.settled(1, time.Minute)
		r.stop()
		healed.Store(true)
		r.config.DryRun = false
		r.start()
		last := r.settled(2, time.Minute)[1]
		assert.Equal(t, hook.Planned, last.State, "what a dry run has accepted stays one")
		assert.Empty(t, r.domain.Log("write"))
		assert.NotEqual(t, dry, r.submitAs("tx-1", "a", "Password-1"))
		r.settled(3, time.Minute)
		assert.Equal(t, "Password-1", r.domain.User("a").Password)
		r.close()
	})
}

func TestADryRunWantsAQueueOfItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.domain.Script = until(time.Now().Add(time.Hour), step{Status: 503})
		r.start()
		r.submit("a", "Password-1")
		time.Sleep(time.Second)
		r.stop()
		c := r.config
		c.DryRun = true
		e, err := New(c, Environment{})
		require.NoError(t, err)
		require.ErrorContains(t, e.Start(t.Context()), "dryRun: 1 changes wait in this queue")
		time.Sleep(2 * time.Hour)
		r.start() // Nothing was done to it.
		r.settled(1, time.Hour)
		assert.Equal(t, "Password-1", r.domain.User("a").Password)
		r.close()
	})
}

func TestTheRollOutLeavesUsersOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.Rollout.Groups = []string{"pilot"}
		r.domain.Add("in", "out")
		r.start()
		for user, groups := range map[string]string{"in": "staff; Pilot", "out": "staff"} {
			status, answer, _ := r.request(http.MethodPost, "/v1/changes", map[string]any{
				"userName": user, "password": "Password-1", "attributes": map[string]string{"groups": groups},
			})
			require.Equal(t, http.StatusAccepted, status, string(answer))
		}
		r.settled(2, time.Minute)
		assert.Equal(t, "Password-1", r.domain.User("in").Password)
		assert.Equal(t, "initial", r.domain.User("out").Password)
		assert.Len(t, r.domain.Log("find", "write"), 2)
		states := map[string]string{}
		for _, l := range r.trail() {
			states[l.UserName] = l.Outcome
		}
		assert.Equal(t, map[string]string{"in": "applied", "out": "skipped"}, states)
		assert.Contains(t, r.metrics(), `idm_password_sync_total{status="skipped",target_system="idcs"} 1`)
		status, receipt := r.submitAndWait("tx-9", "out", "Password-2", "?wait=5s")
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, hook.Skipped, receipt.State)
		r.close()
	})
}
