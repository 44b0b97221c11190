package sut

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// SubmitError is a change that the system did not take: it was not acknowledged, so nothing is owed for it.
type SubmitError struct {
	Status     int // of the answer
	Message    string
	Field      string        // the member of the change that is at fault, if one is
	RetryAfter time.Duration // when the system asks to come back
}

// Error is "hook answered 503: draining (retry after 5s)".
func (e *SubmitError) Error() string {
	text := fmt.Sprintf("hook answered %d", e.Status)
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Field != "" {
		text += " (field " + e.Field + ")"
	}
	if e.RetryAfter > 0 {
		text += fmt.Sprintf(" (retry after %v)", e.RetryAfter)
	}
	return text
}

// pageSize is how many outcomes are asked for at once; answerLimit bounds what is read of one answer.
const (
	pageSize    = 1000
	answerLimit = 4 << 20
)

// hook speaks the wire of an engine's HTTP hook. It is safe for concurrent use.
type hook struct {
	base   string
	token  secret.Value
	client *http.Client
	seen   *buffer // every answer, for the search for secrets

	turn     chan struct{} // holds one token: who has it reads outcomes; a mutex would stop virtual time
	outcomes []Outcome
	last     uint64
}

func newHook(base string, token secret.Value, client *http.Client) *hook {
	h := &hook{base: base, token: token, client: client, seen: new(buffer), turn: make(chan struct{}, 1)}
	h.turn <- struct{}{}
	return h
}

type wireChange struct {
	TransactionID string            `json:"transactionId"`
	UserName      string            `json:"userName"`
	Password      string            `json:"password"`
	Attributes    map[string]string `json:"attributes,omitempty"`
}

// submit makes one attempt: whether and when to try again is the source's affair, and part of the scenario.
func (h *hook) submit(ctx context.Context, c Change) (string, error) {
	body, err := json.Marshal(wireChange{c.TransactionID, c.UserName, c.Password.Reveal(), c.Attributes}) //nolint:gosec // G117: to tell the password is what the hook is for
	if err != nil {
		return "", fmt.Errorf("encode the change %s: %w", c.TransactionID, err)
	}
	path := "/v1/changes"
	if c.Wait > 0 {
		path += "?wait=" + c.Wait.String()
	}
	status, header, answer, err := h.ask(ctx, http.MethodPost, path, body)
	if err != nil {
		return "", fmt.Errorf("submit %s: %w", c.TransactionID, err)
	}
	var ack struct{ ID, State, Reason string }
	if c.Wait > 0 && (status == http.StatusUnprocessableEntity || status == http.StatusOK) && json.Unmarshal(answer, &ack) == nil && ack.ID != "" {
		if status == http.StatusOK {
			return ack.ID, nil
		}
		return "", fmt.Errorf("submit %s: %w", c.TransactionID, &RefusedError{ack.ID, ack.Reason})
	}
	if status != http.StatusAccepted {
		refused := &SubmitError{Status: status}
		var text struct{ Error, Field string }
		if json.Unmarshal(answer, &text) == nil {
			refused.Message, refused.Field = text.Error, text.Field
		}
		if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil && seconds > 0 {
			refused.RetryAfter = time.Duration(seconds) * time.Second
		}
		return "", fmt.Errorf("submit %s: %w", c.TransactionID, refused)
	}
	if err := json.Unmarshal(answer, &ack); err != nil || ack.ID == "" {
		return "", fmt.Errorf("submit %s: the acknowledgement names no id", c.TransactionID)
	}
	return ack.ID, nil
}

type wireOutcomes struct {
	Outcomes []struct {
		Sequence uint64 `json:"sequence"`
		Outcome
	} `json:"outcomes"`
	Last uint64 `json:"last"`
}

// final fetches the outcomes that are new since the last call and returns all of them.
func (h *hook) final(ctx context.Context) ([]Outcome, error) {
	select {
	case <-h.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { h.turn <- struct{}{} }()
	for {
		query := url.Values{"after": {strconv.FormatUint(h.last, 10)}, "limit": {strconv.Itoa(pageSize)}}
		status, _, answer, err := h.ask(ctx, http.MethodGet, "/v1/outcomes?"+query.Encode(), nil)
		if err != nil {
			return nil, fmt.Errorf("outcomes: %w", err)
		}
		if status != http.StatusOK {
			return nil, fmt.Errorf("outcomes: hook answered %d", status)
		}
		var page wireOutcomes
		if err := json.Unmarshal(answer, &page); err != nil {
			return nil, fmt.Errorf("outcomes: %w", err)
		}
		before := h.last
		for _, o := range page.Outcomes {
			if o.Sequence <= h.last {
				return nil, fmt.Errorf("outcomes: sequence %d after %d: out of order, or told twice", o.Sequence, h.last)
			}
			h.last = o.Sequence
			h.outcomes = append(h.outcomes, o.Outcome)
		}
		if h.last == before || len(page.Outcomes) < pageSize {
			return append([]Outcome(nil), h.outcomes...), nil
		}
	}
}

// replay has parked changes sent again, those of a reason or all, and tells which.
func (h *hook) replay(ctx context.Context, reason string) (transactions []string, err error) {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if reason != "" {
		query.Set("reason", reason)
	}
	status, _, answer, err := h.ask(ctx, http.MethodGet, "/v1/parked?"+query.Encode(), nil)
	if err != nil || status != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("parked changes: hook answered %d", status), err)
	}
	var page struct {
		Parked []struct{ ID, TransactionID string }
	}
	if err := json.Unmarshal(answer, &page); err != nil {
		return nil, fmt.Errorf("parked changes: %w", err)
	}
	for _, p := range page.Parked {
		status, _, _, err := h.ask(ctx, http.MethodPost, "/v1/parked/"+url.PathEscape(p.ID)+"/replay", []byte("{}"))
		if err != nil || status != http.StatusAccepted {
			return transactions, errors.Join(fmt.Errorf("replay %s: hook answered %d", p.ID, status), err)
		}
		transactions = append(transactions, p.TransactionID)
	}
	return transactions, nil
}

func (h *hook) metrics(ctx context.Context) ([]byte, error) {
	status, _, text, err := h.ask(ctx, http.MethodGet, "/metrics", nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("hook answered %d", status)
	}
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	return text, nil
}

func (h *hook) ask(ctx context.Context, method, path string, body []byte) (int, http.Header, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, h.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+h.token.Reveal())
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := h.client.Do(request)
	if err != nil {
		return 0, nil, nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, answerLimit))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return 0, nil, nil, err
	}
	if path != "/metrics" { // an artifact of its own
		h.seen.record(method, path, response.StatusCode, response.Header, answer)
	}
	return response.StatusCode, response.Header, answer, nil
}

// buffer keeps what is written to it. It is safe for concurrent use.
type buffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *buffer) record(method, path string, status int, header http.Header, body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fmt.Fprintf(&b.data, "%s %s -> %d\n", method, path, status)
	_ = header.Write(&b.data)
	b.data.WriteByte('\n')
	b.data.Write(body)
	b.data.WriteByte('\n')
}

func (b *buffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.data.Bytes())
}
