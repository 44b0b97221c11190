package ds

import (
	"context"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// startTLS puts TLS over the connection (RFC 4511, 4.14). It returns false when the connection is over.
//
// The answer is sent here and not where it is decided: as long as the connection is watched, the client must not be told to
// begin.
func (c *conn) startTLS(ctx context.Context, m ldap.Message) bool {
	var t *task
	var response ldap.Response
	var f fate
	c.alone(ctx, func(ctx context.Context) { t, response, f = c.carry(ctx, m, nil, c.mayEncrypt) })
	if c.in.Buffered() > 0 {
		// What came before the answer came in the clear, from whomever. It must not be taken for something encrypted.
		c.disconnect(ctx, ldap.Result{Code: ldap.ProtocolError, Message: "Something follows the StartTLS request in the clear"})
		return false
	}
	agreed := f == answered && resultOf(response).Code == ldap.Success
	if agreed {
		// What is no longer under way may not have handed its answer over yet: that leaves in the clear, before this one.
		c.under.Wait()
	}
	c.deliver(ctx, t, response, f)
	if !agreed {
		return f == answered || c.dead.Load() || ctx.Err() != nil // somebody has more to say, or nobody says anything any more
	}
	return c.encrypt(ctx, c.server.startTLS) == nil
}

// mayEncrypt decides about StartTLS.
func (c *conn) mayEncrypt(context.Context, *task) ldap.Response {
	r := ldap.ExtendedResponse{Name: ldap.OIDStartTLS}
	switch {
	case c.session.Secure:
		r.Result = ldap.Result{Code: ldap.OperationsError, Message: "StartTLS cannot be used on this client connection because it is already secured"}
	case c.busy() || c.sasl != nil:
		// RFC 4511, 4.14.1: not while an operation is under way.
		r.Result = ldap.Result{Code: ldap.OperationsError, Message: "StartTLS cannot be used while other operations are in progress on this client connection"}
	case c.server.kernel.TLS == nil:
		r.Result = ldap.Result{
			Code:    ldap.Unavailable,
			Message: "StartTLS cannot be used on this client connection because this connection type is not capable of using StartTLS to protect its communication",
		}
	}
	return r
}
