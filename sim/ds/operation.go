package ds

import (
	"context"
	"errors"
	"fmt"

	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/journal"
)

// task is an operation that is being carried out.
type task struct {
	ldap.Message                   // its controls are those that apply to the operation
	x            *journal.Exchange // its entry
	muted        bool              // the answer will be lost
	part         *part             // how much of the answer is sent; nil is all
	begun        bool              // the directory has seen it
}

// work carries an operation out.
type work func(ctx context.Context, t *task) ldap.Response

// begin starts an operation, or carries it out when nothing may run beside it. It returns false when the connection is over.
func (c *conn) begin(ctx context.Context, m ldap.Message) bool {
	switch r := m.Request.(type) {
	case ldap.UnbindRequest:
		return false
	case ldap.AbandonRequest:
		c.abandon(r.ID)
		return true
	}
	if err := c.free(m.ID); err != nil {
		c.sayGoodbye(ctx, err)
		return false
	}
	switch r := m.Request.(type) {
	case ldap.BindRequest:
		c.quiesce(errRebinding)
		c.alone(ctx, func(ctx context.Context) { c.perform(ctx, m, nil, c.bind) })
		return supports(r.Version)
	case ldap.ExtendedRequest:
		if r.Name == ldap.OIDStartTLS {
			return c.startTLS(ctx, m)
		}
	}
	c.start(ctx, m, c.workOf(m.Request))
	return true
}

// workOf is how an operation that others may run beside is carried out.
func (c *conn) workOf(r ldap.Request) work {
	switch r.(type) {
	case ldap.SearchRequest:
		return c.search
	case ldap.ExtendedRequest:
		return c.extended
	default:
		return c.simple
	}
}

// writes tells whether an operation changes entries: those of one connection do so in the order in which they came.
func writes(r ldap.Request) bool {
	switch r := r.(type) {
	case ldap.AddRequest, ldap.ModifyRequest, ldap.DeleteRequest, ldap.ModifyDNRequest:
		return true
	case ldap.ExtendedRequest:
		return r.Name == ldap.OIDPasswordModify || r.Name == ldap.OIDPasswordPolicyState
	}
	return false
}

// start gives an operation a place in the table and a goroutine.
func (c *conn) start(ctx context.Context, m ldap.Message, do work) {
	c.sasl = nil // another operation ends a SASL bind half way (RFC 4513, 5.2.1.2)
	own, cancel := context.WithCancelCause(ctx)
	p := &pending{op: m.Request.Op(), cancel: cancel, finished: make(chan struct{})}
	before, done, ok := c.enter(m.ID, p, writes(m.Request))
	if !ok {
		cancel(nil)
		c.alone(ctx, func(ctx context.Context) { c.perform(ctx, m, nil, c.refuseBusy) })
		return
	}
	c.under.Go(func() {
		defer cancel(nil)
		if before != nil {
			select {
			case <-before:
			case <-own.Done():
			}
		}
		c.perform(own, m, p, do)
		close(p.finished)
		if done != nil {
			if before != nil {
				<-before // a write that was canceled must not let the next one overtake those before it
			}
			close(done)
		}
	})
}

// enter puts an operation into the table, unless that is full. A write begins when the one before it is done, and tells the next
// when it is done itself.
func (c *conn) enter(id int32, p *pending, write bool) (before <-chan struct{}, done chan<- struct{}, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.pending) >= c.server.config.MaxOperations {
		return nil, nil, false
	}
	c.pending[id] = p
	if !write {
		return nil, nil, true
	}
	turn := make(chan struct{})
	before, c.last = c.last, turn
	return before, turn, true
}

// leave takes an operation out of the table before it is answered: once the client has read the answer, it may use the number
// again.
func (c *conn) leave(id int32, p *pending) {
	if p == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, id)
}

// perform carries an operation out, records and answers it.
func (c *conn) perform(ctx context.Context, m ldap.Message, p *pending, do work) {
	t, response, f := c.carry(ctx, m, p, do)
	c.deliver(ctx, t, response, f)
}

