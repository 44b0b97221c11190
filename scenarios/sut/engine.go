package sut

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/syncer"
	"github.com/seatrial/seatrial/syncer/seal"
)

// Engine is our own engine, in process. It is judged like any other: it hears of changes over its HTTP hook (with TLS),
// and reaches the target only over the place's network. base sets what the place does not say: retries, schedule,
// concurrency; nil means the engine's defaults.
func Engine(base func(*syncer.Config)) Factory {
	return func(p Place) (System, error) {
		token := secret.New(p.Seed.Stream("sut/hook token").Hex(32))
		c := syncer.DefaultConfig()
		if base != nil {
			base(&c)
		}
		if err := applySettings(&c, p.Settings); err != nil {
			return nil, fmt.Errorf("settings: %w", err)
		}
		settle(&c, p, token)
		e := &engine{place: p, config: c, log: new(buffer)}
		e.hook = newHook("https://"+p.Host, token, network.Client(p.Network, p.Authority.Pool()))
		if err := c.Validate(); err != nil {
			return nil, fmt.Errorf("the engine's configuration: %w", err)
		}
		return e, nil
	}
}

// settle puts into the configuration what the place decides.
func settle(c *syncer.Config, p Place, token secret.Value) {
	c.Hook.Token = seal.Secret(token.Reveal())
	c.Queue.Dir, c.Queue.URL = filepath.Join(p.Dir, "queue"), ""
	c.Seal = seal.Config{KeyFile: filepath.Join(p.Dir, "seal.key"), Generate: true}
	if p.Target == syncer.TargetOkta {
		aimAtOkta(c, p)
	} else {
		aimAtIDCS(c, p)
	}
	if d := p.Directory; d != nil {
		c.LDAP.URLs, c.LDAP.BindDN, c.LDAP.Base = d.URLs, d.Account, d.Base
		c.LDAP.Password, c.LDAP.State = seal.Secret(d.Password.Reveal()), filepath.Join(p.Dir, "ldap")
	}
	c.Provision = c.Provision || p.Provision
	c.Audit = filepath.Join(p.Dir, "audit.jsonl")
	c.Mail.State = filepath.Join(p.Dir, "mail.jsonl")
	c.Seed = uint64(p.Seed)
}

func aimAtIDCS(c *syncer.Config, p Place) {
	c.Target = syncer.TargetIDCS
	c.IDCS.URL, c.IDCS.TokenURL, c.IDCS.CAFile = p.URL, "", ""
	c.IDCS.ClientID, c.IDCS.ClientSecret = p.ClientID, seal.Secret(p.ClientSecret.Reveal())
	if p.Scope != "" {
		c.IDCS.Scope = p.Scope
	}
	if p.Door != "" {
		c.IDCS.Door = p.Door
	}
}

func aimAtOkta(c *syncer.Config, p Place) {
	c.Target = syncer.TargetOkta
	c.Okta.URL, c.Okta.CAFile = p.URL, ""
	if p.ClientID == "" {
		c.Okta.Token = seal.Secret(p.OktaToken.Reveal())
	} else {
		c.Okta.ClientID, c.Okta.Key = p.ClientID, seal.Secret(p.ClientKey.Reveal())
	}
}

type engine struct {
	place    Place
	config   syncer.Config
	log      *buffer
	hook     *hook
	engine   *syncer.Engine
	listener net.Listener
	stopped  bool
	metrics  []byte // as they were when the engine stopped
}

