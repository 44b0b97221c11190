package oauth

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// The questions a caller may have about a client that failed to authenticate.
var (
	ErrUnknownClient  = errors.New("no such client")
	ErrWrongSecret    = errors.New("the client secret is wrong")
	ErrInactiveClient = errors.New("the client is deactivated")
	ErrInvalidClient  = errors.New("a client needs an id and a secret")
)

// A token is remembered for a day after it expired, so that its use is told apart from that of an invented one, and never
// more than remembered of them: the memory of a long run is bounded.
const (
	afterlife  = 24 * time.Hour
	remembered = 100_000
)

// Client is an application that may ask for tokens.
type Client struct {
	ID     string
	Secret secret.Value
	Name   string
	Roles  []string
	Scopes []string
	// Grants are the grant types that the client may use beside client_credentials: "password", "refresh_token".
	Grants []string
	Active bool
}

// Token is what is known about an access token, but not its text.
type Token struct {
	ID      string
	Client  string
	User    string // the id of the user whom it stands for; empty when the client speaks for itself
	Scopes  []string
	Roles   []string
	Issued  time.Time
	Expires time.Time
	Revoked bool
}

// State is what has become of a token.
type State string

// The states of a token.
const (
	Valid   State = "valid"
	Expired State = "expired"
	Revoked State = "revoked"
	Unknown State = "unknown"
)

type digest [sha256.Size]byte

// digestOf copies a token of usual size to the stack: every request of a simulator comes through here.
func digestOf(text string) digest {
	var buffer [2048]byte
	if len(text) <= len(buffer) {
		return sha256.Sum256(buffer[:copy(buffer[:], text)])
	}
	return sha256.Sum256([]byte(text))
}

// Issuer knows clients and issues tokens. It is safe for concurrent use.
type Issuer struct {
	clock *clock.Clock
	ids   *random.Stream

	mu      sync.RWMutex
	clients map[string]Client
	tokens  map[digest]*Token
	// issued is the order of issue, for forgetting.
	issued []digest
	// refreshes are the rights to further tokens, and their order.
	refreshes map[digest]Refresh
	granted   []digest
}

// NewIssuer returns an Issuer that judges expiry by c and takes token ids from ids.
func NewIssuer(c *clock.Clock, ids *random.Stream) *Issuer {
	return &Issuer{clock: c, ids: ids, clients: map[string]Client{}, tokens: map[digest]*Token{}, refreshes: map[digest]Refresh{}}
}

// Register adds a client, or replaces the one with that id.
func (i *Issuer) Register(c Client) error {
	if c.ID == "" || c.Secret.Empty() {
		return fmt.Errorf("register client %q: %w", c.ID, ErrInvalidClient)
	}
	c.Roles, c.Scopes, c.Grants = slices.Clone(c.Roles), slices.Clone(c.Scopes), slices.Clone(c.Grants)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.clients[c.ID] = c
	return nil
}

// Update lets change work on a copy of the client and keeps the copy. It is false when there is no such client.
func (i *Issuer) Update(id string, change func(*Client)) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	c, ok := i.clients[id]
	if !ok {
		return false
	}
	c.Roles, c.Scopes = slices.Clone(c.Roles), slices.Clone(c.Scopes)
	change(&c)
	c.ID = id
	i.clients[id] = c
	return true
}

// Remove deletes a client and withdraws its tokens.
func (i *Issuer) Remove(id string) {
	i.Revoke(id)
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.clients, id)
}

// Client returns the client with that id.
func (i *Issuer) Client(id string) (Client, bool) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	c, ok := i.clients[id]
	return c, ok
}

// Clients returns the ids of all clients, sorted.
func (i *Issuer) Clients() []string {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return slices.Sorted(maps.Keys(i.clients))
}

// Authenticate returns the client if the secret is its own and it is active.
func (i *Issuer) Authenticate(id string, s secret.Value) (Client, error) {
	c, ok := i.Client(id)
	switch {
	case !ok:
		return Client{}, fmt.Errorf("client %q: %w", id, ErrUnknownClient)
	case !c.Secret.Equal(s):
		return Client{}, fmt.Errorf("client %q: %w", id, ErrWrongSecret)
	case !c.Active:
		return Client{}, fmt.Errorf("client %q: %w", id, ErrInactiveClient)
	}
	return c, nil
}

