package syncer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server/ats"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/syncer/audit"
	"github.com/seatrial/seatrial/syncer/internal/idcstest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

func TestMain(m *testing.M) {
	runChild()
	ats.Register() // JetStream's clock of access times must live outside the bubbles.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server/ats.Register.func1"))
}

const hookToken = "hook-token-of-the-test"

// rig is an engine between a hook client and a fake domain, all in memory but for the queue and the audit file.
type rig struct {
	t        *testing.T
	config   Config
	domain   *idcstest.Domain
	engine   *Engine
	listener *idcstest.Listener
	client   *http.Client
	logs     *buffer
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	n        int
}

// buffer takes the log of all engines of a test.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// flaky is a writer that fails when told to.
type flaky struct {
	buffer
	broken atomic.Bool
}

func (f *flaky) Write(p []byte) (int, error) {
	if f.broken.Load() {
		return 0, errors.New("no space left on device")
	}
	return f.buffer.Write(p)
}

// newRig makes a rig; it is called inside the bubble. The engine is not started.
func newRig(t *testing.T) *rig {
	t.Helper()
	dir := t.TempDir()
	d := idcstest.Start()
	c := DefaultConfig()
	c.Hook.Token = seal.Secret(hookToken)
	c.Queue.Dir = filepath.Join(dir, "queue")
	c.Seal = seal.Config{KeyFile: filepath.Join(dir, "key"), Generate: true}
	c.IDCS.URL, c.IDCS.ClientID, c.IDCS.ClientSecret = d.URL(), d.ClientID, seal.Secret(d.ClientSecret)
	c.Audit = filepath.Join(dir, "audit.jsonl")
	c.Seed = 7
	return &rig{t: t, config: c, domain: d, dial: d.DialContext, logs: &buffer{}}
}

// start starts an engine on what the last one left.
func (r *rig) start() {
	r.t.Helper()
	r.startWith(nil)
}

