package syncer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// client reaches a running engine over its hook.
type client struct {
	base  string
	token seal.Secret
	http  *http.Client
}

const (
	clientTimeout = 30 * time.Second
	answerLimit   = 64 << 20
	pageOfParked  = 1000
)

func (f *parkedFlags) dial() (storehouse, error) {
	u, err := url.Parse(f.engine)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, UsageError{fmt.Errorf("--engine: %q is not a URL like http://127.0.0.1:8470", f.engine)}
	}
	token, err := readSecret(f.tokenFile, f.tokenEnv, os.LookupEnv)
	switch {
	case err != nil:
		return nil, UsageError{fmt.Errorf("--token-file, --token-env: %w", err)}
	case len(token) == 0:
		return nil, UsageError{errors.New("--engine needs the hook's token: --token-file or --token-env")}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // It is one.
	if f.caFile != "" {
		pool, err := readAuthorities(f.caFile)
		if err != nil {
			return nil, UsageError{fmt.Errorf("--ca-file: %w", err)}
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &client{base: strings.TrimRight(f.engine, "/"), token: token, http: &http.Client{Transport: transport, Timeout: clientTimeout}}, nil
}

// readAuthorities returns the system's authorities and those of a file.
func readAuthorities(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate (PEM)", path)
	}
	return pool, nil
}

func (c *client) List(ctx context.Context, s hook.Selection) ([]hook.ParkedChange, error) {
	var all []hook.ParkedChange
	for after := ""; ; after = all[len(all)-1].ID {
		query := url.Values{"limit": {strconv.Itoa(pageOfParked)}}
		for name, value := range map[string]string{"reason": s.Reason, "user": s.UserName, "after": after} {
			if value != "" {
				query.Set(name, value)
			}
		}
		var page struct {
			Parked []hook.ParkedChange `json:"parked"`
		}
		if err := c.ask(ctx, http.MethodGet, "/v1/parked?"+query.Encode(), &page); err != nil {
			return nil, err
		}
		all = append(all, page.Parked...)
		if len(page.Parked) < pageOfParked {
			return all, nil
		}
	}
}

func (c *client) Show(ctx context.Context, id string) (p hook.ParkedChange, err error) {
	err = c.ask(ctx, http.MethodGet, "/v1/parked/"+url.PathEscape(id), &p)
	return p, err
}

func (c *client) Replay(ctx context.Context, id string) error {
	return c.ask(ctx, http.MethodPost, "/v1/parked/"+url.PathEscape(id)+"/replay", nil)
}

func (c *client) Purge(ctx context.Context, id string) error {
	return c.ask(ctx, http.MethodDelete, "/v1/parked/"+url.PathEscape(id), nil)
}

func (c *client) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

func (c *client) ask(ctx context.Context, method, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+string(c.token))
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("ask the engine: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err != nil {
		return fmt.Errorf("ask the engine: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		var refusal struct{ Error string }
		if json.Unmarshal(body, &refusal) != nil || refusal.Error == "" {
			refusal.Error = "it says nothing more"
		}
		return fmt.Errorf("the engine answers %d: %s", response.StatusCode, refusal.Error)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("the engine's answer cannot be read: %w", err)
	}
	return nil
}
