package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Client calls a control plane. It is safe for concurrent use.
type Client struct {
	endpoint string
	token    secret.Value
	http     *http.Client
	page     int // how many entries one request asks for, when all are wanted
}

// NewClient returns a client of the control plane at endpoint, which is the whole URL ("https://control/graphql").
func NewClient(endpoint string, token secret.Value, h *http.Client) *Client {
	return &Client{endpoint: endpoint, token: token, http: h, page: 5_000}
}

// Error is one error of the control plane: what went wrong, and at which field of the query.
type Error struct {
	Message   string     `json:"message"`
	Path      []any      `json:"path"`
	Locations []Location `json:"locations"`
}

// Location is a place in the text of a query.
type Location struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Error is "field.path: message", or "line:column: message" for a query that did not get as far as a field.
func (e *Error) Error() string {
	switch {
	case len(e.Path) > 0:
		return e.path() + ": " + e.Message
	case len(e.Locations) > 0:
		return strconv.Itoa(e.Locations[0].Line) + ":" + strconv.Itoa(e.Locations[0].Column) + ": " + e.Message
	default:
		return e.Message
	}
}

// path is like "addUsers.users[3].userName".
func (e *Error) path() string {
	var b strings.Builder
	for _, step := range e.Path {
		switch step := step.(type) {
		case float64:
			fmt.Fprintf(&b, "[%d]", int(step))
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			fmt.Fprint(&b, step)
		}
	}
	return b.String()
}

// Do asks one query (or mutation) and decodes its data into the value that into points to, which may be nil. The errors
// of the control plane come back joined, each an [*Error].
func (c *Client) Do(ctx context.Context, query string, variables map[string]any, into any) error {
	body, err := json.Marshal(struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables,omitempty"`
	}{query, variables})
	if err != nil {
		return fmt.Errorf("control plane: encode the variables: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("control plane: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("control plane: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("control plane: read the answer: %w", err)
	}
	return decode(response.Status, answer, into)
}

// decode takes an answer apart. GraphQL answers come with status 200 or, when the query is not valid, 422; anything else
// (a wrong token, a proxy's page) is told by its status and the beginning of its body.
func decode(status string, answer []byte, into any) error {
	var reply struct {
		Data   json.RawMessage `json:"data"`
		Errors []*Error        `json:"errors"`
	}
	if err := json.Unmarshal(answer, &reply); err != nil || (reply.Errors == nil && reply.Data == nil) {
		return fmt.Errorf("control plane answered %s, which is not GraphQL: %.300q", status, answer)
	}
	if len(reply.Errors) > 0 {
		all := make([]error, 0, len(reply.Errors))
		for _, e := range reply.Errors {
			all = append(all, e)
		}
		return errors.Join(all...)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(reply.Data, into); err != nil {
		return fmt.Errorf("control plane: decode the answer: %w", err)
	}
	return nil
}
