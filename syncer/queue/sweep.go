package queue

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// sweep removes messages whose changes are all done and in the journal, some time after, and together: each removal costs a
// flush too. What cannot be removed now is found again by the next leader.
func (q *Queue) sweep(ctx context.Context) {
	for {
		select {
		case <-q.spent:
		case <-q.interrupted: // What is done last is left to the next leader.
			return
		}
		select {
		case <-time.After(q.timing.sweep):
		case <-q.interrupted:
		}
		below, list := q.index.remove()
		if err := q.remove(ctx, below, list); err != nil && !q.isLost() {
			q.index.again(below, list)
		}
	}
}

func (q *Queue) remove(ctx context.Context, below uint64, list []uint64) error {
	if below > 0 {
		if err := q.changes.purge(ctx, jetstream.WithPurgeSequence(below)); err != nil {
			return err
		}
	}
	for _, sequence := range list {
		if err := q.changes.remove(ctx, sequence); err != nil {
			return err
		}
	}
	return nil
}
