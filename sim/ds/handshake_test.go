package ds

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
)

// secured are the two ways to an encrypted connection; each returns a client of go-ldap.
func (h *house) secured() map[string]func(t *testing.T) (*goldap.Conn, error) {
	return map[string]func(t *testing.T) (*goldap.Conn, error){
		faults.RouteStartTLS: func(t *testing.T) (*goldap.Conn, error) {
			t.Helper()
			c := h.client(t)
			return c, c.StartTLS(h.clientTLS())
		},
		faults.RouteLDAPS: func(t *testing.T) (*goldap.Conn, error) {
			t.Helper()
			raw, err := h.network.DialContext(t.Context(), "tcp", secureHost)
			require.NoError(t, err)
			t.Cleanup(func() { _ = raw.Close() })
			over := tls.Client(raw, h.clientTLS())
			if err := over.HandshakeContext(t.Context()); err != nil {
				return nil, err
			}
			c := goldap.NewConn(over, true)
			c.Start()
			t.Cleanup(func() { _ = c.Close() })
			return c, nil
		},
	}
}

// eachWay runs a test on LDAPS and on StartTLS, in virtual time.
func eachWay(t *testing.T, test func(t *testing.T, h *house, route, other string)) {
	t.Helper()
	for route, other := range map[string]string{faults.RouteLDAPS: faults.RouteStartTLS, faults.RouteStartTLS: faults.RouteLDAPS} {
		t.Run(route, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, open(t), route, other) })
		})
	}
}

func TestCertificatesOnDemand(t *testing.T) {
	for flaw, want := range map[network.Flaw]string{ // go-ldap keeps nothing but the text
		network.Expired:     "is after 1999-12-31T00:00:00Z",
		network.NotYetValid: "is before 2001-01-01T00:00:00Z",
		network.WrongHost:   "certificate is valid for somewhere-else.example.com, not ds.test",
		network.UnknownCA:   "certificate signed by unknown authority",
	} {
		t.Run(string(flaw), func(t *testing.T) {
			eachWay(t, func(t *testing.T, h *house, route, other string) {
				t.Helper()
				id := h.force(t, faults.Rule{Kind: faults.KindCertificate, Certificate: flaw, Scope: on(route), Trigger: faults.Trigger{First: 1}})
				_, err := h.secured()[other](t)
				require.NoError(t, err, "the other way is fine")
				_, err = h.secured()[route](t)
				require.ErrorContains(t, err, want)
				e := h.last(t)
				assert.Equal(t, []string{route, "handshake", ""}, []string{e.Method, e.Operation, e.Outcome})
				assert.Equal(t, journal.Unanswered, e.Status)
				assert.Equal(t, []string{id}, e.Faults)
				c, err := h.secured()[route](t)
				require.NoError(t, err)
				require.NoError(t, c.Bind(babs, hifa))
			})
		})
	}
}

// TestBrokenHandshake: whoever goes on in the clear after it finds nobody there.
func TestBrokenHandshake(t *testing.T) {
	for way, want := range map[string]string{
		faults.HandshakeClose: "EOF", faults.HandshakeGarbage: "does not look like a TLS handshake",
	} {
		t.Run(way, func(t *testing.T) {
			eachWay(t, func(t *testing.T, h *house, route, _ string) {
				t.Helper()
				h.force(t, faults.Rule{Kind: faults.KindHandshake, Handshake: way, Scope: on(route)})
				c, err := h.secured()[route](t)
				require.ErrorContains(t, err, want)
				e := h.last(t)
				assert.Equal(t, []string{"handshake-1"}, e.Faults)
				if c != nil {
					require.Error(t, c.Bind(babs, hifa))
					assert.Equal(t, e.Sequence, h.last(t).Sequence, "nothing came in the clear")
				}
			})
		})
	}
}

func TestHandshakeThatHangs(t *testing.T) {
	eachWay(t, func(t *testing.T, h *house, route, _ string) {
		t.Helper()
		id := h.force(t, faults.Rule{Kind: faults.KindHandshake, Handshake: faults.HandshakeHang, Scope: on(route)})
		time.AfterFunc(time.Hour, func() { h.Faults().Remove(id) })
		began := time.Now()
		c, err := h.secured()[route](t)
		require.NoError(t, err)
		assert.Equal(t, time.Hour, time.Since(began), "the server's own limit does not end it, its rule does")
		require.NoError(t, c.Bind(babs, hifa))
	})
	t.Run("until the server stops", func(t *testing.T) {
		eachWay(t, func(t *testing.T, h *house, route, _ string) {
			t.Helper()
			h.force(t, faults.Rule{Kind: faults.KindHandshake, Handshake: faults.HandshakeHang, Scope: on(route)})
			ended := make(chan error, 1)
			go func() {
				_, err := h.secured()[route](t)
				ended <- err
			}()
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			require.NoError(t, h.Stop(ctx))
			assert.Zero(t, time.Since(began))
			require.Error(t, <-ended)
		})
	})
}

// TestHandshakeHasATime is about a client that opens a connection and says nothing.
func TestHandshakeHasATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c, err := h.network.DialContext(t.Context(), "tcp", secureHost)
		require.NoError(t, err)
		defer func(c net.Conn) { _ = c.Close() }(c)
		began := time.Now()
		_, err = io.ReadAll(c)
		require.NoError(t, err)
		assert.Equal(t, h.config.MessageTimeout, time.Since(began))
	})
}

func TestTheTimeOfTheHandshakeEndsWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		far, err := h.network.DialContext(t.Context(), "tcp", secureHost)
		require.NoError(t, err)
		c := goldap.NewConn(tls.Client(far, h.clientTLS()), true)
		c.Start()
		require.NoError(t, c.Bind(babs, hifa))
		time.Sleep(10 * h.config.MessageTimeout)
		require.NoError(t, c.Bind(babs, hifa))
		require.NoError(t, c.Close())
	})
}
