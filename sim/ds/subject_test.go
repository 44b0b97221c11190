package ds

import (
	"crypto/tls"
	"testing"
	"testing/synctest"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/network"
)

func TestSubjects(t *testing.T) {
	for _, dn := range []string{babs, "cn=Directory Manager", "cn=a+sn=b,o=c", `cn=Jensen\, Barbara,ou=é,dc=example`, "emailAddress=b@example.com,c=CH"} {
		der, err := Subject(dn)
		require.NoError(t, err, dn)
		got, ok := subjectDN(der)
		assert.True(t, ok)
		assert.Equal(t, dn, got)
	}
	for dn, want := range map[string]string{"": "empty", "no DN": "subject", "entryUUID=1,o=x": "entryUUID is not of those"} {
		_, err := Subject(dn)
		assert.ErrorContains(t, err, want, dn)
	}
	_, ok := subjectDN([]byte{0x30, 0x00})
	assert.False(t, ok, "the root is nobody")
}

func FuzzSubject(f *testing.F) {
	der, err := Subject(babs)
	require.NoError(f, err)
	f.Add(der)
	f.Fuzz(func(t *testing.T, der []byte) {
		if dn, ok := subjectDN(der); ok {
			assert.NotEmpty(t, dn)
		}
	})
}

// TestClientAuthPolicy is ssl-client-auth-policy in its three values.
func TestClientAuthPolicy(t *testing.T) {
	const nobody ldap.ResultCode = -1 // there is no connection, so no code
	for name, tt := range map[string]struct {
		policy                  ClientAuth
		without, known, foreign ldap.ResultCode // what SASL EXTERNAL says
	}{
		"disabled": {ClientAuthDisabled, ldap.InvalidCredentials, ldap.InvalidCredentials, ldap.InvalidCredentials},
		"optional": {ClientAuthOptional, ldap.InvalidCredentials, ldap.Success, nobody},
		"required": {ClientAuthRequired, nobody, ldap.Success, nobody},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := open(t, func(c *Config, _ *Kernel) { c.ClientAuth = tt.policy })
				subject, err := Subject(babs)
				require.NoError(t, err)
				known, err := h.authority.ClientCertificate(subject)
				require.NoError(t, err)
				other, err := network.NewAuthority()
				require.NoError(t, err)
				foreign, err := other.ClientCertificate(subject)
				require.NoError(t, err)
				external := func(certificates ...tls.Certificate) ldap.ResultCode {
					far, err := h.network.DialContext(t.Context(), "tcp", secureHost)
					require.NoError(t, err)
					config := h.clientTLS()
					// Whatever the server asks for: by itself, a client of Go shows none that the server would not trust.
					config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
						return &append(certificates, tls.Certificate{})[0], nil
					}
					c := goldap.NewConn(tls.Client(far, config), true)
					c.Start()
					defer func() { _ = c.Close() }()
					err = c.ExternalBind()
					if goldap.IsErrorAnyOf(err, goldap.ErrorNetwork) { // or no error of go-ldap's at all
						return nobody
					}
					if code(err) != ldap.Success {
						return code(err)
					}
					who, err := c.WhoAmI(nil)
					require.NoError(t, err)
					assert.Equal(t, "dn:"+babs, who.AuthzID)
					return ldap.Success
				}
				assert.Equal(t, []ldap.ResultCode{tt.without, tt.known, tt.foreign}, []ldap.ResultCode{external(), external(known), external(foreign)})
			})
		})
	}
}
