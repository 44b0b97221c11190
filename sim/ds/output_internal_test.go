package ds

import (
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWhoWaitsForADeadConnectionIsNotForgotten: an operation that waits until a slow client has read ends when nothing is sent any more.
func TestWhoWaitsForADeadConnectionIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		o := newOutput(near, time.Minute, nil, func() {})
		sent := make(chan error, 3)
		send := func(size int) {
			sent <- o.send(t.Context(), true, func(b []byte) []byte { return append(b, make([]byte, size)...) })
		}
		go send(1) // writes
		synctest.Wait()
		go send(plenty + 1) // is added
		synctest.Wait()
		require.NoError(t, <-sent)
		go send(1) // waits for room
		synctest.Wait()
		require.Empty(t, sent)
		o.die()
		synctest.Wait()
		require.NoError(t, <-sent, "what is sent to nobody need not wait")
		_, _ = io.CopyN(io.Discard, far, 1)
		require.NoError(t, <-sent)
		_, _ = near.Close(), far.Close()
	})
}
