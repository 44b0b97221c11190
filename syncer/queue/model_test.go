package queue

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// machine drives a queue by URL, and keeps beside it what the queue promises.
type machine struct {
	ctx   context.Context //nolint:containedctx // rapid's actions take no other argument.
	open  func() (*Queue, error)
	queue *Queue

	n       int        // ids and notes so far
	waiting []string   // not done, in the order of acceptance
	next    int        // place in waiting of what is delivered next
	held    []Delivery // delivered to this process, not done
	top     uint64     // sequence of the last delivery
	notes   map[string]*expectation
	parked  []string // the first was parked first
}

// expectation is a note and the changes that keep it: those that had been delivered when it was set, and were not done.
type expectation struct {
	value string
	needs []string
}

func (m *machine) begin(t *rapid.T) {
	var err error
	m.queue, err = m.open()
	require.NoError(t, err)
	require.NoError(t, m.queue.Lead(m.ctx))
	m.next, m.held, m.top = 0, nil, 0
}

const together = 5

// publishTogether makes changes share a message.
func publishTogether(q *Queue, ids ...string) *round[publication] {
	q.publishing.mu.Lock()
	var r *round[publication]
	for _, id := range ids {
		r, _ = q.publishing.put(publication{change: change{id, []byte(id)}}, 100)
	}
	q.publishing.mu.Unlock()
	<-r.done
	return r
}

func (m *machine) publish(t *rapid.T) {
	ids := make([]string, rapid.IntRange(1, together).Draw(t, "count"))
	for i := range ids {
		ids[i] = fmt.Sprint("id-", m.n)
		m.n++
	}
	m.waiting = append(m.waiting, ids...)
	for _, e := range publishTogether(m.queue, ids...).entries {
		require.NoError(t, e.err)
		require.False(t, e.duplicate)
	}
}

func (m *machine) again(t *rapid.T) {
	if m.n == 0 {
		t.Skip("nothing published")
	}
	id := fmt.Sprint("id-", rapid.IntRange(0, m.n-1).Draw(t, "id"))
	duplicate, err := m.queue.Publish(m.ctx, id, []byte("again"))
	require.NoError(t, err)
	require.True(t, duplicate, id)
}

func (m *machine) deliver(t *rapid.T) {
	if m.next == len(m.waiting) {
		ctx, cancel := context.WithTimeout(m.ctx, time.Minute)
		defer cancel()
		d, err := m.queue.Next(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded, "%s", d.Data)
		return
	}
	d, err := m.queue.Next(m.ctx)
	require.NoError(t, err)
	require.Greater(t, d.Sequence, m.top)
	m.top = d.Sequence
	require.Equal(t, m.waiting[m.next], string(d.Data), "out of order")
	m.held = append(m.held, d)
	m.next++
}

func (m *machine) done(t *rapid.T) {
	if len(m.held) == 0 {
		t.Skip("nothing delivered")
	}
	i := rapid.IntRange(0, len(m.held)-1).Draw(t, "which")
	d := m.held[i]
	require.NoError(t, m.queue.Done(m.ctx, d))
	require.NoError(t, m.queue.Done(m.ctx, d), "twice is once")
	m.held = slices.Delete(m.held, i, i+1)
	m.waiting = slices.DeleteFunc(m.waiting, func(id string) bool { return id == string(d.Data) })
	m.next--
	for _, n := range m.notes {
		n.needs = slices.DeleteFunc(n.needs, func(id string) bool { return id == string(d.Data) })
	}
	synctest.Wait() // Until it is stored, so that a crash does not bring it back.
}

func (m *machine) note(t *rapid.T) {
	key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
	value := fmt.Sprint("note-", m.n)
	m.n++
	m.waiting = append(m.waiting, fmt.Sprint("id-", m.n-1)) // The same number.
	_, err := m.queue.Publish(m.ctx, fmt.Sprint("id-", m.n-1), fmt.Append(nil, "id-", m.n-1))
	require.NoError(t, err)
	require.NoError(t, m.queue.SetNote(m.ctx, key, []byte(value)))
	e := &expectation{value: value}
	for _, d := range m.held {
		e.needs = append(e.needs, string(d.Data))
	}
	m.notes[key] = e
}

