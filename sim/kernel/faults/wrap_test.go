package faults

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const host = "idcs.test"

// place is a simulator with a journal and faults in front, served over TLS, and a client that knows it.
type place struct {
	set     *Set
	journal *journal.Journal
	client  *http.Client
	applied atomic.Int64 // requests that the handler carried out
}

func open(t *testing.T, n network.Network) *place {
	t.Helper()
	p := &place{
		set:     NewSet(random.Seed(1).Stream("faults")),
		journal: journal.New(1000, secret.NewDigester([]byte("0123456789abcdef"))),
	}
	authority, err := network.NewAuthority()
	require.NoError(t, err)
	certificates, err := authority.Certificates(host)
	require.NoError(t, err)
	l, err := n.Listen(host)
	require.NoError(t, err)
	server := &http.Server{
		Handler: p.journal.Wrap("idcs", p.set.Wrap(vendor{}, http.HandlerFunc(p.apply))),
		TLSConfig: p.set.Secure(
			&tls.Config{Certificates: []tls.Certificate{certificates.Good()}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
			Handshakes{Certificates: certificates, Journal: p.journal, Target: "idcs"},
		),
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		assert.ErrorIs(t, server.ServeTLS(l, "", ""), http.ErrServerClosed)
	}()
	p.client = network.Client(n, authority.Pool())
	t.Cleanup(func() {
		p.client.CloseIdleConnections()
		assert.NoError(t, server.Close())
		<-served
	})
	return p
}

// apply answers with the request's body, as a write that was carried out.
func (p *place) apply(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	p.applied.Add(1)
	journal.From(r.Context()).Outcome = "accepted"
	_, _ = w.Write(body)
}

func (p *place) force(t *testing.T, r Rule) string {
	t.Helper()
	status, err := p.set.Add(r)
	require.NoError(t, err)
	return status.ID
}

// answer is what a client got.
type answer struct {
	status           int
	retryAfter, body string
	took             time.Duration
}

// patch writes bjensen's record.
func (p *place) patch(ctx context.Context) (answer, error) {
	began := time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodPatch, "https://"+host+"/Users/bjensen", strings.NewReader("written"))
	if err != nil {
		return answer{}, err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return answer{took: time.Since(began)}, err
	}
	body, err := io.ReadAll(response.Body)
	got := answer{response.StatusCode, response.Header.Get("Retry-After"), string(body), time.Since(began)}
	return got, errors.Join(err, response.Body.Close())
}

func (p *place) last(t *testing.T) journal.Entry {
	t.Helper()
	page := p.journal.Search(journal.Query{})
	require.NotEmpty(t, page.Entries)
	return page.Entries[len(page.Entries)-1]
}

// vendor answers in a shape that tests can tell from others.
type vendor struct{}

func (vendor) Throttled(w http.ResponseWriter, _ *http.Request, retryAfter time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	http.Error(w, "slow down", http.StatusTooManyRequests)
}

func (vendor) Failure(w http.ResponseWriter, _ *http.Request, status int, body string, retryAfter time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
	http.Error(w, "body of "+body, status)
}

func (vendor) Subject(r *http.Request) (user, client string) {
	return strings.TrimPrefix(r.URL.Path, "/Users/"), "engine"
}

// world runs a test in virtual time.
func world(t *testing.T, test func(t *testing.T, p *place)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, open(t, network.Memory())) })
}

func TestWithoutRulesNothingHappens(t *testing.T) {
	world(t, func(t *testing.T, p *place) {
		got, err := p.patch(t.Context())
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, got.status)
		assert.Equal(t, "written", got.body)
		assert.Zero(t, got.took)
		assert.Empty(t, p.last(t).Faults)
	})
}

