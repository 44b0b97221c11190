package journal

import (
	"maps"
	"slices"
	"sync"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Journal holds the newest entries of one world. It is safe for concurrent use.
type Journal struct {
	digester *secret.Digester

	mu      sync.Mutex
	ring    []*Entry // grows up to capacity; then next is the oldest
	next    int
	last    uint64
	dropped uint64
	totals  map[string]*Totals

	capacity int
}

// Totals count what was recorded since the start, or since the target was last forgotten, including what the ring has dropped since.
type Totals struct {
	Recorded  uint64
	Lost      uint64         // answers withheld
	Faulted   uint64         // exchanges in which a fault acted
	Surprises uint64         // requests that the target's API does not have
	Statuses  map[int]uint64 // by status; 0 is no answer
}

// New returns a journal of at most capacity entries (at least one).
func New(capacity int, digester *secret.Digester) *Journal {
	return &Journal{digester: digester, capacity: max(capacity, 1), totals: map[string]*Totals{}}
}

// Digest returns the keyed digest of v, as it stands in Entry.Password.
func (j *Journal) Digest(v secret.Value) secret.Digest { return j.digester.Digest(v) }

// Record adds an entry and returns its sequence number.
func (j *Journal) Record(e Entry) uint64 { return j.record(&e) }

func (j *Journal) record(e *Entry) uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	e.Sequence = j.last
	if len(j.ring) < j.capacity {
		j.ring = append(j.ring, e)
	} else {
		j.ring[j.next] = e
		j.next = (j.next + 1) % j.capacity
		j.dropped++
	}
	j.count(e)
	return e.Sequence
}

func (j *Journal) count(e *Entry) {
	t, ok := j.totals[e.Target]
	if !ok {
		t = &Totals{Statuses: map[int]uint64{}}
		j.totals[e.Target] = t
	}
	t.Recorded++
	t.Statuses[e.Status]++
	if e.Lost {
		t.Lost++
	}
	if len(e.Faults) > 0 {
		t.Faulted++
	}
	if e.Surprise != "" {
		t.Surprises++
	}
}

// Totals returns the counters of one target.
func (j *Journal) Totals(target string) Totals {
	j.mu.Lock()
	defer j.mu.Unlock()
	t, ok := j.totals[target]
	if !ok {
		return Totals{Statuses: map[int]uint64{}}
	}
	copied := *t
	copied.Statuses = maps.Clone(t.Statuses)
	return copied
}

// Forget drops the entries and counts of one target; those of the others stay. Sequence numbers go on, so that a reader's
// "after 500" stays true.
func (j *Journal) Forget(target string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := make([]*Entry, 0, len(j.ring))
	for _, e := range slices.Concat(j.ring[j.next:], j.ring[:j.next]) {
		if e.Target != target {
			kept = append(kept, e)
		}
	}
	j.ring, j.next = kept, 0
	if len(kept) == 0 {
		j.dropped = 0 // whoever reads misses nothing
	}
	delete(j.totals, target)
}

// snapshot returns the entries, oldest first.
func (j *Journal) snapshot() (entries []*Entry, dropped, last uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	entries = make([]*Entry, 0, len(j.ring))
	entries = append(entries, j.ring[j.next:]...)
	entries = append(entries, j.ring[:j.next]...)
	return entries, j.dropped, j.last
}
