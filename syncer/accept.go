package syncer

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/syncer/queue"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// publishTimeout bounds the wait for the queue: a caller who holds a user's request open should hear no.
const publishTimeout = 10 * time.Second

// Accept seals a change and queues it. It returns when the change is on disk; the same change submitted again is queued
// once.
func (e *Engine) Accept(ctx context.Context, c hook.Change) (hook.Receipt, error) {
	if e.stopping.Load() {
		return hook.Receipt{}, hook.ErrUnavailable
	}
	if c.TransactionID == "" {
		c.TransactionID = rand.Text()
	}
	id := changeID(c.UserName, c.TransactionID)
	if state, ok := e.ledger.known(id); ok {
		return hook.Receipt{ID: id, State: state}, nil
	}
	box, err := e.keys.Seal(c.Password, id, userKey(c.UserName))
	if err != nil {
		return hook.Receipt{}, err
	}
	r := record{
		ID: id, TransactionID: c.TransactionID, UserName: c.UserName, Attributes: c.Attributes, Accepted: time.Now().UTC(), Password: box,
	}
	data, err := r.encode()
	if err != nil {
		return hook.Receipt{}, err
	}
	forget := e.ledger.begin(r)
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	duplicate, err := e.queue.Publish(ctx, id, data)
	switch {
	case errors.Is(err, queue.ErrFull):
		forget()
		return hook.Receipt{}, fmt.Errorf("%w: %w", hook.ErrUnavailable, err)
	case err != nil:
		// It may be on disk all the same. The caller submits it again and it is recognised.
		forget()
		return hook.Receipt{}, err
	case duplicate:
		// It is in the queue under this id and comes from there, or it was finished longer ago than we remember.
		forget()
	default:
		e.ledger.queued(r)
	}
	return hook.Receipt{ID: id, State: hook.Queued}, nil
}

// Status tells where a change stands.
func (e *Engine) Status(id string) (hook.Status, bool) { return e.ledger.get(id) }

// Outcomes returns final outcomes after a sequence.
func (e *Engine) Outcomes(after uint64, limit int) ([]hook.Outcome, uint64) {
	return e.ledger.since(after, limit)
}

// Ready returns why no change can be taken, or nil.
func (e *Engine) Ready() error {
	switch {
	case e.stopping.Load():
		return errors.New("stopping")
	case e.lost.Load():
		return errors.New("another engine has taken over the queue")
	case !e.queue.Connected():
		return errors.New("the queue cannot be reached")
	}
	return nil
}
