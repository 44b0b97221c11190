package idcs_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/idcs"
)

func TestGrantsToPeople(t *testing.T) {
	d := newDomain(t, withApps)
	group := d.makeGroup(t, "Sailors")
	groupID := strings.TrimPrefix(group, groupsPath+"/")
	role := d.role(t, idcs.HelpDeskAdministrator)
	app := d.makeApp(t, "Shop", "")
	toUser := d.ask(t, "engine", http.MethodPost, grantsPath, grantBody("User", d.user.ID, "IDCSAppId", role))
	require.Equal(t, http.StatusCreated, toUser.status, "%s", toUser.body)
	m := toUser.json(t)
	assert.Equal(t, true, m["isFulfilled"])
	assert.NotContains(t, m, "compositeKey")
	grantor, _ := m["grantor"].(map[string]any)
	assert.Equal(t, "App", grantor["type"])
	require.Equal(t, http.StatusCreated, d.ask(t, "engine", http.MethodPost, grantsPath, grantBody("Group", groupID, "IDCSAppId", role)).status)
	a := d.ask(t, "engine", http.MethodPost, grantsPath, `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:Grant"],"grantee":{"type":"Group","value":"`+groupID+
		`"},"app":{"value":"`+app.id+`"},"grantMechanism":"ADMINISTRATOR_TO_GROUP"}`)
	require.Equal(t, http.StatusCreated, a.status, "the application itself: %s", a.body)

	for filter, want := range map[string]int{
		`grantee.value eq "` + d.user.ID + `"`:                                    1,
		`grantee[value eq "` + groupID + `"]`:                                     2,
		`grantee.type eq "Group" and app.value eq "` + app.id + `"`:               1,
		`entitlement.attributeValue eq "` + role + `" and grantee.type ne "App"`:  2,
		`grantMechanism eq "ADMINISTRATOR_TO_USER"`:                               1,
		`grantee.type eq "App" and grantee.value eq "` + app.id + `"`:             0,
		`app.value eq "IDCSAppId" and grantee.type eq "User" and id pr`:           1,
		`urn:ietf:params:scim:schemas:oracle:idcs:Grant:grantee.type eq "Nobody"`: 0,
	} {
		a := d.ask(t, "engine", http.MethodPost, grantsPath+"/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":`+quoted(filter)+`}`)
		assert.Len(t, resources(t, a), want, filter)
	}
	user := d.ask(t, "engine", http.MethodGet, d.path()+"?attributes="+extUser+":appRoles", "").json(t)
	extension, _ := user[extUser].(map[string]any)
	assert.Equal(t, []string{idcs.HelpDeskAdministrator}, listed(extension["appRoles"], "display"))
	holders := d.ask(t, "engine", http.MethodGet, appRolesPath+"/"+role+"?attributes=members", "").json(t)
	assert.ElementsMatch(t, []string{"App", "User", "Group"}, listed(holders["members"], "type"))
	a = d.ask(t, "engine", http.MethodGet, appRolesPath+"?filter="+url.QueryEscape(`members.value eq "`+d.user.ID+`"`), "")
	assert.Equal(t, []string{idcs.HelpDeskAdministrator}, listed(resources(t, a), "displayName"))
	shop := d.ask(t, "engine", http.MethodGet, appsPath+"/"+app.id+"?attributes=grants", "").json(t)
	assert.Equal(t, []string{"Group"}, listed(shop["grants"], "granteeType"))

	assert.Equal(t, "error.seatrial.stillReferenced", d.ask(t, "engine", http.MethodDelete, d.path(), "").messageID(t))
	require.Equal(t, http.StatusNoContent, d.ask(t, "engine", http.MethodDelete, d.path()+"?forceDelete=true", "").status)
	require.Equal(t, http.StatusNoContent, d.ask(t, "engine", http.MethodDelete, group+"?forceDelete=true", "").status)
	left := resources(t, d.ask(t, "engine", http.MethodGet, grantsPath+"?filter="+url.QueryEscape(`grantee.type ne "App"`), ""))
	assert.Empty(t, left, "grants go with whom they were for")
}

func TestGrantsAreRefused(t *testing.T) {
	d := newDomain(t, withApps)
	role, own := d.role(t, idcs.HelpDeskAdministrator), d.role(t, idcs.Me)
	app := d.makeApp(t, "Shop", "")
	public := d.ask(t, "apps", http.MethodPost, appsPath, strings.Replace(appBody("Page", ""), "confidential", "public", 1)).json(t)["id"].(string)
	good := grantBody("App", app.id, "IDCSAppId", role)
	require.Equal(t, http.StatusCreated, d.ask(t, "apps", http.MethodPost, grantsPath, good).status)
	for _, tc := range []struct {
		name, body string
		status     int
		messageID  string
		detail     string
	}{
		{"twice", good, 409, "error.seatrial.alreadyGranted", ""},
		{"what was configured", grantBody("App", listed(resources(t, d.ask(t, "apps", http.MethodGet, appsPath+"?filter=name+eq+%22helpdesk%22", "")), "id")[0], "IDCSAppId", role), 409, "error.seatrial.alreadyGranted", ""},
		{"no schema", strings.Replace(good, "idcs:Grant", "idcs:App", 1), 400, "error.seatrial.wrongSchema", ""},
		{"no grantee", `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:Grant"],"grantMechanism":"ADMINISTRATOR_TO_APP"}`, 400, "error.common.validation.missingReqAttributes", "Missing required attribute(s): grantee."},
		{"no mechanism, no value", `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:Grant"],"grantee":{"type":"App"}}`, 400, "error.common.validation.missingReqAttributes", "Missing required attribute(s): grantMechanism,grantee.value."},
		{"neither app nor role", `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:Grant"],"grantee":{"type":"App","value":"x"},"grantMechanism":"ADMINISTRATOR_TO_APP"}`, 400, "error.common.validation.missingReqAttributes", "Missing required attribute(s): app,entitlement."},
		{"all of the domain", `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:Grant"],"grantee":{"type":"App","value":"` + app.id + `"},"app":{"value":"IDCSAppId"},"grantMechanism":"ADMINISTRATOR_TO_APP"}`, 400, "error.common.validation.missingReqAttributes", ""},
		{"nobody", grantBody("User", missingID, "IDCSAppId", role), 400, "error.common.validation.invalidReferenceResource", "Grant.grantee references a User with ID " + missingID + " that does not exist."},
		{"no such group", grantBody("Group", missingID, "IDCSAppId", role), 400, "error.common.validation.invalidReferenceResource", "Grant.grantee references a Group with ID " + missingID + " that does not exist."},
		{"no such grantee app", grantBody("App", missingID, "IDCSAppId", role), 400, "error.common.validation.invalidReferenceResource", "Grant.grantee references a App with ID " + missingID + " that does not exist."},
		{"no such app", grantBody("App", app.id, missingID, role), 400, "error.common.validation.invalidReferenceResource", "Grant.app references a App with ID " + missingID + " that does not exist."},
		{"no such role", grantBody("App", app.id, "IDCSAppId", missingID), 400, "error.common.validation.invalidReferenceResource", "Grant.entitlement references a AppRole with ID " + missingID + " that does not exist."},
		{"a role of another app", grantBody("App", app.id, app.id, role), 400, "error.common.validation.invalidReferenceResource", ""},
		{"a long reference", grantBody("User", strings.Repeat("a", 41), "IDCSAppId", role), 400, "error.common.validation.stringExceedsMaxLimit", ""},
		{"a type of its own", grantBody("Robot", app.id, "IDCSAppId", role), 400, "error.seatrial.invalidValue", ""},
		{"a mechanism for others", strings.Replace(good, "TO_APP", "TO_USER", 1), 400, "error.seatrial.invalidValue", ""},
		{"another attribute", strings.Replace(good, `"appRoles"`, `"groups"`, 1), 400, "error.seatrial.invalidValue", ""},
		{"a role for applications", grantBody("User", d.user.ID, "IDCSAppId", own), 400, "error.seatrial.invalidValue", ""},
		{"an app that is no client", grantBody("App", public, "IDCSAppId", role), 400, "error.seatrial.invalidValue", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := d.ask(t, "apps", http.MethodPost, grantsPath, tc.body)
			require.Equal(t, tc.status, a.status, "%s", a.body)
			assert.Equal(t, tc.messageID, a.messageID(t))
			if tc.detail != "" {
				assert.Equal(t, tc.detail, a.json(t)["detail"])
			}
		})
	}
	assert.Equal(t, http.StatusNotFound, d.ask(t, "apps", http.MethodDelete, grantsPath+"/"+missingID, "").status)
	assert.Equal(t, http.StatusMethodNotAllowed, d.ask(t, "apps", http.MethodPut, grantsPath+"/"+missingID, good).status)
}

