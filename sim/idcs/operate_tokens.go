package idcs

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/oauth"
)

// Clients lists the ids of all who may ask for tokens.
func (s *Server) Clients() []string { return s.issuer.Clients() }

// RegisterClient adds an OAuth client, or replaces the one with its id.
func (s *Server) RegisterClient(c oauth.Client) error {
	for i, role := range c.Roles {
		if !slices.Contains(Roles(), role) {
			return fmt.Errorf("client.roles[%d]: there is no app role %q; there are %s", i, role, strings.Join(Roles(), ", "))
		}
	}
	for i, grant := range c.Grants {
		if !slices.Contains(Grants(), grant) {
			return fmt.Errorf("client.grants[%d]: there is no grant type %q; there are %s", i, grant, strings.Join(Grants(), ", "))
		}
	}
	return s.issuer.Register(c)
}

// ExpireTokens makes issued access tokens expired as of now, of one client or of all when it is "", and tells how many.
func (s *Server) ExpireTokens(client string) int { return s.issuer.Expire(client) }

// RevokeTokens revokes issued access tokens, of one client or of all when it is "", and tells how many.
func (s *Server) RevokeTokens(client string) int { return s.issuer.Revoke(client) }
