package ds

import (
	"context"
	"fmt"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// extended carries out the extended operations, but for StartTLS.
func (c *conn) extended(ctx context.Context, t *task) ldap.Response {
	r, _ := t.Request.(ldap.ExtendedRequest)
	if c.session.MustChange() && r.Name != ldap.OIDPasswordModify {
		return ldap.ExtendedResponse{Result: ldap.Result{
			Code:    ldap.ConstraintViolation,
			Message: c.session.DN + " must change their password before it will be allowed to request any other operations",
		}}
	}
	var response ldap.ExtendedResponse
	switch r.Name {
	case ldap.OIDPasswordModify:
		return c.passwordModify(ctx, t, r)
	case ldap.OIDPasswordPolicyState:
		t.begun = true
		response.Value, response.Result = c.server.backend.PasswordState(ctx, c.session, r)
		response.Name, response.HasValue = ldap.OIDPasswordPolicyState, response.Result.Code == ldap.Success
	case ldap.OIDWhoAmI: // RFC 4532
		if r.HasValue {
			response.Result = ldap.Result{Code: ldap.ProtocolError, Message: "The who am I request has a value"}
			break
		}
		var authzID string
		if authzID, response.Result = c.server.backend.WhoAmI(c.session, t.Controls); response.Result.Code == ldap.Success {
			response.Value, response.HasValue = []byte(authzID), true
		}
	case ldap.OIDCancel:
		if id, err := ldap.ParseCancel(r); err != nil {
			response.Result = undecodable("cancel", err)
		} else {
			response.Result = c.cancel(ctx, id)
		}
	case ldap.OIDGetConnectionID:
		response.Name, response.HasValue = ldap.OIDGetConnectionID, true
		response.Value = ber.AppendInteger(nil, ber.Integer, int64(c.number)) //nolint:gosec // G115: counted from 1
	default:
		// RFC 4511, 4.12 wants protocolError; OpenDJ is unwilling (ExtendedOperationBasis, ERR_EXTENDED_NO_HANDLER).
		response.Result = ldap.Result{
			Code:    ldap.UnwillingToPerform,
			Message: "There is no extended operation handler registered with the Directory Server for handling extended operations with a request OID of " + r.Name,
		}
		t.x.Surprise = fmt.Sprintf("there is no extended operation %q", r.Name)
	}
	return response
}

// passwordModify is RFC 3062.
func (c *conn) passwordModify(ctx context.Context, t *task, r ldap.ExtendedRequest) ldap.Response {
	p, err := ldap.ParsePasswordModify(r)
	if err != nil {
		return ldap.ExtendedResponse{Result: undecodable("password modify", err)}
	}
	var identity *string
	var old, replacement *secret.Value
	if p.HasIdentity {
		identity = &p.Identity
	}
	if p.HasOld {
		old = &p.Old
	}
	if p.HasNew {
		replacement = &p.New
	}
	t.begun = true
	generated, result := c.server.backend.PasswordModify(ctx, c.session, identity, old, replacement, t.Controls)
	response := ldap.ExtendedResponse{Result: result}
	if result.Code == ldap.Success && !generated.Empty() {
		t.x.Password = c.server.kernel.Journal.Digest(generated)
		response.Value, response.HasValue = ldap.GeneratedPassword(generated), true
	}
	return response
}

func undecodable(operation string, err error) ldap.Result {
	return ldap.Result{Code: ldap.ProtocolError, Message: "The value of the " + operation + " request could not be decoded: " + err.Error()}
}
