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

func TestATrimmedChangelogIsAGapThatIsClosed(t *testing.T) {
	for _, strategy := range []string{ChangeNumber, Cookie} {
		t.Run(strategy, func(t *testing.T) {
			bubble(t, strategy, func(r *rig) {
				r.directory.Add("ann", "bob", "cid")
				r.start()
				r.expect()
				r.stop()
				r.directory.SetPassword("ann", hash("a2"))
				r.directory.Delete("bob")
				r.directory.SetPassword("cid", hash("c2"))
				r.directory.Server(0).Trim(1)
				r.start()
				r.expect("ann "+hash("a2"), "cid "+hash("c2"))
				assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_gaps_total"), 0.01)
				assert.Contains(r, r.logs.String(), "changes may have been missed")
				assert.InEpsilon(r, 1, r.outcome(deleted), 0.01)
				r.directory.SetPassword("ann", hash("a3"))
				r.expect("ann " + hash("a3"))
				assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_gaps_total"), 0.01)
			})
		})
	}
}

// TestAnEmptyCookieIsNoPosition: the server says nothing of what was trimmed before it was read by a cookie that names no replica.
func TestAnEmptyCookieIsNoPosition(t *testing.T) {
	for name, keep := range map[string]int{"one is left": 1, "all are gone": 0} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Cookie, func(r *rig) {
				r.config.URLs = r.config.URLs[:1]
				r.directory.Add("ann", "bob")
				r.directory.Server(0).Forget()
				r.start()
				r.expect()
				require.Empty(r, r.source.position.Cookie)
				r.restart()
				r.expect()
				assert.Zero(r, r.metric("idm_password_sync_source_gaps_total"), "nothing has happened")
				r.stop()
				r.directory.SetPassword("ann", hash("a2"))
				r.directory.SetPassword("bob", hash("b2"))
				r.directory.Server(0).Trim(keep)
				r.start()
				r.expect("ann "+hash("a2"), "bob "+hash("b2"))
				assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_gaps_total"), 0.01)
				r.restart()
				r.directory.SetPassword("ann", hash("a3"))
				r.expect("ann " + hash("a3"))
				assert.Zero(r, r.metric("idm_password_sync_source_gaps_total"))
			})
		})
	}
}

// TestACookieThatIsNone is answered with 2, and would be for ever.
func TestACookieThatIsNone(t *testing.T) {
	bubble(t, Cookie, func(r *rig) {
		r.directory.Add("ann")
		r.start()
		r.expect()
		r.stop()
		p := r.onDisk()
		p.Cookie = "dc=example,dc=com:what is this;"
		require.NoError(r, writeJSON(positionFile(r.config.State), p))
		r.directory.SetPassword("ann", hash("a2"))
		r.start()
		r.expect("ann " + hash("a2"))
		assert.Contains(r, r.logs.String(), "the server does not take the cookie: ")
		assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_gaps_total"), 0.01)
	})
}

func TestTheFirstChangeOfAllIsNoGapWhileSomebodyLooks(t *testing.T) {
	bubble(t, Cookie, func(r *rig) {
		r.directory.Add("ann")
		for i := range 2 {
			r.directory.Server(i).Forget()
		}
		r.start()
		r.expect()
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		assert.Zero(r, r.metric("idm_password_sync_source_gaps_total"))
	})
}

// TestAReplicaThatTheCookieDoesNotName has joined while nobody looked, and part of what it wrote is gone.
func TestAReplicaThatTheCookieDoesNotName(t *testing.T) {
	for name, pending := range map[string][]string{"nothing to read first": nil, "something to read first": {"bob " + hash("b2")}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Cookie, func(r *rig) {
				r.config.URLs = r.config.URLs[:1]
				r.directory.Add("ann", "bob")
				r.start()
				r.expect()
				r.stop()
				if pending != nil {
					r.directory.SetPassword("bob", hash("b2"))
				}
				r.start()
				time.Sleep(time.Second) // Reading to the end once is enough, no comparison is needed.
				assert.Equal(r, pending, r.engine.got())
				r.directory.From(2)
				r.directory.SetPassword("ann", hash("a2"))
				r.expect("ann " + hash("a2"))
				assert.Zero(r, r.metric("idm_password_sync_source_gaps_total"), "it joins under our eyes")
				r.stop()
				r.directory.From(3)
				r.directory.SetPassword("ann", hash("a3"))
				r.directory.SetPassword("bob", hash("b3"))
				r.directory.Server(0).Trim(1)
				r.start()
				r.expect("ann "+hash("a3"), "bob "+hash("b3"))
				assert.Contains(r, r.logs.String(), "changes of 3 replicas, and the position names 2")
			})
		})
	}
}

