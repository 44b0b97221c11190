package ds

import (
	"bufio"
	"context"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// FuzzConnection plays whole connections against a server with a real directory, in virtual time: each byte is something that a
// client does. Whatever that is, everything asked is answered once unless it was abandoned or the connection has ended, and
// nothing is left running: a hang or a leak is a deadlock of the bubble.
func FuzzConnection(f *testing.F) {
	f.Add([]byte{})
	everything := make([]byte, len(moves))
	for i := range everything {
		everything[i] = byte(i)
	}
	f.Add(everything)
	slices.Reverse(everything)
	f.Add(everything)
	for i := range moves {
		f.Add([]byte{0, byte(i), byte(i), 4, 0, byte(i)})
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		synctest.Test(t, func(t *testing.T) { playScript(t, script[:min(len(script), 200)]) })
	})
}

// player is a client that keeps account of what it has asked.
type player struct {
	t      *testing.T
	server *Server
	conn   net.Conn
	turn   chan struct{} // taken away by a client that does not want to read
	shy    bool

	id       int64
	asked    map[int64]bool // wants an answer
	excused  map[int64]bool // need not be answered: abandoned, persistent, or asked for again
	mayBreak bool           // something was said that may end the connection
	stuck    bool           // something is kept for ever
	sent     int            // bytes

	mu      sync.Mutex
	answers map[int64]int
	over    bool // the connection has ended
}

func playScript(t *testing.T, script []byte) {
	t.Helper()
	n := network.Memory()
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	config := DefaultConfig()
	config.Directory = directory.DefaultConfig(directory.OpenDJ)
	config.MaxOperations = 8
	s, err := New(config, Kernel{Clock: new(clock.Clock), Seed: 1, Digester: digester, Journal: journal.New(100, digester)})
	require.NoError(t, err)
	l, err := n.Listen(plainHost)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	c, err := n.DialContext(t.Context(), "tcp", plainHost)
	require.NoError(t, err)
	p := &player{t: t, server: s, conn: c, turn: make(chan struct{}, 1), asked: map[int64]bool{}, excused: map[int64]bool{}, answers: map[int64]int{}}
	p.turn <- struct{}{}
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		p.hear()
	}()
	for _, b := range script {
		moves[int(b)%len(moves)](p)
	}
	if p.shy {
		p.turn <- struct{}{}
	}
	time.Sleep(time.Hour) // virtual; longer than any timeout
	synctest.Wait()
	p.settle()
	_ = c.Close()
	synctest.Wait()
	if !p.stuck || p.sent < 4096 { // else the server reads on only when what is kept for ever is over
		assert.Empty(t, s.connections(), "a client that has gone keeps nothing")
	}
	require.NoError(t, s.Stop(t.Context()))
	require.ErrorIs(t, <-ended, ErrStopped)
	<-heard
}

// settle compares what was asked with what was answered.
func (p *player) settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	assert.True(p.t, p.mayBreak || !p.over, "the connection has ended without a reason")
	for id, times := range p.answers {
		assert.True(p.t, p.asked[id], "number %d was not asked", id)
		assert.True(p.t, times == 1 || p.excused[id], "number %d is answered %d times", id, times)
	}
	if p.over || p.stuck {
		return
	}
	for id := range p.asked {
		assert.True(p.t, p.answers[id] > 0 || p.excused[id], "number %d is not answered", id)
	}
}

// hear reads what the server sends until the connection ends.
func (p *player) hear() {
	in := bufio.NewReader(p.conn)
	for {
		p.turn <- <-p.turn
		s, err := hear(in)
		p.mu.Lock()
		if err != nil {
			p.over = true
			p.mu.Unlock()
			return
		}
		if s.id != 0 && s.tag != ber.Application(4).Constructed() && s.tag != ber.Application(19).Constructed() {
			p.answers[s.id]++
		}
		p.mu.Unlock()
	}
}

// say sends bytes; the server may have closed.
func (p *player) say(b []byte) {
	p.sent += len(b)
	_ = p.conn.SetWriteDeadline(time.Now().Add(time.Minute))
	if _, err := p.conn.Write(b); err != nil {
		p.mayBreak = true // its other half would be no request
	}
}

// ask sends a request with the next number.
func (p *player) ask(request func(id int64) []byte) {
	p.id++
	p.asked[p.id] = true
	p.say(request(p.id))
}

