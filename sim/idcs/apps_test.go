package idcs_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	appsPath     = "/admin/v1/Apps"
	grantsPath   = "/admin/v1/Grants"
	appRolesPath = "/admin/v1/AppRoles"
	appURN       = "urn:ietf:params:scim:schemas:oracle:idcs:App"
	tokenForm    = "grant_type=client_credentials&scope=urn:opc:idm:__myscopes__"
)

// withApps adds a client for each role that opens something of applications.
func withApps(c *idcs.Config) {
	for id, role := range map[string]string{
		"apps": idcs.ApplicationAdministrator, "cloudgate": idcs.CloudGate, "audit": idcs.AuditAdministrator, "kerberos": idcs.KerberosAdministrator,
	} {
		c.Clients = append(c.Clients, oauth.Client{ID: id, Secret: secret.New("secret of " + id), Roles: []string{role}, Active: true})
	}
}

func appBody(name, more string) string {
	return `{"schemas":["` + appURN + `"],"displayName":` + quoted(name) + `,"basedOnTemplate":{"value":"CustomWebAppTemplateId"},"isOAuthClient":true,` +
		`"clientType":"confidential","allowedGrants":["client_credentials"],"active":true` + more + `}`
}

// application is one that a test has made.
type application struct{ id, name, secret string }

func (d *domain) makeApp(tb testing.TB, name, more string) application {
	tb.Helper()
	a := d.ask(tb, "apps", http.MethodPost, appsPath, appBody(name, more))
	require.Equal(tb, http.StatusCreated, a.status, "%s", a.body)
	m := a.json(tb)
	text := func(key string) string { s, _ := m[key].(string); return s }
	return application{text("id"), text("name"), text("clientSecret")}
}

// tokenOf asks for a token with a secret.
func (d *domain) tokenOf(tb testing.TB, client, clientSecret string) answer {
	tb.Helper()
	return d.form(tb, tokenPath, "", tokenForm+"&client_id="+url.QueryEscape(client)+"&client_secret="+url.QueryEscape(clientSecret))
}

func (d *domain) role(tb testing.TB, name string) string {
	tb.Helper()
	found := resources(tb, d.ask(tb, "apps", http.MethodGet, appRolesPath+"?attributes=id&filter="+url.QueryEscape(`displayName eq "`+name+`"`), ""))
	require.Len(tb, found, 1)
	return listed(found, "id")[0]
}

func grantBody(granteeType, grantee, app, role string) string {
	return `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:Grant"],"grantee":{"type":"` + granteeType + `","value":"` + grantee + `"},"app":{"value":"` + app +
		`"},"entitlement":{"attributeName":"appRoles","attributeValue":"` + role + `"},"grantMechanism":"ADMINISTRATOR_TO_` + strings.ToUpper(granteeType) + `"}`
}

