package idcs_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const newUser = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"scarter","name":{"givenName":"Sam","familyName":"Carter"},
	"emails":[{"value":"sam@example.com","type":"work","primary":true}],"title":"Major","password":"` + newPassword + `"%s}`

func TestCreate(t *testing.T) {
	d := newDomain(t)
	a := d.ask(t, "engine", http.MethodPost, "/admin/v1/Users", fmt.Sprintf(newUser, ""))
	require.Equal(t, http.StatusCreated, a.status, "%s", a.body)
	m := a.json(t)
	id, _ := m["id"].(string)
	assert.Regexp(t, "^[0-9a-f]{32}$", id)
	assert.Equal(t, "https://"+d.Host()+"/admin/v1/Users/"+id, a.header.Get("Location"))
	assert.Equal(t, "Sam Carter", m["displayName"])
	assert.Equal(t, "Major", m["title"])
	emails, _ := m["emails"].([]any)
	require.Len(t, emails, 2, "the server adds a recovery address")

	entry := d.last(t)
	assert.Equal(t, "create", entry.Operation)
	assert.Equal(t, "accepted", entry.Outcome)
	assert.Equal(t, "scarter", entry.User)
	assert.Equal(t, d.Journal().Digest(secret.New(newPassword)), entry.Password)
	d.leaks(t, newPassword)

	read := d.ask(t, "engine", http.MethodGet, "/admin/v1/Users/"+id, "")
	assert.JSONEq(t, string(a.body), string(read.body))
	assert.Equal(t, people.LogIn{OK: true, MustChange: true}, d.LogIn("SCarter", secret.New(newPassword)))

	again := d.ask(t, "engine", http.MethodPost, "/admin/v1/Users", strings.Replace(fmt.Sprintf(newUser, ""), "scarter", "SCARTER", 1))
	assert.Equal(t, http.StatusConflict, again.status)
	assert.Equal(t, "duplicate", d.last(t).Reason)
	assert.Equal(t, 2, d.People().Len())
}

func TestCreateRefused(t *testing.T) {
	replace := func(old, with string) string { return strings.Replace(fmt.Sprintf(newUser, ""), old, with, 1) }
	for _, tc := range []struct {
		name, body, messageID, detail string
		surprise                      bool
		switches                      []string
	}{
		{name: "no primary e-mail", body: replace(`"primary":true`, `"primary":false`), messageID: "error.identity.user.primaryEmailNotSpecified", detail: "The primary email must be specified."},
		{name: "two primary e-mails", body: replace(`"emails":[`, `"emails":[{"value":"x@example.com","primary":true},`), messageID: "error.seatrial.invalidValue"},
		{name: "no user name", body: replace(`"userName":"scarter",`, ""), messageID: "error.common.validation.missingReqAttributes", detail: "Missing required attribute(s): userName."},
		{name: "no schemas", body: replace(`"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],`, ""), messageID: "error.common.validation.missingReqAttributes"},
		{name: "another schema", body: replace("core:2.0:User", "core:2.0:Group"), messageID: "error.seatrial.wrongSchema"},
		{name: "an unknown attribute", body: replace(`"title"`, `"titel"`), messageID: "error.seatrial.unknownAttribute", detail: "The attribute titel is not known to the schema.", surprise: true},
		{name: "an unknown sub-attribute", body: replace(`"givenName"`, `"firstName"`), messageID: "error.seatrial.unknownAttribute", surprise: true},
		{name: "an unknown extension", body: fmt.Sprintf(newUser, `,"urn:example:Car":{"wheels":4}`), messageID: "error.seatrial.unknownAttribute", surprise: true},
		{name: "an unknown attribute of an extension", body: fmt.Sprintf(newUser, `,"`+extUser+`":{"isFederated":true}`), messageID: "error.seatrial.unknownAttribute", surprise: true},
		{name: "a wrong type", body: fmt.Sprintf(newUser, `,"active":"true"`), messageID: "error.seatrial.wrongType", detail: "The value of active must be a boolean."},
		{name: "an object for a list", body: replace(`"emails":[{"value":"sam@example.com","type":"work","primary":true}]`, `"emails":{"value":"sam@example.com","primary":true}`), messageID: "error.seatrial.wrongType"},
		{name: "a weak password", body: replace(newPassword, "short"), messageID: "error.identity.passwordmgmt.pwdpolicyViolation"},
		{name: "a password with the first name", body: replace(newPassword, "Sam-and-the-sea-1"), messageID: ""},
		{name: "a password with the last name", body: replace(newPassword, "Carter-and-the-sea-1"), messageID: "error.identity.passwordmgmt.pwdpolicyViolation"},
		{name: "federated with a password", body: fmt.Sprintf(newUser, `,"`+extUser+`":{"isFederatedUser":true}`), messageID: "error.seatrial.federatedUser"},
		{name: "no family name where it is required", body: replace(`,"familyName":"Carter"`, ""), messageID: "error.common.validation.missingReqAttributes", switches: []string{"familyName", "required"}},
		{name: "broken JSON", body: newUser[:60], messageID: "error.seatrial.malformedJSON"},
		{name: "two objects", body: fmt.Sprintf(newUser, "") + "{}", messageID: "error.seatrial.malformedJSON"},
		{name: "not an object", body: "[]", messageID: "error.seatrial.malformedJSON"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			if tc.switches != nil {
				d.set(t, tc.switches[0], tc.switches[1])
			}
			a := d.ask(t, "engine", http.MethodPost, "/admin/v1/Users", tc.body)
			if tc.messageID == "" { // names of three letters are not looked for
				assert.Equal(t, http.StatusCreated, a.status, "%s", a.body)
				return
			}
			assert.Equal(t, http.StatusBadRequest, a.status, "%s", a.body)
			assert.Equal(t, tc.messageID, a.messageID(t))
			if tc.detail != "" {
				assert.Equal(t, tc.detail, a.json(t)["detail"])
			}
			entry := d.last(t)
			assert.Equal(t, "refused", entry.Outcome)
			assert.Equal(t, tc.surprise, entry.Surprise != "", "surprise %q", entry.Surprise)
			assert.Equal(t, 1, d.People().Len())
			d.leaks(t, newPassword)
		})
	}
}

