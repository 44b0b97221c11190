package syncer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
)

// errNotTold says that an outcome which a caller was promised could not be written down in time. He asks again, under the
// same transaction, and hears of it then.
var errNotTold = errors.New("the outcome could not be written down in time")

// await holds a caller until the outcome of his change is durable. When his time is over, or he goes, the change goes on as
// one that nobody waits for, unless it is being withdrawn for him at that very moment.
func (e *Engine) await(ctx context.Context, c *caller, wait time.Duration) (hook.Receipt, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-c.told:
	case <-timer.C:
	case <-ctx.Done():
	case <-e.settled:
	}
	if !e.ledger.leave(c) {
		timer.Reset(publishTimeout)
		select {
		case <-c.told:
		case <-timer.C:
			return hook.Receipt{}, fmt.Errorf("%w: %s", errNotTold, c.id)
		}
	}
	status, ok := e.ledger.get(c.id)
	if !ok { // It came, became final and was forgotten, or it is another engine's by now.
		return hook.Receipt{ID: c.id, State: hook.Queued}, nil
	}
	return e.withdrawn(ctx, receiptOf(status), nil)
}

// withdrawn withdraws what a caller is told to be parked: the source refuses the password for it, so no replay may bring it to
// the target.
func (e *Engine) withdrawn(ctx context.Context, r hook.Receipt, err error) (hook.Receipt, error) {
	if err != nil || r.State != hook.Parked {
		return r, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	err = e.lot.remove(ctx, r.ID, func(parking) error { return nil })
	if err != nil && !errors.Is(err, hook.ErrNotParked) {
		return hook.Receipt{}, err
	}
	return r, nil
}

// keep parks a change for good in a goroutine of its own; the dispatcher waits for the result. What a caller waits for is
// withdrawn instead.
func (e *Engine) keep(ctx context.Context, c *change, reason target.Reason) {
	go func() {
		k := kept{change: c, reason: reason}
		if k.withdrawn = e.ledger.promise(c.ID); k.withdrawn {
			k.ok = true
		} else {
			k.ok = e.insist(ctx, "a parked change cannot be kept", func() error { return e.lot.keep(ctx, e.parkingOf(c, reason)) })
		}
		e.dispatcher.kept <- k
	}()
}

func (e *Engine) parkingOf(c *change, reason target.Reason) parking {
	p := parking{
		record: c.record, Stream: e.stream(), Sequence: c.order, State: hook.Kept, Reason: string(reason), Attempts: c.attempts,
		Parked: time.Now().UTC(), Account: c.account, Remedy: c.remedy,
	}
	if e.config.Parked.Keep == 0 {
		p.wipe()
	}
	return p
}
