package idcs_test

import (
	"fmt"
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
	groupURN   = "urn:ietf:params:scim:schemas:core:2.0:Group"
	groupsPath = "/admin/v1/Groups"
	missingID  = "00000000000000000000000000000000"
)

func groupBody(name string, members ...string) string {
	list := make([]string, 0, len(members))
	for _, id := range members {
		list = append(list, `{"value":"`+id+`","type":"User"}`)
	}
	return `{"schemas":["` + groupURN + `"],"displayName":` + quoted(name) + `,"members":[` + strings.Join(list, ",") + `]}`
}

// makeGroup creates a group and returns its path.
func (d *domain) makeGroup(tb testing.TB, name string, members ...string) string {
	tb.Helper()
	a := d.ask(tb, "engine", http.MethodPost, groupsPath, groupBody(name, members...))
	require.Equal(tb, http.StatusCreated, a.status, "%s", a.body)
	return groupsPath + "/" + a.json(tb)["id"].(string)
}

// members are the user names that a group shows.
func (d *domain) members(tb testing.TB, path string) []string {
	tb.Helper()
	a := d.ask(tb, "engine", http.MethodGet, path+"?attributes=members", "")
	require.Equal(tb, http.StatusOK, a.status, "%s", a.body)
	return listed(a.json(tb)["members"], "name")
}

func listed(list any, key string) []string {
	items, _ := list.([]any)
	found := make([]string, 0, len(items))
	for _, item := range items {
		content, _ := item.(map[string]any)
		name, _ := content[key].(string)
		found = append(found, name)
	}
	return found
}

func resources(tb testing.TB, a answer) []any {
	tb.Helper()
	require.Equal(tb, http.StatusOK, a.status, "%s", a.body)
	list, _ := a.json(tb)["Resources"].([]any)
	return list
}

func TestGroupShowsMembersOnRequestOnly(t *testing.T) {
	d := newDomain(t)
	path := d.makeGroup(t, "Sailors", d.user.ID)
	plain := d.ask(t, "engine", http.MethodGet, path, "").json(t)
	assert.Equal(t, "Sailors", plain["displayName"])
	assert.NotContains(t, plain, "members")
	assert.Equal(t, []string{"bjensen"}, d.members(t, path))

	all := d.ask(t, "engine", http.MethodGet, path+"?attributeSets=all", "").json(t)
	assert.Equal(t, []string{"bjensen"}, listed(all["members"], "name"))
	one := d.ask(t, "engine", http.MethodGet, path+"?attributes="+url.QueryEscape(`members[value eq "`+d.user.ID+`"].display`), "").json(t)
	assert.Equal(t, []string{"Barbara Jensen"}, listed(one["members"], "display"))
	none := d.ask(t, "engine", http.MethodGet, path+"?attributes="+url.QueryEscape(`members[value eq "x"]`), "").json(t)
	assert.NotContains(t, none, "members")

	user := d.ask(t, "engine", http.MethodGet, d.path(), "").json(t)
	assert.NotContains(t, user, "groups")
	user = d.ask(t, "engine", http.MethodGet, d.path()+"?attributes=groups", "").json(t)
	assert.Equal(t, []string{"Sailors"}, listed(user["groups"], "display"))
}

