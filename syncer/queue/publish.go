package queue

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// publication is a change that waits for the disk, and what came of it.
type publication struct {
	change
	duplicate bool
	err       error
}

// Publish stores a change and returns when it is on disk. An id that was published within the time for duplicates is not
// stored again. After an error it may be on disk all the same; when it is published again, one of the two is delivered.
// The data must not be changed afterwards.
func (q *Queue) Publish(ctx context.Context, id string, data []byte) (duplicate bool, err error) {
	if len(id)+len(data) > maxData {
		return false, fmt.Errorf("publish: %d bytes are %w: at most %d", len(id)+len(data), ErrTooLarge, maxData)
	}
	r, i := q.publishing.add(publication{change: change{id, data}}, len(id)+len(data)+2*binaryMax)
	if r == nil {
		return false, ErrClosed
	}
	select {
	case <-r.done:
		return r.entries[i].duplicate, r.entries[i].err
	case <-ctx.Done():
		return false, fmt.Errorf("publish: %w", ctx.Err())
	}
}

// publish stores what is handed in, a round at a time.
func (q *Queue) publish(ctx context.Context) {
	for !q.publishing.ended() {
		<-q.publishing.wake
		for r := q.publishing.take(); r != nil; r = q.publishing.take() {
			q.storeRound(ctx, r)
			close(r.done)
		}
	}
}

func (q *Queue) storeRound(ctx context.Context, r *round[publication]) {
	text := append(make([]byte, 0, r.size+1), changesMark)
	ids := make([]digest, 0, len(r.entries))
	here := make(map[digest]bool, len(r.entries))
	room := q.config.Limit - q.index.count()
	for i := range r.entries {
		p := &r.entries[i]
		id := digestOf(p.id)
		switch {
		case here[id] || q.index.known(id):
			p.duplicate = true
		case int64(len(ids)) >= room:
			p.err = ErrFull
		default:
			here[id] = true
			ids = append(ids, id)
			text = appendChange(text, p.change)
		}
	}
	if len(ids) == 0 {
		return
	}
	sequence, err := q.changes.append(ctx, q.changes.subject, text, jetstream.WithMsgID(rand.Text()))
	if err != nil {
		for i := range r.entries {
			if p := &r.entries[i]; here[digestOf(p.id)] {
				p.duplicate, p.err = false, fmt.Errorf("publish: %w", err)
			}
		}
		return
	}
	if q.leads() {
		q.index.add(sequence, ids, false)
	} else {
		q.index.setWaiting(q.index.count() + int64(len(ids)))
	}
	ring(q.arrived)
	if q.config.URL != "" {
		_ = q.conn.Publish(q.wakeSubject(), nil) // Who misses it looks by himself.
	}
}
