package queue

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Delivery is one change, the engine's until it is done.
type Delivery struct {
	// Sequence ascends in the order of acceptance and is never used again.
	Sequence uint64
	Data     []byte
	id       digest
}

// Next waits for the next change. It ends with ErrClosed, and with ErrInUse when this process has lost the lead.
func (q *Queue) Next(ctx context.Context) (Delivery, error) {
	d, err := q.next(ctx)
	if err != nil && !errors.Is(err, ErrClosed) {
		return d, fmt.Errorf("next: %w", err)
	}
	return d, err
}

func (q *Queue) next(ctx context.Context) (Delivery, error) {
	select {
	case q.turn <- struct{}{}:
		defer func() { <-q.turn }()
	case <-q.interrupted:
		return Delivery{}, ErrClosed
	case <-ctx.Done():
		return Delivery{}, ctx.Err()
	}
	if err := q.wait(ctx, q.led, 0); err != nil {
		return Delivery{}, err
	}
	for len(q.ready) == 0 {
		more, err := q.fetch(ctx)
		switch foreign := (*foreignError)(nil); {
		case errors.As(err, &foreign), err != nil && q.failure.err() != nil:
			return Delivery{}, err
		case err != nil: // A store that is away is asked again.
			err = q.wait(ctx, nil, q.timing.pause)
		case !more:
			err = q.wait(ctx, q.arrived, q.timing.poll)
		}
		if err != nil {
			return Delivery{}, err
		}
	}
	if err := q.wait(ctx, closed, 0); err != nil {
		return Delivery{}, err
	}
	d := q.ready[0]
	q.ready[0] = Delivery{}
	q.ready = q.ready[1:]
	return d, nil
}

// wait ends without an error when c is ready or, unless it is zero, after a time; by URL only, for who is alone is told.
func (q *Queue) wait(ctx context.Context, c <-chan struct{}, after time.Duration) error {
	var timer <-chan time.Time
	if after > 0 && (q.config.URL != "" || c == nil) {
		t := time.NewTimer(after)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-q.interrupted:
		return ErrClosed
	case <-q.lost:
		return ErrInUse
	default:
	}
	select {
	case <-c:
		return nil
	case <-timer:
		return nil
	case <-q.interrupted:
		return ErrClosed
	case <-q.lost:
		return ErrInUse
	case <-ctx.Done():
		return ctx.Err()
	}
}

// closed is ready at once.
var closed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// fetch reads the next message of changes, and tells whether there was one.
func (q *Queue) fetch(ctx context.Context) (bool, error) {
	m, ok, err := q.changes.read(ctx, q.position)
	if err != nil || !ok {
		return false, err
	}
	q.position = m.Sequence + 1
	list, err := q.changes.decode(m)
	if err != nil {
		return false, err
	}
	ids := digests(list)
	q.index.add(m.Sequence, ids, true)
	undone := q.index.undone(m.Sequence, len(list))
	for _, i := range undone {
		q.ready = append(q.ready, Delivery{
			Sequence: m.Sequence<<sequenceBits | uint64(i), //nolint:gosec // Below maxEntries.
			Data:     append([]byte(nil), list[i].data...), // Its own, so that one change does not keep all the others in memory.
			id:       ids[i],
		})
	}
	if len(undone) == 0 {
		ring(q.spent)
	}
	return true, nil
}

func digests(list []change) []digest {
	ids := make([]digest, len(list))
	for i, c := range list {
		ids[i] = digestOf(c.id)
	}
	return ids
}

// Done removes a change. It does not wait for the disk: after a crash the change may be delivered again.
func (q *Queue) Done(_ context.Context, d Delivery) error {
	if q.isLost() {
		return fmt.Errorf("done: %w", ErrInUse)
	}
	m := mark{sequence: d.Sequence, id: d.id, at: seconds()}
	if !q.index.finish(m) {
		return nil
	}
	if r, _ := q.recording.add(entry{mark: m}, markMax); r == nil {
		return ErrClosed
	}
	return nil
}
