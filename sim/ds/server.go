package ds

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const name = "ds"

// ErrStopped is what Serve returns after Stop.
var ErrStopped = errors.New("ds: the server has been stopped")

// Kernel is what a simulator gets from its world.
type Kernel struct {
	Clock    *clock.Clock
	Seed     random.Seed
	Journal  *journal.Journal
	Digester *secret.Digester
	// Name tells two replicas of one world apart; "" is "ds".
	Name string
	// TLS is for LDAPS and StartTLS: the certificate. Without it, StartTLS is refused.
	TLS *tls.Config
	// ClientCAs issue the certificates of clients. Without, Config.ClientAuth does nothing.
	ClientCAs *x509.CertPool
	// Certificates has the flawed ones, for faults; with them goes the one in TLS. Nil is none.
	Certificates *network.Certificates
}

// Server is one simulated directory server. It is safe for concurrent use.
type Server struct {
	config    Config
	kernel    Kernel
	name      string
	directory *directory.Directory
	backend   backend
	faults    *faults.Set
	ldaps     *tls.Config // nil without a certificate, as is the next
	startTLS  *tls.Config
	random    *random.Stream // of SCRAM's nonces
	numbers   atomic.Uint64  // of connections
	replicas  *Replicas      // nil when it is alone

	mu        sync.Mutex
	stopped   bool
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	running   sync.WaitGroup // connections
}

// New builds a server from its configuration, and the directory in it.
func New(c Config, k Kernel) (*Server, error) {
	if k.Name == "" {
		k.Name = name
	}
	c.Directory.Offers = offers(c.Directory.Offers, k.TLS != nil)
	d, err := directory.New(c.Directory, directory.Kernel{Clock: k.Clock, Seed: k.Seed, Digester: k.Digester, Name: k.Name})
	if err != nil {
		return nil, fmt.Errorf("ds: %w", err)
	}
	s, err := newServer(c, k, d)
	if err != nil {
		return nil, err
	}
	s.directory = d
	return s, nil
}

// newServer puts a server in front of whatever keeps the entries.
func newServer(c Config, k Kernel, b backend) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &Server{
		config: c, kernel: k, name: k.Name, backend: b,
		faults:    faults.NewLDAPSet(k.Seed.Stream(k.Name + ".faults")),
		random:    k.Seed.Stream(k.Name + ".nonces"),
		listeners: map[net.Listener]struct{}{}, conns: map[*conn]struct{}{},
	}
	if k.TLS != nil {
		s.ldaps, s.startTLS = s.secure(faults.RouteLDAPS), s.secure(faults.RouteStartTLS)
	}
	return s, nil
}

// secure is TLS for one of the two ways to it, which faults tell apart.
func (s *Server) secure(route string) *tls.Config {
	base := s.kernel.TLS.Clone()
	if s.kernel.ClientCAs != nil {
		base.ClientCAs, base.ClientAuth = s.kernel.ClientCAs, map[ClientAuth]tls.ClientAuthType{
			ClientAuthDisabled: tls.NoClientCert, ClientAuthOptional: tls.VerifyClientCertIfGiven, ClientAuthRequired: tls.RequireAndVerifyClientCert,
		}[s.config.ClientAuth]
	}
	return s.faults.Secure(base, faults.Handshakes{
		Certificates: s.kernel.Certificates, Journal: s.kernel.Journal, Target: s.name, Protocol: journal.LDAP, Route: route,
	})
}

// Name is the simulator's name in journals, scenarios and the control plane.
func (s *Server) Name() string { return s.name }

// Host is the server's host name.
func (s *Server) Host() string { return s.config.Host }

// Clock is the server's clock.
func (s *Server) Clock() *clock.Clock { return s.kernel.Clock }

// Journal is where operations are recorded.
func (s *Server) Journal() *journal.Journal { return s.kernel.Journal }

// Faults is the set of rules that make the server misbehave.
func (s *Server) Faults() *faults.Set { return s.faults }

// Directory is what lives in the server.
func (s *Server) Directory() *directory.Directory { return s.directory }

// Serve speaks LDAP to the callers of l, with StartTLS, until Stop or until l fails. It closes l.
func (s *Server) Serve(l net.Listener) error { return s.serve(l, false) }

// ServeTLS speaks LDAPS to the callers of l, until Stop or until l fails. It closes l.
func (s *Server) ServeTLS(l net.Listener) error {
	if s.kernel.TLS == nil {
		return errors.Join(errors.New("ds: LDAPS without a certificate"), l.Close())
	}
	return s.serve(l, true)
}

func (s *Server) serve(l net.Listener, secure bool) error {
	defer func() { _ = l.Close() }() // Stop has closed it, or it is broken
	if !s.open(l) {
		return ErrStopped
	}
	defer s.forget(l)
	for {
		far, err := l.Accept()
		switch {
		case err == nil:
			s.accept(far, secure)
		case s.isStopped():
			return ErrStopped
		case passes(err):
			time.Sleep(breather)
		default:
			return fmt.Errorf("ds: accept: %w", err)
		}
	}
}

// breather is how long nobody is accepted after accepting somebody has failed.
const breather = 50 * time.Millisecond

// passes tells whether accepting has failed for want of descriptors or because the caller has gone, and may succeed again.
func passes(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED)
}

func (s *Server) open(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) forget(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

func (s *Server) isStopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

// accept starts a connection, which ends by itself, by the client, or by Stop.
func (s *Server) accept(far net.Conn, secure bool) {
	ctx, end := context.WithCancelCause(context.Background())
	c := newConn(ctx, s, far, end)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		end(errStopping)
		_ = far.Close()
		return
	}
	s.conns[c] = struct{}{}
	s.running.Go(func() {
		defer s.leave(c)
		c.serve(ctx, secure)
	})
}

func (s *Server) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// Disconnect ends every connection with a notice of disconnection, as a restart does, and returns how many there were. Who comes
// afterwards is served.
func (s *Server) Disconnect(why ldap.Result) int {
	open := s.connections()
	for _, c := range open {
		c.expel(why)
	}
	return len(open)
}

func (s *Server) connections() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.conns))
}

// Stop tells every client that the server shuts down (a notice of disconnection, 52), closes what it listens on and waits
// for the connections to end, until ctx does: then they are cut.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	for l := range s.listeners {
		_ = l.Close()
	}
	s.mu.Unlock()
	open := s.connections()
	for _, c := range open {
		c.stop(errStopping)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.running.Wait()
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	for _, c := range open {
		c.cut()
	}
	<-ended
	return ctx.Err()
}

// offers completes what the root DSE says that the server can do.
func offers(o directory.Offers, startTLS bool) directory.Offers {
	o.Controls = controlOIDs()
	o.Extensions = []string{ldap.OIDCancel, ldap.OIDGetConnectionID, ldap.OIDPasswordModify, ldap.OIDPasswordPolicyState, ldap.OIDWhoAmI}
	if startTLS {
		o.Extensions = append(o.Extensions, ldap.OIDStartTLS)
	}
	o.SASLMechanisms = slices.DeleteFunc(slices.Clone(o.SASLMechanisms), func(m string) bool { return !isMechanism(m) })
	return o
}
