package queue

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"math"
	"slices"
	"sync"
	"time"
)

// digest stands for a change's id.
type digest [16]byte

func digestOf(id string) digest {
	sum := sha256.Sum256([]byte(id))
	return digest(sum[:])
}

// sighting is where an id was seen first, and when that change was done; zero while it waits.
type sighting struct {
	sequence uint64
	done     uint32
}

// batch is a stored message of changes that are not all done.
type batch struct {
	left int      // changes whose being done is not in the journal yet
	done []uint64 // a bit for each change that is done, in the journal or not
}

// take sets a bit and tells whether it was free.
func (b *batch) take(i uint64) bool {
	word, bit := i/64, uint64(1)<<(i%64)
	if word >= uint64(len(b.done)) || b.done[word]&bit != 0 {
		return false
	}
	b.done[word] |= bit
	return true
}

// index is what the queue knows by heart; the changes themselves stay on disk. For each waiting change it holds about 60
// bytes, up to 200 when each came in a message of its own; 60 bytes for each id that is remembered as a duplicate; and the
// notes. Its mutex is never held across a wait.
type index struct {
	mu         sync.Mutex
	duplicates uint32 // seconds that an id is remembered
	batches    map[uint64]*batch
	order      []uint64 // the batches' sequences, ascending; those of batches that are gone are skipped
	top        uint64   // all messages up to this one were read
	delivered  uint64   // the newest message that was handed out
	waiting    int64
	seen       map[digest]sighting
	notes      map[string]note
	noted      []noted           // when a note may go, oldest first
	marks      map[uint64][]mark // from the journal, about messages that were not read yet
	spent      []uint64          // messages whose changes are all done, to be removed
}

// noted is a note's key and how long it is needed.
type noted struct {
	key  string
	upto uint64
}

func newIndex(duplicates time.Duration) *index {
	x := &index{duplicates: uint32(min(duplicates/time.Second, math.MaxUint32/2))} //nolint:gosec // Within the bound.
	x.reset()
	return x
}

// reset forgets everything, before the streams are read.
func (x *index) reset() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.batches, x.seen, x.notes, x.marks = map[uint64]*batch{}, map[digest]sighting{}, map[string]note{}, map[uint64][]mark{}
	x.order, x.noted, x.spent = nil, nil, nil
	x.top, x.delivered, x.waiting = 0, 0, 0
}

// seconds is the time as marks have it.
func seconds() uint32 { return uint32(time.Now().Unix()) } //nolint:gosec // Until 2106.

// known tells whether an id is a duplicate.
func (x *index) known(id digest) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	s, ok := x.seen[id]
	return ok && !x.expired(s, seconds())
}

func (x *index) expired(s sighting, now uint32) bool { return s.done != 0 && s.done+x.duplicates < now }

// add takes up a message of changes, from whoever stored it or, with read, from the stream. An id that was seen before
// counts as done: another process may not have known it.
func (x *index) add(sequence uint64, ids []digest, read bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if sequence <= x.top {
		return
	}
	if read {
		x.top = sequence
	}
	if x.batches[sequence] != nil {
		return
	}
	b := &batch{left: len(ids), done: make([]uint64, (len(ids)+63)/64)}
	for _, m := range x.marks[sequence] {
		if b.take(m.sequence % maxEntries) {
			b.left--
		}
	}
	delete(x.marks, sequence)
	now := seconds()
	for i, id := range ids {
		own := sequence<<sequenceBits | uint64(i)
		if b.done[i/64]&(1<<(i%64)) != 0 {
			continue
		}
		if s, ok := x.seen[id]; ok && s.sequence != own && !x.expired(s, now) {
			b.take(uint64(i))
			b.left--
			continue
		}
		x.seen[id] = sighting{sequence: own}
		x.waiting++
	}
	if b.left == 0 {
		x.spent = append(x.spent, sequence)
		return
	}
	x.batches[sequence] = b
	at, _ := slices.BinarySearch(x.order, sequence)
	x.order = slices.Insert(x.order, at, sequence)
}

// recall takes up a page of the journal. Marks about messages before first are about what is gone.
func (x *index) recall(p page, first uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, n := range p.notes {
		x.keep(n)
	}
	for _, m := range p.marks {
		if s, ok := x.seen[m.id]; m.id != (digest{}) && (!ok || s.done < m.at) {
			x.seen[m.id] = sighting{sequence: m.sequence, done: m.at}
		}
		if at := m.sequence >> sequenceBits; at >= first {
			x.marks[at] = append(x.marks[at], m)
		}
	}
}

