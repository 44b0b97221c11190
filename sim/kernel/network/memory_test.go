package network

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/nettest"
	"pgregory.net/rapid"
)

func tlsConfig(c tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
}

func TestConnBehavesLikeASocket(t *testing.T) {
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		near, far := pair(addr("caller:1"), addr("idcs.test:443"))
		return near, far, func() { _, _ = near.Close(), far.Close() }, nil
	})
}

func TestHTTPSInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := Memory()
		a, err := NewAuthority()
		require.NoError(t, err)
		gone := make(chan time.Duration, 1)
		serve(t, n, a, "idcs.test", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began := time.Now()
			select {
			case <-time.After(30 * time.Second):
				_, _ = io.WriteString(w, "slept")
			case <-r.Context().Done():
				gone <- time.Since(began)
			}
		}))
		client := Client(n, a.Pool())
		defer client.CloseIdleConnections()

		began := time.Now()
		body, err := get(t.Context(), client, "https://idcs.test/")
		require.NoError(t, err)
		assert.Equal(t, "slept", body)
		assert.Equal(t, 30*time.Second, time.Since(began))

		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		_, err = get(ctx, client, "https://idcs.test/")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 7*time.Second, <-gone, "the server learns that the client went")
	})
}

func TestBothEndsMayWriteFirst(t *testing.T) {
	// A TLS 1.3 server ends its handshake by writing session tickets, which the client reads with its first answer only.
	synctest.Test(t, func(t *testing.T) {
		a, err := NewAuthority()
		require.NoError(t, err)
		certificate, err := a.Certificate("idcs.test")
		require.NoError(t, err)
		near, far := pair(addr("caller:1"), addr("idcs.test:443"))
		client := tls.Client(near, &tls.Config{RootCAs: a.Pool(), ServerName: "idcs.test", MinVersion: tls.VersionTLS13})
		server := tls.Server(far, tlsConfig(certificate))
		answered := make(chan error, 1)
		go func() {
			request := make([]byte, 4)
			_, err := io.ReadFull(server, request)
			_, werr := server.Write(request)
			answered <- errors.Join(err, werr)
		}()
		_, err = client.Write([]byte("ping"))
		require.NoError(t, err)
		require.NoError(t, <-answered)
		answer := make([]byte, 4)
		_, err = io.ReadFull(client, answer)
		require.NoError(t, err)
		assert.Equal(t, "ping", string(answer))

		Reset(server) // looks below TLS: no close_notify
		_, err = client.Read(answer)
		require.ErrorIs(t, err, syscall.ECONNRESET)
		_ = client.Close()
	})
}

func TestResetLosesWhatIsUnderWay(t *testing.T) {
	near, far := pair(addr("caller:1"), addr("idcs.test:443"))
	_, err := far.Write([]byte("200 OK"))
	require.NoError(t, err)
	Reset(far)
	n, err := near.Read(make([]byte, 10))
	assert.Zero(t, n)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	_, err = near.Write([]byte("x"))
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestAClosedEndStaysClosed(t *testing.T) {
	near, far := pair(addr("caller:1"), addr("idcs.test:443"))
	require.NoError(t, near.Close())
	require.NoError(t, far.Close())
	Reset(near)
	for _, c := range []net.Conn{near, far} {
		_, err := c.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = c.Write([]byte("x"))
		require.ErrorIs(t, err, net.ErrClosed)
	}
}

func TestDeadlinesFallExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := pair(addr("caller:1"), addr("idcs.test:443"))
		defer func() { _, _ = near.Close(), far.Close() }()
		began := time.Now()
		require.NoError(t, near.SetReadDeadline(began.Add(5*time.Second)))
		_, err := near.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, 5*time.Second, time.Since(began))
		var timeout net.Error
		require.ErrorAs(t, err, &timeout)
		assert.True(t, timeout.Timeout())

		require.NoError(t, near.SetWriteDeadline(time.Now().Add(time.Hour)))
		sent, err := near.Write(make([]byte, 2*room))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, room, sent)
		assert.Equal(t, time.Hour+5*time.Second, time.Since(began))
	})
}

func TestAStreamLosesAndInventsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStream()
		var sent, got []byte
		buffer := make([]byte, 4096)
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				p := rapid.SliceOfN(rapid.Byte(), 0, 4096).Draw(t, "p")
				if s.data.Len()+len(p) > room {
					t.Skip("the stream is full")
				}
				n, err := s.write(p)
				if err != nil || n != len(p) {
					t.Fatalf("write of %d: %d, %v", len(p), n, err)
				}
				sent = append(sent, p...)
			},
			"read": func(t *rapid.T) {
				if s.data.Len() == 0 {
					t.Skip("the stream is empty")
				}
				n, err := s.read(buffer[:rapid.IntRange(1, len(buffer)).Draw(t, "size")])
				if err != nil || n == 0 {
					t.Fatalf("read: %d, %v", n, err)
				}
				got = append(got, buffer[:n]...)
			},
			"": func(t *rapid.T) {
				if len(got)+s.data.Len() != len(sent) || string(got) != string(sent[:len(got)]) {
					t.Fatalf("sent %d, got %d, under way %d", len(sent), len(got), s.data.Len())
				}
			},
		})
	})
}
