package idcs_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const resetter = "/admin/v1/UserPasswordResetter/"

// The three ways from a reset to a new password.
func TestUserPasswordResetter(t *testing.T) {
	useToken := func(t *testing.T, d *domain, token string) {
		t.Helper()
		a := d.ask(t, "recovery", http.MethodPost, "/admin/v1/MePasswordResetter",
			body("MePasswordResetter", map[string]any{"token": token, "password": newPassword}))
		require.Equal(t, 201, a.status, "%s", a.body)
		assert.Equal(t, people.LogIn{OK: true}, d.logsIn(t, newPassword))
		d.leaks(t, token, newPassword)
	}
	t.Run("by mail", func(t *testing.T) {
		d := newDomain(t)
		d.rules(t, func(p *policy.Policy) { p.MinPasswordAge = 24 })
		a := d.ask(t, "helpdesk", http.MethodPut, resetter+d.user.ID, body("UserPasswordResetter", nil))
		require.Equal(t, 200, a.status, "%s", a.body)
		assert.ElementsMatch(t, []string{"schemas", "id", "meta"}, keys(a.json(t)))
		entry := d.last(t)
		assert.Equal(t, []string{"write_password", "accepted", "bjensen"}, []string{entry.Operation, entry.Outcome, entry.User})
		p, _ := d.People().ByID(d.user.ID)
		assert.Equal(t, p.Credential.Digest, entry.Password)
		assert.True(t, p.Credential.MustChange)
		assert.Equal(t, people.LogIn{Reason: "wrong_password"}, d.logsIn(t, firstPassword), "the old password is gone")
		mails, _ := d.Outbox("bjensen", 0, 10)
		require.Len(t, mails, 1)
		useToken(t, d, mails[0].Token.Reveal())
	})
	t.Run("controlled by the client", func(t *testing.T) {
		d := newDomain(t)
		a := d.ask(t, "engine", http.MethodPut, resetter+d.user.ID, body("UserPasswordResetter", map[string]any{"userFlowControlledByExternalClient": true}))
		require.Equal(t, 200, a.status, "%s", a.body)
		token, _ := a.json(t)["userToken"].(map[string]any)
		value, _ := token["value"].(string)
		_, sent := d.Outbox("", 0, 0)
		assert.Zero(t, sent)
		useToken(t, d, value)
	})
	t.Run("without an address", func(t *testing.T) {
		d := newDomain(t)
		d.update(t, func(p *people.Person) { p.Emails = nil })
		a := d.ask(t, "engine", http.MethodPut, resetter+d.user.ID, body("UserPasswordResetter", nil))
		require.Equal(t, 200, a.status)
		once, _ := a.json(t)["oneTimePassword"].(string)
		assert.Equal(t, people.LogIn{OK: true, MustChange: true}, d.logsIn(t, once))
		d.leaks(t, once)
	})
	t.Run("without a mail", func(t *testing.T) {
		d := newDomain(t)
		require.Equal(t, 200, d.ask(t, "engine", http.MethodPut, resetter+d.user.ID, body("UserPasswordResetter", map[string]any{"bypassNotification": true})).status)
		_, sent := d.Outbox("", 0, 0)
		assert.Zero(t, sent)
	})
	for _, tc := range []struct {
		name, id, body string
		before         func(*testing.T, *domain)
		status         int
		messageID      string
	}{
		{name: "nobody", id: "0123456789abcdef0123456789abcdef", body: body("UserPasswordResetter", nil), status: 404, messageID: "error.seatrial.notFound"},
		{name: "deactivated", body: body("UserPasswordResetter", nil), before: deactivate, status: 400, messageID: "error.seatrial.inactiveUser"},
		{
			name: "deactivated, where others may", body: body("UserPasswordResetter", nil), status: 400, messageID: "error.seatrial.inactiveUser",
			before: func(t *testing.T, d *domain) { t.Helper(); deactivate(t, d); d.set(t, "inactiveWrite", "accept") },
		},
		{name: "federated", body: body("UserPasswordResetter", nil), before: federate, status: 400, messageID: "error.seatrial.federatedUser"},
		{name: "delegated", body: body("UserPasswordResetter", nil), before: delegate, status: 400, messageID: "error.seatrial.delegatedUser"},
		{
			name: "delegated, forbidden", body: body("UserPasswordResetter", nil), status: 403, messageID: "error.seatrial.delegatedUser",
			before: func(t *testing.T, d *domain) { t.Helper(); delegate(t, d); d.set(t, "delegatedWrite", "forbid") },
		},
		{name: "a text for a flag", body: body("UserPasswordResetter", map[string]any{"bypassNotification": "yes"}), status: 400, messageID: "error.seatrial.wrongType"},
		{name: "another schema", body: changePassword(newPassword), status: 400, messageID: "error.seatrial.wrongSchema"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			if tc.before != nil {
				tc.before(t, d)
			}
			id := tc.id
			if id == "" {
				id = d.user.ID
			}
			a := d.ask(t, "engine", http.MethodPut, resetter+id, tc.body)
			assert.Equal(t, tc.status, a.status, "%s", a.body)
			assert.Equal(t, tc.messageID, a.messageID(t))
			p, _ := d.People().ByID(d.user.ID)
			assert.Len(t, p.Credential.History, 1)
		})
	}
}