// From nothing to a client that changes a password, through the API alone.
func TestApplicationBecomesClient(t *testing.T) {
	d := newDomain(t, withApps)
	app := d.makeApp(t, "Engine two", "")
	require.NotEmpty(t, app.secret)
	a := d.tokenOf(t, app.name, app.secret)
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	d.tokens["two"], _ = a.json(t)["access_token"].(string)
	assert.Equal(t, http.StatusForbidden, d.ask(t, "two", http.MethodPatch, d.path(), patchPassword(newPassword)).status)

	granted := d.ask(t, "apps", http.MethodPost, grantsPath, grantBody("App", app.id, "IDCSAppId", d.role(t, idcs.UserAdministrator)))
	require.Equal(t, http.StatusCreated, granted.status, "%s", granted.body)
	assert.Equal(t, http.StatusForbidden, d.ask(t, "two", http.MethodPatch, d.path(), patchPassword(newPassword)).status, "a token keeps its roles")
	d.tokens["two"], _ = d.tokenOf(t, app.name, app.secret).json(t)["access_token"].(string)
	require.Equal(t, http.StatusOK, d.ask(t, "two", http.MethodPatch, d.path(), patchPassword(newPassword)).status)
	shown := d.ask(t, "apps", http.MethodGet, appsPath+"/"+app.id, "").json(t)
	assert.Equal(t, []string{idcs.UserAdministrator}, listed(shown["grantedAppRoles"], "display"))
	user := d.ask(t, "engine", http.MethodGet, d.path(), "").json(t)
	by, _ := user["idcsLastModifiedBy"].(map[string]any)
	assert.Equal(t, app.id, by["value"])

	require.Equal(t, http.StatusNoContent, d.ask(t, "apps", http.MethodDelete, strings.TrimPrefix(granted.header.Get("Location"), "https://"+d.Host()), "").status)
	d.tokens["two"], _ = d.tokenOf(t, app.name, app.secret).json(t)["access_token"].(string)
	assert.Equal(t, http.StatusForbidden, d.ask(t, "two", http.MethodPatch, d.path(), patchPassword("Another-Tide-2026")).status)

	off := `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"],"active":false}`
	require.Equal(t, http.StatusOK, d.ask(t, "apps", http.MethodPut, "/admin/v1/AppStatusChanger/"+app.id, off).status)
	assert.Equal(t, http.StatusUnauthorized, d.tokenOf(t, app.name, app.secret).status)
	assert.Equal(t, http.StatusUnauthorized, d.ask(t, "two", http.MethodGet, appsPath, "").status, "its tokens end with it")
	require.Equal(t, http.StatusOK, d.ask(t, "apps", http.MethodPatch, appsPath+"/"+app.id, patch(`{"op":"replace","path":"active","value":true}`)).status)
	assert.Equal(t, http.StatusOK, d.tokenOf(t, app.name, app.secret).status)

	assert.Equal(t, "error.seatrial.appStillActive", d.ask(t, "apps", http.MethodDelete, appsPath+"/"+app.id, "").messageID(t))
	require.Equal(t, http.StatusOK, d.ask(t, "apps", http.MethodPut, "/admin/v1/AppStatusChanger/"+app.id, off).status)
	require.Equal(t, http.StatusNoContent, d.ask(t, "apps", http.MethodDelete, appsPath+"/"+app.id, "").status)
	assert.Equal(t, http.StatusUnauthorized, d.tokenOf(t, app.name, app.secret).status)
	assert.Equal(t, http.StatusNotFound, d.ask(t, "apps", http.MethodGet, appsPath+"/"+app.id, "").status)
	d.leaks(t, app.secret)
}

func TestClientSecretRegenerator(t *testing.T) {
	d := newDomain(t, withApps)
	app := d.makeApp(t, "Rotating", "")
	body := func(id string) string {
		return `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"],"appId":"` + id + `"}`
	}
	const path = "/admin/v1/AppClientSecretRegenerator"
	assert.Equal(t, http.StatusForbidden, d.ask(t, "helpdesk", http.MethodPost, path, body(app.id)).status)
	a := d.ask(t, "apps", http.MethodPost, path, body(app.id))
	require.Equal(t, http.StatusCreated, a.status, "%s", a.body)
	next, _ := a.json(t)["clientSecret"].(string)
	assert.NotEqual(t, app.secret, next)
	assert.Equal(t, http.StatusUnauthorized, d.tokenOf(t, app.name, app.secret).status, "there is one secret only")
	got := d.tokenOf(t, app.name, next)
	require.Equal(t, http.StatusOK, got.status)
	d.tokens["itself"], _ = got.json(t)["access_token"].(string)
	a = d.ask(t, "itself", http.MethodPost, path, body(app.id))
	require.Equal(t, http.StatusCreated, a.status, "a client may renew its own")
	last, _ := a.json(t)["clientSecret"].(string)
	assert.Equal(t, "error.common.validation.invalidReferenceResource", d.ask(t, "apps", http.MethodPost, path, body(missingID)).messageID(t))
	assert.Equal(t, "error.common.validation.missingReqAttributes", d.ask(t, "apps", http.MethodPost, path, body("")).messageID(t))
	assert.Equal(t, "error.seatrial.builtIn", d.ask(t, "apps", http.MethodPost, path, body("IDCSAppId")).messageID(t))
	d.leaks(t, app.secret, next, last)
}

