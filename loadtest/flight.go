package loadtest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/seatrial/seatrial/scenarios/sut"
)

// fly warms up, then sends the changes when they are due and waits until each has ended.
func (t *trial) fly(ctx context.Context) error {
	t.report(WarmingUp, 0)
	var warming sync.WaitGroup
	for _, c := range t.warmers {
		c.intended = time.Now()
		warming.Go(func() { t.send(ctx, c) })
	}
	warming.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	t.report(Sending, 0)
	return t.attack(ctx)
}

// attack lets Vegeta send the changes. Vegeta paces and keeps enough workers; what a hit is, is ours: a round tripper that
// makes a whole password change of it and invents the answer.
func (t *trial) attack(ctx context.Context) error {
	var flights flights
	t.started = time.Now()
	for i, c := range t.changes {
		c.intended = t.started.Add(t.shape.due(i))
	}
	hit := func(request *http.Request) (*http.Response, error) {
		number, err := strconv.Atoi(request.Header.Get("X-Vegeta-Seq"))
		if err != nil || number < 0 || number >= len(t.changes) {
			return nil, fmt.Errorf("vegeta asks for change %q of %d", request.Header.Get("X-Vegeta-Seq"), len(t.changes))
		}
		flights.begin()
		defer flights.end()
		return answer(request, t.send(ctx, t.changes[number])), nil
	}
	workers := uint64(len(t.changes)) // one for each change at most: no change ever waits for a free worker
	initial := workers
	if t.shape.Burst == 0 {
		initial = min(workers, vegeta.DefaultWorkers)
	}
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: tripper(hit)}),
		vegeta.Workers(initial), vegeta.MaxWorkers(workers),
	)
	targeter := func(target *vegeta.Target) error {
		target.Method, target.URL = http.MethodPut, "seatrial://engine/change"
		return nil
	}
	var broken error
	ended := 0
	for result := range attacker.Attack(targeter, pacer{ctx, t.shape}, 0, t.shape.Name) {
		if result.Code == 0 && broken == nil {
			broken = fmt.Errorf("change %d: %s", result.Seq, result.Error)
		}
		ended++
		if ended*100/len(t.changes) != (ended-1)*100/len(t.changes) {
			t.report(Sending, ended)
		}
	}
	t.load.Concurrency = flights.highest
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return broken
}

// send submits a change and waits for what becomes of it; it returns the status that says so: 200 applied, 422 refused by
// the target, 503 not taken by the engine, 504 neither in time.
func (t *trial) send(ctx context.Context, c *change) int {
	c.sent = time.Now()
	c.Submitted = c.sent
	ctx, cancel := context.WithDeadline(ctx, c.intended.Add(t.plan.Timeout))
	defer cancel()
	id, err := t.system.Submit(ctx, sut.Change{
		TransactionID: c.TransactionID, UserName: c.User, Password: c.Password, Attributes: c.user.Attributes,
	})
	if err != nil {
		c.err, c.done = err, time.Now()
		return http.StatusServiceUnavailable
	}
	c.ID, c.Acked, c.Acknowledged = id, true, time.Now()
	select {
	case f := <-c.fate:
		c.done, c.applied, c.refusal = f.at, f.accepted, f.reason
		if c.done.Before(c.sent) {
			c.done = c.sent // clocks of two hosts: no change ends before it begins
		}
		if c.applied {
			return http.StatusOK
		}
		return http.StatusUnprocessableEntity
	case <-ctx.Done():
		c.lost, c.done = true, time.Now()
		return http.StatusGatewayTimeout
	}
}

// pacer sends each change of the shape when it is due: neither Vegeta's rounding nor a late start shifts the others.
type pacer struct {
	ctx   context.Context //nolint:containedctx // Vegeta's interface has no room for it, and its Stop does not end a wait
	shape Shape
}

// Pace implements [vegeta.Pacer].
func (p pacer) Pace(elapsed time.Duration, hits uint64) (wait time.Duration, stop bool) {
	next := int(hits) //nolint:gosec // G115: never above the number of changes, which is an int
	if p.ctx.Err() != nil || next >= p.shape.Changes() {
		return 0, true
	}
	return p.shape.due(next) - elapsed, false
}

// Rate implements [vegeta.Pacer].
func (p pacer) Rate(time.Duration) float64 { return p.shape.Rate }

// flights counts the changes in the air. It is safe for concurrent use.
type flights struct {
	mu           sync.Mutex
	now, highest int
}

func (f *flights) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now++
	f.highest = max(f.highest, f.now)
}

func (f *flights) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now--
}

type tripper func(*http.Request) (*http.Response, error)

// RoundTrip implements [http.RoundTripper].
func (t tripper) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return t(r)
}

// answer makes up an answer with a status.
func answer(r *http.Request, status int) *http.Response {
	return &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r,
	}
}