func TestLatenciesAddUp(t *testing.T) {
	world(t, func(t *testing.T, p *place) {
		for _, d := range []time.Duration{30 * time.Second, 250 * time.Millisecond} {
			p.force(t, Rule{Kind: KindLatency, Latency: Latency{Value: d}})
		}
		got, err := p.patch(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "written", got.body, "the body that was read before the wait reaches the handler")
		assert.GreaterOrEqual(t, got.took, 30250*time.Millisecond)
		assert.Less(t, got.took, 30250*time.Millisecond+jitter)
		e := p.last(t)
		assert.Equal(t, []string{"latency-1", "latency-2"}, e.Faults)
		assert.Equal(t, got.took, e.Answered.Sub(e.Received), "the journal stands before the faults")
	})
}

func TestAClientThatGoesEndsTheWait(t *testing.T) {
	for name, rule := range map[string]Rule{
		"latency": {ID: "late", Kind: KindLatency, Latency: Latency{Value: time.Hour}},
		"hang":    {ID: "late", Kind: KindHang},
	} {
		t.Run(name, func(t *testing.T) {
			world(t, func(t *testing.T, p *place) {
				p.force(t, rule)
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				got, err := p.patch(ctx)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, 30*time.Second, got.took)
				synctest.Wait()
				e := p.last(t)
				assert.Equal(t, []string{"late"}, e.Faults)
				assert.Zero(t, e.Status)
				assert.Equal(t, 30*time.Second, e.Answered.Sub(e.Received), "nothing waits longer than its client")
				assert.Zero(t, p.applied.Load())
			})
		})
	}
}

func TestAHangEndsWithItsRule(t *testing.T) {
	world(t, func(t *testing.T, p *place) {
		id := p.force(t, Rule{Kind: KindHang})
		time.AfterFunc(10*time.Minute, func() { p.set.Remove(id) })
		got, err := p.patch(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 10*time.Minute, got.took)
		assert.Equal(t, "written", got.body, "the request goes on")
	})
}

func TestThrottlingAnswersAsTheVendor(t *testing.T) {
	world(t, func(t *testing.T, p *place) {
		p.force(t, Rule{Kind: KindThrottle, Throttle: Throttle{Rate: 0.5, Burst: 2}, RetryAfter: 3 * time.Second})
		want := func(status int) {
			t.Helper()
			got, err := p.patch(t.Context())
			require.NoError(t, err)
			assert.Equal(t, status, got.status)
			if status == http.StatusTooManyRequests {
				assert.Equal(t, "3", got.retryAfter)
				assert.Equal(t, []string{"throttle-1"}, p.last(t).Faults)
			}
		}
		want(200)
		want(200)
		want(429)
		time.Sleep(2 * time.Second) // virtual
		want(200)
		want(429)
		status := p.set.List()[0]
		assert.Equal(t, uint64(5), status.Seen)
		assert.Equal(t, uint64(2), status.Fired, "a request that the bucket lets pass is not acted on")
		assert.Equal(t, 2*time.Second, status.LastFired.Sub(status.FirstFired))
		assert.Equal(t, int64(3), p.applied.Load())
	})
}

func TestStatusAnswersInsteadOfTheHandler(t *testing.T) {
	world(t, func(t *testing.T, p *place) {
		p.force(t, Rule{Kind: KindStatus, Status: 503, RetryAfter: time.Minute, Trigger: Trigger{First: 1}})
		p.force(t, Rule{Kind: KindStatus, Status: 502, Body: "gateway", Trigger: Trigger{First: 1}})
		for _, want := range []string{"503 body of vendor\n 60", "502 body of gateway\n 0", "200 written "} {
			got, err := p.patch(t.Context())
			require.NoError(t, err)
			assert.Equal(t, want, strconv.Itoa(got.status)+" "+got.body+" "+got.retryAfter)
		}
		list := p.set.List()
		assert.Equal(t, uint64(3), list[0].Seen)
		assert.Equal(t, uint64(3), list[1].Seen, "a request that another rule ended was seen too")
		assert.Equal(t, uint64(1), list[0].Fired)
		assert.Equal(t, uint64(1), list[1].Fired)
	})
}

