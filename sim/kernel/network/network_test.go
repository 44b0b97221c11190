package network

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// both runs a test over sockets and in memory: whoever dials must not be able to tell.
func both(t *testing.T, test func(t *testing.T, n Network)) {
	t.Helper()
	for name, open := range map[string]func() Network{"memory": Memory, "tcp": func() Network { return TCP("") }} {
		t.Run(name, func(t *testing.T) { test(t, open()) })
	}
}

// connect opens host and returns both ends of one connection to it.
func connect(t *testing.T, n Network, host string) (near, far net.Conn) {
	t.Helper()
	l, err := n.Listen(host)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if assert.NoError(t, err) {
			accepted <- c
		}
		close(accepted)
	}()
	near, err = n.DialContext(t.Context(), "tcp", host+":443")
	require.NoError(t, err)
	far = <-accepted
	require.NotNil(t, far)
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}

func TestHostsAreFoundByName(t *testing.T) {
	tests := map[string]struct {
		listen, dial string
		found        bool
	}{
		"as named":                   {"idcs.test", "idcs.test:443", true},
		"on any port":                {"idcs.test", "idcs.test:8443", true},
		"in any case":                {"IDCS.test", "idcs.TEST:443", true},
		"with the root dot":          {"idcs.test", "idcs.test.:443", true},
		"on the port it listens on":  {"ds.test:1636", "ds.test:1636", true},
		"not on another":             {"ds.test:1636", "ds.test:1389", false},
		"not by a part of the name":  {"idcs.test", "test:443", false},
		"not a host of the real DNS": {"idcs.test", "example.com:443", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, n Network) {
				l, err := n.Listen(tt.listen)
				require.NoError(t, err)
				done := make(chan struct{})
				go func() {
					defer close(done)
					if c, err := l.Accept(); err == nil {
						_ = c.Close()
					}
				}()
				c, err := n.DialContext(t.Context(), "tcp", tt.dial)
				if tt.found {
					require.NoError(t, err)
					require.NoError(t, c.Close())
				} else {
					var dns *net.DNSError
					require.ErrorAs(t, err, &dns)
					assert.True(t, dns.IsNotFound)
				}
				require.NoError(t, l.Close())
				<-done
			})
		})
	}
}

func TestAHostIsTakenUntilItCloses(t *testing.T) {
	both(t, func(t *testing.T, n Network) {
		_, err := n.Listen("")
		require.ErrorContains(t, err, "no name")

		first, err := n.Listen("idcs.test")
		require.NoError(t, err)
		_, err = n.Listen("IDCS.test.")
		require.ErrorContains(t, err, "idcs.test is taken")

		waiting := make(chan error, 1)
		go func() { _, err := first.Accept(); waiting <- err }()
		require.NoError(t, first.Close())
		require.ErrorIs(t, <-waiting, net.ErrClosed)

		_, err = n.DialContext(t.Context(), "tcp", "idcs.test:443")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		var op *net.OpError
		require.ErrorAs(t, err, &op)
		assert.Equal(t, "dial", op.Op)

		before := n.Address("idcs.test")
		second, err := n.Listen("idcs.test")
		require.NoError(t, err)
		assert.Equal(t, before, n.Address("idcs.test"), "a restarted host is found where it was")
		require.NoError(t, second.Close())
	})
}

func TestAddressIsForStrangers(t *testing.T) {
	memory, sockets := Memory(), TCP("0.0.0.0")
	for _, n := range []Network{memory, sockets} {
		assert.Empty(t, n.Address("idcs.test"))
		l, err := n.Listen("idcs.test")
		require.NoError(t, err)
		defer func() { _ = l.Close() }()
	}
	assert.Equal(t, "idcs.test:443", memory.Address("idcs.test"))
	assert.Regexp(t, `^127\.0\.0\.1:\d+$`, sockets.Address("idcs.test"))
}

