package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
)

// TCP returns a network of sockets on one address of this machine, "127.0.0.1" when listen is empty; the kernel chooses
// each host's port.
func TCP(listen string) Network { return TCPPorts(listen, nil) }

// TCPPorts is TCP with a fixed port for some hosts.
func TCPPorts(listen string, ports map[string]int) Network {
	if listen == "" {
		listen = "127.0.0.1"
	}
	t := &tcp{listen: listen, ports: map[string]int{}, hosts: map[string]*tcpListener{}}
	for host, port := range ports {
		t.ports[place(split(host))] = port
	}
	return t
}

type tcp struct {
	listen string
	ports  map[string]int
	mu     sync.Mutex
	hosts  map[string]*tcpListener // closed ones stay: their address is remembered for the next Listen
}

func (t *tcp) Listen(host string) (net.Listener, error) {
	name, port := split(host)
	if name == "" {
		return nil, errors.New("network: listen: the host has no name")
	}
	key := place(name, port)
	t.mu.Lock()
	defer t.mu.Unlock()
	last, known := t.hosts[key]
	if known && !last.closed {
		return nil, fmt.Errorf("network: listen: %s is taken", key)
	}
	l, err := t.open(key, last)
	if err != nil {
		return nil, fmt.Errorf("network: listen for %s: %w", key, err)
	}
	entry := &tcpListener{Listener: l, network: t}
	t.hosts[key] = entry
	return entry, nil
}

// open listens on the host's fixed port, or on the one it had before, so that a restarted host is found where it was,
// or on any.
func (t *tcp) open(key string, last *tcpListener) (net.Listener, error) {
	var config net.ListenConfig
	listen := func(port int) (net.Listener, error) {
		return config.Listen(context.Background(), "tcp", net.JoinHostPort(t.listen, strconv.Itoa(port)))
	}
	if port, fixed := t.ports[key]; fixed {
		return listen(port)
	}
	if last != nil {
		if _, text := split(last.Addr().String()); text != "" {
			if port, err := strconv.Atoi(text); err == nil {
				if l, err := listen(port); err == nil {
					return l, nil
				}
			}
		}
	}
	return listen(0)
}

func (t *tcp) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	target, open, known := t.find(address)
	if known && !open { // somebody else may have the port by now
		return nil, refused(addr(target))
	}
	var dialer net.Dialer
	if known || t.own(address) {
		if !known {
			target = address
		}
		return dialer.DialContext(ctx, "tcp", target)
	}
	host, port := split(address)
	if host == "localhost" {
		c, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", port))
		if err == nil || ctx.Err() != nil {
			return c, err
		}
		return dialer.DialContext(ctx, "tcp", net.JoinHostPort("::1", port))
	}
	ip := net.ParseIP(host)
	switch {
	case ip == nil:
		return nil, unknownHost(address)
	case !ip.IsLoopback():
		return nil, &net.OpError{Op: "dial", Net: network, Addr: addr(address), Err: errors.New("not a loopback address: a rehearsal reaches only its own hosts")}
	}
	return dialer.DialContext(ctx, "tcp", address)
}

func (t *tcp) Address(host string) string {
	target, _, _ := t.find(host)
	return target
}

func (t *tcp) find(address string) (target string, open, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range places(address) {
		if l, ok := t.hosts[key]; ok {
			return reachable(l.Addr()), !l.closed, true
		}
	}
	return "", false, false
}

// own tells whether the address is where one of the network's hosts really listens: a caller may have it from Address.
func (t *tcp) own(address string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.hosts {
		if !l.closed && l.Addr().String() == address {
			return true
		}
	}
	return false
}

// reachable is where a listener can be dialled: one on every interface (0.0.0.0, ::) is dialled on the loopback.
func reachable(a net.Addr) string {
	t, ok := a.(*net.TCPAddr)
	if !ok || !t.IP.IsUnspecified() {
		return a.String()
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(t.Port))
}

type tcpListener struct {
	net.Listener
	network *tcp
	closed  bool // guarded by the network's lock
}

func (l *tcpListener) Close() error {
	l.network.mu.Lock()
	l.closed = true
	l.network.mu.Unlock()
	return l.Listener.Close()
}
