package queue

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestAServerOfItsOwn runs over a real socket, in real time.
func TestAServerOfItsOwn(t *testing.T) {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
	})
	require.NoError(t, err)
	s.Start()
	defer func() {
		s.Shutdown()
		s.WaitForShutdown()
	}()
	require.True(t, s.ReadyForConnections(10*time.Second))
	c := DefaultConfig()
	c.Dir, c.URL = "", s.ClientURL()

	q := opened(t, c)
	_, err = q.Publish(t.Context(), "one", []byte("1"))
	require.NoError(t, err)
	assert.Equal(t, "1", string(next(t, q).Data))
	_, err = Open(t.Context(), c)
	require.ErrorIs(t, err, ErrInUse, "a second engine would break the order")
	require.NoError(t, q.Close(t.Context()))

	q = opened(t, c)
	d := next(t, q)
	assert.Equal(t, "1", string(d.Data), "not done, so delivered again")
	require.NoError(t, q.Done(t.Context(), d))
	require.NoError(t, q.Close(t.Context()))

	c.URL = "nats://127.0.0.1:1"
	_, err = Open(t.Context(), c)
	require.ErrorContains(t, err, "queue.url")
}
