package idcs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// bodyLimit is the largest answer that is read. A page of a thousand users stays below it.
const bodyLimit = 8 << 20

// client sends requests one at a time per caller, each bounded by the timeout. It follows no redirect and, but for what
// net/http does when not a byte has been sent, repeats nothing.
type client struct {
	http    *http.Client
	close   func()
	timeout time.Duration
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

func newClient(c Config, dial dialer, roots *x509.CertPool) (*client, error) {
	if roots == nil && c.CAFile != "" {
		var err error
		if roots, err = readRoots(c.CAFile); err != nil {
			return nil, err
		}
	}
	if dial == nil {
		dial = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	// HTTP/1.1 on purpose: each write has a connection of its own, so one that breaks leaves one write unsettled, not all.
	t := &http.Transport{
		DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		MaxIdleConns: c.MaxIdle, MaxIdleConnsPerHost: c.MaxIdle, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second, DisableCompression: true,
	}
	return &client{
		http:  &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		close: t.CloseIdleConnections, timeout: c.Timeout,
	}, nil
}

func readRoots(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("idcs.caFile: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("idcs.caFile: %s holds no PEM certificate", path)
	}
	return roots, nil
}

var errAnswerTooLong = errors.New("the answer is longer than 8 MiB")

// do builds and sends one request and reads the answer.
func (c *client) do(ctx context.Context, build func(ctx context.Context) (*http.Request, error)) reply {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var connected atomic.Bool // From here on a byte may have left, as far as we can tell.
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	request, err := build(ctx)
	if err != nil {
		return reply{err: err}
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "seatrial-sync")
	asked := time.Now()
	response, err := c.http.Do(request)
	got := time.Now()
	if err != nil {
		return reply{err: err, sent: connected.Load()}
	}
	defer func() { _ = response.Body.Close() }()
	date, _ := http.ParseTime(first(response.Header, "Date"))
	r := reply{
		status: response.StatusCode, html: isHTML(response.Header), sent: true, date: date, asked: asked, got: got,
		retryAfter: retryAfter(response.Header, date, got), allowance: readAllowance(response.Header, response.StatusCode, date, got),
	}
	r.body, r.err = io.ReadAll(io.LimitReader(response.Body, bodyLimit+1))
	if len(r.body) > bodyLimit {
		r.err = errAnswerTooLong
	}
	return r
}

// secretBody is a request body that is wiped when net/http closes it, which may be after the answer has come and while
// another goroutine still reads.
type secretBody struct {
	mu   sync.Mutex
	data []byte
	at   int
}

func (b *secretBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at >= len(b.data) {
		return 0, io.EOF
	}
	n := copy(p, b.data[b.at:])
	b.at += n
	return n, nil
}

func (b *secretBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.data)
	b.data = nil
	return nil
}
