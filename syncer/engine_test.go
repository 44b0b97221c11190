package syncer

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/source/hook"
)

func TestOneChangeOneWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("bjensen")
		r.start()
		id := r.submit("BJensen", "Neu-geheim-1ä")
		assert.Equal(t, hook.Queued, r.status(id).State)
		r.settled(1, time.Second)

		s := r.status(id)
		assert.Equal(t, hook.Applied, s.State)
		assert.Equal(t, 1, s.Attempts)
		assert.NotNil(t, s.Finished)
		assert.Equal(t, "Neu-geheim-1ä", r.domain.User("bjensen").Password)
		assert.Len(t, r.domain.Log("token"), 1)
		assert.Len(t, r.domain.Log("find"), 1)
		assert.Len(t, r.domain.Log("write"), 1)

		lines := r.trail()
		require.Len(t, lines, 1)
		assert.Equal(t, "applied", lines[0].Outcome)
		assert.Equal(t, "tx-1", lines[0].TransactionID)
		assert.Contains(t, r.metrics(), `idm_password_sync_total{status="applied",target_system="idcs"} 1`)
		r.close()
	})
}

func TestTheSameTransactionIsQueuedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a", "b")
		r.start()
		first := r.submitAs("same", "a", "Password-1")
		assert.Equal(t, first, r.submitAs("same", "A", "Password-1"))
		assert.NotEqual(t, first, r.submitAs("same", "b", "Password-1"), "another user's")
		r.settled(2, time.Second)
		assert.Equal(t, first, r.submitAs("same", "a", "Password-1"))
		r.stop()
		r.start()                  // The audit trail and the queue remember.
		time.Sleep(25 * time.Hour) // Longer than the queue remembers.
		_, answer, _ := r.request(http.MethodPost, "/v1/changes", map[string]any{"transactionId": "same", "userName": "a", "password": "Password-1"})
		assert.JSONEq(t, `{"id":"`+first+`","state":"applied"}`, string(answer))
		time.Sleep(time.Minute)
		assert.Len(t, r.domain.Log("write"), 2)
		assert.Len(t, r.outcomes(), 2)
		r.close()
	})
}

// slow is a writer that takes its time.
type slow struct{ buffer }

func (s *slow) Write(p []byte) (int, error) {
	time.Sleep(3 * time.Second)
	return s.buffer.Write(p)
}

func TestStopWaitsForTheTrail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		var trail slow
		r.startWith(&trail)
		r.submit("a", "Password-1")
		time.Sleep(time.Second)
		start := time.Now()
		r.stop()
		assert.InDelta(t, 2, time.Since(start).Seconds(), 0.1)
		assert.Contains(t, trail.String(), `"outcome":"applied"`)
		r.start()
		time.Sleep(time.Minute)
		assert.Empty(t, r.outcomes(), "and it was removed from the queue")
		r.close()
	})
}

func TestStopRefusesAndDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("slow", "other")
		r.domain.Script = slowWrites(3 * time.Second)
		r.start()
		r.submit("slow", "Password-1")
		time.Sleep(time.Second)
		done := make(chan struct{})
		start := time.Now()
		go func() { r.stop(); close(done) }()
		synctest.Wait()
		status, _, header := r.request(http.MethodPost, "/v1/changes", map[string]any{"userName": "other", "password": "Password-2"})
		assert.Equal(t, http.StatusServiceUnavailable, status)
		assert.NotEmpty(t, header.Get("Retry-After"))
		status, _, _ = r.request(http.MethodGet, "/readyz", nil)
		assert.Equal(t, http.StatusServiceUnavailable, status)
		<-done
		assert.InDelta(t, 2, time.Since(start).Seconds(), 0.6, "the attempt in flight was waited for")
		assert.Len(t, r.trail(), 1)
		r.domain.Stop()
	})
}
