package idcs_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// The two doors of an administrator: the same password, a different tomorrow for the user.
func TestPasswordDoors(t *testing.T) {
	for _, tc := range []struct {
		name, method, client string
		path                 func(*domain) string
		body                 string
		mustChange           bool
		full                 bool
	}{
		{"PATCH", http.MethodPatch, "engine", (*domain).path, patchPassword(newPassword), true, true},
		{"PATCH with a capital operation", http.MethodPatch, "engine", (*domain).path, strings.Replace(patchPassword(newPassword), "replace", "REPLACE", 1), true, true},
		{"PATCH add", http.MethodPatch, "engine", (*domain).path, strings.Replace(patchPassword(newPassword), "replace", "add", 1), true, true},
		{"PATCH without a path", http.MethodPatch, "engine", (*domain).path, patch(`{"op":"replace","value":{"Password":"` + newPassword + `"}}`), true, true},
		{"PATCH by URN", http.MethodPatch, "engine", (*domain).path, patch(`{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:password","value":"` + newPassword + `"}`), true, true},
		{
			"PUT", http.MethodPut, "engine", (*domain).path,
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bjensen","emails":[{"value":"b@example.com","primary":true}],"password":"` + newPassword + `"}`,
			true, true,
		},
		{"UserPasswordChanger", http.MethodPut, "engine", (*domain).changer, changePassword(newPassword), false, false},
		{"UserPasswordChanger by the help desk", http.MethodPut, "helpdesk", (*domain).changer, changePassword(newPassword), false, false},
		{
			"UserPasswordChanger by OCID", http.MethodPut, "engine",
			func(d *domain) string {
				return "/admin/v1/UserPasswordChanger/ocid1.user.oc1..aaaaaaaaaaaaaaaaaaaaaaaaaaaa" + d.user.ID
			},
			changePassword(newPassword), false, false,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			before := d.state(t)
			a := d.ask(t, tc.client, tc.method, tc.path(d), tc.body)
			require.Equal(t, http.StatusOK, a.status, "%s", a.body)
			entry := d.last(t)
			m := a.json(t)
			assert.Equal(t, d.user.ID, m["id"])
			assert.Equal(t, tc.full, m["userName"] == "bjensen")
			assert.NotContains(t, string(a.body), newPassword)

			// Read back by other doors.
			assert.Equal(t, people.LogIn{OK: true, MustChange: tc.mustChange}, d.logsIn(t, newPassword))
			assert.Equal(t, people.LogIn{Reason: "wrong_password"}, d.logsIn(t, firstPassword))
			after := d.state(t)
			assert.Equal(t, tc.mustChange, after["mustChange"])
			assert.NotEqual(t, before["lastSuccessfulSetDate"], after["lastSuccessfulSetDate"])
			p, _ := d.People().ByID(d.user.ID)
			assert.Len(t, p.Credential.History, 2)
			assert.Equal(t, uint64(2), p.Version)

			assert.Equal(t, "write_password", entry.Operation)
			assert.Equal(t, "accepted", entry.Outcome)
			assert.Equal(t, "bjensen", entry.User)
			assert.Equal(t, tc.client, entry.Client)
			assert.Equal(t, "valid", entry.Token)
			assert.Equal(t, d.Journal().Digest(secret.New(newPassword)), entry.Password)
			assert.Contains(t, entry.RequestBody, "••••")
			assert.Empty(t, entry.Surprise)
			d.leaks(t, newPassword, d.tokens[tc.client])
		})
	}
}