func TestReplicasOfACookie(t *testing.T) {
	base, err := parseDN("ou=People,dc=example,dc=com")
	require.NoError(t, err)
	f := &byCookie{source: &Source{base: base}}
	for cookie, want := range map[string]int{
		"": 0, ";": 0, "dc=example,dc=com:;": 0, "dc=example,dc=com:c1 c2;cn=schema:c3;": 2, "DC=Example, dc=com:c1;": 1, "cn=schema:c1;o=x:c2;": 0,
		"ou=a,ou=People,dc=example,dc=com:c1;": 1, "what is this": 3, "cn=admin data:0102 0304;dc=example,dc=com:0506": 1,
	} {
		assert.Equal(t, want, f.replicas(cookie), cookie)
	}
}

// TestAChangelogThatWasNeverWritten says 0 and 0.
func TestAChangelogThatWasNeverWritten(t *testing.T) {
	bubble(t, ChangeNumber, func(r *rig) {
		r.config.URLs = r.config.URLs[:1]
		r.directory.Add("ann", "bob")
		r.directory.Server(0).Reset()
		r.start()
		r.expect()
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		r.stop()
		r.directory.SetPassword("ann", hash("a3"))
		r.directory.Server(0).Trim(0)
		r.start()
		r.expect("ann " + hash("a3"))
		assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_gaps_total"), 0.01)
	})
}

func TestWhatIsTrimmedWithoutBeingMissedIsNoGap(t *testing.T) {
	for _, strategy := range []string{ChangeNumber, Cookie} {
		t.Run(strategy, func(t *testing.T) {
			bubble(t, strategy, func(r *rig) {
				r.directory.Add("ann", "bob")
				r.start()
				r.expect()
				r.directory.Server(0).Trim(0)
				r.restart()
				r.expect()
				r.directory.SetPassword("ann", hash("a2"))
				r.expect("ann " + hash("a2"))
				assert.Zero(r, r.metric("idm_password_sync_source_gaps_total"))
			})
		})
	}
}

func TestWhatIsTrimmedWhileItIsReadIsAGap(t *testing.T) {
	bubble(t, ChangeNumber, func(r *rig) {
		r.config.PageSize, r.config.URLs = 2, r.config.URLs[:1]
		users := []string{"ann", "bob", "cid", "dan", "eve", "fay"}
		r.directory.Add(users...)
		r.start()
		r.expect()
		r.stop()
		var want []string
		for _, u := range users {
			r.directory.SetPassword(u, hash(u+"2"))
			want = append(want, u+" "+hash(u+"2"))
		}
		s := r.directory.Server(0)
		s.Edit(func(*ldaptest.Server) {
			s.Script = func(_, base, filter string) *ldaptest.Fault {
				if base == "cn=changelog" && strings.Contains(filter, "(changeNumber>=9)") {
					s.Trim(1)
				}
				return nil
			}
		})
		r.start()
		r.expect(want...)
		assert.Contains(r, r.logs.String(), "the changelog was trimmed while it was read: it begins with 12, and 9 was not there")
	})
}

func TestNumbersThatStepBackAreNoticed(t *testing.T) {
	bubble(t, ChangeNumber, func(r *rig) {
		r.directory.Add("ann", "bob", "cid")
		r.start()
		r.expect()
		r.directory.Server(0).Reset()
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		assert.Contains(r, r.logs.String(), "the change numbers have stepped back")
		r.stop()
		r.directory.Server(0).Reset()
		for i := range 9 { // The number that was read last is another change now.
			r.directory.SetPassword("bob", hash(fmt.Sprint("b", i)))
		}
		r.start()
		r.expect("bob " + hash("b8"))
		assert.Contains(r, r.logs.String(), "is not on this server")
	})
}

func TestHolesInTheNumberingAreNoGaps(t *testing.T) {
	bubble(t, ChangeNumber, func(r *rig) {
		r.config.PageSize = 10
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		r.directory.SetPassword("ann", hash("a2"))
		r.directory.Server(0).Skip(35)
		r.directory.SetPassword("bob", hash("b2"))
		r.expect("ann "+hash("a2"), "bob "+hash("b2"))
		assert.Zero(r, r.metric("idm_password_sync_source_gaps_total"))
		r.directory.Server(0).Skip(5) // Announced, and never shown.
		r.expect()
		assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_gaps_total"), 0.01)
		r.directory.SetPassword("bob", hash("b3"))
		r.expect("bob " + hash("b3"))
		assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_gaps_total"), 0.01)
	})
}