// Start listens on the place's network and starts the engine behind it.
func (e *engine) Start(ctx context.Context) error {
	host, _, err := net.SplitHostPort(e.place.Host)
	if err != nil {
		host = e.place.Host
	}
	certificate, err := e.place.Authority.Certificate(host)
	if err != nil {
		return fmt.Errorf("certificate of the hook: %w", err)
	}
	listener, err := e.place.Network.Listen(e.place.Host)
	if err != nil {
		return fmt.Errorf("listen for the hook: %w", err)
	}
	e.listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	e.engine, err = syncer.New(e.config, syncer.Environment{
		Listener: e.listener, DialContext: e.place.Network.DialContext, RootCAs: e.place.Authority.Pool(),
		// A password that shows at debug level only is shown all the same.
		Logger: slog.New(slog.NewJSONHandler(e.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err == nil {
		err = e.engine.Start(ctx)
	}
	if err != nil {
		_ = e.listener.Close()
		return fmt.Errorf("start the engine: %w", err)
	}
	return nil
}

// Submit makes one attempt; an error may be a *SubmitError.
func (e *engine) Submit(ctx context.Context, c Change) (string, error) { return e.hook.submit(ctx, c) }

// Outcomes asks the hook.
func (e *engine) Outcomes(ctx context.Context) ([]Outcome, error) { return e.hook.final(ctx) }

// Secrets are the hook's token: the place does not know it, and it must not show either.
func (e *engine) Secrets() []secret.Value { return []secret.Value{e.hook.token} }

// metricsTimeout bounds the one request that Artifacts makes.
const metricsTimeout = 10 * time.Second

// Artifacts reads the log, the audit trail, the metrics, the answers of the hook and the files of the queue.
func (e *engine) Artifacts() ([]Artifact, error) {
	metrics, err := e.metrics, error(nil)
	if !e.stopped {
		ctx, cancel := context.WithTimeout(context.Background(), metricsTimeout)
		defer cancel()
		metrics, err = e.hook.metrics(ctx)
	}
	audit, auditErr := os.ReadFile(e.config.Audit)
	if errors.Is(auditErr, fs.ErrNotExist) {
		auditErr = nil // nothing has been audited yet
	}
	list := []Artifact{
		{ArtifactLog, e.log.bytes()},
		{ArtifactAudit, audit},
		{ArtifactMetrics, metrics},
		{ArtifactResponses, e.hook.seen.bytes()},
	}
	files, filesErr := readTree(e.config.Queue.Dir, "queue/")
	return append(list, files...), errors.Join(err, auditErr, filesErr)
}

// Stop takes a last look at the metrics, stops the engine and frees its host.
func (e *engine) Stop(ctx context.Context) error {
	if e.engine == nil || e.stopped {
		return nil
	}
	metrics, err := e.hook.metrics(ctx)
	e.metrics, e.stopped = metrics, true
	err = errors.Join(err, e.engine.Stop(ctx))
	_ = e.listener.Close() // the engine has closed it, unless it failed to
	e.hook.client.CloseIdleConnections()
	return err
}

// Cut ends the engine as nearly like a crash as can be had within a process: requests are cut off, and nothing more is
// written down.
func (e *engine) Cut() error {
	if e.engine == nil || e.stopped {
		return nil
	}
	e.stopped = true
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = e.engine.Stop(ctx) // It says that it was cut off.
	_ = e.listener.Close()
	e.hook.client.CloseIdleConnections()
	return nil
}

// Keys does something to the sealing keys, between two lives.
func (e *engine) Keys(how string) error {
	folder, err := os.OpenRoot(e.place.Dir)
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	name := filepath.Base(e.config.Seal.KeyFile)
	lost := name + ".lost"
	if how != "back" {
		if err := errors.Join(folder.Rename(name, lost), seal.WriteKeyFile(e.config.Seal.KeyFile)); err != nil || how == "lost" {
			return err
		}
	}
	old, err := folder.ReadFile(lost)
	if err != nil {
		return fmt.Errorf("no keys were lost: %w", err)
	}
	first, err := folder.ReadFile(name)
	if err != nil {
		return err
	}
	return folder.WriteFile(name, slices.Concat(bytes.TrimRight(first, "\n"), []byte("\n"), old), 0o600)
}

// Replay has the parked changes of a reason sent again, all of them without one, and tells their transaction ids.
func (e *engine) Replay(ctx context.Context, reason string) ([]string, error) {
	return e.hook.replay(ctx, reason)
}

// readTree reads every file below dir. A file that goes while it is read is not an error: a queue drops its old blocks.
func readTree(dir, prefix string) ([]Artifact, error) {
	var list []Artifact
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path) //nolint:gosec // G304: the folder is the one that this run was given
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		list = append(list, Artifact{prefix + filepath.ToSlash(name), data})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("files of %s: %w", dir, err)
	}
	return list, nil
}
