package ldap

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/ldaptest"
)

// changelogs runs a test for each changelog, and for that of 389-DS, which names entries by their DN only.
func changelogs(t *testing.T, test func(r *rig)) {
	t.Helper()
	for _, strategy := range []string{ChangeNumber, Cookie} {
		t.Run(strategy, func(t *testing.T) { bubble(t, strategy, test) })
	}
	t.Run("389-DS", func(t *testing.T) {
		bubble(t, ChangeNumber, func(r *rig) {
			for i := range 2 {
				r.directory.Server(i).Edit(func(s *ldaptest.Server) { s.Is389, s.Cookies = true, false })
			}
			test(r)
		})
	})
}

// TestAPasswordThatWasRemovedIsNotDelivered although the changelog shows it.
func TestAPasswordThatWasRemovedIsNotDelivered(t *testing.T) {
	changelogs(t, func(r *rig) {
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		r.directory.SetPassword("ann", hash("a2"))
		r.directory.SetPassword("ann")
		r.directory.SetPassword("bob", hash("b2"))
		r.expect("bob " + hash("b2"))
		r.directory.SetPassword("ann", hash("a3"))
		r.expect("ann " + hash("a3"))
	})
}

// TestANameThatAnotherEntryHasNow: what the first one's last change has brought is not the password of the second.
func TestANameThatAnotherEntryHasNow(t *testing.T) {
	for _, strategy := range []string{ChangeNumber, Cookie} {
		bubble(t, strategy, func(r *rig) {
			r.directory.Add("ann", "bob")
			r.start()
			r.expect()
			r.stop()
			r.directory.SetPassword("ann", hash("a2"))
			r.directory.Set("ann", "entryUUID", "00000000-0000-4000-8000-0000000000ff")
			r.directory.Set("ann", "pwdChangedTime")
			r.directory.Set("ann", "userPassword")
			r.directory.SetPassword("bob", hash("b2"))
			r.start()
			r.expect("bob " + hash("b2"))
		})
	}
}

// TestAnEntryThatIsMendedIsTriedAgain without another change of its password.
func TestAnEntryThatIsMendedIsTriedAgain(t *testing.T) {
	strategies(t, func(r *rig) {
		r.directory.Add("ann")
		r.start()
		r.expect()
		r.directory.Add("tab\there", "nameless")
		r.directory.Set("nameless", "uid")
		r.expect()
		require.Len(r, r.source.park.list(), 2)
		time.Sleep(5 * time.Minute)
		r.directory.Set("ann", "mail", "ann@example.org")
		r.directory.Rename("tab\there", "here")
		r.directory.Set("nameless", "uid", "named")
		r.expect("here "+hash("tab\there"), "named "+hash("nameless"))
		if r.config.Strategy != Timestamps { // Which cannot know that the old name has gone.
			assert.Empty(r, r.source.park.list())
		}
	})
}

// TestWhoIsGoneByThen is nobody to wait for: his end comes on a later page.
func TestWhoIsGoneByThen(t *testing.T) {
	changelogs(t, func(r *rig) {
		r.config.PageSize, r.config.URLs = 1, r.config.URLs[:1]
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		r.directory.SetPassword("ann", hash("a2"))
		r.directory.Delete("ann")
		r.directory.SetPassword("bob", hash("b2"))
		r.expect("bob " + hash("b2"))
		assert.NotContains(r, r.logs.String(), "cannot be read")
	})
}

func TestWhoIsDeletedIsNoLongerPutAside(t *testing.T) {
	changelogs(t, func(r *rig) {
		r.directory.Add("ann")
		r.start()
		r.expect()
		r.directory.AddWith("clear", "Secret-in-clear-12")
		r.expect()
		require.Len(r, r.source.park.list(), 1)
		r.directory.Delete("clear")
		r.expect()
		assert.Empty(r, r.source.park.list())
	})
}

