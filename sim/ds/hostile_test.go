package ds

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/network"
)

// hostile are bytes that have brought other servers down, each sent on a connection of its own.
var hostile = map[string]struct {
	bytes []byte
	// want is the notice that must come; none means that the server only waits for more.
	want string
}{
	"two gigabytes announced in 20 bytes": {append([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}, make([]byte, 14)...), "larger than allowed"},
	"a size just above the limit":         {[]byte{0x30, 0x83, 0x4c, 0x4b, 0x41}, "larger than allowed"},
	"a size just below the limit":         {[]byte{0x30, 0x83, 0x4c, 0x4b, 0x3b, 2, 1, 1}, ""},
	"an indefinite length":                {[]byte{0x30, 0x80, 2, 1, 1}, "indefinite length"},
	"nesting without end":                 {bytes.Repeat([]byte{0x30, 0x80}, 200_000), "indefinite length"},
	"deep filters":                        {deepFilter(5000), "nested deeper"},
	"a length of eight bytes":             {[]byte{0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 1}, "malformed length"},
	"HTTP":                                {[]byte("GET / HTTP/1.0\r\n\r\n"), "not an LDAP request"},
	"a TLS hello":                         {[]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), "not an LDAP request"},
	"no request at all":                   {[]byte{0x30, 0x00}, "not an LDAP request"},
	"a response":                          {[]byte{0x30, 0x0c, 2, 1, 1, 0x61, 7, 10, 1, 0, 4, 0, 4, 0}, "not an LDAP request"},
	"a negative number":                   {[]byte{0x30, 5, 2, 1, 0xff, 0x42, 0}, "not an LDAP request"},
	"number 0":                            {extendedRequest(0, ldap.OIDWhoAmI, nil), "not free"},
	"an inner length beyond the outer":    {[]byte{0x30, 5, 2, 1, 1, 0x4a, 0x7f}, "announced"},
	"one byte":                            {[]byte{0x30}, ""},
	"half a request":                      {bindRequest(1, hifa)[:20], ""},
	"nothing":                             {nil, ""},
}

// deepFilter is a search whose filter is a Not of a Not of a Not.
func deepFilter(levels int) []byte {
	filter := ber.AppendString(nil, ber.Context(7), "uid")
	for range levels {
		filter = ber.AppendString(nil, ber.Context(2).Constructed(), filter)
	}
	return request(1, func(b []byte) []byte {
		b, at := ber.Open(b, ber.Application(3).Constructed())
		b = ber.AppendString(b, ber.OctetString, "")
		b = append(b, "\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00"...)
		return ber.Close(append(append(b, filter...), 0x30, 0), at)
	})
}

func TestHostileBytes(t *testing.T) {
	for name, tt := range hostile {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t)
				c := h.dial(t)
				sent := make(chan struct{})
				go func() { // what is refused before it has been read blocks its writer
					defer close(sent)
					_, _ = c.Write(tt.bytes)
				}()
				began := time.Now()
				in := bufio.NewReader(c)
				if tt.bytes == nil {
					require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Hour)))
					_, err := hear(in)
					require.ErrorIs(t, err, os.ErrDeadlineExceeded, "who says nothing is left alone")
					return
				}
				s, err := hear(in)
				require.NoError(t, err)
				assert.Equal(t, int64(0), s.id)
				assert.Equal(t, ber.Application(24).Constructed(), s.tag)
				if tt.want == "" {
					assert.Equal(t, ldap.Unavailable, s.code)
					assert.Equal(t, h.config.MessageTimeout, time.Since(began))
				} else {
					assert.Equal(t, ldap.ProtocolError, s.code)
					assert.Contains(t, s.text, tt.want)
					assert.Zero(t, time.Since(began))
				}
				_, err = in.ReadByte()
				assert.Error(t, err)
				<-sent
			})
		})
	}
}

