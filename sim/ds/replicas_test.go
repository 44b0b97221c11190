package ds

import (
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