// moves are what a client can do.
var moves = []func(*player){
	func(p *player) { p.ask(func(id int64) []byte { return bindRequest(id, hifa) }) },
	func(p *player) { p.ask(func(id int64) []byte { return bindRequest(id, "wrong") }) },
	func(p *player) { p.ask(searchRequest) },
	func(p *player) {
		p.ask(func(id int64) []byte { return modifyRequest(id, "number "+strconv.FormatInt(id, 10)) })
	},
	func(*player) { synctest.Wait() },
	func(*player) { time.Sleep(time.Second) },
	func(p *player) { p.ask(func(id int64) []byte { return extendedRequest(id, ldap.OIDWhoAmI, nil) }) },
	func(p *player) {
		p.ask(func(id int64) []byte { return extendedRequest(id, ldap.OIDPasswordModify, nil) })
	},
	func(p *player) { p.ask(func(id int64) []byte { return extendedRequest(id, "1.2.3", []byte("x")) }) },
	func(p *player) { p.ask(func(id int64) []byte { return cancelRequest(id, id-1) }) },
	func(p *player) { p.ask(func(id int64) []byte { return cancelRequest(id, id) }) },
	func(p *player) { p.ask(func(id int64) []byte { return cancelRequest(id, 1) }) },
	func(p *player) {
		p.ask(func(id int64) []byte { return saslRequest(id, saslSCRAM256, "n,,n=bjensen,r=abc") })
	},
	func(p *player) {
		p.ask(func(id int64) []byte { return saslRequest(id, saslPlain, "\x00bjensen\x00"+hifa) })
	},
	func(p *player) { // a persistent search, which has an answer only in its end
		p.excused[p.id+1] = true
		p.ask(func(id int64) []byte {
			return withControl(searchRequest(id), ldap.OIDPersistentSearch, "\x30\x09\x02\x01\x0f\x01\x01\x00\x01\x01\xff")
		})
	},
	func(p *player) { // a page
		p.ask(func(id int64) []byte {
			return withControl(searchRequest(id), ldap.OIDPagedResults, "\x30\x05\x02\x01\x02\x04\x00")
		})
	},
	func(p *player) {
		p.ask(func(id int64) []byte { return withControl(modifyRequest(id, "x"), "1.2.3", "") })
	},
	func(p *player) { // a scope that there is not
		p.ask(func(id int64) []byte {
			bad := searchRequest(id)
			bad[len(bad)-len(searchTail)] = 9
			return bad
		})
	},
	func(p *player) {
		p.excused[p.id] = true
		p.say(abandonRequest(p.id+1, p.id))
		p.id++
	},
	func(p *player) { // a number that may be in use
		p.mayBreak = true
		p.excused[p.id] = true
		p.asked[p.id] = true
		p.say(searchRequest(p.id))
	},
	func(p *player) { // half a request, and the other half
		b := bindRequest(p.id+1, hifa)
		p.say(b[:9])
		synctest.Wait()
		p.ask(func(int64) []byte { return b[9:] })
	},
	func(p *player) { // the client stops reading, or begins again
		if p.shy = !p.shy; p.shy {
			<-p.turn
		} else {
			p.turn <- struct{}{}
		}
	},
	func(p *player) { // many at once
		for range 20 {
			p.ask(searchRequest)
		}
	},
	func(p *player) { // a rule that delays
		_, err := p.server.Faults().Add(faults.Rule{Kind: faults.KindLatency, Latency: faults.Latency{Value: 2 * time.Second}})
		require.NoError(p.t, err)
	},
	func(p *player) { // one that refuses
		_, err := p.server.Faults().Add(faults.Rule{Kind: faults.KindStatus, Status: 51, Trigger: faults.Trigger{First: 3}})
		require.NoError(p.t, err)
	},
	func(p *player) { p.breakWith(extendedRequest(p.id+1, ldap.OIDStartTLS, nil)) },
	func(p *player) { p.breakWith([]byte{0x30, 0x80}) },
	func(p *player) { p.breakWith([]byte("GET / HTTP/1.0\r\n\r\n")) },
	func(p *player) { p.breakWith(searchRequest(0)) },
	func(p *player) { p.breakWith([]byte{0x30}) },
	func(p *player) { p.breakWith(request(p.id+1, func(b []byte) []byte { return append(b, 0x42, 0) })) },
	func(p *player) { // one that loses the answer
		p.mayBreak = true
		_, err := p.server.Faults().Add(faults.Rule{Kind: faults.KindLoseAnswer, Trigger: faults.Trigger{First: 1}})
		require.NoError(p.t, err)
	},
	func(p *player) { // one that keeps for ever, and with a bind all that follows
		p.stuck = true
		_, err := p.server.Faults().Add(faults.Rule{Kind: faults.KindHang, Trigger: faults.Trigger{First: 1}})
		require.NoError(p.t, err)
	},
	func(p *player) { // the server is stopped
		p.mayBreak = true
		ctx, cancel := context.WithTimeout(p.t.Context(), time.Second)
		defer cancel()
		_ = p.server.Stop(ctx)
	},
	func(p *player) { // the client goes
		p.mayBreak = true
		_ = p.conn.Close()
	},
}

// breakWith says something that ends the connection, or asks what is not kept account of.
func (p *player) breakWith(b []byte) {
	p.mayBreak = true
	p.id++
	p.asked[p.id], p.excused[p.id] = true, true
	p.say(b)
}

// withControl adds a control, which is critical when it has a value.
func withControl(message []byte, oid, value string) []byte {
	in, err := ber.NewReader(message).Primitive(ber.Sequence)
	if err != nil {
		return message
	}
	b, at := ber.Open(nil, ber.Sequence)
	b = append(b, in...)
	b, all := ber.Open(b, ber.Context(0).Constructed())
	b, one := ber.Open(b, ber.Sequence)
	b = ber.AppendString(b, ber.OctetString, oid)
	if value != "" {
		b = ber.AppendBoolean(b, ber.Boolean, true)
		b = ber.AppendString(b, ber.OctetString, value)
	}
	for _, end := range []int{one, all, at} {
		b = ber.Close(b, end)
	}
	return b
}