func TestAppsAreRefused(t *testing.T) {
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		messageID                string
	}{
		{"no display name", "POST", appsPath, `{"schemas":["` + appURN + `"],"basedOnTemplate":{"value":"CustomWebAppTemplateId"}}`, 400, "error.common.validation.missingReqAttributes"},
		{"no template", "POST", appsPath, `{"schemas":["` + appURN + `"],"displayName":"x"}`, 400, "error.common.validation.missingReqAttributes"},
		{"an empty template", "POST", appsPath, `{"schemas":["` + appURN + `"],"displayName":"x","basedOnTemplate":{}}`, 400, "error.common.validation.missingReqAttributes"},
		{"an unknown template", "POST", appsPath, `{"schemas":["` + appURN + `"],"displayName":"x","basedOnTemplate":{"value":"y"}}`, 400, "error.common.validation.invalidReferenceResource"},
		{"a client of no type", "POST", appsPath, `{"schemas":["` + appURN + `"],"displayName":"x","basedOnTemplate":{"value":"CustomWebAppTemplateId"},"isOAuthClient":true}`, 400, "error.common.validation.missingReqAttributes"},
		{"a type that there is not", "POST", appsPath, strings.Replace(appBody("x", ""), "confidential", "secretive", 1), 400, "error.seatrial.invalidValue"},
		{"a name of other characters", "POST", appsPath, appBody("x", `,"name":"a b"`), 400, "error.seatrial.invalidValue"},
		{"a name that is taken", "POST", appsPath, appBody("x", `,"name":"engine"`), 409, "error.seatrial.nameTaken"},
		{"a display name that is taken", "POST", appsPath, appBody("the ENGINE", ""), 409, "error.seatrial.nameTaken"},
		{"the domain's own", "PATCH", appsPath + "/IDCSAppId", patch(`{"op":"replace","path":"active","value":false}`), 400, "error.seatrial.builtIn"},
		{"nobody's", "PATCH", appsPath + "/" + missingID, patch(`{"op":"replace","path":"active","value":false}`), 404, "error.seatrial.notFound"},
		{"the secret", "PATCH", appsPath + "/{app}", patch(`{"op":"replace","path":"clientSecret","value":"of-my-own-choice"}`), 400, "error.seatrial.readOnlyAttribute"},
		{"the name", "PATCH", appsPath + "/{app}", patch(`{"op":"replace","path":"name","value":"another"}`), 400, "error.seatrial.readOnlyAttribute"},
		{"a search by secret", "GET", appsPath + "?filter=" + url.QueryEscape(`clientSecret eq "x"`), "", 400, "error.seatrial.invalidFilter"},
		{"a status of nothing", "PUT", "/admin/v1/AppStatusChanger/{app}", `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"]}`, 400, "error.common.validation.missingReqAttributes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t, withApps)
			app := d.makeApp(t, "Engine two", "")
			a := d.ask(t, "apps", tc.method, strings.Replace(tc.path, "{app}", app.id, 1), tc.body)
			require.Equal(t, tc.status, a.status, "%s", a.body)
			assert.Equal(t, tc.messageID, a.messageID(t))
			d.leaks(t, "of-my-own-choice")
		})
	}
}

