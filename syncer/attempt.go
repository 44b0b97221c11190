package syncer

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/syncer/audit"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
)

// attempt tries a change in a goroutine of its own; the dispatcher waits for its result.
func (e *Engine) attempt(ctx context.Context, c *change) {
	go func() { e.dispatcher.results <- e.try(ctx, c) }()
}

func (e *Engine) try(ctx context.Context, c *change) result {
	r := result{change: c}
	prior, attempts, round := c.prior, c.attempts, c.round
	if c.inherited {
		n, err := e.readNote(ctx, c)
		if err != nil {
			r.answer = target.Answer{Class: target.Transient, Reason: target.Unavailable, Detail: err.Error()}
			return r
		}
		r.noted = true
		switch {
		case n == nil || n.Stream != e.queue.Created().UnixNano() || n.Sequence < c.delivery.Sequence:
		case n.Sequence > c.delivery.Sequence:
			r.stale = true
			return r
		default:
			r.begun, prior, attempts, round = n, &n.Mark, n.Attempts, n.Round
		}
	}
	password, err := e.keys.Open(c.Password, c.ID, c.key)
	if err != nil {
		r.answer = target.Answer{Class: target.Permanent, Reason: target.SealMismatch, Detail: err.Error()}
		return r
	}
	defer password.Wipe()
	r.contacted = true // Unless the queue is in the way.
	r.answer = e.target.Apply(ctx, target.Job{
		ID: c.ID, UserName: c.UserName, Password: password, Attributes: c.Attributes, Provision: e.config.Provision,
		Prior: prior, LookOnly: c.lookOnly,
		BeforeWrite: func(ctx context.Context, m target.Mark) error {
			err := e.writeNote(ctx, note{
				Stream: e.queue.Created().UnixNano(), Sequence: c.delivery.Sequence, ID: c.ID, Attempts: attempts + 1, Round: round, Mark: m,
			}, c.UserName)
			r.contacted = err == nil
			return err
		},
	})
	return r
}

func (e *Engine) readNote(ctx context.Context, c *change) (*note, error) {
	data, err := e.queue.Note(ctx, noteKey(c.UserName))
	if err != nil || data == nil {
		return nil, err
	}
	var n note
	if err := json.Unmarshal(data, &n); err != nil {
		return nil, fmt.Errorf("note of a user: %w", err)
	}
	return &n, nil
}

func (e *Engine) writeNote(ctx context.Context, n note, userName string) error {
	data, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("note of a user: %w", err)
	}
	return e.queue.SetNote(ctx, noteKey(userName), data)
}

// settleAgain is the pause after an outcome that could not be written down.
const settleAgain = time.Second

// settle writes an outcome down, first in the audit trail, then by removing the change from the queue. A change without a
// state was audited by an earlier engine and is only removed. What cannot be written down is tried again until the engine
// stops; the change is then still in the queue.
func (e *Engine) settle(ctx context.Context, c *change, o outcome) {
	e.settling.Go(func() {
		now := time.Now().UTC()
		line := audit.Line{
			Time: now, TransactionID: c.TransactionID, ID: c.ID, UserName: c.UserName, Target: e.target.Name(),
			Outcome: string(o.state), Reason: o.reason, Attempts: c.attempts,
		}
		if o.state != "" {
			if !e.insist(ctx, "the audit trail cannot be written", func() error { return e.audit.Write(ctx, line) }) {
				return
			}
			e.metrics.finished(o, now.Sub(c.Accepted))
			e.ledger.finish(line, &c.Accepted)
		}
		e.insist(ctx, "a finished change cannot be removed from the queue", func() error { return e.queue.Done(ctx, c.delivery) })
		if o.state == hook.Applied {
			e.log.InfoContext(ctx, "password applied", "change_id", c.ID, "transaction_id", c.TransactionID, "user_name", c.UserName,
				"attempts", c.attempts, "evidence", o.reason)
		}
	})
}

// insist repeats f until it works. It logs the first failure only.
func (e *Engine) insist(ctx context.Context, trouble string, f func() error) bool {
	for n := 0; ; n++ {
		err := f()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		if n == 0 {
			e.log.ErrorContext(ctx, trouble, "error", err) //nolint:sloglint // One of two constants of this file.
		}
		select {
		case <-time.After(settleAgain):
		case <-ctx.Done():
			return false
		}
	}
}
