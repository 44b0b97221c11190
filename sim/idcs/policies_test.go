package idcs_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
)

const policies = "/admin/v1/PasswordPolicies"

// join makes a group with the users in it and returns its id.
func (d *domain) join(tb testing.TB, name string, users ...people.Person) string {
	tb.Helper()
	var members []string
	for _, p := range users {
		members = append(members, `{"type":"User","value":"`+p.ID+`"}`)
	}
	a := d.ask(tb, "engine", http.MethodPost, "/admin/v1/Groups",
		`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"`+name+`","members":[`+strings.Join(members, ",")+`]}`)
	require.Equal(tb, http.StatusCreated, a.status, "%s", a.body)
	id, _ := a.json(tb)["id"].(string)
	return id
}

func policyFor(name string, priority int, groups ...string) string {
	m := map[string]any{"name": name, "minLength": 20}
	if priority > 0 {
		m["priority"] = priority
	}
	var list []any
	for _, id := range groups {
		list = append(list, map[string]any{"value": id})
	}
	if list != nil {
		m["groups"] = list
	}
	return body("PasswordPolicy", m)
}

// applies is the name of the policy that the API shows for the user.
func (d *domain) applies(tb testing.TB) any {
	tb.Helper()
	a := d.ask(tb, "engine", http.MethodGet, d.path()+"?attributes="+passwordState+":applicablePasswordPolicy", "")
	state, _ := a.json(tb)[passwordState].(map[string]any)
	shown, _ := state["applicablePasswordPolicy"].(map[string]any)
	return shown["display"]
}

// A user has the policy of the group whose policy has the highest priority.
func TestPolicyOfGroups(t *testing.T) {
	d := newDomain(t)
	staff, admins := d.join(t, "Staff", d.user), d.join(t, "Admins", d.user)
	d.join(t, "Nobody")
	assert.Equal(t, "PasswordPolicy", d.applies(t))
	a := d.ask(t, "security", http.MethodPost, policies, policyFor("for staff", 2, staff))
	require.Equal(t, 201, a.status, "%s", a.body)
	id, _ := a.json(t)["id"].(string)
	assert.Equal(t, "https://"+d.Host()+policies+"/"+id, a.header.Get("Location"))
	assert.Equal(t, "for staff", d.applies(t))
	refused := d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(newPassword))
	assert.Equal(t, pwdPolicy, refused.messageID(t))
	assert.Contains(t, refused.json(t)["detail"], "at least 20 characters")

	d.add(t, "scarter")
	other, _ := d.People().ByUserName("scarter")
	assert.Equal(t, 200, d.ask(t, "engine", http.MethodPatch, "/admin/v1/Users/"+other.ID, patchPassword(newPassword)).status, "who is in no group has the default")

	require.Equal(t, 201, d.ask(t, "security", http.MethodPost, policies, policyFor("for admins", 1, admins)).status)
	assert.Equal(t, "for admins", d.applies(t), "the higher priority")
	retrieved := d.ask(t, "engine", http.MethodPost, "/admin/v1/ApplicablePasswordPolicyRetriever", body("ApplicablePasswordPolicyRetriever", map[string]any{"userName": "bjensen"}))
	require.Equal(t, 201, retrieved.status, "%s", retrieved.body)
	shown, _ := retrieved.json(t)["passwordPolicy"].(map[string]any)
	assert.Equal(t, "for admins", shown["name"])
	assert.Contains(t, shown["configuredPasswordPolicyRules"], map[string]any{"key": "minLength", "value": "The password must have at least 20 characters."})

	list := d.ask(t, "engine", http.MethodGet, policies+"?filter=priority+le+2&sortBy=priority&sortOrder=descending&attributes=priority", "").json(t)
	assert.InDelta(t, 2, list["totalResults"], 0)
	first, _ := list["Resources"].([]any)
	assert.Equal(t, "for staff", first[0].(map[string]any)["name"])

	// One after the other goes, and the next applies.
	require.Equal(t, 204, d.ask(t, "engine", http.MethodDelete, "/admin/v1/Groups/"+admins+"?forceDelete=true", "").status)
	assert.Equal(t, "for staff", d.applies(t))
	require.Equal(t, 204, d.ask(t, "security", http.MethodDelete, policies+"/"+id, "").status)
	assert.Equal(t, "PasswordPolicy", d.applies(t))
}

