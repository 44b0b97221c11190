package ldap

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/ldaptest"
)

func (r *rig) check() (Report, string) {
	r.Helper()
	report, err := Check(r.Context(), r.config, Environment{DialContext: r.directory.DialContext, RootCAs: r.roots})
	require.NoError(r, err)
	var b bytes.Buffer
	require.NoError(r, report.Write(&b))
	assert.NotContains(r, b.String(), hash("ann")[10:], "values are not shown")
	return report, b.String()
}

func TestCheckSaysHowTheDirectoryWouldBeRead(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		config, roots, err := ldaptest.Certificate("127.0.0.1", time.Now().Add(365*24*time.Hour))
		require.NoError(r, err)
		r.roots, r.config.StartTLS, r.config.URLs = roots, true, r.config.URLs[:1]
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.TLS = config })
		r.directory.Add("ann", "bob")
		require.NoError(r, os.Remove(r.config.State))
		report, text := r.check()
		assert.True(r, report.Sound(), text)
		assert.False(r, report.Unreachable())
		for _, want := range []string{
			"server     ForgeRock AS. ForgeRock Directory Services 7.3.0, TLS: TLS 1.3", "strategy   cookie", "2 looked at, 2 with userPassword, 2 with pwdChangedTime",
			"scheme     SSHA512 2", "position     none",
		} {
			assert.Contains(r, text, want)
		}
		_, err = os.Stat(r.config.State)
		require.ErrorIs(r, err, os.ErrNotExist, "nothing is changed")

		r.start()
		r.settle()
		r.stop()
		_, text = r.check()
		assert.Contains(r, text, `position     cookie "dc=example,dc=com:`)
		assert.Contains(r, text, "2 users remembered")
	})
}

func TestCheckFindsWhatIsMissing(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		r.directory.Add("ann", "bob")
		r.directory.AddWith("two", hash("1"), hash("2"))
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.HidePasswords, s.Cookies, s.Numbers = true, false, false })
		r.directory.Server(1).Edit(func(s *ldaptest.Server) { s.Undated, s.Cookies = true, false })
		report, text := r.check()
		assert.False(r, report.Sound())
		for _, want := range []string{
			"finding    there is no changelog for this account: users are found by modifyTimestamp, which has gaps",
			"finding    no user shows userPassword", "finding    the connection is not secured", "not cookie: the server does not know the control",
			"strategy   changeNumber", "1 of 3 users cannot be delivered: several_passwords",
		} {
			assert.Contains(r, text, want)
		}
		r.directory.Server(0).Down(true)
		report, text = r.check()
		assert.False(r, report.Unreachable())
		assert.Contains(r, text, "error      connection: connect: ")
		r.directory.Server(1).Down(true)
		report, _ = r.check()
		assert.True(r, report.Unreachable())
	})
}

func TestCheckKnowsAPositionThatMeansNothing(t *testing.T) {
	bubble(t, ChangeNumber, func(r *rig) {
		r.directory.Add("ann", "bob", "cid")
		r.start()
		r.settle()
		r.stop()
		r.directory.SetPassword("ann", hash("a2"))
		r.directory.SetPassword("bob", hash("b2"))
		r.directory.Server(0).Trim(1)
		report, text := r.check()
		assert.Contains(r, text, "change number 3 of ldap://127.0.0.1")
		assert.Contains(r, report.Servers[0].Missed, "the changelog was trimmed: it begins with 5, and 4 is the next one")
		assert.Empty(r, report.Servers[1].Missed)
		assert.Equal(r, 1, strings.Count(text, "means nothing here"))
	})
}

// TestCheckMeetsWhatAComparisonWould reads all users, so that a limit, a referral or an end shows before the go-live.
func TestCheckMeetsWhatAComparisonWould(t *testing.T) {
	users := func(fault ldaptest.Fault) func(s *ldaptest.Server) {
		return func(s *ldaptest.Server) {
			s.Script = func(operation, base, _ string) *ldaptest.Fault {
				if operation == "search" && base == ldaptest.Base {
					return &fault
				}
				return nil
			}
		}
	}
	tests := map[string]struct {
		edit func(s *ldaptest.Server)
		want []string
	}{
		"a size limit":            {users(ldaptest.Fault{Code: 4, After: 1}), []string{"finding    a comparison would not come to its end", "page 1, after 1 users", "ds-rlim-size-limit: 0"}},
		"a look-through":          {users(ldaptest.Fault{Code: 11, After: 1}), []string{"a comparison would not come to its end", "ds-rlim-lookthrough-limit: 0"}},
		"no index":                {users(ldaptest.Fault{Code: 50}), []string{"a comparison would not come to its end", "unindexed-search"}},
		"references":              {func(s *ldaptest.Server) { s.References = []string{"ldap://ds9/"} }, []string{"refers to 1 other places", "ldap.urls"}},
		"a locked account":        {func(s *ldaptest.Server) { s.Script = bindFault(ldaptest.Fault{Code: 49, Policy: policyLocked}) }, []string{"error      account_locked: bind as uid=sync", "advice     unlock the account"}},
		"a password that ends":    {func(s *ldaptest.Server) { s.Script = bindFault(ldaptest.Fault{Policy: policyExpires}) }, []string{"finding    the password of the account expires in 0 days"}},
		"a certificate that ends": {func(*ldaptest.Server) {}, []string{"finding    the server's certificate ends in 2 days, at 2000-01-03"}},
		"the account's limits":    {func(s *ldaptest.Server) { s.ShowAccount("ds-rlim-size-limit", "0") }, []string{"account    uid=sync,ou=Apps,dc=example,dc=com, by simple", "ds-rlim-size-limit: 0"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, Auto, func(r *rig) {
				config, roots, err := ldaptest.Certificate("127.0.0.1", time.Now().Add(49*time.Hour))
				require.NoError(r, err)
				r.roots, r.config.StartTLS, r.config.URLs = roots, true, r.config.URLs[:1]
				r.directory.Add("ann", "bob")
				s := r.directory.Server(0)
				s.Edit(func(s *ldaptest.Server) { s.TLS = config })
				s.Edit(tt.edit)
				report, text := r.check()
				assert.False(r, report.Sound())
				for _, want := range tt.want {
					assert.Contains(r, text, want)
				}
			})
		})
	}
}

