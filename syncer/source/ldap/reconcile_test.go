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

func TestAPartOfTheUsersIsNotTakenForAll(t *testing.T) {
	for name, fault := range map[string]ldaptest.Fault{"size limit": {Code: 4, After: 1}, "look-through limit": {Code: 11, After: 1}, "cut": {Cut: true, After: 1}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Auto, func(r *rig) {
				reconciliation(r)
				r.config.URLs = r.config.URLs[:1]
				r.directory.Add("ann", "bob", "cid")
				r.start()
				r.settle()
				require.Len(r, r.engine.got(), 3)
				r.directory.Server(0).Edit(func(s *ldaptest.Server) {
					s.Script = func(operation, base, _ string) *ldaptest.Fault {
						if operation == "search" && base == ldaptest.Base {
							return &fault
						}
						return nil
					}
				})
				time.Sleep(time.Hour)
				assert.Zero(r, r.outcome(deleted))
				assert.Contains(r, r.logs.String(), "cannot be read")
			})
		})
	}
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
