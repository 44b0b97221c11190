package idcs_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seatrial/seatrial/sim/idcs"
)

// The bodies of groups, applications, grants, Bulk and the documents that tell of them. In path and body, {user}, {group},
// {app}, {role} and {grant} stand for ids. See TestGolden.
func TestGoldenResources(t *testing.T) {
	const (
		sdk     = "Oracle, OCI SDK, package identitydomains"
		postman = "Oracle, idm-samples, IDCS REST Postman collection"
	)
	for _, tc := range []struct{ name, source, client, method, path, body string }{
		{"group-created", sdk + "; Location from Status Codes", "engine", "POST", groupsPath, groupBody("Stokers", "{user}")},
		{"group", sdk + " (members on request)", "engine", "GET", groupsPath + "/{group}", ""},
		{"group-members", sdk, "engine", "GET", groupsPath + "/{group}?attributes=members", ""},
		{"group-all", sdk + " (attributeSets)", "engine", "GET", groupsPath + "/{group}?attributeSets=all", ""},
		{"group-patched", postman + " (200 with the full resource)", "engine", "PATCH", groupsPath + "/{group}", patch(`{"op":"remove","path":"members[value eq \"{user}\"]"}`)},
		{"group-taken", "status: Oracle, Status Codes; body unverified", "engine", "POST", groupsPath, groupBody("Sailors")},
		{"group-reference", "Oracle, REST API for identity domains, error messages", "engine", "POST", groupsPath, groupBody("Cooks", missingID)},
		{"groups", postman + " (itemsPerPage echoes the page size)", "engine", "GET", groupsPath + "?filter=displayName+eq+%22Sailors%22&attributes=displayName", ""},
		{"user-groups", sdk + " (groups on request)", "engine", "GET", "/admin/v1/Users/{user}?attributes=groups", ""},
		{"app-created", "Oracle, Creating and Activating an OAuth Client App; members as in Updating Refresh Token Expirations", "apps", "POST", appsPath, appBody("Engine three", "")},
		{"app", "Oracle, Updating Refresh Token Expirations, response example", "apps", "GET", appsPath + "/{app}", ""},
		{"app-projected", "Oracle, Updating Refresh Token Expirations: what is returned always comes with what is asked for", "apps", "GET", appsPath + "/{app}?attributes=allowedGrants", ""},
		{"app-role", "Oracle, Working with Apps", "apps", "GET", appRolesPath + "?filter=displayName+eq+%22User+Administrator%22", ""},
		{"grant-created", postman + "; the answer from " + sdk, "apps", "POST", grantsPath, `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:Grant"],"grantee":{"type":"User","value":"{user}"},"app":{"value":"IDCSAppId"},"entitlement":{"attributeName":"appRoles","attributeValue":"{role}"},"grantMechanism":"ADMINISTRATOR_TO_USER"}`},
		{"grant", sdk, "apps", "GET", grantsPath + "/{grant}?attributeSets=all", ""},
		{"bulk", postman + " (201, statuses as strings); response of a failure from RFC 7644", "engine", "POST", bulkPath, bulk(
			operation("PATCH", "/Users/{user}", patchPassword(newPassword)), operation("DELETE", "/Groups/{group}", "", `"bulkId":"a"`),
		)},
		{"schema-grant", sdk + ", types of Schemas", "nobody", "GET", "/admin/v1/Schemas/urn:ietf:params:scim:schemas:oracle:idcs:Grant", ""},
		{"resource-type", "RFC 7643, 6; that Oracle has ResourceTypes: AppRole Permissions", "nobody", "GET", "/admin/v1/ResourceTypes/Group", ""},
		{"service-provider-config", "RFC 7643, 5; content unverified, from Status Codes and Query Parameters", "nobody", "GET", "/admin/v1/ServiceProviderConfig", ""},
		{"openid-configuration", "names: OpenID Connect Discovery; that there is one: Oracle, Using OpenID Connect", "", "GET", "/.well-known/openid-configuration", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDomain(t, withApps)
				app := d.makeApp(t, "Engine two", `,"name":"engine_two"`)
				role := d.role(t, idcs.UserAdministrator)
				granted := d.ask(t, "apps", http.MethodPost, grantsPath, grantBody("App", app.id, "IDCSAppId", role))
				grant, _ := granted.json(t)["id"].(string)
				fill := strings.NewReplacer("{user}", d.user.ID, "{group}", strings.TrimPrefix(d.makeGroup(t, "Sailors", d.user.ID), groupsPath+"/"),
					"{app}", app.id, "{role}", role, "{grant}", grant)
				path, body := fill.Replace(tc.path), fill.Replace(tc.body)
				g := golden{Source: tc.source, Request: tc.method + " " + path, Sent: json.RawMessage(body)}
				g.took(d.ask(t, tc.client, tc.method, path, body))
				compareGolden(t, tc.name, g)
			})
		})
	}
}
