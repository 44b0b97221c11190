package syncer

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// lifted is a domain's policy that can be lifted.
type lifted struct{ atomic.Bool }

func (l *lifted) policy(_, password string) string {
	if l.Load() || password != "weak" {
		return ""
	}
	return "The password must have at least 12 characters."
}

func (r *rig) parked() []hook.ParkedChange {
	r.t.Helper()
	status, answer, _ := r.request(http.MethodGet, "/v1/parked", nil)
	require.Equal(r.t, http.StatusOK, status, string(answer))
	var list struct{ Parked []hook.ParkedChange }
	require.NoError(r.t, json.Unmarshal(answer, &list))
	return list.Parked
}

// replay asks for one and returns the status, and the reason of a refusal.
func (r *rig) replay(id string) (int, string) {
	r.t.Helper()
	status, answer, _ := r.request(http.MethodPost, "/v1/parked/"+id+"/replay", nil)
	var refusal struct{ Reason string }
	require.NoError(r.t, json.Unmarshal(answer, &refusal))
	return status, refusal.Reason
}

// newParkedRig starts an engine and lets the weak passwords of some users be parked, one after the other.
func newParkedRig(t *testing.T, users ...string) (r *rig, policy *lifted, ids []string) {
	t.Helper()
	r, policy = newRig(t), &lifted{}
	r.domain.Policy = policy.policy
	r.domain.Add(users...)
	r.start()
	for i, u := range users {
		ids = append(ids, r.submit(u, "weak"))
		r.settled(i+1, time.Minute)
	}
	return r, policy, ids
}

func TestAParkedChangeIsKeptAndReplayed(t *testing.T) {
	for name, restart := range map[string]bool{"by the engine that parked it": false, "by the engine after it": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, policy, ids := newParkedRig(t, "a", "b")
				if restart {
					r.stop()
					r.start()
				}
				list := r.parked()
				require.Len(t, list, 2)
				assert.Equal(t, ids, []string{list[0].ID, list[1].ID}, "the oldest first")
				first := list[0]
				assert.Equal(t, "a", first.UserName)
				assert.Equal(t, "policy", first.Reason)
				assert.Equal(t, hook.Kept, first.State)
				assert.NotEmpty(t, first.Key)
				assert.False(t, first.MissingKey)
				assert.Contains(t, r.metrics(), `idm_password_sync_parked{reason="policy",target_system="idcs"} 2`)

				status, _ := r.replay(ids[0])
				assert.Equal(t, http.StatusAccepted, status)
				list2 := r.settled(3, time.Minute)
				assert.Equal(t, hook.Parked, list2[2].State, "it is refused as before")
				assert.Equal(t, 1, list2[2].Replay)
				assert.Len(t, r.parked(), 2, "and kept as before")

				policy.Store(true)
				status, _ = r.replay(ids[0])
				assert.Equal(t, http.StatusAccepted, status)
				last := r.settled(4, time.Minute)[3]
				assert.Equal(t, hook.Applied, last.State)
				assert.Equal(t, ids[0], last.ID)
				assert.Equal(t, 2, last.Replay)
				assert.Equal(t, "weak", r.domain.User("a").Password)
				assert.Equal(t, hook.Applied, r.status(ids[0]).State)

				list = r.parked()
				require.Len(t, list, 1)
				assert.Equal(t, ids[1], list[0].ID)
				lines := r.trail()
				require.Len(t, lines, 4)
				assert.Equal(t, []int{0, 0, 1, 2}, []int{lines[0].Replay, lines[1].Replay, lines[2].Replay, lines[3].Replay})
				assert.Contains(t, r.metrics(), `idm_password_sync_parked{reason="policy",target_system="idcs"} 1`)
				r.close()
			})
		})
	}
}

func TestAReplayNeverFollowsANewerChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, policy, ids := newParkedRig(t, "a")
		policy.Store(true)
		r.domain.Script = slowWrites(3 * time.Second)
		newer := r.submit("A", "Password-2")
		time.Sleep(time.Second)
		status, reason := r.replay(ids[0])
		assert.Equal(t, http.StatusConflict, status)
		assert.Equal(t, "superseded", reason, "the newer one is on its way")
		r.settled(2, time.Minute)
		assert.Equal(t, hook.Applied, r.status(newer).State)
		assert.Empty(t, r.parked(), "newest wins")
		status, _ = r.replay(ids[0])
		assert.Equal(t, http.StatusNotFound, status)
		assert.Equal(t, "Password-2", r.domain.User("a").Password)
		r.close()
	})
}

func TestANewerChangeSupersedesAReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, policy, ids := newParkedRig(t, "a")
		policy.Store(true)
		r.domain.Script = first(2, step{Status: 503})
		status, _ := r.replay(ids[0])
		require.Equal(t, http.StatusAccepted, status)
		time.Sleep(time.Second) // It waits for its retry.
		assert.Equal(t, hook.Retrying, r.status(ids[0]).State)
		assert.Equal(t, hook.Replaying, r.parked()[0].State)
		status, reason := r.replay(ids[0])
		assert.Equal(t, http.StatusConflict, status)
		assert.Equal(t, "replaying", reason)
		status, _, _ = r.request(http.MethodDelete, "/v1/parked/"+ids[0], nil)
		assert.Equal(t, http.StatusConflict, status, "nor is it purged now")
		r.submit("a", "Password-2")
		list := r.settled(3, time.Minute)
		assert.Equal(t, hook.Superseded, list[1].State)
		assert.Equal(t, 1, list[1].Replay)
		assert.Equal(t, hook.Applied, list[2].State)
		assert.Empty(t, r.parked())
		assert.Equal(t, "Password-2", r.domain.User("a").Password)
		r.close()
	})
}

// A newer change that the target refuses leaves the older one where it is: it is still the newest that the target may take.
func TestANewerChangeThatIsParkedTooLeavesTheOlderOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, policy, _ := newParkedRig(t, "a")
		r.submit("a", "weak")
		r.settled(2, time.Minute)
		list := r.parked()
		require.Len(t, list, 2)
		policy.Store(true)
		for _, c := range list { // The older one first.
			status, _ := r.replay(c.ID)
			assert.Equal(t, http.StatusAccepted, status)
			time.Sleep(time.Minute)
		}
		outcomes := r.settled(4, time.Minute)
		assert.Equal(t, hook.Applied, outcomes[2].State)
		assert.Equal(t, hook.Applied, outcomes[3].State)
		assert.Empty(t, r.parked())
		status, _ := r.replay(list[0].ID)
		assert.Equal(t, http.StatusNotFound, status)
		r.close()
	})
}

func TestTheNewerOfTwoReplaysWins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, policy, _ := newParkedRig(t, "a")
		r.submit("a", "weak")
		r.settled(2, time.Minute)
		policy.Store(true)
		list := r.parked()
		r.domain.Script = slowWrites(3 * time.Second)
		status, _ := r.replay(list[1].ID)
		require.Equal(t, http.StatusAccepted, status)
		status, reason := r.replay(list[0].ID)
		assert.Equal(t, http.StatusConflict, status)
		assert.Equal(t, "superseded", reason)
		r.settled(3, time.Minute)
		assert.Empty(t, r.parked())
		r.close()
	})
}

func TestAReplayGoesOnAfterAKill(t *testing.T) {
	for name, tt := range map[string]struct {
		trouble step
		writes  int // of the replay
		reason  string
	}{
		"the target applied it":        {step{Delay: 3 * time.Second}, 1, "confirmed_by_date"},
		"the target never acted on it": {step{Delay: 3 * time.Second, Cut: true}, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, policy, ids := newParkedRig(t, "a")
				policy.Store(true)
				r.domain.Script = first(2, tt.trouble)
				time.Sleep(time.Hour)
				status, _ := r.replay(ids[0])
				require.Equal(t, http.StatusAccepted, status)
				time.Sleep(time.Second)
				r.kill()
				time.Sleep(5 * time.Second)
				r.start()
				list := r.settled(2, time.Minute)
				assert.Equal(t, hook.Applied, list[1].State)
				assert.Equal(t, 1, list[1].Replay)
				assert.Len(t, r.domain.Log("write"), 1+tt.writes)
				assert.Len(t, r.domain.Applied(), 1)
				assert.Equal(t, tt.reason, r.trail()[1].Reason)
				assert.Empty(t, r.parked())
				r.close()
			})
		})
	}
}