func TestPatchAttributes(t *testing.T) {
	const state = "urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User"
	for _, tc := range []struct {
		name, operations string
		status           int
		messageID        string
		surprise         bool
		check            func(t *testing.T, m map[string]any)
	}{
		{"title", `{"op":"replace","path":"title","value":"Captain"}`, 200, "", false, func(t *testing.T, m map[string]any) {
			t.Helper()
			assert.Equal(t, "Captain", m["title"])
		}},
		{"name", `{"op":"replace","path":"name.familyName","value":"O'Neil <&>"}`, 200, "", false, func(t *testing.T, m map[string]any) {
			t.Helper()
			name, _ := m["name"].(map[string]any)
			assert.Equal(t, "Barbara O'Neil <&>", name["formatted"])
		}},
		{"federated", `{"op":"replace","path":"` + extUser + `:isFederatedUser","value":true}`, 200, "", false, func(t *testing.T, m map[string]any) {
			t.Helper()
			assert.Equal(t, map[string]any{"isFederatedUser": true}, m[extUser])
			capable, _ := m["urn:ietf:params:scim:schemas:oracle:idcs:extension:capabilities:User"].(map[string]any)
			assert.Equal(t, false, capable["canUseConsolePassword"])
		}},
		{"federated by extension", `{"op":"add","path":"` + extUser + `","value":{"isFederatedUser":true}}`, 200, "", false, func(t *testing.T, m map[string]any) {
			t.Helper()
			assert.Equal(t, map[string]any{"isFederatedUser": true}, m[extUser])
		}},
		{"several at once, without paths", `{"op":"add","value":{"title":"Captain","active":false}}`, 200, "", false, func(t *testing.T, m map[string]any) {
			t.Helper()
			assert.Equal(t, "Captain", m["title"])
			assert.Equal(t, false, m["active"])
		}},
		{"phone number", `{"op":"add","path":"phoneNumbers","value":[{"type":"work","value":"+1 555"}]}`, 200, "", false, func(t *testing.T, m map[string]any) {
			t.Helper()
			assert.NotEmpty(t, m["phoneNumbers"])
		}},
		{"enterprise", `{"op":"add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Deck"}`, 200, "", false, func(t *testing.T, m map[string]any) {
			t.Helper()
			assert.Contains(t, m["schemas"], "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User")
		}},
		{"an attribute of an extension that is not simulated", `{"op":"add","path":"urn:ietf:params:scim:schemas:oracle:idcs:extension:mfa:User:preferredDevice","value":{"value":"x"}}`, 200, "", false, nil},
		{"unknown", `{"op":"replace","path":"titel","value":"x"}`, 400, "error.seatrial.unknownAttribute", true, nil},
		{"unknown sub-attribute", `{"op":"replace","path":"name.first","value":"x"}`, 400, "error.seatrial.unknownAttribute", true, nil},
		{"unknown extension", `{"op":"add","path":"urn:example:params:Car:wheels","value":4}`, 400, "", true, nil},
		{"readOnly", `{"op":"replace","path":"` + mustChange + `","value":false}`, 400, "error.seatrial.readOnlyAttribute", false, nil},
		{"readOnly sub-attribute", `{"op":"replace","path":"` + state + `:locked.on","value":false}`, 400, "error.seatrial.readOnlyAttribute", false, nil},
		{"readOnly in an extension", `{"op":"replace","path":"` + passwordState + `","value":{"mustChange":false}}`, 400, "error.seatrial.readOnlyAttribute", false, nil},
		{"immutable", `{"op":"replace","path":"ocid","value":"x"}`, 400, "error.seatrial.readOnlyAttribute", false, nil},
		{"id", `{"op":"replace","path":"id","value":"x"}`, 400, "error.seatrial.readOnlyAttribute", false, nil},
		{"wrong type", `{"op":"replace","path":"active","value":"no"}`, 400, "error.seatrial.wrongType", false, nil},
		{"all or nothing", `{"op":"replace","path":"title","value":"Captain"},{"op":"replace","path":"password","value":"short"}`, 400, "error.identity.passwordmgmt.pwdpolicyViolation", false, nil},
		{"the required e-mail removed", `{"op":"remove","path":"emails"}`, 400, "error.identity.user.primaryEmailNotSpecified", false, nil},
		{"user name removed", `{"op":"remove","path":"userName"}`, 400, "error.common.validation.missingReqAttributes", false, nil},
		{"user name taken", `{"op":"replace","path":"userName","value":"TAKEN"}`, 409, "error.seatrial.userNameTaken", false, nil},
		{"bad path", `{"op":"replace","path":"emails[type eq","value":"x"}`, 400, "error.seatrial.invalidPath", false, nil},
		{"bad operation", `{"op":"move","path":"title","value":"x"}`, 400, "", false, nil},
		{"nothing to remove", `{"op":"remove"}`, 400, "", false, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			d.add(t, "taken")
			before := d.ask(t, "engine", http.MethodGet, d.path(), "")
			a := d.ask(t, "engine", http.MethodPatch, d.path(), patch(tc.operations))
			require.Equal(t, tc.status, a.status, "%s", a.body)
			assert.Equal(t, tc.surprise, d.last(t).Surprise != "", "surprise %q", d.last(t).Surprise)
			after := d.ask(t, "engine", http.MethodGet, d.path(), "")
			if tc.status == 200 {
				assert.JSONEq(t, string(a.body), string(after.body))
				assert.NotEqual(t, before.header.Get("Etag"), after.header.Get("Etag"))
				if tc.check != nil {
					tc.check(t, a.json(t))
				}
				assert.Equal(t, people.LogIn{}.MustChange, d.state(t)["mustChange"], "other attributes do not touch the password")
				return
			}
			if tc.messageID != "" {
				assert.Equal(t, tc.messageID, a.messageID(t))
			}
			assert.JSONEq(t, string(before.body), string(after.body))
		})
	}
}

