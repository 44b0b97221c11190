package directory_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// pair is two replicas that start equal and tell each other of every change, each as late as its lag says.
func pair(t *testing.T) (a, b *trial) {
	t.Helper()
	c := directory.DefaultConfig(directory.DS7)
	c.Changelog.Mode = directory.ChangelogNumbers
	a = build(t, c, "a")
	c.ServerID = 2
	b = build(t, c, "b")
	require.NoError(t, b.Initialize(a.Directory))
	for _, s := range []*directory.Subscription{a.Subscribe(b.Directory), b.Subscribe(a.Directory)} {
		go func() { _ = s.Run(t.Context()) }()
	}
	synctest.Wait()
	return a, b
}

func TestARenameOfAnotherReplicaTakesNothingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t)
		b.SetReplicationLag(10 * time.Second)
		babs := "uid=babs," + people
		require.Equal(t, ldap.Success, a.ModifyDN(t.Context(), a.admin, ldap.ModifyDNRequest{DN: bjensen, NewRDN: "uid=babs", DeleteOldRDN: true}, nil).Code)
		// Before b hears of it, the user sets a password there.
		require.Equal(t, ldap.Success, b.modify(b.admin, bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code)
		time.Sleep(time.Minute)
		for _, x := range []*trial{a, b} {
			assert.Equal(t, "babs", x.read(x.admin, babs)["uid"], x.Name())
			assert.True(t, x.LogIn(t.Context(), "dn:"+babs, secret.New("Brand new 1!")).OK, x.Name())
		}
		assert.Equal(t, a.read(a.admin, babs, "*", "+"), b.read(b.admin, babs, "*", "+"))
		assert.Equal(t, a.csns(), b.csns(), "a change is the same at both")
	})
}

// csns are those of the changelog, in their order.
func (x *trial) csns() []string {
	x.t.Helper()
	all, _ := x.changes(x.admin, "(&)", cookie(""))
	csns := make([]string, len(all))
	for i, c := range all {
		csns[i] = c["replicationCSN"]
	}
	slices.Sort(csns)
	return csns
}

func TestTheSameValueAtTwoReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t)
		for _, x := range []*trial{a, b} {
			x.SetReplicationLag(10 * time.Second)
			require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Add, "description", "x")).Code)
		}
		time.Sleep(time.Minute)
		for _, x := range []*trial{a, b} {
			assert.Equal(t, "x", x.read(x.admin, bjensen)["description"], x.Name())
			assert.Len(t, x.csns(), 2, "both changes have taken place at %s", x.Name())
		}
	})
}

func TestADeletedTreeIsOneChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t)
		var told []ldap.Entry
		go func() {
			a.Search(t.Context(), a.admin, ldap.SearchRequest{BaseDN: suffix, Scope: ldap.ScopeSubtree}, []ldap.Control{persistent(15, true, false)}, collect(&told))
		}()
		synctest.Wait()
		require.Equal(t, ldap.Success, a.Delete(t.Context(), a.admin, ldap.DeleteRequest{DN: people}, []ldap.Control{{OID: ldap.OIDTreeDelete}}).Code)
		time.Sleep(time.Second)
		synctest.Wait()
		all, _ := a.changes(a.admin, "(&)")
		require.Len(t, all, 1, "OpenDJ publishes the base alone")
		assert.Equal(t, people, all[0]["targetDN"])
		require.Len(t, told, 1, "and tells persistent searches of it alone")
		assert.Equal(t, people, told[0].DN)
		assert.Empty(t, b.find("(objectClass=person)"), "the other replica deletes the tree all the same")
		assert.Equal(t, a.Size(), b.Size())
	})
}
