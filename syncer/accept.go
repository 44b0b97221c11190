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

// Accept seals a change and queues it. It returns when the change is on disk, or, for a caller who waits, with the outcome;
// the same change submitted again is queued once.
func (e *Engine) Accept(ctx context.Context, c hook.Change) (hook.Receipt, error) {
	if e.stopping.Load() || e.lost.Load() {
		return hook.Receipt{}, hook.ErrUnavailable
	}
	if c.TransactionID == "" {
		c.TransactionID = rand.Text()
	}
	id := changeID(c.UserName, c.TransactionID, e.config.DryRun)
	if c.Wait == 0 || !e.leading.Load() { // Who stands by does not hear of outcomes.
		return e.enqueue(ctx, id, c)
	}
	caller := e.ledger.await(id)
	receipt, err := e.enqueue(ctx, id, c)
	if err != nil || receipt.State.Final() {
		e.ledger.leave(caller)
		return e.withdrawn(ctx, receipt, err)
	}
	return e.await(ctx, caller, c.Wait)
}

// enqueue puts a change on disk. A caller who hangs up does not undo that: it may be on disk already.
func (e *Engine) enqueue(ctx context.Context, id string, c hook.Change) (hook.Receipt, error) {
	if status, ok := e.ledger.known(id); ok {
		return receiptOf(status), nil
	}
	r := record{
		ID: id, TransactionID: c.TransactionID, UserName: c.UserName, Attributes: c.Attributes, Accepted: time.Now().UTC(),
		DryRun: e.config.DryRun, Skipped: !e.config.Rollout.Includes(c.UserName, c.Attributes),
	}
	if err := r.seal(e.keys, c.Password, c.Hash); err != nil {
		return hook.Receipt{}, err
	}
	data, err := r.encode()
	if err != nil {
		return hook.Receipt{}, err
	}
	forget := e.ledger.begin(r)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
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
	case duplicate || !e.leading.Load():
		// It comes from the queue under this id, to us or to the engine that leads, or it was finished longer ago than we
		// remember.
		forget()
	default:
		e.ledger.queued(r)
	}
	return hook.Receipt{ID: id, State: hook.Queued}, nil
}

func receiptOf(s hook.Status) hook.Receipt {
	return hook.Receipt{ID: s.ID, State: s.State, Reason: s.Reason}
}

// Status tells where a change stands.
func (e *Engine) Status(id string) (hook.Status, bool) { return e.ledger.get(id) }

// Outcomes returns final outcomes after a sequence.
func (e *Engine) Outcomes(after uint64, limit int) ([]hook.Outcome, uint64) {
	return e.ledger.since(after, limit)
}

// Plans counts what a dry run would have done.
func (e *Engine) Plans() map[string]int { return e.ledger.plans() }

// Ready returns why no change can be taken, or nil. An engine that stands by takes changes for the one that works.
func (e *Engine) Ready() (standby bool, err error) {
	switch {
	case e.stopping.Load():
		return false, errors.New("stopping")
	case e.lost.Load():
		return false, errors.New("another engine has taken over the queue")
	case !e.queue.Connected():
		return false, errors.New("the queue cannot be reached")
	}
	return !e.leading.Load(), nil
}
