package queue

import "sync"

const (
	// maxEntries is what one stored message holds at most; sequenceBits is its logarithm.
	sequenceBits = 10
	maxEntries   = 1 << sequenceBits
	// maxRound is the size from which a message takes no further entry. A server's default limit is 1 MiB.
	maxRound = 512 << 10
)

// group collects what callers hand in while a commit is on its way; all of it shares the next one. Nobody is made to wait
// for company: when the disk is idle, an entry is committed at once.
type group[E any] struct {
	mu     sync.Mutex
	rounds []*round[E] // oldest first; only the last one takes entries
	closed bool
	wake   chan struct{}
}

// round is what is committed together. Entries and err belong to the committer until done is closed, and to readers then.
type round[E any] struct {
	entries []E
	size    int
	done    chan struct{}
	err     error
}

func newGroup[E any]() *group[E] { return &group[E]{wake: make(chan struct{}, 1)} }

// add hands in an entry and returns the round and its place there, or nil when the group is closed.
func (g *group[E]) add(e E, size int) (*round[E], int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.put(e, size)
}

// put is add for who holds the mutex.
func (g *group[E]) put(e E, size int) (*round[E], int) {
	if g.closed {
		return nil, 0
	}
	last := len(g.rounds) - 1
	if last < 0 || len(g.rounds[last].entries) == maxEntries || g.rounds[last].size+size > maxRound {
		g.rounds = append(g.rounds, &round[E]{done: make(chan struct{})})
		last++
	}
	r := g.rounds[last]
	r.entries = append(r.entries, e)
	r.size += size
	ring(g.wake)
	return r, len(r.entries) - 1
}

// take returns the oldest round, nil when there is none.
func (g *group[E]) take() *round[E] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.rounds) == 0 {
		return nil
	}
	r := g.rounds[0]
	g.rounds[0] = nil
	g.rounds = g.rounds[1:]
	return r
}

// close takes no more entries. What was handed in is still to be taken.
func (g *group[E]) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	ring(g.wake)
}

func (g *group[E]) ended() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.closed && len(g.rounds) == 0
}

// ring wakes whoever waits on a channel of one place, now or next time.
func ring(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
