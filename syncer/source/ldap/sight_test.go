package ldap

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/syncer/internal/ldaptest"
)

func TestAMissingRightIsToldFromMissingPasswords(t *testing.T) {
	tests := map[string]struct {
		edit      func(s *ldaptest.Server)
		passwords bool // somebody has one
		want      sight
		because   string
	}{
		"the date shows":               {func(s *ldaptest.Server) { s.HidePasswords = true }, true, hidden, "entries show pwdChangedTime"},
		"no date, compared":            {func(s *ldaptest.Server) { s.HidePasswords, s.Undated = true, true }, true, hidden, "can be compared with it, so it has one"},
		"no date, no right to compare": {func(s *ldaptest.Server) { s.HidePasswords, s.Undated, s.NoCompare = true, true, true }, true, unclear, "may not compare them"},
		"no date, but rights are told": {func(s *ldaptest.Server) {
			s.HidePasswords, s.Undated, s.NoCompare, s.TellsRights = true, true, true, true
		}, true, hidden, "may not read userPassword (get effective rights)"},
		"nobody has one, compared":       {func(*ldaptest.Server) {}, false, none, "was compared, and has no userPassword"},
		"nobody has one, rights told":    {func(s *ldaptest.Server) { s.NoCompare, s.TellsRights = true, true }, false, none, "may read userPassword (get effective rights)"},
		"nobody has one, nothing told":   {func(s *ldaptest.Server) { s.NoCompare = true }, false, unclear, "may not compare them"},
		"nobody has one, none may read":  {func(s *ldaptest.Server) { s.HidePasswords, s.TellsRights = true, true }, false, hidden, "may not read userPassword (get effective rights)"},
		"389-DS, which keeps no date":    {func(s *ldaptest.Server) { s.HidePasswords, s.Is389, s.Cookies = true, true, false }, true, hidden, "can be compared with it"},
		"389-DS and nobody has password": {func(s *ldaptest.Server) { s.Is389, s.Cookies, s.TellsRights = true, false, true }, false, none, "was compared"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, Auto, func(r *rig) {
				r.config.URLs = r.config.URLs[:1]
				r.directory.Server(0).Edit(tt.edit)
				for _, uid := range []string{"ann", "bob"} {
					if tt.passwords {
						r.directory.Add(uid)
					} else {
						r.directory.AddWith(uid)
					}
				}
				r.start()
				r.expect()
				readable := 1.0
				if tt.want == hidden || tt.want == unclear {
					readable = 0
					assert.Contains(r, r.logs.String(), "sight="+string(tt.want))
				} else {
					assert.Contains(r, r.logs.String(), "nobody has a password")
					assert.NotContains(r, r.logs.String(), "level=ERROR")
				}
				assert.Contains(r, r.logs.String(), tt.because)
				assert.InDelta(r, readable, r.metric("idm_password_sync_source_password_readable"), 0.01)
				report, text := r.check()
				assert.Equal(r, tt.want, report.Servers[0].Sight)
				assert.Contains(r, text, tt.because)
				assert.False(r, report.Sound())
			})
		})
	}
}

// TestWhatTheChangelogShowsDoesNotHideAMissingRight: hashes come by the changelog, and yet no comparison would find one.
func TestWhatTheChangelogShowsDoesNotHideAMissingRight(t *testing.T) {
	bubble(t, Cookie, func(r *rig) {
		r.config.URLs = r.config.URLs[:1]
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.Undated, s.NoCompare = true, true })
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_password_readable"), 0.01)
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.HidePasswords = true })
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		assert.Contains(r, r.logs.String(), "what the changelog shows is delivered, but no comparison can make up for a gap")
		assert.Zero(r, r.metric("idm_password_sync_source_password_readable"))
	})
}

func TestARightThatCoversOnlySome(t *testing.T) {
	strategies(t, func(r *rig) {
		r.config.URLs = r.config.URLs[:1]
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.HideOf = "bob" })
		r.directory.Add("ann", "bob")
		r.start()
		r.expect()
		for i := range 3 { // Whoever is looked at, nothing is compared again and again.
			r.directory.Set("bob", "mail", "b@example.org", string(rune('a'+i)))
			time.Sleep(time.Minute)
			r.directory.SetPassword("ann", hash("a"+string(rune('1'+i))))
			time.Sleep(time.Minute)
		}
		r.settle()
		assert.Len(r, r.engine.got(), 3)
		assert.Equal(r, 1, strings.Count(r.logs.String(), "does not cover them"), r.logs.String())
		assert.Equal(r, 1, strings.Count(r.logs.String(), "all users were compared"))
		assert.Positive(r, r.outcome(unshown))
		assert.InEpsilon(r, 1, r.metric("idm_password_sync_source_password_readable"), 0.01)
	})
}

func TestReadRight(t *testing.T) {
	for list, want := range map[string][2]bool{
		"search:1,read:1,compare:0": {true, true}, "search:1,read:0": {false, true}, " read:1": {true, true}, "read:?": {false, false}, "": {false, false},
		"selfread:1": {false, false}, "read": {false, false},
	} {
		may, told := readRight(list)
		assert.Equal(t, want, [2]bool{may, told}, list)
	}
}