func TestResetCutsTheConnection(t *testing.T) {
	test := func(t *testing.T, p *place) {
		t.Helper()
		p.force(t, Rule{Kind: KindReset, Trigger: Trigger{First: 1}})
		_, err := p.patch(t.Context())
		require.Error(t, err)
		assert.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF), "%v", err)
		e := p.last(t) // whoever sees the cut finds its entry
		assert.Equal(t, []string{"reset-1"}, e.Faults)
		assert.Zero(t, e.Status)
		assert.False(t, e.Lost)
		assert.Zero(t, p.applied.Load(), "nothing is carried out")
		got, err := p.patch(t.Context())
		require.NoError(t, err, "the next connection is fine")
		assert.Equal(t, "written", got.body)
	}
	t.Run("memory", func(t *testing.T) { world(t, test) })
	t.Run("tcp", func(t *testing.T) { test(t, open(t, network.TCP(""))) })
}

func TestALostAnswerIsCarriedOutOnce(t *testing.T) {
	test := func(t *testing.T, p *place) {
		t.Helper()
		p.force(t, Rule{Kind: KindLoseAnswer, Trigger: Trigger{First: 1}})
		_, err := p.patch(t.Context())
		require.Error(t, err)
		assert.True(t, errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF), "%v", err)
		assert.Equal(t, int64(1), p.applied.Load())
		e := p.last(t)
		assert.True(t, e.Lost)
		assert.Zero(t, e.Status)
		assert.Equal(t, "accepted", e.Outcome, "the journal knows what the client does not")
		assert.Equal(t, []string{"lose_answer-1"}, e.Faults)
	}
	t.Run("memory", func(t *testing.T) { world(t, test) })
	t.Run("tcp", func(t *testing.T) { test(t, open(t, network.TCP(""))) })
}

// watched is a connection that tells when it is cut.
type watched struct {
	nowhere
	net.Conn
	cut func()
}

func (w *watched) Hijack() (net.Conn, *bufio.ReadWriter, error) { return w, nil, nil }
func (w *watched) Close() error                                 { w.cut(); return nil }
func (w *watched) Write(p []byte) (int, error)                  { return len(p), nil }

func TestTheCutWaitsForTheJournal(t *testing.T) {
	j := journal.New(10, secret.NewDigester([]byte("0123456789abcdef")))
	s := newSet(1)
	force(t, s, Rule{Kind: KindReset})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	require.NoError(t, err)
	cuts := 0
	w := &watched{nowhere: nowhere{header: http.Header{}}, cut: func() {
		cuts++
		assert.Equal(t, 1, j.Search(journal.Query{Fault: "reset-1"}).Total)
	}}
	j.Wrap("idcs", s.Wrap(vendor{}, http.NotFoundHandler())).ServeHTTP(w, request)
	assert.Equal(t, 1, cuts)

	w.cut = func() { cuts++ }
	s.Wrap(vendor{}, http.NotFoundHandler()).ServeHTTP(w, request)
	assert.Equal(t, 2, cuts, "without a journal there is nothing to wait for")

	assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
		s.Wrap(vendor{}, http.NotFoundHandler()).ServeHTTP(&nowhere{header: http.Header{}}, request)
	}, "a connection that cannot be taken over is aborted")
}

func TestScopeChoosesRequests(t *testing.T) {
	tests := map[string]struct {
		scope Scope
		want  bool
	}{
		"everybody":          {Scope{}, true},
		"method and path":    {Scope{Route: "PATCH /Users/*"}, true},
		"method in any case": {Scope{Route: "patch /Users/*"}, true},
		"any method":         {Scope{Route: "* /Users/bjensen"}, true},
		"path alone":         {Scope{Route: "/Users/*"}, true},
		"star":               {Scope{Route: "*"}, true},
		"other method":       {Scope{Route: "GET /Users/*"}, false},
		"other path":         {Scope{Route: "PATCH /Groups/*"}, false},
		"user in any case":   {Scope{User: "BJensen"}, true},
		"other user":         {Scope{User: "scarter"}, false},
		"client":             {Scope{Client: "engine"}, true},
		"other client":       {Scope{Client: "Engine"}, false},
		"all must fit":       {Scope{Route: "/Users/*", User: "bjensen", Client: "other"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			world(t, func(t *testing.T, p *place) {
				p.force(t, Rule{Kind: KindStatus, Status: 500, Scope: tt.scope})
				got, err := p.patch(t.Context())
				require.NoError(t, err)
				assert.Equal(t, tt.want, got.status == 500)
				seen := uint64(0)
				if tt.want {
					seen = 1
				}
				assert.Equal(t, seen, p.set.List()[0].Seen)
			})
		})
	}
}

