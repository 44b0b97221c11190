package queue

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cluster starts three servers that keep three copies, on loopback, in real time.
func cluster(t *testing.T) []*server.Server {
	t.Helper()
	routes := make([]*url.URL, 3)
	for i := range routes {
		l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(t, err)
		routes[i] = &url.URL{Scheme: "nats", Host: l.Addr().String()}
		require.NoError(t, l.Close())
	}
	list := make([]*server.Server, 3)
	for i := range list {
		port := 0
		_, err := fmt.Sscanf(routes[i].Port(), "%d", &port)
		require.NoError(t, err)
		list[i], err = server.NewServer(&server.Options{
			ServerName: fmt.Sprint("s", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
			Cluster: server.ClusterOpts{Name: "seatrial", Host: "127.0.0.1", Port: port}, Routes: routes, SyncAlways: true,
		})
		require.NoError(t, err)
	}
	var starting sync.WaitGroup
	for _, s := range list {
		starting.Go(s.Start)
		t.Cleanup(func() {
			s.Shutdown()
			s.WaitForShutdown()
		})
	}
	starting.Wait()
	for _, s := range list {
		require.True(t, s.ReadyForConnections(20*time.Second))
	}
	return list
}

// TestAClusterLosesAServer stops the server that leads the streams while changes come in.
func TestAClusterLosesAServer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	servers := cluster(t)
	c := DefaultConfig()
	c.URL = servers[0].ClientURL() + "," + servers[1].ClientURL() + "," + servers[2].ClientURL()
	c.Replicas = 3
	timing := usual
	timing.lease, timing.renew, timing.poll = 3*time.Second, 500*time.Millisecond, 200*time.Millisecond
	// The cluster chooses its leader first.
	ready, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	q, err := open(ready, c, timing)
	for err != nil && ready.Err() == nil {
		q, err = open(ready, c, timing)
	}
	require.NoError(t, err)
	require.NoError(t, q.Lead(ready))
	standby, err := open(ready, c, timing)
	require.NoError(t, err)

	acknowledged := map[string]bool{}
	var mu sync.Mutex
	var publishers sync.WaitGroup
	half := make(chan struct{}, 8*50)
	for p := range 8 {
		publishers.Go(func() {
			from := []*Queue{q, standby}[p%2]
			for i := range 50 {
				id := fmt.Sprint(p, "-", i)
				_, err := from.Publish(t.Context(), id, []byte(id))
				if err == nil {
					mu.Lock()
					acknowledged[id] = true
					mu.Unlock()
				}
				half <- struct{}{}
			}
		})
	}
	for range 200 {
		<-half
	}
	info, err := q.journal.handle.Info(t.Context())
	require.NoError(t, err)
	for _, s := range servers {
		if s.Name() == info.Cluster.Leader {
			s.Shutdown()
		}
	}
	publishers.Wait()
	require.NotEmpty(t, acknowledged)
	came := map[string]bool{}
	finish := func(q *Queue, n int) {
		for left := n; left > 0; {
			d := next(t, q)
			assert.False(t, came[string(d.Data)], "%s came twice", d.Data)
			came[string(d.Data)] = true
			if acknowledged[string(d.Data)] {
				left--
			}
			assert.NoError(t, q.SetNote(t.Context(), "key", d.Data))
			assert.NoError(t, q.Done(t.Context(), d))
		}
	}
	finish(q, len(acknowledged)/2)
	require.NoError(t, q.Close(t.Context()))
	require.NoError(t, standby.Lead(t.Context()))
	finish(standby, len(acknowledged)-len(acknowledged)/2)
	for id := range acknowledged {
		assert.True(t, came[id], "%s was acknowledged and is lost", id)
	}
	require.NoError(t, standby.Close(t.Context()))
	t.Logf("%d of 400 acknowledged while a server was lost", len(acknowledged))
}