func keys(m map[string]any) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	return names
}

func delegate(t *testing.T, d *domain) {
	t.Helper()
	d.update(t, func(p *people.Person) { p.Delegated = true })
}

func TestDelegatedUsers(t *testing.T) {
	d := newDomain(t)
	delegate(t, d)
	assert.Equal(t, people.LogIn{Reason: "delegated"}, d.logsIn(t, firstPassword))
	for _, try := range []answer{
		d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(newPassword)),
		d.ask(t, "engine", http.MethodPut, d.changer(), changePassword(newPassword)),
	} {
		assert.Equal(t, "error.seatrial.delegatedUser", try.messageID(t))
	}
	assert.Equal(t, "delegated", d.last(t).Reason)
	d.set(t, "delegatedWrite", "accept")
	require.Equal(t, 200, d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(newPassword)).status)
	assert.Equal(t, people.LogIn{Reason: "delegated"}, d.logsIn(t, newPassword))
	assert.Equal(t, false, d.state(t)["mustChange"])

	created := d.ask(t, "engine", http.MethodPost, "/admin/v1/Users", fmt.Sprintf(strings.Replace(newUser, `,"password":"`+newPassword+`"`, "", 1),
		`,"`+extUser+`":{"isAuthenticationDelegated":true}`))
	require.Equal(t, 201, created.status, "%s", created.body)
	assert.Equal(t, "delegated", d.LogIn("scarter", secret.New("x")).Reason)
	assert.NotContains(t, string(created.body), "isAuthenticationDelegated", "it is never returned")
	id, _ := created.json(t)["id"].(string)
	require.Equal(t, 200, d.ask(t, "engine", http.MethodPatch, "/admin/v1/Users/"+id, patch(`{"op":"replace","path":"title","value":"Colonel"}`)).status)
	assert.Equal(t, "delegated", d.LogIn("scarter", secret.New("x")).Reason, "a change of something else keeps it")
	back := d.ask(t, "engine", http.MethodPatch, "/admin/v1/Users/"+id, patch(`{"op":"replace","path":"`+extUser+`:isAuthenticationDelegated","value":false}`))
	assert.Equal(t, "error.seatrial.readOnlyAttribute", back.messageID(t), "it is immutable")
}