func TestBlocksShrinkBelowTheServersLimit(t *testing.T) {
	bubble(t, ChangeNumber, func(r *rig) {
		r.config.URLs = r.config.URLs[:1]
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.SizeLimit = 7 })
		r.directory.Add("ann")
		r.start()
		r.expect()
		for i := range 40 {
			r.directory.Set("ann", "mail", fmt.Sprint(i))
		}
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
	})
}

func TestTheNextServerTakesOver(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		r.directory.Server(0).Down(true)
		r.directory.SetPassword("bob", hash("b2"))
		r.expect("bob " + hash("b2"))
		assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_connected", "server=ldap://127.0.0.2"), 0.01)
		assert.Zero(r, r.metric("idm_password_sync_source_connected", "server=ldap://127.0.0.1"))
		assert.Zero(r, r.engine.again())
		if r.config.Strategy == ChangeNumber {
			assert.Contains(r, r.logs.String(), "taken over to another server by its CSN")
			assert.Zero(r, r.metric("idm_password_sync_source_gaps_total"))
		}
		r.directory.Server(0).Down(false)
		r.directory.Server(1).Down(true)
		r.directory.SetPassword("ann", hash("a3"))
		r.expect("ann " + hash("a3"))
		assert.Contains(r, r.logs.String(), "the directory is read again")
	})
}

func TestAReplicaThatLagsBringsNothingOldBack(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		r.directory.Lag(1, true)
		time.Sleep(10 * time.Second)
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		r.directory.Server(0).Down(true)
		r.expect()
		r.directory.Lag(1, false)
		r.directory.SetPassword("bob", hash("b2"))
		r.expect("bob " + hash("b2"))
		assert.Zero(r, r.engine.again())
		if r.config.Strategy == ChangeNumber {
			assert.InEpsilon(r, 1, r.outcome(stale), 0.01)
		}
	})
}

// TestTimestampsOfAnotherServerAreNotTrusted is about a change that only the other server had, for longer than the overlap.
func TestTimestampsOfAnotherServerAreNotTrusted(t *testing.T) {
	bubble(t, Timestamps, func(r *rig) {
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		r.directory.Lag(0, true)
		r.directory.SetPassword("ann", hash("a2"))
		time.Sleep(time.Hour)
		r.expect()
		r.directory.Server(0).Down(true)
		r.expect("ann " + hash("a2"))
	})
}

func TestAServerThatSaysNothingIsLeft(t *testing.T) {
	for name, fault := range map[string]ldaptest.Fault{
		"deaf": {Deaf: true}, "deaf among entries": {Deaf: true, After: 1}, "dripping": {Drip: 300 * time.Millisecond},
		"stalled": {Stall: true}, "stalled among entries": {Stall: true, After: 1}, "cut": {Cut: true}, "cut among entries": {Cut: true, After: 1},
		"busy": {Code: 51}, "unavailable": {Code: 52}, "time limit": {Code: 3, After: 1}, "admin limit": {Code: 11},
		"size limit": {Code: 4, After: 1}, "referral": {Code: 10}, "unindexed": {Code: 50, Message: "unindexed search"},
	} {
		t.Run(name, func(t *testing.T) {
			strategies(t, func(r *rig) {
				r.config.Timeout = 5 * time.Second
				r.directory.Add("ann", "bob")
				r.directory.Server(0).Edit(func(s *ldaptest.Server) {
					s.Script = func(operation, base, _ string) *ldaptest.Fault {
						if operation == "search" && base == ldaptest.Base {
							return &fault
						}
						return nil
					}
				})
				r.start()
				time.Sleep(time.Minute)
				r.directory.SetPassword("ann", hash("a2"))
				r.expect("ann " + hash("a2"))
				assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_connected", "server=ldap://127.0.0.2"), 0.01)
				assert.Equal(r, 1, strings.Count(r.logs.String(), "cannot be read"))
			})
		})
	}
}

func TestNoServerForAWhile(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Add("ann")
		r.start()
		r.expect()
		r.directory.Server(0).Down(true)
		r.directory.Server(1).Down(true)
		time.Sleep(2 * time.Hour)
		assert.Greater(r, r.metric("idm_password_sync_source_lag_seconds"), 7000.0)
		r.directory.SetPassword("ann", hash("a2"))
		r.directory.Server(0).Down(false)
		time.Sleep(2 * time.Minute)
		r.expect("ann " + hash("a2"))
	})
}

func TestReferencesAreToldAndNotFollowed(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.References = []string{"ldap://evil.test/dc=example,dc=com"} })
		r.directory.Add("ann")
		r.start()
		r.expect()
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		assert.Equal(r, 1, strings.Count(r.logs.String(), "refers to other servers"))
	})
}