func TestPasswordRefused(t *testing.T) {
	const ours = "error.seatrial."
	for _, tc := range []struct {
		name      string
		before    func(*testing.T, *domain)
		password  string
		patch     string // instead of the password
		status    int
		messageID string
		reason    string
		detail    string
	}{
		{
			name: "too short", password: "Short-1", status: 400, messageID: "error.identity.passwordmgmt.pwdpolicyViolation", reason: "policy",
			detail: "The password does not meet the password policy. The password must have at least 12 characters.",
		},
		{
			name: "several rules", password: "bjensen bjensen", status: 400, messageID: "error.identity.passwordmgmt.pwdpolicyViolation", reason: "policy",
			detail: "The password does not meet the password policy. The password must have at least 1 numeric character. The password must have at least 1 uppercase character. The password cannot contain the last name of the user. The password cannot contain the username of the user.",
		},
		{
			name: "the current one", password: firstPassword, status: 400, messageID: "error.identity.passwordmgmt.pwdpolicyViolation", reason: "policy",
			detail: "The password does not meet the password policy. The password cannot repeat the most recent 4 passwords.",
		},
		{name: "empty", password: "", status: 400, messageID: "error.identity.passwordmgmt.pwdpolicyViolation", reason: "policy"},
		{
			name: "list of texts", before: func(t *testing.T, d *domain) { t.Helper(); d.set(t, "policyDetail", "list") }, password: "short-1", status: 400,
			messageID: "error.identity.passwordmgmt.pwdpolicyViolation", reason: "policy",
			detail: "The password must have at least 12 characters. The password must have at least 1 uppercase character.",
		},
		{
			name: "first text", before: func(t *testing.T, d *domain) { t.Helper(); d.set(t, "policyDetail", "first") }, password: "short-1", status: 400,
			messageID: "error.identity.passwordmgmt.pwdpolicyViolation", reason: "policy", detail: "The password must have at least 12 characters.",
		},
		{
			name: "federated", before: federate, password: newPassword, status: 400, messageID: ours + "federatedUser", reason: "federated",
		},
		{
			name: "federated, forbidden", before: func(t *testing.T, d *domain) { t.Helper(); federate(t, d); d.set(t, "federatedWrite", "forbid") },
			password: newPassword, status: 403, messageID: ours + "federatedUser", reason: "federated",
		},
		{
			name: "deactivated", before: deactivate, password: newPassword, status: 400, messageID: ours + "inactiveUser", reason: "inactive",
		},
		{
			name: "younger than the minimum age", before: func(t *testing.T, d *domain) {
				t.Helper()
				d.set(t, "minimumAge", "on")
				p := d.Policy()
				p.MinPasswordAge = 24
				require.NoError(t, d.SetPolicy(p))
			}, password: newPassword, status: 400, messageID: "error.identity.passwordmgmt.pwdpolicyViolation", reason: "policy",
			detail: "The password does not meet the password policy. The password cannot be changed within 24 hours of the last change.",
		},
		{
			name: "gone", before: func(t *testing.T, d *domain) { t.Helper(); require.NoError(t, d.People().Delete(d.user.ID, nil)) },
			password: newPassword, status: 404, messageID: ours + "notFound", reason: "not_found",
		},
		{name: "hashed", password: "{SSHA256}c2VhdHJpYWw=", status: 400, messageID: ours + "hashedPassword", reason: "malformed"},
		{name: "a number", patch: patch(`{"op":"replace","path":"password","value":12345678901234}`), status: 400, messageID: ours + "wrongType", reason: "malformed"},
		{name: "a list", patch: patch(`{"op":"replace","path":"password","value":["` + newPassword + `"]}`), status: 400, messageID: ours + "wrongType", reason: "malformed"},
		{name: "removed", patch: patch(`{"op":"remove","path":"password"}`), status: 400, messageID: ours + "passwordRemoval", reason: "malformed"},
	} {
		for _, door := range []string{"PATCH", "UserPasswordChanger"} {
			if door != "PATCH" && tc.patch != "" {
				continue
			}
			t.Run(tc.name+", "+door, func(t *testing.T) {
				d := newDomain(t)
				if tc.before != nil {
					tc.before(t, d)
				}
				var a answer
				switch {
				case tc.patch != "":
					a = d.ask(t, "engine", http.MethodPatch, d.path(), tc.patch)
				case door == "PATCH":
					a = d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(tc.password))
				default:
					a = d.ask(t, "engine", http.MethodPut, d.changer(), changePassword(tc.password))
				}
				assert.Equal(t, tc.status, a.status, "%s", a.body)
				assert.Equal(t, tc.messageID, a.messageID(t))
				if tc.detail != "" {
					assert.Equal(t, tc.detail, a.json(t)["detail"])
				}
				entry := d.last(t)
				assert.Equal(t, "write_password", entry.Operation)
				assert.Equal(t, "refused", entry.Outcome)
				assert.Equal(t, tc.reason, entry.Reason)
				if p, ok := d.People().ByID(d.user.ID); ok {
					assert.Len(t, p.Credential.History, 1, "a refused password leaves no history")
					assert.Equal(t, d.Journal().Digest(secret.New(firstPassword)), p.Credential.Digest)
				}
				d.leaks(t, newPassword, "Short-1", "c2VhdHJpYWw=")
			})
		}
	}
}

func federate(t *testing.T, d *domain) {
	t.Helper()
	_, err := d.People().Update(d.user.ID, func(p *people.Person) error { p.Federated = true; return nil })
	require.NoError(t, err)
}

