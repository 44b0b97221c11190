package rest

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
	"sync/atomic"
	"time"
)

// bodyLimit is the largest answer that is read. A page of a thousand users stays below it.
const bodyLimit = 8 << 20

// Client sends requests one at a time per caller, each bounded by the timeout. It follows no redirect and, but for what
// net/http does when not a byte has been sent, repeats nothing.
type Client struct {
	http    *http.Client
	close   func()
	timeout time.Duration
}

// Dialer connects.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

func newClient(c Config, e Environment) (*Client, error) {
	roots, dial := e.RootCAs, e.DialContext
	if roots == nil && c.CAFile != "" {
		var err error
		if roots, err = readRoots(c.CAFile); err != nil {
			return nil, fmt.Errorf("%s.caFile: %w", c.Name, err)
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
	return &Client{
		http:  &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		close: t.CloseIdleConnections, timeout: c.Timeout,
	}, nil
}

func readRoots(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no PEM certificate", path)
	}
	return roots, nil
}

var errAnswerTooLong = errors.New("the answer is longer than 8 MiB")

// Do builds and sends one request and reads the answer.
func (c *Client) Do(ctx context.Context, build func(ctx context.Context) (*http.Request, error)) Reply {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var connected atomic.Bool // From here on a byte may have left, as far as we can tell.
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected.Store(true) }})
	request, err := build(ctx)
	if err != nil {
		return Reply{Err: err}
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "seatrial-sync")
	asked := time.Now()
	response, err := c.http.Do(request)
	got := time.Now()
	if err != nil {
		return Reply{Err: err, Sent: connected.Load()}
	}
	defer func() { _ = response.Body.Close() }()
	date, _ := http.ParseTime(first(response.Header, "Date"))
	r := Reply{
		Status: response.StatusCode, HTML: isHTML(response.Header), Header: response.Header, Sent: true, Date: date, Asked: asked, Got: got,
		RetryAfter: retryAfter(response.Header, date, got), Allowance: readAllowance(response.Header, response.StatusCode, date, got),
	}
	r.Body, r.Err = io.ReadAll(io.LimitReader(response.Body, bodyLimit+1))
	if len(r.Body) > bodyLimit {
		r.Err = errAnswerTooLong
	}
	return r
}
