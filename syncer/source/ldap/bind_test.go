package ldap

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/ldaptest"
)

// Values of the password policy control: draft-behera-ldap-password-policy-10, 6.2.
var (
	policyExpires    = []byte{0x30, 0x06, 0xa0, 0x04, 0x80, 0x02, 0x70, 0x80} // in 28800 seconds
	policyGrace      = []byte{0x30, 0x05, 0xa0, 0x03, 0x81, 0x01, 0x02}
	policyExpired    = []byte{0x30, 0x03, 0x81, 0x01, 0x00}
	policyLocked     = []byte{0x30, 0x03, 0x81, 0x01, 0x01}
	policyMustChange = []byte{0x30, 0x03, 0x81, 0x01, 0x02}
)

// answering lets all replicas answer what begins like this with a fault.
func answering(r *rig, operation string, f *ldaptest.Fault) {
	for i := range r.config.URLs {
		r.directory.Server(i).Edit(func(s *ldaptest.Server) {
			s.Script = func(asked, _, _ string) *ldaptest.Fault {
				if asked == operation {
					return f
				}
				return nil
			}
		})
	}
}

func binds(r *rig) (n int) {
	for i := range r.config.URLs {
		n += len(r.directory.Server(i).Asked("bind"))
	}
	return n
}

func TestARefusedAccountIsNotTriedUntilItIsLocked(t *testing.T) {
	tests := map[string]struct {
		operation string
		fault     ldaptest.Fault
		is        reason
	}{
		"a wrong password":             {"bind", ldaptest.Fault{Code: 49}, credentials},
		"locked":                       {"bind", ldaptest.Fault{Code: 49, Policy: policyLocked}, accountLocked},
		"expired":                      {"bind", ldaptest.Fault{Code: 49, Policy: policyExpired}, passwordExpired},
		"must change, told by control": {"bind", ldaptest.Fault{Policy: policyMustChange}, mustChange},
		"must change, 19 for all":      {"search", ldaptest.Fault{Code: 19, Message: "You must change your password"}, mustChange},
		"unwilling":                    {"bind", ldaptest.Fault{Code: 53}, refused},
		"wants confidentiality":        {"bind", ldaptest.Fault{Code: 13}, refused},
		"another kind of bind":         {"bind", ldaptest.Fault{Code: 48}, refused},
		"an unknown kind of bind":      {"bind", ldaptest.Fault{Code: 7}, refused},
		"wants more strength":          {"bind", ldaptest.Fault{Code: 8}, refused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, Auto, func(r *rig) {
				r.directory.Add("ann")
				answering(r, tt.operation, &tt.fault)
				r.start()
				time.Sleep(time.Hour)
				assert.LessOrEqual(r, binds(r), 4, "of both servers, whose replicas count together")
				time.Sleep(10 * time.Hour)
				assert.LessOrEqual(r, binds(r), 14)
				assert.GreaterOrEqual(r, binds(r), 10, "nor is it given up")
				assert.Positive(r, r.metric("idm_password_sync_source_failures_total", "reason="+string(tt.is)))
				assert.Contains(r, r.logs.String(), tt.is.advice(r.config))
				assert.Equal(r, 2, strings.Count(r.logs.String(), "cannot be read"), "once for each server")
				answering(r, "", nil)
				time.Sleep(longestRefused)
				r.settle()
				assert.Contains(r, r.logs.String(), "the directory is read again")
			})
		})
	}
}

func TestARotatedPasswordIsTriedAtOnce(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		r.config.PasswordFile = filepath.Join(r.config.State, "password")
		require.NoError(r, os.WriteFile(r.config.PasswordFile, []byte("Old-Password-2025\r\n"), 0o600))
		r.directory.Add("ann")
		r.start()
		time.Sleep(40 * time.Minute)
		before := binds(r)
		require.NoError(r, os.WriteFile(r.config.PasswordFile, []byte(ldaptest.Password+"\n"), 0o600))
		r.settle()
		assert.Equal(r, before+1, binds(r))
		assert.Contains(r, r.logs.String(), "the directory is read again")

		// It is rotated while a connection stands, and counts when the next one is made.
		for i := range 2 {
			r.directory.Server(i).Edit(func(s *ldaptest.Server) { s.Password = "New-Password-2027" })
		}
		require.NoError(r, os.WriteFile(r.config.PasswordFile, []byte("New-Password-2027"), 0o600))
		r.directory.Server(0).Cut()
		r.directory.Server(1).Cut()
		r.directory.SetPassword("ann", hash("a2"))
		r.expect("ann " + hash("a2"))
		assert.InDelta(r, 4, r.metric("idm_password_sync_source_failures_total", "reason=credentials"), 1)

		require.NoError(r, os.WriteFile(r.config.PasswordFile, nil, 0o600))
		r.directory.Server(0).Cut()
		r.directory.Server(1).Cut()
		asked := binds(r)
		r.settle()
		assert.Contains(r, r.logs.String(), "password is empty")
		assert.Equal(r, asked, binds(r), "a bind without a password would be one as nobody")
		for _, secret := range []string{"Old-Password", "New-Password"} {
			assert.NotContains(r, r.logs.String(), secret)
		}
	})
}