func TestDialObeysItsContext(t *testing.T) {
	both(t, func(t *testing.T, n Network) {
		l, err := n.Listen("idcs.test")
		require.NoError(t, err)
		defer func() { _ = l.Close() }()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = n.DialContext(ctx, "tcp", "idcs.test:443")
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestTCPReachesNothingButTheRehearsal(t *testing.T) {
	n := TCP("")
	l, err := n.Listen("idcs.test")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(n.Address("idcs.test"))
	require.NoError(t, err)

	for _, address := range []string{n.Address("idcs.test"), "localhost:" + port} {
		c, err := n.DialContext(t.Context(), "tcp", address)
		require.NoError(t, err, address)
		require.NoError(t, c.Close())
	}
	for _, address := range []string{"192.0.2.1:443", "[2001:db8::1]:443", "10.0.0.1:" + port} {
		_, err := n.DialContext(t.Context(), "tcp", address)
		require.ErrorContains(t, err, "not a loopback address", address)
	}
}

func TestTCPPortsAreFixed(t *testing.T) {
	probe, err := TCP("").Listen("probe.test")
	require.NoError(t, err)
	port := probe.Addr().(*net.TCPAddr).Port
	require.NoError(t, probe.Close())

	n := TCPPorts("127.0.0.1", map[string]int{"IDCS.test": port})
	l, err := n.Listen("idcs.test")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	assert.Equal(t, probe.Addr().String(), n.Address("idcs.test"))
	_, err = TCPPorts("", map[string]int{"other.test": port}).Listen("other.test")
	require.ErrorContains(t, err, "other.test")
}

func TestCloseIsAnEndAndResetIsACut(t *testing.T) {
	both(t, func(t *testing.T, n Network) {
		t.Run("close", func(t *testing.T) {
			near, far := connect(t, n, "close.test")
			_, err := far.Write([]byte("last words"))
			require.NoError(t, err)
			require.NoError(t, far.Close())
			said, err := io.ReadAll(near)
			require.NoError(t, err)
			assert.Equal(t, "last words", string(said))
			_, err = far.Read(make([]byte, 1))
			require.ErrorIs(t, err, net.ErrClosed)
		})
		t.Run("reset meets a waiting reader", func(t *testing.T) {
			near, far := connect(t, n, "reset.test")
			failed := make(chan error, 1)
			go func() { _, err := near.Read(make([]byte, 1)); failed <- err }()
			Reset(far)
			require.ErrorIs(t, <-failed, syscall.ECONNRESET)
			_, err := far.Write([]byte("x"))
			require.ErrorIs(t, err, net.ErrClosed)
		})
		t.Run("reset meets a waiting writer", func(t *testing.T) {
			near, far := connect(t, n, "full.test")
			failed := make(chan error, 1)
			go func() {
				for {
					if _, err := near.Write(make([]byte, 1<<20)); err != nil {
						failed <- err
						return
					}
				}
			}()
			_, err := far.Read(make([]byte, 1)) // the writer is under way
			require.NoError(t, err)
			Reset(far)
			err = <-failed
			assert.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE), "%v", err)
		})
	})
}

func TestClientTrustsTheAuthorityOnly(t *testing.T) {
	both(t, func(t *testing.T, n Network) {
		ours, err := NewAuthority()
		require.NoError(t, err)
		theirs, err := NewAuthority()
		require.NoError(t, err)
		serve(t, n, ours, "idcs.test", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))

		good := Client(n, ours.Pool())
		defer good.CloseIdleConnections()
		body, err := get(t.Context(), good, "https://idcs.test/")
		require.NoError(t, err)
		assert.Equal(t, "HTTP/1.1", body)

		bad := Client(n, theirs.Pool())
		defer bad.CloseIdleConnections()
		_, err = get(t.Context(), bad, "https://idcs.test/")
		require.ErrorContains(t, err, "certificate")
		_, err = get(t.Context(), good, "https://other.test/")
		require.ErrorContains(t, err, "no such host in this rehearsal")
	})
}

func TestManyCallersAtOnce(t *testing.T) {
	both(t, func(t *testing.T, n Network) {
		authority, err := NewAuthority()
		require.NoError(t, err)
		serve(t, n, authority, "idcs.test", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			_, _ = w.Write(body)
		}))
		client := Client(n, authority.Pool())
		defer client.CloseIdleConnections()
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				for range 5 {
					sent := strings.Repeat("x", 100_000) // more than a stream holds
					request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://idcs.test/", strings.NewReader(sent))
					if !assert.NoError(t, err) {
						return
					}
					response, err := client.Do(request)
					if !assert.NoError(t, err) {
						return
					}
					got, err := io.ReadAll(response.Body)
					assert.NoError(t, errors.Join(err, response.Body.Close()))
					assert.Equal(t, len(sent), len(got)) //nolint:testifylint // Len would print 100,000 bytes
				}
			})
		}
		wg.Wait()
	})
}

func TestAuthorityFile(t *testing.T) {
	a, err := NewAuthority()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, a.WriteFile(path))
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, a.PEM(), written)
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o644), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, left, 1, "no temporary file is left")
	require.Error(t, a.WriteFile(filepath.Join(path, "below a file")))
}

func TestCertificateNames(t *testing.T) {
	a, err := NewAuthority()
	require.NoError(t, err)
	c, err := a.Certificate("IDCS.test:443", "192.0.2.7")
	require.NoError(t, err)
	for _, host := range []string{"idcs.test", "192.0.2.7", "localhost", "127.0.0.1", "::1"} {
		require.NoError(t, c.Leaf.VerifyHostname(host), host)
	}
	require.Error(t, c.Leaf.VerifyHostname("other.test"))
	assert.WithinDuration(t, time.Now().AddDate(10, 0, 0), c.Leaf.NotAfter, time.Minute)
	_, err = a.Certificate("idcs.test", ":443")
	require.ErrorContains(t, err, "host 2 has no name")
}

// serve runs an HTTPS server for host until the test ends.
func serve(t *testing.T, n Network, a *Authority, host string, h http.Handler) {
	t.Helper()
	l, err := n.Listen(host)
	require.NoError(t, err)
	certificate, err := a.Certificate(host)
	require.NoError(t, err)
	server := &http.Server{Handler: h, TLSConfig: tlsConfig(certificate), ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		assert.ErrorIs(t, server.ServeTLS(l, "", ""), http.ErrServerClosed)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-served
	})
}

func get(ctx context.Context, c *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	response, err := c.Do(request)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(response.Body)
	return string(body), errors.Join(err, response.Body.Close())
}