func TestPolicyResource(t *testing.T) {
	for _, tc := range []struct {
		name, method, id, body string
		status                 int
		messageID, detail      string
	}{
		{name: "created", method: http.MethodPost, body: policyFor("x", 3), status: 201},
		{name: "without a priority", method: http.MethodPost, body: policyFor("x", 0), status: 201},
		{name: "Simple", method: http.MethodPost, body: body("PasswordPolicy", map[string]any{"name": "x", "passwordStrength": "Simple"}), status: 201},
		{name: "without a name", method: http.MethodPost, body: body("PasswordPolicy", nil), status: 400, messageID: missing},
		{name: "the name is taken", method: http.MethodPost, body: policyFor("first", 5), status: 409, messageID: "error.seatrial.policyNameTaken"},
		{name: "the default's name", method: http.MethodPost, body: policyFor("PasswordPolicy", 5), status: 409, messageID: "error.seatrial.policyNameTaken"},
		{name: "priority 0", method: http.MethodPost, body: body("PasswordPolicy", map[string]any{"name": "x", "priority": 0}), status: 400, messageID: "error.seatrial.invalidValue"},
		{name: "priority 11", method: http.MethodPost, body: policyFor("x", 11), status: 400, messageID: "error.seatrial.invalidValue"},
		{name: "half a priority", method: http.MethodPost, body: body("PasswordPolicy", map[string]any{"name": "x", "priority": 1.5}), status: 400, messageID: "error.seatrial.invalidValue"},
		{name: "a priority in words", method: http.MethodPost, body: body("PasswordPolicy", map[string]any{"name": "x", "priority": "one"}), status: 400, messageID: "error.seatrial.wrongType"},
		{
			name: "no such group", method: http.MethodPost, body: policyFor("x", 3, "nogroup"), status: 400,
			messageID: "error.common.validation.invalidReferenceResource", detail: "PasswordPolicy.groups references a Group with ID nogroup that does not exist.",
		},
		{name: "the group has one", method: http.MethodPost, body: "GROUP", status: 400, messageID: "error.seatrial.groupHasPolicy"},
		{name: "an unknown rule", method: http.MethodPost, body: body("PasswordPolicy", map[string]any{"name": "x", "minLenght": 8}), status: 400, messageID: "error.seatrial.invalidValue", detail: `did you mean "minLength"`},
		{name: "a strength that is none", method: http.MethodPost, body: body("PasswordPolicy", map[string]any{"name": "x", "passwordStrength": "Strong"}), status: 400, messageID: "error.seatrial.invalidValue", detail: "Simple, Standard, Custom"},
		{name: "Simple, with rules", method: http.MethodPost, body: body("PasswordPolicy", map[string]any{"name": "x", "passwordStrength": "Simple", "minLength": 3}), status: 400, messageID: "error.seatrial.invalidValue"},
		{name: "renamed", method: http.MethodPut, id: "first", body: policyFor("second", 1), status: 400, messageID: "error.seatrial.readOnlyAttribute"},
		{name: "replaced", method: http.MethodPut, id: "first", body: policyFor("first", 7), status: 200},
		{name: "patched", method: http.MethodPatch, id: "first", body: patch(`{"op":"replace","path":"description","value":"x"}`), status: 200},
		{name: "the default, with a priority", method: http.MethodPatch, id: "PasswordPolicy", body: patch(`{"op":"add","path":"priority","value":1}`), status: 400, messageID: "error.seatrial.invalidValue"},
		{name: "a built-in one", method: http.MethodPatch, id: "SimplePasswordPolicy", body: patch(`{"op":"add","path":"minLength","value":1}`), status: 400, messageID: "error.seatrial.policyNotModifiable"},
		{name: "the default deleted", method: http.MethodDelete, id: "PasswordPolicy", status: 400, messageID: "error.seatrial.policyNotModifiable"},
		{name: "nothing deleted", method: http.MethodDelete, id: "x", status: 404, messageID: "error.seatrial.notFound"},
		{name: "read", method: http.MethodGet, id: "first", status: 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			group := d.join(t, "Staff")
			first := d.ask(t, "security", http.MethodPost, policies, policyFor("first", 1, group)).json(t)
			path := policies
			switch tc.id {
			case "":
			case "first":
				id, _ := first["id"].(string)
				path += "/" + id
			default:
				path += "/" + tc.id
			}
			if tc.body == "GROUP" {
				tc.body = policyFor("x", 3, group)
			}
			a := d.ask(t, "security", tc.method, path, tc.body)
			assert.Equal(t, tc.status, a.status, "%s", a.body)
			if tc.messageID != "" {
				assert.Equal(t, tc.messageID, a.messageID(t))
				assert.Contains(t, a.json(t)["detail"], tc.detail)
				assert.Len(t, d.GroupPolicies(), 1)
			}
		})
	}
}