func TestPasswordsOfParkedChangesAreWipedInTime(t *testing.T) {
	for name, restart := range map[string]bool{"while the engine runs": false, "while no engine runs": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, policy, ids := newParkedRig(t, "a", "b")
				time.Sleep(100 * time.Hour)
				late := r.submit("b", "weak")
				r.settled(3, time.Minute)
				if restart {
					r.stop()
					time.Sleep(69 * time.Hour)
					r.start()
					time.Sleep(time.Minute)
				} else {
					time.Sleep(67 * time.Hour)
					assert.Equal(t, hook.Kept, r.parked()[0].State, "not before its time")
					time.Sleep(2 * time.Hour)
				}
				states := map[string]hook.KeptState{}
				for _, c := range r.parked() {
					states[c.ID] = c.State
					assert.Equal(t, c.State == hook.Wiped, c.Key == "")
				}
				assert.Equal(t, map[string]hook.KeptState{ids[0]: hook.Wiped, ids[1]: hook.Wiped, late: hook.Kept}, states)
				policy.Store(true)
				status, reason := r.replay(ids[0])
				assert.Equal(t, http.StatusConflict, status)
				assert.Equal(t, "wiped", reason)
				time.Sleep(100 * time.Hour)
				for _, c := range r.parked() {
					assert.Equal(t, hook.Wiped, c.State)
				}
				status, _, _ = r.request(http.MethodDelete, "/v1/parked/"+ids[0], nil)
				assert.Equal(t, http.StatusNoContent, status)
				assert.Len(t, r.parked(), 2, "the records stay until they are purged")
				r.close()
			})
		})
	}
}

func TestKeepingNoPasswordKeepsTheRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.Parked.Keep = 0
		r.domain.Policy = new(lifted).policy
		r.domain.Add("a")
		r.start()
		r.submit("a", "weak")
		r.settled(1, time.Minute)
		require.Len(t, r.parked(), 1)
		assert.Equal(t, hook.Wiped, r.parked()[0].State)
		r.close()
	})
}

func TestASealMismatchIsReplayedWhenTheKeyIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.domain.Script = until(time.Now().Add(time.Minute), step{Status: 503})
		r.start()
		id := r.submit("a", "Password-1")
		time.Sleep(time.Second)
		r.stop()
		old, err := os.ReadFile(r.config.Seal.KeyFile)
		require.NoError(t, err)
		require.NoError(t, os.Remove(r.config.Seal.KeyFile))
		require.NoError(t, seal.WriteKeyFile(r.config.Seal.KeyFile))
		time.Sleep(time.Minute)
		r.start()
		r.settled(1, time.Second)
		list := r.parked()
		require.Len(t, list, 1)
		assert.Equal(t, "seal_mismatch", list[0].Reason)
		assert.True(t, list[0].MissingKey)
		missing := list[0].Key
		assert.Contains(t, string(old), missing)
		status, reason := r.replay(id)
		assert.Equal(t, http.StatusConflict, status)
		assert.Equal(t, "seal_mismatch", reason)

		r.stop() // Put the old key behind the new one.
		fresh, err := os.ReadFile(r.config.Seal.KeyFile)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(r.config.Seal.KeyFile, append(fresh, old...), 0o600))
		r.start()
		assert.False(t, r.parked()[0].MissingKey)
		r.domain.Script = slowWrites(3 * time.Second)
		status, _ = r.replay(id)
		assert.Equal(t, http.StatusAccepted, status)
		time.Sleep(time.Second)
		assert.NotEqual(t, missing, r.parked()[0].Key, "sealed anew with the first key")
		r.settled(2, time.Minute)
		assert.Equal(t, "Password-1", r.domain.User("a").Password)
		r.close()
	})
}

func TestAChangeThatWaitsTooLongIsParked(t *testing.T) {
	for name, tt := range map[string]struct {
		call   string // what fails
		kill   bool
		reason string
		state  hook.State
	}{
		"never tried with success":        {call: "find", reason: "deadline", state: hook.Parked},
		"no engine ran meanwhile":         {call: "find", kill: true, reason: "deadline", state: hook.Parked},
		"a write was lost, and confirmed": {call: "write", kill: true, reason: "confirmed_by_date", state: hook.Applied},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.config.Parked.Deadline = time.Hour
				r.config.Rounds = 100
				r.domain.Add("a")
				var broken atomic.Bool
				broken.Store(true)
				r.domain.Script = func(call string, _ int, _ string) *step {
					switch {
					case !broken.Load() || call != tt.call:
						return nil
					case call == "write":
						return &step{Delay: 2 * time.Second}
					}
					return &step{Status: 503}
				}
				r.start()
				id := r.submit("a", "Password-1")
				if tt.kill {
					time.Sleep(time.Second)
					r.kill()
					time.Sleep(2 * time.Hour)
					broken.Store(tt.call == "find")
					r.start()
				} else {
					time.Sleep(59 * time.Minute)
					assert.Equal(t, hook.Retrying, r.status(id).State)
					time.Sleep(90 * time.Second)
				}
				r.settled(1, time.Minute)
				assert.Equal(t, tt.state, r.status(id).State)
				assert.Equal(t, tt.reason, r.trail()[0].Reason)
				if tt.state == hook.Parked {
					assert.Equal(t, hook.Kept, r.parked()[0].State)
				}
				r.close()
			})
		})
	}
}

