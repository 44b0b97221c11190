package queue

import (
	"context"
	"encoding/base64"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Item is a parked change: out of the working queue, kept until it is replayed or purged.
type Item struct {
	ID     string
	Data   []byte
	Stored time.Time
}

// Park keeps a change under its id, in place of an earlier one, and returns when it is on disk.
func (q *Queue) Park(ctx context.Context, id string, data []byte) error {
	if len(id)+len(data) > maxData {
		return fmt.Errorf("park %s: %d bytes are %w: at most %d", id, len(data), ErrTooLarge, maxData)
	}
	_, err := q.parked.append(ctx, q.parkedSubject(id), data)
	if err != nil {
		return fmt.Errorf("park %s: %w", id, err)
	}
	return nil
}

// Unpark removes a parked change. That there is none is not an error.
func (q *Queue) Unpark(ctx context.Context, id string) error {
	if err := q.parked.purge(ctx, jetstream.WithPurgeSubject(q.parkedSubject(id))); err != nil {
		return fmt.Errorf("unpark %s: %w", id, err)
	}
	return nil
}

// ParkedItem returns one parked change, and whether there is one.
func (q *Queue) ParkedItem(ctx context.Context, id string) (Item, bool, error) {
	m, ok, err := q.parked.newest(ctx, q.parkedSubject(id))
	if err != nil {
		return Item{}, false, fmt.Errorf("parked %s: %w", id, err)
	}
	if !ok {
		return Item{}, false, nil
	}
	return Item{ID: id, Data: m.Data, Stored: m.Time}, true, nil
}

// Parked lists the parked changes, the one that was parked first in front. It holds one at a time.
func (q *Queue) Parked(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for m, err := range q.parked.all(ctx) {
			if err != nil {
				yield(Item{}, fmt.Errorf("parked changes: %w", err))
				return
			}
			id, err := q.parkedID(m.Subject)
			if !yield(Item{ID: id, Data: m.Data, Stored: m.Time}, err) {
				return
			}
		}
	}
}

// parkedSubject names one parked change, or all of them as "*". An id may hold any character.
func (q *Queue) parkedSubject(id string) string {
	if id != "*" {
		id = base64.RawURLEncoding.EncodeToString([]byte(id))
	}
	return q.config.Stream + ".parked." + id
}

func (q *Queue) parkedID(subject string) (string, error) {
	id, err := base64.RawURLEncoding.DecodeString(subject[len(q.parkedSubject("*"))-1:])
	if err != nil {
		return "", fmt.Errorf("parked changes: subject %s: %w", subject, err)
	}
	return string(id), nil
}
