package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/ldaptest"
)

func TestNothingIsSaidBeforeTheConnectionIsSecured(t *testing.T) {
	tests := map[string]struct {
		edit func(s *ldaptest.Server)
		want string
		is   reason
	}{
		"refused":            {func(s *ldaptest.Server) { s.TLS = nil }, "unsupported extended operation", startTLSRefused},
		"unavailable":        {script(ldaptest.Fault{Code: 52}), "StartTLS", startTLSRefused},
		"cut":                {script(ldaptest.Fault{Cut: true}), "StartTLS", unreachable},
		"no answer":          {script(ldaptest.Fault{Stall: true}), "did not answer in time", silent},
		"a broken handshake": {func(s *ldaptest.Server) { s.TLS = &tls.Config{} }, "TLS", tlsBroken},
		"TLS 1.1": {func(s *ldaptest.Server) {
			s.TLS = s.TLS.Clone()
			s.TLS.MinVersion, s.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
		}, "protocol version", tlsBroken},
		"another name":         {certificate("127.0.0.9", time.Hour), "not 127.0.0.1", certificateName},
		"expired":              {certificate("127.0.0.1", -time.Minute), "certificate", certificateEnded},
		"an unknown authority": {certificate("127.0.0.1", time.Hour), "unknown authority", unknownAuthority},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, Auto, func(r *rig) {
				r.config.StartTLS, r.config.URLs, r.config.Timeout = true, r.config.URLs[:1], 5*time.Second
				s := r.directory.Server(0)
				config, roots, err := ldaptest.Certificate("127.0.0.1", time.Now().Add(time.Hour))
				require.NoError(r, err)
				r.roots = roots
				s.Edit(func(s *ldaptest.Server) { s.TLS = config })
				s.Edit(tt.edit)
				if tt.is == certificateEnded { // Or it would be refused for its authority.
					r.roots.AddCert(leaf(r, s))
				}
				r.start()
				r.settle()
				assert.Contains(r, r.logs.String(), tt.want)
				assert.Contains(r, r.logs.String(), "reason="+string(tt.is))
				assert.Contains(r, r.logs.String(), "advice=")
				assert.Positive(r, r.metric("idm_password_sync_source_failures_total", "reason="+string(tt.is)))
				assert.NotEmpty(r, s.Asked("starttls"))
				assert.Empty(r, s.Asked("bind"))
				assert.Empty(r, s.Asked("search"))

				s.Edit(func(s *ldaptest.Server) { s.TLS, s.Script = config, nil })
				time.Sleep(longestPause)
				r.settle()
				assert.Contains(r, r.logs.String(), "the directory is read again", "without a restart")
			})
		})
	}
}

func leaf(t require.TestingT, s *ldaptest.Server) *x509.Certificate {
	c, err := x509.ParseCertificate(s.TLS.Certificates[0].Certificate[0])
	require.NoError(t, err)
	return c
}

func script(f ldaptest.Fault) func(*ldaptest.Server) {
	return func(s *ldaptest.Server) {
		s.Script = func(operation, _, _ string) *ldaptest.Fault {
			if operation == "starttls" {
				return &f
			}
			return nil
		}
	}
}

func certificate(ip string, valid time.Duration) func(*ldaptest.Server) {
	return func(s *ldaptest.Server) { s.TLS, _, _ = ldaptest.Certificate(ip, time.Now().Add(valid)) }
}

func TestSecuredConnections(t *testing.T) {
	for _, scheme := range []string{"ldap", "ldaps"} {
		t.Run(scheme, func(t *testing.T) {
			bubble(t, Auto, func(r *rig) {
				config, roots, err := ldaptest.Certificate("127.0.0.1", time.Now().Add(time.Hour))
				require.NoError(r, err)
				r.roots, r.config.StartTLS, r.config.URLs = roots, true, []string{scheme + "://127.0.0.1"}
				r.directory.Server(0).Edit(func(s *ldaptest.Server) {
					if s.TLS = config; scheme == "ldaps" {
						s.Secured = true
					}
				})
				r.directory.Add("ann")
				r.start()
				r.expect()
				r.directory.SetPassword("ann", hash("a2"))
				r.expect("ann " + hash("a2"))
				assert.Len(r, r.directory.Server(0).Asked("bind"), 1)

				// Who goes says so in TLS (close_notify), and ends the connection only then.
				broken := false
				r.directory.Server(0).Edit(func(s *ldaptest.Server) {
					s.Script = func(operation, base, _ string) *ldaptest.Fault {
						if broken || operation != "search" || base != ldaptest.Base {
							return nil
						}
						broken = true
						return &ldaptest.Fault{Cut: true}
					}
				})
				r.directory.SetPassword("ann", hash("a3"))
				r.expect("ann " + hash("a3"))
				assert.True(r, broken)
				assert.InDelta(r, 1, r.metric("idm_password_sync_source_failures_total", "reason="+string(unreachable)), 0)
			})
		})
	}
}