func TestGroupMembersByPatch(t *testing.T) {
	add := func(id string) string {
		return `{"op":"add","path":"members","value":[{"value":"` + id + `","type":"User"}]}`
	}
	remove := func(id string) string { return `{"op":"REMOVE","path":"members[value eq \"` + id + `\"]"}` }
	for _, tc := range []struct {
		name       string
		operations func(a, b, c string) []string // a and b are members, c is not
		want       []string
		status     int
		messageID  string
		set        map[string]string
	}{
		{name: "add", operations: func(_, _, c string) []string { return []string{add(c)} }, want: []string{"a", "b", "c"}, status: 200},
		{name: "add one who is in", operations: func(a, _, _ string) []string { return []string{add(a)} }, want: []string{"a", "b"}, status: 200},
		{name: "add without a path", operations: func(_, _, c string) []string {
			return []string{`{"op":"add","value":{"members":[{"value":"` + c + `","type":"User"}],"externalId":"x"}}`}
		}, want: []string{"a", "b", "c"}, status: 200},
		{name: "add by OCID", operations: func(_, _, c string) []string {
			return []string{`{"op":"add","path":"members","value":{"ocid":"ocid1.user.oc1..aaaaaaaaaaaaaaaaaaaaaaaaaaaa` + c + `"}}`}
		}, want: []string{"a", "b", "c"}, status: 200},
		{name: "remove", operations: func(a, _, _ string) []string { return []string{remove(a)} }, want: []string{"b"}, status: 200},
		{name: "remove by name", operations: func(_, _, _ string) []string {
			return []string{`{"op":"remove","path":"members[name sw \"b\"]"}`}
		}, want: []string{"a"}, status: 200},
		{name: "remove all", operations: func(_, _, _ string) []string { return []string{`{"op":"remove","path":"members"}`} }, want: []string{}, status: 200},
		{name: "replace", operations: func(_, b, c string) []string {
			return []string{`{"op":"replace","path":"members","value":[{"value":"` + c + `"},{"value":"` + b + `"}]}`}
		}, want: []string{"b", "c"}, status: 200},
		{name: "replace after add", operations: func(a, _, c string) []string {
			return []string{add(c), `{"op":"replace","path":"members","value":[{"value":"` + a + `"}]}`}
		}, want: []string{"a"}, status: 200},
		{name: "in turn", operations: func(a, _, c string) []string { return []string{add(c), remove(c), remove(a), add(a)} }, want: []string{"a", "b"}, status: 200},
		{
			name: "all or nothing", operations: func(a, _, _ string) []string { return []string{remove(a), add(missingID)} }, want: []string{"a", "b"},
			status: 400, messageID: "error.common.validation.invalidReferenceResource",
		},
		{name: "nothing of a name that is taken", operations: func(_, _, c string) []string {
			return []string{add(c), `{"op":"replace","path":"displayName","value":"TAKEN"}`}
		}, want: []string{"a", "b"}, status: 409, messageID: "error.seatrial.nameTaken"},
		{name: "remove a stranger", operations: func(_, _, c string) []string { return []string{remove(c)} }, want: []string{"a", "b"}, status: 400, messageID: "error.seatrial.invalidPath"},
		{
			name: "remove a stranger, lenient", operations: func(_, _, c string) []string { return []string{remove(c)} }, want: []string{"a", "b"}, status: 200,
			set: map[string]string{"absentMember": "ignore"},
		},
		{
			name: "no value", operations: func(_, _, _ string) []string {
				return []string{`{"op":"add","path":"members","value":[{"type":"User"}]}`}
			}, want: []string{"a", "b"},
			status: 400, messageID: "error.common.validation.missingReqAttributes",
		},
		{name: "a group in a group", operations: func(a, _, _ string) []string {
			return []string{`{"op":"add","path":"members","value":[{"value":"` + a + `","type":"Group"}]}`}
		}, want: []string{"a", "b"}, status: 400, messageID: "error.seatrial.invalidValue"},
		{
			name: "a long reference", operations: func(_, _, _ string) []string { return []string{add(strings.Repeat("a", 41))} }, want: []string{"a", "b"},
			status: 400, messageID: "error.common.validation.stringExceedsMaxLimit",
		},
		{
			name: "a sub-attribute", operations: func(_, _, _ string) []string {
				return []string{`{"op":"replace","path":"members.type","value":"User"}`}
			}, want: []string{"a", "b"},
			status: 400, messageID: "error.seatrial.invalidPath",
		},
		{
			name: "not a member", operations: func(_, _, _ string) []string { return []string{`{"op":"add","path":"members","value":"bjensen"}`} }, want: []string{"a", "b"},
			status: 400, messageID: "error.seatrial.wrongType",
		},
		{
			name: "unknown attribute", operations: func(_, _, _ string) []string { return []string{`{"op":"add","path":"crew","value":"x"}`} }, want: []string{"a", "b"},
			status: 400, messageID: "error.seatrial.unknownAttribute",
		},
		{
			name: "what is readOnly", operations: func(_, _, _ string) []string { return []string{`{"op":"replace","path":"meta","value":{}}`} }, want: []string{"a", "b"},
			status: 400, messageID: "error.seatrial.readOnlyAttribute",
		},
		{
			name: "no name", operations: func(_, _, _ string) []string { return []string{`{"op":"remove","path":"displayName"}`} }, want: []string{"a", "b"},
			status: 400, messageID: "error.common.validation.missingReqAttributes",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			a, b, c := d.add(t, "a").ID, d.add(t, "b").ID, d.add(t, "c").ID
			path := d.makeGroup(t, "Sailors", a, b)
			d.makeGroup(t, "Taken")
			for name, value := range tc.set {
				d.set(t, name, value)
			}
			answer := d.ask(t, "engine", http.MethodPatch, path, patch(strings.Join(tc.operations(a, b, c), ",")))
			require.Equal(t, tc.status, answer.status, "%s", answer.body)
			if tc.messageID != "" {
				assert.Equal(t, tc.messageID, answer.messageID(t))
			}
			assert.Equal(t, tc.want, d.members(t, path))
			for _, user := range []string{"a", "b", "c"} {
				found := resources(t, d.ask(t, "engine", http.MethodGet, "/admin/v1/Users?attributes=groups,userName&filter="+url.QueryEscape(`userName eq "`+user+`"`), ""))
				m, _ := found[0].(map[string]any)
				assert.Equal(t, strings.Contains(strings.Join(tc.want, ","), user), m["groups"] != nil, "both directions agree about %s", user)
			}
		})
	}
}

