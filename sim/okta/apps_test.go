package okta_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestApplications(t *testing.T) {
	o := newOrg(t)
	bookmark := o.id(t, appsPath, `{"name":"bookmark","label":"Tides","signOnMode":"BOOKMARK","settings":{"app":{"url":"https://tides.example.com"}}}`)
	app := o.id(t, appsPath+"?activate=false", org2orgApp)
	path := appsPath + "/" + app
	a := o.ok(t, http.MethodGet, path, "").json(t)
	assert.Regexp(t, `^0oa.{17}$`, app)
	assert.Equal(t, "INACTIVE", a["status"])
	assert.Equal(t, "SAML_2_0", a["signOnMode"])
	assert.Equal(t, "https://hub.okta.com", a["settings"].(map[string]any)["app"].(map[string]any)["baseUrl"])
	assert.JSONEq(t, `{}`, string(o.ok(t, http.MethodPost, path+"/lifecycle/activate", "").body))
	assert.Equal(t, "ACTIVE", o.ok(t, http.MethodGet, path, "").json(t)["status"])

	assert.Len(t, o.ok(t, http.MethodGet, appsPath, "").list(t), 2)
	assert.Len(t, o.ok(t, http.MethodGet, appsPath+"?q=ti", "").list(t), 1)
	page := o.ok(t, http.MethodGet, appsPath+"?limit=1", "")
	assert.Equal(t, bookmark, page.list(t)[0]["id"])
	assert.Contains(t, page.header["Link"][1], "after="+bookmark+"&limit=1>; rel=\"next\"")
	assert.Equal(t, app, o.ok(t, http.MethodGet, appsPath+"?limit=1&after="+bookmark, "").list(t)[0]["id"])

	renamed := o.ok(t, http.MethodPut, path, `{"name":"okta_org2org","label":"Other","settings":{"app":{"baseUrl":"https://other.okta.com","token":"token-of-x"}}}`)
	assert.Equal(t, "Other", renamed.json(t)["label"])
	assert.NotContains(t, string(renamed.body), "token-of-x")
	o.leaks(t, "token-of-x")

	t.Run("E0000056 active applications are not deleted", func(t *testing.T) {
		o.ask(t, "admin", http.MethodDelete, path, "").refused(t, 403, "E0000056", "Delete application forbidden.")
	})
	o.ok(t, http.MethodPost, path+"/lifecycle/deactivate", "")
	o.ok(t, http.MethodDelete, path, "")
	o.ask(t, "admin", http.MethodGet, path, "").refused(t, 404, "E0000007", "Not found: Resource not found: "+app+" (AppInstance)")

	for name, tc := range map[string]struct{ body, code, cause string }{
		"no label":        {`{"name":"okta_org2org","settings":{"app":{"baseUrl":"https://h"}}}`, "E0000001", "label: The field cannot be left blank"},
		"no address":      {`{"name":"okta_org2org","label":"x"}`, "E0000001", "settings.app.baseUrl: must be an address that begins with https"},
		"not https":       {`{"name":"okta_org2org","label":"x","settings":{"app":{"baseUrl":"http://h"}}}`, "E0000001", "settings.app.baseUrl: must be an address that begins with https"},
		"unknown setting": {`{"name":"okta_org2org","label":"x","settings":{"app":{"baseUrl":"https://h","x":1}}}`, "E0000001", "settings.app: Property name 'x' is not defined"},
		"another mode":    {`{"name":"okta_org2org","label":"x","signOnMode":"OPENID_CONNECT","settings":{"app":{"baseUrl":"https://h"}}}`, "E0000001", "signOnMode: must be one of SAML_2_0, AUTO_LOGIN"},
		"another app":     {`{"name":"salesforce","label":"x"}`, "E0000060", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := o.ask(t, "admin", http.MethodPost, appsPath, tc.body).json(t)
			assert.Equal(t, tc.code, a["errorCode"])
			if tc.cause != "" {
				assert.Equal(t, []any{map[string]any{"errorSummary": tc.cause}}, a["errorCauses"])
			}
		})
	}
	t.Run("rights", func(t *testing.T) {
		assert.Equal(t, 200, o.ask(t, "auditor", http.MethodGet, appsPath, "").status)
		o.ask(t, "auditor", http.MethodPost, appsPath, org2orgApp).refused(t, 403, "E0000006", "")
		o.ask(t, "users", http.MethodGet, idpsPath, "").refused(t, 403, "E0000006", "")
	})
}