func TestGeneratorAndValidator(t *testing.T) {
	t.Run("a suggestion that the validator takes", func(t *testing.T) {
		d := newDomain(t)
		a := d.ask(t, "helpdesk", http.MethodPut, "/admin/v1/UserPasswordGenerator/"+d.user.ID, body("UserPasswordGenerator", nil))
		require.Equal(t, 200, a.status, "%s", a.body)
		suggested, _ := a.json(t)["password"].(string)
		require.NotEmpty(t, suggested)
		assert.True(t, d.logsIn(t, firstPassword).OK, "nothing is stored")
		v := d.ask(t, "helpdesk", http.MethodPut, "/admin/v1/UserPasswordValidator/"+d.user.ID, body("UserPasswordValidator", map[string]any{"password": suggested}))
		assert.Equal(t, 201, v.status)
		assert.NotContains(t, v.json(t), "failedPasswordPolicyRules")
		d.leaks(t, suggested)
	})
	for _, tc := range []struct {
		name    string
		own     bool // PUT, about the user
		members map[string]any
		want    []any
	}{
		{name: "good", members: map[string]any{"userName": "x", "password": newPassword}},
		{
			name: "all that is wrong, in Oracle's words", members: map[string]any{"userName": "amanda", "givenName": "Amanda", "familyName": "Smith", "password": "amanda"},
			want: []any{
				rule("minLength", "The password must have at least 12 characters."),
				rule("minNumerals", "The password must have at least 1 numeric character."),
				rule("minUpperCase", "The password must have at least 1 uppercase character."),
				rule("firstNameDisallowed", "The password cannot contain the first name of the user."),
				rule("userNameDisallowed", "The password cannot contain the username of the user."),
			},
		},
		{name: "the history of a known user", own: true, members: map[string]any{"password": firstPassword}, want: []any{rule("numPasswordsInHistory", "The password cannot repeat the most recent 4 passwords.")}},
		{name: "and by user name", members: map[string]any{"userName": "BJensen", "password": firstPassword}, want: []any{rule("numPasswordsInHistory", "The password cannot repeat the most recent 4 passwords.")}},
		{name: "too long", members: map[string]any{"password": "Aa1" + strings.Repeat("x", 38)}, want: []any{rule("maxLength", "The password cannot exceed 40 characters.")}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			method, path := http.MethodPost, "/admin/v1/UserPasswordValidator"
			if tc.own {
				method, path = http.MethodPut, path+"/"+d.user.ID
			}
			a := d.ask(t, "changer", method, path, body("UserPasswordValidator", tc.members))
			require.Equal(t, 201, a.status, "%s", a.body)
			failed, _ := a.json(t)["failedPasswordPolicyRules"].([]any)
			assert.Equal(t, tc.want, failed)
			password, _ := tc.members["password"].(string)
			d.leaks(t, password)
		})
	}
	t.Run("refused", func(t *testing.T) {
		d := newDomain(t)
		assert.Equal(t, missing, d.ask(t, "engine", http.MethodPost, "/admin/v1/UserPasswordValidator", body("UserPasswordValidator", nil)).messageID(t))
		assert.Equal(t, 404, d.ask(t, "engine", http.MethodPut, "/admin/v1/UserPasswordValidator/x", body("UserPasswordValidator", map[string]any{"password": "x"})).status)
		assert.Equal(t, 404, d.ask(t, "engine", http.MethodPut, "/admin/v1/UserPasswordGenerator/x", body("UserPasswordGenerator", nil)).status)
		assert.Equal(t, 403, d.ask(t, "security", http.MethodPut, "/admin/v1/UserPasswordGenerator/"+d.user.ID, body("UserPasswordGenerator", nil)).status)
		d.rules(t, func(p *policy.Policy) { p.AllowedChars = "aA1" })
		p := d.Policy()
		p.MinUniqueChars = 3
		require.NoError(t, d.SetPolicy(p))
		assert.Equal(t, 200, d.ask(t, "engine", http.MethodPut, "/admin/v1/UserPasswordGenerator/"+d.user.ID, body("UserPasswordGenerator", nil)).status)
	})
}

func rule(name, text string) map[string]any { return map[string]any{"name": name, "value": text} }

