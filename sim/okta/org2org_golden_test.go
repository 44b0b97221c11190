package okta_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// The bodies of applications, identity providers and provisioning. Run with -update to write them anew, and read the difference.
func TestGoldenOrg2Org(t *testing.T) {
	const (
		get, post, put = http.MethodGet, http.MethodPost, http.MethodPut
		openAPI        = "Okta, OpenAPI, "
		seed           = "Okta, Org2Org app assignment with initial provisioning"
	)
	assigned := func(t *testing.T, p *pair) { t.Helper(); p.assign(t, "active_with_pass") }
	federated := func(t *testing.T, p *pair) { t.Helper(); p.broken(t) }
	for _, tc := range []struct {
		name, source, org, method, path, body string
		before                                func(*testing.T, *pair)
	}{
		{name: "app", source: openAPI + "Org2OrgApplication; the members that are not described there as other applications have them", method: get, path: "{app}"},
		{name: "app-created", source: openAPI + "createApplication", method: post, path: appsPath, body: org2orgApp},
		{name: "app-user-assigned", source: openAPI + "AppUserProvResponse, AppUserStatus", method: post, path: "{app}/users", body: `{"id":"{user}","scope":"USER","profile":{"initialStatus":"active_with_pass"}}`},
		{name: "app-user", source: openAPI + "AppUserProvResponse", method: get, path: "{app}/users/{user}", before: assigned},
		{name: "app-user-failed", source: seed + "; " + openAPI + "AppUserSyncState", method: get, path: "{app}/users/{user}", before: federated},
		{name: "app-user-not-found", source: "code: Okta, error codes; (AppUser) unverified", method: get, path: "{app}/users/nobody"},
		{name: "app-links", source: openAPI + "ListAppLinks", method: get, path: usersPath + "/{user}/appLinks", before: assigned},
		{name: "feature", source: openAPI + "AppFeatureResponseEx", method: put, path: "{app}/features/USER_PROVISIONING", body: allOn},
		{name: "feature-without-connection", source: openAPI + "ErrorAppFeatureAPIValidationFailed", method: get, path: "{app}/features", before: func(t *testing.T, p *pair) {
			t.Helper()
			p.spoke.ok(t, post, p.appPath()+"/connections/default/lifecycle/deactivate", "")
		}},
		{name: "connection-token", source: openAPI + "ProvisioningConnectionTokenResponseWithProfileOrg2OrgEx", method: get, path: "{app}/connections/default"},
		{name: "connection-oauth", source: openAPI + "ProvisioningConnectionOAuthOrg2OrgWithRotationResponseEx", method: post, path: "{app}/connections/default?activate=true", body: `{"profile":{"authScheme":"OAUTH2","clientId":"0oaspoke","signing":{"rotationMode":"AUTO"}}}`},
		{name: "idp", source: openAPI + "SamlIdPResponse", org: "hub", method: get, path: idpsPath + "/{idp}"},
		{name: "idp-just-in-time-off", source: openAPI + "replaceIdentityProvider", org: "hub", method: put, path: idpsPath + "/{idp}", body: idpBody("DISABLED", false)},
		{name: "idp-user", source: openAPI + "IdentityProviderApplicationUser", org: "hub", method: get, path: idpsPath + "/{idp}/users", before: federated},
		{name: "idp-user-linked", source: openAPI + "LinkIdPAppUserResponse", org: "hub", method: post, path: idpsPath + "/{idp}/users/{isaac}", body: `{"externalId":"121749775026145"}`},
		{name: "idp-user-unlinked", source: openAPI + "unlinkUserFromIdentityProvider", org: "hub", method: http.MethodDelete, path: idpsPath + "/{idp}/users/{there}", before: federated},
		{name: "log-push", source: "Okta, Event types; " + openAPI + "LogEvent; types of targets unverified", method: get, path: logsPath + `?filter=eventType+eq+"application.provision.user.push"`, before: assigned},
		{name: "log-push-failed", source: seed + "; Okta, Event types", method: get, path: logsPath + `?filter=outcome.result+eq+"FAILURE"`, before: federated},
		{name: "log-task", source: "Okta, Event types; the targets are unverified", method: get, path: logsPath + `?filter=eventType+eq+"task.lifecycle.create"`, before: federated},
		{name: "log-just-in-time", source: "Okta, Event types; the targets are unverified", org: "hub", method: get, path: logsPath + `?filter=eventType+eq+"user.authentication.auth_via_IDP"`, before: federated},
		{name: "log-hub-refused", source: "Okta, Event types; that a refused password is logged is a switch", org: "hub", method: get, path: logsPath + `?filter=eventType+eq+"user.account.update_password"&limit=1`, before: federated},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t)
				if tc.before != nil {
					tc.before(t, p)
				}
				o, names := p.spoke, []string{"{app}", p.appPath(), "{user}", p.user.ID, "{idp}", p.idp, "{isaac}", p.hub.user.ID}
				if tc.org == "hub" {
					o = p.hub
				}
				if strings.Contains(tc.path, "{there}") {
					id, _ := p.there(t)["id"].(string)
					names = append(names, "{there}", id)
				}
				replace := strings.NewReplacer(names...)
				path, body := replace.Replace(tc.path), replace.Replace(tc.body)
				a := o.ask(t, "admin", tc.method, path, body)
				p.settle(t)
				a.header.Del("Content-Length")
				compareGolden(t, "org2org-"+tc.name, golden{
					Source: tc.source, Request: tc.method + " " + path, Sent: json.RawMessage(body), Status: a.status, Headers: a.header, Body: a.body,
				})
			})
		})
	}
}
