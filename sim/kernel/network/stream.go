package network

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// room is how much a stream takes before its writer must wait for the reader, as a socket's buffers do. Without any
// (net.Pipe), two ends that both write first wait for each other: a TLS 1.3 server that sends its session tickets
// against a client that sends its request.
const room = 64 << 10

// stream is one direction of a connection in memory. All waiting is done in Cond.Wait, which counts as idle in a
// testing/synctest bubble.
type stream struct {
	mu      sync.Mutex
	changed *sync.Cond
	data    bytes.Buffer
	readErr error // io.EOF is shown once data is read, anything else at once
	sendErr error
	readBy  limit
	sendBy  limit
}

func newStream() *stream {
	s := new(stream)
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.readErr != nil && !errors.Is(s.readErr, io.EOF):
			return 0, s.readErr
		case s.readBy.passed:
			return 0, os.ErrDeadlineExceeded
		case s.data.Len() > 0 || len(p) == 0:
			n, _ := s.data.Read(p)
			s.changed.Broadcast()
			return n, nil
		case s.readErr != nil:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

func (s *stream) write(p []byte) (sent int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch free := room - s.data.Len(); {
		case s.sendErr != nil:
			return sent, s.sendErr
		case s.sendBy.passed:
			return sent, os.ErrDeadlineExceeded
		case len(p) == 0:
			return sent, nil
		case free > 0:
			n := min(free, len(p))
			s.data.Write(p[:n])
			p, sent = p[n:], sent+n
			s.changed.Broadcast()
			continue
		}
		s.changed.Wait()
	}
}

// endWrite closes the writer's side; the reader gets what is under way and then last.
func (s *stream) endWrite(last error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sendErr = net.ErrClosed
	if s.readErr == nil {
		s.readErr = last
	}
	s.sendBy.stop()
	s.changed.Broadcast()
}

// endRead closes the reader's side; what is under way is lost, and the writer gets last.
func (s *stream) endRead(last error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readErr = net.ErrClosed
	if s.sendErr == nil {
		s.sendErr = last
	}
	s.data = bytes.Buffer{}
	s.readBy.stop()
	s.changed.Broadcast()
}

// limit is a deadline. Its fields are guarded by the stream's lock.
type limit struct {
	timer  *time.Timer
	passed bool
}

func (l *limit) stop() {
	if l.timer != nil {
		l.timer.Stop()
	}
	l.timer, l.passed = nil, false
}

func (s *stream) setLimit(l *limit, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.stop()
	if wait := time.Until(at); !at.IsZero() && wait <= 0 {
		l.passed = true
	} else if !at.IsZero() {
		var timer *time.Timer
		timer = time.AfterFunc(wait, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if l.timer == timer { // not replaced while it fired
				l.passed = true
				s.changed.Broadcast()
			}
		})
		l.timer = timer
	}
	s.changed.Broadcast()
}

// conn is one end of a connection in memory.
type conn struct {
	in, out     *stream
	local, peer net.Addr
}

// pair returns the two ends of a new connection.
func pair(caller, host net.Addr) (near, far *conn) {
	up, down := newStream(), newStream()
	return &conn{in: down, out: up, local: caller, peer: host}, &conn{in: up, out: down, local: host, peer: caller}
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.wrap("read", err)
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.wrap("write", err)
}

// wrap gives errors the shape they have on a socket; io.EOF stays bare, as callers compare it.
func (c *conn) wrap(op string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return &net.OpError{Op: op, Net: c.local.Network(), Source: c.local, Addr: c.peer, Err: err}
}

func (c *conn) Close() error {
	c.out.endWrite(io.EOF)
	c.in.endRead(os.NewSyscallError("write", syscall.EPIPE))
	return nil
}

// reset ends both directions at once. What was under way to the peer is lost too, which a real RST may or may not do:
// here a cut is always a cut.
func (c *conn) reset() {
	c.out.mu.Lock()
	c.out.data = bytes.Buffer{}
	c.out.mu.Unlock()
	c.out.endWrite(os.NewSyscallError("read", syscall.ECONNRESET))
	c.in.endRead(os.NewSyscallError("write", syscall.ECONNRESET))
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.peer }

func (c *conn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.setLimit(&c.in.readBy, t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.setLimit(&c.out.sendBy, t)
	return nil
}