// TestCheckSaysWhatThePositionMeans to each server, with the strategy that would be taken there.
func TestCheckSaysWhatThePositionMeans(t *testing.T) {
	tests := map[string]struct {
		spoil  func(r *rig)
		missed [2]string
	}{
		"each server for itself": {func(r *rig) { r.directory.SetPassword("ann", hash("a2")) }, [2]string{}},
		"another strategy":       {func(r *rig) { r.config.Strategy = Timestamps }, [2]string{"the strategy was changeNumber", "the strategy was changeNumber"}},
		"stepped back":           {func(r *rig) { r.directory.Server(0).Reset() }, [2]string{"the change numbers have stepped back: 2 was read, and 0 is the last one", ""}},
		"a change it lacks":      {func(r *rig) { r.directory.Server(1).Reset() }, [2]string{"", "the last change that was read, with the CSN"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, ChangeNumber, func(r *rig) {
				r.directory.Add("ann", "bob")
				r.start()
				r.settle()
				r.stop()
				tt.spoil(r)
				slices.Reverse(r.config.URLs) // What is found on one must not lead to the other's judgement.
				report, _ := r.check()
				assertBegins(r, tt.missed[1], report.Servers[0].Missed)
				assertBegins(r, tt.missed[0], report.Servers[1].Missed)
			})
		})
	}
}

func assertBegins(r *rig, want, got string) {
	r.Helper()
	assert.True(r, strings.HasPrefix(got, want) && (want == "") == (got == ""), "%q instead of %q", got, want)
}

// TestFindings are sentences, and each is one only when it is.
func TestFindings(t *testing.T) {
	const undated = "no user shows pwdChangedTime: a rehash cannot be told from a change, and is delivered"
	tests := map[string]struct {
		server Server
		told   bool
		want   []string
	}{
		"nothing":               {Server{Users: 2, Readable: 2, Dated: 2, Sight: shown}, false, nil},
		"nobody":                {Server{}, false, []string{"no user is found; look at ldap.base, ldap.filter and the rights of the account"}},
		"no dates":              {Server{Users: 2, Sight: shown}, false, []string{undated}},
		"no dates, but 389-DS":  {Server{Users: 2, Sight: shown}, true, nil},
		"no passwords":          {Server{Users: 2, Sight: none, Because: "that is so"}, false, []string{"no user shows userPassword, so no password would be delivered: that is so; " + none.advice()}},
		"some are hidden":       {Server{Users: 3, Dated: 3, Hidden: 1, Sight: shown}, false, []string{"1 of 3 users show when their password was set, and not the password; " + hidden.advice()}},
		"not secured":           {Server{Users: 1, Dated: 1, Sight: shown, TLS: "none"}, false, []string{"the connection is not secured"}},
		"trouble, in its order": {Server{Users: 9, Dated: 1, Sight: shown, Trouble: map[string]int{"several_names": 2, "no_uid": 1}}, false, []string{"1 of 9 users cannot be delivered: no_uid; ldap.uidAttribute is entryUUID, on an old 389-DS nsUniqueId does", "2 of 9 users cannot be delivered: several_names"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, tt.server.judge(valid(), tt.told)) })
	}
}

func TestTimestampsAreAFindingOnlyWhereSomethingElseWasHopedFor(t *testing.T) {
	for strategy, want := range map[string]bool{Auto: true, Timestamps: false} {
		bubble(t, strategy, func(r *rig) {
			r.config.URLs = r.config.URLs[:1]
			r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.Cookies, s.Numbers = false, false })
			r.directory.Add("ann")
			_, text := r.check()
			assert.Equal(r, want, strings.Contains(text, "there is no changelog for this account"), strategy)
		})
	}
}

// TestCheckShowsWhatWasPutAside: somebody has to look at it.
func TestCheckShowsWhatWasPutAside(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		config, roots, err := ldaptest.Certificate("127.0.0.1", time.Now().Add(365*24*time.Hour))
		require.NoError(r, err)
		r.roots, r.config.StartTLS, r.config.URLs = roots, true, r.config.URLs[:1]
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.TLS = config })
		r.directory.Add("ann")
		r.start()
		r.settle()
		r.directory.AddWith("clear", "Secret-in-clear-12")
		r.settle()
		r.directory.Set("clear", "userPassword", hash("c")) // It is mended behind our back.
		r.stop()
		report, text := r.check()
		assert.Empty(r, report.Servers[0].Findings)
		assert.False(r, report.Sound())
		assert.Contains(r, text, "parked       uid=clear,"+ldaptest.Base+": cleartext, since 2000-01-01T00:00")
		assert.NotContains(r, text, "Secret")
	})
}

func bindFault(f ldaptest.Fault) func(operation, base, filter string) *ldaptest.Fault {
	return func(operation, _, _ string) *ldaptest.Fault {
		if operation == "bind" {
			return &f
		}
		return nil
	}
}
