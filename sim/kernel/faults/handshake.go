package faults

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
)

// Handshakes says whose TLS handshakes the rules act on.
type Handshakes struct {
	// Certificates has the flawed ones; without, a handshake that wants one fails.
	Certificates *network.Certificates
	// Journal gets an entry of each handshake that a rule has acted on, as one of Target.
	Journal  *journal.Journal
	Target   string
	Protocol journal.Protocol
	// Route is what the rules know them by, RouteLDAPS or RouteStartTLS; HTTPS has none.
	Route string
}

// recordHandshake is the operation in the journal.
const recordHandshake = "handshake"

// errBroken ends a handshake on the server's side. The client does not hear of it.
var errBroken = errors.New("faults: the handshake is broken off")

// garbage is no record of TLS.
const garbage = "This is not TLS.\r\n"

// Secure returns the configuration of TLS for a server: that of base, but for the handshakes that a rule acts on.
func (s *Set) Secure(base *tls.Config, h Handshakes) *tls.Config {
	secured := base.Clone()
	secured.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		a := s.judgeHandshake(h.Route)
		if a == nil {
			return nil, nil //nolint:nilnil // as crypto/tls wants it: go on
		}
		h.note(hello.Context(), a)
		if a.Kind == KindCertificate {
			return h.flawed(base, a.Certificate)
		}
		return nil, a.breakOff(hello.Conn)
	}
	return secured
}

// judgeHandshake shows a handshake to the rules and returns the one that acts on it; nil when none does.
func (s *Set) judgeHandshake(route string) *active {
	now := time.Now()
	var acts *active
	for _, a := range *s.rules.Load() {
		if a.Kind.ofHandshake() && a.route.covers(request{method: route}) && a.meet(now) && acts == nil && a.act(now) {
			acts = a
		}
	}
	return acts
}

// note writes the handshake down before the client can see anything of it. Whether a client has taken a certificate, it tells
// nobody: there is no answer to note.
func (h Handshakes) note(ctx context.Context, a *active) {
	_, x := h.Journal.Begin(ctx, h.Target, h.Protocol)
	x.Method, x.Operation, x.Faults = h.Route, recordHandshake, []string{a.ID}
	if h.Protocol == journal.LDAP {
		x.Status = journal.Unanswered
	}
	if x.Method == "" {
		x.Method = "TLS"
	}
	x.Route = x.Method
	h.Journal.End(x)
}

// flawed is base with a flawed certificate. Who has been here before must look at it, too: no session is resumed.
func (h Handshakes) flawed(base *tls.Config, flaw network.Flaw) (*tls.Config, error) {
	if h.Certificates == nil {
		return nil, errors.New("faults: there are no flawed certificates")
	}
	certificate, err := h.Certificates.With(flaw)
	if err != nil {
		return nil, fmt.Errorf("faults: %w", err)
	}
	c := base.Clone()
	c.Certificates, c.SessionTicketsDisabled = []tls.Certificate{certificate}, true
	return c, nil
}

// breakOff ends a handshake, unless it hangs and the rule is removed meanwhile: then it goes on.
func (a *active) breakOff(c net.Conn) error {
	switch a.Handshake {
	case HandshakeHang:
		if a.hold(c) {
			return nil
		}
	case HandshakeGarbage:
		_, _ = c.Write([]byte(garbage))
	}
	_ = c.Close() // here, so that not even an alert is sent
	return errBroken
}

// hold waits until the client goes, and returns true when the rule is removed before. The server's own limits of a handshake do not
// count.
func (a *active) hold(c net.Conn) (released bool) {
	_ = c.SetDeadline(time.Time{})
	var watch sync.WaitGroup
	over := make(chan struct{})
	watch.Go(func() {
		select {
		case <-a.removed:
			_ = c.SetReadDeadline(time.Unix(1, 0))
		case <-over:
		}
	})
	// A client that waits for the server's part of a handshake has nothing to say: what it says all the same, it says in vain.
	n, err := c.Read(make([]byte, 1))
	close(over)
	watch.Wait()
	if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !a.gone() {
		return false
	}
	return c.SetReadDeadline(time.Time{}) == nil
}
