package okta

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// hookTimeout is how long Okta waits for an inline hook, each of two times (Okta, Inline hooks, timeout and retry).
const hookTimeout = 3 * time.Second

// proveBy asks the hook for users whose password another system knows, and looks at what is here for all others.
func (c *call) proveBy(p *people.Person, userName string, password secret.Value) proof {
	a := AccountOf(p)
	if a.hash == nil {
		return proof{candidate: password}
	}
	if _, asks := a.hash.Hash.(hooked); !asks {
		return c.s.prove(p, password)
	}
	verified, err := c.askHook(userName, password)
	switch {
	case err != nil:
		c.log(eventImportPassword, p, "FAILURE", err.Error())
	case !verified:
		c.log(eventImportPassword, p, "FAILURE", "UNVERIFIED")
	}
	return proof{password, a.hash, verified && err == nil}
}

var errNoHook = errors.New("there is no active password import inline hook")

// askHook asks whether it is the user's password. A hook that is slow, broken or unreachable is asked once more; one that refuses
// with a 4xx is not; a redirect is not followed.
func (c *call) askHook(userName string, password secret.Value) (bool, error) {
	h, ok := c.s.hooks.get()
	if !ok || h.inactive {
		return false, errNoHook
	}
	if c.s.kernel.HTTP == nil {
		return false, errors.New("the org has no way to the hook")
	}
	body, err := encode(c.hookRequest(&h, userName, password))
	if err != nil {
		return false, err
	}
	verified, again, err := c.postHook(&h, body)
	if again {
		verified, _, err = c.postHook(&h, body)
	}
	return verified, err
}

// hookRequest is the documented payload (Okta, Password import inline hook). Without an answer the credential is UNVERIFIED.
func (c *call) hookRequest(h *hook, userName string, password secret.Value) object {
	ip, _, err := net.SplitHostPort(c.r.RemoteAddr)
	if err != nil {
		ip = c.r.RemoteAddr
	}
	return object{
		{"eventId", letters(c.s.random, 22)},
		{"eventTime", stamp(c.s.now())},
		{"eventType", passwordImport},
		{"eventTypeVersion", "1.0"},
		{"contentType", "application/json"},
		{"cloudEventVersion", "0.1"},
		{"source", c.base + hooksPath + "/" + h.id},
		{"data", object{
			{"context", object{
				{"request", object{
					{"id", first(c.w.Header()["X-Okta-Request-Id"])}, {"method", c.r.Method}, {"url", object{{"value", c.r.URL.Path}}}, {"ipAddress", ip},
				}},
				{"credential", object{{"username", userName}, {"password", password.Reveal()}}},
			}},
			{"action", object{{"credential", "UNVERIFIED"}}},
		}},
	}
}

// postHook asks once; again tells whether it is worth another try.
func (c *call) postHook(h *hook, body []byte) (verified, again bool, err error) {
	ctx, cancel := context.WithTimeout(c.r.Context(), hookTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.uri, bytes.NewReader(body)) //nolint:gosec // G704: an administrator named the address
	if err != nil {
		return false, false, fmt.Errorf("ask the hook: %w", err)
	}
	for name, value := range h.headers {
		r.Header.Set(name, value)
	}
	if h.authName != "" {
		r.Header.Set(h.authName, h.authValue.Reveal())
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	client := *c.s.kernel.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := client.Do(r) //nolint:gosec // G704: as above
	if err != nil {
		return false, c.r.Context().Err() == nil, fmt.Errorf("ask the hook: %w", err)
	}
	defer func() { _ = answer.Body.Close() }() // it was read, or is not wanted
	switch {
	case answer.StatusCode >= http.StatusInternalServerError:
		return false, true, fmt.Errorf("the hook answered %d", answer.StatusCode)
	case answer.StatusCode >= http.StatusMultipleChoices:
		return false, false, fmt.Errorf("the hook answered %d", answer.StatusCode)
	case answer.StatusCode == http.StatusNoContent:
		return false, false, nil
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, bodyLimit))
	if err != nil {
		return false, true, fmt.Errorf("read the answer of the hook: %w", err)
	}
	verified, err = verdictOf(text)
	return verified, false, err
}

// verdictOf reads the commands of an answer; the last one counts.
func verdictOf(text []byte) (bool, error) {
	var b struct {
		Commands []struct {
			Type  string `json:"type"`
			Value struct {
				Credential string `json:"credential"`
			} `json:"value"`
		} `json:"commands"`
	}
	if err := json.Unmarshal(text, &b); err != nil {
		return false, errors.New("the answer of the hook is not JSON of the documented form")
	}
	verified := false
	for _, command := range b.Commands {
		if command.Type == "com.okta.action.update" {
			verified = command.Value.Credential == "VERIFIED"
		}
	}
	return verified, nil
}
