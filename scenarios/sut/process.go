package sut

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/syncer"
)

// Process is our own engine as users run it: `seatrial sync run` in a process of its own, over real sockets, with its
// configuration in a file and its secrets in the environment. It can be killed and started again on what it left behind.
type Process struct {
	binary string
	place  Place
	token  secret.Value
	config string
	client *http.Client
	log    *buffer // standard error of all its lives
	seen   *buffer // every answer of all its lives

	hook    atomic.Pointer[hook] // nil while it is dead
	command *exec.Cmd
	ended   chan struct{}
	metrics []byte
}

// NewProcess prepares an engine that runs binary; the place's network must be real sockets. extra is laid over the
// configuration file that the place asks for, by section.
func NewProcess(binary string, p Place, extra map[string]any) (*Process, error) {
	e := &Process{
		binary: binary, place: p, token: secret.New(p.Seed.Stream("sut/hook token").Hex(32)),
		config: filepath.Join(p.Dir, "sync.yaml"), log: new(buffer), seen: new(buffer),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}},
	}
	ca := filepath.Join(p.Dir, "ca.pem")
	if err := p.Authority.WriteFile(ca); err != nil {
		return nil, err
	}
	url := "https://" + p.Network.Address(strings.TrimPrefix(p.URL, "https://"))
	c := map[string]any{
		"hook":      map[string]any{"listen": "127.0.0.1:0", "tokenEnv": "HOOK_TOKEN"},
		"queue":     map[string]any{"dir": filepath.Join(p.Dir, "queue")},
		"seal":      map[string]any{"keyFile": filepath.Join(p.Dir, "seal.key"), "generate": true},
		"provision": p.Provision, "audit": filepath.Join(p.Dir, "audit.jsonl"), "seed": uint64(p.Seed),
	}
	if p.Target == syncer.TargetOkta {
		c["target"] = p.Target
		org := map[string]any{"url": url, "caFile": ca, "tokenEnv": "OKTA_TOKEN"}
		if p.ClientID != "" {
			org = map[string]any{"url": url, "caFile": ca, "clientId": p.ClientID, "keyEnv": "OKTA_KEY"}
		}
		c["okta"] = org
	} else {
		c["idcs"] = map[string]any{"url": url, "caFile": ca, "clientId": p.ClientID, "clientSecretEnv": "IDCS_SECRET", "scope": p.Scope}
	}
	for key, value := range extra {
		section, isSection := c[key].(map[string]any)
		more, isMap := value.(map[string]any)
		if !isSection || !isMap {
			c[key] = value
			continue
		}
		maps.Copy(section, more)
	}
	text, err := yaml.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("configuration of the engine: %w", err)
	}
	if err := os.WriteFile(e.config, text, 0o600); err != nil {
		return nil, fmt.Errorf("configuration of the engine: %w", err)
	}
	return e, nil
}

// startWithin bounds the start of a process: what the last one left behind is read first.
const startWithin = time.Minute

// Begin starts a process and returns at once; ready waits until it listens.
func (e *Process) Begin() (ready func(context.Context) error, err error) {
	command := exec.Command(e.binary, "sync", "run", "--config", e.config, "--log-format", "json") //nolint:gosec,noctx // G204: the binary is the caller's choice; Kill and Stop end it.
	command.Env = append(os.Environ(), "HOOK_TOKEN="+e.token.Reveal(), "IDCS_SECRET="+e.place.ClientSecret.Reveal(), "OKTA_TOKEN="+e.place.OktaToken.Reveal(), "OKTA_KEY="+e.place.ClientKey.Reveal())
	command.Stderr = e.log
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start the engine: %w", err)
	}
	ended, address := make(chan struct{}), make(chan string, 1)
	e.command, e.ended = command, ended
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if url, found := strings.CutPrefix(lines.Text(), "listening on "); found {
				address <- url
				break
			}
		}
		_, _ = io.Copy(io.Discard, out)
		_ = command.Wait() // How it ended is seen from what it did.
	}()
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, startWithin)
		defer cancel()
		select {
		case url := <-address:
			h := newHook(url, e.token, e.client)
			h.seen = e.seen
			e.hook.Store(h)
			return nil
		case <-ended:
			return fmt.Errorf("the engine ended before it listened: %s", lastLine(e.log.bytes()))
		case <-ctx.Done():
			return fmt.Errorf("the engine does not listen: %w", ctx.Err())
		}
	}, nil
}

func lastLine(log []byte) []byte {
	log = bytes.TrimSpace(log)
	if len(log) == 0 {
		return []byte("it said nothing")
	}
	return log[bytes.LastIndexByte(log, '\n')+1:]
}

// Start starts the engine and waits until it listens.
func (e *Process) Start(ctx context.Context) error {
	ready, err := e.Begin()
	if err != nil {
		return err
	}
	return ready(ctx)
}

// Kill ends the process as a crash does: at once, wherever it is.
func (e *Process) Kill() {
	e.hook.Store(nil)
	_ = e.command.Process.Kill() // It may have ended by itself.
	<-e.ended
	e.client.CloseIdleConnections()
}

// ErrDead says that the process does not run.
var ErrDead = errors.New("the engine is not running")

// Submit makes one attempt; an error may be a *SubmitError, or ErrDead.
func (e *Process) Submit(ctx context.Context, c Change) (string, error) {
	h := e.hook.Load()
	if h == nil {
		return "", ErrDead
	}
	return h.submit(ctx, c)
}

// Outcomes asks the process that runs: it knows those of its former lives.
func (e *Process) Outcomes(ctx context.Context) ([]Outcome, error) {
	h := e.hook.Load()
	if h == nil {
		return nil, ErrDead
	}
	return h.final(ctx)
}

// Secrets are the hook's token.
func (e *Process) Secrets() []secret.Value { return []secret.Value{e.token} }

// Artifacts are everything below the engine's folder but its keys, and what it said.
func (e *Process) Artifacts() ([]Artifact, error) {
	list := []Artifact{{ArtifactLog, e.log.bytes()}, {ArtifactMetrics, e.metrics}, {ArtifactResponses, e.seen.bytes()}}
	files, err := readTree(e.place.Dir, "")
	for _, f := range files {
		switch f.Name {
		case "audit.jsonl":
			f.Name = ArtifactAudit
		case "ca.pem", "seal.key":
			continue
		}
		list = append(list, f)
	}
	return list, err
}

// Stop asks the process to drain and waits for its end.
func (e *Process) Stop(ctx context.Context) error {
	h := e.hook.Swap(nil)
	if h == nil {
		return nil
	}
	var err error
	if e.metrics, err = h.metrics(ctx); err != nil {
		err = fmt.Errorf("metrics: %w", err)
	}
	err = errors.Join(err, e.command.Process.Signal(syscall.SIGTERM))
	select {
	case <-e.ended:
	case <-ctx.Done():
		err = errors.Join(err, fmt.Errorf("the engine does not end: %w", ctx.Err()), e.command.Process.Kill())
		<-e.ended
	}
	e.client.CloseIdleConnections()
	return err
}