// carry takes an operation the way of every request, up to its answer: the journal opens, faults may delay, refuse or cut it,
// then it is carried out and recorded. Who has the answer finds the entry, and may use the message's number again.
func (c *conn) carry(ctx context.Context, m ldap.Message, p *pending, do work) (*task, ldap.Response, fate) {
	ctx, x := c.server.kernel.Journal.Begin(ctx, c.server.name, journal.LDAP)
	t := &task{Message: m, x: x}
	c.describe(t)
	response, f := c.judge(ctx, t, do)
	if f != silent {
		response = c.endedEarly(ctx, t, p, response)
	}
	if response == nil && f == answered {
		f = silent
	}
	x.Status = journal.Unanswered
	if f == answered && !c.dead.Load() {
		x.Status = int(resultOf(response).Code)
	}
	if response != nil {
		c.conclude(t, resultOf(response).Code)
	}
	c.server.kernel.Journal.End(x)
	c.leave(m.ID, p)
	return t, response, f
}

// endedEarly replaces the response of an operation that somebody has ended before its time. A write that the directory has seen
// keeps its own: it was too late. nil is no answer at all.
func (c *conn) endedEarly(ctx context.Context, t *task, p *pending, response ldap.Response) ldap.Response {
	if ctx.Err() == nil {
		return response
	}
	result := ldap.Result{Code: ldap.Canceled}
	why := (*farewell)(nil)
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errAbandoned):
		return nil
	case t.begun && writes(t.Request):
		return response
	case errors.As(cause, &why) && why.Code == ldap.Unavailable:
		result = ldap.Result{Code: ldap.Unavailable, Message: "Processing on this operation has been canceled because the Directory Server is shutting down"}
	case why != nil:
		result = ldap.Result{Code: why.Code, Message: "Processing on this operation has been canceled because the client connection is being closed"}
	case errors.Is(cause, errCanceled):
		result.Message = "Processing on this operation was canceled as a result of a cancel request"
	case errors.Is(cause, errRebinding):
		result.Message = "Processing on this operation has been canceled because the Directory Server received a bind request on this connection, which requires that all operations in progress to be abandoned"
	default:
		return nil // nobody is there to hear it
	}
	if p != nil {
		p.canceled = true
	}
	return respond(t.Message, result)
}

// respond is the response of the operation's kind with that result.
func respond(m ldap.Message, result ldap.Result) ldap.Response {
	switch r := m.Request.(type) {
	case ldap.BindRequest:
		return ldap.BindResponse{Result: result}
	case ldap.ExtendedRequest:
		return ldap.ExtendedResponse{Result: result}
	default:
		return ldap.Done{Op: r.Op(), Result: result}
	}
}

func resultOf(r ldap.Response) ldap.Result {
	switch r := r.(type) {
	case ldap.Done:
		return r.Result
	case ldap.BindResponse:
		return r.Result
	case ldap.ExtendedResponse:
		return r.Result
	}
	return ldap.Result{}
}

// refuse answers a request that could not be made sense of, though its structure was in order.
func (c *conn) refuse(ctx context.Context, e *ldap.RefusedError) {
	var r ldap.Request = opaque(e.Op)
	switch e.Op {
	case ldap.OpBind:
		r = ldap.BindRequest{}
	case ldap.OpExtended:
		r = ldap.ExtendedRequest{}
	default:
	}
	c.alone(ctx, func(ctx context.Context) {
		c.perform(ctx, ldap.Message{ID: e.ID, Request: r}, nil, func(_ context.Context, t *task) ldap.Response {
			return respond(t.Message, ldap.Result{Code: ldap.ProtocolError, Message: "The request could not be decoded: " + e.Reason})
		})
	})
}

// opaque is a request of which only the operation is known.
type opaque ldap.Op

// Op is the operation.
func (o opaque) Op() ldap.Op { return ldap.Op(o) }

// refuseBusy answers what is too much (OpenDJ, WARN_OP_REJECTED_BY_QUEUE_FULL).
func (c *conn) refuseBusy(_ context.Context, t *task) ldap.Response {
	return respond(t.Message, ldap.Result{Code: ldap.Busy, Message: queueFull(c.server.config.MaxOperations)})
}

func queueFull(limit int) string {
	return fmt.Sprintf("The request to process this operation has been rejected because the work queue has already reached its maximum capacity of %d pending operations", limit)
}