func deactivate(t *testing.T, d *domain) {
	t.Helper()
	_, err := d.People().Update(d.user.ID, func(p *people.Person) error { p.Active = false; return nil })
	require.NoError(t, err)
}

func TestHistory(t *testing.T) {
	d := newDomain(t)
	sequence := []string{"Spring-Tide-2026", "Summer-Tide-2026", "Autumn-Tide-2026", "Winter-Tide-2026"}
	for _, p := range sequence {
		require.Equal(t, 200, d.ask(t, "engine", http.MethodPut, d.changer(), changePassword(p)).status)
	}
	status := func(p string) int { return d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(p)).status }
	assert.Equal(t, 400, status(sequence[0]), "the fourth last")
	assert.Equal(t, 200, status(firstPassword), "the fifth last may come back")
	assert.Equal(t, 200, status(sequence[0]), "and has pushed the fourth last out")
	d.set(t, "historyOnPatch", "off")
	assert.Equal(t, 200, status(sequence[0]), "the switch opens one door")
	assert.Equal(t, 400, d.ask(t, "engine", http.MethodPut, d.changer(), changePassword(sequence[0])).status, "and not the other")
}

// The time of the last set is how a client learns whether a write whose answer was lost has been carried out.
func TestSetDateChangesWithEverySet(t *testing.T) {
	d := newDomain(t)
	d.set(t, "historyOnPatch", "off")
	seen := map[any]bool{d.state(t)["lastSuccessfulSetDate"]: true}
	for range 20 {
		require.Equal(t, 200, d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(newPassword)).status)
		at := d.state(t)["lastSuccessfulSetDate"]
		require.False(t, seen[at], "%v came twice", at)
		seen[at] = true
		text, _ := at.(string)
		_, err := time.Parse("2006-01-02T15:04:05.000Z", text)
		require.NoError(t, err)
	}
}

func TestAcceptedWithoutUse(t *testing.T) {
	t.Run("federated", func(t *testing.T) {
		d := newDomain(t)
		federate(t, d)
		d.set(t, "federatedWrite", "accept")
		require.Equal(t, 200, d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(newPassword)).status)
		assert.Equal(t, people.LogIn{Reason: "federated"}, d.logsIn(t, newPassword))
		assert.Equal(t, false, d.state(t)["mustChange"], "a federated user is never made to change")
	})
	t.Run("deactivated", func(t *testing.T) {
		d := newDomain(t)
		deactivate(t, d)
		d.set(t, "inactiveWrite", "accept")
		require.Equal(t, 200, d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(newPassword)).status)
		assert.Equal(t, people.LogIn{Reason: "inactive"}, d.logsIn(t, newPassword))
	})
	t.Run("cleared", func(t *testing.T) {
		d := newDomain(t)
		d.set(t, "removePassword", "clear")
		require.Equal(t, 200, d.ask(t, "engine", http.MethodPatch, d.path(), patch(`{"op":"remove","path":"password"}`)).status)
		assert.Equal(t, people.LogIn{Reason: "no_password"}, d.logsIn(t, firstPassword))
	})
}

func TestUnknownUserOfTheChanger(t *testing.T) {
	d := newDomain(t)
	path := "/admin/v1/UserPasswordChanger/00000000000000000000000000000000"
	assert.Equal(t, 404, d.ask(t, "engine", http.MethodPut, path, changePassword(newPassword)).status)
	d.set(t, "changerNotFound", "400")
	a := d.ask(t, "engine", http.MethodPut, path, changePassword(newPassword))
	assert.Equal(t, 400, a.status)
	assert.Equal(t, "error.common.validation.invalidReferenceResource", a.messageID(t))
}