func TestUsersOfAnApplicationThatDoesNotProvision(t *testing.T) {
	o := newOrg(t)
	path := appsPath + "/" + o.id(t, appsPath, org2orgApp)
	users := path + "/users"
	a := o.ok(t, http.MethodPost, users, `{"id":"`+o.user.ID+`"}`).json(t)
	assert.Equal(t, [2]any{"ACTIVE", "DISABLED"}, [2]any{a["status"], a["syncState"]})
	assert.Equal(t, map[string]any{"userName": login}, a["credentials"])
	assert.Nil(t, a["externalId"])
	assert.Empty(t, o.Tasks())

	second := o.add(t, "sam@example.com")
	a = o.ok(t, http.MethodPost, users, `{"id":"`+second.ID+`","credentials":{"userName":"other@example.com"}}`).json(t)
	assert.Equal(t, map[string]any{"userName": "other@example.com"}, a["credentials"])
	assert.Len(t, o.ok(t, http.MethodGet, users, "").list(t), 2)
	assert.Len(t, o.ok(t, http.MethodGet, users+"?limit=1", "").header["Link"], 2)
	assert.Equal(t, second.ID, o.ok(t, http.MethodGet, users+"?after="+o.user.ID, "").list(t)[0]["id"])
	links := o.ok(t, http.MethodGet, usersPath+"/"+second.ID+"/appLinks", "").list(t)
	require.Len(t, links, 1)
	assert.Equal(t, "okta_org2org", links[0]["appName"])

	t.Run("E0000041 a password", func(t *testing.T) {
		o.ask(t, "admin", http.MethodPost, users+"/"+second.ID, `{"credentials":{"password":{"value":"`+newPassword+`"}}}`).
			refused(t, 400, "E0000041", "Credentials should not be set on this resource based on the scheme.", "User level credentials should not be provided for this scheme.")
		o.leaks(t, newPassword)
	})
	o.ask(t, "admin", http.MethodPost, users, `{"id":"`+second.ID+`","profile":{"x":1}}`).
		refused(t, 400, "E0000001", "Api validation failed: profile", "profile: Property name 'x' is not defined in profile")
	o.ask(t, "admin", http.MethodPost, users, `{"id":"nobody"}`).refused(t, 404, "E0000007", "Not found: Resource not found: nobody (User)")
	o.ask(t, "admin", http.MethodPost, users, `{"id":"`+second.ID+`","scope":"GROUP"}`).refused(t, 400, "E0000001", "Api validation failed: scope", "scope: this simulator assigns applications to users, not by groups")
	o.ok(t, http.MethodDelete, users+"/"+second.ID, "")
	o.ask(t, "admin", http.MethodGet, users+"/"+second.ID, "").refused(t, 404, "E0000007", "Not found: Resource not found: "+second.ID+" (AppUser)")
	o.ask(t, "admin", http.MethodDelete, users+"/"+second.ID, "").refused(t, 404, "E0000007", "")
	o.ok(t, http.MethodDelete, usersPath+"/"+second.ID, "")
	o.ask(t, "admin", http.MethodPost, users, `{"id":"`+second.ID+`"}`).refused(t, 403, "E0000038", "")

	t.Run("who is deleted has no applications", func(t *testing.T) {
		o.ok(t, http.MethodDelete, o.path(), "")
		o.ok(t, http.MethodDelete, o.path(), "")
		assert.Empty(t, o.ok(t, http.MethodGet, users, "").list(t))
	})
}

func TestMappedAttributesAreTheUsers(t *testing.T) {
	t.Run("E0000075 another value", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPair(t)
			body := func(name string) string { return `{"id":"` + p.user.ID + `","profile":{"firstName":"` + name + `"}}` }
			p.spoke.ask(t, "admin", http.MethodPost, p.appPath()+"/users", body("Other")).
				refused(t, 403, "E0000075", "Cannot modify the firstName attribute because it has a field mapping and profile push is enabled.")
			p.spoke.ok(t, http.MethodPost, p.appPath()+"/users", body("Wren"))
			p.settle(t)
		})
	})
}

func TestFeatures(t *testing.T) {
	o := newOrg(t)
	path := appsPath + "/" + o.id(t, appsPath, org2orgApp)
	feature := path + "/features/USER_PROVISIONING"
	for _, method := range []string{http.MethodGet, http.MethodPut} {
		o.ask(t, "admin", method, feature, "{}").refused(t, 400, "E0000001", "Api validation failed: feature", "Provisioning is not enabled for the app instance.")
	}
	o.ok(t, http.MethodPost, path+"/connections/default?activate=true", byToken)
	f := o.ok(t, http.MethodGet, feature, "").json(t)
	assert.Equal(t, map[string]any{
		"create": map[string]any{"lifecycleCreate": map[string]any{"status": "DISABLED"}},
		"update": map[string]any{
			"profile": map[string]any{"status": "DISABLED"}, "lifecycleDeactivate": map[string]any{"status": "DISABLED"},
			"password": map[string]any{"status": "DISABLED", "seed": "RANDOM", "change": "KEEP_EXISTING"},
		},
	}, f["capabilities"])
	f = o.ok(t, http.MethodPut, feature, `{"update":{"password":{"status":"ENABLED","seed":"OKTA"}}}`).json(t)
	assert.Equal(t, map[string]any{"status": "ENABLED", "seed": "OKTA", "change": "KEEP_EXISTING"}, f["capabilities"].(map[string]any)["update"].(map[string]any)["password"])
	assert.Len(t, o.ok(t, http.MethodGet, path+"/features", "").list(t), 1)
	assert.Equal(t, []any{"PUSH_PASSWORD_UPDATES"}, o.ok(t, http.MethodGet, path, "").json(t)["features"])
	o.ask(t, "admin", http.MethodPut, feature, `{"update":{"password":{"seed":"MINE"}}}`).
		refused(t, 400, "E0000001", "Api validation failed: update.password.seed", "update.password.seed: must be OKTA or RANDOM")
	assert.Equal(t, "OKTA", o.ok(t, http.MethodGet, feature, "").json(t)["capabilities"].(map[string]any)["update"].(map[string]any)["password"].(map[string]any)["seed"])
}

