package virtualtime_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/scenarios/virtualtime"
)

func TestTwoHoursTakeNoTime(t *testing.T) {
	began := time.Now()
	var elapsed time.Duration
	var start time.Time
	require.NoError(t, virtualtime.Run(func() {
		start = time.Now().UTC()
		time.Sleep(2 * time.Hour)
		elapsed = time.Since(start)
	}))
	assert.Equal(t, 2*time.Hour, elapsed)
	assert.Equal(t, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), start)
	assert.Less(t, time.Since(began), 10*time.Second)
}

func TestFiftyInParallelHaveFiftyClocks(t *testing.T) {
	var runs sync.WaitGroup
	elapsed := make([]time.Duration, 50)
	errs := make([]error, 50)
	for i := range elapsed {
		runs.Go(func() {
			errs[i] = virtualtime.Run(func() {
				start := time.Now()
				for range i + 1 {
					time.Sleep(time.Hour)
				}
				elapsed[i] = time.Since(start)
			})
		})
	}
	runs.Wait()
	for i := range elapsed {
		assert.NoError(t, errs[i])
		assert.Equal(t, time.Duration(i+1)*time.Hour, elapsed[i])
	}
}

func TestWhatGoesWrongIsAnErrorAndTheNextRunIsFine(t *testing.T) {
	cases := map[string]struct {
		run  func()
		want error
		says []string
	}{
		"waits for ever": {
			run:  func() { waitForEver(make(chan struct{})) },
			want: virtualtime.ErrDeadlock,
			says: []string{"all goroutines in bubble are blocked", "waitForEver"},
		},
		"leaves a goroutine behind": {
			run:  func() { go waitForEver(make(chan struct{})) },
			want: virtualtime.ErrDeadlock,
			says: []string{"main bubble goroutine has exited but blocked goroutines remain", "waitForEver"},
		},
		"panics": {
			run:  func() { panicsWith("the mast came down") },
			want: virtualtime.ErrPanic,
			says: []string{"the mast came down", "panicsWith"},
		},
		"panics with nil":   {run: func() { panicsWith(nil) }, want: virtualtime.ErrPanic},
		"leaves by Goexit":  {run: runtime.Goexit, want: virtualtime.ErrAbandoned},
		"calls Run inside":  {run: func() { panicsWith(virtualtime.Run(func() {})) }, want: virtualtime.ErrPanic, says: []string{virtualtime.ErrNested.Error()}},
		"sleeps and panics": {run: func() { time.Sleep(time.Hour); panicsWith("late") }, want: virtualtime.ErrPanic, says: []string{"late"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := virtualtime.Run(c.run)
			require.ErrorIs(t, err, c.want)
			for _, text := range c.says {
				assert.Contains(t, err.Error(), text)
			}
			assert.NoError(t, virtualtime.Run(func() { time.Sleep(time.Minute) }))
		})
	}
}

func TestDeadlocksInParallelShowTheirOwnStacksOnly(t *testing.T) {
	var runs sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		runs.Go(func() {
			errs[i] = virtualtime.Run(func() {
				if i == 3 {
					waitForEver(make(chan struct{}))
				}
				time.Sleep(time.Hour)
			})
		})
	}
	runs.Wait()
	for i, err := range errs {
		if i == 3 {
			require.ErrorIs(t, err, virtualtime.ErrDeadlock)
			assert.Equal(t, 1, strings.Count(err.Error(), "virtualtime_test.waitForEver("))
			continue
		}
		assert.NoError(t, err)
	}
}

// A real server and a real client over pipes: their own time-outs follow the virtual clock.
func TestHTTPInVirtualTime(t *testing.T) {
	var elapsed time.Duration
	var status int
	require.NoError(t, virtualtime.Run(func() {
		start := time.Now()
		pipes := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(30 * time.Second)
			w.WriteHeader(http.StatusTeapot)
		})
		s := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
		served := make(chan struct{})
		go func() { defer close(served); _ = s.Serve(pipes) }()
		transport := &http.Transport{DialContext: pipes.dial}
		client := &http.Client{Transport: transport, Timeout: time.Minute}
		request, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://pipe/", nil)
		if response, err := client.Do(request); err == nil {
			status = response.StatusCode
			_ = response.Body.Close()
		}
		transport.CloseIdleConnections()
		_ = s.Shutdown(context.Background())
		<-served
		elapsed = time.Since(start)
	}))
	assert.Equal(t, http.StatusTeapot, status)
	assert.Equal(t, 30*time.Second, elapsed.Truncate(time.Second))
}

// The queue that the engine stands on: without the registration outside, this test never ends.
func TestJetStreamInVirtualTime(t *testing.T) {
	for range 2 {
		var delays []time.Duration
		dir := t.TempDir()
		require.NoError(t, virtualtime.Run(func() { delays = redeliveries(dir) }))
		assert.Equal(t, []time.Duration{0, 10 * time.Minute, 20 * time.Minute}, delays)
	}
}

func redeliveries(dir string) (delays []time.Duration) {
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	s, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, NoLog: true, JetStream: true, StoreDir: dir})
	check(err)
	s.Start()
	defer func() { s.Shutdown(); s.WaitForShutdown() }()
	conn, err := nats.Connect("", nats.InProcessServer(s))
	check(err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	check(err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "CHANGES", Subjects: []string{"changes.>"}})
	check(err)
	_, err = js.Publish(ctx, "changes.bjensen", []byte("sealed"))
	check(err)
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{AckPolicy: jetstream.AckExplicitPolicy})
	check(err)
	start := time.Now()
	for len(delays) < 3 {
		message, err := consumer.Next(jetstream.FetchMaxWait(15 * time.Minute))
		check(err)
		delays = append(delays, time.Since(start).Truncate(time.Minute))
		check(message.NakWithDelay(10 * time.Minute))
	}
	return delays
}

// The seatrial command is not a test: the same must hold in a plain program, and its output is nobody's but its own.
func TestInAProgramThatIsNotATest(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	binary := filepath.Join(t.TempDir(), "program")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "./testdata/program").CombinedOutput()
	require.NoError(t, err, string(out))
	out, err = exec.CommandContext(t.Context(), binary, "-own").CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Equal(t, "own flag: true <nil>\ndeadlock: true\npanic: true\nquick: true\n", string(out))
}

func ExampleRun() {
	err := virtualtime.Run(func() {
		start := time.Now()
		time.Sleep(14 * 24 * time.Hour)
		fmt.Println("a pilot of", time.Since(start))
	})
	fmt.Println(err)
	// Output:
	// a pilot of 336h0m0s
	// <nil>
}

func waitForEver(c chan struct{}) { <-c }

func panicsWith(v any) { panic(v) }

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error { close(l.closed); return nil }

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
