package ldap

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/ldaptest"
)

func reconciliation(r *rig) {
	r.config.Mode, r.config.Interval, r.config.PageSize = Reconciliation, "0 0/15 * * * ?", 2
}

func TestReconciliationDeliversWhatDiffers(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		reconciliation(r)
		d := r.directory
		d.Add("ann", "bob", "cid", "dan", "eve")
		r.start()
		r.settle()
		assert.Len(r, r.engine.got(), 5)
		time.Sleep(15 * time.Minute)
		d.SetPassword("ann", hash("a2"))
		d.Rehash("bob", hash("b, stronger"))
		d.Set("cid", "mail", "cid@example.org")
		d.Delete("dan")
		r.expect()
		time.Sleep(15 * time.Minute)
		r.expect("ann " + hash("a2"))
		assert.InEpsilon(r, 1, r.outcome(deleted), 0.01)
		assert.InEpsilon(r, 1, r.outcome(rehash), 0.01)
		assert.Zero(r, r.metric("idm_password_sync_source_connected"), "the connection is not kept")
		assert.Len(r, d.Server(0).Asked("bind"), 3)

		r.stop()
		d.SetPassword("bob", hash("b2"))
		time.Sleep(time.Hour)
		r.start() // Some were missed, so one comes at once.
		r.expect("bob " + hash("b2"))
		assert.Zero(r, r.engine.again())
	})
}

func TestReconciliationStartsWithANoteWhenThatIsWanted(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		reconciliation(r)
		r.config.Start = Now
		r.directory.Add("ann", "bob", "cid")
		r.start()
		r.expect()
		r.directory.SetPassword("ann", hash("a2"))
		time.Sleep(15 * time.Minute)
		r.expect("ann " + hash("a2"))
	})
}

// TestAKillWithinTheFirstReconciliation repeats it: who was noted is not delivered, who has changed since is.
func TestAKillWithinTheFirstReconciliation(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		reconciliation(r)
		r.config.Start, r.config.URLs = Now, r.config.URLs[:1]
		r.directory.Add("ann", "bob", "cid", "dan")
		pages := 0
		r.directory.Server(0).Edit(func(s *ldaptest.Server) {
			s.Script = func(operation, base, _ string) *ldaptest.Fault {
				if operation == "search" && base == ldaptest.Base {
					if pages++; pages == 2 {
						return &ldaptest.Fault{Stall: true}
					}
				}
				return nil
			}
		})
		r.start()
		time.Sleep(10 * time.Second)
		r.stop()
		require.Equal(r, pendingFirst, r.source.position.Pending)
		r.directory.SetPassword("ann", hash("a2"))
		r.directory.SetPassword("dan", hash("d2"))
		r.start()
		r.expect("ann " + hash("a2"))
	})
}

func TestAnEmptySourceIsNotBelieved(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		reconciliation(r)
		r.config.URLs = r.config.URLs[:1]
		r.directory.Add("ann", "bob")
		r.start()
		r.settle()
		require.Len(r, r.engine.got(), 2)
		r.directory.Delete("ann")
		r.directory.Delete("bob")
		time.Sleep(20 * time.Minute)
		assert.Zero(r, r.outcome(deleted))
		assert.Contains(r, r.logs.String(), "no user is found where there were some")
		r.stop()
		r.config.AllowEmptySource = true
		r.start()
		r.settle()
		assert.InEpsilon(r, 2, r.outcome(deleted), 0.01)
	})
}

