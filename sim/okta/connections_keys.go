package okta

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/go-jose/go-jose/v4"
)

// clientKeys are the keys that were read where applications publish them, by the address.
type clientKeys struct {
	mu    sync.Mutex
	byURL map[string][]jose.JSONWebKey
	// moved are the addresses of applications whose own is another than the configuration says.
	moved map[string]string
}

func (k *clientKeys) reset() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.byURL, k.moved = nil, nil
}

func (k *clientKeys) address(client *Client) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if moved, ok := k.moved[client.ID]; ok {
		return moved
	}
	return client.KeysURL
}

// SetKeysURL says where an application publishes its keys from now on, until Reset: the address of a connection's keys is known
// only when the other org has its application.
func (s *Server) SetKeysURL(client, address string) error {
	if !slices.ContainsFunc(s.config.Clients, func(one Client) bool { return one.ID == client }) {
		return fmt.Errorf("%w: there is no application %q", ErrInvalid, client)
	}
	k := &s.clientKeys
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.moved == nil {
		k.moved = map[string]string{}
	}
	k.moved[client] = address
	return nil
}

func (k *clientKeys) find(address, id string) (jose.JSONWebKey, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return keyIn(k.byURL[address], id)
}

func (k *clientKeys) keep(address string, keys []jose.JSONWebKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byURL == nil {
		k.byURL = map[string][]jose.JSONWebKey{}
	}
	k.byURL[address] = keys
}

func keyIn(keys []jose.JSONWebKey, id string) (jose.JSONWebKey, bool) {
	at := slices.IndexFunc(keys, func(k jose.JSONWebKey) bool { return k.KeyID == id && k.Valid() && k.IsPublic() })
	if at < 0 {
		return jose.JSONWebKey{}, false
	}
	return keys[at], true
}

// keyOf finds a key of an application: among those registered with it, or where it publishes them.
func (s *Server) keyOf(ctx context.Context, client *Client, id string) (jose.JSONWebKey, bool) {
	address := s.clientKeys.address(client)
	if key, ok := keyIn(client.Keys, id); ok || address == "" || s.kernel.HTTP == nil {
		return key, ok
	}
	if key, ok := s.clientKeys.find(address, id); ok {
		return key, ok
	}
	keys, err := s.readPublished(ctx, address)
	if err != nil {
		return jose.JSONWebKey{}, false
	}
	s.clientKeys.keep(address, keys)
	return keyIn(keys, id)
}

// readPublished reads a key set, also one inside jwks: Okta's document shows the keys of a connection so.
func (s *Server) readPublished(ctx context.Context, address string) ([]jose.JSONWebKey, error) {
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil) //nolint:gosec // G704: the address is the configuration's
	if err != nil {
		return nil, err
	}
	answer, err := s.kernel.HTTP.Do(request) //nolint:gosec // G704: the address is the configuration's
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, bodyLimit))
	if err != nil {
		return nil, err
	}
	var published struct {
		jose.JSONWebKeySet
		Inner jose.JSONWebKeySet `json:"jwks"`
	}
	if err := json.Unmarshal(body, &published); err != nil {
		return nil, err
	}
	return append(published.Keys, published.Inner.Keys...), nil
}
