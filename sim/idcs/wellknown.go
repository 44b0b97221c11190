package idcs

import (
	"maps"
	"net/http"
	"slices"
)

const (
	openIDPath            = "/.well-known/openid-configuration"
	idcsConfigurationPath = "/.well-known/idcs-configuration"
)

// tokenIssuer is the claim iss of every token.
const tokenIssuer = "https://identity.oraclecloud.com/" //nolint:gosec // G101: an address, no credential

// supportedGrants are the grant types of the token service that the simulator has.
var supportedGrants = append([]string{clientCredentials}, userGrants...)

// discoveryDocument leads a client to the endpoints of the token service, as far as the simulator has them. The issuer is
// that of the tokens, which is not the address of the document: a strict OpenID library must be told so, as with Oracle's.
func (c *call) discoveryDocument() map[string]any {
	scopes := map[string]bool{myScopes: true}
	for _, list := range scopesOfRole {
		for _, scope := range qualified(list) {
			scopes[scope] = true
		}
	}
	return map[string]any{
		"issuer": tokenIssuer, "token_endpoint": c.base + "/oauth2/v1/token", "secure_token_endpoint": c.base + "/oauth2/v1/token",
		"introspect_endpoint": c.base + "/oauth2/v1/introspect", "revocation_endpoint": c.base + "/oauth2/v1/revoke",
		"jwks_uri":                                         c.base + "/admin/v1/SigningCert/jwk",
		"scopes_supported":                                 slices.Sorted(maps.Keys(scopes)),
		"grant_types_supported":                            supportedGrants,
		"token_endpoint_auth_methods_supported":            []string{"client_secret_basic", "client_secret_post"},
		"id_token_signing_alg_values_supported":            []string{"RS256"},
		"subject_types_supported":                          []string{"public"},
		"response_types_supported":                         []string{"token"},
		"request_parameter_supported":                      false,
		"claims_parameter_supported":                       false,
		"require_request_uri_registration":                 false,
		"token_endpoint_auth_signing_alg_values_supported": []string{"RS256"},
	}
}

func (c *call) openIDConfiguration() error {
	c.x.ShowBodies()
	return c.sendJSON(http.StatusOK, c.discoveryDocument())
}

// idcsConfiguration is the same in a wrapping (samples of Oracle's Node.js SDK for IDCS read it there).
func (c *call) idcsConfiguration() error {
	c.x.ShowBodies()
	return c.sendJSON(http.StatusOK, map[string]any{"openid-configuration": c.discoveryDocument()})
}