func TestPasswordAuthenticator(t *testing.T) {
	logIn := func(name, password string) string {
		return `{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:PasswordAuthenticator"],"mappingAttribute":"userName","mappingAttributeValue":"` +
			name + `","password":"` + password + `"}`
	}
	const path = "/admin/v1/PasswordAuthenticator"
	t.Run("right", func(t *testing.T) {
		d := newDomain(t)
		a := d.ask(t, "login", http.MethodPost, path, logIn("BJensen", firstPassword))
		assert.Equal(t, 201, a.status, "%s", a.body)
		assert.Equal(t, d.user.ID, a.json(t)["id"])
		assert.Equal(t, "log_in", d.last(t).Operation)
		d.leaks(t, firstPassword)
	})
	for _, tc := range []struct {
		name, user, password, reason string
		before                       func(*testing.T, *domain)
	}{
		{"wrong password", "bjensen", "wrong", "wrong_password", nil},
		{"unknown user", "nobody", firstPassword, "not_found", nil},
		{"federated", "bjensen", firstPassword, "federated", federate},
		{"deactivated", "bjensen", firstPassword, "inactive", deactivate},
		{"expired", "bjensen", firstPassword, "expired", func(t *testing.T, d *domain) {
			t.Helper()
			p := d.Policy()
			p.PasswordExpiresAfter = 90
			require.NoError(t, d.SetPolicy(p))
			d.token(t, "login")
			d.Clock().Turn(90 * 24 * time.Hour)
			d.tokens = map[string]string{}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			if tc.before != nil {
				tc.before(t, d)
			}
			a := d.ask(t, "login", http.MethodPost, path, logIn(tc.user, tc.password))
			assert.Equal(t, 400, a.status)
			assert.Equal(t, "INVALID_CREDENTIALS", a.json(t)["detail"])
			assert.Equal(t, tc.reason, d.last(t).Reason)
		})
	}
	t.Run("locks after five failures, for half an hour", func(t *testing.T) {
		d := newDomain(t)
		for range 5 {
			assert.Equal(t, 400, d.ask(t, "login", http.MethodPost, path, logIn("bjensen", "wrong")).status)
		}
		assert.Equal(t, people.LogIn{Reason: "locked"}, d.logsIn(t, firstPassword))
		user := d.ask(t, "engine", http.MethodGet, d.path(), "").json(t)
		locked, _ := user["urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User"].(map[string]any)
		state, _ := locked["locked"].(map[string]any)
		assert.Equal(t, true, state["on"])
		assert.EqualValues(t, 0, state["reason"])

		require.Equal(t, 200, d.ask(t, "engine", http.MethodPut, d.changer(), changePassword(newPassword)).status)
		assert.Equal(t, people.LogIn{Reason: "locked"}, d.logsIn(t, newPassword), "a new password does not unlock")
		d.Clock().Turn(31 * time.Minute)
		assert.Equal(t, people.LogIn{OK: true}, d.logsIn(t, newPassword))
		assert.Equal(t, 400, d.ask(t, "login", http.MethodPost, path, logIn("bjensen", "wrong")).status)
		assert.Equal(t, people.LogIn{OK: true}, d.logsIn(t, newPassword), "the count has begun anew")
	})
	t.Run("locks until an administrator unlocks, without a duration", func(t *testing.T) {
		d := newDomain(t)
		p := d.Policy()
		p.LockoutDuration = 0
		require.NoError(t, d.SetPolicy(p))
		for range 5 {
			d.ask(t, "login", http.MethodPost, path, logIn("bjensen", "wrong"))
		}
		d.Clock().Turn(1000 * time.Hour)
		assert.Equal(t, people.LogIn{Reason: "locked"}, d.logsIn(t, firstPassword))
	})
	t.Run("a new password unlocks where the switch says so", func(t *testing.T) {
		d := newDomain(t)
		d.set(t, "lockedWrite", "unlock")
		for range 5 {
			d.ask(t, "login", http.MethodPost, path, logIn("bjensen", "wrong"))
		}
		require.Equal(t, 200, d.ask(t, "engine", http.MethodPut, d.changer(), changePassword(newPassword)).status)
		assert.Equal(t, people.LogIn{OK: true}, d.logsIn(t, newPassword))
	})
	t.Run("the probe leaves no trace", func(t *testing.T) {
		d := newDomain(t)
		before := d.Journal().Search(journal.Query{}).Last
		for range 10 {
			assert.Equal(t, people.LogIn{Reason: "wrong_password"}, d.logsIn(t, "wrong"))
		}
		assert.True(t, d.logsIn(t, firstPassword).OK)
		assert.Equal(t, before, d.Journal().Search(journal.Query{}).Last)
	})
}

// A decoder takes the last of two members of one name in silence; the journal would then show the first.
func TestAPasswordThatIsThereTwice(t *testing.T) {
	d := newDomain(t)
	body := strings.Replace(changePassword(newPassword), `"password":`, `"password":"Fir5t-0f-the-two","password":`, 1)
	require.NotEqual(t, changePassword(newPassword), body)
	a := d.ask(t, "engine", http.MethodPut, d.changer(), body)
	assert.Equal(t, http.StatusBadRequest, a.status)
	assert.Contains(t, string(a.body), "a member that was there before at byte")
	entry := d.last(t)
	assert.NotContains(t, entry.RequestBody, "Fir5t-0f-the-two")
	assert.NotContains(t, string(a.body), "Fir5t-0f-the-two")
	assert.True(t, d.logsIn(t, firstPassword).OK)
}
