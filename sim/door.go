package sim

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/network"
)

// grace is how long requests under way may take to end when the world stops.
const grace = 2 * time.Second

// door is one address of the world, and what is behind it.
type door struct {
	name, scheme string
	host         string // with a port where the host answers on that one only
	service
}

// service answers whoever comes through a door.
type service interface {
	// open serves the listener until close; the certificates are the host's.
	open(ctx context.Context, listener net.Listener, certificates *network.Certificates)
	// close ends the service within ctx and waits for its goroutines.
	close(ctx context.Context) error
}

// website is a service over HTTPS.
type website struct {
	name    string
	handler http.Handler
	// secure lets faults have their way with handshakes; nil where there are none.
	secure func(*tls.Config, *network.Certificates) *tls.Config

	server      *http.Server
	served      chan struct{} // closed when the server accepts no more
	cut         context.CancelFunc
	connections sync.WaitGroup
}

func (w *website) open(ctx context.Context, listener net.Listener, certificates *network.Certificates) {
	ctx, cut := context.WithCancel(ctx)
	w.cut, w.served = cut, make(chan struct{})
	w.server = &http.Server{
		Handler:           w.handler,
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       5 * time.Minute,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         w.count,
		// What it would say is about strangers' handshakes and connections cut on purpose.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	// HTTP/1.1 only: the faults cut connections, and one of HTTP/2 carries everybody's requests.
	config := &tls.Config{Certificates: []tls.Certificate{certificates.Good()}, MinVersion: tls.VersionTLS12}
	if w.secure != nil {
		config = w.secure(config, certificates)
	}
	go func() {
		defer close(w.served)
		_ = w.server.Serve(tls.NewListener(listener, config)) // returns when it is closed, and only then
	}()
}

// count follows the connections. A new one is announced by the accepting goroutine, so that none is added after it ended.
func (w *website) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		w.connections.Add(1)
	case http.StateClosed, http.StateHijacked:
		w.connections.Done()
	case http.StateActive, http.StateIdle:
	}
}

func (w *website) close(ctx context.Context) error {
	if w.server == nil {
		return nil
	}
	gentle, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	err := w.server.Shutdown(gentle)
	w.cut()
	if err != nil {
		_ = w.server.Close() // whoever is still there was given his time
	}
	<-w.served
	ended := make(chan struct{})
	go func() {
		w.connections.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("world: stop "+w.name+": requests are still under way"), ctx.Err())
	}
}