func TestARuleRemovedDuringTheWaitDoesNotAct(t *testing.T) {
	world(t, func(t *testing.T, p *place) {
		p.force(t, Rule{Kind: KindLatency, Latency: Latency{Value: time.Minute}})
		id := p.force(t, Rule{Kind: KindReset})
		time.AfterFunc(time.Second, func() { p.set.Remove(id) })
		got, err := p.patch(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "written", got.body)
	})
}

func TestFirstIsExactAmongManyAtOnce(t *testing.T) {
	world(t, func(t *testing.T, p *place) {
		p.force(t, Rule{Kind: KindLatency, Latency: Latency{Max: time.Second}})
		p.force(t, Rule{Kind: KindStatus, Status: 500, Trigger: Trigger{First: 7, Every: 2}})
		var failed atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				got, err := p.patch(t.Context())
				if assert.NoError(t, err) && got.status == 500 {
					failed.Add(1)
				}
			})
		}
		wg.Wait()
		assert.Equal(t, int64(7), failed.Load())
		assert.Equal(t, int64(43), p.applied.Load())
	})
}

func TestRulesChangeWhileManyAsk(t *testing.T) {
	world(t, func(t *testing.T, p *place) {
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				for range 20 {
					_, _ = p.patch(t.Context()) // some are cut
				}
			})
			wg.Go(func() {
				for _, r := range []Rule{
					{Kind: KindReset, Trigger: Trigger{Share: new(0.2)}},
					{Kind: KindLatency, Latency: Latency{Median: time.Millisecond, P95: time.Second}},
					{Kind: KindHang, Trigger: Trigger{Share: new(0.2)}},
					{Kind: KindLoseAnswer, Trigger: Trigger{Share: new(0.2)}},
				} {
					status, err := p.set.Add(r)
					assert.NoError(t, err)
					time.Sleep(time.Second) // virtual
					_ = p.set.List()
					assert.Equal(t, 1, p.set.Remove(status.ID))
				}
			})
		}
		wg.Wait()
		assert.Empty(t, p.set.List())
		synctest.Wait()
		assert.GreaterOrEqual(t, p.journal.Search(journal.Query{}).Total, 200)
	})
}

func TestAVirtualRunRepeats(t *testing.T) {
	run := func() (outcomes []string) {
		world(t, func(t *testing.T, p *place) {
			p.force(t, Rule{Kind: KindLatency, Latency: Latency{Median: 100 * time.Millisecond, P95: time.Second}})
			p.force(t, Rule{Kind: KindLoseAnswer, Trigger: Trigger{Share: new(0.3)}})
			for range 30 {
				got, err := p.patch(t.Context())
				outcomes = append(outcomes, got.took.String()+" "+got.body+" "+strconv.FormatBool(err == nil))
			}
		})
		return outcomes
	}
	assert.Equal(t, run(), run())
}

func BenchmarkWrap(b *testing.B) {
	for name, rules := range map[string]int{"no rules": 0, "ten rules": 10} {
		b.Run(name, func(b *testing.B) {
			s := newSet(1)
			for range rules {
				force(b, s, Rule{Kind: KindStatus, Status: 500, Scope: Scope{Route: "PATCH /admin/v1/Users/*"}, Trigger: Trigger{Share: new(0.0)}})
			}
			h := s.Wrap(vendor{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			r, err := http.NewRequestWithContext(b.Context(), http.MethodPatch, "/admin/v1/Users/1", nil)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(&nowhere{}, r)
			}
		})
	}
}
