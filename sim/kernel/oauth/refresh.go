package oauth

import "time"

// Refresh is a client's right to further tokens for a user who has signed in once.
type Refresh struct {
	Client  string
	User    string
	Scope   string // as it was asked for
	Expires time.Time
}

// GrantRefresh remembers the right and returns the refresh token that stands for it, which is opaque.
func (i *Issuer) GrantRefresh(r Refresh) string {
	text := i.ids.Hex(64)
	key := digestOf(text)
	now := i.clock.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	n := 0
	for _, old := range i.granted {
		if held, ok := i.refreshes[old]; ok && now.Before(held.Expires) && len(i.granted)-n < remembered {
			break
		}
		delete(i.refreshes, old)
		n++
	}
	i.granted = append(i.granted[n:], key)
	i.refreshes[key] = r
	return text
}

// Refresh returns what a refresh token of that client stands for; it is false for one that is not the client's, unknown,
// used up or expired. With use, the token is used up.
func (i *Issuer) Refresh(text, client string, use bool) (Refresh, bool) {
	key := digestOf(text)
	i.mu.Lock()
	defer i.mu.Unlock()
	r, ok := i.refreshes[key]
	if !ok || r.Client != client || !i.clock.Now().Before(r.Expires) {
		return Refresh{}, false
	}
	if use {
		delete(i.refreshes, key)
	}
	return r, true
}

// revokeRefreshes withdraws the rights of a client, or of all with an empty id.
func (i *Issuer) revokeRefreshes(client string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for key, r := range i.refreshes {
		if client == "" || r.Client == client {
			delete(i.refreshes, key)
		}
	}
}
