package syncer

import (
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
	outcomes []hook.Outcome    // the last ones, in order of sequence
	last     uint64
}

// entry is a change that is not final.
type entry struct {
	hook.Status
	durable bool // in the queue for certain
}

func newLedger(target string) *ledger {
	return &ledger{target: target, open: map[string]*entry{}, final: map[string]uint64{}}
}

// known returns where a change stands that is final or in the queue for certain.
func (l *ledger) known(id string) (hook.State, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, ok := l.status(id)
	if e := l.open[id]; e != nil && !e.durable {
		return "", false
	}
	return s.State, ok
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

func (l *ledger) add(r record) {
	if _, ok := l.status(r.ID); !ok {
		l.open[r.ID] = &entry{Status: hook.Status{
			ID: r.ID, TransactionID: r.TransactionID, UserName: r.UserName, Target: l.target, State: hook.Queued, Accepted: &r.Accepted,
		}}
	}
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
		Attempts: line.Attempts, Accepted: accepted, Finished: &line.Time,
	}
	if s.State == hook.Parked {
		s.Reason = line.Reason
	}
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

func (l *ledger) isFinal(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.final[id]
	return ok
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
	if n, ok := l.final[id]; ok {
		return l.outcomes[n-l.outcomes[0].Sequence].Status, true
	}
	return hook.Status{}, false
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
