package ldap

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/syncer/internal/ldaptest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine takes changes as the queue does: one transaction is one change.
type engine struct {
	mu      sync.Mutex
	changes []hook.Change
	seen    map[string]int // how often each transaction was handed over
	refuse  error
	after   int // refuse after that many; 0 is at once
}

var errFull = errors.New("the queue is full")

func (e *engine) Accept(_ context.Context, c hook.Change) (hook.Receipt, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refuse != nil && len(e.changes) >= e.after {
		return hook.Receipt{}, e.refuse
	}
	if e.seen == nil {
		e.seen = map[string]int{}
	}
	if e.seen[c.TransactionID]++; e.seen[c.TransactionID] == 1 {
		c.Hash, c.Password = c.Hash.Clone(), c.Password.Clone()
		e.changes = append(e.changes, c)
	}
	return hook.Receipt{State: hook.Queued}, nil
}

func (e *engine) set(err error, after int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.refuse, e.after = err, after
}

// got lists what was accepted, "user hash", in order, and forgets it.
func (e *engine) got() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var list []string
	for _, c := range e.changes {
		list = append(list, c.UserName+" "+string(c.Hash)+string(c.Password))
	}
	e.changes = nil
	slices.Sort(list)
	return list
}

// again counts the hand-overs that were repetitions.
func (e *engine) again() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, times := range e.seen {
		n += times - 1
	}
	return n
}

// log takes lines from several goroutines.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// rig is a source between a directory and an engine, in memory but for its state.
type rig struct {
	*testing.T
	config    Config
	directory *ldaptest.Directory
	engine    *engine
	logs      *log
	source    *Source
	registry  *prometheus.Registry
	readOnly  bool
	roots     *x509.CertPool
	stop      func()
}

// newRig makes a rig inside a bubble, with a directory of two replicas.
func newRig(t *testing.T, strategy string) *rig {
	t.Helper()
	d := ldaptest.Start("127.0.0.1", "127.0.0.2")
	c := DefaultConfig()
	c.URLs, c.BindDN, c.Password = d.URLs(), ldaptest.BindDN, seal.Secret(ldaptest.Password)
	c.StartTLS, c.Base, c.Strategy, c.State = false, ldaptest.Base, strategy, quick(t)
	return &rig{T: t, config: c, directory: d, engine: &engine{}, logs: &log{}, stop: func() {}}
}

// quick is a directory in memory where the system has such a place: these tests flush thousands of times.
func quick(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ldap") //nolint:usetesting // t.TempDir is on a disk.
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (r *rig) start() {
	r.Helper()
	r.registry = prometheus.NewRegistry()
	s, err := New(r.config, Environment{
		DialContext: r.directory.DialContext, Logger: slog.New(slog.NewTextHandler(r.logs, nil)), Registry: r.registry, RootCAs: r.roots, ReadOnly: r.readOnly, Seed: 7,
	})
	require.NoError(r, err)
	r.source = s
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx, r.engine)
	}()
	r.stop = func() {
		cancel()
		<-done
		s.Close()
		r.stop = func() {}
	}
}

// restart is a process that ends and comes again.
func (r *rig) restart() {
	r.Helper()
	r.stop()
	r.start()
}

func (r *rig) close() {
	r.Helper()
	r.stop()
	r.directory.Stop()
	for _, secret := range []string{ldaptest.Password, "SSHA512}", "PBKDF2}"} {
		assert.NotContains(r, r.logs.String(), secret)
	}
}

// settle lets the source look a few times. Then it does nothing, so that its state can be looked at.
func (r *rig) settle() {
	time.Sleep(25 * time.Second)
	synctest.Wait()
}

func (r *rig) expect(want ...string) {
	r.Helper()
	r.settle()
	assert.Equal(r, want, r.engine.got(), r.logs.String())
}

func (r *rig) metric(name string, labels ...string) float64 {
	r.Helper()
	families, err := r.registry.Gather()
	require.NoError(r, err)
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			match := true
			for _, want := range labels {
				name, value, _ := strings.Cut(want, "=")
				has := false
				for _, l := range m.GetLabel() {
					has = has || l.GetName() == name && l.GetValue() == value
				}
				match = match && has
			}
			if match {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func (r *rig) outcome(v verdict) float64 {
	return r.metric("idm_password_sync_source_changes_total", "outcome="+string(v))
}