// Who gets a token: an active, confidential client with the grant type.
func TestWhichAppsAreClients(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		set        map[string]string
		status     int
		code       string
	}{
		{name: "active", body: appBody("x", `,"name":"x"`), status: 200},
		{name: "trusted", body: strings.Replace(appBody("x", `,"name":"x"`), "confidential", "trusted", 1), status: 200},
		{name: "inactive", body: strings.Replace(appBody("x", `,"name":"x"`), `"active":true`, `"active":false`, 1), status: 401, code: "invalid_client"},
		{name: "not said", body: strings.Replace(appBody("x", `,"name":"x"`), `,"active":true`, ``, 1), status: 401, code: "invalid_client"},
		{name: "not said, active by the switch", body: strings.Replace(appBody("x", `,"name":"x"`), `,"active":true`, ``, 1), set: map[string]string{"newApp": "active"}, status: 200},
		{name: "public", body: strings.Replace(appBody("x", `,"name":"x"`), "confidential", "public", 1), status: 401, code: "invalid_client"},
		{name: "no client", body: strings.Replace(appBody("x", `,"name":"x"`), `"isOAuthClient":true`, `"isOAuthClient":false`, 1), status: 401, code: "invalid_client"},
		{name: "another grant type", body: strings.Replace(appBody("x", `,"name":"x"`), `["client_credentials"]`, `["authorization_code"]`, 1), status: 400, code: "unauthorized_client"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t, withApps)
			for name, value := range tc.set {
				d.set(t, name, value)
			}
			a := d.ask(t, "apps", http.MethodPost, appsPath, tc.body)
			require.Equal(t, http.StatusCreated, a.status, "%s", a.body)
			clientSecret, _ := a.json(t)["clientSecret"].(string)
			if clientSecret == "" {
				clientSecret = "none"
			}
			got := d.tokenOf(t, "x", clientSecret)
			assert.Equal(t, tc.status, got.status, "%s", got.body)
			if tc.code != "" {
				assert.Equal(t, tc.code, got.json(t)["error"])
			}
		})
	}
}

func TestConfiguredClientsAreApps(t *testing.T) {
	d := newDomain(t, withApps)
	found := resources(t, d.ask(t, "apps", http.MethodGet, appsPath+"?attributes=name,clientSecret&filter="+url.QueryEscape(`name eq "helpdesk"`), ""))
	require.Len(t, found, 1)
	app, _ := found[0].(map[string]any)
	assert.Equal(t, "secret of helpdesk", app["clientSecret"])
	id, _ := app["id"].(string)
	d.set(t, "clientSecretShown", "create")
	read := d.ask(t, "apps", http.MethodGet, appsPath+"/"+id, "")
	assert.NotContains(t, read.json(t), "clientSecret")
	assert.Equal(t, http.StatusOK, d.ask(t, "apps", http.MethodPut, appsPath+"/"+id, string(read.body)).status, "what was read can be sent back")
	a := d.ask(t, "apps", http.MethodGet, grantsPath+"?filter="+url.QueryEscape(`grantee.value eq "`+id+`"`), "")
	grants := resources(t, a)
	require.Len(t, grants, 1)
	grant, _ := grants[0].(map[string]any)
	assert.Equal(t, http.StatusOK, d.ask(t, "apps", http.MethodGet, grantsPath+"/"+grant["id"].(string), "").status)
	require.Equal(t, http.StatusNoContent, d.ask(t, "apps", http.MethodDelete, grantsPath+"/"+grant["id"].(string), "").status)
	assert.Equal(t, http.StatusForbidden, d.ask(t, "helpdesk", http.MethodGet, d.path(), "").status)
	assert.Equal(t, http.StatusUnauthorized, d.ask(t, "cloudgate", http.MethodGet, appsPath, "", "Authorization", "Bearer x").status)

	// Reset brings the client back as it was, with its role, and forgets what came through the API.
	made := d.makeApp(t, "Engine two", "")
	nobody := listed(resources(t, d.ask(t, "apps", http.MethodGet, appsPath+"?filter=name+eq+%22nobody%22", "")), "id")[0]
	require.Equal(t, http.StatusCreated, d.ask(t, "apps", http.MethodPost, grantsPath, grantBody("App", nobody, "IDCSAppId", d.role(t, idcs.UserAdministrator))).status)
	require.Equal(t, http.StatusCreated, d.ask(t, "apps", http.MethodPost, grantsPath, grantBody("User", d.user.ID, "IDCSAppId", d.role(t, idcs.UserAdministrator))).status)
	require.Equal(t, http.StatusOK, d.ask(t, "nobody", http.MethodGet, d.path(), "").status)
	d.Reset()
	d.tokens = map[string]string{}
	d.user = d.add(t, "bjensen")
	assert.Equal(t, http.StatusForbidden, d.ask(t, "nobody", http.MethodGet, d.path(), "").status)
	assert.Empty(t, resources(t, d.ask(t, "apps", http.MethodGet, grantsPath+"?filter="+url.QueryEscape(`grantee.type ne "App"`), "")))
	assert.Equal(t, http.StatusOK, d.ask(t, "helpdesk", http.MethodGet, d.path(), "").status)
	assert.Equal(t, http.StatusUnauthorized, d.tokenOf(t, made.name, made.secret).status)
	assert.Equal(t, http.StatusNotFound, d.ask(t, "apps", http.MethodGet, appsPath+"/"+made.id, "").status)
	d.leaks(t, "secret of helpdesk", made.secret)

	// What the control plane registers after that is not undone by another Reset.
	require.NoError(t, d.Issuer().Register(oauth.Client{ID: "nobody", Secret: secret.New("another"), Active: true}))
	d.Reset()
	assert.Equal(t, http.StatusOK, d.tokenOf(t, "nobody", "another").status)
}

