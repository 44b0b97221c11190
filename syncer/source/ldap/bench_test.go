package ldap

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/ldaptest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// taker takes everything at once.
type taker struct{}

func (taker) Accept(context.Context, hook.Change) (hook.Receipt, error) {
	return hook.Receipt{State: hook.Queued}, nil
}

// connected is a source that has compared all users once, and its connection.
func connected(b *testing.B, users int) (*ldaptest.Directory, *Source, *conn) {
	b.Helper()
	d := ldaptest.Start("127.0.0.1")
	for i := range users {
		d.Add("user" + strconv.Itoa(i))
	}
	d.Server(0).Forget()
	c := DefaultConfig()
	c.URLs, c.BindDN, c.Password = d.URLs(), ldaptest.BindDN, seal.Secret(ldaptest.Password)
	c.StartTLS, c.Base, c.State = false, ldaptest.Base, b.TempDir()
	s, err := New(c, Environment{DialContext: d.DialContext})
	require.NoError(b, err)
	require.NoError(b, s.open(false))
	s.to = taker{}
	conn, err := s.dialer.connect(b.Context(), c.URLs[0])
	require.NoError(b, err)
	b.Cleanup(func() {
		conn.close(context.Background())
		require.NoError(b, s.seen.close())
		s.Close()
		d.Stop()
	})
	s.position.Pending = pendingFirst
	require.NoError(b, s.compare(b.Context(), conn))
	return d, s, conn
}

func populations(b *testing.B, run func(b *testing.B, users int)) {
	b.Helper()
	for _, users := range []int{10, 10_000, 100_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			b.ReportAllocs()
			run(b, users)
		})
	}
}

// BenchmarkReconciliation compares all users; nobody has changed anything. The directory's own work is in it.
func BenchmarkReconciliation(b *testing.B) {
	populations(b, func(b *testing.B, users int) {
		b.Helper()
		_, s, c := connected(b, users)
		began := time.Now()
		for b.Loop() {
			s.position.Pending = "benchmark"
			require.NoError(b, s.compare(b.Context(), c))
		}
		b.ReportMetric(float64(users*b.N)/time.Since(began).Seconds(), "users/s")
		var m runtime.MemStats
		before := heapOf(&m)
		memos := s.seen.memos
		s.seen.memos = nil
		clear(memos)
		memos = nil
		b.ReportMetric(float64(before-heapOf(&m))/float64(users), "B-kept/user")
		s.seen.memos = memos
	})
}

func heapOf(m *runtime.MemStats) int64 {
	runtime.GC()
	runtime.ReadMemStats(m)
	return int64(m.HeapAlloc)
}

// BenchmarkLiveSync finds one change by cookie and delivers it. It does not grow with the users.
func BenchmarkLiveSync(b *testing.B) {
	populations(b, func(b *testing.B, users int) {
		b.Helper()
		d, s, c := connected(b, users)
		root, err := c.root(b.Context())
		require.NoError(b, err)
		f := s.follower(Cookie, c, root)
		require.NoError(b, f.latest(b.Context(), &s.position))
		d.SetPassword("user0", ldaptest.Hash("first"))
		require.NoError(b, f.pass(b.Context(), &s.position)) // The directory makes its index.
		i := 0
		for b.Loop() {
			i++
			d.SetPassword("user"+strconv.Itoa(i%users), ldaptest.Hash("new"+strconv.Itoa(i)))
			if i%1000 == 0 {
				d.Server(0).Trim(1)
			}
			require.NoError(b, f.pass(b.Context(), &s.position))
			require.NoError(b, s.looked(b.Context(), c))
		}
	})
}
