package flawed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Engine builds the test double with one flaw. Where there is a directory, it is read by the one that reads well.
func Engine(flaw Flaw) sut.Factory {
	return func(p sut.Place) (sut.System, error) {
		if p.Directory != nil {
			return ReaderWith(ReadsWell)(p)
		}
		return newEngine(p, flaw), nil
	}
}

func newEngine(p sut.Place, flaw Flaw) *engine {
	ctx, cancel := context.WithCancel(context.Background())
	e := &engine{
		flaw: flaw, place: p, http: network.Client(p.Network, p.Authority.Pool()), chance: p.Seed.Stream("flawed"),
		ctx: ctx, cancel: cancel, lanes: map[string][]*job{}, known: map[string]*job{},
		token: make(chan token, 1), slots: make(chan struct{}, workers),
	}
	e.token <- token{}
	e.target = domain{e}
	if p.Target == "okta" {
		e.target = org{e}
	}
	return e
}

// workers is how many changes are worked on at once.
const workers = 16

type engine struct {
	flaw   Flaw
	place  sut.Place
	http   *http.Client
	target target
	chance *random.Stream
	// What readers do wrong at the target: who has a hash that it does not take is created without one; who is there gets the hash
	// for a password.
	bareAccounts, hashForPassword bool

	ctx     context.Context //nolint:containedctx // the life of the engine: what Submit starts outlives its context
	cancel  context.CancelFunc
	running sync.WaitGroup
	slots   chan struct{}
	token   chan token // holds the token: whoever has taken it out may ask for another

	mu       sync.Mutex // guards what follows; never held across a wait
	lanes    map[string][]*job
	known    map[string]*job
	outcomes []sut.Outcome
	shared   token // RefreshStampede and Recipe: a cache that nobody guards
	quiet    time.Time
	log      bytes.Buffer
	audit    bytes.Buffer
}

// job is a change on its way.
type job struct {
	sut.Change
	id       string
	accepted time.Time
	attempts int
	newer    bool // a newer change of the user has come

	hash  secret.Value // what a directory has stored of the password, instead of it
	begun bool         // an earlier life has begun with it, at since
	since time.Time
}

// Start has nothing to open.
func (e *engine) Start(context.Context) error { return nil }

// Submit puts the change behind the older ones of its user.
func (e *engine) Submit(_ context.Context, c sut.Change) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if j, found := e.known[c.TransactionID+"\n"+c.UserName]; found {
		return j.id, nil
	}
	j := &job{Change: c, id: fmt.Sprintf("f-%d", len(e.known)+1), accepted: time.Now()}
	e.known[c.TransactionID+"\n"+c.UserName] = j
	e.write("queued", j, "")
	if e.flaw == LeaksPassword {
		fmt.Fprintf(&e.log, `{"msg":"request","body":{"userName":%q,"password":%q}}`+"\n", c.UserName, c.Password.Reveal())
	}
	if e.flaw == OutOfOrder {
		e.running.Go(func() { e.work(j) })
		return j.id, nil
	}
	lane := append(e.lanes[c.UserName], j)
	e.lanes[c.UserName] = lane
	for _, older := range lane[:len(lane)-1] {
		older.newer = true
	}
	if len(lane) == 1 {
		e.running.Go(func() { e.drain(c.UserName) })
	}
	return j.id, nil
}

// drain works on the changes of one user, one after the other.
func (e *engine) drain(user string) {
	for {
		e.mu.Lock()
		lane := e.lanes[user]
		e.mu.Unlock()
		e.work(lane[0])
		e.mu.Lock()
		e.lanes[user] = e.lanes[user][1:]
		more := len(e.lanes[user]) > 0
		e.mu.Unlock()
		if !more || e.ctx.Err() != nil {
			return
		}
	}
}

func (e *engine) work(j *job) {
	state, reason := e.process(j)
	if e.ctx.Err() != nil || state == "" {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.outcomes = append(e.outcomes, sut.Outcome{
		ID: j.id, TransactionID: j.TransactionID, UserName: j.UserName, State: state, Reason: reason,
		Attempts: j.attempts, Accepted: j.accepted, Finished: time.Now(),
	})
	e.write(state, j, reason)
	line, _ := json.Marshal(map[string]any{ //nolint:errchkjson // strings and a time always encode
		"time": time.Now().UTC(), "transactionId": j.TransactionID, "id": j.id, "userName": j.UserName,
		"target": or(e.place.Target, "idcs"), "outcome": state, "reason": reason, "attempts": j.attempts,
	})
	e.audit.Write(append(line, '\n'))
	if e.flaw == DoubleAudit {
		e.audit.Write(append(line, '\n'))
	}
}

// write logs; the caller holds the lock.
func (e *engine) write(message string, j *job, reason string) {
	fmt.Fprintf(&e.log, `{"msg":%q,"id":%q,"user_name":%q,"reason":%q,"attempts":%d}`+"\n", message, j.id, j.UserName, reason, j.attempts)
}

// Outcomes are all final ones.
func (e *engine) Outcomes(context.Context) ([]sut.Outcome, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]sut.Outcome(nil), e.outcomes...), nil
}

// Artifacts are the log and the audit trail; there are no files.
func (e *engine) Artifacts() ([]sut.Artifact, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return []sut.Artifact{
		{Name: sut.ArtifactLog, Data: bytes.Clone(e.log.Bytes())},
		{Name: sut.ArtifactAudit, Data: bytes.Clone(e.audit.Bytes())},
	}, nil
}

// Stop drops what is still on its way.
func (e *engine) Stop(ctx context.Context) error {
	e.cancel()
	ended := make(chan struct{})
	go func() { e.running.Wait(); close(ended) }()
	defer e.http.CloseIdleConnections()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop: %w", ctx.Err())
	}
}

// sleep waits, with a few nanoseconds more so that no two timers tie; false means that the engine stops.
func (e *engine) sleep(d time.Duration) bool {
	timer := time.NewTimer(d + e.chance.Jitter(100*time.Microsecond))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-e.ctx.Done():
		return false
	}
}
