package idcs

import (
	"context"
	"fmt"
)

// Call makes one request beside the work of an engine, for a tool that looks at the domain: with its token, within the
// timeout, and with a fresh token after a 401. It returns whatever the domain answers; the error is that there was no
// answer, or no token to ask with.
func (t *Target) Call(ctx context.Context, method, path string, body []byte) (status int, answer []byte, err error) {
	a := &attempt{target: t}
	r, refusal, ok := a.send(ctx, method, path, body)
	switch {
	case !ok:
		return 0, nil, fmt.Errorf("idcs: no token: %s", refusal.Detail)
	case r.err != nil:
		return r.status, nil, fmt.Errorf("idcs: %s %s: %w", method, path, plainError(r.err))
	}
	return r.status, r.body, nil
}
