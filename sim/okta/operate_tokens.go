package okta

import (
	"fmt"
	"slices"

	"github.com/seatrial/seatrial/sim/kernel/oauth"
)

// Clients lists the ids of the service applications and the names of the API tokens.
func (s *Server) Clients() []string {
	all := append(s.issuer.Clients(), s.tokens.names()...)
	slices.Sort(all)
	return all
}

// RegisterClient adds an API token, or replaces the one with its name: the id is the name, the secret the token, the role that
// of its maker. Service applications have keys, not secrets; they come with the configuration.
func (s *Server) RegisterClient(c oauth.Client) error {
	if len(c.Scopes) > 0 || len(c.Grants) > 0 {
		return fmt.Errorf("%w: client: an API token has a role, neither scopes nor grants; applications come with the configuration", ErrInvalid)
	}
	if len(c.Roles) > 1 {
		return fmt.Errorf("%w: client.roles: an API token has one role", ErrInvalid)
	}
	token := APIToken{Name: c.ID, Value: c.Secret}
	if len(c.Roles) == 1 {
		token.Role = Role(c.Roles[0])
	}
	if _, taken := s.issuer.Client(c.ID); taken {
		return fmt.Errorf("%w: client.id: %q is an application", ErrInvalid, c.ID)
	}
	for _, mistake := range checkTokens([]APIToken{token}) {
		return mistake
	}
	s.tokens.put(token)
	return nil
}

// ExpireTokens makes issued access tokens expired as of now, of one application or of all when it is "", and tells how many. An
// API token expires when it is named only: Okta lets it lapse after 30 days without use, and none is unused here.
func (s *Server) ExpireTokens(client string) int {
	return s.issuer.Expire(client) + s.tokens.end(client, oauth.Expired, false)
}

// RevokeTokens revokes access tokens and API tokens, of one client or of all when it is "", and tells how many. An API token
// comes back with Reset, or when it is registered again.
func (s *Server) RevokeTokens(client string) int {
	return s.issuer.Revoke(client) + s.tokens.end(client, oauth.Revoked, client == "")
}
