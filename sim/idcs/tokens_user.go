package idcs

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	passwordGrant = "password"
	refreshGrant  = "refresh_token"
	offlineScope  = "offline_access"
	// refreshLife is the default of an application in Oracle's console: a week.
	refreshLife = 7 * 24 * time.Hour
)

// userGrants are the grant types with which a client gets tokens that stand for a user; an application is given each of
// them on its own.
var userGrants = []string{passwordGrant, refreshGrant}

// Grants lists the grant types that a client can be given beside client_credentials.
func Grants() []string { return slices.Clone(userGrants) }

// passwordToken signs a user in (Oracle, Resource Owner Password Credentials Grant Type). It is a log-in like any other:
// failures count, and lock.
func (c *call) passwordToken(form url.Values, client oauth.Client) error {
	userName, password := form.Get("username"), form.Get("password")
	if userName == "" || password == "" {
		return &oauthError{"invalid_request", "The parameters username and password are required."}
	}
	c.x.User = userName
	p, result := c.s.signIn(userName, secret.New(password))
	if result.OK && result.MustChange && c.s.is(mustChangeGrant, "refuse") {
		result = people.LogIn{Reason: "must_change"}
	}
	if !result.OK {
		return c.refuseGrant(result.Reason)
	}
	return c.issueUserToken(&p, client, form.Get("scope"), true)
}

// refreshedToken is a token without asking the user again. Who could not sign in now gets none.
func (c *call) refreshedToken(form url.Values, client oauth.Client) error {
	text := form.Get("refresh_token")
	if text == "" {
		return &oauthError{"invalid_request", "The parameter refresh_token is required."}
	}
	once := c.s.is(refreshToken, "once")
	right, ok := c.s.issuer.Refresh(text, client.ID, once)
	if !ok {
		return &oauthError{"invalid_grant", "The refresh token is not valid or has expired."}
	}
	p, ok := c.s.people.ByID(right.User)
	if !ok {
		return c.refuseGrant("not_found")
	}
	c.x.User = p.UserName
	if reason := c.s.barred(&p); reason != "" {
		return c.refuseGrant(reason)
	}
	scope := right.Scope
	if narrower := form.Get("scope"); narrower != "" {
		scope = narrower + " " + offlineScope
	}
	return c.issueUserToken(&p, client, scope, once)
}

// barred is why a user could not sign in, whatever his password; "" when he could.
func (s *Server) barred(p *people.Person) string {
	switch {
	case !p.Active:
		return "inactive"
	case p.Federated:
		return "federated"
	case p.Delegated:
		return "delegated"
	case s.locked(p):
		return "locked"
	}
	return ""
}

// refuseGrant: RFC 6749 has one code for all of it; Oracle's texts are not known.
func (c *call) refuseGrant(reason string) error {
	c.x.Reason = reason
	return &oauthError{"invalid_grant", "The user cannot sign in with these credentials."}
}

// issueUserToken answers with an access token and, where the scope asks for it and renew allows it, a refresh token.
func (c *call) issueUserToken(p *people.Person, client oauth.Client, scope string, renew bool) error {
	offline := false
	var asked []string
	for one := range strings.FieldsSeq(scope) {
		if one == offlineScope {
			offline = true
			continue
		}
		asked = append(asked, one)
	}
	granted, err := c.s.grant(actingFor(client), strings.Join(asked, " "))
	if err != nil {
		return err
	}
	// This scope is the client's own.
	granted.scopes = slices.DeleteFunc(granted.scopes, func(scope string) bool { return scope == everyClientScope })
	text, _, err := c.s.issuer.IssueFor(p.ID, oauth.Client{ID: client.ID, Roles: granted.roles}, granted.scopes, granted.lifetime,
		c.s.userClaims(p, client, granted, c.base))
	if err != nil {
		return err
	}
	c.x.Secret(secret.New(text))
	answer := struct {
		AccessToken  string `json:"access_token"`
		TokenType    string `json:"token_type"`
		ExpiresIn    int64  `json:"expires_in"`
		RefreshToken string `json:"refresh_token,omitempty"`
	}{AccessToken: text, TokenType: "Bearer", ExpiresIn: int64(granted.lifetime / time.Second)}
	if offline && renew && slices.Contains(client.Grants, refreshGrant) {
		answer.RefreshToken = c.s.issuer.GrantRefresh(oauth.Refresh{
			Client: client.ID, User: p.ID, Scope: scope, Expires: c.s.kernel.Clock.Now().Add(refreshLife),
		})
		c.x.Secret(secret.New(answer.RefreshToken))
	}
	body, err := json.Marshal(answer) //nolint:gosec // handing out the tokens is what the endpoint is for
	if err != nil {
		return err
	}
	c.sendToken(http.StatusOK, body)
	return nil
}

// actingFor is the client as it acts for a user: of its roles only Me is about the user himself. A user's own roles, which
// would open more, are not simulated.
func actingFor(client oauth.Client) oauth.Client {
	roles := client.Roles
	client.Roles = nil
	if slices.Contains(roles, Me) {
		client.Roles = []string{Me}
	}
	return client
}

// userClaims are those of a token that stands for a user; their names are those of real ones, whether there are more is not
// known.
func (s *Server) userClaims(p *people.Person, client oauth.Client, g grant, base string) map[string]any {
	claims := s.claims(client, g, base)
	claims["sub"], claims["sub_type"] = p.UserName, "user"
	claims["user_id"], claims["user_displayname"] = p.ID, p.DisplayName
	claims["user_tenantname"] = s.names.tenant
	return claims
}
