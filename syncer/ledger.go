package syncer

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/seatrial/seatrial/syncer/audit"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// maxOutcomes bounds the memory of final outcomes; what is older is in the audit trail.
const maxOutcomes = 200_000

// ledger knows where each change stands: all that are not final, and the last final ones. It is safe for concurrent use;
// its mutex is never held across a wait.
type ledger struct {
	mu       sync.Mutex
	target   string
	open     map[string]*entry
	final    map[string]uint64 // id to sequence
	callers  map[string][]*caller
	planned  map[string]int // by plan, since the start
	outcomes []hook.Outcome // the last ones, in order of sequence
	last     uint64
}

// entry is a change that is not final.
type entry struct {
	hook.Status
	durable bool // in the queue for certain
}

// caller waits for the outcome of a change.
type caller struct {
	id string
	// told is closed when the outcome is durable.
	told chan struct{}
	// promised: the change is being withdrawn because the caller will hear of it, so he may not leave any more.
	promised bool
}

func newLedger(target string) *ledger {
	return &ledger{target: target, open: map[string]*entry{}, final: map[string]uint64{}, callers: map[string][]*caller{}, planned: map[string]int{}}
}

// known returns where a change stands that is final or in the queue for certain.
func (l *ledger) known(id string) (hook.Status, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.open[id]; e != nil && !e.durable {
		return hook.Status{}, false
	}
	return l.status(id)
}

// begin opens a change that is about to be queued, so that its outcome finds it. forget takes that back when the queue
// refuses.
func (l *ledger) begin(r record) (forget func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(r)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if e := l.open[r.ID]; e != nil && !e.durable {
			delete(l.open, r.ID)
		}
	}
}

// queued notes that a change is in the queue.
func (l *ledger) queued(r record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(r)
	if e := l.open[r.ID]; e != nil {
		e.durable = true
	}
}

// arrived notes that a change has come from the queue, or is replayed.
func (l *ledger) arrived(r record, replay int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[r.ID] == nil {
		l.open[r.ID] = l.entry(r)
	}
	e := l.open[r.ID]
	e.durable, e.Replay = true, replay
}

func (l *ledger) add(r record) {
	if _, ok := l.status(r.ID); !ok {
		l.open[r.ID] = l.entry(r)
	}
}

func (l *ledger) entry(r record) *entry {
	return &entry{Status: hook.Status{
		ID: r.ID, TransactionID: r.TransactionID, UserName: r.UserName, Target: l.target, State: hook.Queued, Accepted: &r.Accepted,
	}}
}

// failed notes a failure in passing.
func (l *ledger) failed(id, reason string, attempts int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.open[id]; s != nil {
		s.State, s.Reason, s.Attempts = hook.Retrying, reason, attempts
	}
}

// finish turns a change into an outcome. Restored lines of the audit trail come this way too.
func (l *ledger) finish(line audit.Line, accepted *time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, line.ID)
	l.last++
	s := hook.Status{
		ID: line.ID, TransactionID: line.TransactionID, UserName: line.UserName, Target: line.Target, State: hook.State(line.Outcome),
		Attempts: line.Attempts, Replay: line.Replay, Plan: line.Plan, Accepted: accepted, Finished: &line.Time,
	}
	if s.State == hook.Parked {
		s.Reason = line.Reason
	}
	if s.State == hook.Planned && accepted != nil { // Not one of an earlier process.
		l.planned[line.Plan]++
	}
	for _, c := range l.callers[line.ID] {
		close(c.told)
	}
	delete(l.callers, line.ID)
	l.outcomes = append(l.outcomes, hook.Outcome{Sequence: l.last, Status: s})
	l.final[line.ID] = l.last
	if len(l.outcomes) >= maxOutcomes+maxOutcomes/10 {
		old := len(l.outcomes) - maxOutcomes
		for _, o := range l.outcomes[:old] {
			if l.final[o.ID] == o.Sequence {
				delete(l.final, o.ID)
			}
		}
		l.outcomes = append([]hook.Outcome(nil), l.outcomes[old:]...)
	}
}

// isFinal tells whether a change has the outcome of its n-th replay; 0 is that of its first way.
func (l *ledger) isFinal(id string, replay int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	o, ok := l.outcome(id)
	return ok && o.Replay >= replay
}

// outcome is the last one of a change.
func (l *ledger) outcome(id string) (hook.Outcome, bool) {
	n, ok := l.final[id]
	if !ok {
		return hook.Outcome{}, false
	}
	return l.outcomes[n-l.outcomes[0].Sequence], true
}

func (l *ledger) get(id string) (hook.Status, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status(id)
}

func (l *ledger) status(id string) (hook.Status, bool) {
	if e := l.open[id]; e != nil {
		return e.Status, true
	}
	o, ok := l.outcome(id)
	return o.Status, ok
}

// await begins a caller's wait for the outcome of a change that is not final yet.
func (l *ledger) await(id string) *caller {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &caller{id: id, told: make(chan struct{})}
	l.callers[id] = append(l.callers[id], c)
	return c
}

// leave ends a wait before the outcome; it is refused when the caller has been promised the outcome.
func (l *ledger) leave(c *caller) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.promised {
		return false
	}
	l.callers[c.id] = slices.DeleteFunc(l.callers[c.id], func(o *caller) bool { return o == c })
	if len(l.callers[c.id]) == 0 {
		delete(l.callers, c.id)
	}
	return true
}

// promise tells whether somebody waits for the outcome of a change, and holds him until he has it.
func (l *ledger) promise(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.callers[id] {
		c.promised = true
	}
	return len(l.callers[id]) > 0
}

func (l *ledger) since(after uint64, limit int) ([]hook.Outcome, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.outcomes) == 0 || after >= l.last {
		return nil, l.last
	}
	from := 0
	if first := l.outcomes[0].Sequence; after >= first {
		from = int(after - first + 1) //nolint:gosec // Within the slice, since after < last.
	}
	to := min(from+limit, len(l.outcomes))
	return append([]hook.Outcome(nil), l.outcomes[from:to]...), l.last
}

// waiting returns the number of open changes by state, and when the oldest was accepted.
func (l *ledger) waiting() (queued, retrying int, oldest time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.open {
		if s.State == hook.Retrying {
			retrying++
		} else {
			queued++
		}
		if oldest.IsZero() || s.Accepted.Before(oldest) {
			oldest = *s.Accepted
		}
	}
	return queued, retrying, oldest
}

func (l *ledger) plans() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.planned)
}
