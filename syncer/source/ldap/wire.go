package ldap

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

// answerLimit is the number of bytes that a server may send for one request. A page of 500 users is far below it.
const answerLimit = 32 << 20

var (
	errTooMuch = errors.New("the server sends more than 32 MiB for one request")
	errSilent  = errors.New("the server did not answer in time")
	errEnded   = errors.New("the server ended the connection")
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

// watched is what go-ldap reads from: the wire, or TLS over it, which ends before the wire does (close_notify). go-ldap tells of it by a
// text only.
type watched struct {
	net.Conn
	ended *atomic.Bool // there is no more to read
}

// Read notes the end.
func (w watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil {
		w.ended.Store(true)
	}
	return n, err
}

// conn is a bound connection to one server. One goroutine uses it. Whatever fails but for a result code of the server's
// leaves it unusable.
type conn struct {
	url     string
	timeout time.Duration
	wire    *wire
	link    net.Conn // the wire, or TLS over it
	ldap    *goldap.Conn
	ended   atomic.Bool // link has
	asked   bool        // for our certificate
	account account     // what the server said of ours when it took us
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
	case errors.Is(context.Cause(ctx), errSilent):
		return fmt.Errorf("%w: %v", errSilent, c.timeout)
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
	if err != nil && c.ended.Load() && diagnose(err) == otherwise {
		err = fmt.Errorf("%w: %w", errEnded, err)
	}
	if err != nil {
		return nil, false, err
	}
	return result, false, nil
}
