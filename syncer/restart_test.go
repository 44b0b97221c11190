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

	"github.com/seatrial/seatrial/syncer/queue"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
)

func TestARestartResumesInOrder(t *testing.T) {
	for name, end := range map[string]func(*rig){"stop": (*rig).stop, "kill": (*rig).kill} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				var healed atomic.Bool
				r.domain.Script = func(call string, _ int, _ string) *step {
					if !healed.Load() && call != "token" {
						return &step{Status: 503}
					}
					return nil
				}
				for i := range 20 {
					r.domain.Add(fmt.Sprint("user-", i))
				}
				r.start()
				for round := range 3 {
					for i := range 20 {
						r.submit(fmt.Sprint("user-", i), fmt.Sprintf("Password-%d-%d", i, round))
					}
					time.Sleep(time.Second)
				}
				end(r)
				healed.Store(true)
				r.start()
				r.settled(60, time.Minute)
				for i := range 20 {
					assert.Equal(t, fmt.Sprintf("Password-%d-2", i), r.domain.User(fmt.Sprint("user-", i)).Password)
				}
				assert.Len(t, r.domain.Applied(), 20)
				assert.Len(t, r.trail(), 60, "one line per change, over both engines")
				r.close()
			})
		})
	}
}

func TestAWriteInFlightIsNotRepeatedAfterAKill(t *testing.T) {
	for name, tt := range map[string]struct {
		trouble step
		writes  int
		reason  string
	}{
		"the target applied it":        {step{Delay: 3 * time.Second}, 1, "confirmed_by_date"},
		"the target never acted on it": {step{Delay: 3 * time.Second, Cut: true}, 2, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t) // No history at the target: a repeat would be taken, and count.
				r.domain.Add("a")
				r.domain.Script = first(1, tt.trouble)
				r.start()
				id := r.submit("a", "Password-1")
				time.Sleep(time.Second)
				r.kill()
				time.Sleep(5 * time.Second)
				r.start()
				r.settled(1, time.Minute)
				assert.Equal(t, hook.Applied, r.status(id).State)
				assert.Len(t, r.domain.Log("write"), tt.writes)
				assert.Len(t, r.domain.Applied(), 1)
				lines := r.trail()
				require.Len(t, lines, 1)
				assert.Equal(t, tt.reason, lines[0].Reason)
				assert.GreaterOrEqual(t, lines[0].Attempts, 1)
				r.close()
			})
		})
	}
}

func TestAKillIsNoFailureOfTheTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.Retry.Retries, r.config.Rounds = 0, 0 // Any failure would be the last.
		var hang atomic.Bool
		hang.Store(true)
		r.domain.Script = func(call string, _ int, _ string) *step { return &step{Hang: hang.Load() && call == "find"} }
		for i := range 12 {
			r.domain.Add(fmt.Sprint("user-", i))
		}
		r.start()
		for i := range 12 {
			r.submit(fmt.Sprint("user-", i), "Password-1")
		}
		time.Sleep(time.Second)
		r.kill()
		assert.Empty(t, r.trail())
		hang.Store(false)
		r.start()
		for _, o := range r.settled(12, time.Minute) {
			assert.Equal(t, hook.Applied, o.State)
		}
		r.close()
	})
}

func TestKilledAtEveryMomentNothingIsLostOrRepeated(t *testing.T) {
	for moment := range 40 {
		t.Run(fmt.Sprint(moment*37, "ms"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.domain.Script = func(call string, n int, _ string) *step {
					if call == "write" && n%5 == 0 {
						return &step{Lose: true}
					}
					return &step{Delay: 90 * time.Millisecond}
				}
				for u := range 3 {
					r.domain.Add(fmt.Sprint("user-", u))
				}
				r.start()
				n := 0
				end := time.Now().Add(time.Duration(moment) * 37 * time.Millisecond)
				for i := range 4 {
					for u := range 3 {
						if i == 0 || time.Now().Before(end) {
							r.submit(fmt.Sprint("user-", u), fmt.Sprintf("Password-%d-%d", u, i))
							n++
						}
					}
					time.Sleep(min(time.Until(end), 350*time.Millisecond))
				}
				time.Sleep(time.Until(end))
				r.kill()
				r.start()
				list := r.settled(n, time.Hour)
				assert.Len(t, list, n)
				seen := map[string]bool{}
				newest := map[string]string{}
				for _, w := range r.domain.Applied() {
					assert.False(t, seen[w.Password], "%s was written twice", w.Password)
					seen[w.Password] = true
					assert.Greater(t, w.Password, newest[w.User], "an older password after a newer one")
					newest[w.User] = w.Password
				}
				for u := range 3 {
					assert.Equal(t, fmt.Sprintf("Password-%d-%d", u, (n-1-u)/3), r.domain.User(fmt.Sprint("user-", u)).Password)
				}
				lines := r.trail()
				ids := map[string]bool{}
				for _, l := range lines {
					assert.False(t, ids[l.ID], "%s is audited twice", l.TransactionID)
					ids[l.ID] = true
				}
				assert.Len(t, lines, n)
				r.close()
			})
		})
	}
}

func TestAnOlderChangeThatComesBackIsNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.domain.Script = until(time.Now().Add(time.Minute), step{Status: 503})
		r.start()
		id := r.submit("a", "Password-old")
		time.Sleep(time.Second)
		r.kill()
		// As after a power failure: a newer change was begun and removed, the removal of the older one got lost.
		q, err := queue.Open(t.Context(), r.config.Queue)
		require.NoError(t, err)
		_, err = q.Next(t.Context())
		require.NoError(t, err)
		_, err = q.Publish(t.Context(), "newer", nil)
		require.NoError(t, err)
		newer, err := q.Next(t.Context())
		require.NoError(t, err)
		data, err := json.Marshal(note{Stream: q.Created().UnixNano(), Sequence: newer.Sequence, ID: "newer", Mark: target.Mark{User: "id-001"}})
		require.NoError(t, err)
		require.NoError(t, q.SetNote(t.Context(), noteKey("A"), data))
		require.NoError(t, q.Done(t.Context(), newer))
		require.NoError(t, q.Close(t.Context()))
		time.Sleep(time.Minute)
		r.start()
		r.settled(1, time.Minute)
		assert.Equal(t, hook.Superseded, r.status(id).State)
		assert.Empty(t, r.domain.Log("write"))
		r.close()
	})
}

func TestAnAuditedChangeThatComesBackIsOnlyRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.start()
		id := r.submit("a", "Password-1")
		r.settled(1, time.Second)
		r.stop()
		// The engine died between the audit line and the removal: the change is in the queue again.
		q, err := queue.Open(t.Context(), r.config.Queue)
		require.NoError(t, err)
		data, err := record{ID: id, TransactionID: "tx-1", UserName: "a", Accepted: time.Now()}.encode()
		require.NoError(t, err)
		_, err = q.Publish(t.Context(), "another dedupe id", data)
		require.NoError(t, err)
		require.NoError(t, q.Close(t.Context()))
		r.start()
		time.Sleep(time.Hour)
		assert.Equal(t, hook.Applied, r.status(id).State, "the trail restores what is known")
		assert.Len(t, r.outcomes(), 1)
		assert.Len(t, r.trail(), 1)
		assert.Len(t, r.domain.Log("write"), 1)
		r.stop()
		r.start() // It is gone.
		assert.Contains(t, r.metrics(), `idm_password_sync_queue_depth{target_system="idcs"} 0`)
		r.close()
	})
}

func TestARoundOfTheScheduleCountsAcrossRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.Rounds = 2
		r.domain.Add("a")
		r.domain.Script = writes(func(int, string) *step { return &step{Status: 503} })
		r.start()
		r.submit("a", "Password-1")
		time.Sleep(16 * time.Minute) // The first round is over.
		require.Len(t, r.domain.Log("write"), 5)
		r.kill()
		r.start()
		list := r.settled(1, time.Hour)
		assert.Equal(t, hook.Parked, list[0].State)
		assert.LessOrEqual(t, len(r.domain.Log("write")), 7)
		r.close()
	})
}

func TestAWrongKeyParksAndTellsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a", "b")
		r.domain.Script = until(time.Now().Add(time.Minute), step{Status: 503})
		r.start()
		id := r.submit("a", "Password-1")
		time.Sleep(time.Second)
		r.stop()
		require.NoError(t, os.Remove(r.config.Seal.KeyFile))
		require.NoError(t, seal.WriteKeyFile(r.config.Seal.KeyFile))
		time.Sleep(time.Minute)
		before := len(r.domain.Log())
		r.start()
		r.settled(1, time.Second)
		assert.Equal(t, hook.Parked, r.status(id).State)
		assert.Equal(t, "seal_mismatch", r.status(id).Reason)
		assert.Len(t, r.domain.Log(), before, "the target was not asked")
		r.submit("b", "Password-2") // Others go on.
		r.settled(2, time.Second)
		assert.Equal(t, "Password-2", r.domain.User("b").Password)
		r.close()
	})
}

func TestAFullQueueIsSaidSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.Queue.Limit = 1
		r.domain.Add("a")
		r.domain.Script = slowWrites(10 * time.Second)
		r.start()
		r.submit("a", "Password-1")
		status, answer, header := r.request(http.MethodPost, "/v1/changes", map[string]any{"transactionId": "tx-2", "userName": "a", "password": "Password-2"})
		assert.Equal(t, http.StatusServiceUnavailable, status)
		assert.Equal(t, "5", header.Get("Retry-After"))
		assert.NotContains(t, string(answer), "Password-2")
		r.settled(1, time.Minute)
		r.submitAs("tx-2", "a", "Password-2") // What was refused was not remembered.
		r.settled(2, time.Minute)
		assert.Equal(t, "Password-2", r.domain.User("a").Password)
		r.close()
	})
}

func TestStartMistakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		for name, change := range map[string]func(*Config){
			"broken trail": func(c *Config) {
				c.Audit = filepath.Join(t.TempDir(), "audit")
				require.NoError(t, os.WriteFile(c.Audit, []byte("{\"hash\":\"x\"}\n"), 0o600))
			},
			"missing key": func(c *Config) { c.Seal = seal.Config{KeyFile: filepath.Join(t.TempDir(), "none")} },
			"missing ca":  func(c *Config) { c.IDCS.CAFile = "/none" },
			"bad queue":   func(c *Config) { c.Queue.Dir = "/dev/null/queue" },
			"bad address": func(c *Config) { c.Hook.Listen = "192.0.2.1:1" },
		} {
			c := r.config
			change(&c)
			e, err := New(c, Environment{})
			require.NoError(t, err, name)
			require.Error(t, e.Start(t.Context()), name)
			require.NoError(t, e.Stop(t.Context()), name)
		}
		r.start()
		second, err := New(r.config, Environment{Listener: r.listener, Audit: &buffer{}})
		require.NoError(t, err)
		require.ErrorIs(t, second.Start(t.Context()), queue.ErrInUse)
		r.domain.Stop()
		r.stop()
	})
}