// Whatever is created, moved and deleted: priorities stay unique, in order and within 1 to 10, a new policy has the one
// that it asked for, and the others keep their order.
func TestPrioritiesStayInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := newDomain(t)
		n := 0
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				n++
				name, priority := fmt.Sprintf("p%d", rapid.IntRange(1, 12).Draw(rt, "name")), rapid.IntRange(0, 10).Draw(rt, "priority")
				before := policyNames(d.GroupPolicies(), name)
				if d.SetGroupPolicy(idcs.GroupPolicy{Name: name, Priority: priority, Policy: policy.Simple()}) != nil {
					if got := policyNames(d.GroupPolicies(), name); fmt.Sprint(got) != fmt.Sprint(before) {
						rt.Fatalf("a refused policy has changed %v to %v", before, got)
					}
					return
				}
				after := d.GroupPolicies()
				if got := policyNames(after, name); fmt.Sprint(got) != fmt.Sprint(before) {
					rt.Fatalf("the order of the others was %v and is %v", before, got)
				}
				for _, p := range after {
					if p.Name == name && priority != 0 && p.Priority != priority {
						rt.Fatalf("%s is at %d, want %d", name, p.Priority, priority)
					}
				}
			},
			"remove": func(rt *rapid.T) {
				d.RemoveGroupPolicy(fmt.Sprintf("p%d", rapid.IntRange(1, 12).Draw(rt, "name")))
			},
			"": func(rt *rapid.T) {
				last := 0
				for _, p := range d.GroupPolicies() {
					if p.Priority <= last || p.Priority > 10 {
						rt.Fatalf("priorities %v", d.GroupPolicies())
					}
					last = p.Priority
				}
			},
		})
	})
}

func policyNames(list []idcs.GroupPolicy, but string) []string {
	var all []string
	for _, p := range list {
		if p.Name != but {
			all = append(all, p.Name)
		}
	}
	return all
}

// forcePasswordReset makes those to whom the policy applies choose a new password, and nobody else.
func TestForcePasswordReset(t *testing.T) {
	d := newDomain(t)
	other, external := d.add(t, "scarter"), d.add(t, "external")
	_, err := d.People().Update(external.ID, func(p *people.Person) error { p.Federated = true; return nil })
	require.NoError(t, err)
	group := d.join(t, "Staff", other)
	require.Equal(t, 201, d.ask(t, "security", http.MethodPost, policies, policyFor("staff", 1, group)).status)
	a := d.ask(t, "security", http.MethodPatch, policies+"/PasswordPolicy", patch(`{"op":"add","path":"forcePasswordReset","value":true}`))
	require.Equal(t, 200, a.status, "%s", a.body)
	assert.NotContains(t, string(a.body), "forcePasswordReset", "it is writeOnly")
	must := func(id string) bool {
		p, _ := d.People().ByID(id)
		return p.Credential.MustChange
	}
	assert.Equal(t, []bool{true, false, false}, []bool{must(d.user.ID), must(other.ID), must(external.ID)})
	assert.Equal(t, people.LogIn{OK: true, MustChange: true}, d.logsIn(t, firstPassword))
}