func TestWhoMovesIsFollowed(t *testing.T) {
	const elsewhere = "uid=cid,ou=Left,dc=example,dc=com"
	changelogs(t, func(r *rig) {
		d := r.directory
		d.Add("ann", "bob", "cid", "dan")
		d.Move(ldaptest.DN("cid"), elsewhere)
		r.start()
		r.expect()
		d.SetPassword("ann", hash("a2"))
		d.Rename("ann", "anna") // Within the same look.
		d.Move(elsewhere, ldaptest.DN("cid"))
		d.SetPassword("dan", hash("d2"))
		d.Move(ldaptest.DN("dan"), "uid=dan,ou=Left,dc=example,dc=com")
		r.expect("anna "+hash("a2"), "cid "+hash("cid"))
		d.Move(ldaptest.DN("cid"), elsewhere)
		r.expect()
		assert.Zero(r, r.engine.again())
	})
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ dn, rdn, superior, want string }{
		{"uid=a,ou=x", "uid=b", "", "uid=b,ou=x"},
		{"uid=a, ou=x", "uid=b", "ou=y", "uid=b,ou=y"},
		{`uid=a\,b\\,ou=x`, "uid=b", "", "uid=b,ou=x"},
		{"uid=a", "uid=b", "", "uid=a"},
		{`uid=a\`, "uid=b", "", `uid=a\`},
		{"uid=a,ou=x", "", "", "uid=a,ou=x"},
	} {
		assert.Equal(t, tt.want, renamed(tt.dn, tt.rdn, tt.superior), tt.dn)
	}
}

// TestWhatWasPutAsideAndIsGone is not kept for ever: a comparison tells.
func TestWhatWasPutAsideAndIsGone(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		reconciliation(r)
		r.config.URLs = r.config.URLs[:1]
		r.directory.Add("ann", "tab\there", "nameless", "stays")
		r.directory.Set("nameless", "uid")
		r.directory.Set("stays", "uid")
		r.start()
		r.expect("ann " + hash("ann"))
		require.Len(r, r.source.park.list(), 3)
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.References = []string{"ldap://ds9/"} })
		r.directory.Rename("tab\there", "here")
		r.directory.Delete("nameless")
		time.Sleep(15 * time.Minute)
		r.expect("here " + hash("tab\there"))
		assert.Len(r, r.source.park.list(), 3, "they may be elsewhere")
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.References = nil })
		time.Sleep(15 * time.Minute)
		r.expect()
		require.Len(r, r.source.park.list(), 1)
		assert.Equal(r, ldaptest.DN("stays"), r.source.park.list()[0].DN)
		assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_parked"), 0.01)
	})
}

// TestWhatIsWrittenIntoFilters: ids and CSNs are the server's, and none of them may end a filter.
func TestWhatIsWrittenIntoFilters(t *testing.T) {
	assert.Equal(t, `(replicationCSN=\2a\29\28\5c)`, equality("replicationCSN", `*)(\`))
	bubble(t, Cookie, func(r *rig) {
		r.config.URLs = r.config.URLs[:1]
		r.directory.Add("ann", "bob")
		r.directory.Set("ann", "entryUUID", `a)(b`)
		r.start()
		r.expect()
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
	})
}

// TestNamesOfAllKinds travel as they are, through filters, DNs and the file of those put aside.
func TestNamesOfAllKinds(t *testing.T) {
	names := []string{`o'neil "ned"`, "müller", "*", "a(b)c", "日本", "a+b=c;d<e>", `back\slash`}
	strategies(t, func(r *rig) {
		r.directory.Add("ann")
		r.start()
		r.expect()
		var want []string
		for i, name := range names {
			r.directory.Add(fmt.Sprint("user", i))
			r.directory.Set(fmt.Sprint("user", i), "uid", name)
			want = append(want, name+" "+hash(fmt.Sprint("user", i)))
		}
		slices.Sort(want)
		r.expect(want...)
	})
}

// TestChangesElsewhereAreNotOurs: only ldap.base is.
func TestChangesElsewhereAreNotOurs(t *testing.T) {
	const elsewhere = "uid=cid,ou=Left,dc=example,dc=com"
	changelogs(t, func(r *rig) {
		r.directory.Add("ann", "cid")
		r.directory.Move(ldaptest.DN("cid"), elsewhere)
		r.start()
		r.expect()
		r.directory.SetPasswordAt(elsewhere, hash("c2"))
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		assert.Empty(r, r.directory.Server(0).Asked("search "+elsewhere))
	})
}

// TestManyAtOnce are looked up in parts, and none is forgotten.
func TestManyAtOnce(t *testing.T) {
	bubble(t, Cookie, func(r *rig) {
		r.config.URLs = r.config.URLs[:1]
		var users, want []string
		for i := range 2*together + 1 {
			users = append(users, fmt.Sprintf("user%03d", i))
			want = append(want, users[i]+" "+hash(users[i]+"2"))
		}
		r.directory.Add(users...)
		r.start()
		r.expect()
		for _, u := range users {
			r.directory.SetPassword(u, hash(u+"2"))
		}
		limit := func(n int) func(s *ldaptest.Server) { return func(s *ldaptest.Server) { s.UserLimit = n } }
		r.directory.Server(0).Edit(limit(together - 1))
		r.expect()
		assert.Contains(r, r.logs.String(), "look users up: the server stopped at its size limit (4)")
		r.directory.Server(0).Edit(limit(0))
		time.Sleep(longestLimited)
		r.expect(want...)
	})
}
