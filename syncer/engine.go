package syncer

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"

	"github.com/prometheus/client_golang/prometheus"
)

// Environment is what a file cannot say. Zero fields mean the real thing.
type Environment struct {
	// Listener serves the hook instead of a new listener on Config.Hook.Listen.
	Listener net.Listener
	// DialContext connects to the target and its token endpoint.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// RootCAs are the authorities that the target's certificate may come from.
	RootCAs *x509.CertPool
	// Logger takes the log; nil discards it.
	Logger *slog.Logger
	// Registry takes the metrics; nil makes a new one.
	Registry *prometheus.Registry
	// Audit takes the audit trail instead of the file Config.Audit.
	Audit io.Writer
}

// Engine takes changes from the hook and brings them to the target.
type Engine struct {
	config Config
	env    Environment
}

// New builds an engine. Nothing listens and no file is opened before Start.
func New(c Config, e Environment) (*Engine, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &Engine{config: c, env: e}, nil
}

// Start opens the queue, listens, and returns.
func (e *Engine) Start(ctx context.Context) error { return errors.New("not built yet") }

// Stop refuses new changes, ends the attempts in flight, leaves the rest in the queue and closes everything, within ctx.
func (e *Engine) Stop(ctx context.Context) error { return nil }

// URL is where the hook listens.
func (e *Engine) URL() string { return "" }
