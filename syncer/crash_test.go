package syncer

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
)

// lastWords is an audit trail whose line reaches the disk, which its engine does not live to hear.
type lastWords struct{ path string }

func (l lastWords) Write(p []byte) (int, error) {
	if err := os.WriteFile(l.path, p, 0o600); err != nil {
		return 0, err
	}
	time.Sleep(time.Hour)
	return len(p), nil
}

// deaf is an audit trail that takes nothing.
type deaf struct{}

func (deaf) Write([]byte) (int, error) { return 0, errDisk }

// At each step of a change's way the engine dies; the engine after it brings the change to exactly one outcome, and the
// target to exactly one accepted write.
func TestTheEngineMayDieAtEveryStep(t *testing.T) {
	tests := map[string]struct {
		prepare  func(r *rig)
		password string
		state    hook.State
		reason   string // in the audit trail
		accepted int    // writes
		asked    int    // writes, refused and lost ones among them; negative: it does not matter
	}{
		"after the change was stored": {
			prepare: func(r *rig) { r.start(); r.submit("a", "Password-1") },
			state:   hook.Applied, accepted: 1, asked: 1,
		},
		"while the user is looked up": {
			prepare: func(r *rig) {
				r.domain.Script = func(call string, n int, _ string) *step { return &step{Hang: call == "find" && n == 1} }
				r.start()
				r.submit("a", "Password-1")
			},
			state: hook.Applied, accepted: 1, asked: 1,
		},
		"after the write was noted, before it was sent": {
			prepare: func(r *rig) {
				r.domain.Script = first(1, step{Hang: true})
				r.start()
				r.submit("a", "Password-1")
			},
			state: hook.Applied, accepted: 1, asked: 2,
		},
		"after the write was carried out, before its answer": {
			prepare: func(r *rig) {
				r.domain.Script = first(1, step{Delay: 2 * time.Second})
				r.start()
				r.submit("a", "Password-1")
			},
			state: hook.Applied, reason: "confirmed_by_date", accepted: 1, asked: 1,
		},
		"after the answer, before the audit line": {
			prepare: func(r *rig) { r.startWith(deaf{}); r.submit("a", "Password-1") },
			state:   hook.Applied, reason: "confirmed_by_date", accepted: 1, asked: 1,
		},
		"after the audit line, before the removal": {
			prepare: func(r *rig) { r.startWith(lastWords{r.config.Audit}); r.submit("a", "Password-1") },
			state:   hook.Applied, accepted: 1, asked: 1,
		},
		"parked, after it was kept, before the audit line": {
			prepare:  func(r *rig) { r.startWith(deaf{}); r.submit("a", "weak") },
			password: "initial", state: hook.Parked, reason: "policy", asked: 2,
		},
		"parked, after the audit line, before the removal": {
			prepare:  func(r *rig) { r.startWith(lastWords{r.config.Audit}); r.submit("a", "weak") },
			password: "initial", state: hook.Parked, reason: "policy", asked: 1,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.domain.Policy = new(lifted).policy
				r.domain.Add("a")
				time.Sleep(time.Hour)
				tt.prepare(r)
				if name != "after the change was stored" {
					time.Sleep(time.Second)
				}
				r.kill()
				time.Sleep(2 * time.Hour)
				r.start()
				list := r.settled(1, time.Minute)
				assert.Equal(t, tt.state, list[0].State)
				time.Sleep(time.Hour)
				lines := r.trail()
				require.Len(t, lines, 1)
				assert.Equal(t, tt.reason, lines[0].Reason)
				assert.Len(t, r.domain.Applied(), tt.accepted)
				assert.Len(t, r.domain.Log("write"), tt.asked)
				assert.Len(t, r.parked(), 1-tt.accepted)
				r.stop()
				r.start()
				time.Sleep(time.Minute)
				assert.Len(t, r.trail(), 1)
				assert.Equal(t, int64(0), r.engine.queue.Waiting())
				r.close()
			})
		})
	}
}

