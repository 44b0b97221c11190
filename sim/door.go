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
)

// grace is how long requests under way may take to end when the world stops.
const grace = 2 * time.Second

// door is one host of the world and the HTTPS server behind it.
type door struct {
	name, host string
	handler    http.Handler

	server      *http.Server
	served      chan struct{} // closed when the server accepts no more
	cut         context.CancelFunc
	connections sync.WaitGroup
}

// open serves the listener until close.
func (d *door) open(ctx context.Context, listener net.Listener, certificate tls.Certificate) {
	ctx, cut := context.WithCancel(ctx)
	d.cut, d.served = cut, make(chan struct{})
	d.server = &http.Server{
		Handler:           d.handler,
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       5 * time.Minute,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ConnState:         d.count,
		// What it would say is about strangers' handshakes and connections cut on purpose.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	// HTTP/1.1 only: the faults cut connections, and one of HTTP/2 carries everybody's requests.
	secure := tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	go func() {
		defer close(d.served)
		_ = d.server.Serve(secure) // returns when it is closed, and only then
	}()
}

// count follows the connections. A new one is announced by the accepting goroutine, so that none is added after it ended.
func (d *door) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		d.connections.Add(1)
	case http.StateClosed, http.StateHijacked:
		d.connections.Done()
	case http.StateActive, http.StateIdle:
	}
}

// close ends the server within ctx and waits for its goroutines.
func (d *door) close(ctx context.Context) error {
	if d.server == nil {
		return nil
	}
	gentle, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	err := d.server.Shutdown(gentle)
	d.cut()
	if err != nil {
		_ = d.server.Close() // whoever is still there was given his time
	}
	<-d.served
	ended := make(chan struct{})
	go func() {
		d.connections.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return errors.Join(errors.New("world: stop "+d.name+": requests are still under way"), ctx.Err())
	}
}