func TestReadOnlyIgnored(t *testing.T) {
	d := newDomain(t)
	d.set(t, "readOnlyWrite", "ignore")
	require.Equal(t, 200, d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(newPassword)).status)
	a := d.ask(t, "engine", http.MethodPatch, d.path(), patch(`{"op":"replace","path":"`+mustChange+`","value":false}`))
	assert.Equal(t, 200, a.status)
	assert.Equal(t, true, d.state(t)["mustChange"], "answered as if, and ignored")
}

func TestPut(t *testing.T) {
	const minimal = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen","emails":[{"value":"b@example.com","primary":true}]%s}`
	t.Run("what is left out is cleared, but for the password", func(t *testing.T) {
		d := newDomain(t)
		a := d.ask(t, "engine", http.MethodPut, d.path(), fmt.Sprintf(minimal, ""))
		require.Equal(t, 200, a.status, "%s", a.body)
		assert.NotContains(t, a.json(t), "name")
		assert.Equal(t, people.LogIn{OK: true}, d.logsIn(t, firstPassword))
		assert.Equal(t, "update", d.last(t).Operation)
	})
	t.Run("a user may be sent back as it was read", func(t *testing.T) {
		d := newDomain(t)
		read := d.ask(t, "engine", http.MethodGet, d.path(), "")
		require.Equal(t, 200, d.ask(t, "engine", http.MethodPatch, d.path(), patch(`{"op":"add","path":"title","value":"x"}`)).status)
		a := d.ask(t, "engine", http.MethodPut, d.path(), string(read.body))
		assert.Equal(t, 200, a.status, "%s", a.body)
	})
	t.Run("another id is refused", func(t *testing.T) {
		d := newDomain(t)
		a := d.ask(t, "engine", http.MethodPut, d.path(), fmt.Sprintf(minimal, `,"id":"x"`))
		assert.Equal(t, 400, a.status)
		assert.Equal(t, "error.seatrial.readOnlyAttribute", a.messageID(t))
	})
	t.Run("another OCID is refused", func(t *testing.T) {
		d := newDomain(t)
		a := d.ask(t, "engine", http.MethodPut, d.path(), fmt.Sprintf(minimal, `,"ocid":"x"`))
		assert.Equal(t, 400, a.status)
		assert.Equal(t, "error.seatrial.readOnlyAttribute", a.messageID(t))
	})
	t.Run("a readOnly state is refused", func(t *testing.T) {
		d := newDomain(t)
		a := d.ask(t, "engine", http.MethodPut, d.path(), fmt.Sprintf(minimal, `,"`+passwordState+`":{"mustChange":true}`))
		assert.Equal(t, 400, a.status)
	})
}

