package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// answerLimit is the number of bytes that a server may send for one request. A page of 500 users is far below it.
const answerLimit = 32 << 20

var (
	errTooMuch = errors.New("the server sends more than 32 MiB for one request")
	errSilent  = errors.New("the server did not answer in time")
)

// wire is the connection below go-ldap and TLS. It counts what the server sends, so that no answer, well formed or not, can
// fill the memory.
type wire struct {
	net.Conn
	left atomic.Int64
}

// Read passes on what may still come.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if w.left.Add(-int64(n)) < 0 {
		return 0, errTooMuch
	}
	return n, err
}

// conn is a bound connection to one server. One goroutine uses it. Whatever fails but for a result code of the server's
// leaves it unusable.
type conn struct {
	url     string
	timeout time.Duration
	wire    *wire
	ldap    *goldap.Conn
}

// do runs one exchange with the server. go-ldap waits without end and knows no contexts, so the wire is cut when the time is
// over. (Its own timeout would let it drop entries that are not fetched fast enough.)
func (c *conn) do(ctx context.Context, f func() error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errSilent)
	defer cancel()
	c.wire.left.Store(answerLimit)
	stop := context.AfterFunc(ctx, func() { _ = c.wire.Close() })
	err := f()
	stop()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case c.wire.left.Load() < 0:
		return errTooMuch
	}
	return err
}

// close says goodbye if that is possible, and ends go-ldap's goroutines.
func (c *conn) close(ctx context.Context) {
	if c.ldap == nil {
		_ = c.wire.Close()
		return
	}
	if !c.ldap.IsClosing() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = c.do(ctx, c.ldap.Unbind)
	}
	_ = c.wire.Close() // First: go-ldap waits for a write that hangs.
	_ = c.ldap.Close()
}

// search makes one search and gathers what is found. cut says that the server stopped at a size limit, the request's or its
// own, and that what it had found by then is there.
func (c *conn) search(ctx context.Context, r *goldap.SearchRequest) (result *goldap.SearchResult, cut bool, err error) {
	err = c.do(ctx, func() (err error) {
		result, err = c.ldap.Search(r)
		return err
	})
	if result != nil && goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded) {
		return result, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	return result, false, nil
}

// dialer connects to servers.
type dialer struct {
	config Config
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	roots  *x509.CertPool
}

func newDialer(c Config, dial func(ctx context.Context, network, address string) (net.Conn, error), roots *x509.CertPool) (*dialer, error) {
	if roots == nil && c.CAFile != "" {
		pem, err := os.ReadFile(filepath.Clean(c.CAFile))
		if err != nil {
			return nil, fmt.Errorf("ldap.caFile: %w", err)
		}
		if roots, err = x509.SystemCertPool(); err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ldap.caFile: %s holds no PEM certificate", c.CAFile)
		}
	}
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext
	}
	return &dialer{config: c, dial: dial, roots: roots}, nil
}

// connect connects, secures the connection and binds. Nothing is said on a connection that could not be secured.
func (d *dialer) connect(ctx context.Context, server string) (_ *conn, err error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	c, err := d.reach(ctx, server, u)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer func() {
		if err != nil {
			c.close(ctx)
		}
	}()
	if err := d.secure(ctx, c, u); err != nil {
		return nil, err
	}
	err = c.do(ctx, func() error { return c.ldap.Bind(d.config.BindDN, string(d.config.Password)) })
	if err != nil {
		return nil, fmt.Errorf("bind as %s: %w", d.config.BindDN, err)
	}
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
	return &conn{url: server, timeout: d.config.Timeout, wire: &wire{Conn: raw}}, nil
}

// secure brings the connection to where a password may be said.
func (d *dialer) secure(ctx context.Context, c *conn, u *url.URL) error {
	trust := &tls.Config{RootCAs: d.roots, ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	if u.Scheme == "ldaps" {
		secured := tls.Client(c.wire, trust)
		if err := c.do(ctx, func() error { return secured.HandshakeContext(ctx) }); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
		c.ldap = goldap.NewConn(secured, true)
		c.ldap.Start()
		return nil
	}
	c.ldap = goldap.NewConn(c.wire, false)
	c.ldap.Start()
	if !d.config.StartTLS {
		return nil
	}
	if err := c.do(ctx, func() error { return c.ldap.StartTLS(trust) }); err != nil {
		return fmt.Errorf("StartTLS: %w", err)
	}
	return nil
}
