package syncer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
)

// Parked lists parked changes, the one that was parked first in front.
func (e *Engine) Parked(ctx context.Context, s hook.Selection) ([]hook.ParkedChange, error) {
	return list(ctx, e.queue, s, e.show)
}

// ParkedChange returns one of them, or hook.ErrNotParked.
func (e *Engine) ParkedChange(ctx context.Context, id string) (hook.ParkedChange, error) {
	p, err := e.lot.get(ctx, id)
	if err != nil {
		return hook.ParkedChange{}, err
	}
	return e.show(p), nil
}

func (e *Engine) show(p parking) hook.ParkedChange {
	c := p.show(e.target.Name())
	c.MissingKey = c.Key != "" && !slices.Contains(e.keys.IDs(), c.Key)
	return c
}

// show is what may be told of a parked change.
func (p parking) show(targetName string) hook.ParkedChange {
	return hook.ParkedChange{
		ID: p.ID, TransactionID: p.TransactionID, UserName: p.UserName, Target: targetName, Reason: p.Reason, Attempts: p.Attempts,
		Account: p.Account, Remedy: p.Remedy, Replay: p.Replay, State: p.State, Key: p.keyID(), Accepted: p.Accepted, Parked: p.Parked,
	}
}

func conflict(reason, format string, a ...any) error {
	return &hook.ConflictError{Reason: reason, Text: fmt.Sprintf(format, a...)}
}

var errSuperseded = &hook.ConflictError{Reason: string(hook.Superseded), Text: "a newer change of this user was applied or is on its way"}

// Replay sends a parked change again, sealed anew with the first key. It returns when that is durable: from then on the
// change reaches one more outcome, whatever happens to this process.
func (e *Engine) Replay(ctx context.Context, id string) (hook.Receipt, error) {
	if !e.leading.Load() {
		return hook.Receipt{}, hook.ErrStandby
	}
	p, err := e.lot.get(ctx, id)
	if err != nil {
		return hook.Receipt{}, err
	}
	free := false
	err = e.dispatcher.call(ctx, e.decided, func(context.Context) {
		free = !e.lot.outdated(id) && !e.dispatcher.waitsFor(userKey(p.UserName), e.lot.order(id))
	})
	switch {
	case err != nil:
		return hook.Receipt{}, err
	case !free:
		return hook.Receipt{}, errSuperseded
	}
	p, err = e.lot.change(ctx, id, e.reseal)
	if err != nil {
		return hook.Receipt{}, err
	}
	p.Sequence = e.lot.order(id)
	err = e.dispatcher.call(ctx, e.decided, func(ctx context.Context) { e.dispatcher.replay(ctx, p, false) })
	if err != nil && !errors.Is(err, hook.ErrUnavailable) {
		return hook.Receipt{}, err
	}
	// When the engine is stopping, the one after it takes the replay up.
	e.log.InfoContext(ctx, "a parked change is replayed", "change_id", p.ID, "transaction_id", p.TransactionID, "user_name", p.UserName,
		"replay", p.Replay)
	return hook.Receipt{ID: id, State: hook.Queued}, nil
}

// reseal turns what is kept into a replay that has begun.
func (e *Engine) reseal(p *parking) error {
	switch p.State {
	case hook.Replaying:
		return conflict("replaying", "a replay of this change is on its way")
	case hook.Wiped:
		return conflict("wiped", "the password was wiped after parked.keep; what is left is the record")
	case hook.Kept:
	}
	password, hash, err := p.open(e.keys)
	if err != nil {
		return conflict(string(target.SealMismatch), "no key opens the password, it was sealed with key %q; put that key back into seal.keyFile and restart",
			p.keyID())
	}
	defer password.Wipe()
	defer hash.Wipe()
	if err := p.seal(e.keys, password, hash); err != nil {
		return err
	}
	p.State, p.Mark = hook.Replaying, nil
	p.Replay++
	return nil
}

// call has f done by the dispatcher, between two of its own steps.
func (d *dispatcher) call(ctx context.Context, decided <-chan struct{}, f func(context.Context)) error {
	done := make(chan struct{})
	select {
	case d.calls <- func(ctx context.Context) { f(ctx); close(done) }:
		<-done
		return nil
	case <-decided:
		return hook.ErrUnavailable
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Purge removes a parked change for good.
func (e *Engine) Purge(ctx context.Context, id string) error {
	if !e.leading.Load() {
		return hook.ErrStandby
	}
	err := e.lot.remove(ctx, id, purgeable)
	if err == nil {
		e.log.InfoContext(ctx, "a parked change was purged", "change_id", id)
	}
	return err
}

func purgeable(p parking) error {
	if p.State == hook.Replaying {
		return conflict("replaying", "a replay of this change is on its way; wait for its outcome")
	}
	return nil
}

// loadParked learns what the engine before left in the parked store, and returns the replays that it had begun.
func (e *Engine) loadParked(ctx context.Context) (begun []parking, err error) {
	list, err := e.lot.load(ctx, e.stream(), func(id string, err error) {
		e.log.ErrorContext(ctx, "a parked change cannot be read; it stays where it is", "change_id", id, "error", err)
	})
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		if !e.ledger.isFinal(p.ID, p.Replay) {
			begun = append(begun, p)
			continue
		}
		// The audit line is there; the engine died before it could tell the store.
		status, _ := e.ledger.get(p.ID)
		c := &change{record: p.record, attempts: status.Attempts}
		if err := e.lot.settle(ctx, c, outcome{state: status.State, reason: status.Reason}, time.Now().UTC()); err != nil {
			return nil, err
		}
	}
	return begun, nil
}

// wipeEvery bounds how much later than Parked.Keep a password is wiped.
const wipeEvery = time.Minute

// wipeParked takes the passwords out of what was parked for longer than it is kept, until ctx ends.
func (e *Engine) wipeParked(ctx context.Context) {
	for {
		next, err := e.lot.wipe(ctx, time.Now().Add(-e.config.Parked.Keep))
		if err != nil && ctx.Err() == nil {
			e.log.ErrorContext(ctx, "passwords of parked changes cannot be wiped; it is tried again", "error", err)
			next = time.Now()
		}
		var due <-chan time.Time
		news := e.lot.news
		if !next.IsZero() {
			news = nil // What is parked from now on is wiped after that.
			due = time.After(max(time.Until(next.Add(e.config.Parked.Keep)), wipeEvery) + spread(e.config.Seed, "wipe", 0))
		}
		select {
		case <-due:
		case <-news:
		case <-ctx.Done():
			return
		}
	}
}
