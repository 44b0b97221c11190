package ds

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/network"
)

// Why an operation ends before its time.
var (
	errGone      = errors.New("the client has gone")
	errStopping  = &farewell{ldap.Result{Code: ldap.Unavailable, Message: "The Directory Server is shutting down"}}
	errAbandoned = errors.New("abandoned")
	errCanceled  = errors.New("canceled")
	errRebinding = errors.New("canceled by a bind")
)

// farewell ends a connection, and what is under way on it, with a notice of disconnection.
type farewell struct{ ldap.Result }

// Error is what the client is told.
func (f *farewell) Error() string { return f.Message }

// conn is one client. Its requests are read by one goroutine, in which binds and StartTLS are carried out: nothing else is
// under way meanwhile, as RFC 4511, 4.2.1 and 4.14.1 want it. Every other operation has a goroutine of its own.
type conn struct {
	server  *Server
	number  uint64
	end     context.CancelCauseFunc
	in      *bufio.Reader
	out     *output
	session *directory.Session // another one after each bind
	sasl    *exchange          // a SASL bind that needs another step
	dead    atomic.Bool        // half-open: nothing is carried out any more, and nothing said

	mu      sync.Mutex
	net     net.Conn
	pending map[int32]*pending
	last    chan struct{} // closed when the newest write is done; nil before the first
	under   sync.WaitGroup
}

// pending is an operation under way.
type pending struct {
	op       ldap.Op
	cancel   context.CancelCauseFunc
	finished chan struct{}
	canceled bool // it was answered so; to be read when finished
}

func newConn(ctx context.Context, s *Server, far net.Conn, end context.CancelCauseFunc) *conn {
	c := &conn{server: s, number: s.numbers.Add(1), net: far, end: end, session: &directory.Session{}, pending: map[int32]*pending{}}
	c.in = bufio.NewReader(far)
	c.out = newOutput(far, s.config.WriteTimeout, ctx.Done(), func() { end(errGone); c.wake() })
	return c
}

// serve reads requests until somebody has had enough.
func (c *conn) serve(ctx context.Context, secure bool) {
	defer c.close()
	if secure && c.encrypt(ctx, c.server.ldaps) != nil {
		return
	}
	for {
		m, err := c.read(ctx)
		if c.dead.Load() {
			c.swallow(ctx)
			return
		}
		if refused := (*ldap.RefusedError)(nil); errors.As(err, &refused) {
			if err = c.free(refused.ID); err == nil {
				c.refuse(ctx, refused)
				continue
			}
		}
		if err != nil {
			c.sayGoodbye(ctx, err)
			return
		}
		if !c.begin(ctx, m) {
			return
		}
	}
}

// close ends what is still under way and waits for it: not for answers that the client does not read.
func (c *conn) close() {
	c.end(errGone)
	_ = c.current().Close()
	c.under.Wait()
}

func (c *conn) current() net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.net
}

// stop ends the connection in order.
func (c *conn) stop(why *farewell) {
	c.end(why)
	c.wake()
}

// expel is stop for whoever has a reason of his own.
func (c *conn) expel(why ldap.Result) { c.stop(&farewell{why}) }

// die leaves the connection half-open: as when the host has gone without a word.
func (c *conn) die() {
	c.dead.Store(true)
	c.out.die()
}

// swallow reads what a client says to a connection that is dead, until it gives up or the server stops.
func (c *conn) swallow(ctx context.Context) {
	far := c.current()
	_ = far.SetReadDeadline(time.Time{})
	if ctx.Err() == nil { // after the deadline is set: who ends the connection moves it
		_, _ = io.Copy(io.Discard, far)
	}
}

// cut ends the connection without a word.
func (c *conn) cut() { network.Reset(c.current()) }

// wake ends a read that waits.
func (c *conn) wake() { _ = c.current().SetReadDeadline(time.Unix(1, 0)) }

// read returns the next request.
func (c *conn) read(ctx context.Context) (ldap.Message, error) {
	if err := c.await(ctx); err != nil {
		return ldap.Message{}, err
	}
	if first, _ := c.in.Peek(1); ber.Tag(first[0]) != ber.Sequence {
		// Who speaks HTTP or TLS here would wait for ever for what his first bytes announce when read as BER.
		return ldap.Message{}, ldap.ErrProtocol
	}
	if !ber.Arrived(c.in) {
		far := c.current()
		_ = far.SetReadDeadline(time.Now().Add(c.server.config.MessageTimeout))
		defer func() { _ = far.SetReadDeadline(time.Time{}) }()
	}
	if ctx.Err() != nil { // after the deadline is set: who ends the connection moves it
		return ldap.Message{}, context.Cause(ctx)
	}
	element, err := ber.ReadElement(c.in, c.server.config.MaxMessage)
	switch {
	case err != nil && ctx.Err() != nil:
		return ldap.Message{}, context.Cause(ctx)
	case err != nil:
		return ldap.Message{}, err
	}
	return ldap.ReadMessage(ber.NewReader(element))
}

