package ldap

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/robfig/cron/v3"

	"github.com/seatrial/seatrial/syncer/internal/flock"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// Receiver takes what is read.
type Receiver interface {
	// Accept returns when the change is durable. The same transaction again is the same change.
	Accept(ctx context.Context, c hook.Change) (hook.Receipt, error)
}

// Environment is what a file cannot say. Zero fields mean the real thing.
type Environment struct {
	// DialContext connects to the servers.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// RootCAs are the authorities to trust; nil means the system's and Config.CAFile's.
	RootCAs *x509.CertPool
	// Logger takes the log; nil discards it.
	Logger *slog.Logger
	// Registry takes the metrics; nil keeps them to itself.
	Registry prometheus.Registerer
	// ReadOnly leaves Config.State as it is: for a dry run.
	ReadOnly bool
	// Seed tells one source's pauses from another's.
	Seed uint64
}

// Source is a directory that passwords are read from. Run is called once.
type Source struct {
	config    Config
	base      *goldap.DN
	ignored   []*goldap.DN
	schedule  cron.Schedule
	dialer    *dialer
	log       *slog.Logger
	metrics   *metrics
	readOnly  bool
	seed      uint64
	seen      *seen
	park      *park
	position  position
	stored    position // on disk
	locked    *os.File // while Run reads
	to        Receiver
	strategy  string            // that was told last
	ailing    map[string]string // the failure of each server that was told last
	warned    string            // of the account, last
	referrals bool              // told that some are there
	partly    bool              // told that some entries hide their password
	bare      int               // users without a password, at the last comparison
	tally     tally
	clock     clock
}

// New finds out whether Config.State can be used. Nothing is connected.
func New(c Config, e Environment) (*Source, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if e.Logger == nil {
		e.Logger = slog.New(slog.DiscardHandler)
	}
	d, err := newDialer(c, e.DialContext, e.RootCAs)
	if err != nil {
		return nil, err
	}
	s := &Source{config: c, dialer: d, log: e.Logger, readOnly: e.ReadOnly, seed: e.Seed, ailing: map[string]string{}}
	if s.base, err = parseDN(c.Base); err != nil {
		return nil, err
	}
	for _, text := range c.IgnoreInitiators {
		dn, err := parseDN(text)
		if err != nil {
			return nil, err
		}
		s.ignored = append(s.ignored, dn)
	}
	if s.schedule, err = c.rhythm(); err != nil {
		return nil, err
	}
	if err := s.probe(); err != nil {
		return nil, err
	}
	if s.metrics, err = newMetrics(e.Registry, c.URLs); err != nil {
		return nil, err
	}
	return s, nil
}

// probe finds out whether Config.State can be used, by this engine or by another one that reads at this moment.
func (s *Source) probe() error {
	if !s.readOnly {
		if err := os.MkdirAll(s.config.State, 0o700); err != nil {
			return fmt.Errorf("ldap.state: %w", err)
		}
	}
	err := s.lock()
	s.unlock()
	if err != nil && !errors.Is(err, flock.ErrInUse) {
		return err
	}
	return s.open(true)
}

// open reads what an earlier run has left.
func (s *Source) open(readOnly bool) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("ldap.state: %w", err)
		}
	}()
	if s.position, err = readPosition(s.config.State); err != nil {
		return err
	}
	s.stored = s.position
	if s.park, err = openPark(s.config.State, readOnly); err != nil {
		return err
	}
	s.seen, err = openSeen(s.config.State, s.config.Users, readOnly)
	return err
}

// lock keeps a second engine out: two that append to one file of what was seen would spoil it, and deliver everything twice.
func (s *Source) lock() error {
	if s.readOnly {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(s.config.State, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("ldap.state: %w", err)
	}
	if err := flock.Take(f); err != nil {
		return errors.Join(fmt.Errorf("ldap.state: %s: %w", s.config.State, err), f.Close())
	}
	s.locked = f
	return nil
}

func (s *Source) unlock() {
	if s.locked != nil {
		_ = s.locked.Close() // It holds nothing.
		s.locked = nil
	}
}

// Close takes the metrics back. Run has ended before.
func (s *Source) Close() {
	if s != nil {
		s.metrics.unregister()
	}
}

// save stores the position when it has moved, and before it what was seen.
func (s *Source) save() error {
	if s.readOnly {
		return nil
	}
	if err := errors.Join(s.seen.flush(), s.park.flush()); err != nil {
		return &failure{reason: local, err: fmt.Errorf("ldap.state: %w", err)}
	}
	if s.position == s.stored {
		return nil
	}
	if err := writeJSON(positionFile(s.config.State), s.position); err != nil {
		return &failure{reason: local, err: fmt.Errorf("ldap.state: %w", err)}
	}
	s.stored = s.position
	return nil
}