func TestConnections(t *testing.T) {
	o := newOrg(t)
	bookmark := appsPath + "/" + o.id(t, appsPath, `{"name":"bookmark","label":"Tides","settings":{"app":{"url":"https://tides.example.com"}}}`)
	path := appsPath + "/" + o.id(t, appsPath, org2orgApp) + "/connections/default"
	o.ask(t, "admin", http.MethodGet, bookmark+"/connections/default", "").refused(t, 400, "E0000001", "Api validation failed: connection", "Provisioning is not supported for the app instance.")
	c := o.ok(t, http.MethodGet, path, "").json(t)
	assert.Equal(t, [2]any{"UNKNOWN", "DISABLED"}, [2]any{c["authScheme"], c["status"]})
	o.ask(t, "admin", http.MethodPost, path+"/lifecycle/activate", "").refused(t, 400, "E0000001", "Api validation failed: connection", "Provisioning is not supported for the app instance.")
	c = o.ok(t, http.MethodPost, path, byToken).json(t)
	assert.Equal(t, [2]any{"TOKEN", "DISABLED"}, [2]any{c["authScheme"], c["status"]})
	assert.Equal(t, map[string]any{"authScheme": "TOKEN"}, c["profile"], "the token is not shown")
	assert.Equal(t, "https://hub.okta.com", c["baseUrl"])
	o.leaks(t, "token-of-admin")
	assert.Equal(t, 204, o.ok(t, http.MethodPost, path+"/lifecycle/activate", "").status)
	assert.Equal(t, "ENABLED", o.ok(t, http.MethodGet, path, "").json(t)["status"])
	assert.Equal(t, 204, o.ok(t, http.MethodPost, path+"/lifecycle/deactivate", "").status)

	assert.Empty(t, o.ask(t, "", http.MethodGet, path+"/jwks", "").json(t)["jwks"].(map[string]any)["keys"])
	c = o.ok(t, http.MethodPost, path+"?activate=true", `{"profile":{"authScheme":"OAUTH2","clientId":"0oaspoke","signing":{"rotationMode":"MANUAL"}}}`).json(t)
	assert.Equal(t, map[string]any{"authScheme": "OAUTH2", "clientId": "0oaspoke", "signing": map[string]any{"rotationMode": "MANUAL"}}, c["profile"])
	keys := o.ask(t, "", http.MethodGet, path+"/jwks", "").json(t)["jwks"].(map[string]any)["keys"].([]any)
	require.Len(t, keys, 1)
	key := keys[0].(map[string]any)
	assert.Equal(t, [3]any{"RSA", "sig", "AQAB"}, [3]any{key["kty"], key["use"], key["e"]})
	assert.NotContains(t, key, "d")
	o.set(t, "jwksAccess", "token")
	o.ask(t, "", http.MethodGet, path+"/jwks", "").refused(t, 403, "E0000005", "")
	assert.Equal(t, 200, o.ask(t, "auditor", http.MethodGet, path+"/jwks", "").status)
	o.ask(t, "users", http.MethodGet, path+"/jwks", "").refused(t, 403, "E0000006", "")

	for name, tc := range map[string][2]string{
		"no profile":  {`{}`, "profile: The field cannot be left blank"},
		"scheme":      {`{"profile":{"authScheme":"OAUTH"}}`, "profile.authScheme: must be TOKEN or OAUTH2"},
		"no client":   {`{"profile":{"authScheme":"OAUTH2"}}`, "profile.clientId: The field cannot be left blank"},
		"no token":    {`{"profile":{"authScheme":"TOKEN"}}`, "profile.token: The field cannot be left blank"},
		"rotation":    {`{"profile":{"authScheme":"OAUTH2","clientId":"x","signing":{"rotationMode":"NEVER"}}}`, "profile.signing.rotationMode: must be AUTO or MANUAL"},
		"the address": {`{"baseUrl":"ftp://x","profile":{"authScheme":"TOKEN","token":"x"}}`, "baseUrl: must be an address that begins with https"},
	} {
		t.Run(name, func(t *testing.T) {
			a := o.ask(t, "admin", http.MethodPost, path, tc[0])
			assert.Equal(t, 400, a.status)
			assert.Equal(t, []any{map[string]any{"errorSummary": tc[1]}}, a.json(t)["errorCauses"])
		})
	}
}
