package syncer

import (
	"context"
	"encoding/json"
	"fmt"

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
		case n == nil || n.Stream != e.stream() || n.Sequence < c.order:
		case n.Sequence > c.order:
			r.stale = true
			return r
		case c.replay > 0: // The note is of its first way, and settled.
		default:
			r.begun, prior, attempts, round = n, &n.Mark, n.Attempts, n.Round
		}
	}
	if c.lookOnly && prior == nil {
		r.answer = target.Answer{Class: target.Transient, Reason: c.reason, Detail: "nothing was begun"}
		return r
	}
	password, hash, err := c.open(e.keys)
	if err != nil {
		r.answer = target.Answer{Class: target.Permanent, Reason: target.SealMismatch, Detail: err.Error()}
		return r
	}
	defer password.Wipe()
	defer hash.Wipe()
	r.contacted = true // Unless the queue is in the way.
	r.answer = e.target.Apply(ctx, target.Job{
		ID: c.ID, UserName: c.UserName, Password: password, Hash: hash, Attributes: c.Attributes, Provision: e.config.Provision,
		Prior: prior, LookOnly: c.lookOnly, DryRun: c.DryRun,
		BeforeWrite: func(ctx context.Context, m target.Mark) error {
			err := e.noteWrite(ctx, c, note{
				Stream: e.stream(), Sequence: c.order, ID: c.ID, Attempts: attempts + 1, Round: round, Mark: m,
			})
			r.contacted = err == nil
			return err
		},
	})
	return r
}

// stream tells the sequences of this queue from those of one that was here before.
func (e *Engine) stream() int64 { return e.queue.Created().UnixNano() }

// noteWrite makes a write that is about to be sent known to the engine after us. A replayed change has its note in the parked
// store, where it is itself.
func (e *Engine) noteWrite(ctx context.Context, c *change, n note) error {
	if c.replay == 0 {
		return e.writeNote(ctx, n, c.UserName)
	}
	_, err := e.lot.change(ctx, c.ID, func(p *parking) error {
		p.Mark, p.Attempts = &n.Mark, n.Attempts
		return nil
	})
	return err
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
