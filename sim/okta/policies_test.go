package okta_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/okta"
)

// The sentence comes from the settings.
func TestTheSentenceIsComposed(t *testing.T) {
	base := okta.PasswordSettings{}
	for _, tc := range []struct {
		name   string
		change func(*okta.PasswordSettings)
		want   string
	}{
		{"the one of the article", func(s *okta.PasswordSettings) { *s = hub() }, hubSentence},
		{"length only", func(s *okta.PasswordSettings) { s.Complexity.MinLength = 12 }, "Password requirements were not met. Password requirements: at least 12 characters."},
		{"names", func(s *okta.PasswordSettings) {
			s.Complexity.MinLength, s.Complexity.ExcludeAttributes = 9, []string{"lastName", "firstName"}
		}, "Password requirements were not met. Password requirements: at least 9 characters, does not include your first name, does not include your last name."},
		{"history and hours", func(s *okta.PasswordSettings) {
			s.Complexity.MinLength, s.Age = 9, okta.Age{HistoryCount: 5, MinAgeMinutes: 120}
		}, "Password requirements were not met. Password requirements: at least 9 characters. Your password cannot be any of your last 5 passwords. At least 2 hour(s) must have elapsed since you last changed your password."},
		{"minutes", func(s *okta.PasswordSettings) { s.Complexity.MinLength, s.Age.MinAgeMinutes = 9, 90 }, "Password requirements were not met. Password requirements: at least 9 characters. At least 90 minute(s) must have elapsed since you last changed your password."},
		{"days", func(s *okta.PasswordSettings) { s.Complexity.MinLength, s.Age.MinAgeMinutes = 9, 2880 }, "Password requirements were not met. Password requirements: at least 9 characters. At least 2 day(s) must have elapsed since you last changed your password."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newOrg(t)
			s := base
			tc.change(&s)
			require.NoError(t, o.SetPolicy(s))
			o.post(t, "", setPassword("x")).refused(t, 400, "E0000001", "Api validation failed: password", "password: "+tc.want)
		})
	}
}

func TestPartsOfTheLogin(t *testing.T) {
	o := newOrg(t)
	for _, tc := range []struct {
		login, password string
		ok              bool
	}{
		{"isaac.brock@example.com", "Xx1-isaac-Q", false},
		{"isaac.brock@example.com", "Xx1-BROCK-Q", false},
		{"isaac.brock@example.com", "Xx1-example-Q", false},
		{"isaac.brock@example.com", "Xx1-dotcom-Q", true},
		{"bob.smith@shop.info", "Xx1-info-bob", true},
		{"bob.smith@shop.info", "Xx1-shop-bob", false},
		{"a_longish#name-here@ab.de", "Xx1-longish", false},
		{"a_longish#name-here@ab.de", "Xx1-name-yy", false},
		{"a_longish#name-here@ab.de", "Xx1-ab-de-yy", true},
	} {
		t.Run(tc.login+" "+tc.password, func(t *testing.T) {
			p, err := o.Populate(people.Person{UserName: tc.login, GivenName: "A", FamilyName: "B", Active: true})
			if err != nil { // an earlier case has added the user
				p.ID = url.PathEscape(tc.login)
			}
			a := o.ask(t, "admin", http.MethodPost, usersPath+"/"+p.ID, setPassword(tc.password))
			assert.Equal(t, tc.ok, a.status == 200, "%s", a.body)
		})
	}
}