func TestVersions(t *testing.T) {
	for _, method := range []string{http.MethodPatch, http.MethodPut, http.MethodDelete} {
		t.Run(method, func(t *testing.T) {
			d := newDomain(t)
			body := map[string]string{
				http.MethodPatch: patchPassword(newPassword),
				http.MethodPut:   `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen","emails":[{"value":"b@example.com","primary":true}]}`,
			}[method]
			meta, _ := d.ask(t, "engine", http.MethodGet, d.path(), "").json(t)["meta"].(map[string]any)
			version, _ := meta["version"].(string)
			require.Regexp(t, "^[0-9a-f]{32}$", version)
			a := d.ask(t, "engine", method, d.path(), body, "If-Match", "00000000000000000000000000000000")
			assert.Equal(t, http.StatusPreconditionFailed, a.status)
			assert.True(t, d.logsIn(t, firstPassword).OK)
			d.set(t, "versionConflict", "409")
			assert.Equal(t, http.StatusConflict, d.ask(t, "engine", method, d.path(), body, "If-Match", "x").status)
			a = d.ask(t, "engine", method, d.path(), body, "If-Match", `"x", W/"`+version+`"`)
			assert.Less(t, a.status, 300, "%s", a.body)
		})
	}
}

func TestDelete(t *testing.T) {
	d := newDomain(t)
	a := d.ask(t, "engine", http.MethodDelete, d.path()+"?forceDelete=true", "")
	assert.Equal(t, http.StatusNoContent, a.status)
	assert.Empty(t, a.body)
	assert.Equal(t, "bjensen", d.last(t).User)
	assert.Equal(t, http.StatusNotFound, d.ask(t, "engine", http.MethodGet, d.path(), "").status)
	assert.Equal(t, http.StatusNotFound, d.ask(t, "engine", http.MethodDelete, d.path(), "").status)
	assert.Equal(t, people.LogIn{Reason: "not_found"}, d.logsIn(t, firstPassword))
}

