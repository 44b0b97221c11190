package network

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"
)

// Network is where hosts meet. A host is named in any case, with or without a port: one that listens as "idcs.test"
// answers on every port, one that listens as "ds.test:1636" only on that. It is safe for concurrent use.
type Network interface {
	// Listen opens the host. It is an error when somebody listens there already; after Close the host is free again.
	Listen(host string) (net.Listener, error)
	// DialContext connects to "host:port". A host that nobody ever listened for is a *net.DNSError (IsNotFound), one that
	// has closed a refused connection.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
	// Address tells where a stranger reaches the host: "127.0.0.1:41234", in memory "idcs.test:443". It is empty for a
	// host that nobody ever listened for.
	Address(host string) string
}

// Client returns an HTTP client whose connections go through n and whose servers must show a certificate from pool. It
// speaks HTTP/1.1, follows no proxy of the environment, keeps up to 256 idle connections to a host and has no timeout
// of its own: the request's context says how long to wait.
func Client(n Network, pool *x509.CertPool) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext:         n.DialContext,
		TLSClientConfig:     &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(64)},
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     90 * time.Second,
	}}
}

// split takes "Host:port" or "Host" apart; the host comes back in lower case and without the root dot.
func split(address string) (host, port string) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = strings.Trim(address, "[]"), ""
	}
	return strings.ToLower(strings.TrimSuffix(host, ".")), port
}

// places are the keys under which a dialled address may be listened for: that very port, then any port.
func places(address string) [2]string {
	host, port := split(address)
	return [2]string{place(host, port), place(host, "")}
}

// place is the key of a host on one port, or on every port when port is empty.
func place(host, port string) string {
	if port == "" {
		return host
	}
	return net.JoinHostPort(host, port)
}

func unknownHost(address string) error {
	host, _ := split(address)
	return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{
		Err: "no such host in this rehearsal (the DNS is never asked)", Name: host, IsNotFound: true,
	}}
}

func refused(at net.Addr) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: at, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}