func TestTheStrategyIsWhatTheAccountMayUse(t *testing.T) {
	tests := map[string]struct {
		edit func(*ldaptest.Server)
		want string
		says string
	}{
		"cookie first":            {func(*ldaptest.Server) {}, Cookie, ""},
		"numbers without cookies": {func(s *ldaptest.Server) { s.Cookies = false }, ChangeNumber, "does not know the control"},
		"neither":                 {func(s *ldaptest.Server) { s.Cookies, s.Numbers = false, false }, Timestamps, "which has gaps"},
		"nothing to be seen":      {func(s *ldaptest.Server) { s.EmptyChanges, s.Cookies = true, false }, Timestamps, "shows none of the changes"},
		"no right":                {func(s *ldaptest.Server) { s.HideChanges = true }, Timestamps, "sufficient privileges"},
		"no such entry":           {noChangelog(32), Timestamps, "No Such Object"},
		"unwilling":               {noChangelog(53), Timestamps, "Unwilling To Perform"},
		"no critical extension":   {noChangelog(12), Timestamps, "Unavailable Critical Extension"},
		"a protocol error":        {noChangelog(2), Timestamps, "Protocol Error"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, Auto, func(r *rig) {
				for i := range 2 {
					r.directory.Server(i).Edit(tt.edit)
				}
				r.directory.Add("ann", "bob")
				r.start()
				r.expect()
				assert.Equal(r, tt.want, r.source.position.Strategy)
				assert.Contains(r, r.logs.String(), tt.says)
				r.directory.SetPassword("ann", hash("a2"))
				r.expect("ann " + hash("a2"))
			})
		})
	}
}

// noChangelog answers like this whoever asks for it.
func noChangelog(code int) func(*ldaptest.Server) {
	return func(s *ldaptest.Server) {
		s.Script = func(_, base, _ string) *ldaptest.Fault {
			if base == "cn=changelog" {
				return &ldaptest.Fault{Code: code}
			}
			return nil
		}
	}
}

// TestABusyChangelogIsNoneThatIsMissing: another strategy would compare all users for nothing, and see less from then on.
func TestABusyChangelogIsNoneThatIsMissing(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		for i := range 2 {
			r.directory.Server(i).Edit(noChangelog(51))
		}
		r.directory.Add("ann", "bob")
		r.start()
		time.Sleep(10 * time.Minute)
		assert.Empty(r, r.onDisk().Strategy)
		for i := range 2 {
			r.directory.Server(i).Edit(func(s *ldaptest.Server) { s.Script = nil })
		}
		time.Sleep(longestPause)
		r.expect()
		assert.Equal(r, Cookie, r.onDisk().Strategy)
	})
}

func TestAStrategyThatIsAskedForAndNotThereIsAnError(t *testing.T) {
	bubble(t, Cookie, func(r *rig) {
		for i := range 2 {
			r.directory.Server(i).Edit(func(s *ldaptest.Server) { s.Cookies = false })
		}
		r.start()
		r.settle()
		assert.Contains(r, r.logs.String(), "ldap.strategy: cookie: the server does not know the control")
	})
}

func TestAnotherStrategyComparesAll(t *testing.T) {
	bubble(t, Timestamps, func(r *rig) {
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		r.stop()
		r.directory.SetPassword("ann", hash("a2"))
		r.config.Strategy = Auto
		r.start()
		r.expect("ann " + hash("a2"))
		assert.Equal(r, Timestamps, r.source.position.Strategy, "auto stays with what it has")
		r.stop()
		r.directory.SetPassword("bob", hash("b2"))
		r.config.Strategy = Cookie
		r.start()
		r.expect("bob " + hash("b2"))
		require.Equal(r, Cookie, r.source.position.Strategy)
	})
}

// TestTimestampsReadAgainOnlyWhatIsYoung is about a directory whose users were all loaded at once.
func TestTimestampsReadAgainOnlyWhatIsYoung(t *testing.T) {
	bubble(t, Timestamps, func(r *rig) {
		for i := range 200 {
			r.directory.Add(fmt.Sprintf("user%03d", i))
		}
		r.start()
		time.Sleep(5 * time.Minute)
		before := r.metric("idm_password_sync_source_entries_total")
		time.Sleep(time.Hour)
		assert.InDelta(r, before, r.metric("idm_password_sync_source_entries_total"), 0.01)
		r.directory.SetPassword("user007", hash("a2"))
		r.expect("user007 " + hash("a2"))
		time.Sleep(5 * time.Minute)
		assert.Less(r, r.metric("idm_password_sync_source_entries_total")-before, 20.0)
	})
}
