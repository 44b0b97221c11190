package flawed

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// failure counts why a server could not be used, in the words that scenarios ask for, and tells since when nothing was read.
func (t *told) failure(err error) {
	t.count(`idm_password_sync_source_failures_total{reason="` + why(err) + `"}`)
	t.mu.Lock()
	since := time.Since(t.looked)
	t.mu.Unlock()
	t.say("idm_password_sync_source_lag_seconds", since.Seconds())
}

// well is the end of a look at the directory.
func (t *told) well() {
	t.mu.Lock()
	t.looked = time.Now()
	t.mu.Unlock()
	t.say("idm_password_sync_source_lag_seconds", 0)
}

// stopped tells whether the directory has ended a search at a limit.
func stopped(err error) bool {
	return goldap.IsErrorAnyOf(err, goldap.LDAPResultTimeLimitExceeded, goldap.LDAPResultSizeLimitExceeded, goldap.LDAPResultAdminLimitExceeded)
}

// why sorts errors. What go-ldap's StartTLS says of a handshake is a text.
func why(err error) string {
	text := err.Error()
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, errTooLate):
		return "timeout"
	case errors.As(err, new(x509.CertificateInvalidError)), strings.Contains(text, "has expired or is not yet valid"):
		return "certificate_expired"
	case errors.As(err, new(x509.HostnameError)), strings.Contains(text, "certificate is valid for"):
		return "certificate_name"
	case errors.As(err, new(x509.UnknownAuthorityError)), strings.Contains(text, "signed by unknown authority"):
		return "certificate_authority"
	case strings.Contains(text, "TLS handshake failed"), strings.HasPrefix(text, "TLS: "):
		return "tls"
	case stopped(err):
		return "limit"
	case goldap.IsErrorAnyOf(err, goldap.LDAPResultBusy, goldap.LDAPResultUnavailable):
		return "busy"
	case goldap.IsErrorWithCode(err, goldap.LDAPResultInvalidCredentials):
		return "credentials"
	case errors.Is(err, net.ErrClosed), goldap.IsErrorWithCode(err, goldap.ErrorNetwork), strings.Contains(text, "unable to read"):
		return "connection"
	}
	return "other"
}