func TestBulkPasswords(t *testing.T) {
	bulk := func(ids ...string) string {
		return body("BulkUserPasswordChanger", map[string]any{"userIds": ids, "password": newPassword})
	}
	statuses := func(t *testing.T, a answer) []any {
		t.Helper()
		require.Equal(t, 201, a.status, "%s", a.body)
		m := a.json(t)
		assert.Equal(t, []any{"urn:ietf:params:scim:api:messages:2.0:BulkResponse"}, m["schemas"])
		list, _ := m["Operations"].([]any)
		var all []any
		for _, item := range list {
			operation, _ := item.(map[string]any)
			assert.Equal(t, "PUT", operation["method"])
			all = append(all, operation["status"])
		}
		return all
	}
	t.Run("one password for all", func(t *testing.T) {
		d := newDomain(t)
		other := d.add(t, "scarter")
		a := d.ask(t, "helpdesk", http.MethodPost, "/admin/v1/BulkUserPasswordChanger", bulk(d.user.ID, other.ID))
		assert.Equal(t, []any{"200", "200"}, statuses(t, a))
		assert.Contains(t, string(a.body), d.changer())
		assert.Equal(t, people.LogIn{OK: true}, d.logsIn(t, newPassword))
		assert.Equal(t, people.LogIn{OK: true}, d.LogIn("scarter", secret.New(newPassword)))
		assert.Equal(t, "accepted", d.last(t).Outcome)
		d.leaks(t, newPassword)
	})
	t.Run("some are refused", func(t *testing.T) {
		d := newDomain(t)
		other := d.add(t, "scarter")
		federate(t, d)
		a := d.ask(t, "engine", http.MethodPost, "/admin/v1/BulkUserPasswordChanger", bulk(d.user.ID, other.ID, "nobody"))
		assert.Equal(t, []any{"400", "200", "404"}, statuses(t, a))
		assert.Contains(t, string(a.body), "error.seatrial.federatedUser")
		assert.Empty(t, d.last(t).Outcome, "neither")
		assert.True(t, d.LogIn("scarter", secret.New(newPassword)).OK)
	})
	t.Run("resets", func(t *testing.T) {
		d := newDomain(t)
		other := d.add(t, "scarter")
		a := d.ask(t, "engine", http.MethodPost, "/admin/v1/BulkUserPasswordResetter", body("BulkUserPasswordResetter", map[string]any{"userIds": []string{d.user.ID, other.ID}}))
		assert.Equal(t, []any{"200", "200"}, statuses(t, a))
		mails, sent := d.Outbox("", 0, 10)
		assert.Equal(t, uint64(2), sent)
		assert.Equal(t, []string{"bjensen", "scarter"}, []string{mails[0].User, mails[1].User})
		assert.Equal(t, "wrong_password", d.logsIn(t, firstPassword).Reason)
		p, _ := d.People().ByID(other.ID)
		d.leaks(t, mails[0].Token.Reveal(), p.Credential.Password.Reveal())
	})
	t.Run("refused as a whole", func(t *testing.T) {
		d := newDomain(t)
		assert.Equal(t, missing, d.ask(t, "engine", http.MethodPost, "/admin/v1/BulkUserPasswordChanger", bulk()).messageID(t))
		assert.Equal(t, missing, d.ask(t, "engine", http.MethodPost, "/admin/v1/BulkUserPasswordChanger", body("BulkUserPasswordChanger", map[string]any{"userIds": []string{"x"}})).messageID(t))
		many := make([]string, 51)
		for i := range many {
			many[i] = fmt.Sprint(i)
		}
		a := d.ask(t, "engine", http.MethodPost, "/admin/v1/BulkUserPasswordChanger", bulk(many...))
		assert.Equal(t, "error.seatrial.invalidValue", a.messageID(t))
		assert.Contains(t, a.json(t)["detail"], "50 users")
	})
}

func TestChangerTellsTheUser(t *testing.T) {
	d := newDomain(t)
	quiet := strings.Replace(changePassword(newPassword), "{", `{"bypassNotification":true,`, 1)
	require.Equal(t, 200, d.ask(t, "engine", http.MethodPut, d.changer(), quiet).status)
	_, sent := d.Outbox("", 0, 0)
	assert.Zero(t, sent)
	require.Equal(t, 200, d.ask(t, "engine", http.MethodPut, d.changer(), changePassword("Summer-Tide-2026")).status)
	mails, _ := d.Outbox("", 0, 10)
	require.Len(t, mails, 1)
	assert.Equal(t, idcs.MailPasswordChanged, mails[0].Kind)
	assert.True(t, mails[0].Token.Empty())
}
