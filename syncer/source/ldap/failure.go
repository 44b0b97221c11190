package ldap

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"

	goldap "github.com/go-ldap/ldap/v3"
)

// reason says in a word why a server cannot be read; log, metric and report use the same.
type reason string

const (
	unreachable      reason = "connection"            // refused, reset, ended
	silent           reason = "timeout"               // nothing, or too little, within ldap.timeout
	tlsBroken        reason = "tls"                   // the handshake failed for another reason than those below
	startTLSRefused  reason = "starttls_refused"      // the server does not secure this connection
	certificateEnded reason = "certificate_expired"   // the server's is not valid now
	certificateName  reason = "certificate_name"      // it is another host's
	unknownAuthority reason = "certificate_authority" // nobody whom we trust has signed it
	ourCertificate   reason = "client_certificate"    // ours cannot be used, or is not taken
	credentials      reason = "credentials"           // 49, or there are none
	accountLocked    reason = "account_locked"
	passwordExpired  reason = "password_expired"
	mustChange       reason = "must_change" // 19 on everything until the password is changed
	refused          reason = "refused"     // 53, 7, 8, 13, 48: the server takes no bind like this
	rights           reason = "rights"      // 50
	limits           reason = "limit"       // 3, 4, 11: it stopped before the end
	referred         reason = "referral"    // 10
	busy             reason = "busy"        // 51, 52
	strategyAbsent   reason = "strategy"    // ldap.strategy cannot be had here
	emptySource      reason = "empty"       // no user where there were some
	local            reason = "state"       // ldap.state, or ldap.users
	otherwise        reason = "other"
)

// reasons lists them all.
func reasons() []reason {
	return []reason{
		unreachable, silent, tlsBroken, startTLSRefused, certificateEnded, certificateName, unknownAuthority, ourCertificate, credentials,
		accountLocked, passwordExpired, mustChange, refused, rights, limits, referred, busy, strategyAbsent, emptySource, local, otherwise,
	}
}

// advice is what an operator can do about it.
func (r reason) advice(c Config) string {
	switch r {
	case unreachable:
		return "is the server up, and the port the right one? ldaps:// is usually 1636 or 636, ldap:// 1389 or 389"
	case silent:
		return fmt.Sprintf("it says nothing, or too little, within ldap.timeout (%v): a longer timeout or a smaller ldap.pageSize (%d) helps if it is only slow", c.Timeout, c.PageSize)
	case tlsBroken:
		return "the handshake failed: does the server speak TLS on this port (ldaps://) or after StartTLS (ldap://), and at least TLS 1.2? Nothing was sent in clear"
	case startTLSRefused:
		return "the server does not take StartTLS: give it a certificate, or name its port for TLS as ldaps:// in ldap.urls; nothing was sent in clear"
	case certificateEnded:
		return "renew the server's certificate, or set the clocks right; nothing else need be done here"
	case certificateName:
		return "name the server in ldap.urls as its certificate does, or have that name put into the certificate"
	case unknownAuthority:
		return "put the authority's certificate (PEM) into ldap.caFile; for DS the one of the deployment id (dskeymgr export-ca-cert)"
	case ourCertificate:
		return "ldap.certFile and ldap.keyFile must hold a valid pair that the server trusts; they are read again for each connection"
	case credentials:
		return "correct ldap.bindDN or the password; a new content of ldap.passwordFile is tried at once, the old one ever more seldom, lest the account be locked"
	case accountLocked:
		return "unlock the account (on DS: manage-account clear-account-is-disabled, or reset its password), and see who else uses it with a wrong password"
	case passwordExpired:
		return "give the account a new password, and a password policy without expiry"
	case mustChange:
		return "change the password as the account itself: after a reset by an administrator the server refuses everything else"
	case refused:
		return "the server takes no bind like this: the account may be disabled, or the kind of ldap.auth not be allowed on this connection"
	case rights:
		return "the account lacks a right; for searches without an index the privilege unindexed-search (or an index for ldap.filter), for cn=changelog the privilege changelog-read and an ACI"
	case limits:
		return limitAdvice
	case referred:
		return "referrals are not followed, since that would tell our password to whom a stranger names; name the server that holds the users in ldap.urls"
	case busy:
		return "the server is overloaded or going down; it is asked again, ever more seldom"
	case strategyAbsent:
		return "give the account the right to the changelog, or set ldap.strategy: auto"
	case emptySource:
		return "look at ldap.base, ldap.filter and the rights of the account"
	case local:
		return "look at the disk of ldap.state and at ldap.users"
	default:
		return "see the error"
	}
}

// ofAccount tells whether more attempts would only do harm: what is wrong is the account.
func (r reason) ofAccount() bool {
	return slices.Contains([]reason{credentials, accountLocked, passwordExpired, mustChange, refused, ourCertificate}, r)
}

// failure is an error whose reason is known where it arises.
type failure struct {
	reason reason
	err    error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// diagnose finds the reason of an error.
func diagnose(err error) reason {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.reason
	}
	switch {
	case goldap.IsErrorWithCode(err, goldap.LDAPResultConstraintViolation): // No other search is refused with it.
		return mustChange
	case goldap.IsErrorWithCode(err, goldap.LDAPResultInsufficientAccessRights):
		return rights
	case goldap.IsErrorAnyOf(err, goldap.LDAPResultTimeLimitExceeded, goldap.LDAPResultSizeLimitExceeded, goldap.LDAPResultAdminLimitExceeded):
		return limits
	case goldap.IsErrorWithCode(err, goldap.LDAPResultReferral):
		return referred
	case goldap.IsErrorAnyOf(err, goldap.LDAPResultBusy, goldap.LDAPResultUnavailable):
		return busy
	case goldap.IsErrorWithCode(err, goldap.ErrorNetwork):
		return unreachable
	case errors.Is(err, errEmpty):
		return emptySource
	case errors.Is(err, errTooManyUsers):
		return local
	}
	return network(err)
}

// network sorts what goes wrong below LDAP.
func network(err error) reason {
	var wrong net.Error
	switch {
	case errors.Is(err, errSilent), errors.As(err, &wrong) && wrong.Timeout():
		return silent
	case errors.Is(err, errEnded), errors.Is(err, net.ErrClosed), errors.As(err, &wrong):
		return unreachable
	}
	return otherwise
}

// handshake sorts what goes wrong in one. asked says that the server had asked for our certificate.
func handshake(err error, asked bool) reason {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return certificateEnded
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return certificateName
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return unknownAuthority
	}
	switch {
	case asked && alerted(err):
		return ourCertificate
	case network(err) == silent:
		return silent
	}
	return tlsBroken
}

// alerted tells whether the server has ended TLS by an alert. Versions and ciphers are settled when it asks for a certificate, so
// an alert after that is about ours. With TLS 1.3 it comes after the handshake.
func alerted(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error"
}
