package ldap

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/ldaptest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

func TestPauses(t *testing.T) {
	type step struct {
		r      reason
		worked bool
		pause  time.Duration
		server int
	}
	for name, steps := range map[string][]step{
		"the next one at once":        {{unreachable, false, 0, 1}, {silent, false, time.Second, 0}, {unreachable, false, 0, 1}, {unreachable, false, 2 * time.Second, 0}},
		"one that worked is kept":     {{unreachable, false, 0, 1}, {unreachable, true, time.Second, 1}, {unreachable, false, 0, 0}},
		"the account counts for all":  {{credentials, false, 5 * time.Minute, 1}, {accountLocked, false, 10 * time.Minute, 0}, {refused, false, 20 * time.Minute, 1}, {mustChange, false, 40 * time.Minute, 0}, {passwordExpired, false, time.Hour, 1}, {ourCertificate, false, time.Hour, 0}},
		"a new trouble of an account": {{credentials, false, 5 * time.Minute, 1}, {credentials, true, 5 * time.Minute, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			var turn turns
			for i, s := range steps {
				assert.Equal(t, s.pause, turn.failed(s.r, s.worked, 2), i)
				assert.Equal(t, s.server, turn.server, i)
			}
		})
	}
	for _, r := range []reason{limits, referred, rights, busy} {
		var turn turns
		var pause time.Duration
		for range 20 {
			pause = turn.failed(r, false, 1)
		}
		assert.Equal(t, map[bool]time.Duration{true: longestPause, false: longestLimited}[r == busy], pause, r)
	}
}

// TestAConnectionThatIsSeldomUsedIsNotKept: servers and firewalls end those that are silent.
func TestAConnectionThatIsSeldomUsedIsNotKept(t *testing.T) {
	for interval, want := range map[string]int{"1m": 1, "61s": 10} {
		bubble(t, Cookie, func(r *rig) {
			r.config.Interval = interval
			r.directory.Add("ann")
			r.start()
			time.Sleep(10 * time.Minute)
			assert.Len(r, r.directory.Server(0).Asked("bind"), want, interval)
		})
	}
}

// TestAFirstStartThatNeverEndedStaysOne: who was there before it is noted, whatever gap comes between.
func TestAFirstStartThatNeverEndedStaysOne(t *testing.T) {
	bubble(t, ChangeNumber, func(r *rig) {
		r.config.URLs = r.config.URLs[:1]
		r.directory.Add("ann", "bob", "cid")
		s := r.directory.Server(0)
		s.Edit(func(s *ldaptest.Server) {
			s.Script = func(operation, base, _ string) *ldaptest.Fault {
				if operation == "search" && base == ldaptest.Base {
					return &ldaptest.Fault{Stall: true}
				}
				return nil
			}
		})
		r.start()
		time.Sleep(10 * time.Second)
		r.stop()
		s.Reset()
		s.Edit(func(s *ldaptest.Server) { s.Script = nil })
		r.start()
		r.expect()
		assert.Contains(r, r.logs.String(), "the change numbers have stepped back")
		assert.InEpsilon(r, 3, r.outcome(baseline), 0.01)
	})
}

// TestARehashThatSomebodyTouchedIsStillOne: its date, when it comes, makes it a change.
func TestARehashThatSomebodyTouchedIsStillOne(t *testing.T) {
	bubble(t, Timestamps, func(r *rig) {
		r.directory.Add("ann")
		r.start()
		r.expect()
		time.Sleep(time.Hour)
		r.directory.Rehash("ann", hash("a2"))
		r.expect()
		r.directory.Set("ann", "mail", "ann@example.org")
		r.expect()
		r.directory.SetPassword("ann", hash("a2")) // The same value, and now a date.
		r.expect("ann " + hash("a2"))
	})
}

// TestTheOrderOfValuesIsNone: a server may show several in any.
func TestTheOrderOfValuesIsNone(t *testing.T) {
	bubble(t, Timestamps, func(r *rig) {
		values := []string{hash("1"), hash("2")}
		r.directory.AddWith("two", values...)
		r.start()
		r.expect()
		slices.Reverse(values)
		r.directory.Set("two", "userPassword", values...)
		r.expect()
		assert.InEpsilon(r, 1, r.outcome(baseline), 0.01)
		assert.Zero(r, r.outcome(rehash))
		assert.Positive(r, r.outcome(same))
	})
}

// TestAPasswordThatWasTakenIsWiped from our memory.
func TestAPasswordThatWasTakenIsWiped(t *testing.T) {
	s := &Source{}
	hashed, plain := seal.Secret("{SSHA}a"), seal.Secret("secret")
	s.to = &engine{}
	require.NoError(t, s.insist(t.Context(), hook.Change{TransactionID: "t", Hash: hashed, Password: plain}))
	assert.NotContains(t, string([]byte(hashed)), "SSHA")
	assert.NotContains(t, string([]byte(plain)), "secret")
}

// TestTheClockOfOneServerIsNotAnothers: the first one's is an hour ahead.
func TestTheClockOfOneServerIsNotAnothers(t *testing.T) {
	bubble(t, Timestamps, func(r *rig) {
		r.directory.Ahead(time.Hour)
		r.directory.Add("ann", "bob")
		r.start()
		time.Sleep(2 * time.Hour)
		r.expect()
		r.directory.Server(0).Down(true)
		r.directory.Ahead(0)
		r.expect()
		r.directory.SetPassword("bob", hash("b2"))
		r.expect("bob " + hash("b2"))
	})
}
