package syncer

import (
	"container/heap"
	"time"

	"github.com/seatrial/seatrial/syncer/queue"
	"github.com/seatrial/seatrial/syncer/target"
)

// change is a change on its way. It belongs to the dispatcher; while an attempt runs nobody writes to it.
type change struct {
	record
	key      string // of the user
	order    uint64 // its place among the changes of its user: the sequence of its acceptance
	delivery queue.Delivery
	waits    time.Time // since then
	replay   int       // how often an operator has sent it again; it comes from the parked store then, not from the queue
	// inherited: an earlier engine may have begun to write it; the user's note tells.
	inherited bool

	attempts int
	retries  int // within the first round
	refusals int // for the target's limit, within the first round
	round    int // of the schedule; 0 is the first, which retries on its own
	reason   target.Reason
	account  string       // the target's name of the user, where it is another one
	remedy   string       // what a person can do about the change being parked
	prior    *target.Mark // of a write whose outcome is unknown
	lookOnly bool         // no attempt is left; only the unknown write is to be settled

	notBefore time.Time // as the target asked
	due       time.Time
	index     int  // in the heap; -1 elsewhere
	running   bool // an attempt is on its way, or the change is being parked for good
	parked    bool // waits for the schedule
	ended     bool
}

// person is a user with changes on their way: one that is worked on, and the newest of those that came after it.
type person struct {
	current, next *change
	// passed are those between the two. They are superseded, and told so after current: outcomes come in order.
	passed []*change
}

// newest is the highest place of all changes of the person that are on their way.
func (p *person) newest() uint64 {
	if p.next != nil {
		return p.next.order
	}
	return p.current.order
}

// waiting is a heap of changes, the one that is due first on top; equal times go by age.
type waiting []*change

func (w waiting) Len() int { return len(w) }
func (w waiting) Less(i, j int) bool {
	if !w[i].due.Equal(w[j].due) {
		return w[i].due.Before(w[j].due)
	}
	return w[i].order < w[j].order
}

func (w waiting) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].index, w[j].index = i, j
}

func (w *waiting) Push(x any) {
	c := x.(*change) //nolint:forcetypeassert // Only add below calls it.
	c.index = len(*w)
	*w = append(*w, c)
}

func (w *waiting) Pop() any {
	old := *w
	c := old[len(old)-1]
	old[len(old)-1] = nil
	*w = old[:len(old)-1]
	c.index = -1
	return c
}

func (w *waiting) add(c *change, due time.Time) {
	c.due = due
	heap.Push(w, c)
}

func (w *waiting) take(c *change) {
	if c.index >= 0 {
		heap.Remove(w, c.index)
	}
}