// TestAPartOfTheUsersIsNotTakenForAll breaks the second page of three, and lets the directory get well again.
func TestAPartOfTheUsersIsNotTakenForAll(t *testing.T) {
	tests := map[string]struct {
		fault ldaptest.Fault
		is    reason
		says  string
	}{
		"time limit":         {ldaptest.Fault{Code: 3, After: 1}, limits, "ds-rlim-time-limit"},
		"size limit":         {ldaptest.Fault{Code: 4, After: 1}, limits, "ds-rlim-size-limit"},
		"look-through limit": {ldaptest.Fault{Code: 11, After: 1}, limits, "ds-rlim-lookthrough-limit"},
		"unindexed":          {ldaptest.Fault{Code: 50, After: 1}, rights, "unindexed-search"},
		"referral":           {ldaptest.Fault{Code: 10, After: 1}, referred, "ldap.urls"},
		"busy":               {ldaptest.Fault{Code: 51, After: 1}, busy, "overloaded"},
		"unavailable":        {ldaptest.Fault{Code: 52, After: 1}, busy, "overloaded"},
		"a lost page":        {ldaptest.Fault{Code: 53, Message: "The following paged results control cookie value was not recognized"}, otherwise, "not recognized"},
		"cut":                {ldaptest.Fault{Cut: true, After: 1}, unreachable, "is the server up"},
		"stalled":            {ldaptest.Fault{Stall: true, After: 1}, silent, "ldap.timeout"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, Auto, func(r *rig) {
				reconciliation(r)
				r.config.URLs = r.config.URLs[:1]
				r.directory.Add("ann", "bob", "cid", "dan", "eve")
				r.start()
				r.settle()
				require.Len(r, r.engine.got(), 5)
				pages := 0
				r.directory.Server(0).Edit(func(s *ldaptest.Server) {
					s.Script = func(operation, base, _ string) *ldaptest.Fault {
						if operation != "search" || base != ldaptest.Base {
							return nil
						}
						if pages++; pages%2 == 0 {
							return &tt.fault
						}
						return nil
					}
				})
				r.directory.SetPassword("eve", hash("e2"))
				time.Sleep(2 * time.Hour)
				assert.Zero(r, r.outcome(deleted))
				assert.Empty(r, r.engine.got())
				assert.Contains(r, r.logs.String(), "page 2, after ")
				assert.Contains(r, r.logs.String(), tt.says)
				assert.Positive(r, r.metric("idm_password_sync_source_failures_total", "reason="+string(tt.is)))
				if tt.is == limits || tt.is == rights || tt.is == referred {
					assert.Less(r, pages, 40, "nobody lifts a limit within a minute")
				}
				r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.Script = nil })
				time.Sleep(longestLimited)
				r.expect("eve " + hash("e2"))
				assert.Contains(r, r.logs.String(), "the directory is read again")
			})
		})
	}
}

// TestPagesThatLeadNowhere are no end.
func TestPagesThatLeadNowhere(t *testing.T) {
	for want, edit := range map[string]func(s *ldaptest.Server){
		"page 2 says nothing of a next one": func(s *ldaptest.Server) { s.Forgetful = true },
		"the server goes round in circles":  func(s *ldaptest.Server) { s.Circling = true },
	} {
		bubble(t, Auto, func(r *rig) {
			reconciliation(r)
			r.config.URLs = r.config.URLs[:1]
			r.directory.Add("ann", "bob", "cid", "dan", "eve")
			r.start()
			r.settle()
			require.Len(r, r.engine.got(), 5)
			r.directory.Server(0).Edit(edit)
			time.Sleep(time.Hour)
			assert.Contains(r, r.logs.String(), want)
			assert.Zero(r, r.outcome(deleted))
			assert.True(r, r.onDisk().Reconciled.Before(time.Now().Add(-time.Hour)))
		})
	}
}

func TestWhoMayBeElsewhereIsNotDeleted(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		reconciliation(r)
		r.config.URLs = r.config.URLs[:1]
		r.directory.Add("ann", "bob")
		r.start()
		r.settle()
		require.Len(r, r.engine.got(), 2)
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.References = []string{"ldap://ds9.example.com/ou=a," + ldaptest.Base} })
		r.directory.Delete("bob")
		r.directory.SetPassword("ann", hash("a2"))
		time.Sleep(15 * time.Minute)
		r.expect("ann " + hash("a2"))
		assert.Zero(r, r.outcome(deleted))
		assert.Contains(r, r.logs.String(), "not taken for deleted")
		assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_references"), 0.01)
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.References = nil })
		time.Sleep(15 * time.Minute)
		r.settle()
		assert.InEpsilon(r, 1, r.outcome(deleted), 0.01)
		assert.Zero(r, r.metric("idm_password_sync_source_references"))
	})
}

func TestMoreUsersThanMayBeRememberedAreTold(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		reconciliation(r)
		r.config.Users, r.config.URLs = 2, r.config.URLs[:1]
		r.directory.Add("ann", "bob", "cid")
		r.start()
		r.settle()
		assert.Contains(r, r.logs.String(), "more users than ldap.users")
	})
}

func TestNoPageIsLeftOut(t *testing.T) {
	bubble(t, Timestamps, func(r *rig) {
		r.config.PageSize, r.config.Start = 7, All
		for i := range 100 {
			r.directory.Add(fmt.Sprintf("user%03d", i))
		}
		r.start()
		r.settle()
		got := r.engine.got()
		require.Len(r, got, 100)
		assert.True(r, strings.HasPrefix(got[99], "user099 "))
	})
}
