package ds

import (
	"context"
	"errors"

	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/faults"
)

// part is how much of an answer a fault lets through.
type part struct {
	verdict faults.Verdict
	sent    int                   // entries
	next    func(b []byte) []byte // the message in which a cut comes; nil is the result
}

// errEnough ends a search of which a fault has let enough through.
var errEnough = errors.New("a fault has let enough through")

// partly carries an operation out and lets the fault have its way with the answer, where the entries have not met it yet.
func (c *conn) partly(ctx context.Context, t *task, do work, v faults.Verdict) (ldap.Response, fate) {
	t.part = &part{verdict: v}
	response := c.carryOut(ctx, t, do)
	switch {
	case v.Kind == faults.KindStatus:
		return respond(t.Message, c.failure(v)), answered
	case v.Kind == faults.KindCut:
		return response, halved
	case t.part != nil:
		_ = c.stall(ctx, t) // if somebody has ended the operation meanwhile, endedEarly knows
	}
	return response, answered
}

// sendFound sends one of the things that a search has found, or meets the fault that waits there.
func (c *conn) sendFound(ctx context.Context, t *task, flush bool, message func([]byte) []byte) error {
	if t.part != nil && t.part.sent == t.part.verdict.After {
		if t.part.verdict.Kind != faults.KindStall {
			t.part.next = message
			return errEnough
		}
		if err := c.stall(ctx, t); err != nil {
			return err
		}
	}
	if err := c.out.send(ctx, flush, message); err != nil || t.part == nil {
		return err
	}
	if t.part.sent++; t.part.verdict.Kind == faults.KindStatus && t.part.sent == t.part.verdict.After {
		return errEnough // a persistent search would wait for another entry
	}
	return nil
}

// stall waits until the rule is removed: then the answer goes on.
func (c *conn) stall(ctx context.Context, t *task) error {
	t.x.Lost = true
	_ = c.out.send(ctx, true, func(b []byte) []byte { return b }) // who cannot be written to is known to be gone
	select {
	case <-t.part.verdict.Released:
		t.x.Lost, t.part = false, nil
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
