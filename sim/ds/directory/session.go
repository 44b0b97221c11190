package directory

import (
	"strings"
	"sync/atomic"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// Session is who asks, on one connection. The server makes one, marks it secure when TLS begins, and hands it to every call;
// Bind says who it is. A Session is used by one goroutine while it binds, and read by any number otherwise.
type Session struct {
	// DN is the one that is bound; "" is anonymous.
	DN string
	// Secure tells that the connection is encrypted.
	Secure bool

	mustChange atomic.Bool
}

// MustChange tells that nothing but a change of the own password is allowed.
func (s *Session) MustChange() bool { return s.mustChange.Load() }

// begin is how every operation but bind and password changes begins: it says for whom it is done, or why it is not.
func (d *Directory) begin(s *Session, controls []ldap.Control) (*asker, ldap.Result) {
	if s.MustChange() {
		return nil, d.mustChange(s, controls)
	}
	a := d.asker(s)
	for _, c := range controls {
		if c.OID == ldap.OIDProxiedAuthV1 || c.OID == ldap.OIDProxiedAuthV2 {
			return d.proxied(a, s, c)
		}
	}
	return a, ldap.Result{}
}

// mustChange refuses everything to who has to change the password first (OpenDJ, ERR_..._MUST_CHANGE_PASSWORD).
func (d *Directory) mustChange(s *Session, controls []ldap.Control) ldap.Result {
	r := ldap.Result{
		Code:    ldap.ConstraintViolation,
		Message: s.DN + " must change their password before it will be allowed to request any other operations",
	}
	return withPolicy(r, controls, ldap.PasswordPolicyResponse{Error: ldap.ChangeAfterReset})
}

// WhoAmI tells for whom operations with these controls are done, as an authorization identity (RFC 4532).
func (d *Directory) WhoAmI(s *Session, controls []ldap.Control) (authzID string, result ldap.Result) {
	a, refused := d.begin(s, controls)
	if refused.Code != ldap.Success || a.dn == "" {
		return "", refused
	}
	return "dn:" + a.dn, ldap.Result{}
}

// proxied lets an operation be done for somebody else (RFC 4370).
func (d *Directory) proxied(a *asker, s *Session, c ldap.Control) (*asker, ldap.Result) {
	if !c.Critical {
		return nil, ldap.Result{Code: ldap.ProtocolError, Message: "The proxied authorization control must be critical"}
	}
	identity, err := ldap.ParseProxiedAuth(c)
	if err != nil {
		return nil, ldap.Result{Code: ldap.ProtocolError, Message: err.Error()}
	}
	if !a.has(ProxiedAuth) {
		return nil, ldap.Result{Code: ldap.AuthorizationDenied, Message: "You do not have sufficient privileges to use the proxied authorization control"}
	}
	if identity == "" || strings.EqualFold(identity, "dn:") {
		return d.asker(&Session{Secure: s.Secure}), ldap.Result{}
	}
	dn, ok := d.Identify(identity)
	if !ok {
		return nil, ldap.Result{Code: ldap.AuthorizationDenied, Message: "Unable to process the provided proxied authorization control because it contained an authorization ID that does not map to an entry in the server"}
	}
	target := d.lookUp(dn)
	if target == nil || !a.mayEntry(mayProxy, target) {
		return nil, ldap.Result{Code: ldap.AuthorizationDenied, Message: "The use of the proxied authorization control is not allowed for " + dn}
	}
	return d.asker(&Session{DN: dn, Secure: s.Secure}), ldap.Result{}
}

// Identify maps an authentication or authorization identity ("dn:…", "u:name", a bare DN or name) to the DN of its entry. Names
// are those of uid, of which there must be one only (OpenDJ, exact match identity mapper).
func (d *Directory) Identify(identity string) (dn string, ok bool) {
	e := d.identified(identity)
	if e == nil {
		return "", false
	}
	return e.name, true
}

func (d *Directory) identified(identity string) *entry {
	lower := strings.ToLower(identity)
	switch {
	case strings.HasPrefix(lower, "dn:"):
		return d.lookUp(identity[3:])
	case strings.HasPrefix(lower, "u:"):
		return d.named(identity[2:])
	}
	if strings.Contains(identity, "=") {
		if e := d.lookUp(identity); e != nil {
			return e
		}
	}
	return d.named(identity)
}

// named finds the only entry with a uid.
func (d *Directory) named(uid string) *entry {
	key, ok := d.schema.Equal(d.known.uid, []byte(uid))
	if !ok || key == "" {
		return nil
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	x := d.tree.indexes.named(d.known.uid)
	if x == nil || x.equality == nil {
		return nil
	}
	var found *entry
	for _, i := range x.equality[key].list() {
		e := d.tree.at(i)
		if !below(e.key, d.suffix) && e.key != d.rootKey {
			continue
		}
		if found != nil {
			return nil
		}
		found = e
	}
	return found
}
