package ds

import (
	"bufio"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/network"
)

// fate is what becomes of an answer.
type fate int

const (
	answered fate = iota
	halved        // its first half is sent, then the connection ends
	lost          // the connection is cut
	silent        // there is none: the operation was abandoned, nobody is there, or only a notice of disconnection comes
)

// judge lets the faults have their way with an operation, and carries it out when they leave it.
func (c *conn) judge(ctx context.Context, t *task, do work) (ldap.Response, fate) {
	verdict := c.server.faults.Judge(ctx, t.x.Method, t.x.Path, func() (user, client string) { return t.x.User, t.x.Client })
	if ctx.Err() != nil {
		return nil, answered // endedEarly knows
	}
	switch verdict.Kind {
	case faults.KindThrottle:
		return respond(t.Message, ldap.Result{Code: ldap.Busy, Message: queueFull(c.server.config.MaxOperations)}), answered
	case faults.KindStatus:
		if verdict.After > 0 {
			return c.partly(ctx, t, do, verdict)
		}
		return respond(t.Message, c.failure(verdict)), answered
	case faults.KindDisconnect:
		if verdict.All {
			c.server.Disconnect(c.farewellOf(verdict))
		} else {
			c.expel(c.farewellOf(verdict))
		}
		return nil, silent
	case faults.KindHalfOpen:
		c.die()
		return nil, silent
	case faults.KindStall, faults.KindCut:
		return c.partly(ctx, t, do, verdict)
	case faults.KindDrip:
		c.out.trickle(verdict.Drip)
	case faults.KindReset:
		return nil, lost
	case faults.KindLoseAnswer:
		t.muted = true
		if verdict.Body == faults.Half {
			return c.carryOut(ctx, t, do), halved
		}
		return c.carryOut(ctx, t, do), lost
	default: // nothing, or what has acted already
	}
	return c.carryOut(ctx, t, do), answered
}

// carryOut checks the controls first.
func (c *conn) carryOut(ctx context.Context, t *task, do work) ldap.Response {
	applicable, refusal := accepted(t.Message)
	if refusal.Code != ldap.Success {
		return respond(t.Message, refusal)
	}
	t.Controls = applicable
	return do(ctx, t)
}

// failure is the result that a fault wants, with the vendor's text unless it brings its own. Of a referral, the text is where
// to.
func (c *conn) failure(v faults.Verdict) ldap.Result {
	r := ldap.Result{Code: ldap.ResultCode(v.Status)}
	vendor := v.Body == "" || v.Body == "vendor"
	switch {
	case r.Code == ldap.Referral && vendor:
		r.Referrals = []string{"ldap://replica." + c.server.config.Host + ":1389/"}
	case r.Code == ldap.Referral:
		r.Referrals = strings.Fields(v.Body)
	case !vendor:
		r.Message = v.Body
	case r.Code == ldap.Busy:
		r.Message = queueFull(c.server.config.MaxOperations)
	case r.Code == ldap.Unavailable:
		r.Message = "The Directory Server is currently unavailable"
	case r.Code == ldap.AdminLimitExceeded:
		r.Message = "This search operation has checked the maximum of 5000 entries for matches"
	case r.Code == ldap.TimeLimitExceeded:
		r.Message = "This search operation has already exceeded the time limit of 60 seconds"
	default:
	}
	return r
}

// farewellOf is what a notice of disconnection says.
func (c *conn) farewellOf(v faults.Verdict) ldap.Result {
	r := c.failure(v)
	if r.Code == ldap.Unavailable && (v.Body == "" || v.Body == "vendor") {
		return errStopping.Result
	}
	r.Referrals = nil // where to is no matter of a notice
	return r
}

// deliver sends the answer, or what the fate has left of it.
func (c *conn) deliver(ctx context.Context, t *task, response ldap.Response, f fate) {
	// Whoever ended the operation, the answer is not part of it.
	ctx = context.WithoutCancel(ctx)
	switch f {
	case silent:
		return
	case lost:
		network.Reset(c.current())
		return
	case answered, halved:
	}
	message := func(b []byte) []byte { return ldap.Append(b, t.ID, response, resultOf(response).Controls) }
	if t.part != nil && t.part.next != nil {
		message = t.part.next
	}
	if f == halved {
		_ = c.out.send(ctx, true, func(b []byte) []byte {
			whole := message(b)
			return whole[:len(b)+(len(whole)-len(b))/2]
		})
		_ = c.current().Close()
		return
	}
	_ = c.out.send(ctx, true, message) // who cannot be written to is known to be gone
}

// alone carries out what nothing may run beside. Unless that is a matter of a moment, the connection is watched meanwhile, so
// that a client that goes ends the wait, even when it has asked for more before, as far as c.in has room for that.
func (c *conn) alone(ctx context.Context, f func(context.Context)) {
	if c.server.faults.Idle() {
		f(ctx)
		return
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	far, done := c.current(), make(chan struct{})
	c.under.Go(func() {
		defer close(done)
		f(ctx)
		_ = far.SetReadDeadline(time.Unix(1, 0))
	})
	var err error
	for err == nil {
		_, err = c.in.Peek(c.in.Buffered() + 1)
	}
	if !timedOut(err) && !errors.Is(err, bufio.ErrBufferFull) { // timed out is what f ends with
		cancel(errGone)
	}
	<-done
	_ = far.SetReadDeadline(time.Time{})
}
