package ds

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// exchange is a SASL bind that needs more than one step.
type exchange struct {
	mechanism string
	// step takes what the client says. The response is final unless its code is saslBindInProgress.
	step func(ctx context.Context, t *task, credentials []byte) ldap.BindResponse
}

// The SASL mechanisms, those of DS 7: a capture of supportedSASLMechanisms.
const (
	saslPlain    = "PLAIN"
	saslExternal = "EXTERNAL"
	saslSCRAM256 = "SCRAM-SHA-256"
	saslSCRAM512 = "SCRAM-SHA-512"
)

func mechanisms() []string { return []string{saslExternal, saslPlain, saslSCRAM256, saslSCRAM512} }

// bind makes the connection somebody's, or nobody's when it fails. It runs alone.
func (c *conn) bind(ctx context.Context, t *task) ldap.Response {
	r, _ := t.Request.(ldap.BindRequest)
	half := c.sasl
	c.sasl = nil
	c.session = &directory.Session{Secure: c.session.Secure}
	if !supports(r.Version) {
		return ldap.BindResponse{Result: ldap.Result{
			Code: ldap.ProtocolError, Message: fmt.Sprintf("The Directory Server does not support LDAP protocol version %d. This connection will be closed", r.Version),
		}}
	}
	t.begun = true
	response := c.authenticate(ctx, t, r, half)
	if _, asked := ldap.Find(t.Controls, ldap.OIDAuthzIDRequest); asked && response.Result.Code == ldap.Success {
		response.Result.Controls = append(response.Result.Controls, ldap.AuthorizationID(c.authzID())) // RFC 3829
	}
	return response
}

// supports tells whether the server speaks that version; who asks for another is answered and sent away (OpenDJ,
// LDAPClientConnection).
func supports(version int) bool { return version == 2 || version == 3 }

// authzID is who is bound, as an authorization identity.
func (c *conn) authzID() string {
	if c.session.DN == "" {
		return ""
	}
	return "dn:" + c.session.DN
}

func (c *conn) authenticate(ctx context.Context, t *task, r ldap.BindRequest, half *exchange) ldap.BindResponse {
	if r.SASL == nil {
		return ldap.BindResponse{Result: c.server.backend.Bind(ctx, c.session, r.DN, r.Password, t.Controls)}
	}
	mechanism := strings.ToUpper(r.SASL.Mechanism)
	if !slices.Contains(c.server.config.Directory.Offers.SASLMechanisms, mechanism) {
		mechanism = "" // disabled, or nobody's
	}
	switch mechanism {
	case saslPlain:
		return c.plain(ctx, t, r.SASL.Credentials)
	case saslExternal:
		return c.external(ctx, t, r.SASL.Credentials)
	case saslSCRAM256, saslSCRAM512:
		if half == nil || half.mechanism != mechanism {
			half = c.newSCRAM(mechanism)
		}
		response := half.step(ctx, t, r.SASL.Credentials)
		if response.Result.Code == ldap.SASLBindInProgress {
			c.sasl = half
		}
		return response
	}
	return ldap.BindResponse{Result: ldap.Result{
		Code:    ldap.AuthMethodNotSupported,
		Message: "Unable to process the bind request because it attempted to use an unknown SASL mechanism " + r.SASL.Mechanism + " that is not available in the Directory Server",
	}}
}

// invalid is a refused bind: as DS has it, without a reason (return-bind-error-messages).
func invalid() ldap.BindResponse {
	return ldap.BindResponse{Result: ldap.Result{Code: ldap.InvalidCredentials}}
}

// plain is RFC 4616: authorization identity, NUL, authentication identity, NUL, password.
func (c *conn) plain(ctx context.Context, t *task, credentials []byte) ldap.BindResponse {
	parts := strings.Split(string(credentials), "\x00")
	if len(parts) != 3 || parts[1] == "" || parts[2] == "" {
		return invalid()
	}
	password := secret.New(parts[2])
	t.x.Secret(password)
	t.x.Password = c.server.kernel.Journal.Digest(password)
	dn, ok := c.server.backend.Identify(parts[1])
	if !ok || !c.sameIdentity(parts[0], dn) {
		return invalid()
	}
	c.bindsAs(t.x, dn)
	return ldap.BindResponse{Result: c.server.backend.Bind(ctx, c.session, dn, password, t.Controls)}
}

// external believes the client's certificate, whose subject is the DN of an entry (PingDS, subject equals DN certificate mapper).
func (c *conn) external(ctx context.Context, t *task, authorization []byte) ldap.BindResponse {
	dn, ok := c.subject()
	if ok {
		dn, ok = c.server.backend.Identify("dn:" + dn)
	}
	if !ok || !c.sameIdentity(string(authorization), dn) {
		return invalid()
	}
	c.bindsAs(t.x, dn)
	return ldap.BindResponse{Result: c.server.backend.BindCertified(ctx, c.session, dn, t.Controls)}
}

// subject is the DN in the certificate that the client has shown.
func (c *conn) subject() (dn string, ok bool) {
	secured, ok := c.current().(*tls.Conn)
	if !ok {
		return "", false
	}
	chain := secured.ConnectionState().PeerCertificates
	if len(chain) == 0 {
		return "", false
	}
	return subjectDN(chain[0].RawSubject)
}

// sameIdentity tells whether an authorization identity is that of dn, or left out. To be somebody else would need the privilege
// proxied-auth, which is not simulated here but for the control.
func (c *conn) sameIdentity(authorization, dn string) bool {
	if authorization == "" {
		return true
	}
	other, ok := c.server.backend.Identify(authorization)
	return ok && strings.EqualFold(other, dn)
}

// bindsAs notes who a SASL bind turned out to be.
func (c *conn) bindsAs(x *journal.Exchange, dn string) {
	x.Path, x.User = dn, leaf(dn)
}

// isMechanism tells whether a word in the journal may name the mechanism: what a stranger makes up is not kept.
func isMechanism(text string) bool { return slices.Contains(mechanisms(), strings.ToUpper(text)) }