// Oracle, AppRole Permissions.
func TestRolesOfApps(t *testing.T) {
	for name, tc := range map[string]struct{ method, path, body, may string }{
		"search apps":   {"GET", appsPath, "", "admin apps security engine cloudgate"},
		".search apps":  {"POST", appsPath + "/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`, "admin apps security engine cloudgate"},
		"read an app":   {"GET", appsPath + "/{app}", "", "admin apps security engine cloudgate manager helpdesk"},
		"create an app": {"POST", appsPath, appBody("new", ""), "admin apps security"},
		"patch an app":  {"PATCH", appsPath + "/{app}", patch(`{"op":"replace","path":"description","value":"x"}`), "admin apps security"},
		"activate":      {"PUT", "/admin/v1/AppStatusChanger/{app}", `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"],"active":true}`, "admin apps"},
		"app roles":     {"GET", appRolesPath, "", "admin apps engine"},
		"grants":        {"GET", grantsPath, "", "admin apps engine"},
		"grant":         {"POST", grantsPath, grantBody("App", "{app}", "IDCSAppId", "{role}"), "admin apps engine"},
		"schemas":       {"GET", "/admin/v1/Schemas", "", "admin apps security engine cloudgate manager helpdesk audit kerberos changer login nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDomain(t, withApps)
			d.set(t, "deleteActiveApp", "remove")
			for _, client := range []string{"admin", "apps", "security", "engine", "cloudgate", "manager", "helpdesk", "audit", "kerberos", "changer", "login", "nobody"} {
				app := d.makeApp(t, "For "+client, "")
				fill := strings.NewReplacer("{app}", app.id, "{role}", d.role(t, idcs.UserManager))
				a := d.ask(t, client, tc.method, fill.Replace(tc.path), strings.Replace(fill.Replace(tc.body), `"new"`, quoted("new for "+client), 1))
				may := strings.Contains(" "+tc.may+" ", " "+client+" ")
				assert.Equal(t, !may, a.status == http.StatusForbidden, "%s %d %s", client, a.status, a.body)
				assert.True(t, !may || a.status < 300, "%s %d %s", client, a.status, a.body)
			}
		})
	}
}
