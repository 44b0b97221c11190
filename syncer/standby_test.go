package syncer

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/queue"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// ready waits until an engine says a word at /readyz.
func (r *rig) ready(word string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		_, answer, _ := r.request(http.MethodGet, "/readyz", nil)
		return string(answer) == `{"status":"`+word+`"}`+"\n"
	}, 10*time.Second, 20*time.Millisecond, "it never says %s\n%s", word, r.logs)
}

// TestOneOfTwoEnginesWorks runs over a real NATS server, in real time: another engine takes over within seconds when the
// first one ends as it should.
func TestOneOfTwoEnginesWorks(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a few seconds")
	}
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
	})
	require.NoError(t, err)
	s.Start()
	defer s.WaitForShutdown()
	defer s.Shutdown()
	require.True(t, s.ReadyForConnections(10*time.Second))

	one, two := newRig(t), newRig(t)
	two.domain.Stop()
	two.domain, two.dial, two.config.IDCS, two.config.Seal = one.domain, one.dial, one.config.IDCS, one.config.Seal
	two.n = 100
	var down atomic.Bool
	one.domain.Script = func(string, int, string) *step {
		if down.Load() {
			return &step{Status: 503}
		}
		return nil
	}
	for _, r := range []*rig{one, two} {
		r.config.Queue.Dir, r.config.Queue.URL = "", s.ClientURL()
		r.start()
		if r == one {
			one.ready("ready")
		}
	}
	two.ready("standby")
	assert.Contains(t, two.metrics(), `idm_password_sync_standby{target_system="idcs"} 1`)
	one.domain.Add("a", "b")

	first := two.submit("a", "Password-1") // Taken by the one that stands by.
	status, receipt := two.submitAndWait("tx-w", "b", "Password-1", "?wait=1m")
	assert.Equal(t, http.StatusAccepted, status, "who stands by does not hear of outcomes")
	assert.Equal(t, hook.Queued, receipt.State)
	status, _ = two.replay(first)
	assert.Equal(t, http.StatusServiceUnavailable, status)
	require.Eventually(t, func() bool { return len(one.outcomes()) == 2 }, 10*time.Second, 20*time.Millisecond)
	assert.Equal(t, hook.Applied, one.status(first).State)
	assert.Empty(t, two.outcomes())

	down.Store(true)
	left := one.submit("a", "Password-2")
	require.Eventually(t, func() bool { return one.status(left).State == hook.Retrying }, 10*time.Second, 20*time.Millisecond)
	one.stop()
	down.Store(false)
	two.ready("ready")
	require.Eventually(t, func() bool { return two.domain.User("a").Password == "Password-2" }, 10*time.Second, 20*time.Millisecond)
	require.Eventually(t, func() bool { return two.status(left).State == hook.Applied }, 10*time.Second, 20*time.Millisecond)
	assert.Len(t, two.trail(), 1)
	assert.Len(t, one.domain.Applied(), 3)
	two.close()
}

func TestAnEngineThatHasLostTheLeadDoesNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a", "b")
		r.domain.Script = slowWrites(10 * time.Second)
		r.start()
		r.submit("a", "Password-1")
		time.Sleep(time.Second)
		r.engine.resigned(t.Context(), queue.ErrInUse)
		<-r.engine.Ended()
		status, _, _ := r.request(http.MethodGet, "/readyz", nil)
		assert.Equal(t, http.StatusServiceUnavailable, status)
		status, _, _ = r.request(http.MethodPost, "/v1/changes", map[string]any{"userName": "b", "password": "Password-2"})
		assert.Equal(t, http.StatusServiceUnavailable, status)
		time.Sleep(time.Minute)
		assert.Empty(t, r.trail(), "the one that leads now will tell")
		r.stop()
		r.start()
		assert.Equal(t, hook.Applied, r.settled(1, time.Minute)[0].State)
		assert.Len(t, r.domain.Applied(), 1)
		r.close()
	})
}