// recalled ends the reading of the streams. It returns the newest message that the journal knows beyond last, or zero:
// there should be none.
func (x *index) recalled(last uint64) (missing uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for sequence := range x.marks {
		if sequence > last {
			missing = max(missing, sequence)
		}
	}
	x.marks = map[uint64][]mark{}
	x.drop()
	return missing
}

// undone returns which changes of a message are to be delivered, as a list of their places.
func (x *index) undone(sequence uint64, count int) []int {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.delivered = max(x.delivered, sequence)
	b := x.batches[sequence]
	if b == nil {
		return nil
	}
	list := make([]int, 0, count)
	for i := range count {
		if b.done[i/64]&(1<<(i%64)) == 0 {
			list = append(list, i)
		}
	}
	return list
}

// finish marks a change as done and tells whether it was not yet.
func (x *index) finish(m mark) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	b := x.batches[m.sequence>>sequenceBits]
	if b == nil || !b.take(m.sequence%maxEntries) {
		return false
	}
	x.waiting--
	x.seen[m.id] = sighting{sequence: m.sequence, done: m.at}
	return true
}

// stored takes up what is now in the journal. It tells whether a message can be removed.
func (x *index) stored(notes []note, marks []mark) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, n := range notes {
		x.keep(n)
	}
	for _, m := range marks {
		at := m.sequence >> sequenceBits
		if b := x.batches[at]; b != nil {
			if b.left--; b.left == 0 {
				delete(x.batches, at)
				x.spent = append(x.spent, at)
			}
		}
	}
	x.drop()
	return len(x.spent) > 0
}

func (x *index) keep(n note) {
	if old, ok := x.notes[n.key]; !ok || old.upto != n.upto {
		x.noted = append(x.noted, noted{n.key, n.upto})
	}
	x.notes[n.key] = n
}

// drop forgets the notes that no waiting change can need: each change that waits is younger than what they are about.
func (x *index) drop() {
	low := x.low()
	for len(x.noted) > 0 && x.noted[0].upto < low {
		if n := x.noted[0]; x.notes[n.key].upto == n.upto {
			delete(x.notes, n.key)
		}
		x.noted = x.noted[1:]
	}
}

// low is the oldest message with a change that waits.
func (x *index) low() uint64 {
	for len(x.order) > 0 && x.batches[x.order[0]] == nil {
		x.order = x.order[1:]
	}
	if len(x.order) == 0 {
		return math.MaxUint64
	}
	return x.order[0]
}

// remove returns the messages to remove: all before below, and those of the list.
func (x *index) remove() (below uint64, list []uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	low := x.low()
	for _, sequence := range x.spent {
		if sequence < low {
			below = max(below, sequence+1)
		} else {
			list = append(list, sequence)
		}
	}
	x.spent = nil
	return below, list
}

// again takes back what could not be removed.
func (x *index) again(below uint64, list []uint64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.spent = append(x.spent, list...)
	if below > 0 {
		x.spent = append(x.spent, below-1)
	}
}

// read is the newest message that was read.
func (x *index) read() uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.top
}

// note returns the note under a key.
func (x *index) note(key string) []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.notes[key].data)
}

// reach is the newest message that was delivered: a note is about nothing newer.
func (x *index) reach() uint64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.delivered
}

func (x *index) count() int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.waiting
}

// setWaiting takes up what the leader says; a process that stands by does not know better.
func (x *index) setWaiting(n int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.waiting = n
}

// size is the number of entries that a fresh journal would hold.
func (x *index) size() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.seen) + len(x.notes)
}

// live forgets what is out of date and returns the rest, to begin the journal anew.
func (x *index) live() (notes []note, marks []mark) {
	x.mu.Lock()
	defer x.mu.Unlock()
	now := seconds()
	for id, s := range x.seen {
		switch {
		case s.done == 0: // It waits, so its message knows it.
		case x.expired(s, now):
			delete(x.seen, id)
		default:
			marks = append(marks, mark{s.sequence, id, s.done})
		}
	}
	for sequence, b := range x.batches {
		for i := range uint64(64 * len(b.done)) {
			if b.done[i/64]&(1<<(i%64)) != 0 {
				marks = append(marks, mark{sequence: sequence<<sequenceBits | i, at: now})
			}
		}
	}
	notes = slices.SortedFunc(maps.Values(x.notes), func(a, b note) int { return cmp.Compare(a.upto, b.upto) })
	x.noted = x.noted[:0]
	for _, n := range notes {
		x.noted = append(x.noted, noted{n.key, n.upto})
	}
	return notes, marks
}