// TestWhatIsDialled: the port of the scheme where the URL has none, and not for ever.
func TestWhatIsDialled(t *testing.T) {
	for url, want := range map[string]string{
		"ldap://ds1": "ds1:389", "ldaps://ds1": "ds1:636", "ldap://ds1:1389": "ds1:1389", "ldaps://[::1]": "[::1]:636",
	} {
		synctest.Test(t, func(t *testing.T) {
			var got string
			d, err := newDialer(valid(), func(ctx context.Context, _, address string) (net.Conn, error) {
				got = address
				<-ctx.Done()
				return nil, context.Cause(ctx)
			}, nil)
			require.NoError(t, err)
			began := time.Now()
			_, err = d.connect(t.Context(), url)
			assert.Equal(t, silent, diagnose(err))
			assert.Equal(t, valid().Timeout, time.Since(began))
			assert.Equal(t, want, got)
		})
	}
}

// TestTheAuthoritiesFile is read again for each connection, and must hold a certificate.
func TestTheAuthoritiesFile(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		config, _, err := ldaptest.Certificate("127.0.0.1", time.Now().Add(time.Hour))
		require.NoError(r, err)
		r.config.StartTLS, r.config.URLs, r.config.CAFile = true, r.config.URLs[:1], filepath.Join(r.config.State, "ca.pem")
		_, err = New(r.config, Environment{})
		require.ErrorContains(r, err, "ldap.caFile: open ")
		require.NoError(r, os.WriteFile(r.config.CAFile, []byte("no PEM"), 0o600))
		_, err = New(r.config, Environment{})
		require.ErrorContains(r, err, "ca.pem holds no PEM certificate")

		other, _, err := ldaptest.Certificate("127.0.0.9", time.Now().Add(time.Hour))
		require.NoError(r, err)
		write := func(c *tls.Config) {
			block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificates[0].Certificate[0]})
			require.NoError(r, os.WriteFile(r.config.CAFile, block, 0o600))
		}
		write(other)
		r.directory.Server(0).Edit(func(s *ldaptest.Server) { s.TLS = config })
		r.directory.Add("ann")
		r.start()
		r.settle()
		assert.Contains(r, r.logs.String(), "reason=certificate_authority")
		assert.Empty(r, r.directory.Server(0).Asked("bind"))
		write(config)
		time.Sleep(longestPause)
		r.settle()
		assert.Contains(r, r.logs.String(), "the directory is read again")
	})
}

// TestWhatAnswersMustSpeakLDAP: nothing that is none brings us down, or is taken for a yes.
func TestWhatAnswersMustSpeakLDAP(t *testing.T) {
	c := valid()
	c.StartTLS, c.URLs = false, []string{"ldap://127.0.0.1"}
	for name, answer := range map[string][]byte{
		"nothing in it": {0x30, 0x00}, "half": {0x30, 0x03, 0x02, 0x01, 0x01}, "not LDAP": []byte("HTTP/1.1 400 Bad Request\r\n\r\n"),
		"no result": {0x30, 0x05, 0x02, 0x01, 0x01, 0x61, 0x00}, "nothing": nil,
	} {
		t.Run(name, func(t *testing.T) {
			d, err := newDialer(c, func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go func() {
					_, _ = theirs.Read(make([]byte, 1000))
					_, _ = theirs.Write(answer)
					_ = theirs.Close()
				}()
				return ours, nil
			}, nil)
			require.NoError(t, err)
			_, err = d.connect(t.Context(), c.URLs[0])
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

// deadEnd is a connection of which the other side has gone.
type deadEnd struct {
	net.Conn
	says error
}

func (deadEnd) Write([]byte) (int, error)  { return 0, errFull }
func (d deadEnd) Read([]byte) (int, error) { return 0, d.says }

// TestWhyTheOtherSideHasGone stands in what it has sent before, which a failed write must not hide.
func TestWhyTheOtherSideHasGone(t *testing.T) {
	for name, tt := range map[string]struct {
		says error
		want reason
		text string
	}{
		"our certificate": {&net.OpError{Op: "remote error", Err: tls.AlertError(116)}, ourCertificate, "certificate required"},
		"nothing":         {io.EOF, otherwise, errFull.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			link := deadEnd{says: tt.says}
			c := &conn{timeout: time.Second, wire: &wire{Conn: link}, link: link, asked: true}
			_, err := c.exchange(t.Context(), octets(""))
			require.ErrorContains(t, err, tt.text)
			assert.Equal(t, tt.want, diagnose(err))
		})
	}
}

// TestAnEndlessAnswerIsCut is about a server that announces and sends more than any page has.
func TestAnEndlessAnswerIsCut(t *testing.T) {
	bubble(t, Auto, func(r *rig) {
		r.config.URLs = r.config.URLs[:1]
		d, err := newDialer(r.config, func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() {
				defer func() { _ = theirs.Close() }()
				_, _ = theirs.Read(make([]byte, 1000))
				head := []byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x04, 0x84, 0x7f, 0xff, 0xff, 0xf0}
				_, err := theirs.Write(head)
				for more := make([]byte, 1<<20); err == nil; {
					_, err = theirs.Write(more)
				}
			}()
			return ours, nil
		}, nil)
		require.NoError(r, err)
		_, err = d.connect(r.Context(), r.config.URLs[0])
		require.ErrorIs(r, err, errTooMuch)
	})
}
