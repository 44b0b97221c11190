package ds

import (
	"context"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// search sends what the directory finds, as it finds it. A persistent search sends each change at once.
func (c *conn) search(ctx context.Context, t *task) ldap.Response {
	r, _ := t.Request.(ldap.SearchRequest)
	_, persistent := ldap.Find(t.Controls, ldap.OIDPersistentSearch)
	f := found{typesOnly: r.TypesOnly, send: func(r ldap.Response, controls []ldap.Control) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if t.muted {
			return nil
		}
		return c.sendFound(ctx, t, persistent, func(b []byte) []byte { return ldap.Append(b, t.ID, r, controls) })
	}}
	t.begun = true
	return respond(t.Message, c.server.backend.Search(ctx, c.session, r, t.Controls, f))
}

// found sends what a search has before its result.
type found struct {
	typesOnly bool
	send      func(ldap.Response, []ldap.Control) error
}

// Entry sends an entry.
func (f found) Entry(e ldap.Entry, controls []ldap.Control) error {
	return f.send(ldap.SearchEntry{Entry: e, TypesOnly: f.typesOnly}, controls)
}

// Reference sends a reference.
func (f found) Reference(urls []string) error { return f.send(ldap.SearchReference{URLs: urls}, nil) }

// simple carries out the operations that have a result and nothing else.
func (c *conn) simple(ctx context.Context, t *task) ldap.Response {
	var result ldap.Result
	b, s := c.server.backend, c.session
	t.begun = true
	switch r := t.Request.(type) {
	case ldap.CompareRequest:
		result = b.Compare(ctx, s, r, t.Controls)
	case ldap.AddRequest:
		result = b.Add(ctx, s, r, t.Controls)
	case ldap.ModifyRequest:
		result = b.Modify(ctx, s, r, t.Controls)
	case ldap.DeleteRequest:
		result = b.Delete(ctx, s, r, t.Controls)
	case ldap.ModifyDNRequest:
		result = b.ModifyDN(ctx, s, r, t.Controls)
	default:
		result.Code = ldap.ProtocolError
	}
	return respond(t.Message, result)
}

// abandon ends an operation that is then not answered (RFC 4511, 4.11). Binds and StartTLS cannot be abandoned: they are over
// before another request is read.
func (c *conn) abandon(id int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.pending[id]; p != nil {
		p.cancel(errAbandoned)
	}
}

// cancel ends an operation that is answered canceled (RFC 3909), and waits for that.
func (c *conn) cancel(ctx context.Context, id int32) ldap.Result {
	c.mu.Lock()
	p := c.pending[id]
	switch {
	case p == nil:
		c.mu.Unlock()
		return ldap.Result{Code: ldap.NoSuchOperation, Message: "The operation to cancel could not be found"}
	case p.op == ldap.OpExtended: // itself, too
		c.mu.Unlock()
		return ldap.Result{Code: ldap.CannotCancel}
	}
	p.cancel(errCanceled)
	c.mu.Unlock()
	select {
	case <-p.finished:
	case <-ctx.Done():
		return ldap.Result{Code: ldap.Canceled}
	}
	if !p.canceled {
		return ldap.Result{Code: ldap.TooLate}
	}
	return ldap.Result{}
}
