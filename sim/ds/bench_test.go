package ds_test

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// populations are how many users the hot paths are timed with.
var populations = []int{10, 10_000, 100_000}

const benchPassword = "a Passw0rd of all"

// crowd is a server over sockets with so many users, user0 and on. It is OpenDJ: salted SHA-1, so that little of what is timed
// is hashing.
func crowd(b *testing.B, users int) (address string, dn func(i int) string) {
	b.Helper()
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	config := ds.DefaultConfig()
	config.Directory = directory.DefaultConfig(directory.OpenDJ)
	server, err := ds.New(config, ds.Kernel{Clock: new(clock.Clock), Seed: 1, Digester: digester, Journal: journal.New(1000, digester)})
	require.NoError(b, err)
	for i := range users {
		_, err := server.Directory().Populate(b.Context(), people.Person{
			UserName: "user" + strconv.Itoa(i), FamilyName: "User", Active: true, Credential: people.Credential{Password: secret.New(benchPassword)},
		})
		require.NoError(b, err)
	}
	l, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	require.NoError(b, err)
	served := make(chan error)
	go func() { served <- server.Serve(l) }()
	b.Cleanup(func() {
		require.NoError(b, server.Stop(context.Background()))
		require.ErrorIs(b, <-served, ds.ErrStopped)
	})
	return l.Addr().String(), func(i int) string { return server.Directory().UserDN("user" + strconv.Itoa(i)) }
}

// each runs an operation over a connection of each goroutine, for user after user.
func each(b *testing.B, address string, users int, do func(c *goldap.Conn, user int) error) {
	b.Helper()
	var next atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(8) // 16 connections on two processors
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		c, err := goldap.DialURL("ldap://" + address)
		if err != nil {
			b.Error(err)
			return
		}
		defer func() { _ = c.Close() }()
		for pb.Next() {
			if err := do(c, int(next.Add(7919))%users); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkBind(b *testing.B) {
	for _, users := range populations {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			address, dn := crowd(b, users)
			each(b, address, users, func(c *goldap.Conn, user int) error { return c.Bind(dn(user), benchPassword) })
		})
	}
}

func BenchmarkSearch(b *testing.B) {
	for _, users := range populations {
		b.Run(fmt.Sprint(users), func(b *testing.B) {
			address, _ := crowd(b, users)
			each(b, address, users, func(c *goldap.Conn, user int) error {
				found, err := c.Search(&goldap.SearchRequest{
					BaseDN: "dc=example,dc=com", Scope: goldap.ScopeWholeSubtree, Filter: "(uid=user" + strconv.Itoa(user) + ")",
				})
				if err == nil && len(found.Entries) != 1 {
					return fmt.Errorf("%d entries", len(found.Entries))
				}
				return err
			})
		})
	}
}
