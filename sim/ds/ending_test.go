package ds

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/faults"
)

// How connections end, and what must not end them.

const shutDown = "The Directory Server is shutting down"

func TestRefusedRequestWhoseNumberIsTaken(t *testing.T) {
	for name, tt := range map[string]struct{ first, second int64 }{"zero": {1, 0}, "duplicate": {1, 1}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				h.fake.onSearch = forever
				c := h.dial(t)
				bad := searchRequest(tt.second)
				bad[len(bad)-len(searchTail)] = 9 // the scope
				write(t, c, searchRequest(tt.first), bad)
				s := receive(t, c)
				assert.Equal(t, int64(0), s.id)
				assert.Contains(t, s.text, "is not free")
			})
		})
	}
}

func TestStopInTheMiddleOfARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.dial(t)
		write(t, c, bindRequest(1, hifa)[:20])
		synctest.Wait()
		began := time.Now()
		require.NoError(t, h.Stop(t.Context()))
		assert.Less(t, time.Since(began), time.Second, "nobody waits for the other half")
		assert.Equal(t, notice(ldap.Unavailable, shutDown), receive(t, c))
	})
}

func TestStopDuringBind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.onBind = func(ctx context.Context) { <-ctx.Done() }
		c := h.dial(t)
		write(t, c, bindRequest(1, hifa))
		synctest.Wait()
		require.NoError(t, h.Stop(t.Context()))
		all := replies(t, bufio.NewReader(c), 2)
		assert.Equal(t, ldap.Unavailable, all[0].code)
		assert.Equal(t, int64(1), all[0].id)
		assert.Equal(t, notice(ldap.Unavailable, shutDown), all[1], "who was answered is told too")
	})
}

// TestStartTLSBehindUnreadAnswers has operations that are over but whose answers the client has yet to read.
func TestStartTLSBehindUnreadAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.onSearch = func(_ context.Context, emit directory.Emit) ldap.Result {
			_ = emit(ldap.Entry{DN: strings.Repeat("x", 15_000)}, nil)
			return ldap.Result{}
		}
		c := h.dial(t)
		const searches = 6
		for i := range int64(searches) {
			write(t, c, searchRequest(i+1))
			synctest.Wait()
		}
		write(t, c, extendedRequest(77, ldap.OIDStartTLS, nil))
		synctest.Wait()
		in := bufio.NewReader(c)
		all := replies(t, in, 2*searches+1)
		last := all[len(all)-1]
		assert.Equal(t, []int64{77, int64(ldap.Success)}, []int64{last.id, int64(last.code)}, "all else has left before")
		require.Zero(t, in.Buffered())
		secured := tls.Client(c, h.clientTLS())
		require.NoError(t, secured.Handshake())
		write(t, secured, bindRequest(78, hifa))
		_, got := codes(replies(t, bufio.NewReader(secured), 1))
		assert.Equal(t, []ldap.ResultCode{ldap.Success}, got)
	})
}

func TestUnbindOfAClientThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		h.fake.onSearch = func(_ context.Context, emit directory.Emit) ldap.Result {
			for {
				if emit(ldap.Entry{DN: string(make([]byte, 10_000))}, nil) != nil {
					return ldap.Result{}
				}
			}
		}
		c := h.dial(t)
		write(t, c, searchRequest(1))
		synctest.Wait()
		write(t, c, request(2, func(b []byte) []byte { return append(b, 0x42, 0) }))
		synctest.Wait()
		assert.Empty(t, h.connections(), "nothing is waited for, least of all the write timeout")
	})
}

// TestClientThatLeavesWhileARefusalWaits is about answers that the reader of requests gives itself.
func TestClientThatLeavesWhileARefusalWaits(t *testing.T) {
	bad := searchRequest(2)
	bad[len(bad)-len(searchTail)] = 9 // the scope
	for name, second := range map[string][]byte{"undecodable": bad, "too many": searchRequest(2)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t, func(c *Config, _ *Kernel) { c.MaxOperations = 1 })
				h.fake.onSearch = forever
				c := h.dial(t)
				write(t, c, searchRequest(1))
				synctest.Wait()
				h.force(t, faults.Rule{Kind: faults.KindHang, Scope: on("SEARCH")})
				write(t, c, second)
				synctest.Wait()
				require.Len(t, h.connections(), 1)
				require.NoError(t, c.Close())
				synctest.Wait()
				assert.Empty(t, h.connections())
			})
		})
	}
}

func TestUnknownVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.dial(t)
		bind := bindRequest(1, hifa)
		bind[9] = 2
		write(t, c, bind)
		_, got := codes(replies(t, bufio.NewReader(c), 1))
		assert.Equal(t, []ldap.ResultCode{ldap.Success}, got, "version 2 is known")
		bind[9] = 4
		write(t, c, bind, extendedRequest(2, ldap.OIDWhoAmI, nil))
		s := receive(t, c)
		assert.Equal(t, said{
			1, ber.Application(1).Constructed(), ldap.ProtocolError,
			"The Directory Server does not support LDAP protocol version 4. This connection will be closed",
		}, s)
	})
}

// exhausted is a listener on a machine that has no descriptors left for a while.
type exhausted struct {
	net.Listener
	failures int
}

func (e *exhausted) Accept() (net.Conn, error) {
	if e.failures--; e.failures >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
	}
	return e.Listener.Accept()
}

func TestListenerWithoutDescriptors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		l := h.listener(t)
		ended := make(chan error)
		go func() { ended <- h.Serve(&exhausted{l, 3}) }()
		far, err := h.network.DialContext(t.Context(), "tcp", "other.test:1389")
		require.NoError(t, err)
		c := goldap.NewConn(far, false)
		c.Start()
		assert.NoError(t, c.Bind(babs, hifa), "the server has gone on")
		require.NoError(t, c.Close())
		require.NoError(t, h.Stop(t.Context()))
		assert.ErrorIs(t, <-ended, ErrStopped)
	})
}

func TestSurpriseIsKeptShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.dial(t)
		go write(t, c, extendedRequest(1, strings.Repeat("1.", 500_000), nil))
		in := bufio.NewReader(c)
		element, err := ber.ReadElement(in, ber.DefaultSize)
		require.NoError(t, err)
		require.NotEmpty(t, element)
		assert.Less(t, len(h.last(t).Surprise), 10_000)
	})
}
