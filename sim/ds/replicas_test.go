package ds

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// twins are two replicas that are joined and started.
func twins(t *testing.T) (a, b *Server) {
	t.Helper()
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	var servers [2]*Server
	for i, name := range []string{"one", "two"} {
		c := DefaultConfig()
		c.Directory.ServerID = i + 1
		c.Directory.Hashing.Cheap = true
		s, err := New(c, Kernel{Clock: new(clock.Clock), Seed: 1, Digester: digester, Journal: journal.New(10, digester), Name: name})
		require.NoError(t, err)
		servers[i] = s
	}
	r, err := Join(servers[0], servers[1])
	require.NoError(t, err)
	r.Start(t.Context())
	t.Cleanup(r.Stop)
	synctest.Wait()
	return servers[0], servers[1]
}

// retell gives bjensen a description at one replica.
func retell(t *testing.T, s *Server, description string) {
	t.Helper()
	m := ldap.Change{Op: ldap.Replace, Attribute: ldap.Attribute{Description: "description", Values: [][]byte{[]byte(description)}}}
	require.NoError(t, s.directory.Change(t.Context(), "bjensen", m))
}

// described tells who has a description at a replica.
func described(t *testing.T, s *Server, description string) bool {
	t.Helper()
	r := s.directory.Compare(t.Context(), administrator(t, s), ldap.CompareRequest{DN: babs, Attribute: "description", Value: []byte(description)}, nil)
	return r.Code == ldap.CompareTrue
}

func administrator(t *testing.T, s *Server) *directory.Session {
	t.Helper()
	session := &directory.Session{Secure: true}
	require.Equal(t, ldap.Success, s.directory.Bind(t.Context(), session, rootDN, secret.New("password"), nil).Code)
	return session
}

func TestUsersAddedPastLDAPAreOnAllReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := twins(t)
		_, err := a.Populate(people.Person{UserName: "new", FamilyName: "New"})
		require.NoError(t, err)
		_, ok := b.Roster().ByUserName("new")
		assert.True(t, ok)
	})
}

func TestResetOfReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := twins(t)
		retell(t, a, "x")
		time.Sleep(time.Second)
		require.True(t, described(t, b, "x"))
		policy := a.PolicyJSON()
		require.NoError(t, a.SetPolicyJSON([]byte(`{"lockout-failure-count": 3}`)))
		b.Reset()
		assert.Equal(t, policy, a.PolicyJSON())
		assert.False(t, described(t, a, "x"), "all are at their start")
		assert.False(t, described(t, b, "x"))
		synctest.Wait()
		retell(t, b, "y")
		time.Sleep(time.Second)
		assert.True(t, described(t, a, "y"), "and replication goes on")
	})
}

// TestResetBringsAnImportBack resets either replica, the one that has read the file and the one that was aligned with it.
func TestResetBringsAnImportBack(t *testing.T) {
	const text = "dn: dc=example,dc=com\nobjectClass: domain\n\ndn: ou=People,dc=example,dc=com\nobjectClass: organizationalUnit\n\n" +
		"dn: uid=bjensen,ou=People,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: bjensen\ncn: b\nsn: b\nuserPassword: Secret12!\n\n" +
		"dn: cn=Strict,dc=example,dc=com\nobjectClass: subentry\nobjectClass: ds-pwp-password-policy\ncn: Strict\n" +
		"ds-pwp-password-attribute: userPassword\nds-pwp-default-password-storage-scheme: SSHA512\nsubtreeSpecification: {}\n"
	synctest.Test(t, func(t *testing.T) {
		a, b := twins(t)
		_, err := a.Import(t.Context(), "x.ldif", strings.NewReader(text), func(err error) error { return err })
		require.NoError(t, err)
		id := func(s *Server, user string) string {
			p, _ := s.Roster().ByUserName(user)
			return p.ID
		}
		before := id(a, "bjensen")
		var later []string
		for _, s := range []*Server{a, b, a} {
			added, err := a.Populate(people.Person{UserName: "new", FamilyName: "New"})
			require.NoError(t, err)
			later = append(later, added.ID)
			_, only := a.Roster().ByID(added.ID)
			assert.True(t, only, "no id is made twice")
			require.NoError(t, a.Remove(before))
			time.Sleep(time.Second)
			require.Empty(t, id(b, "bjensen"))
			s.Reset()
			for _, each := range []*Server{a, b} {
				assert.Equal(t, 1, each.Roster().Len(), each.Name())
				assert.Equal(t, before, id(each, "bjensen"), each.Name())
				session := &directory.Session{Secure: true}
				assert.Equal(t, ldap.Success, each.directory.Bind(t.Context(), session, babs, secret.New("Secret12!"), nil).Code)
				assert.Equal(t, ldap.InvalidCredentials, each.directory.Bind(t.Context(), session, babs, secret.New("Secret13!"), nil).Code)
				policy := ldap.CompareRequest{DN: babs, Attribute: "pwdPolicySubentry", Value: []byte("cn=Strict,dc=example,dc=com")}
				assert.Equal(t, ldap.CompareTrue, each.directory.Compare(t.Context(), administrator(t, each), policy, nil).Code)
				_, first, last := each.ChangelogMode()
				assert.Equal(t, first-1, last, "the changelog is empty")
			}
			synctest.Wait()
		}
		assert.Len(t, slices.Compact(later), 1, "each run makes the same ids")

		_, err = a.Import(t.Context(), "y.ldif", strings.NewReader(text+"\nnonsense\n"), func(err error) error { return err })
		require.Error(t, err)
		a.Reset()
		assert.Equal(t, before, id(b, "bjensen"), "a file that was refused is not kept")
	})
}

// TestReplicaThatIsTooFarBehind has more changes on the way than are kept for anybody.
func TestReplicaThatIsTooFarBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := twins(t)
		b.directory.SetReplicationLag(time.Minute)
		for range 1<<14 + 10 {
			retell(t, a, "x")
			retell(t, a, "z")
		}
		time.Sleep(time.Hour)
		assert.True(t, described(t, b, "z"), "it was initialized again")
		b.directory.SetReplicationLag(0)
		retell(t, a, "y")
		time.Sleep(time.Hour)
		assert.True(t, described(t, b, "y"), "and goes on")
	})
}
