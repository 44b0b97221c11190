package hook

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/seal"
)

func TestAWaitIsTakenFromTheQueryOrTheConfiguration(t *testing.T) {
	for name, tt := range map[string]struct {
		mode, query string
		want        time.Duration
		status      int
	}{
		"lenient":               {Lenient, "", 0, 202},
		"lenient, asked for":    {Lenient, "?wait=15s", 15 * time.Second, 202},
		"strict":                {Strict, "", 7 * time.Second, 202},
		"strict, asked for":     {Strict, "?wait=1m", time.Minute, 202},
		"strict, waived":        {Strict, "?wait=0s", 0, 202},
		"too long":              {Lenient, "?wait=1h", 0, 400},
		"negative":              {Lenient, "?wait=-1s", 0, 400},
		"a number without unit": {Lenient, "?wait=10", 0, 400},
		"nothing":               {Lenient, "?wait=", 0, 400},
	} {
		t.Run(name, func(t *testing.T) {
			s := &sink{}
			c := DefaultConfig()
			c.Token, c.Mode, c.Wait = seal.Secret(token), tt.mode, 7*time.Second
			w := ask(Handler(c, s, http.NotFoundHandler(), slog.New(slog.DiscardHandler)), "POST", "/v1/changes"+tt.query, `{"userName":"a","password":"b"}`)
			require.Equal(t, tt.status, w.Code, w.Body)
			if tt.status == 202 {
				assert.Equal(t, tt.want, s.taken[0].Wait)
			} else {
				assert.Contains(t, w.Body.String(), `"field":"wait"`)
			}
		})
	}
}

func TestWhoWaitsIsToldWhetherToKeepThePassword(t *testing.T) {
	for state, want := range map[State]int{
		Queued: 202, Retrying: 202, Applied: 200, Superseded: 200, Skipped: 200, Planned: 200, Parked: 422,
	} {
		s := &sink{receipt: Receipt{ID: "id-1", State: state, Reason: "policy"}}
		w := ask(serve(s), "POST", "/v1/changes?wait=5s", `{"userName":"a","password":"b"}`)
		assert.Equal(t, want, w.Code, state)
		assert.JSONEq(t, `{"id":"id-1","state":"`+string(state)+`","reason":"policy"}`, w.Body.String())
		w = ask(serve(s), "POST", "/v1/changes", `{"userName":"a","password":"b"}`)
		assert.Equal(t, 202, w.Code, "who does not wait is only told that it is durable")
	}
}
