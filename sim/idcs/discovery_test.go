package idcs_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What Schemas tells is what a client meets: an attribute that is readOnly is refused, one that is returned on request is not
// there unasked, one that nobody knows is refused.
func TestSchemasTellTheTruth(t *testing.T) {
	d := newDomain(t, withApps)
	group := d.makeGroup(t, "Sailors", d.user.ID)
	for urn, path := range map[string]string{
		"urn:ietf:params:scim:schemas:core:2.0:User": d.path(), groupURN: group,
	} {
		document := d.ask(t, "nobody", http.MethodGet, "/admin/v1/Schemas/"+urn, "").json(t)
		attributes, _ := document["attributes"].([]any)
		require.NotEmpty(t, attributes)
		plain := d.ask(t, "engine", http.MethodGet, path, "").json(t)
		all := d.ask(t, "engine", http.MethodGet, path+"?attributeSets=all", "").json(t)
		for _, item := range attributes {
			a, _ := item.(map[string]any)
			name, _ := a["name"].(string)
			switch a["returned"] {
			case "always":
				if all[name] != nil {
					assert.Contains(t, d.ask(t, "engine", http.MethodGet, path+"?attributes=id", "").json(t), name)
				}
			case "request":
				assert.NotContains(t, plain, name)
			case "never":
				assert.NotContains(t, all, name)
			}
			if a["mutability"] == "readOnly" {
				refused := d.ask(t, "engine", http.MethodPatch, path, patch(`{"op":"add","path":"`+name+`","value":"x"}`))
				assert.Equal(t, http.StatusBadRequest, refused.status, name)
			}
		}
		for name := range all {
			if !strings.HasPrefix(name, "urn:") {
				assert.Contains(t, listed(attributes, "name"), name)
			}
		}
	}
}

func TestDiscovery(t *testing.T) {
	d := newDomain(t, withApps)
	types := resources(t, d.ask(t, "nobody", http.MethodGet, "/admin/v1/ResourceTypes", ""))
	assert.Equal(t, []string{"User", "Group", "App", "AppRole", "Grant", "PasswordPolicy"}, listed(types, "name"))
	schemas := listed(resources(t, d.ask(t, "nobody", http.MethodGet, "/admin/v1/Schemas?count=1000", "")), "id")
	for i, item := range types {
		kind, _ := item.(map[string]any)
		urn, _ := kind["schema"].(string)
		assert.Contains(t, schemas, urn)
		for _, extension := range listed(kind["schemaExtensions"], "schema") {
			assert.Contains(t, schemas, extension)
		}
		endpoint, _ := kind["endpoint"].(string)
		a := d.ask(t, "admin", http.MethodGet, "/admin/v1"+endpoint+"?count=1", "")
		assert.Equal(t, http.StatusOK, a.status, "%d: %s", i, endpoint)
		name, _ := kind["name"].(string)
		assert.Equal(t, urn, d.ask(t, "nobody", http.MethodGet, "/admin/v1/ResourceTypes/"+name, "").json(t)["schema"])
	}
	seen := map[string]bool{}
	for _, id := range schemas {
		assert.False(t, seen[id], "%s is there once", id)
		seen[id] = true
	}
	assert.Equal(t, http.StatusNotFound, d.ask(t, "nobody", http.MethodGet, "/admin/v1/Schemas/urn:x", "").status)
	assert.Equal(t, http.StatusUnauthorized, d.ask(t, "", http.MethodGet, "/admin/v1/Schemas", "").status)
	a := d.ask(t, "nobody", http.MethodPost, "/admin/v1/Schemas/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"name eq \"Group\""}`)
	assert.Contains(t, listed(resources(t, a), "id"), groupURN)

	d.set(t, "bulkLimit", "1000")
	config := d.ask(t, "nobody", http.MethodGet, "/admin/v1/ServiceProviderConfig", "").json(t)
	limits, _ := config["bulk"].(map[string]any)
	assert.InDelta(t, 1000, limits["maxOperations"], 0)
}

func TestWellKnownDocuments(t *testing.T) {
	d := newDomain(t)
	document := d.ask(t, "", http.MethodGet, "/.well-known/openid-configuration", "").json(t)
	wrapped := d.ask(t, "", http.MethodGet, "/.well-known/idcs-configuration", "").json(t)
	assert.Equal(t, document, wrapped["openid-configuration"])
	base := "https://" + d.Host()
	assert.Equal(t, base+"/oauth2/v1/token", document["token_endpoint"])
	for _, key := range []string{"token_endpoint", "introspect_endpoint", "revocation_endpoint", "jwks_uri"} {
		address, _ := document[key].(string)
		a := d.ask(t, "engine", http.MethodOptions, strings.TrimPrefix(address, base), "")
		assert.Equal(t, http.StatusOK, a.status, key)
	}
	_, claims, _ := strings.Cut(d.token(t, "engine"), ".")
	payload, err := base64.RawURLEncoding.DecodeString(strings.SplitN(claims, ".", 2)[0])
	require.NoError(t, err)
	var token map[string]any
	require.NoError(t, json.Unmarshal(payload, &token))
	assert.Equal(t, token["iss"], document["issuer"])
	scopes, _ := token["scope"].(string)
	for scope := range strings.FieldsSeq(scopes) {
		if scope != "urn:opc:idm:t.security.client" {
			assert.Contains(t, document["scopes_supported"], scope)
		}
	}
}
