package ds

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWhoWaitsHearsOfAFailure has three answers for a client that does not read: one is being written, one is plenty, one waits.
func TestWhoWaitsHearsOfAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		failed := 0
		o := newOutput(near, time.Second, nil, func() { failed++ })
		errs := make(chan error, 3)
		for range 3 {
			go func() {
				errs <- o.send(t.Context(), true, func(b []byte) []byte { return append(b, make([]byte, plenty+1)...) })
			}()
			synctest.Wait()
		}
		require.NoError(t, <-errs, "what is kept is not waited for")
		for range 2 {
			require.Error(t, <-errs)
		}
		assert.Equal(t, 1, failed)
		require.NoError(t, near.Close())
		require.NoError(t, far.Close())
	})
}

func TestADeadOutputSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		o := newOutput(near, time.Second, nil, func() { t.Error("nobody is told") })
		o.die()
		require.NoError(t, o.send(t.Context(), true, func(b []byte) []byte { return append(b, 1) }))
		require.NoError(t, near.Close())
		require.NoError(t, far.Close())
	})
}
