package syncer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/seatrial/seatrial/syncer/audit"
	"github.com/seatrial/seatrial/syncer/notify"
	"github.com/seatrial/seatrial/syncer/queue"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/source/ldap"
	"github.com/seatrial/seatrial/syncer/target"
)

// Environment is what a file cannot say. Zero fields mean the real thing.
type Environment struct {
	// Listener serves the hook instead of a new listener on Config.Hook.Listen. The engine closes it.
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

// Engine takes changes from the hook and brings them to the target. Start and Stop are called once each.
type Engine struct {
	config Config
	env    Environment
	log    *slog.Logger

	keys       *seal.Keyring
	ledger     *ledger
	metrics    *metrics
	target     target.Target
	audit      *audit.Log
	queue      *queue.Queue
	lot        *lot
	notifier   *notify.Notifier
	source     *ldap.Source // nil without a directory
	dispatcher *dispatcher
	settler    *settler
	listener   net.Listener
	server     *http.Server

	started  bool
	leading  atomic.Bool
	stopping atomic.Bool
	lost     atomic.Bool        // another engine reads the queue
	resign   context.CancelFunc // ends the wait for the lead
	cut      context.CancelFunc // ends everything
	loops    sync.WaitGroup
	decided  chan struct{} // closed when the dispatcher has ended
	settled  chan struct{} // closed when all outcomes are written down
	ended    chan struct{} // closed when the lead was lost
}

// New builds an engine. Nothing listens and no file is opened before Start.
func New(c Config, e Environment) (*Engine, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Audit == "" && e.Audit == nil {
		return nil, errors.New("audit: not set; it is the file of the audit trail")
	}
	if e.Logger == nil {
		e.Logger = slog.New(slog.DiscardHandler)
	}
	if e.Registry == nil {
		e.Registry = prometheus.NewRegistry()
		e.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	return &Engine{config: c, env: e, log: e.Logger, settler: newSettler(), decided: make(chan struct{}), settled: make(chan struct{}), ended: make(chan struct{})}, nil
}

// Start opens the keys, the audit trail and the queue, listens, and returns. What waits in the queue is taken up again. On a
// queue that several engines share, those that come later take changes for the first one and stand by. ctx bounds the start
// only.
func (e *Engine) Start(ctx context.Context) error {
	life, cut := context.WithCancel(context.WithoutCancel(ctx))
	e.cut = cut
	standBy, resign := context.WithCancel(life)
	e.resign = resign
	if err := e.open(ctx); err != nil {
		return errors.Join(err, e.close(ctx))
	}
	e.started = true
	e.loops.Go(func() { e.lead(life, standBy) })
	e.loops.Go(func() {
		if err := e.server.Serve(e.listener); !errors.Is(err, http.ErrServerClosed) {
			e.log.ErrorContext(life, "the hook has ended", "error", err)
		}
	})
	return nil
}

func (e *Engine) open(ctx context.Context) (err error) {
	if e.keys, err = seal.Open(e.config.Seal); err != nil {
		return fmt.Errorf("seal: %w", err)
	}
	if e.target, err = e.openTarget(); err != nil {
		return err
	}
	e.ledger = newLedger(e.target.Name())
	if e.metrics, err = newMetrics(e.env.Registry, e.target.Name(), e); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	if e.env.Audit != nil {
		e.audit = audit.New(e.env.Audit)
	} else if e.audit, err = audit.OpenFile(e.config.Audit, func(l audit.Line) { e.ledger.finish(l, nil) }); err != nil {
		return err
	}
	if !e.config.DryRun {
		e.notifier, err = notify.Open(e.config.Mail, notify.Environment{ //nolint:contextcheck // It outlives the start.
			DialContext: e.env.DialContext, RootCAs: e.env.RootCAs, Logger: e.log, Counted: e.metrics.mailed,
		})
		if err != nil {
			return fmt.Errorf("mail: %w", err)
		}
	}
	if err := e.openSource(); err != nil {
		return err
	}
	if e.queue, err = queue.Open(ctx, e.config.Queue); err != nil {
		return err
	}
	if n := e.queue.Waiting(); e.config.DryRun && n > 0 {
		return fmt.Errorf("dryRun: %d changes wait in this queue for a real run, which a dry run would hold up; give it a queue of its own (--queue DIR)", n)
	}
	e.lot = newLot(e.queue)
	schedule, err := parseSchedule(e.config.Schedule)
	if err != nil {
		return fmt.Errorf("schedule: %w", err)
	}
	e.dispatcher = newDispatcher(e.config, schedule, e.log, e.ledger, e.metrics)
	e.dispatcher.attempt, e.dispatcher.keep, e.dispatcher.settle = e.attempt, e.keep, e.settler.add
	e.dispatcher.lot, e.dispatcher.notifier = e.lot, e.notifier
	if e.config.Queue.URL == "" { // There is nobody to wait for.
		if err := e.takeOver(ctx); err != nil {
			return err
		}
	}
	return e.listen(ctx)
}

func (e *Engine) listen(ctx context.Context) (err error) {
	metrics := promhttp.HandlerFor(e.env.Registry, promhttp.HandlerOpts{Registry: e.env.Registry})
	e.server = &http.Server{
		Handler: hook.Handler(e.config.Hook, e, metrics, e.log), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(e.log.Handler(), slog.LevelDebug),
	}
	if e.env.Listener != nil {
		e.listener = e.env.Listener
		return nil
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", e.config.Hook.Listen)
	if err != nil {
		return fmt.Errorf("hook.listen: %w", err)
	}
	e.listener = l
	if e.config.Hook.CertFile == "" {
		if a, ok := l.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
			e.log.WarnContext(ctx, "the hook takes passwords over plain HTTP from other hosts; set hook.certFile and hook.keyFile", "address", a.String())
		}
		return nil
	}
	certificate, err := tls.LoadX509KeyPair(e.config.Hook.CertFile, e.config.Hook.KeyFile)
	if err != nil {
		return fmt.Errorf("hook.certFile: %w", err)
	}
	e.listener = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	return nil
}

// lead works on the queue once this process may, until it is stopped or another one has taken the lead.
func (e *Engine) lead(ctx, standBy context.Context) {
	defer close(e.settled)
	defer close(e.decided)
	if !e.leading.Load() {
		e.log.InfoContext(ctx, "standing by; another engine may be working on the queue")
		if !e.insist(standBy, "the lead cannot be taken", func() error { return e.takeOver(standBy) }) {
			return
		}
		e.log.InfoContext(ctx, "this engine has taken the lead")
	}
	var others sync.WaitGroup
	defer others.Wait()
	others.Go(func() { e.settleAll(ctx) })
	defer e.settler.close()
	aside, end := context.WithCancel(ctx) // what ends with the dispatcher
	defer end()
	others.Go(func() { e.read(aside) })
	if e.source != nil {
		others.Go(func() { e.source.Run(standBy, e) })
	}
	others.Go(func() { e.wipeParked(aside) })
	others.Go(func() { e.target.KeepWarm(aside) })
	if e.notifier != nil && len(e.config.Mail.ReportTo) > 0 && e.env.Audit == nil {
		others.Go(func() { e.reportDaily(aside) })
	}
	others.Go(func() {
		select {
		case <-e.queue.Lost():
			e.resigned(ctx, queue.ErrInUse)
		case <-aside.Done():
		}
	})
	e.dispatcher.run(ctx)
}

// reportDaily mails the report until ctx ends.
func (e *Engine) reportDaily(ctx context.Context) {
	schedule, err := parseSchedule(e.config.Mail.ReportAt)
	if err != nil {
		e.log.ErrorContext(ctx, "there is no daily report", "error", err)
		return
	}
	daily{
		schedule: schedule, audit: e.config.Audit, parked: e.queue, post: e.notifier.Report, log: e.log, seed: e.config.Seed,
	}.run(ctx)
}

// takeOver waits for the lead and learns what the engine before left: how far it came, what it parked, and which replays it
// had begun.
func (e *Engine) takeOver(ctx context.Context) error {
	if err := e.queue.Lead(ctx); err != nil {
		return err
	}
	e.dispatcher.inherits = e.queue.Last()
	begun, err := e.loadParked(ctx)
	if err != nil {
		return err
	}
	for _, p := range begun {
		e.dispatcher.replay(ctx, p, true)
	}
	e.leading.Store(true)
	return nil
}

// resigned stops at once: another engine works on what we had in our hands.
func (e *Engine) resigned(ctx context.Context, err error) {
	if e.stopping.Load() || ctx.Err() != nil || !e.lost.CompareAndSwap(false, true) {
		return
	}
	e.log.ErrorContext(ctx, "the queue delivers no more; another engine may have taken it over", "error", err)
	e.leading.Store(false)
	e.cut()
	close(e.ended)
}

// Ended is closed when another engine has taken the lead: this one does nothing more, and must be stopped and started anew
// to stand by.
func (e *Engine) Ended() <-chan struct{} { return e.ended }

// read hands the queue's changes to the dispatcher.
func (e *Engine) read(ctx context.Context) {
	for {
		delivery, err := e.queue.Next(ctx)
		if err != nil {
			e.resigned(ctx, err)
			return
		}
		select {
		case e.dispatcher.deliveries <- delivery:
		case <-ctx.Done():
			return
		}
	}
}

// Stop refuses new changes, ends the attempts in flight, leaves the rest in the queue and closes everything. When ctx ends
// first, the attempts are cut short; what they had begun is looked at after the next Start.
func (e *Engine) Stop(ctx context.Context) error {
	if !e.started || !e.stopping.CompareAndSwap(false, true) {
		return nil
	}
	stop := context.AfterFunc(ctx, e.cut)
	defer stop()
	e.resign()
	e.queue.Interrupt()
	close(e.dispatcher.drain)
	<-e.settled
	return e.close(ctx)
}

// close closes what is open, from the outside in.
func (e *Engine) close(ctx context.Context) error {
	var errs []error
	if e.server != nil && e.listener != nil {
		if err := e.server.Shutdown(ctx); err != nil {
			errs = append(errs, e.server.Close())
		}
		_ = e.listener.Close() // Closed already, unless Serve was never called.
	}
	e.cut()
	e.loops.Wait()
	if e.target != nil {
		e.target.Close()
	}
	e.source.Close()
	errs = append(errs, e.notifier.Close(ctx))
	if e.audit != nil {
		errs = append(errs, e.audit.Close())
	}
	if e.queue != nil {
		errs = append(errs, e.queue.Close(ctx))
	}
	if e.metrics != nil {
		e.metrics.unregister()
	}
	return errors.Join(errs...)
}

// URL is where the hook listens. With a listener of the caller's it does not know about TLS and says http.
func (e *Engine) URL() string {
	if e.listener == nil {
		return ""
	}
	scheme := "http"
	if e.config.Hook.CertFile != "" && e.env.Listener == nil {
		scheme = "https"
	}
	return scheme + "://" + e.listener.Addr().String()
}
