package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
)

// dialer connects to servers. What it needs of files it reads for each connection, so a certificate or a password that is renewed
// counts from the next one on.
type dialer struct {
	config Config
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	roots  *x509.CertPool // nil means the system's and Config.CAFile's
}

func newDialer(c Config, dial func(ctx context.Context, network, address string) (net.Conn, error), roots *x509.CertPool) (*dialer, error) {
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext
	}
	d := &dialer{config: c, dial: dial, roots: roots}
	_, err := d.trusted() // A mistake in a file's name shows at the start.
	if err == nil {
		_, err = d.certificates()
	}
	return d, err
}

// trusted are the authorities that a server's certificate may be from.
func (d *dialer) trusted() (*x509.CertPool, error) {
	if d.roots != nil || d.config.CAFile == "" {
		return d.roots, nil
	}
	pem, err := os.ReadFile(filepath.Clean(d.config.CAFile))
	if err != nil {
		return nil, fmt.Errorf("ldap.caFile: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ldap.caFile: %s holds no PEM certificate", d.config.CAFile)
	}
	return roots, nil
}

// certificates are ours, for a server that asks for one.
func (d *dialer) certificates() ([]tls.Certificate, error) {
	if d.config.CertFile == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(d.config.CertFile, d.config.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("ldap.certFile: %w", err)
	}
	return []tls.Certificate{pair}, nil
}

// connect connects, secures the connection and binds. Nothing is said on a connection that could not be secured.
func (d *dialer) connect(ctx context.Context, server string) (_ *conn, err error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	c, err := d.reach(ctx, server, u)
	if err != nil {
		return nil, &failure{reason: network(err), err: fmt.Errorf("connect: %w", err)}
	}
	defer func() {
		if err != nil {
			c.close(ctx)
		}
	}()
	if err := d.secure(ctx, c, u); err != nil {
		return nil, err
	}
	if err := d.bind(ctx, c); err != nil {
		return nil, err
	}
	_, secured := c.link.(*tls.Conn)
	c.ldap = goldap.NewConn(watched{c.link, &c.ended}, secured)
	c.ldap.Start()
	return c, nil
}

func (d *dialer) reach(ctx context.Context, server string, u *url.URL) (*conn, error) {
	port := u.Port()
	if port == "" {
		port = map[string]string{"ldap": goldap.DefaultLdapPort, "ldaps": goldap.DefaultLdapsPort}[u.Scheme]
	}
	ctx, cancel := context.WithTimeoutCause(ctx, d.config.Timeout, errSilent)
	defer cancel()
	raw, err := d.dial(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, err
	}
	w := &wire{Conn: raw}
	return &conn{url: server, timeout: d.config.Timeout, wire: w, link: w}, nil
}

// secure brings the connection to where a password may be said, or fails.
func (d *dialer) secure(ctx context.Context, c *conn, u *url.URL) error {
	if u.Scheme == "ldap" && !d.config.StartTLS {
		return nil
	}
	roots, err := d.trusted()
	if err != nil {
		return &failure{reason: unknownAuthority, err: err}
	}
	ours, err := d.certificates()
	for _, pair := range ours {
		if ends := pair.Leaf.NotAfter; time.Now().After(ends) {
			err = fmt.Errorf("ldap.certFile: the certificate has ended at %v", ends.UTC())
		}
	}
	if err != nil {
		return &failure{reason: ourCertificate, err: err}
	}
	if u.Scheme == "ldap" {
		if err := d.startTLS(ctx, c); err != nil {
			return err
		}
	}
	secured := tls.Client(c.wire, &tls.Config{
		RootCAs: roots, ServerName: u.Hostname(), MinVersion: tls.VersionTLS12,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if c.asked = true; len(ours) == 0 {
				return &tls.Certificate{}, nil
			}
			return &ours[0], nil
		},
	})
	if err := c.do(ctx, func() error { return secured.HandshakeContext(ctx) }); err != nil {
		return &failure{reason: handshake(err, c.asked), err: fmt.Errorf("TLS: %w", err)}
	}
	c.link = secured
	return nil
}

// startTLSOID is the extended operation of RFC 4511, 4.14.
const startTLSOID = "1.3.6.1.4.1.1466.20037"

func (d *dialer) startTLS(ctx context.Context, c *conn) error {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, goldap.ApplicationExtendedRequest, nil, "StartTLS")
	op.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, startTLSOID, "requestName"))
	_, err := c.exchange(ctx, op)
	if _, answered := errors.AsType[*goldap.Error](err); answered {
		return &failure{reason: startTLSRefused, err: fmt.Errorf("StartTLS: %w", err)}
	}
	if err != nil {
		return &failure{reason: network(err), err: fmt.Errorf("StartTLS: %w", err)}
	}
	return nil
}

// exchange sends the one request of a connection that go-ldap has not taken over yet, and reads the answer. go-ldap's own
// StartTLS hides why a handshake has failed, and its Bind knows neither SASL PLAIN nor the controls of SASL EXTERNAL. What a
// stranger slips in behind the answer to StartTLS becomes part of the handshake, and breaks it.
func (c *conn) exchange(ctx context.Context, op *ber.Packet, controls ...goldap.Control) (answer *ber.Packet, err error) {
	const id = 1 // Nothing else is under way.
	p := ber.NewSequence("LDAPMessage")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, "messageID"))
	p.AppendChild(op)
	if len(controls) > 0 {
		all := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "controls")
		for _, control := range controls {
			all.AppendChild(control.Encode())
		}
		p.AppendChild(all)
	}
	err = c.do(ctx, func() error {
		_, sent := c.link.Write(p.Bytes())
		var received error
		answer, received = ber.ReadPacket(c.link) // Even if nothing was sent: with TLS 1.3 there stands why our certificate was refused.
		if sent != nil && !alerted(received) {
			return sent
		}
		return received
	})
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errEnded
	case alerted(err) && c.asked:
		return nil, &failure{reason: ourCertificate, err: err}
	case err != nil:
		return nil, err
	case len(answer.Children) < 2:
		return nil, errNoLDAP
	}
	return answer, goldap.GetLDAPError(answer)
}

var errNoLDAP = errors.New("what answers there speaks no LDAP")
