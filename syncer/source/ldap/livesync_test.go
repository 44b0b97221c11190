package ldap

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/ldaptest"
)

// strategies runs a test for each way to follow a directory.
func strategies(t *testing.T, test func(r *rig)) {
	t.Helper()
	for _, strategy := range []string{ChangeNumber, Cookie, Timestamps} {
		t.Run(strategy, func(t *testing.T) { bubble(t, strategy, test) })
	}
}

func bubble(t *testing.T, strategy string, test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, strategy)
		test(r)
		r.close()
	})
}

var hash = ldaptest.Hash

func TestLiveSyncDeliversWhatChanges(t *testing.T) {
	strategies(t, func(r *rig) {
		d := r.directory
		d.Add("ann", "bob", "cid")
		r.start()
		r.expect()
		assert.InEpsilon(r, 3, r.outcome(baseline), 0.01)

		d.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		d.SetPassword("bob", hash("b2"))
		d.SetPassword("bob", hash("b3"))
		d.Set("cid", "mail", "cid@example.org")
		r.expect("bob " + hash("b3"))
		d.Add("dan")
		r.expect("dan " + hash("dan"))
		d.Rename("dan", "daniel")
		r.expect()
		d.SetPassword("daniel", hash("d2"))
		r.expect("daniel " + hash("d2"))
		d.Delete("daniel")
		r.expect()
		if r.config.Strategy != Timestamps {
			assert.InEpsilon(r, 1, r.outcome(deleted), 0.01)
			assert.Zero(r, r.outcome(same), "nothing is read twice")
		}
		assert.Zero(r, r.engine.again())
		assert.Zero(r, r.metric("idm_password_sync_source_gaps_total"))
		assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_connected", "server=ldap://127.0.0.1"), 0.01)
		assert.Less(r, r.metric("idm_password_sync_source_lag_seconds"), 11.0)
	})
}

func TestEverythingAtTheFirstStartWhenThatIsWanted(t *testing.T) {
	strategies(t, func(r *rig) {
		r.config.Start = All
		r.directory.Add("ann", "bob")
		r.start()
		r.expect("ann "+hash("ann"), "bob "+hash("bob"))
	})
}

func TestWhatChangedMeanwhileComesAfterARestart(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		r.stop()
		time.Sleep(time.Hour)
		r.directory.SetPassword("ann", hash("a2"))
		time.Sleep(time.Hour)
		r.start()
		r.expect("ann " + hash("a2"))
		r.restart()
		r.expect()
		assert.Zero(r, r.engine.again())
	})
}

// TestAKillRepeatsAndLosesNothing kills between what the engine acknowledged and what was stored: it puts back what the disk held
// before.
func TestAKillRepeatsAndLosesNothing(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		r.stop()
		before := snapshot(r, r.config.State)
		r.directory.SetPassword("ann", hash("a2"))
		r.directory.SetPassword("bob", hash("b2"))
		r.start()
		r.expect("ann "+hash("a2"), "bob "+hash("b2"))
		r.stop()
		for name, data := range before {
			require.NoError(r, os.WriteFile(filepath.Join(r.config.State, name), data, 0o600))
		}
		r.directory.SetPassword("bob", hash("b3"))
		r.start()
		r.expect("bob " + hash("b3"))
		assert.Equal(r, 1, r.engine.again(), "ann once more, under the same transaction")
	})
}

func snapshot(t require.TestingT, dir string) map[string][]byte {
	files := map[string][]byte{}
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range list {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		files[f.Name()] = data
	}
	return files
}

func TestNothingMovesOnBeforeTheEngineHasIt(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Add("ann", "bob", "cid")
		r.start()
		r.expect()
		r.engine.set(errFull, 1)
		for _, u := range []string{"ann", "bob", "cid"} {
			r.directory.SetPassword(u, hash(u+"2"))
		}
		time.Sleep(time.Minute)
		require.Len(r, r.engine.got(), 1)
		r.stop() // While two of three are not taken.
		r.engine.set(nil, 0)
		r.start()
		r.settle()
		assert.Len(r, r.engine.got(), 2)
		assert.Equal(r, 1, r.engine.again())
		assert.Contains(r, r.logs.String(), "the engine does not take a change")
	})
}

func TestARehashIsNotDelivered(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		time.Sleep(time.Hour)
		r.directory.Rehash("ann", hash("a, stronger"))
		r.expect()
		assert.InEpsilon(r, 1, r.outcome(rehash), 0.01)
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))

		r.directory.SetPassword("bob", hash("b2"))
		r.directory.Rehash("bob", hash("b2, stronger"))
		r.expect("bob " + hash("b2, stronger"))
		assert.InEpsilon(r, 1, r.outcome(rehash), 0.01, "with the change before it, it is one")
	})
}

func TestWhat389Shows(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		for i := range 2 {
			r.directory.Server(i).Edit(func(s *ldaptest.Server) { s.Is389, s.Cookies = true, false })
		}
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		assert.Contains(r, r.logs.String(), "strategy=changeNumber")
		time.Sleep(time.Hour)
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		r.directory.Rehash("bob", hash("b, stronger"))
		r.expect()
		assert.InEpsilon(r, 1, r.outcome(rehash), 0.01)
		r.directory.SetPassword("bob", hash("b2"))
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.HidePasswords = true })
		r.expect("bob " + hash("b2"))
		r.directory.Delete("bob")
		r.directory.Rename("ann", "anna")
		r.settle()
		assert.Contains(r, r.logs.String(), "an entry was deleted")
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.HidePasswords = false })
		r.directory.SetPassword("anna", hash("a3"))
		r.expect("anna " + hash("a3"))
		assert.Zero(r, r.metric("idm_password_sync_source_gaps_total"))

		r.directory.Server(0).Down(true)
		r.directory.SetPassword("anna", hash("a4"))
		r.expect("anna " + hash("a4"))
		assert.Contains(r, r.logs.String(), "is not the one that was read from")
	})
}