// await waits for the first byte of a request, for as long as the client may be idle.
func (c *conn) await(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for c.in.Buffered() == 0 {
		idle, far := c.server.config.IdleTimeout, c.current()
		if idle > 0 {
			_ = far.SetReadDeadline(time.Now().Add(idle))
		}
		if ctx.Err() != nil { // after the deadline is set: who ends the connection moves it
			return context.Cause(ctx)
		}
		_, err := c.in.Peek(1)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case idle > 0 && errors.Is(err, os.ErrDeadlineExceeded) && c.busy():
			continue // who waits for an answer is not idle
		case err != nil:
			return err
		}
		if idle > 0 {
			_ = far.SetReadDeadline(time.Time{})
		}
	}
	return nil
}

// sayGoodbye tells the client why the connection ends, when it is the server that ends it (RFC 4511, 4.4.1).
func (c *conn) sayGoodbye(ctx context.Context, err error) {
	why := ldap.Result{Code: ldap.ProtocolError, Message: "The connection is closed because a request could not be decoded: " + err.Error()}
	cause := errGone
	switch given := (*farewell)(nil); {
	case errors.As(err, &given):
		why, cause = given.Result, given
	case errors.Is(err, os.ErrDeadlineExceeded):
		why = ldap.Result{Code: ldap.Unavailable, Message: "The connection is closed because the client took too long"}
	case errors.Is(err, ber.ErrTooLarge):
		why = ldap.Result{Code: ldap.ProtocolError, Message: "The connection is closed because a request was larger than allowed: " + err.Error()}
	case errors.Is(err, ldap.ErrProtocol), errors.Is(err, ber.ErrTag), errors.Is(err, ber.ErrLength), errors.Is(err, ber.ErrIndefinite):
	default:
		return // the client has gone, or cannot hear
	}
	// The operations under way answer first; after the notice nothing is sent.
	c.quiesce(cause)
	c.disconnect(context.WithoutCancel(ctx), why)
}

// disconnect sends a notice of disconnection and gives the client a moment to read it: closing while its bytes are unread would
// make TCP throw the notice away.
func (c *conn) disconnect(ctx context.Context, why ldap.Result) {
	response := ldap.ExtendedResponse{Result: why, Name: ldap.OIDNoticeDisconnection}
	if c.out.send(ctx, true, func(b []byte) []byte { return ldap.Append(b, 0, response, nil) }) != nil {
		return
	}
	far := c.current()
	if half, ok := far.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		_ = far.SetReadDeadline(time.Now().Add(lingering))
		_, _ = io.CopyN(io.Discard, far, 1<<20)
	}
}

// lingering is how long a client may take to hear a notice of disconnection.
const lingering = 500 * time.Millisecond

// busy tells whether an operation is under way.
func (c *conn) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.pending) > 0
}

// free is an error unless a request may have that number: 0 is the server's, and a number is used again only when its operation
// is over (RFC 4511, 4.1.1.1).
func (c *conn) free(id int32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if id == 0 || c.pending[id] != nil {
		return fmt.Errorf("%w: message number %d is not free", ldap.ErrProtocol, id)
	}
	return nil
}

// quiesce ends all operations for that reason and waits for them.
func (c *conn) quiesce(why error) {
	c.mu.Lock()
	for _, p := range c.pending {
		p.cancel(why)
	}
	c.mu.Unlock()
	c.under.Wait()
}

// encrypt puts TLS over the connection.
func (c *conn) encrypt(ctx context.Context, config *tls.Config) error {
	far := c.current()
	// A deadline and not a context's: a fault may make a handshake last longer.
	_ = far.SetDeadline(time.Now().Add(c.server.config.MessageTimeout))
	secured := tls.Server(far, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return err
	}
	_ = far.SetDeadline(time.Time{})
	c.mu.Lock()
	c.net = secured
	c.mu.Unlock()
	c.in = bufio.NewReader(secured)
	c.out.swap(secured)
	c.session.Secure = true
	return nil
}

// timedOut tells whether a read ended by its deadline, and not with the connection.
func timedOut(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