func TestTheEngineMayDieAtEveryStepOfAReplay(t *testing.T) {
	for name, tt := range map[string]struct {
		fixed bool // the target takes it now
		state hook.State
		kept  int
	}{
		"applied":      {fixed: true, state: hook.Applied},
		"parked again": {state: hook.Parked, kept: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, policy, ids := newParkedRig(t, "a")
				policy.Store(tt.fixed)
				status, _ := r.replay(ids[0])
				require.Equal(t, http.StatusAccepted, status)
				time.Sleep(time.Millisecond)
				r.kill() // Before anything was tried.
				r.start()
				time.Sleep(10 * time.Second)
				require.Len(t, r.trail(), 2)
				assert.Equal(t, tt.state, r.status(ids[0]).State)
				assert.Len(t, r.parked(), tt.kept)
				r.close()
			})
			synctest.Test(t, func(t *testing.T) {
				r, policy, ids := newParkedRig(t, "a")
				policy.Store(tt.fixed)
				r.domain.Script = slowWrites(time.Second)
				status, _ := r.replay(ids[0])
				require.Equal(t, http.StatusAccepted, status)
				time.Sleep(500 * time.Millisecond) // The write is on its way, and noted.
				r.breakShelf()
				time.Sleep(10 * time.Second)
				require.Len(t, r.trail(), 2, "the outcome is audited")
				writes := len(r.domain.Log("write"))
				r.kill() // Before the store could be told.
				r.start()
				time.Sleep(10 * time.Second)
				assert.Len(t, r.trail(), 2)
				assert.Len(t, r.domain.Log("write"), writes)
				list := r.parked()
				require.Len(t, list, tt.kept)
				for _, c := range list {
					assert.Equal(t, hook.Kept, c.State)
				}
				r.close()
			})
		})
	}
}

func TestWhatIsOutdatedIsDroppedAfterACrashToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _, ids := newParkedRig(t, "a")
		r.breakShelf()
		r.submit("a", "Password-2")
		time.Sleep(10 * time.Second)
		require.Len(t, r.trail(), 2)
		status, reason := r.replay(ids[0])
		assert.Equal(t, http.StatusConflict, status)
		assert.Equal(t, "superseded", reason, "although the store still has it")
		r.kill()
		r.start()
		time.Sleep(10 * time.Second)
		assert.Empty(t, r.parked())
		assert.Equal(t, "Password-2", r.domain.User("a").Password)
		assert.Len(t, r.trail(), 2)
		r.close()
	})
}

// The outcomes of one user become durable in their order, also when the trail was out of reach for a while.
func TestOutcomesBecomeDurableInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		users := 20
		for u := range users {
			r.domain.Add(fmt.Sprint("user-", u))
		}
		r.domain.Script = writes(func(int, string) *step { return &step{Delay: 40 * time.Millisecond} })
		var trail flaky
		r.startWith(&trail)
		n := 0
		for round := range 10 {
			trail.broken.Store(round%3 == 1)
			for u := range users {
				r.submit(fmt.Sprint("user-", u), fmt.Sprintf("Password-%d-%d", u, round))
				n++
			}
			time.Sleep(30 * time.Millisecond)
		}
		last := map[string]int{}
		for _, o := range r.settled(n, time.Minute) {
			var number int
			_, err := fmt.Sscanf(o.TransactionID, "tx-%d", &number)
			require.NoError(t, err)
			assert.Greater(t, number, last[o.UserName], "%s", o.UserName)
			last[o.UserName] = number
		}
		r.close()
	})
}

// A replay that comes back after a crash may be older than a write that had been begun meanwhile, whose change has not come
// back from the queue yet.
func TestAReplayThatComesBackLooksAtTheUsersNote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, policy, ids := newParkedRig(t, "a")
		policy.Store(true)
		r.stop()
		r.domain.Script = first(2, step{Status: 503}) // The refusal of before, and the replay's first attempt.
		r.startWith(deaf{})
		status, _ := r.replay(ids[0])
		require.Equal(t, http.StatusAccepted, status)
		time.Sleep(time.Second) // It waits for its retry.
		newer := r.submit("a", "Password-2")
		time.Sleep(time.Second) // It is written; nothing can be audited.
		require.Equal(t, "Password-2", r.domain.User("a").Password)
		r.kill()
		r.domain.Script = nil
		r.start()
		r.settled(3, time.Minute)
		assert.Equal(t, hook.Applied, r.status(newer).State)
		assert.Equal(t, hook.Superseded, r.status(ids[0]).State)
		assert.Equal(t, "Password-2", r.domain.User("a").Password)
		for _, w := range r.domain.Applied() {
			assert.NotEqual(t, "weak", w.Password)
		}
		assert.Empty(t, r.parked())
		r.close()
	})
}

func TestAReplayThatIsOlderThanTheNoteIsStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Script = until(time.Now().Add(time.Minute), step{Status: 503})
		r.start()
		r.submit("somebody else", "Password-1") // The queue keeps notes only while something waits.
		time.Sleep(time.Second)
		for order, stale := range map[uint64]bool{8: true, 9: false, 10: false} {
			data, err := json.Marshal(note{Stream: r.engine.stream(), Sequence: 9, Mark: target.Mark{User: "id-001", State: "then"}})
			require.NoError(t, err)
			require.NoError(t, r.engine.queue.SetNote(t.Context(), noteKey("a"), data))
			c := &change{record: record{ID: "x", UserName: "a"}, key: "a", order: order, replay: 1, inherited: true}
			result := r.engine.try(t.Context(), c)
			assert.Equal(t, stale, result.stale, "place %d", order)
			assert.Nil(t, result.begun, "the note is of another way of the change")
		}
		r.close()
	})
}