func TestTheListOfParkedChangesHasPagesAndSelections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var users []string
		for i := range 5 {
			users = append(users, fmt.Sprint("user-", i))
		}
		r, _, ids := newParkedRig(t, users...)
		page := func(query string) (list []string, status int) {
			status, answer, _ := r.request(http.MethodGet, "/v1/parked?"+query, nil)
			var body struct{ Parked []hook.ParkedChange }
			require.NoError(t, json.Unmarshal(answer, &body))
			for _, c := range body.Parked {
				list = append(list, c.ID)
			}
			return list, status
		}
		list, _ := page("limit=2")
		assert.Equal(t, ids[:2], list)
		list, _ = page("limit=2&after=" + ids[1])
		assert.Equal(t, ids[2:4], list)
		list, _ = page("after=" + ids[4])
		assert.Empty(t, list)
		list, _ = page("user=USER-3")
		assert.Equal(t, ids[3:4], list)
		list, _ = page("reason=federated")
		assert.Empty(t, list)
		_, status := page("after=gone")
		assert.Equal(t, http.StatusNotFound, status)
		r.close()
	})
}

func TestAnItemThatCannotBeReadHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, _ := newParkedRig(t, "a")
		require.NoError(t, r.engine.queue.Park(t.Context(), "odd", []byte(`{"version":99}`)))
		r.stop()
		r.start()
		list := r.parked()
		require.Len(t, list, 2)
		assert.Equal(t, unreadable, list[1].Reason)
		status, _, _ := r.request(http.MethodDelete, "/v1/parked/odd", nil)
		assert.Equal(t, http.StatusNoContent, status)
		assert.Len(t, r.parked(), 1)
		r.close()
	})
}

func TestAParkedStoreThatFailsHoldsTheOutcomeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Policy = new(lifted).policy
		r.domain.Add("a")
		r.start()
		broken := r.breakShelf()
		id := r.submit("a", "weak")
		time.Sleep(time.Minute)
		assert.Empty(t, r.trail(), "nothing is told that is not kept")
		newer := r.submit("a", "Password-2")
		time.Sleep(time.Minute)
		assert.Equal(t, hook.Queued, r.status(newer).State, "the next one waits")
		broken.down.Store(false)
		r.settled(2, time.Minute)
		assert.Equal(t, hook.Parked, r.status(id).State)
		assert.Equal(t, hook.Applied, r.status(newer).State)
		assert.Empty(t, r.parked())
		r.close()
	})
}

func TestPasswordsOnTheLotAreSealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, _ := newParkedRig(t, "a")
		dir := filepath.Dir(r.config.Queue.Dir)
		r.stop()
		require.NoError(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
			if err != nil || info.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			assert.NotContains(t, string(data), "weak", path)
			return err
		}))
		assert.NotContains(t, r.logs.String(), "weak")
		r.domain.Stop()
	})
}

// Between a newer change's success and the moment when that is on disk, an older one must not be replayed either.
func TestAReplayIsRefusedBeforeTheNewerOutcomeIsDurable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, policy, ids := newParkedRig(t, "a")
		policy.Store(true)
		r.stop()
		var trail flaky
		r.startWith(&trail)
		trail.broken.Store(true)
		newer := r.submit("a", "Password-2")
		time.Sleep(10 * time.Second)
		require.Equal(t, "Password-2", r.domain.User("a").Password)
		require.Equal(t, hook.Queued, r.status(newer).State)
		status, reason := r.replay(ids[0])
		assert.Equal(t, http.StatusConflict, status)
		assert.Equal(t, "superseded", reason)
		trail.broken.Store(false)
		r.settled(1, time.Minute)
		assert.Empty(t, r.parked())
		assert.Equal(t, "Password-2", r.domain.User("a").Password)
		r.close()
	})
}