// TestSplitAndJoinedRequests sends requests byte by byte, and many in one piece.
func TestSplitAndJoinedRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t)
		c := h.dial(t)
		in := bufio.NewReader(c)
		for _, b := range bindRequest(1, hifa) {
			write(t, c, []byte{b})
			synctest.Wait()
		}
		_, got := codes(replies(t, in, 1))
		assert.Equal(t, []ldap.ResultCode{ldap.Success}, got)
		var many [][]byte
		for i := range int64(1000) {
			many = append(many, bindRequest(i+2, hifa))
		}
		go write(t, c, many...)
		ids, _ := codes(replies(t, in, 1000))
		for i, id := range ids {
			assert.Equal(t, int64(i+2), id)
		}
		write(t, c, bindRequest(2000, strings.Repeat("x", 100_000)))
		_, got = codes(replies(t, in, 1))
		assert.Equal(t, []ldap.ResultCode{ldap.InvalidCredentials}, got)
	})
}

// TestThousandIdleAndHundredHostile is about real sockets: the server answers beside them all, and keeps its size.
func TestThousandIdleAndHundredHostile(t *testing.T) {
	h := openTCP(t)
	before := heap()
	for range 1000 {
		h.dial(t)
	}
	var enemies sync.WaitGroup
	defer enemies.Wait()
	stop := make(chan struct{})
	defer close(stop)
	names := make([]string, 0, len(hostile))
	for name := range hostile {
		names = append(names, name)
	}
	for i := range 100 {
		what := hostile[names[i%len(names)]].bytes
		enemies.Go(func() { attack(t, h, what, stop) })
	}
	enemies.Go(func() { stream(t, h) })
	began := time.Now()
	c := h.client(t)
	for range 500 {
		require.NoError(t, c.Bind(babs, hifa))
	}
	assert.Less(t, time.Since(began), 30*time.Second)
	assert.Less(t, heap(), before+128<<20)
}

// attack sends its bytes again and again, on a new connection each time the server closes.
func attack(t *testing.T, h *house, what []byte, stop <-chan struct{}) {
	t.Helper()
	for {
		c, err := h.network.DialContext(t.Context(), "tcp", plainHost)
		if !assert.NoError(t, err) {
			return
		}
		over := make(chan struct{})
		go func() {
			defer close(over)
			_, _ = c.Write(what)
			_, _ = io.Copy(io.Discard, c)
		}()
		select {
		case <-stop:
			_ = c.Close()
			<-over
			return
		case <-over:
			_ = c.Close()
		}
	}
}

// stream sends one message of 200 MB.
func stream(t *testing.T, h *house) {
	t.Helper()
	c, err := h.network.DialContext(t.Context(), "tcp", plainHost)
	if !assert.NoError(t, err) {
		return
	}
	defer func() { _ = c.Close() }()
	piece := make([]byte, 1<<16)
	copy(piece, []byte{0x30, 0x84, 0x0b, 0xeb, 0xc2, 0x00})
	for range 3000 {
		if _, err := c.Write(piece); err != nil {
			return // refused, as it should be
		}
	}
	assert.Fail(t, "200 MB were taken")
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// openTCP is open over sockets.
func openTCP(t *testing.T) *house {
	t.Helper()
	return openOn(t, network.TCP(""))
}

// TestAnnouncedSizeCostsNothing measures what a connection costs that announces as much as it may.
func TestAnnouncedSizeCostsNothing(t *testing.T) {
	h := openTCP(t)
	for range 10 {
		h.dial(t)
	}
	before := heap()
	const connections = 200
	conns := make([]net.Conn, connections)
	for i := range conns {
		conns[i] = h.dial(t)
		_, err := conns[i].Write([]byte{0x30, 0x83, 0x4c, 0x4b, 0x3b, 2, 1, 1})
		require.NoError(t, err)
	}
	// Each is read from as soon as it is accepted, and the last is accepted after all others.
	require.NoError(t, h.client(t).Bind(babs, hifa))
	assert.Less(t, heap(), before+connections*40<<10, "5 MB announced are not 5 MB taken")
}

func TestNoticeReachesWhoStillSends(t *testing.T) {
	h := openTCP(t)
	c := h.dial(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	deadline, _ := ctx.Deadline()
	require.NoError(t, c.SetDeadline(deadline))
	_, err := c.Write(append([]byte("GET / HTTP/1.0\r\n\r\n"), make([]byte, 100_000)...))
	require.NoError(t, err)
	s, err := hear(bufio.NewReader(c))
	require.NoError(t, err, "a reset would have thrown the notice away")
	assert.Equal(t, ldap.ProtocolError, s.code)
}