func TestGroupsAreRefused(t *testing.T) {
	for _, tc := range []struct {
		name, client, method, path, body string
		status                           int
		messageID                        string
	}{
		{"no schema", "engine", "POST", groupsPath, `{"displayName":"x"}`, 400, "error.common.validation.missingReqAttributes"},
		{"a user's schema", "engine", "POST", groupsPath, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"displayName":"x"}`, 400, "error.seatrial.wrongSchema"},
		{"no name", "engine", "POST", groupsPath, `{"schemas":["` + groupURN + `"]}`, 400, "error.common.validation.missingReqAttributes"},
		{"an empty name", "engine", "POST", groupsPath, groupBody(""), 400, "error.common.validation.missingReqAttributes"},
		{"a name of another type", "engine", "POST", groupsPath, `{"schemas":["` + groupURN + `"],"displayName":7}`, 400, "error.seatrial.wrongType"},
		{"a name that is taken", "engine", "POST", groupsPath, groupBody("SAILORS"), 409, "error.seatrial.nameTaken"},
		{"a stranger", "engine", "POST", groupsPath, groupBody("x", missingID), 400, "error.common.validation.invalidReferenceResource"},
		{"no JSON", "engine", "POST", groupsPath, `{`, 400, "error.seatrial.malformedJSON"},
		{"nobody's id", "engine", "GET", groupsPath + "/" + missingID, "", 404, "error.seatrial.notFound"},
		{"nobody's id, written", "engine", "PATCH", groupsPath + "/" + missingID, patch(`{"op":"add","path":"externalId","value":"x"}`), 404, "error.seatrial.notFound"},
		{"nobody's id, deleted", "engine", "DELETE", groupsPath + "/" + missingID, "", 404, "error.seatrial.notFound"},
		{"a bad filter", "engine", "GET", groupsPath + "?filter=displayName", "", 400, "error.seatrial.invalidFilter"},
		{"a filter of users", "engine", "GET", groupsPath + "?filter=userName+eq+%22x%22", "", 400, "error.seatrial.unknownAttribute"},
		{"a search of something else", "engine", "POST", groupsPath + "/.search", `{"schemas":["x"]}`, 400, "error.seatrial.wrongSchema"},
		{"a page of nothing", "engine", "GET", groupsPath + "?attributes=members%5BstartIndex=x%5D", "", 400, "error.seatrial.invalidPaging"},
		{"a page by something else", "engine", "GET", groupsPath + "?attributes=members%5Bfrom=1%5D", "", 400, "error.seatrial.invalidPaging"},
		{"an old version", "engine", "DELETE", groupsPath, "", 405, "error.seatrial.methodNotAllowed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			d.makeGroup(t, "Sailors")
			a := d.ask(t, tc.client, tc.method, tc.path, tc.body)
			require.Equal(t, tc.status, a.status, "%s", a.body)
			assert.Equal(t, tc.messageID, a.messageID(t))
		})
	}
}

func TestGroupPutReplaces(t *testing.T) {
	d := newDomain(t)
	path := d.makeGroup(t, "Sailors", d.user.ID)
	body := `{"schemas":["` + groupURN + `"],"displayName":"Seafarers","urn:ietf:params:scim:schemas:oracle:idcs:extension:group:Group":{"description":"At sea"}}`
	a := d.ask(t, "engine", http.MethodPut, path, body)
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	assert.Equal(t, "Seafarers", a.json(t)["displayName"])
	assert.Empty(t, d.members(t, path), "what a PUT leaves out is cleared")

	d.set(t, "membersOnPut", "keep")
	_, err := d.PopulateGroup("Seafarers", "bjensen")
	require.NoError(t, err)
	a = d.ask(t, "engine", http.MethodPut, path, body, "If-Match", a.header.Get("Etag"))
	require.Equal(t, http.StatusPreconditionFailed, a.status, "somebody has joined since")
	a = d.ask(t, "engine", http.MethodPut, path, body)
	require.Equal(t, http.StatusOK, a.status)
	assert.Equal(t, []string{"bjensen"}, d.members(t, path))
	a = d.ask(t, "engine", http.MethodPut, path, groupBody("Seafarers"))
	require.Equal(t, http.StatusOK, a.status)
	assert.Empty(t, d.members(t, path), "an empty list is one")
	read := d.ask(t, "engine", http.MethodGet, path, "")
	again := d.ask(t, "engine", http.MethodPut, path, string(read.body))
	assert.Equal(t, http.StatusOK, again.status, "what was read can be sent back: %s", again.body)
	created := read.json(t)["idcsCreatedBy"]
	assert.Equal(t, created, again.json(t)["idcsCreatedBy"])
}

// Oracle, OCI SDK: more than 10,000 members in one answer fail; pages do not.
func TestLargeGroup(t *testing.T) {
	d := newDomain(t)
	userNames := make([]string, 0, 10_001)
	for i := range 10_001 {
		userNames = append(userNames, d.add(t, fmt.Sprintf("user%05d", i)).UserName)
	}
	id, err := d.PopulateGroup("Everybody", userNames...)
	require.NoError(t, err)
	path := groupsPath + "/" + id
	a := d.ask(t, "engine", http.MethodGet, path+"?attributes=members", "")
	assert.Equal(t, "error.seatrial.tooManyMembers", a.messageID(t))
	a = d.ask(t, "engine", http.MethodGet, path+"?attributeSets=all", "")
	assert.Equal(t, http.StatusBadRequest, a.status)
	a = d.ask(t, "engine", http.MethodGet, path+"?attributes="+url.QueryEscape("displayName,members[startIndex=10000&count=10]"), "")
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	assert.Equal(t, []string{"user09999", "user10000"}, listed(a.json(t)["members"], "name"))
	a = d.ask(t, "engine", http.MethodGet, path+"?attributes="+url.QueryEscape("urn:ietf:params:scim:schemas:core:2.0:Group:members[count=1]"), "")
	assert.Equal(t, []string{"user00000"}, listed(a.json(t)["members"], "name"))
	a = d.ask(t, "engine", http.MethodGet, path+"?attributes="+url.QueryEscape("members[startIndex=20000&count=10]"), "")
	assert.NotContains(t, a.json(t), "members")
	a = d.ask(t, "engine", http.MethodGet, path, "")
	assert.Equal(t, http.StatusOK, a.status)
	a = d.ask(t, "engine", http.MethodPatch, path, patch(`{"op":"remove","path":"members"}`))
	assert.Equal(t, http.StatusOK, a.status)
	assert.Empty(t, d.members(t, path))
}

func TestGroupsAreFound(t *testing.T) {
	d := newDomain(t)
	other := d.add(t, "other")
	d.makeGroup(t, "Sailors", d.user.ID, other.ID)
	d.makeGroup(t, "Stokers", other.ID)
	d.makeGroup(t, "Cooks")
	for filter, want := range map[string][]string{
		`displayName eq "SAILORS"`:                            {"Sailors"},
		`displayName sw "s"`:                                  {"Sailors", "Stokers"},
		`members.value eq "` + d.user.ID + `"`:                {"Sailors"},
		`members[value eq "` + other.ID + `"]`:                {"Sailors", "Stokers"},
		`members eq "` + other.ID + `"`:                       {"Sailors", "Stokers"},
		`members[name eq "bjensen"]`:                          {"Sailors"},
		`members pr`:                                          {"Sailors", "Stokers"},
		`not (members pr)`:                                    {"Cooks"},
		`members[value eq "x"] or members[value eq "y"]`:      {},
		`displayName eq "Nobody"`:                             {},
		`meta.created gt "2000-01-01T00:00:00Z" and id pr`:    {"Sailors", "Stokers", "Cooks"},
		groupURN + `:displayName eq "Cooks"`:                  {"Cooks"},
		`displayName eq "Cooks" and members.value eq "other"`: {},
	} {
		for _, how := range []string{"get", "post"} {
			t.Run(how+" "+filter, func(t *testing.T) {
				a := d.ask(t, "engine", http.MethodGet, groupsPath+"?filter="+url.QueryEscape(filter), "")
				if how == "post" {
					a = d.ask(t, "engine", http.MethodPost, groupsPath+"/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":`+quoted(filter)+`}`)
				}
				found := resources(t, a)
				assert.Equal(t, want, listed(found, "displayName"))
				for _, group := range found {
					assert.NotContains(t, group, "members", "not even when the filter looks at them")
				}
			})
		}
	}
	a := d.ask(t, "engine", http.MethodGet, groupsPath+"?sortBy=displayName&sortOrder=descending&count=2&startIndex=2&attributes=displayName", "")
	assert.Equal(t, []string{"Sailors", "Cooks"}, listed(resources(t, a), "displayName"))
	assert.InDelta(t, 3, a.json(t)["totalResults"], 0)
	a = d.ask(t, "engine", http.MethodGet, "/admin/v1/Users?filter="+url.QueryEscape(`groups.value pr`), "")
	assert.Equal(t, []string{"bjensen", "other"}, listed(resources(t, a), "userName"))
	sailors, _ := resources(t, d.ask(t, "engine", http.MethodGet, groupsPath+"?filter=displayName+eq+%22Sailors%22", ""))[0].(map[string]any)
	a = d.ask(t, "engine", http.MethodGet, "/admin/v1/Users?filter="+url.QueryEscape(`groups.value eq "`+sailors["id"].(string)+`"`), "")
	assert.Equal(t, []string{"bjensen", "other"}, listed(resources(t, a), "userName"))
}