// Issue signs a token for c itself. The claims are the vendor's; "iat", "exp" and "jti" are added to them.
func (i *Issuer) Issue(c Client, scopes []string, lifetime time.Duration, claims map[string]any) (string, Token, error) {
	return i.IssueFor("", c, scopes, lifetime, claims)
}

// IssueFor signs a token with which c acts for the user with that id.
func (i *Issuer) IssueFor(user string, c Client, scopes []string, lifetime time.Duration, claims map[string]any) (string, Token, error) {
	now := i.clock.Now().Truncate(time.Second)
	t := Token{
		ID: i.ids.Hex(32), Client: c.ID, User: user, Scopes: slices.Clone(scopes), Roles: slices.Clone(c.Roles),
		Issued: now, Expires: now.Add(lifetime),
	}
	all := maps.Clone(claims)
	if all == nil {
		all = map[string]any{}
	}
	all["iat"], all["exp"], all["jti"] = t.Issued.Unix(), t.Expires.Unix(), t.ID
	payload, err := json.Marshal(all)
	if err != nil {
		return "", Token{}, fmt.Errorf("issue a token to %q: %w", c.ID, err)
	}
	text, err := sign(payload)
	if err != nil {
		return "", Token{}, fmt.Errorf("issue a token to %q: %w", c.ID, err)
	}
	key := digestOf(text)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.forget(now)
	stored := t
	i.tokens[key] = &stored
	i.issued = append(i.issued, key)
	return text, t, nil
}

// forget drops the oldest tokens: those long expired, and those too many. The caller holds the lock.
func (i *Issuer) forget(now time.Time) {
	n := 0
	for _, key := range i.issued {
		t := i.tokens[key]
		if len(i.issued)-n < remembered && !t.Expires.Add(afterlife).Before(now) {
			break
		}
		delete(i.tokens, key)
		n++
	}
	// Cut, not moved: the next growth of the slice leaves the front behind.
	i.issued = i.issued[n:]
}

// Verify tells what a token is, and what has become of it.
func (i *Issuer) Verify(text string) (Token, State) {
	key := digestOf(text)
	i.mu.RLock()
	defer i.mu.RUnlock()
	t, ok := i.tokens[key]
	switch {
	case !ok:
		return Token{}, Unknown
	case t.Revoked:
		return *t, Revoked
	case !i.clock.Now().Before(t.Expires):
		return *t, Expired
	}
	return *t, Valid
}

// Expire ends the valid tokens of a client, or of all with an empty id, as if their time had come, and returns how many.
func (i *Issuer) Expire(client string) int {
	now := i.clock.Now()
	return i.end(client, now, func(t *Token) { t.Expires = now })
}

// Revoke withdraws the valid tokens of a client, or of all with an empty id, and returns how many. What would refresh them
// goes with them.
func (i *Issuer) Revoke(client string) int {
	i.revokeRefreshes(client)
	return i.end(client, i.clock.Now(), func(t *Token) { t.Revoked = true })
}

func (i *Issuer) end(client string, now time.Time, change func(*Token)) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := 0
	for _, t := range i.tokens {
		if (client == "" || t.Client == client) && !t.Revoked && now.Before(t.Expires) {
			change(t)
			n++
		}
	}
	return n
}

// RevokeToken withdraws one access token; it is false when the token was not known or not valid any more.
func (i *Issuer) RevokeToken(text string) bool {
	key := digestOf(text)
	i.mu.Lock()
	defer i.mu.Unlock()
	t, ok := i.tokens[key]
	if !ok || t.Revoked || !i.clock.Now().Before(t.Expires) {
		return false
	}
	t.Revoked = true
	return true
}

// Reset forgets all tokens; clients stay.
func (i *Issuer) Reset() {
	i.mu.Lock()
	defer i.mu.Unlock()
	clear(i.tokens)
	clear(i.refreshes)
	i.issued, i.granted = nil, nil
}