func (m *machine) park(t *rapid.T) {
	id := fmt.Sprint(rapid.IntRange(0, 4).Draw(t, "id"))
	require.NoError(t, m.queue.Park(m.ctx, id, []byte(id)))
	m.parked = append(slices.DeleteFunc(m.parked, func(s string) bool { return s == id }), id)
}

func (m *machine) unpark(t *rapid.T) {
	id := fmt.Sprint(rapid.IntRange(0, 4).Draw(t, "id"))
	require.NoError(t, m.queue.Unpark(m.ctx, id))
	m.parked = slices.DeleteFunc(m.parked, func(s string) bool { return s == id })
}

func (m *machine) reopen(t *rapid.T) {
	require.NoError(t, m.queue.Close(m.ctx))
	m.begin(t)
}

func (m *machine) crash(t *rapid.T) {
	m.queue.die()
	m.begin(t)
}

func (m *machine) check(t *rapid.T) {
	ids := []string{}
	for item, err := range m.queue.Parked(m.ctx) {
		require.NoError(t, err)
		require.Equal(t, item.ID, string(item.Data))
		ids = append(ids, item.ID)
	}
	require.ElementsMatch(t, m.parked, ids)
	require.Equal(t, append([]string{}, m.parked...), ids, "oldest first")
	require.EqualValues(t, len(m.waiting), m.queue.index.count())
	for key, want := range m.notes {
		got, err := m.queue.Note(m.ctx, key)
		require.NoError(t, err)
		if got != nil || len(want.needs) > 0 {
			require.Equal(t, want.value, string(got), "note %s", key)
		}
	}
}

func TestWhatIsDoneStaysDoneBesideAChangeThatWaitsForDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		timing := usual
		timing.lines = 5
		begin := func() *Queue {
			q, err := open(t.Context(), at(dir), timing)
			require.NoError(t, err)
			return q
		}
		q := begin()
		publishTogether(q, "waits", "done")
		next(t, q)
		require.NoError(t, q.Done(t.Context(), next(t, q)))
		time.Sleep(25 * time.Hour) // The id is forgotten; that the change is done is not.
		for i := range 30 {
			publish(t, q, fmt.Sprint(i))
			require.NoError(t, q.Done(t.Context(), next(t, q)))
		}
		publish(t, q, "done") // Another change by now.
		require.NoError(t, q.Done(t.Context(), next(t, q)))
		time.Sleep(25 * time.Hour)
		for i := range 30 {
			publish(t, q, fmt.Sprint(i))
			require.NoError(t, q.Done(t.Context(), next(t, q)))
		}
		require.NoError(t, q.Close(t.Context()))
		q = begin()
		publish(t, q, "last")
		assert.Equal(t, "waits", string(next(t, q).Data))
		assert.Equal(t, "last", string(next(t, q).Data))
		info, err := q.journal.handle.Info(t.Context())
		require.NoError(t, err)
		assert.Less(t, info.State.Msgs, uint64(200), "the journal is begun anew")
		require.NoError(t, q.Close(t.Context()))
	})
}

func TestTheQueueKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		// rapid leaves a case by a panic, which must not end the bubble.
		var left any
		synctest.Test(t, func(t *testing.T) {
			defer func() { left = recover() }()
			s := served(t, false)
			c := DefaultConfig()
			c.URL = "nats://in-memory"
			timing := usual
			timing.lines = 5 // The journal is begun anew all the time.
			m := &machine{ctx: t.Context(), notes: map[string]*expectation{}}
			m.open = func() (*Queue, error) { return open(m.ctx, c, timing, nats.InProcessServer(s)) }
			m.begin(rt)
			defer func() { m.queue.die() }()
			rt.Repeat(map[string]func(*rapid.T){
				"publish": m.publish, "again": m.again, "next": m.deliver, "done": m.done, "note": m.note, "park": m.park,
				"unpark": m.unpark, "reopen": m.reopen, "crash": m.crash, "": m.check,
			})
		})
		if left != nil {
			panic(left)
		}
	})
}