// What is deleted is nowhere any more, whoever deletes it.
func TestDeletionAndMembership(t *testing.T) {
	d := newDomain(t)
	path := d.makeGroup(t, "Sailors", d.user.ID)
	a := d.ask(t, "engine", http.MethodDelete, d.path(), "")
	assert.Equal(t, "error.seatrial.stillReferenced", a.messageID(t))
	a = d.ask(t, "engine", http.MethodDelete, path, "")
	assert.Equal(t, "error.seatrial.stillReferenced", a.messageID(t))
	require.Equal(t, http.StatusNoContent, d.ask(t, "engine", http.MethodDelete, d.path()+"?forceDelete=true", "").status)
	assert.Empty(t, d.members(t, path))
	require.Equal(t, http.StatusNoContent, d.ask(t, "engine", http.MethodDelete, path, "").status, "nobody is in it")

	gone := d.add(t, "gone")
	path = d.makeGroup(t, "Stokers", gone.ID)
	require.NoError(t, d.People().Delete(gone.ID, nil), "as the control plane does it")
	assert.Empty(t, d.members(t, path))
	d.set(t, "referencedDelete", "remove")
	require.Equal(t, http.StatusNoContent, d.ask(t, "engine", http.MethodDelete, path, "").status)
	assert.Equal(t, http.StatusNotFound, d.ask(t, "engine", http.MethodGet, path, "").status)
}

