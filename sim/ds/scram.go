package ds

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/xdg-go/scram"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

var errUnknownUser = errors.New("unknown user")

// newSCRAM begins a conversation of RFC 5802 and RFC 7677. It proves itself against a value that was stored under the scheme of
// the same name: with any other, DS cannot offer SCRAM to a user.
func (c *conn) newSCRAM(mechanism string) *exchange {
	hash := scram.SHA256
	if mechanism == saslSCRAM512 {
		hash = scram.SHA512
	}
	var dn string
	server, err := hash.NewServer(func(name string) (stored scram.StoredCredentials, err error) {
		found, ok := c.server.backend.Identify(name)
		if !ok {
			return stored, errUnknownUser
		}
		text, ok := c.server.backend.SCRAM(found, mechanism)
		if !ok {
			return stored, errUnknownUser
		}
		dn = found
		return parseStored(text)
	})
	e := &exchange{mechanism: mechanism}
	if err != nil { // the library has no reason for one
		e.step = func(context.Context, *task, []byte) ldap.BindResponse { return invalid() }
		return e
	}
	conversation := server.WithNonceGenerator(func() string { return c.server.random.Hex(24) }).NewConversation()
	e.step = func(ctx context.Context, t *task, said []byte) ldap.BindResponse {
		if len(said) == 0 {
			// RFC 4422, 3: the mechanism is one where the client speaks first, and it was asked to.
			return ldap.BindResponse{Result: ldap.Result{Code: ldap.SASLBindInProgress}, HasCredentials: true}
		}
		reply, err := conversation.Step(string(said))
		if dn != "" {
			c.bindsAs(t.x, dn)
		}
		var response ldap.BindResponse
		switch {
		case err == nil && !conversation.Done():
			response.Result.Code = ldap.SASLBindInProgress
		case dn == "" || conversation.AuthzID() != "" && !c.sameIdentity(conversation.AuthzID(), dn):
			return invalid()
		default:
			response.Result = c.server.backend.BindProven(ctx, c.session, dn, err == nil && conversation.Valid(), t.Controls)
			if response.Result.Code != ldap.Success {
				return response
			}
		}
		response.Credentials, response.HasCredentials = []byte(reply), true
		return response
	}
	return e
}

// parseStored takes "{SCRAM-SHA-256}10000:salt$storedKey:serverKey" apart, in which all but the count is base64.
func parseStored(text string) (stored scram.StoredCredentials, err error) {
	_, payload, _ := strings.Cut(text, "}")
	derivation, keys, found := strings.Cut(payload, "$")
	count, salt, found2 := strings.Cut(derivation, ":")
	client, server, found3 := strings.Cut(keys, ":")
	if !found || !found2 || !found3 {
		return stored, errors.New("ds: not a stored SCRAM value")
	}
	if stored.Iters, err = strconv.Atoi(count); err != nil {
		return stored, fmt.Errorf("ds: the iterations of a stored SCRAM value: %w", err)
	}
	decode := func(text string) []byte {
		b, failed := base64.StdEncoding.DecodeString(text)
		err = errors.Join(err, failed)
		return b
	}
	stored.Salt, stored.StoredKey, stored.ServerKey = string(decode(salt)), decode(client), decode(server)
	if err == nil && stored.Iters < 1 {
		err = fmt.Errorf("ds: a stored SCRAM value of %d iterations", stored.Iters) // RFC 5802, 5.1: a posit-number
	}
	return stored, err
}
