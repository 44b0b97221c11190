package syncer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/source/hook"
)

// submitAndWait sends a change whose caller waits.
func (r *rig) submitAndWait(transaction, user, password, query string) (int, hook.Receipt) {
	r.t.Helper()
	status, answer, _ := r.request(http.MethodPost, "/v1/changes"+query, map[string]any{
		"transactionId": transaction, "userName": user, "password": password,
	})
	var receipt hook.Receipt
	require.NoError(r.t, json.Unmarshal(answer, &receipt), string(answer))
	return status, receipt
}

func TestWhoWaitsHearsTheOutcome(t *testing.T) {
	tests := map[string]struct {
		strict   bool
		query    string
		password string
		trouble  script
		status   int
		state    hook.State
		reason   string
		took     time.Duration
		kept     int // once all is over
	}{
		"applied":                     {query: "?wait=10s", password: "Password-1", status: 200, state: hook.Applied},
		"applied, by configuration":   {strict: true, password: "Password-1", status: 200, state: hook.Applied},
		"refused":                     {query: "?wait=10s", password: "weak", status: 422, state: hook.Parked, reason: "policy"},
		"refused, by configuration":   {strict: true, password: "weak", status: 422, state: hook.Parked, reason: "policy"},
		"lenient":                     {password: "weak", status: 202, state: hook.Queued, kept: 1},
		"lenient, in spite of strict": {strict: true, query: "?wait=0s", password: "weak", status: 202, state: hook.Queued, kept: 1},
		"applied at the second attempt": {
			query: "?wait=10s", password: "Password-1", trouble: first(1, step{Status: 503}), status: 200,
			state: hook.Applied, took: 2 * time.Second,
		},
		"time is over": {
			query: "?wait=5s", password: "Password-1", trouble: first(3, step{Status: 503}), status: 202,
			state: hook.Retrying, reason: "unavailable", took: 5 * time.Second,
		},
		"time is over before the refusal": {
			query: "?wait=5s", password: "weak", trouble: slowWrites(8 * time.Second), status: 202,
			state: hook.Queued, took: 5 * time.Second, kept: 1,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				if tt.strict {
					r.config.Hook.Mode = hook.Strict
				}
				r.domain.Policy, r.domain.Script = new(lifted).policy, tt.trouble
				r.domain.Add("a")
				r.start()
				start := time.Now()
				status, receipt := r.submitAndWait("tx-1", "a", tt.password, tt.query)
				assert.Equal(t, tt.status, status)
				assert.Equal(t, tt.state, receipt.State)
				assert.Equal(t, tt.reason, receipt.Reason)
				assert.InDelta(t, tt.took.Seconds(), time.Since(start).Seconds(), 0.5)
				last := r.settled(1, time.Minute)[0]
				assert.Equal(t, receipt.ID, last.ID)
				assert.Len(t, r.parked(), tt.kept, "what the source was told to refuse is not kept")
				assert.Len(t, r.trail(), 1)
				r.close()
			})
		})
	}
}

func TestWhoAsksAgainHearsTheSameOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Policy = new(lifted).policy
		r.domain.Add("a")
		r.start()
		r.submitAs("tx-1", "a", "weak")
		r.settled(1, time.Minute)
		require.Len(t, r.parked(), 1)
		status, receipt := r.submitAndWait("tx-1", "a", "weak", "?wait=10s")
		assert.Equal(t, http.StatusUnprocessableEntity, status)
		assert.Equal(t, "policy", receipt.Reason)
		assert.Empty(t, r.parked(), "the source refuses the password now")
		status, _ = r.submitAndWait("tx-2", "a", "Password-2", "?wait=10s")
		assert.Equal(t, http.StatusOK, status)
		status, receipt = r.submitAndWait("tx-2", "a", "Password-2", "?wait=10s")
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, hook.Applied, receipt.State)
		assert.Len(t, r.domain.Log("write"), 2)
		r.close()
	})
}

func TestACallerWhoGoesLeavesHisChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Policy, r.domain.Script = new(lifted).policy, slowWrites(3*time.Second)
		r.domain.Add("a")
		r.start()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://hook.test/v1/changes?wait=10s",
			strings.NewReader(`{"userName":"a","password":"weak"}`))
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+hookToken)
		request.Header.Set("Content-Type", "application/json")
		_, err = r.client.Do(request) //nolint:bodyclose // There is no answer.
		require.ErrorIs(t, err, context.DeadlineExceeded)
		r.settled(1, time.Minute)
		assert.Len(t, r.parked(), 1, "nobody was told, so it is kept")
		r.close()
	})
}

func TestAWaitOutlastsTheServersPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.IDCS.Timeout = 5 * time.Minute
		r.domain.Script = slowWrites(100 * time.Second)
		r.domain.Add("a")
		r.start()
		status, receipt := r.submitAndWait("tx-1", "a", "Password-1", "?wait=2m")
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, hook.Applied, receipt.State)
		r.close()
	})
}

func TestAStopLetsThoseGoWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.domain.Script = until(time.Now().Add(time.Hour), step{Status: 503})
		r.start()
		var status atomic.Int64
		done := make(chan struct{})
		go func() {
			defer close(done)
			code, _ := r.submitAndWait("tx-1", "a", "Password-1", "?wait=5m")
			status.Store(int64(code))
		}()
		time.Sleep(time.Second)
		start := time.Now()
		r.stop()
		<-done
		assert.Equal(t, int64(http.StatusAccepted), status.Load(), "the change waits for the next engine")
		assert.Less(t, time.Since(start), time.Second)
		r.domain.Stop()
	})
}

func TestWhoWaitsGetsNoMail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Policy = new(lifted).policy
		r.domain.Add("a")
		r.startWithMail()
		for i := range 4 {
			status, _ := r.submitAndWait(fmt.Sprint("tx-", i), "a", "weak", "?wait=5s")
			assert.Equal(t, http.StatusUnprocessableEntity, status)
		}
		time.Sleep(time.Hour)
		for _, outcome := range []string{"sent", "no_address"} {
			assert.Contains(t, r.metrics(), `idm_password_sync_mails_total{outcome="`+outcome+`",target_system="idcs"} 0`)
		}
		r.close()
	})
}
