package sim_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// directories is a world with a directory and its replica.
type directories struct {
	*sim.World
	network network.Network
}

// inDirectories runs a test in such a world, in virtual time.
func inDirectories(t *testing.T, test func(t *testing.T, w directories)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := network.Memory()
		config := sim.DefaultConfig()
		config.Run = []string{sim.DS, sim.DS2}
		config.DS.Directory.Changelog.Mode, config.DS2.Directory.Changelog.Mode = "enabled", "enabled"
		w, err := sim.New(config, n)
		require.NoError(t, err)
		require.NoError(t, w.Start(t.Context()))
		t.Cleanup(func() { assert.NoError(t, w.Stop(context.WithoutCancel(t.Context()))) })
		test(t, directories{w, n})
	})
}

// dial connects over LDAPS.
func (w directories) dial(t *testing.T, name string) *goldap.Conn {
	t.Helper()
	u, err := url.Parse(w.URL(name))
	require.NoError(t, err)
	near, err := w.network.DialContext(t.Context(), "tcp", u.Host)
	require.NoError(t, err)
	c := goldap.NewConn(tls.Client(near, w.trust(u.Hostname())), true)
	c.Start()
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (w directories) trust(host string) *tls.Config {
	return &tls.Config{RootCAs: w.Authority().Pool(), ServerName: host, MinVersion: tls.VersionTLS12}
}

// reader is bound with the account of a synchronisation.
func (w directories) reader(t *testing.T, name string) *goldap.Conn {
	t.Helper()
	c := w.dial(t, name)
	dn, password := w.DSAccount()
	require.NoError(t, c.Bind(dn, password.Reveal()))
	return c
}

// stored is what the account reads of a user's password; "" when it reads nothing of it.
func stored(t *testing.T, c *goldap.Conn, user string) string {
	t.Helper()
	found, err := c.Search(goldap.NewSearchRequest("ou=People,dc=example,dc=com", goldap.ScopeSingleLevel, 0, 0, 0, false,
		"(uid="+user+")", []string{"userPassword", "uid"}, nil))
	require.NoError(t, err)
	require.Len(t, found.Entries, 1)
	assert.Equal(t, user, found.Entries[0].GetAttributeValue("uid"))
	return found.Entries[0].GetAttributeValue("userPassword")
}

// numbers are the change numbers that the account finds, with the DNs that changed.
func numbers(t *testing.T, c *goldap.Conn) (changes []string) {
	t.Helper()
	found, err := c.Search(goldap.NewSearchRequest("cn=changelog", goldap.ScopeSingleLevel, 0, 0, 0, false,
		"(changeNumber>=1)", []string{"changeNumber", "targetDN"}, nil))
	require.NoError(t, err)
	for _, e := range found.Entries {
		changes = append(changes, e.GetAttributeValue("changeNumber")+" "+e.GetAttributeValue("targetDN"))
	}
	return changes
}

func users(names ...string) (all []control.UserInput) {
	for _, name := range names {
		all = append(all, control.UserInput{UserName: name, GivenName: "Barbara", FamilyName: "Jensen", Email: name + "@example.com", Password: secret.New("first phrase")})
	}
	return all
}

func change(user, password string) []control.PasswordChangeInput {
	return []control.PasswordChangeInput{{UserName: user, Password: secret.New(password)}}
}

func TestAUserOfADirectoryChangesThePassword(t *testing.T) {
	inDirectories(t, func(t *testing.T, w directories) {
		c := w.Control()
		_, err := c.AddUsers(t.Context(), sim.DS, users("bjensen"))
		require.NoError(t, err)
		reader := w.reader(t, sim.DS)
		before := stored(t, reader, "bjensen")
		assert.Regexp(t, `^\{PBKDF2-HMAC-SHA256\}10:`, before)
		assert.Empty(t, numbers(t, reader), "who is there from the start is no change")

		answers, err := c.ChangePasswords(t.Context(), sim.DS, change("bjensen", "second phrase"))
		require.NoError(t, err)
		kept, err := c.Digests(t.Context(), secret.New(stored(t, reader, "bjensen")))
		require.NoError(t, err)
		assert.Equal(t, []control.Answer{{OK: true, Stored: kept[0]}}, answers)
		assert.NotEqual(t, before, stored(t, reader, "bjensen"))
		assert.Equal(t, "285001 uid=bjensen,ou=People,dc=example,dc=com", numbers(t, reader)[0])

		dn := "uid=bjensen,ou=People,dc=example,dc=com"
		require.NoError(t, w.dial(t, sim.DS).Bind(dn, "second phrase"))
		err = w.dial(t, sim.DS).Bind(dn, "first phrase")
		assert.True(t, goldap.IsErrorWithCode(err, goldap.LDAPResultInvalidCredentials))

		writes, err := c.PasswordWrites(t.Context(), sim.DS)
		require.NoError(t, err)
		require.Len(t, writes.Writes, 1)
		digests, err := c.Digests(t.Context(), secret.New("second phrase"))
		require.NoError(t, err)
		assert.Equal(t, digests[0], writes.Writes[0].Digest)
		assert.Equal(t, "accepted", writes.Writes[0].Outcome)

		answers, err = c.ChangePasswords(t.Context(), sim.DS, append(change("bjensen", "short"), change("nobody", "third phrase")...))
		require.NoError(t, err)
		assert.Equal(t, 19, answers[0].Code, answers[0].Message)
		assert.Contains(t, answers[0].Message, "minimum required length of 8")
		assert.Equal(t, 32, answers[1].Code)
	})
}

func TestTheControlPlaneKnowsADirectory(t *testing.T) {
	inDirectories(t, func(t *testing.T, w directories) {
		c := w.Control()
		generated, err := c.GenerateUsers(t.Context(), sim.DS, 3)
		require.NoError(t, err)
		name := generated[0].UserName

		target, err := c.Target(t.Context(), sim.DS)
		require.NoError(t, err)
		assert.Equal(t, "ldaps://ds.example.com:1636", target.URL)
		assert.Equal(t, 3, target.Users)
		assert.Equal(t, &control.Changelog{Mode: "enabled", First: 285001, Last: 285000}, target.Changelog)
		assert.True(t, target.PasswordReadable)
		assert.Empty(t, target.Clients)

		assert.False(t, generated[0].HasPassword)
		answers, err := c.ChangePasswords(t.Context(), sim.DS, change(name, "first phrase"))
		require.NoError(t, err)
		require.True(t, answers[0].OK, answers[0].Message)
		logIn := func(password string) control.LogIn {
			answers, err := c.LogIns(t.Context(), sim.DS, []control.LogInInput{{UserName: name, Password: secret.New(password)}})
			require.NoError(t, err)
			return answers[0]
		}
		assert.Equal(t, control.LogIn{OK: true}, logIn("first phrase"))
		assert.Equal(t, control.LogIn{Reason: "wrong_password"}, logIn("another"))

		_, err = c.SetActive(t.Context(), sim.DS, false, name)
		require.NoError(t, err)
		assert.Equal(t, control.LogIn{Reason: "inactive"}, logIn("first phrase"))
		_, err = c.SetActive(t.Context(), sim.DS, true, name)
		require.NoError(t, err)

		_, err = c.SetLocked(t.Context(), sim.DS, true, name)
		require.ErrorContains(t, err, "lockout-failure-count")
		err = c.SetPolicy(t.Context(), sim.DS, map[string]any{"lockout-failure-count": 3})
		require.NoError(t, err)
		_, err = c.SetLocked(t.Context(), sim.DS, true, name)
		require.NoError(t, err)
		assert.Equal(t, control.LogIn{Reason: "locked"}, logIn("first phrase"))
		user, err := c.User(t.Context(), sim.DS, name)
		require.NoError(t, err)
		assert.Equal(t, "failures", user.LockedBy)
		_, err = c.SetLocked(t.Context(), sim.DS, false, name)
		require.NoError(t, err)
		assert.Equal(t, control.LogIn{OK: true}, logIn("first phrase"))

		broken, err := c.CheckPassword(t.Context(), sim.DS, name, secret.New("short"))
		require.NoError(t, err)
		require.Len(t, broken, 1)
		assert.Equal(t, "The provided password is shorter than the minimum required length of 8 characters", broken[0].Text)

		_, err = c.SetFederated(t.Context(), sim.DS, true, name)
		require.ErrorContains(t, err, "ds has no federated users")
		_, err = c.SetTier(t.Context(), sim.DS, "free")
		require.ErrorContains(t, err, "ds has no tiers")
		_, err = c.ChangePasswords(t.Context(), sim.DS2, nil)
		require.NoError(t, err)

		_, err = c.RemoveUsers(t.Context(), sim.DS, name)
		require.NoError(t, err)
		assert.Equal(t, "not_found", logIn("first phrase").Reason)

		require.NoError(t, c.Reset(t.Context(), sim.DS))
		target, err = c.Target(t.Context(), sim.DS)
		require.NoError(t, err)
		assert.Zero(t, target.Users)
		assert.Equal(t, 285000, target.Changelog.Last)
	})
}

func TestASignInOfAUserStoresADeprecatedPasswordAnew(t *testing.T) {
	inDirectories(t, func(t *testing.T, w directories) {
		c := w.Control()
		_, err := c.AddUsers(t.Context(), sim.DS, users("bjensen"))
		require.NoError(t, err)
		err = c.SetPolicy(t.Context(), sim.DS, map[string]any{
			"default-password-storage-scheme": "SSHA512", "deprecated-password-storage-scheme": []string{"PBKDF2-HMAC-SHA256"},
		})
		require.NoError(t, err)
		answers, err := c.SignIns(t.Context(), sim.DS, []control.LogInInput{
			{UserName: "bjensen", Password: secret.New("wrong")}, {UserName: "bjensen", Password: secret.New("first phrase")},
		})
		require.NoError(t, err)
		assert.Equal(t, []any{49, false, true}, []any{answers[0].Code, answers[0].OK, answers[1].OK})
		assert.NotEqual(t, answers[0].Stored, answers[1].Stored)
		assert.Regexp(t, `^\{SSHA512\}`, stored(t, w.reader(t, sim.DS), "bjensen"))
		page, err := c.JournalPage(t.Context(), control.JournalQuery{Target: sim.DS, Operation: "bind", User: "bjensen"})
		require.NoError(t, err)
		assert.Equal(t, 2, page.Total)
	})
}

func TestTheRightToReadPasswordsIsAMatterOfTheDirectory(t *testing.T) {
	inDirectories(t, func(t *testing.T, w directories) {
		c := w.Control()
		_, err := c.AddUsers(t.Context(), sim.DS, users("bjensen"))
		require.NoError(t, err)
		first, second := w.reader(t, sim.DS), w.reader(t, sim.DS2)
		assert.NotEmpty(t, stored(t, first, "bjensen"))

		require.NoError(t, c.SetPasswordReadable(t.Context(), sim.DS, false))
		assert.Empty(t, stored(t, first, "bjensen"))
		assert.NotEmpty(t, numbers(t, first), "the changelog is another matter")
		time.Sleep(time.Second)
		assert.Empty(t, stored(t, second, "bjensen"), "it is replicated")
		require.NoError(t, c.SetPasswordReadable(t.Context(), sim.DS, true))
		assert.NotEmpty(t, stored(t, first, "bjensen"))

		err = first.Modify(&goldap.ModifyRequest{DN: "uid=bjensen,ou=People,dc=example,dc=com", Changes: []goldap.Change{
			{Operation: goldap.ReplaceAttribute, Modification: goldap.PartialAttribute{Type: "sn", Vals: []string{"Other"}}},
		}})
		assert.True(t, goldap.IsErrorWithCode(err, goldap.LDAPResultInsufficientAccessRights), "%v", err)
	})
}

func TestAReplicaLagsAndCountsForItself(t *testing.T) {
	inDirectories(t, func(t *testing.T, w directories) {
		c := w.Control()
		require.NoError(t, c.SetReplicationLag(t.Context(), sim.DS2, time.Minute))
		_, err := c.AddUsers(t.Context(), sim.DS, users("bjensen", "scarter"))
		require.NoError(t, err)
		first, second := w.reader(t, sim.DS), w.reader(t, sim.DS2)
		assert.Equal(t, stored(t, first, "bjensen"), stored(t, second, "bjensen"), "who is there from the start is on both")

		_, err = c.ChangePasswords(t.Context(), sim.DS, change("bjensen", "second phrase"))
		require.NoError(t, err)
		assert.Empty(t, numbers(t, second))
		assert.NotEqual(t, stored(t, first, "bjensen"), stored(t, second, "bjensen"))
		time.Sleep(time.Minute + time.Second)
		assert.Equal(t, stored(t, first, "bjensen"), stored(t, second, "bjensen"))
		assert.Equal(t, "285001 uid=bjensen,ou=People,dc=example,dc=com", numbers(t, first)[0])
		assert.Equal(t, "198001 uid=bjensen,ou=People,dc=example,dc=com", numbers(t, second)[0])

		_, err = c.ChangePasswords(t.Context(), sim.DS2, change("scarter", "second phrase"))
		require.NoError(t, err)
		time.Sleep(time.Second)
		assert.Equal(t, stored(t, second, "scarter"), stored(t, first, "scarter"), "both ways")

		require.NoError(t, c.Reset(t.Context(), sim.DS))
		_, err = c.AddUsers(t.Context(), sim.DS, users("kvaughan"))
		require.NoError(t, err)
		_, err = c.ChangePasswords(t.Context(), sim.DS, change("kvaughan", "second phrase"))
		require.NoError(t, err)
		time.Sleep(time.Second)
		assert.Equal(t, stored(t, first, "kvaughan"), stored(t, second, "kvaughan"), "a reset is of both")
		target, err := c.Target(t.Context(), sim.DS2)
		require.NoError(t, err)
		assert.Equal(t, 1, target.Users)
		assert.Zero(t, target.ReplicationLag)

		_, err = c.TrimChangelog(t.Context(), sim.DS, 0)
		require.NoError(t, err)
		assert.Empty(t, numbers(t, first))
		log, err := c.SetChangelog(t.Context(), sim.DS, "enabled-cookie-mode-only", time.Hour)
		require.NoError(t, err)
		assert.Equal(t, "enabled-cookie-mode-only", log.Mode)
		_, err = c.SetChangelog(t.Context(), sim.DS, "sometimes", 0)
		require.ErrorContains(t, err, "changelog.mode")
	})
}

func TestStartTLSAndLDAPS(t *testing.T) {
	inDirectories(t, func(t *testing.T, w directories) {
		_, err := w.Control().AddUsers(t.Context(), sim.DS, users("bjensen"))
		require.NoError(t, err)
		assert.Equal(t, "ldap://ds.example.com:1389", w.StartTLSURL(sim.DS))
		assert.Equal(t, w.StartTLSURL(sim.DS), w.ExternalStartTLSURL(sim.DS))
		dn := "uid=bjensen,ou=People,dc=example,dc=com"
		connect := func() *goldap.Conn {
			near, err := w.network.DialContext(t.Context(), "tcp", net.JoinHostPort("ds.example.com", "1389"))
			require.NoError(t, err)
			c := goldap.NewConn(near, false)
			c.Start()
			t.Cleanup(func() { _ = c.Close() })
			return c
		}
		plain := connect()
		assert.True(t, goldap.IsErrorWithCode(plain.Bind(dn, "first phrase"), goldap.LDAPResultInvalidCredentials), "DS 7 wants it secure")
		secured := connect()
		require.NoError(t, secured.StartTLS(w.trust("ds.example.com")))
		require.NoError(t, secured.Bind(dn, "first phrase"))
		assert.Error(t, connect().StartTLS(w.trust("elsewhere.example.com")))
	})
}

func TestAReplicaNeedsItsDirectory(t *testing.T) {
	config := sim.DefaultConfig()
	config.Run = []string{sim.DS2}
	require.ErrorContains(t, config.Validate(), "ds2 needs ds")
	config.Run = []string{sim.DS, sim.DS2}
	config.DS2.Host, config.DS2.Directory.ServerID = "DS.example.com", 1
	err := config.Validate()
	require.ErrorContains(t, err, "ds2.host")
	require.ErrorContains(t, err, "ds2.directory.serverID: 1 is that of ds, too")
}