func TestNoDateAtAllIsAChange(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.Undated = true })
		r.directory.Add("ann")
		r.start()
		r.expect()
		r.directory.Rehash("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		r.directory.SetPassword("ann", hash("a3"))
		r.expect("ann " + hash("a3"))
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
	})
}

func TestAMissingRightIsLoudAndMadeUpFor(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.HidePasswords = true })
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		assert.Equal(r, 1, strings.Count(r.logs.String(), "no entry shows userPassword"))
		assert.Zero(r, r.metric("idm_password_sync_source_password_readable"))
		r.directory.SetPassword("ann", hash("a2"))
		var missed []string
		if r.config.Strategy == Timestamps {
			r.expect()
			missed = []string{"ann " + hash("a2")}
		} else {
			r.expect("ann " + hash("a2")) // The changelog shows the hash to whoever may read the changelog.
		}
		time.Sleep(10 * time.Minute)
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.HidePasswords = false })
		r.directory.SetPassword("bob", hash("b2"))
		r.expect(append(missed, "bob "+hash("b2"))...)
		assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_password_readable"), 0.01)
		r.settle()
		assert.Empty(r, r.engine.got(), "all were compared once")
	})
}

func TestPoisonBlocksNobody(t *testing.T) {
	strategies(t, func(r *rig) {
		d := r.directory
		d.Add("ann", "bob")
		r.start()
		r.expect()
		d.AddWith("two", hash("1"), hash("2"))
		d.AddWith("clear", "Secret-in-clear-12")
		d.AddWith("hidden", "{CLEAR}Secret-in-clear-12")
		d.AddWith("long", "{SSHA512}"+strings.Repeat("A", 5000))
		d.Add("tab\there", "nameless", "unknown")
		d.Set("nameless", "uid")
		d.Set("unknown", "entryUUID")
		d.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		want := map[string]string{
			"two": "several_passwords", "clear": "cleartext", "hidden": "cleartext", "long": "long_password", "tab\there": "bad_user_name",
			"nameless": "no_user_name", "unknown": "no_uid",
		}
		got := map[string]string{}
		for _, e := range r.source.park.list() {
			got[strings.TrimSuffix(strings.TrimPrefix(e.DN, "uid="), ","+ldaptest.Base)] = e.Reason
		}
		assert.Equal(r, want, got)
		assert.InEpsilon(r, len(want), r.metric("idm_password_sync_source_parked"), 0.01)
		assert.NotContains(r, r.logs.String(), "Secret-in-clear")

		d.SetPassword("two", hash("2"))
		d.Set("nameless", "uid", "nameless")
		d.SetPassword("nameless", hash("n2"))
		r.expect("nameless "+hash("n2"), "two "+hash("2"))
		r.restart()
		r.settle()
		assert.Len(r, r.source.park.list(), len(want)-2, "what is left is remembered")
	})
}

func TestClearTextIsAPasswordWhenThatIsWanted(t *testing.T) {
	bubble(t, Cookie, func(r *rig) {
		r.config.Cleartext = true
		r.start()
		r.settle()
		r.directory.AddWith("bare", "Secret-1")
		r.directory.AddWith("clear", "{clear}Secret-2")
		r.directory.AddWith("base64", "{BASE64}U2VjcmV0LTM=")
		r.expect("bare Secret-1", "base64 Secret-3", "clear Secret-2")
	})
}

func TestAChangeThatCannotBeReadIsLeftToTheEntry(t *testing.T) {
	for _, strategy := range []string{ChangeNumber, Cookie} {
		t.Run(strategy, func(t *testing.T) {
			bubble(t, strategy, func(r *rig) {
				r.directory.Add("ann", "bob")
				r.start()
				r.expect()
				r.directory.Log("ann", "modify", "replace userPassword\n")
				r.directory.SetPassword("bob", hash("b2"))
				r.expect("bob " + hash("b2"))
				r.directory.AddWith("eve")
				r.directory.Log("eve", "modify", "\x00\x01")
				r.expect()
				require.Len(r, r.source.park.list(), 1)
				assert.Equal(r, "changes_not_read", r.source.park.list()[0].Reason)
			})
		})
	}
}

func TestOurOwnWritesAreNotReadBack(t *testing.T) {
	for _, strategy := range []string{ChangeNumber, Cookie} {
		t.Run(strategy, func(t *testing.T) {
			bubble(t, strategy, func(r *rig) {
				r.config.IgnoreInitiators = []string{"UID=Back, ou=Apps, dc=example,dc=com"}
				r.directory.Add("ann", "bob")
				r.start()
				r.expect()
				r.directory.SetPasswordBy("uid=back,ou=Apps,dc=example,dc=com", "ann", hash("a2"))
				r.directory.SetPasswordBy("uid=ann,ou=People,dc=example,dc=com", "bob", hash("b2"))
				r.expect("bob " + hash("b2"))
				assert.InEpsilon(r, 1, r.outcome(ignored), 0.01)
				r.directory.SetPassword("ann", hash("a3"))
				r.directory.SetPasswordBy("uid=back,ou=Apps,dc=example,dc=com", "ann", hash("a4"))
				r.expect("ann " + hash("a4"))
			})
		})
	}
}

func TestADryRunLeavesThePositionAlone(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Add("ann")
		r.start()
		r.expect()
		r.stop()
		before := snapshot(r, r.config.State)
		r.readOnly = true
		r.directory.SetPassword("ann", hash("a2"))
		r.start()
		r.expect("ann " + hash("a2"))
		r.stop()
		assert.Equal(r, before, snapshot(r, r.config.State))
	})
}