func TestViews(t *testing.T) {
	d := newDomain(t)
	for _, tc := range []struct {
		query string
		want  []string
	}{
		{"attributes=title", []string{"id", "userName"}},
		{"attributes=displayName", []string{"displayName", "id", "userName"}},
		{"attributes=displayName,userName", []string{"displayName", "id", "userName"}},
		{"attributes=" + mustChange, []string{"id", passwordState, "userName"}},
		{"attributes=password", []string{"id", "userName"}},
		{"attributeSets=never", []string{"id", "userName"}},
		{"attributeSets=Always", []string{"id", "userName"}},
		{"attributeSets=request&attributes=active", []string{"active", "id", extUser, passwordState, "urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User", "userName"}},
	} {
		t.Run(tc.query, func(t *testing.T) {
			m := d.ask(t, "engine", http.MethodGet, d.path()+"?"+tc.query, "").json(t)
			keys := make([]string, 0, len(m))
			for key := range m {
				keys = append(keys, key)
			}
			assert.ElementsMatch(t, tc.want, keys)
		})
	}
	all := d.ask(t, "engine", http.MethodGet, d.path()+"?attributeSets=all", "")
	assert.NotContains(t, string(all.body), firstPassword)
	assert.NotContains(t, all.json(t), "password")
	assert.Contains(t, all.json(t), passwordState)
	byDefault := d.ask(t, "engine", http.MethodGet, d.path(), "").json(t)
	assert.NotContains(t, byDefault, passwordState)
	assert.Equal(t, 400, d.ask(t, "engine", http.MethodGet, d.path()+"?attributeSets=some", "").status)
	patched := d.ask(t, "engine", http.MethodPatch, d.path()+"?attributes="+mustChange, patchPassword(newPassword)).json(t)
	assert.Equal(t, map[string]any{"mustChange": true}, patched[passwordState], "views work on writes too")
}

// Under -race: one password at a time wins, and everything agrees about which.
func TestConcurrentPatches(t *testing.T) {
	d := newDomain(t)
	d.token(t, "engine")
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			a := d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(fmt.Sprintf("Spring-Tide-%d", 2000+n)))
			assert.Equal(t, 200, a.status)
			d.ask(t, "engine", http.MethodGet, "/admin/v1/Users?filter=userName+eq+%22bjensen%22", "")
		})
	}
	wg.Wait()
	winners := 0
	for n := range 16 {
		if d.logsIn(t, fmt.Sprintf("Spring-Tide-%d", 2000+n)).OK {
			winners++
		}
	}
	assert.Equal(t, 1, winners)
	p, _ := d.People().ByID(d.user.ID)
	assert.Len(t, p.Credential.History, 17)
	assert.Equal(t, uint64(17), p.Version)
}
