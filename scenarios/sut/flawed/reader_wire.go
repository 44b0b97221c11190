package flawed

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// line is a bound connection to a directory server.
type line struct {
	url  string
	raw  net.Conn
	ldap *goldap.Conn
	wait time.Duration
	root rootDSE
}

// connect reaches a server, secures the connection and binds, in this order.
func (r *reader) connect(server string) (*line, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.ctx, askFor)
	defer cancel()
	raw, err := r.place.Network.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	if r.flaw == WaitsByTheByte {
		raw = byTheByte{raw}
	}
	c := &line{url: server, raw: raw, wait: askFor}
	if err = r.open(ctx, c, u); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (r *reader) open(ctx context.Context, c *line, u *url.URL) error {
	trust := &tls.Config{
		RootCAs: r.place.Authority.Pool(), ServerName: u.Hostname(), MinVersion: tls.VersionTLS12,
		InsecureSkipVerify: r.flaw == TrustsAnybody, //nolint:gosec // That is the flaw.
	}
	if u.Scheme == "ldaps" {
		secured := tls.Client(c.raw, trust)
		if err := secured.HandshakeContext(ctx); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
		c.ldap = goldap.NewConn(secured, true)
		c.ldap.Start()
	} else {
		c.ldap = goldap.NewConn(c.raw, false)
		c.ldap.Start()
		err := c.do(ctx, func() error { return c.ldap.StartTLS(trust) })
		if err != nil && r.flaw == FallsBackToPlaintext {
			err = r.withoutTLS(ctx, c, u.Host)
		}
		if err != nil {
			return fmt.Errorf("StartTLS: %w", err)
		}
	}
	patience := c.wait
	if r.flaw == ImpatientBind {
		c.wait = 5 * time.Second
	}
	account := r.place.Directory
	if err := c.do(ctx, func() error { return c.ldap.Bind(account.Account, account.Password.Reveal()) }); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	c.wait = patience
	return nil
}

// withoutTLS connects once more, since go-ldap reads no further after a StartTLS that was refused, and stays in the clear.
func (r *reader) withoutTLS(ctx context.Context, c *line, host string) error {
	c.close()
	raw, err := r.place.Network.DialContext(ctx, "tcp", host)
	if err != nil {
		return err
	}
	c.raw, c.ldap = raw, goldap.NewConn(raw, false)
	c.ldap.Start()
	return nil
}

// errTooLate is an answer that did not come in time.
var errTooLate = errors.New("no answer in time")

// do asks something, and cuts the wire when the answer takes too long: go-ldap would wait for ever.
func (c *line) do(ctx context.Context, ask func() error) error {
	if _, patient := c.raw.(byTheByte); !patient {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, c.wait)
		defer cancel()
	}
	stop := context.AfterFunc(ctx, func() { _ = c.raw.Close() })
	defer stop()
	err := ask()
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errTooLate
	}
	return err
}

func (c *line) close() {
	_ = c.raw.Close()
	if c.ldap != nil {
		_ = c.ldap.Close()
	}
}

// search asks for entries; the size limit that was asked for is no error.
func (c *line) search(ctx context.Context, s *goldap.SearchRequest) (found *goldap.SearchResult, err error) {
	err = c.do(ctx, func() (err error) {
		found, err = c.ldap.Search(s)
		return err
	})
	if found != nil && s.SizeLimit > 0 && goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded) {
		return found, nil
	}
	return found, err
}

// byTheByte waits for the next byte.
type byTheByte struct{ net.Conn }

// Read waits for it.
func (c byTheByte) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(askFor)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}