func TestAWarningOfTheAccountIsPassedOnOnce(t *testing.T) {
	for want, policy := range map[string][]byte{"expires in 0 days": policyExpires, "2 more connections are granted": policyGrace} {
		t.Run(want, func(t *testing.T) {
			bubble(t, Auto, func(r *rig) {
				answering(r, "bind", &ldaptest.Fault{Policy: policy})
				r.directory.Add("ann")
				r.start()
				r.expect()
				r.directory.Server(0).Cut()
				r.directory.SetPassword("ann", hash("a2"))
				r.expect("ann " + hash("a2"))
				assert.Equal(r, 1, strings.Count(r.logs.String(), "needs attention"))
				assert.Contains(r, r.logs.String(), want)
			})
		})
	}
}

func TestOtherWaysToSayWhoWeAre(t *testing.T) {
	for _, auth := range []string{Simple, External, Plain} {
		t.Run(auth, func(t *testing.T) {
			bubble(t, Auto, func(r *rig) {
				config, roots, err := ldaptest.Certificate("127.0.0.1", time.Now().Add(365*24*time.Hour))
				require.NoError(r, err)
				r.roots, r.config.StartTLS, r.config.URLs, r.config.Auth = roots, true, r.config.URLs[:1], auth
				r.config.CertFile, r.config.KeyFile = filepath.Join(r.config.State, "cert.pem"), filepath.Join(r.config.State, "key.pem")
				config.ClientAuth, config.MaxVersion = tls.RequireAndVerifyClientCert, tls.VersionTLS12 // 1.3 is below, over a socket.
				config.ClientCAs, err = ldaptest.WriteCertificate(r.config.CertFile, r.config.KeyFile, time.Now().Add(time.Hour))
				require.NoError(r, err)
				s := r.directory.Server(0)
				s.Edit(func(s *ldaptest.Server) { s.TLS = config })
				r.directory.Add("ann")
				r.start()
				r.expect()
				want := map[string]string{Simple: "bind " + ldaptest.BindDN, External: "bind EXTERNAL", Plain: "bind PLAIN"}[auth]
				assert.Equal(r, []string{want}, s.Asked("bind"))

				s.Edit(func(s *ldaptest.Server) { // The server trusts us no longer.
					s.TLS = s.TLS.Clone()
					s.TLS.ClientCAs = x509.NewCertPool()
				})
				s.Cut()
				r.directory.SetPassword("ann", hash("a2"))
				r.expect()
				assert.Contains(r, r.logs.String(), "reason=client_certificate")
				assert.NotContains(r, r.logs.String(), "has ended")
				time.Sleep(2 * time.Hour)
				r.settle()
				assert.Contains(r, r.logs.String(), "the certificate has ended at 2000-01-01 01:00:00")
				pool, err := ldaptest.WriteCertificate(r.config.CertFile, r.config.KeyFile, time.Now().Add(24*time.Hour))
				require.NoError(r, err)
				s.Edit(func(s *ldaptest.Server) {
					s.TLS = s.TLS.Clone()
					s.TLS.ClientCAs = pool
				})
				r.expect("ann " + hash("a2"))
			})
		})
	}
}

// TestWithTLS13OurCertificateIsRefusedAfterTheHandshake is over a socket: in memory, both sides would wait to be read.
func TestWithTLS13OurCertificateIsRefusedAfterTheHandshake(t *testing.T) {
	config, roots, err := ldaptest.Certificate("127.0.0.1", time.Now().Add(time.Hour))
	require.NoError(t, err)
	config.ClientAuth = tls.RequireAndVerifyClientCert
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	require.NoError(t, err)
	var server sync.WaitGroup
	server.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 1))
			_ = c.Close()
		}
	})
	c := valid()
	c.URLs = []string{"ldaps://" + l.Addr().String()}
	for range 5 {
		d, err := newDialer(c, nil, roots)
		require.NoError(t, err)
		_, err = d.connect(t.Context(), c.URLs[0])
		require.ErrorContains(t, err, "certificate required")
		assert.Equal(t, ourCertificate, diagnose(err))
	}
	require.NoError(t, l.Close())
	server.Wait()
}

func FuzzAccount(f *testing.F) {
	for _, policy := range [][]byte{policyExpires, policyGrace, policyLocked, {0x30, 0x80}, nil} {
		f.Add("1.3.6.1.4.1.42.2.27.8.5.1", policy)
	}
	f.Add("2.16.840.1.113730.3.4.5", []byte("3600"))
	f.Fuzz(func(t *testing.T, oid string, value []byte) {
		control := ber.NewSequence("")
		control.AppendChild(octets(oid))
		control.AppendChild(octets(string(value)))
		all := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
		all.AppendChild(control)
		p := ber.NewSequence("")
		p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, 1, ""))
		p.AppendChild(ber.NewSequence(""))
		p.AppendChild(all)
		p, err := ber.DecodePacketErr(p.Bytes())
		require.NoError(t, err)
		a := accountOf(p)
		assert.GreaterOrEqual(t, a.expires, time.Duration(0))
	})
}
