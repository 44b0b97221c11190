package loadtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/syncer"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// BenchmarkEngine measures our engine against the least that anybody could do: a loop of PUT UserPasswordChanger/{id} by as
// many goroutines as the engine has attempts in flight, with a token and a body that are ready. Both write to the same
// simulated domain over TLS on loopback, 10,000 changes to 10,000 users, none of them twice. The engine does all that it
// promises: each change is on disk before it is accepted, noted on disk before it is written, audited on disk when it is
// final. Users are known to it from a first round, which does not count.
//
// A domain that answers at once, on the same processors, shows what the engine costs: it is the worst case, and no real one.
// One that takes 20 ms, a sixth of what a domain in the same region takes, shows what a user gets.
//
//	go test ./loadtest -run '^$' -bench BenchmarkEngine -benchtime 3x -count 3
//
// "bare/s", "engine/s" and "hook/s" are changes a second: of the loop, of the engine given its changes in process, and of the
// engine given them through its HTTP hook. The ratios are to the loop, which runs before and after. "calls/change" is counted
// by the domain's journal.
func BenchmarkEngine(b *testing.B) {
	for _, c := range []struct {
		n     int
		takes time.Duration
	}{{32, 20 * time.Millisecond}, {100, 20 * time.Millisecond}, {32, 0}, {100, 0}} {
		b.Run(fmt.Sprintf("concurrency=%d/domain=%v", c.n, c.takes), func(b *testing.B) {
			r := newRace(b, c.n, c.takes)
			r.engineRound(b, r.accept) // Users, connections, files.
			r.bareRound(b)
			var bare, accepted, hooked, calls float64
			b.ResetTimer()
			for range b.N {
				before := r.bareRound(b)
				e, c := r.engineRound(b, r.accept)
				h, _ := r.engineRound(b, r.post)
				after := r.bareRound(b)
				b.Logf("changes a second: bare %.0f and %.0f, engine %.0f, through the hook %.0f; calls for a change %.3f", before, after, e, h, c)
				bare, accepted, hooked, calls = bare+(before+after)/2, accepted+e, hooked+h, max(calls, c)
			}
			b.StopTimer()
			b.ReportMetric(bare/float64(b.N), "bare/s")
			b.ReportMetric(accepted/float64(b.N), "engine/s")
			b.ReportMetric(hooked/float64(b.N), "hook/s")
			b.ReportMetric(accepted/bare, "engine-ratio")
			b.ReportMetric(hooked/bare, "hook-ratio")
			b.ReportMetric(calls, "calls/change")
			b.ReportMetric(0, "ns/op")
			r.close(b)
		})
	}
}

const (
	raceChanges = 10_000
	raceToken   = "hook-token-of-the-benchmark"
	// apart is how long after a write of its own to a user the engine is sure to tell the next one from it by the date.
	apart = 5 * time.Second
)

// race is a domain, the loop and the engine.
type race struct {
	n      int
	world  *sim.World
	ids    []string
	names  []string
	client *http.Client // the loop's
	token  string

	engine *syncer.Engine
	hook   *http.Client
	round  int
	last   uint64    // the engine's outcomes so far
	ended  time.Time // when its last round did
}

func newRace(b *testing.B, n int, takes time.Duration) *race {
	b.Helper()
	config := sim.DefaultConfig()
	config.Seed, config.JournalCapacity = 7, 1000
	w, err := sim.New(config, network.TCP("127.0.0.1"))
	require.NoError(b, err)
	require.NoError(b, w.Start(b.Context()))
	if takes > 0 {
		_, err = w.IDCS().Faults().Add(faults.Rule{ID: "takes", Kind: faults.KindLatency, Latency: faults.Latency{Value: takes}})
		require.NoError(b, err)
	}
	r := &race{n: n, world: w}
	for _, p := range persons(raceChanges) {
		added, err := w.IDCS().Populate(p)
		require.NoError(b, err)
		r.ids, r.names = append(r.ids, added.ID), append(r.names, added.UserName)
	}
	r.client = network.Client(w.Network(), w.Authority().Pool())
	r.client.Transport.(*http.Transport).MaxIdleConnsPerHost = n
	r.client.Transport.(*http.Transport).MaxIdleConns = n
	r.authorise(b)
	r.start(b)
	return r
}

// authorise gets the loop's token.
func (r *race) authorise(b *testing.B) {
	b.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"urn:opc:idm:__myscopes__"}}.Encode()
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, r.world.URL("idcs")+"/oauth2/v1/token", strings.NewReader(form))
	require.NoError(b, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(r.world.ClientID(), r.world.ClientSecret().Reveal())
	response, err := r.client.Do(request)
	require.NoError(b, err)
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Token string `json:"access_token"`
	}
	require.NoError(b, json.NewDecoder(response.Body).Decode(&answer))
	require.NotEmpty(b, answer.Token)
	r.token = "Bearer " + answer.Token
}

