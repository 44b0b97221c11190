package okta

import (
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/random"
)

// purpose is what a token of the Authentication API opens.
type purpose int

const (
	forRecovery purpose = iota // from a mail or a link
	forChange                  // of an expired password
	forReset                   // a redeemed recovery
)

// stateLife is how long such a token lasts. An hour is the default of recovery links; that of state tokens is unverified.
const stateLife = time.Hour

type stateToken struct {
	user    string
	purpose purpose
	until   time.Time
}

// stateTokens are the tokens of recoveries and expired passwords under way.
type stateTokens struct {
	stream *random.Stream
	mu     sync.Mutex
	byText map[string]stateToken
	order  []string
}

const mostStates = 10_000

func newStateTokens(stream *random.Stream) *stateTokens {
	return &stateTokens{stream: stream, byText: map[string]stateToken{}}
}

func (t *stateTokens) issue(user string, p purpose, now time.Time) string {
	text := "00" + letters(t.stream, 38)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.order) >= mostStates {
		delete(t.byText, t.order[0])
		t.order = t.order[1:]
	}
	t.byText[text] = stateToken{user, p, now.Add(stateLife)}
	t.order = append(t.order, text)
	return text
}

func (t *stateTokens) find(text string, p purpose, now time.Time) (user string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found, ok := t.byText[text]
	return found.user, ok && found.purpose == p && now.Before(found.until)
}

func (t *stateTokens) drop(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byText, text)
}

func (t *stateTokens) reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.byText)
	t.order = nil
}
