package queue

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// served starts a server; within a bubble it must not listen.
func served(t *testing.T, listen bool) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, DontListen: !listen, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
	})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	require.True(t, s.ReadyForConnections(10*time.Second))
	return s
}

// beside opens a queue on a server in this process, as if by URL.
func beside(t *testing.T, s *server.Server) *Queue {
	t.Helper()
	c := DefaultConfig()
	c.URL = "nats://in-memory"
	q, err := open(t.Context(), c, usual, nats.InProcessServer(s))
	require.NoError(t, err)
	return q
}

// die ends a queue as a crash does: nothing more is written, and nobody is told.
func (q *Queue) die() {
	q.conn.Close()
	q.abandon()
}

func TestOneOfTwoDelivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := served(t, false)
		first, second := beside(t, s), beside(t, s)
		require.NoError(t, first.Lead(t.Context()))
		taken := make(chan time.Time, 1)
		go func() {
			assert.NoError(t, second.Lead(t.Context()))
			taken <- time.Now()
		}()
		publish(t, second, "from the one that stands by")
		publish(t, first, "from the leader")
		a, b := next(t, first), next(t, first)
		assert.Equal(t, "from the one that stands by", string(a.Data))
		assert.Equal(t, "from the leader", string(b.Data))
		require.NoError(t, first.SetNote(t.Context(), "key", []byte("begun")))
		require.ErrorIs(t, second.SetNote(t.Context(), "key", nil), ErrInUse)
		require.NoError(t, first.Done(t.Context(), a))
		time.Sleep(time.Hour)
		assert.Empty(t, taken, "the leader is alive")

		require.NoError(t, first.Close(t.Context()))
		closed := time.Now()
		assert.LessOrEqual(t, (<-taken).Sub(closed), 3*time.Second)
		assert.Equal(t, "from the leader", string(next(t, second).Data), "the other one is done")
		assert.LessOrEqual(t, b.Sequence, second.Last())
		assert.Equal(t, "begun", noteOf(t, second, "key"))
		duplicate, err := second.Publish(t.Context(), "from the one that stands by", nil)
		require.NoError(t, err)
		assert.True(t, duplicate)
		require.NoError(t, second.Close(t.Context()))
	})
}

func TestADeadLeaderIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := served(t, false)
		first, second, third := beside(t, s), beside(t, s), beside(t, s)
		require.NoError(t, first.Lead(t.Context()))
		publish(t, first, "a")
		next(t, first)
		time.Sleep(time.Minute)
		leads := make(chan *Queue, 2)
		ctx, cancel := context.WithCancel(t.Context())
		for _, q := range []*Queue{second, third} {
			go func() {
				if q.Lead(ctx) == nil {
					leads <- q
				}
			}()
		}
		time.Sleep(time.Minute)
		died := time.Now()
		first.die()
		q := <-leads
		assert.LessOrEqual(t, time.Since(died), 30*time.Second)
		assert.Equal(t, "a", string(next(t, q).Data))
		time.Sleep(time.Hour)
		assert.Empty(t, leads, "one at a time")
		cancel()
		synctest.Wait()
		require.NoError(t, second.Close(t.Context()))
		require.NoError(t, third.Close(t.Context()))
	})
}

func TestAStalledLeaderCannotBeginAWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := served(t, false)
		old := beside(t, s)
		old.timing.renew = time.Hour // It is too busy for a sign of life.
		fresh := beside(t, s)
		require.NoError(t, old.Lead(t.Context()))
		publish(t, old, "a")
		d := next(t, old)
		require.NoError(t, old.SetNote(t.Context(), "key", []byte("before")))
		require.NoError(t, fresh.Lead(t.Context()))
		assert.Equal(t, "before", noteOf(t, fresh, "key"))
		again := next(t, fresh)
		assert.Equal(t, d.Sequence, again.Sequence)

		require.ErrorIs(t, old.SetNote(t.Context(), "key", []byte("after")), ErrInUse)
		<-old.Lost()
		require.ErrorIs(t, old.Done(t.Context(), d), ErrInUse)
		_, err := old.Next(t.Context())
		require.ErrorIs(t, err, ErrInUse)
		require.ErrorIs(t, old.Lead(t.Context()), ErrInUse)
		assert.Equal(t, "before", noteOf(t, fresh, "key"))
		require.NoError(t, old.Close(t.Context()))
		require.NoError(t, fresh.Close(t.Context()))
	})
}

func TestTheSameChangeFromTwoProcessesIsDeliveredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := served(t, false)
		leader, other := beside(t, s), beside(t, s)
		require.NoError(t, leader.Lead(t.Context()))
		publish(t, leader, "same")
		require.NoError(t, leader.Done(t.Context(), next(t, leader)))
		publish(t, other, "same") // It cannot know.
		publish(t, other, "next")
		d := next(t, leader)
		assert.Equal(t, "next", string(d.Data))
		require.NoError(t, leader.Done(t.Context(), d))
		require.NoError(t, leader.Close(t.Context()))
		require.NoError(t, other.Lead(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := other.Next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, other.Close(t.Context()))
	})
}

func TestOneThatStandsByKnowsThatTheQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := served(t, false)
		c := DefaultConfig()
		c.URL, c.Limit = "nats://in-memory", 3
		var both [2]*Queue
		for i := range both {
			q, err := open(t.Context(), c, usual, nats.InProcessServer(s))
			require.NoError(t, err)
			both[i] = q
		}
		require.NoError(t, both[0].Lead(t.Context()))
		for i := range 3 {
			publish(t, both[0], fmt.Sprint(i))
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- both[1].Lead(ctx) }()
		time.Sleep(10 * time.Second)
		_, err := both[1].Publish(t.Context(), "one too many", nil)
		require.ErrorIs(t, err, ErrFull)
		require.NoError(t, both[0].Done(t.Context(), next(t, both[0])))
		time.Sleep(10 * time.Second)
		publish(t, both[1], "fits now")
		_, err = both[1].Publish(t.Context(), "does not", nil)
		require.ErrorIs(t, err, ErrFull)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		for _, q := range both {
			require.NoError(t, q.Close(t.Context()))
		}
	})
}

// TestAServerOfItsOwn runs over a real socket, in real time.
func TestAServerOfItsOwn(t *testing.T) {
	c := DefaultConfig()
	c.Dir, c.URL = "", served(t, true).ClientURL()
	q, other := opened(t, c), opened(t, c)
	require.NoError(t, q.Lead(t.Context()))
	publish(t, other, "one")
	d := next(t, q)
	assert.Equal(t, "one", string(d.Data))
	require.NoError(t, q.Park(t.Context(), "one", []byte("parked")))
	require.NoError(t, q.Done(t.Context(), d))
	admin, err := OpenForAdministration(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, []string{"one"}, parkedIDs(t, admin), "beside an engine")
	require.NoError(t, admin.Close(t.Context()))
	require.NoError(t, q.Close(t.Context()))
	require.NoError(t, other.Lead(t.Context()))
	require.NoError(t, other.Close(t.Context()))

	c.URL = "nats://127.0.0.1:1"
	_, err = Open(t.Context(), c)
	require.ErrorContains(t, err, "queue.url")
}