func (r *race) start(b *testing.B) {
	b.Helper()
	dir := b.TempDir()
	c := syncer.DefaultConfig()
	c.Hook.Token, c.Queue.Dir, c.Audit = seal.Secret(raceToken), filepath.Join(dir, "queue"), filepath.Join(dir, "audit.jsonl")
	c.Seal = seal.Config{KeyFile: filepath.Join(dir, "key"), Generate: true}
	c.IDCS.URL, c.IDCS.ClientID = r.world.URL("idcs"), r.world.ClientID()
	c.IDCS.ClientSecret = seal.Secret(r.world.ClientSecret().Reveal())
	c.Concurrency, c.IDCS.Remember = r.n, time.Hour
	listener, err := new(net.ListenConfig).Listen(b.Context(), "tcp", "127.0.0.1:0")
	require.NoError(b, err)
	r.engine, err = syncer.New(c, syncer.Environment{
		Listener: listener, DialContext: r.world.Network().DialContext, RootCAs: r.world.Authority().Pool(),
	})
	require.NoError(b, err)
	require.NoError(b, r.engine.Start(b.Context()))
	r.hook = &http.Client{Transport: &http.Transport{MaxIdleConns: r.n, MaxIdleConnsPerHost: r.n}}
}

func (r *race) close(b *testing.B) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(b, r.engine.Stop(ctx))
	r.hook.CloseIdleConnections()
	r.client.CloseIdleConnections()
	require.NoError(b, r.world.Stop(ctx))
}

// all calls work for each change from n goroutines.
func (r *race) all(b *testing.B, work func(i int) error) {
	b.Helper()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range r.n {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < raceChanges; i = int(next.Add(1)) - 1 {
				if err := work(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
	if b.Failed() {
		b.FailNow()
	}
}

func (r *race) password(i int) string { return fmt.Sprintf("Calm-Harbour-%d-%d", r.round, i) }

// bareRound changes every password by the loop and returns the changes a second.
func (r *race) bareRound(b *testing.B) float64 {
	b.Helper()
	r.round++
	bodies := make([][]byte, raceChanges)
	for i := range bodies {
		bodies[i] = fmt.Appendf(nil, `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger"],"password":%q,"bypassNotification":true}`, r.password(i))
	}
	base := r.world.URL("idcs") + "/admin/v1/UserPasswordChanger/"
	began := time.Now()
	r.all(b, func(i int) error {
		request, err := http.NewRequestWithContext(b.Context(), http.MethodPut, base+r.ids[i], bytes.NewReader(bodies[i]))
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", r.token)
		request.Header.Set("Content-Type", "application/json")
		return exchange(r.client, request, http.StatusOK)
	})
	return raceChanges / time.Since(began).Seconds()
}

func exchange(client *http.Client, request *http.Request, want int) error {
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != want {
		err = fmt.Errorf("%d %s", response.StatusCode, answer)
	}
	return err
}

// engineRound submits a change for every user and waits until all are applied. It returns the changes a second and the calls
// that the domain saw for each.
func (r *race) engineRound(b *testing.B, submit func(i int) error) (rate, calls float64) {
	b.Helper()
	r.round++
	if wait := time.Until(r.ended.Add(apart)); wait > 0 {
		<-time.After(wait)
	}
	seen := r.world.IDCS().Journal().Totals("idcs").Recorded
	began := time.Now()
	r.all(b, submit)
	for _, last := r.engine.Outcomes(0, 1); last < r.last+raceChanges; _, last = r.engine.Outcomes(last, 1) {
		select {
		case <-time.After(time.Millisecond):
		case <-b.Context().Done():
			b.Fatal(b.Context().Err())
		}
	}
	rate = raceChanges / time.Since(began).Seconds()
	calls = float64(r.world.IDCS().Journal().Totals("idcs").Recorded-seen) / raceChanges
	list, last := r.engine.Outcomes(r.last, raceChanges)
	for _, o := range list {
		require.Equal(b, hook.Applied, o.State, "%s: %s", o.UserName, o.Reason)
	}
	require.Len(b, list, raceChanges)
	r.last, r.ended = last, time.Now()
	return rate, calls
}

func (r *race) accept(i int) error {
	_, err := r.engine.Accept(context.Background(), hook.Change{
		TransactionID: fmt.Sprintf("%d-%d", r.round, i), UserName: r.names[i], Password: seal.Secret(r.password(i)),
	})
	return err
}

func (r *race) post(i int) error {
	body := fmt.Sprintf(`{"transactionId":"%d-%d","userName":%q,"password":%q}`, r.round, i, r.names[i], r.password(i))
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, r.engine.URL()+"/v1/changes", strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+raceToken)
	request.Header.Set("Content-Type", "application/json")
	return exchange(r.hook, request, http.StatusAccepted)
}
