package queue

import (
	"context"
	"fmt"
)

// SetNote stores the note under the key in place of the last one, and returns when it is on disk. A note is kept for as
// long as a change waits that had been delivered before it was set; then it may be forgotten. When another process leads,
// the error is ErrInUse and nothing is stored.
func (q *Queue) SetNote(ctx context.Context, key string, data []byte) error {
	if len(key)+len(data) > maxData {
		return fmt.Errorf("set note: %d bytes are %w: at most %d", len(key)+len(data), ErrTooLarge, maxData)
	}
	if !q.leads() {
		return fmt.Errorf("set note: %w", ErrInUse)
	}
	r, _ := q.recording.add(entry{note: &note{key: key, data: data}}, len(key)+len(data)+4*binaryMax)
	if r == nil {
		return ErrClosed
	}
	select {
	case <-r.done:
		if r.err != nil {
			return fmt.Errorf("set note: %w", r.err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("set note: %w", ctx.Err())
	}
}

// Note returns the note under the key, nil when there is none.
func (q *Queue) Note(_ context.Context, key string) ([]byte, error) {
	if !q.leads() {
		return nil, fmt.Errorf("note: %w", ErrInUse)
	}
	return q.index.note(key), nil
}