// Oracle, AppRole Permissions: one row per role and endpoint.
func TestRolesOfGroups(t *testing.T) {
	roles := map[string]string{
		"search": "admin useradmin manager apps audit security kerberos",
		"read":   "admin useradmin manager apps audit security kerberos helpdesk",
		"patch":  "admin useradmin manager",
		"create": "admin useradmin",
		"put":    "admin useradmin",
		"delete": "admin useradmin",
	}
	clients := map[string]string{
		"admin": idcs.DomainAdministrator, "useradmin": idcs.UserAdministrator, "manager": idcs.UserManager,
		"apps": idcs.ApplicationAdministrator, "audit": idcs.AuditAdministrator, "security": idcs.SecurityAdministrator,
		"kerberos": idcs.KerberosAdministrator, "helpdesk": idcs.HelpDeskAdministrator, "changer": idcs.ChangePassword,
		"cloudgate": idcs.CloudGate, "login": idcs.AuthenticatorClient,
	}
	d := newDomain(t, func(c *idcs.Config) {
		c.Clients = c.Clients[:0]
		for id, role := range clients {
			c.Clients = append(c.Clients, oauth.Client{ID: id, Secret: secret.New("secret of " + id), Roles: []string{role}, Active: true})
		}
	})
	for client := range clients {
		d.tokens["engine"] = d.token(t, "admin")
		path := d.makeGroup(t, "Group of "+client)
		for _, request := range []struct{ name, method, path, body string }{
			{"search", "GET", groupsPath, ""},
			{"search", "POST", groupsPath + "/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}`},
			{"read", "GET", path, ""},
			{"patch", "PATCH", path, patch(`{"op":"replace","path":"externalId","value":"x"}`)},
			{"create", "POST", groupsPath, groupBody("Another of " + client)},
			{"put", "PUT", path, groupBody("Group of " + client)},
			{"delete", "DELETE", path, ""},
		} {
			may := strings.Contains(" "+roles[request.name]+" ", " "+client+" ")
			a := d.ask(t, client, request.method, request.path, request.body)
			assert.Equal(t, !may, a.status == http.StatusForbidden, "%s: %s %d %s", client, request.name, a.status, a.body)
		}
	}
	d.set(t, "authenticatedClient", "read")
	assert.Equal(t, http.StatusOK, d.ask(t, "changer", http.MethodGet, groupsPath, "").status)
	assert.Equal(t, http.StatusForbidden, d.ask(t, "changer", http.MethodPost, groupsPath, groupBody("x")).status)
}

func TestResetForgetsGroups(t *testing.T) {
	d := newDomain(t)
	path := d.makeGroup(t, "Sailors", d.user.ID)
	d.Reset()
	d.tokens = map[string]string{}
	assert.Equal(t, http.StatusNotFound, d.ask(t, "engine", http.MethodGet, path, "").status)
	assert.Empty(t, resources(t, d.ask(t, "engine", http.MethodGet, groupsPath, "")))
	user := d.add(t, "bjensen")
	path = d.makeGroup(t, "Sailors", user.ID)
	assert.Equal(t, []string{"bjensen"}, d.members(t, path))
}