// startWith lets the audit trail go to a writer instead of its file.
func (r *rig) startWith(trail io.Writer) {
	r.t.Helper()
	r.listener = idcstest.Listen()
	e, err := New(r.config, Environment{
		Listener: r.listener, DialContext: r.dial, Audit: trail,
		Logger: slog.New(slog.NewJSONHandler(r.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(r.t, err)
	require.NoError(r.t, e.Start(r.t.Context()))
	r.engine = e
	r.client = &http.Client{Transport: &http.Transport{DialContext: r.listener.DialContext, MaxIdleConnsPerHost: 8}}
}

// stop drains.
func (r *rig) stop() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(r.t, r.engine.Stop(ctx))
	r.client.CloseIdleConnections()
}

// kill ends the engine without a drain, as far as that can be done within a process.
func (r *rig) kill() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = r.engine.Stop(ctx)
	r.client.CloseIdleConnections()
}

func (r *rig) close() {
	r.t.Helper()
	r.stop()
	r.domain.Stop()
}

func (r *rig) request(method, path string, body any) (int, []byte, http.Header) {
	r.t.Helper()
	data, err := json.Marshal(body)
	require.NoError(r.t, err)
	return r.send(method, path, data)
}

func (r *rig) send(method, path string, data []byte) (int, []byte, http.Header) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, "http://hook.test"+path, bytes.NewReader(data))
	require.NoError(r.t, err)
	request.Header.Set("Authorization", "Bearer "+hookToken)
	request.Header.Set("Content-Type", "application/json")
	response, err := r.client.Do(request)
	require.NoError(r.t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(r.t, err)
	return response.StatusCode, answer, response.Header
}

// submit sends a change and returns its id.
func (r *rig) submit(user, password string) string {
	r.t.Helper()
	r.n++
	return r.submitAs(fmt.Sprintf("tx-%d", r.n), user, password)
}

func (r *rig) submitAs(transaction, user, password string) string {
	r.t.Helper()
	status, answer, _ := r.request(http.MethodPost, "/v1/changes", map[string]any{
		"transactionId": transaction, "userName": user, "password": password,
		"attributes": map[string]string{"givenName": "Given", "sn": "Family", "mail": strings.ToLower(user) + "@example.com"},
	})
	require.Equal(r.t, http.StatusAccepted, status, string(answer))
	var receipt hook.Receipt
	require.NoError(r.t, json.Unmarshal(answer, &receipt))
	return receipt.ID
}

func (r *rig) status(id string) hook.Status {
	r.t.Helper()
	status, answer, _ := r.request(http.MethodGet, "/v1/changes/"+id, nil)
	require.Equal(r.t, http.StatusOK, status, string(answer))
	var s hook.Status
	require.NoError(r.t, json.Unmarshal(answer, &s))
	return s
}

func (r *rig) outcomes() []hook.Outcome {
	r.t.Helper()
	status, answer, _ := r.request(http.MethodGet, "/v1/outcomes?limit=10000", nil)
	require.Equal(r.t, http.StatusOK, status, string(answer))
	var list struct{ Outcomes []hook.Outcome }
	require.NoError(r.t, json.Unmarshal(answer, &list))
	return list.Outcomes
}

// settled waits in virtual time until a number of changes is final.
func (r *rig) settled(n int, within time.Duration) []hook.Outcome {
	r.t.Helper()
	start := time.Now()
	for end := start.Add(within); ; time.Sleep(50*time.Millisecond + time.Since(start)/20) {
		list := r.outcomes()
		if len(list) >= n {
			return list
		}
		require.True(r.t, time.Now().Before(end), "only %d of %d changes are final after %v\n%s", len(list), n, within, r.logs)
	}
}

// trail reads the audit file and checks its chain.
func (r *rig) trail() []audit.Line {
	r.t.Helper()
	f, err := os.Open(r.config.Audit)
	require.NoError(r.t, err)
	defer func() { _ = f.Close() }()
	var lines []audit.Line
	_, _, err = audit.Read(f, func(l audit.Line) { lines = append(lines, l) })
	require.NoError(r.t, err)
	return lines
}

func (r *rig) metrics() string {
	_, text, _ := r.request(http.MethodGet, "/metrics", nil)
	return string(text)
}

// brokenShelf is a parked store that takes nothing while it is down.
type brokenShelf struct {
	shelf
	down atomic.Bool
}

var errDisk = errors.New("no space left on device")

func (b *brokenShelf) Park(ctx context.Context, id string, data []byte) error {
	if b.down.Load() {
		return errDisk
	}
	return b.shelf.Park(ctx, id, data)
}

func (b *brokenShelf) Unpark(ctx context.Context, id string) error {
	if b.down.Load() {
		return errDisk
	}
	return b.shelf.Unpark(ctx, id)
}

// breakShelf takes the parked store of the running engine down.
func (r *rig) breakShelf() *brokenShelf {
	r.t.Helper()
	b := &brokenShelf{shelf: r.engine.queue}
	b.down.Store(true)
	require.NoError(r.t, r.engine.lot.enter(r.t.Context()))
	defer r.engine.lot.leave()
	r.engine.lot.shelf = b
	return b
}

// startOnTCP starts an engine that listens on Config.Hook.Listen.
func (r *rig) startOnTCP() {
	r.t.Helper()
	e, err := New(r.config, Environment{DialContext: r.dial, Logger: slog.New(slog.NewJSONHandler(r.logs, nil))})
	require.NoError(r.t, err)
	require.NoError(r.t, e.Start(r.t.Context()))
	r.engine = e
}

// trailFile writes an audit trail of applied changes.
func trailFile(t *testing.T, dir, name string, transactions ...string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	trail, err := audit.OpenFile(path, func(audit.Line) {})
	require.NoError(t, err)
	for _, tx := range transactions {
		require.NoError(t, trail.Write(t.Context(), audit.Line{TransactionID: tx, ID: "id-" + tx, Outcome: "applied"}))
	}
	require.NoError(t, trail.Close())
	return path
}