func TestPoliciesOfGroupsByPriority(t *testing.T) {
	o := newOrg(t)
	staff, err := o.AddGroup("Staff", "")
	require.NoError(t, err)
	admins, err := o.AddGroup("Admins", "")
	require.NoError(t, err)
	_, err = o.AddGroup("Admins", "")
	require.ErrorIs(t, err, okta.ErrInvalid)
	body := func(name, group string, length, priority int) string {
		return fmt.Sprintf(`{"type":"PASSWORD","name":%q,"priority":%d,"conditions":{"people":{"groups":{"include":[%q]}},"authProvider":{"provider":"OKTA"}},"settings":{"password":{"complexity":{"minLength":%d}}}}`, name, priority, group, length)
	}
	create := func(name, group string, length, priority int) string {
		a := o.ask(t, "admin", http.MethodPost, "/api/v1/policies", body(name, group, length, priority))
		require.Equal(t, 200, a.status, "%s", a.body)
		id, _ := a.json(t)["id"].(string)
		return id
	}
	strict := create("Admins", admins.ID, 30, 0)
	loose := create("Staff", staff.ID, 4, 0)
	accepts := func(password string) bool { return o.post(t, "", setPassword(password)).status == 200 }
	assert.False(t, accepts("Ab1x"), "the default policy")
	require.Equal(t, 204, o.ask(t, "admin", http.MethodPut, "/api/v1/groups/"+staff.ID+"/users/"+o.user.ID, "").status)
	assert.True(t, accepts("Ab1x"), "that of the staff")
	require.NoError(t, o.SetMember(admins.ID, login, true))
	assert.False(t, accepts("Ab1y"), "that of the administrators comes first")
	require.Equal(t, 204, o.ask(t, "admin", http.MethodPost, "/api/v1/policies/"+strict+"/lifecycle/deactivate", "").status)
	assert.True(t, accepts("Ab1y"))
	require.Equal(t, 204, o.ask(t, "admin", http.MethodPost, "/api/v1/policies/"+strict+"/lifecycle/activate", "").status)
	assert.False(t, accepts("Ab1z"))
	require.Equal(t, 200, o.ask(t, "admin", http.MethodPut, "/api/v1/policies/"+loose, body("Staff", staff.ID, 4, 1)).status)
	assert.True(t, accepts("Ab1z"), "the priorities were changed")
	list := o.ask(t, "auditor", http.MethodGet, "/api/v1/policies?type=PASSWORD", "").list(t)
	require.Len(t, list, 3)
	assert.Equal(t, []any{"Staff", "Admins", "Default Policy"}, []any{list[0]["name"], list[1]["name"], list[2]["name"]})
	assert.Equal(t, []any{1.0, 2.0, 3.0}, []any{list[0]["priority"], list[1]["priority"], list[2]["priority"]})
	require.Equal(t, 204, o.ask(t, "admin", http.MethodDelete, "/api/v1/groups/"+staff.ID, "").status)
	assert.False(t, accepts("Ab1w"), "a group that is gone chooses nothing")
	require.Equal(t, 204, o.ask(t, "admin", http.MethodDelete, "/api/v1/policies/"+strict, "").status)
	assert.True(t, accepts("Ab12cdef"))

	fallback, _ := list[2]["id"].(string)
	for name, tc := range map[string]struct {
		method, path, body, code string
	}{
		"no type":             {http.MethodGet, "/api/v1/policies", "", "E0000028"},
		"another type":        {http.MethodGet, "/api/v1/policies?type=MFA_ENROLL", "", "E0000060"},
		"unknown":             {http.MethodGet, "/api/v1/policies/00px", "", "E0000007"},
		"delete the default":  {http.MethodDelete, "/api/v1/policies/" + fallback, "", "E0000006"},
		"disable the default": {http.MethodPost, "/api/v1/policies/" + fallback + "/lifecycle/deactivate", "", "E0000006"},
		"unknown group":       {http.MethodPost, "/api/v1/policies", body("X", "00gx", 8, 0), "E0000007"},
		"name taken":          {http.MethodPost, "/api/v1/policies", body("Staff", admins.ID, 8, 0), "E0000001"},
		"too long":            {http.MethodPost, "/api/v1/policies", body("Y", admins.ID, 99, 0), "E0000001"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.code, o.ask(t, "admin", tc.method, tc.path, tc.body).json(t)["errorCode"])
		})
	}
	rules := o.ask(t, "admin", http.MethodGet, "/api/v1/policies/"+fallback+"/rules", "").list(t)
	assert.Equal(t, "ALLOW", rules[0]["actions"].(map[string]any)["passwordChange"].(map[string]any)["access"])
}

func TestGroupsAndTheirMembers(t *testing.T) {
	o := newOrg(t)
	a := o.ask(t, "admin", http.MethodPost, "/api/v1/groups", `{"profile":{"name":"Staff","description":"All of them"}}`)
	require.Equal(t, 200, a.status, "%s", a.body)
	path := "/api/v1/groups/" + a.json(t)["id"].(string)
	o.ask(t, "admin", http.MethodPost, "/api/v1/groups", `{"profile":{"name":"Staff"}}`).refused(t, 400, "E0000001", "Api validation failed: name", "name: An object with this field already exists in the current organization, or the field is blank")
	assert.Len(t, o.ask(t, "admin", http.MethodGet, "/api/v1/groups", "").list(t), 2)
	assert.Len(t, o.ask(t, "admin", http.MethodGet, "/api/v1/groups?q=sta", "").list(t), 1)
	assert.Empty(t, o.ask(t, "admin", http.MethodGet, path+"/users", "").list(t))
	require.Equal(t, 204, o.ask(t, "admin", http.MethodPut, path+"/users/"+o.user.ID, "").status)
	assert.Equal(t, []string{"isaac.brock"}, shortNames(t, o.ask(t, "admin", http.MethodGet, path+"/users", "")))
	assert.Len(t, o.ask(t, "admin", http.MethodGet, o.path()+"/groups", "").list(t), 2)
	require.Equal(t, 204, o.ask(t, "admin", http.MethodDelete, path+"/users/"+o.user.ID, "").status)
	assert.Empty(t, o.ask(t, "admin", http.MethodGet, path+"/users", "").list(t))
	o.ask(t, "admin", http.MethodPut, path+"/users/nobody", "").refused(t, 404, "E0000007", "Not found: Resource not found: nobody (User)")
	assert.Equal(t, a.json(t), o.ask(t, "admin", http.MethodGet, path, "").json(t))
	o.ask(t, "admin", http.MethodGet, "/api/v1/groups/00gx", "").refused(t, 404, "E0000007", "Not found: Resource not found: 00gx (UserGroup)")
}