// Without the application, as the samples of Oracle's command line write it.
func TestGrantWithoutApp(t *testing.T) {
	d := newDomain(t, withApps)
	app := d.makeApp(t, "Shop", "")
	body := strings.Replace(grantBody("App", app.id, "IDCSAppId", d.role(t, idcs.Me)), `"app":{"value":"IDCSAppId"},`, "", 1)
	a := d.ask(t, "apps", http.MethodPost, grantsPath, body)
	require.Equal(t, http.StatusCreated, a.status, "%s", a.body)
	owner, _ := a.json(t)["app"].(map[string]any)
	assert.Equal(t, "IDCSAppId", owner["value"])
}

func TestAppRolesAreThoseOfClients(t *testing.T) {
	d := newDomain(t, withApps)
	found := resources(t, d.ask(t, "apps", http.MethodGet, appRolesPath+"?filter="+url.QueryEscape(`app.value eq "IDCSAppId"`), ""))
	assert.ElementsMatch(t, idcs.Roles(), listed(found, "displayName"))
	a := d.ask(t, "apps", http.MethodGet, appRolesPath+"/"+d.role(t, idcs.UserAdministrator), "").json(t)
	assert.Equal(t, "IDCSAppId_User Administrator", a["uniqueName"])
	assert.Equal(t, http.StatusNotFound, d.ask(t, "apps", http.MethodGet, appRolesPath+"/"+missingID, "").status)
}
