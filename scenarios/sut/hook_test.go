package sut

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const hookToken = "hook-token-of-the-test"

// serve opens a hook on a network in memory and returns its client.
func serve(t *testing.T, handler http.HandlerFunc) *hook {
	t.Helper()
	n := network.Memory()
	authority, err := network.NewAuthority()
	require.NoError(t, err)
	certificate, err := authority.Certificate("hook.test")
	require.NoError(t, err)
	listener, err := n.Listen("hook.test")
	require.NoError(t, err)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}))
	}()
	h := newHook("https://hook.test", secret.New(hookToken), network.Client(n, authority.Pool()))
	t.Cleanup(func() {
		h.client.CloseIdleConnections()
		_ = server.Close()
		<-served
	})
	return h
}

func TestSubmitMakesOneAttempt(t *testing.T) {
	change := Change{TransactionID: "tx-1", UserName: "bjensen", Password: secret.New("Quiet-Harbour-1"), Attributes: map[string]string{"sn": "Jensen"}}
	cases := map[string]struct {
		status int
		header map[string]string
		body   string
		id     string
		want   *SubmitError
		says   string
	}{
		"accepted":            {202, nil, `{"id":"c-1","state":"queued"}`, "c-1", nil, ""},
		"draining":            {503, map[string]string{"Retry-After": "5"}, `{"error":"draining"}`, "", &SubmitError{Status: 503, Message: "draining", RetryAfter: 5 * time.Second}, "submit tx-1: hook answered 503: draining (retry after 5s)"},
		"malformed":           {400, nil, `{"error":"is empty","field":"userName"}`, "", &SubmitError{Status: 400, Message: "is empty", Field: "userName"}, "(field userName)"},
		"not a JSON error":    {502, nil, `<html>`, "", &SubmitError{Status: 502}, "hook answered 502"},
		"200 is no promise":   {200, nil, `{"id":"c-1"}`, "", &SubmitError{Status: 200}, "hook answered 200"},
		"accepted without id": {202, nil, `{}`, "", nil, "names no id"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			asked := 0
			h := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked++
				body, _ := io.ReadAll(r.Body)
				assert.JSONEq(t, `{"transactionId":"tx-1","userName":"bjensen","password":"Quiet-Harbour-1","attributes":{"sn":"Jensen"}}`, string(body))
				assert.Equal(t, "Bearer "+hookToken, r.Header.Get("Authorization"))
				assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
				assert.Equal(t, "/v1/changes", r.URL.Path)
				for key, value := range c.header {
					w.Header().Set(key, value)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			id, err := h.submit(t.Context(), change)
			assert.Equal(t, 1, asked)
			assert.Equal(t, c.id, id)
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.says)
			assert.NotContains(t, err.Error(), "Quiet-Harbour-1")
			if c.want != nil {
				var refused *SubmitError
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, c.want, refused)
			}
			assert.Contains(t, string(h.seen.bytes()), c.body, "every answer is kept for the search for secrets")
		})
	}
}

func TestOutcomesArePagedAndAddUp(t *testing.T) {
	total, asked := pageSize+500, 0
	h := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		after, _ := strconv.Atoi(r.URL.Query().Get("after"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		var page struct {
			Outcomes []map[string]any `json:"outcomes"`
			Last     int              `json:"last"`
		}
		for n := after + 1; n <= total && n <= after+limit; n++ {
			page.Last = n
			page.Outcomes = append(page.Outcomes, map[string]any{
				"sequence": n, "id": fmt.Sprint("c", n), "transactionId": fmt.Sprint("t", n), "userName": "ann", "target": "idcs",
				"state": "parked", "reason": "policy", "attempts": 2, "accepted": "2000-01-01T00:00:00Z", "finished": "2000-01-01T00:00:01.000000002Z",
			})
		}
		_ = json.NewEncoder(w).Encode(page)
	})
	list, err := h.final(t.Context())
	require.NoError(t, err)
	assert.Len(t, list, total)
	assert.Equal(t, Outcome{
		ID: "c1500", TransactionID: "t1500", UserName: "ann", State: "parked", Reason: "policy", Attempts: 2,
		Accepted: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Finished: time.Date(2000, 1, 1, 0, 0, 1, 2, time.UTC),
	}, list[total-1])
	assert.Equal(t, 2, asked)
	total += 3
	list, err = h.final(t.Context())
	require.NoError(t, err)
	assert.Len(t, list, total, "the new ones are added to the old ones")
	assert.Equal(t, 3, asked, "only the new ones are fetched")
}

func TestOutcomesThatCannotBeTrusted(t *testing.T) {
	cases := map[string]struct {
		status int
		body   string
		says   string
	}{
		"told twice":  {200, `{"outcomes":[{"sequence":1},{"sequence":1}],"last":1}`, "sequence 1 after 1"},
		"not JSON":    {200, `<html>`, "outcomes:"},
		"an error":    {500, `{}`, "hook answered 500"},
		"not allowed": {401, `{}`, "hook answered 401"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			h := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			_, err := h.final(t.Context())
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestOutcomesObeyTheContext(t *testing.T) {
	h := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.final(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestReadTree(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "a", "b"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a", "b", "1.blk"), []byte("one"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "meta"), []byte("two"), 0o600))
	list, err := readTree(dir, "queue/")
	require.NoError(t, err)
	assert.Equal(t, []Artifact{{"queue/a/b/1.blk", []byte("one")}, {"queue/meta", []byte("two")}}, list)
	list, err = readTree(filepath.Join(dir, "none"), "queue/")
	require.NoError(t, err, "no queue yet")
	assert.Empty(t, list)
}

func TestSecretsAreOptional(t *testing.T) {
	assert.Nil(t, Secrets(nil))
	assert.Equal(t, []secret.Value{secret.New(hookToken)}, Secrets(&engine{hook: &hook{token: secret.New(hookToken)}}))
}
