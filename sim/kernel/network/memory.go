package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
)

// Memory returns a network without sockets. Made inside a testing/synctest bubble, it belongs to that bubble.
func Memory() Network { return &memory{hosts: map[string]*memoryListener{}} }

type memory struct {
	callers atomic.Uint64 // numbers the connections, as ephemeral ports do
	mu      sync.Mutex
	hosts   map[string]*memoryListener // closed ones stay until their host listens again
}

func (m *memory) Listen(host string) (net.Listener, error) {
	name, port := split(host)
	if name == "" {
		return nil, errors.New("network: listen: the host has no name")
	}
	key := place(name, port)
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := m.hosts[key]; ok && !l.isClosed() {
		return nil, fmt.Errorf("network: listen: %s is taken", key)
	}
	l := &memoryListener{addr: memoryAddress(name, port), incoming: make(chan net.Conn), closed: make(chan struct{})}
	m.hosts[key] = l
	return l, nil
}

// DialContext hands the far end to Accept and waits until it is taken: there is no backlog to be lost in.
func (m *memory) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	l := m.find(address)
	if l == nil {
		return nil, unknownHost(address)
	}
	caller := addr("caller:" + strconv.FormatUint(m.callers.Add(1), 10))
	near, far := pair(caller, l.addr)
	if l.isClosed() || ctx.Err() != nil { // select below would choose at random
		if err := ctx.Err(); err != nil {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: l.addr, Err: err}
		}
		return nil, refused(l.addr)
	}
	select {
	case l.incoming <- far:
		return near, nil
	case <-l.closed:
		return nil, refused(l.addr)
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: l.addr, Err: ctx.Err()}
	}
}

func (m *memory) Address(host string) string {
	if l := m.find(host); l != nil {
		return l.addr.String()
	}
	return ""
}

func (m *memory) find(address string) *memoryListener {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range places(address) {
		if l, ok := m.hosts[key]; ok {
			return l
		}
	}
	return nil
}

type memoryListener struct {
	addr     addr
	incoming chan net.Conn
	once     sync.Once
	closed   chan struct{}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.incoming:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
}

// Close refuses later callers; connections that were accepted live on.
func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return l.addr }

func (l *memoryListener) isClosed() bool {
	select {
	case <-l.closed:
		return true
	default:
		return false
	}
}

// addr is "host:port", the form that net.SplitHostPort takes apart.
type addr string

func (addr) Network() string  { return "memory" }
func (a addr) String() string { return string(a) }

func memoryAddress(host, port string) addr {
	if port == "" {
		port = "443"
	}
	return addr(net.JoinHostPort(host, port))
}
