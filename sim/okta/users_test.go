package okta_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

const usersPath = "/api/v1/users"

// newcomer is the body of a creation; more is what follows the profile.
func newcomer(login, more string) string {
	return fmt.Sprintf(`{"profile":{"firstName":"Sam","lastName":"Carter","email":"sam@example.com","login":%q}%s}`, login, more)
}

func TestCreateLeadsToTheStatus(t *testing.T) {
	const password = `,"credentials":{"password":{"value":"Spring-Tide-2026"}}`
	const federated = `,"credentials":{"provider":{"type":"FEDERATION","name":"FEDERATION"}}`
	for _, tc := range []struct {
		name, query, more, status, provider string
		signsIn, mustChange                 bool
	}{
		{"with a password", "", password, "ACTIVE", okta.OKTA, true, false},
		{"without", "", "", "PROVISIONED", okta.OKTA, false, false},
		{"an empty password is none", "", `,"credentials":{"password":{}}`, "PROVISIONED", okta.OKTA, false, false},
		{"staged", "?activate=false", "", "STAGED", okta.OKTA, false, false},
		{"staged with a password", "?activate=false", password, "STAGED", okta.OKTA, false, false},
		{"to be changed", "?nextLogin=changePassword", password, "PASSWORD_EXPIRED", okta.OKTA, true, true},
		{"federated", "?provider=true", federated, "ACTIVE", okta.FEDERATION, false, false},
		{"federated, staged", "?provider=true&activate=false", federated, "STAGED", okta.FEDERATION, false, false},
		{"the flag is lost", "", federated, "PROVISIONED", okta.OKTA, false, false},
		{"social", "?provider=true", strings.ReplaceAll(federated, "FEDERATION", "SOCIAL"), "ACTIVE", okta.SOCIAL, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newOrg(t)
			a := o.ask(t, "admin", http.MethodPost, usersPath+tc.query, newcomer("sam@example.com", tc.more))
			require.Equal(t, http.StatusOK, a.status, "%s", a.body)
			u := a.json(t)
			assert.Equal(t, tc.status, u["status"])
			assert.Regexp(t, `^00u[0-9A-Za-z]{17}$`, u["id"])
			credentials := u["credentials"].(map[string]any)
			assert.Equal(t, map[string]any{"type": tc.provider, "name": tc.provider}, credentials["provider"])
			assert.Equal(t, people.LogIn{OK: tc.signsIn, MustChange: tc.mustChange}.OK, o.LogIn("sam@example.com", secret.New(newPassword)).OK)
			assert.Equal(t, tc.mustChange, o.LogIn("sam@example.com", secret.New(newPassword)).MustChange)
			if tc.status == "STAGED" && tc.more == "" {
				assert.Nil(t, u["statusChanged"])
				assert.Nil(t, u["passwordChanged"])
				assert.Nil(t, u["activated"])
			}
			assert.Equal(t, "accepted", o.last(t).Outcome)
			assert.Equal(t, "sam@example.com", o.last(t).User)
			o.leaks(t, newPassword)
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	const password = `,"credentials":{"password":{"value":"Spring-Tide-2026"}}`
	groups := `,"groupIds":["` + strings.Repeat(`x","`, 20) + `x"]`
	for _, tc := range []struct {
		name, query, body string
		status            int
		code, summary     string
		causes            []string
	}{
		{"E0000001 login taken", "", newcomer(login, ""), 400, "E0000001", "Api validation failed: login", []string{"login: An object with this field already exists in the current organization"}},
		{"taken in another case and with accents", "", newcomer("ISAAC.BRÖCK@example.com", ""), 400, "E0000001", "Api validation failed: login", []string{"login: An object with this field already exists in the current organization"}},
		{"blank login", "", newcomer(" ", ""), 400, "E0000001", "Api validation failed: login", []string{"login: The field cannot be left blank"}},
		{"no e-mail addresses", "", `{"profile":{"firstName":"S","lastName":"C","email":"samcarter","login":"samcarter"}}`, 400, "E0000001", "Api validation failed: login", []string{"login: Username must be in the form of an email address", "email: Does not match required pattern"}},
		{"no names", "", `{"profile":{"email":"sam@example.com","login":"sam@example.com"}}`, 400, "E0000001", "Api validation failed: firstName", []string{"firstName: The field cannot be left blank", "lastName: The field cannot be left blank"}},
		{"unknown attribute", "", `{"profile":{"notValid":"x"}}`, 400, "E0000001", "Api validation failed: newUser", []string{"Property name 'notValid' is not defined in profile"}},
		{"not a string", "", `{"profile":{"title":7}}`, 400, "E0000037", "Type mismatch exception.  title is not a string", nil},
		{"E0000124", "?nextLogin=changePassword", newcomer("sam@example.com", ""), 400, "E0000124", "", nil},
		{"E0000125", "?nextLogin=changePassword&activate=false", newcomer("sam@example.com", password), 400, "E0000125", "", nil},
		{"E0000002 another nextLogin", "?nextLogin=x", newcomer("sam@example.com", password), 400, "E0000002", "The request was not valid: nextLogin takes changePassword", nil},
		{"E0000093 too many groups", "", newcomer("sam@example.com", groups), 400, "E0000093", "Target count limit exceeded", nil},
		{"unknown group", "", newcomer("sam@example.com", `,"groupIds":["00gx"]`), 404, "E0000007", "Not found: Resource not found: 00gx (UserGroup)", nil},
		{"a directory", "?provider=true", newcomer("sam@example.com", `,"credentials":{"provider":{"type":"LDAP","name":"x"}}`), 400, "E0000001", "Api validation failed: provider", []string{"provider: The provider cannot be set to that type"}},
		{"a password for a federated user", "?provider=true", newcomer("sam@example.com", `,"credentials":{"provider":{"type":"FEDERATION"},"password":{"value":"Spring-Tide-2026"}}`), 400, "E0000001", "Api validation failed: password", []string{"password: Password"}},
		{"weak", "", newcomer("sam@example.com", `,"credentials":{"password":{"value":"short"}}`), 400, "E0000001", "Api validation failed: password", []string{"password: Password requirements were not met. Password requirements: at least 8 characters, a lowercase letter, an uppercase letter, a number, no parts of your username. Your password cannot be any of your last 4 passwords."}},
		{"another hook", "", newcomer("sam@example.com", `,"credentials":{"password":{"hook":{"type":"x"}}}`), 400, "E0000001", "Api validation failed: password", []string{"password: The type of a hook must be default"}},
		{"value and hook", "", newcomer("sam@example.com", `,"credentials":{"password":{"value":"Spring-Tide-2026","hook":{"type":"default"}}}`), 400, "E0000001", "Api validation failed: password", []string{"password: value, hash and hook exclude one another"}},
		{"value and hash", "", newcomer("sam@example.com", `,"credentials":{"password":{"value":"Spring-Tide-2026","hash":{"algorithm":"MD5","value":"x"}}}`), 400, "E0000001", "Api validation failed: password", []string{"password: value, hash and hook exclude one another"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newOrg(t)
			o.ask(t, "admin", http.MethodPost, usersPath+tc.query, tc.body).refused(t, tc.status, tc.code, tc.summary, tc.causes...)
			assert.Equal(t, 1, o.People().Len())
			assert.Equal(t, "refused", o.last(t).Outcome)
			o.ask(t, "admin", http.MethodGet, usersPath+"/sam@example.com", "").refused(t, 404, "E0000007", "Not found: Resource not found: sam@example.com (User)")
		})
	}
}

func TestReadByIdLoginShortNameAndMe(t *testing.T) {
	o := newOrg(t)
	o.add(t, "twin@example.com")
	o.add(t, "twin@example.org")
	for _, tc := range []struct {
		name, token, key string
		found            bool
	}{
		{"id", "admin", o.user.ID, true},
		{"login", "admin", login, true},
		{"login, escaped", "admin", "isaac.brock%40example.com", true},
		{"login in another case", "admin", "Isaac.Brock@Example.com", true},
		{"short", "admin", "isaac.brock", true},
		{"short, two of them", "admin", "twin", false},
		{"me, of a user", "owned", "me", true},
		{"me, of nobody", "admin", "me", false},
		{"E0000007 nobody", "admin", "00uXXXXXXXXXXXXXXXXX", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := o.ask(t, tc.token, http.MethodGet, usersPath+"/"+tc.key, "")
			if !tc.found {
				a.refused(t, 404, "E0000007", "Not found: Resource not found: "+tc.key+" (User)")
				return
			}
			assert.Equal(t, o.user.ID, a.json(t)["id"])
			assert.Regexp(t, `^W/"[0-9a-f]{64}"$`, a.header.Get("ETag"))
		})
	}
	t.Run("omissions", func(t *testing.T) {
		a := o.ask(t, "admin", http.MethodGet, o.path(), "", "Content-Type", "application/json; okta-response=omitCredentials,omitCredentialsLinks")
		u := a.json(t)
		assert.NotContains(t, u, "credentials")
		assert.NotContains(t, u["_links"], "changePassword")
		assert.Contains(t, u["_links"], "suspend")
	})
}

func TestListPagesByLinks(t *testing.T) {
	o := newOrg(t)
	for i := range 7 {
		o.add(t, fmt.Sprintf("user%d@example.com", i))
	}
	o.add(t, "gone@example.com", func(p *people.Person) { p.Active = false })
	var seen []string
	next := "/api/v1/users?limit=3"
	for pages := 0; next != ""; pages++ {
		require.Less(t, pages, 4)
		a := o.ask(t, "admin", http.MethodGet, next, "")
		require.Equal(t, 200, a.status, "%s", a.body)
		links := a.header.Values("Link")
		assert.Equal(t, "<https://hub.okta.com"+next+`>; rel="self"`, links[0])
		next = ""
		if len(links) == 2 {
			address, ok := strings.CutSuffix(strings.TrimPrefix(links[1], "<https://hub.okta.com"), `>; rel="next"`)
			require.True(t, ok)
			assert.True(t, strings.HasPrefix(address, "/api/v1/users?after=00u"))
			next = address
		}
		for _, u := range a.list(t) {
			seen = append(seen, u["profile"].(map[string]any)["login"].(string))
			assert.Equal(t, []string{"self"}, slices.Collect(maps.Keys(u["_links"].(map[string]any))))
		}
	}
	assert.Equal(t, []string{
		login, "user0@example.com", "user1@example.com", "user2@example.com", "user3@example.com", "user4@example.com", "user5@example.com", "user6@example.com",
	}, seen)
	t.Run("a full last page has no next", func(t *testing.T) {
		a := o.ask(t, "admin", http.MethodGet, "/api/v1/users?limit=8", "")
		assert.Len(t, a.list(t), 8)
		assert.Len(t, a.header.Values("Link"), 1)
	})
	t.Run("over the maximum", func(t *testing.T) {
		assert.Equal(t, 200, o.ask(t, "admin", http.MethodGet, "/api/v1/users?limit=500", "").status)
		o.set(t, "limitOverMaximum", "refuse")
		o.ask(t, "admin", http.MethodGet, "/api/v1/users?limit=500", "").refused(t, 400, "E0000001", "Api validation failed: limit", "limit: The limit must not be greater than 200")
		o.ask(t, "admin", http.MethodGet, "/api/v1/users?limit=0", "").refused(t, 400, "E0000037", "")
	})
}

func TestSearchFilterAndQ(t *testing.T) {
	o := newOrg(t)
	o.add(t, "anna@example.com", func(p *people.Person) { p.GivenName, p.FamilyName = "Anna", "Zimmer" })
	o.add(t, "berta@example.com", func(p *people.Person) {
		p.GivenName, p.FamilyName, p.Attributes = "Berta", "Young", map[string]any{"department": "Sales", "badge": "7"}
	})
	o.add(t, "gone@example.com", func(p *people.Person) { p.Active = false })
	search, filter := "search", "filter"
	for _, tc := range []struct {
		by, text string
		want     []string // nil for a refusal
		code     string
	}{
		{"", "", []string{"isaac.brock", "anna", "berta"}, ""},
		{"q", "ber", []string{"berta"}, ""},
		{"q", "BER", []string{"berta"}, ""},
		{"q", "erta", []string{}, ""},
		{"q", "gone", []string{}, ""},
		{search, `profile.login eq "ANNA@example.com"`, []string{"anna"}, ""},
		{search, `profile.login eq "nobody@example.com"`, []string{}, ""},
		{search, `status eq "DEPROVISIONED"`, []string{"gone"}, ""},
		{search, `profile.department pr`, []string{"berta"}, ""},
		{search, `profile.badge eq "7" and (profile.lastName sw "y" or profile.lastName sw "x")`, []string{"berta"}, ""},
		{search, `profile.firstName sw "A" or profile.firstName sw "b"`, []string{"anna", "berta"}, ""},
		{search, `lastUpdated gt "2000-01-01T00:00:00.000Z"`, []string{"isaac.brock", "anna", "berta", "gone"}, ""},
		{search, `lastUpdated lt "2000-01-01T00:00:00Z"`, []string{}, ""},
		{search, `profile.firstName ne "Anna"`, nil, "E0000031"},
		{search, `not (profile.firstName eq "Anna")`, nil, "E0000031"},
		{search, `profile.FirstName eq "Anna"`, nil, "E0000031"},
		{search, `profile.firstName co "n"`, nil, "E0000031"},
		{search, `profile.firstName eq Anna`, nil, "E0000031"},
		{search, `profile.firstName eq "Anna`, nil, "E0000031"},
		{search, `profile.firstName`, nil, "E0000031"},
		{search, `(profile.firstName pr`, nil, "E0000031"},
		{filter, `profile.firstName eq "Anna"`, []string{"anna"}, ""},
		{filter, `profile.firstName eq "anna"`, []string{}, ""},
		{filter, `status eq "ACTIVE" and profile.lastName eq "Young"`, []string{"berta"}, ""},
		{filter, `lastUpdated ge "2000-01-01T00:00:00.000Z" and status eq "DEPROVISIONED"`, []string{"gone"}, ""},
		{filter, `profile.firstName sw "A"`, nil, "E0000031"},
		{filter, `profile.department eq "Sales"`, nil, "E0000031"},
	} {
		t.Run(tc.code+" "+tc.by+" "+tc.text, func(t *testing.T) {
			a := o.ask(t, "admin", http.MethodGet, usersPath+"?"+tc.by+"="+url.QueryEscape(tc.text), "")
			if tc.want == nil {
				assert.Equal(t, 400, a.status)
				assert.Equal(t, tc.code, a.json(t)["errorCode"])
				assert.Equal(t, "Invalid search criteria.", a.json(t)["errorSummary"])
				return
			}
			require.Equal(t, 200, a.status, "%s", a.body)
			assert.Equal(t, tc.want, shortNames(t, a))
		})
	}
	t.Run("E0000033 both", func(t *testing.T) {
		o.ask(t, "admin", http.MethodGet, usersPath+"?search=id+pr&filter=id+pr", "").refused(t, 400, "E0000033", "Bad request. Can't specify a search query and filter in the same request.")
	})
	t.Run("sorted, page by page", func(t *testing.T) {
		a := o.ask(t, "admin", http.MethodGet, usersPath+"?search=id+pr&sortBy=profile.lastName&sortOrder=desc&limit=2", "")
		assert.Equal(t, []string{"anna", "berta"}, shortNames(t, a))
		next := strings.TrimSuffix(strings.TrimPrefix(a.header.Values("Link")[1], "<https://hub.okta.com"), `>; rel="next"`)
		assert.Equal(t, []string{"isaac.brock", "gone"}, shortNames(t, o.ask(t, "admin", http.MethodGet, next, "")))
		o.ask(t, "admin", http.MethodGet, usersPath+"?search=id+pr&sortBy=shoe", "").refused(t, 400, "E0000031", "")
		o.ask(t, "admin", http.MethodGet, usersPath+"?search=id+pr&sortOrder=up", "").refused(t, 400, "E0000002", "")
	})
}

func shortNames(t *testing.T, a answer) []string {
	t.Helper()
	names := []string{}
	for _, u := range a.list(t) {
		short, _, _ := strings.Cut(u["profile"].(map[string]any)["login"].(string), "@")
		names = append(names, short)
	}
	return names
}

func TestUpdateKeepsOrReplaces(t *testing.T) {
	o := newOrg(t)
	o.Clock().Turn(time.Hour)
	require.Equal(t, 200, o.post(t, "", `{"profile":{"title":"Major","badge":"7"}}`).status)
	profile := func() map[string]any { return o.get(t)["profile"].(map[string]any) }
	assert.Equal(t, "Major", profile()["title"])
	assert.Equal(t, "Isaac", profile()["firstName"])
	t.Run("null removes", func(t *testing.T) {
		require.Equal(t, 200, o.post(t, "", `{"profile":{"badge":null}}`).status)
		assert.NotContains(t, profile(), "badge")
	})
	t.Run("PUT of credentials leaves the profile", func(t *testing.T) {
		require.Equal(t, 200, o.ask(t, "admin", http.MethodPut, o.path(), setPassword(newPassword)).status)
		assert.Equal(t, "Major", profile()["title"])
		o.took(t, newPassword)
	})
	t.Run("PUT of a profile replaces it and leaves credentials", func(t *testing.T) {
		require.Equal(t, 200, o.ask(t, "admin", http.MethodPut, o.path(), `{"profile":{"firstName":"I","lastName":"B","email":"ib@example.com","login":"ib@example.com"}}`).status)
		assert.Equal(t, map[string]any{"firstName": "I", "lastName": "B", "email": "ib@example.com", "login": "ib@example.com", "mobilePhone": nil, "secondEmail": nil}, profile())
		assert.True(t, o.LogIn("ib@example.com", secret.New(newPassword)).OK)
	})
	t.Run("the old login is free, the new one is taken", func(t *testing.T) {
		other := o.add(t, login)
		o.ask(t, "admin", http.MethodPost, usersPath+"/"+other.ID, `{"profile":{"login":"IB@example.com"}}`).refused(t, 400, "E0000001", "Api validation failed: login", "login: An object with this field already exists in the current organization")
		assert.Equal(t, 200, o.ask(t, "admin", http.MethodGet, usersPath+"/isaac.brock", "").status)
	})
	t.Run("E0000020 If-Match", func(t *testing.T) {
		tag := o.ask(t, "admin", http.MethodGet, o.path(), "").header.Get("ETag")
		assert.Equal(t, 200, o.ask(t, "admin", http.MethodPost, o.path(), `{"profile":{"title":"General"}}`, "If-Match", tag).status)
		a := o.ask(t, "admin", http.MethodPost, o.path(), `{"profile":{"title":"Private"}}`, "If-Match", tag)
		a.refused(t, 412, "E0000020", "Bad request.")
		assert.Equal(t, "General", profile()["title"])
	})
	t.Run("E0000023 mastered elsewhere", func(t *testing.T) {
		o.be(t, func(a *okta.Account) { a.Mastered = true })
		o.post(t, "", `{"profile":{"title":"Private"}}`).refused(t, 403, "E0000023", "Operation failed because user profile is mastered under another system")
		assert.Equal(t, "General", profile()["title"])
		require.NoError(t, o.Disconnect(o.user.ID))
		assert.Equal(t, 200, o.post(t, "", `{"profile":{"title":"Private"}}`).status)
	})
	t.Run("E0000112 still activating", func(t *testing.T) {
		o.be(t, func(a *okta.Account) { a.Transitioning = okta.Active })
		assert.Equal(t, "ACTIVE", o.get(t)["transitioningToStatus"])
		o.post(t, "", setPassword("Autumn-Storm-9")).refused(t, 409, "E0000112", "Cannot update this user because they are still being activated. Please try again in a few minutes.")
		assert.True(t, o.LogIn("ib@example.com", secret.New(newPassword)).OK)
	})
}

// Recorded: passwordChanged moves, lastUpdated and the ETag do not; a profile moves both.
func TestAPasswordMovesItsOwnTimeOnly(t *testing.T) {
	o := newOrg(t)
	before, tag := o.get(t), o.ask(t, "admin", http.MethodGet, o.path(), "").header.Get("ETag")
	o.Clock().Turn(time.Hour)
	require.Equal(t, 200, o.post(t, "", setPassword(newPassword)).status)
	after := o.get(t)
	assert.Equal(t, before["lastUpdated"], after["lastUpdated"])
	assert.NotEqual(t, before["passwordChanged"], after["passwordChanged"])
	assert.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$`, after["passwordChanged"])
	assert.Equal(t, tag, o.ask(t, "admin", http.MethodGet, o.path(), "").header.Get("ETag"))
	require.Equal(t, 200, o.post(t, "", `{"profile":{"title":"x"}}`).status)
	assert.NotEqual(t, before["lastUpdated"], o.get(t)["lastUpdated"])
	assert.NotEqual(t, tag, o.ask(t, "admin", http.MethodGet, o.path(), "").header.Get("ETag"))
}

func TestDeleteDeactivatesFirst(t *testing.T) {
	o := newOrg(t)
	a := o.ask(t, "admin", http.MethodDelete, o.path(), "")
	assert.Equal(t, 204, a.status)
	assert.Equal(t, "DEPROVISIONED", o.status(t))
	assert.False(t, o.logsIn(firstPassword).OK)
	assert.Equal(t, 204, o.ask(t, "admin", http.MethodDelete, o.path(), "").status)
	o.ask(t, "admin", http.MethodGet, o.path(), "").refused(t, 404, "E0000007", "Not found: Resource not found: "+o.user.ID+" (User)")
	o.ask(t, "admin", http.MethodDelete, o.path(), "").refused(t, 404, "E0000007", "")
	o.add(t, login)
}

func TestLinksFollowStatusAndProvider(t *testing.T) {
	question := `{"credentials":{"recovery_question":{"question":"Ship?","answer":"Lorelei"}}}`
	status := func(s okta.Status) func(*testing.T, *org) {
		return func(t *testing.T, o *org) { t.Helper(); o.be(t, func(a *okta.Account) { a.Status = s }) }
	}
	for _, tc := range []struct {
		name string
		be   func(*testing.T, *org)
		want string
	}{
		{"ACTIVE with a question", func(t *testing.T, o *org) { t.Helper(); require.Equal(t, 200, o.post(t, "", question).status) }, "changePassword changeRecoveryQuestion deactivate expirePassword forgotPassword resetFactors resetPassword schema self suspend type"},
		{"ACTIVE without a question", func(*testing.T, *org) {}, "changePassword changeRecoveryQuestion deactivate expirePassword resetFactors resetPassword schema self suspend type"},
		{"PROVISIONED", status(okta.Provisioned), "deactivate reactivate resetPassword schema self suspend type"},
		{"STAGED", status(okta.Staged), "activate schema self type"},
		{"DEPROVISIONED", status(okta.Deprovisioned), "activate delete schema self type"},
		{"LOCKED_OUT", status(okta.LockedOut), "deactivate resetPassword schema self type unlock"},
		{"SUSPENDED", status(okta.Suspended), "deactivate resetPassword schema self type unsuspend"},
		{"RECOVERY", status(okta.Recovery), "changePassword deactivate reactivate resetPassword schema self type"},
		{"PASSWORD_EXPIRED", status(okta.PasswordExpired), "changePassword changeRecoveryQuestion deactivate resetFactors resetPassword schema self suspend type"},
		{"FEDERATION", func(t *testing.T, o *org) { t.Helper(); o.federated(t) }, "changeRecoveryQuestion deactivate resetPassword schema self type"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newOrg(t)
			tc.be(t, o)
			links := o.get(t)["_links"].(map[string]any)
			assert.Equal(t, tc.want, strings.Join(slices.Sorted(maps.Keys(links)), " "))
			for name, value := range links {
				l := value.(map[string]any)
				switch name {
				case "self", "schema", "type":
					assert.NotContains(t, l, "method")
				case "delete":
					assert.Equal(t, "DELETE", l["method"])
				default:
					assert.Equal(t, "POST", l["method"])
				}
			}
		})
	}
}
