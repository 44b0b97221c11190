package idcs_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
)

const (
	schemas     = "urn:ietf:params:scim:schemas:oracle:idcs:"
	pwdPolicy   = "error.identity.passwordmgmt.pwdpolicyViolation"
	wrongOld    = "error.identity.passwordmgmt.invalidCurrentPassword"
	badToken    = "error.identity.passwordmgmt.invalidToken"
	missing     = "error.common.validation.missingReqAttributes"
	myScopes    = "urn:opc:idm:__myscopes__"
	meChanger   = "/admin/v1/MePasswordChanger"
	mustChanger = "/admin/v1/MePasswordMustChanger"
)

// body is a document of one of Oracle's schemas.
func body(name string, members map[string]any) string {
	m := map[string]any{"schemas": []string{schemas + name}}
	maps.Copy(m, members)
	text, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// signIn is a token request with the user's password.
func (d *domain) signIn(tb testing.TB, client, userName, password, scope string) answer {
	tb.Helper()
	return d.form(tb, tokenPath, client, url.Values{
		"grant_type": {"password"}, "username": {userName}, "password": {password}, "scope": {scope},
	}.Encode())
}

// asUser signs in at the portal and keeps the token under the user's name: ask(t, "bjensen", …) speaks for the user.
func (d *domain) asUser(tb testing.TB) string {
	tb.Helper()
	a := d.signIn(tb, "portal", d.user.UserName, firstPassword, myScopes)
	require.Equal(tb, http.StatusOK, a.status, "%s", a.body)
	d.tokens[d.user.UserName], _ = a.json(tb)["access_token"].(string)
	return d.user.UserName
}

// rules changes the default policy.
func (d *domain) rules(tb testing.TB, change func(*policy.Policy)) {
	tb.Helper()
	p := d.Policy()
	change(&p)
	require.NoError(tb, d.SetPolicy(p))
}

func (d *domain) update(tb testing.TB, change func(*people.Person)) {
	tb.Helper()
	_, err := d.People().Update(d.user.ID, func(p *people.Person) error { change(p); return nil })
	require.NoError(tb, err)
}

func TestMePasswordChanger(t *testing.T) {
	change := func(old, password any) string {
		return body("MePasswordChanger", map[string]any{"oldPassword": old, "password": password})
	}
	t.Run("accepted", func(t *testing.T) {
		d := newDomain(t)
		user := d.asUser(t)
		a := d.ask(t, user, http.MethodPut, meChanger, change(firstPassword, newPassword))
		require.Equal(t, 200, a.status, "%s", a.body)
		assert.Equal(t, d.user.ID, a.json(t)["id"])
		entry := d.last(t)
		assert.Equal(t, []string{"write_password", "accepted", "bjensen", "portal"}, []string{entry.Operation, entry.Outcome, entry.User, entry.Client})
		assert.Equal(t, people.LogIn{OK: true}, d.logsIn(t, newPassword), "no need to change it again")
		assert.Equal(t, people.LogIn{Reason: "wrong_password"}, d.logsIn(t, firstPassword))
		modified, _ := d.ask(t, "engine", http.MethodGet, d.path(), "").json(t)["idcsLastModifiedBy"].(map[string]any)
		assert.Equal(t, "User", modified["type"])
		assert.Equal(t, "https://"+d.Host()+d.path(), modified["$ref"])
		mails, sent := d.Outbox("BJENSEN", 0, 10)
		require.Len(t, mails, 1)
		assert.Equal(t, uint64(1), sent)
		assert.Equal(t, idcs.MailPasswordChanged, mails[0].Kind)
		d.leaks(t, firstPassword, newPassword, d.tokens[user])
	})
	for _, tc := range []struct {
		name      string
		client    string // instead of the user
		body      string
		before    func(*testing.T, *domain)
		status    int
		messageID string
		reason    string
	}{
		{name: "wrong old password", body: change("wrong", newPassword), status: 400, messageID: wrongOld, reason: "credential"},
		{name: "no old password", body: body("MePasswordChanger", map[string]any{"password": newPassword}), status: 400, messageID: missing, reason: "malformed"},
		{name: "no password", body: body("MePasswordChanger", map[string]any{"oldPassword": firstPassword}), status: 400, messageID: missing, reason: "malformed"},
		{name: "a number", body: change(7, newPassword), status: 400, messageID: "error.seatrial.wrongType", reason: "malformed"},
		{name: "policy", body: change(firstPassword, "short"), status: 400, messageID: pwdPolicy, reason: "policy"},
		{name: "history", body: change(firstPassword, firstPassword), status: 400, messageID: pwdPolicy, reason: "policy"},
		{name: "another schema", body: changePassword(newPassword), status: 400, messageID: "error.seatrial.wrongSchema", reason: "malformed"},
		{
			name: "too young", body: change(firstPassword, newPassword), status: 400, messageID: pwdPolicy, reason: "policy",
			before: func(t *testing.T, d *domain) {
				t.Helper()
				d.rules(t, func(p *policy.Policy) { p.MinPasswordAge = 24 })
			},
		},
		{name: "federated meanwhile", body: change(firstPassword, newPassword), before: federate, status: 400, messageID: "error.seatrial.federatedUser", reason: "federated"},
		{name: "deactivated meanwhile", body: change(firstPassword, newPassword), before: deactivate, status: 401, reason: "credential"},
		{
			name: "locked meanwhile", body: change(firstPassword, newPassword), status: 400, messageID: "error.seatrial.userLocked", reason: "locked",
			before: func(t *testing.T, d *domain) { t.Helper(); d.update(t, func(p *people.Person) { p.Locked = true }) },
		},
		{
			name: "deleted meanwhile", body: change(firstPassword, newPassword), status: 401, reason: "credential",
			before: func(t *testing.T, d *domain) { t.Helper(); require.NoError(t, d.People().Delete(d.user.ID, nil)) },
		},
		{name: "a client's own token", client: "portal", body: change(firstPassword, newPassword), status: 404, messageID: "error.seatrial.noUserInToken", reason: "not_found"},
		{
			name: "a client's own token, switched", client: "portal", body: change(firstPassword, newPassword), status: 401, messageID: "error.seatrial.noUserInToken", reason: "not_found",
			before: func(t *testing.T, d *domain) { t.Helper(); d.set(t, "meOfClient", "401") },
		},
		{name: "without the role", client: "changer", body: change(firstPassword, newPassword), status: 403, messageID: "error.seatrial.notAuthorized", reason: "forbidden"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			as := d.asUser(t)
			if tc.client != "" {
				as = tc.client
			}
			if tc.before != nil {
				tc.before(t, d)
			}
			a := d.ask(t, as, http.MethodPut, meChanger, tc.body)
			assert.Equal(t, tc.status, a.status, "%s", a.body)
			if tc.messageID != "" {
				assert.Equal(t, tc.messageID, a.messageID(t))
			}
			entry := d.last(t)
			assert.Equal(t, []string{tc.reason, "refused"}, []string{entry.Reason, entry.Outcome})
			if p, ok := d.People().ByID(d.user.ID); ok {
				assert.Len(t, p.Credential.History, 1)
				assert.Zero(t, p.Credential.Failures)
			}
			d.leaks(t, newPassword, firstPassword)
		})
	}
	t.Run("history binds users also where the switch frees administrators", func(t *testing.T) {
		d := newDomain(t)
		d.set(t, "historyOnPatch", "off")
		assert.Equal(t, pwdPolicy, d.ask(t, d.asUser(t), http.MethodPut, meChanger, change(firstPassword, firstPassword)).messageID(t))
	})
	t.Run("the minimum age passes", func(t *testing.T) {
		for unit, age := range map[string]time.Duration{"hours": 2 * time.Hour, "days": 48 * time.Hour} {
			d := newDomain(t)
			d.rules(t, func(p *policy.Policy) { p.MinPasswordAge = 2 })
			d.set(t, "minimumAgeUnit", unit)
			d.Clock().Turn(age - time.Minute)
			user := d.asUser(t)
			assert.Equal(t, 400, d.ask(t, user, http.MethodPut, meChanger, change(firstPassword, newPassword)).status)
			d.Clock().Turn(time.Minute)
			assert.Equal(t, 200, d.ask(t, user, http.MethodPut, meChanger, change(firstPassword, newPassword)).status)
		}
	})
	t.Run("a wrong old password counts where the switch says so", func(t *testing.T) {
		d := newDomain(t)
		d.set(t, "oldPasswordFails", "count")
		user := d.asUser(t)
		for range 5 {
			assert.Equal(t, wrongOld, d.ask(t, user, http.MethodPut, meChanger, change("wrong", newPassword)).messageID(t))
		}
		assert.Equal(t, people.LogIn{Reason: "locked"}, d.logsIn(t, firstPassword))
		assert.Equal(t, "error.seatrial.userLocked", d.ask(t, user, http.MethodPut, meChanger, change(firstPassword, newPassword)).messageID(t))
	})
}

// Who cannot sign in before the change: the password must be changed, or has expired.
func TestMePasswordMustChanger(t *testing.T) {
	change := func(name, old, password string) string {
		return body("MePasswordMustChanger", map[string]any{
			"oldPassword": old, "password": password, "mappingAttribute": "userName", "mappingAttributeValue": name,
		})
	}
	t.Run("must change, in spite of the minimum age", func(t *testing.T) {
		d := newDomain(t)
		d.rules(t, func(p *policy.Policy) { p.MinPasswordAge = 24 })
		require.Equal(t, 200, d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(newPassword)).status)
		a := d.ask(t, "recovery", http.MethodPost, mustChanger, change("bjensen", newPassword, "Summer-Tide-2026"))
		require.Equal(t, 201, a.status, "%s", a.body)
		assert.Equal(t, d.user.ID, a.json(t)["id"])
		assert.Equal(t, people.LogIn{OK: true}, d.logsIn(t, "Summer-Tide-2026"))
		assert.Equal(t, pwdPolicy, d.ask(t, "recovery", http.MethodPost, mustChanger, change("bjensen", "Summer-Tide-2026", "Autumn-Tide-2026")).messageID(t), "and now the age counts")
	})
	t.Run("expired", func(t *testing.T) {
		d := newDomain(t)
		d.rules(t, func(p *policy.Policy) { p.PasswordExpiresAfter, p.MinPasswordAge = 30, 10_000 })
		d.Clock().Turn(30 * 24 * time.Hour)
		assert.Equal(t, people.LogIn{Reason: "expired"}, d.logsIn(t, firstPassword))
		state := d.ask(t, "engine", http.MethodGet, d.path()+"?attributes="+passwordState+":expired", "").json(t)[passwordState]
		assert.Equal(t, map[string]any{"expired": true}, state)
		require.Equal(t, 201, d.ask(t, "recovery", http.MethodPost, mustChanger, change("BJensen", firstPassword, newPassword)).status)
		assert.Equal(t, people.LogIn{OK: true}, d.logsIn(t, newPassword))
	})
	for _, tc := range []struct {
		name, body, messageID string
		status                int
	}{
		{"wrong old password", change("bjensen", "wrong", newPassword), wrongOld, 400},
		{"nobody", change("nobody", firstPassword, newPassword), wrongOld, 400},
		{"policy", change("bjensen", firstPassword, "short"), pwdPolicy, 400},
		{"no user", change("", firstPassword, newPassword), missing, 400},
		{"by another attribute", strings.Replace(change("bjensen", firstPassword, newPassword), `"userName"`, `"emails.value"`, 1), "error.seatrial.invalidValue", 400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			a := d.ask(t, "recovery", http.MethodPost, mustChanger, tc.body)
			assert.Equal(t, tc.status, a.status)
			assert.Equal(t, tc.messageID, a.messageID(t))
			assert.True(t, d.logsIn(t, firstPassword).OK)
			d.leaks(t, firstPassword, newPassword)
		})
	}
}

// The way of one who has forgotten the password, step by step, as Oracle's own samples go it.
func TestForgottenPassword(t *testing.T) {
	const (
		options   = "/admin/v1/MePasswordRecoveryOptionRetriever"
		requestor = "/admin/v1/MePasswordResetRequestor"
		resetter  = "/admin/v1/MePasswordResetter"
	)
	request := func(members map[string]any) string {
		m := map[string]any{"userName": "bjensen", "notificationType": "email", "notificationEmailAddress": "****@example.com"}
		maps.Copy(m, members)
		return body("MePasswordResetRequestor", m)
	}
	reset := func(token, password string) string {
		return body("MePasswordResetter", map[string]any{"token": token, "password": password})
	}
	token := func(t *testing.T, d *domain) string {
		t.Helper()
		mails, _ := d.Outbox("bjensen", 0, 100)
		require.NotEmpty(t, mails)
		last := mails[len(mails)-1]
		assert.Equal(t, []string{"password_reset", "bjensen@example.com"}, []string{last.Kind, last.To})
		return last.Token.Reveal()
	}
	t.Run("step by step", func(t *testing.T) {
		d := newDomain(t)
		a := d.ask(t, "recovery", http.MethodPost, options, body("MePasswordRecoveryOptionRetriever", map[string]any{"userName": "bjensen"}))
		require.Equal(t, 201, a.status, "%s", a.body)
		assert.Equal(t, []any{map[string]any{"type": "email", "value": "****@example.com"}}, a.json(t)["options"])
		a = d.ask(t, "recovery", http.MethodPost, requestor, request(nil))
		require.Equal(t, 201, a.status, "%s", a.body)
		first := token(t, d)
		assert.NotContains(t, string(a.body), first)
		require.Equal(t, 201, d.ask(t, "recovery", http.MethodPost, requestor, request(nil)).status)
		second := token(t, d)
		assert.True(t, d.logsIn(t, firstPassword).OK, "the old password works until the reset")

		assert.Equal(t, badToken, d.ask(t, "recovery", http.MethodPost, resetter, reset(first, newPassword)).messageID(t), "the newest token only")
		assert.Equal(t, pwdPolicy, d.ask(t, "recovery", http.MethodPost, resetter, reset(second, "short")).messageID(t))
		a = d.ask(t, "recovery", http.MethodPost, resetter, reset(second, newPassword))
		require.Equal(t, 201, a.status, "%s", a.body)
		assert.Equal(t, d.user.ID, a.json(t)["id"])
		assert.Equal(t, "bjensen", d.last(t).User)
		assert.Equal(t, people.LogIn{OK: true}, d.logsIn(t, newPassword))
		assert.Equal(t, badToken, d.ask(t, "recovery", http.MethodPost, resetter, reset(second, "Autumn-Tide-2026")).messageID(t), "once only")
		d.leaks(t, first, second, newPassword)
	})
	t.Run("a token lives a day", func(t *testing.T) {
		d := newDomain(t)
		require.Equal(t, 201, d.ask(t, "recovery", http.MethodPost, requestor, request(nil)).status)
		d.Clock().Turn(24 * time.Hour)
		d.tokens = map[string]string{}
		assert.Equal(t, badToken, d.ask(t, "recovery", http.MethodPost, resetter, reset(token(t, d), newPassword)).messageID(t))
	})
	t.Run("not again too soon", func(t *testing.T) {
		d := newDomain(t)
		d.rules(t, func(p *policy.Policy) { p.MinPasswordAge = 1 })
		require.Equal(t, 201, d.ask(t, "recovery", http.MethodPost, requestor, request(nil)).status)
		a := d.ask(t, "recovery", http.MethodPost, requestor, request(nil))
		assert.Equal(t, "error.seatrial.resetTooSoon", a.messageID(t))
		d.Clock().Turn(time.Hour)
		d.tokens = map[string]string{}
		assert.Equal(t, 201, d.ask(t, "recovery", http.MethodPost, requestor, request(nil)).status)
	})
	for _, tc := range []struct {
		name, client, path, body string
		before                   func(*testing.T, *domain)
		status                   int
		messageID                string
	}{
		{name: "no user", path: requestor, body: body("MePasswordResetRequestor", nil), status: 400, messageID: missing},
		{name: "nobody", path: requestor, body: request(map[string]any{"userName": "nobody"}), status: 404, messageID: "error.seatrial.notFound"},
		{name: "another address", path: requestor, body: request(map[string]any{"notificationEmailAddress": "thief@example.com"}), status: 400, messageID: "error.seatrial.notificationAddress"},
		{name: "by text message", path: requestor, body: request(map[string]any{"notificationType": "sms"}), status: 400, messageID: "error.seatrial.invalidValue"},
		{name: "federated", path: requestor, body: request(nil), before: federate, status: 400, messageID: "error.seatrial.federatedUser"},
		{name: "deactivated", path: requestor, body: request(nil), before: deactivate, status: 400, messageID: "error.seatrial.inactiveUser"},
		{name: "options of nobody", path: options, body: body("MePasswordRecoveryOptionRetriever", map[string]any{"userName": "nobody"}), status: 404, messageID: "error.seatrial.notFound"},
		{name: "invented token", path: resetter, body: reset("invented", newPassword), status: 400, messageID: badToken},
		{name: "no token", path: resetter, body: body("MePasswordResetter", map[string]any{"password": newPassword}), status: 400, messageID: missing},
		{name: "without the role", client: "portal", path: resetter, body: reset("x", newPassword), status: 403, messageID: "error.seatrial.notAuthorized"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			if tc.before != nil {
				tc.before(t, d)
			}
			client := tc.client
			if client == "" {
				client = "recovery"
			}
			a := d.ask(t, client, http.MethodPost, tc.path, tc.body)
			assert.Equal(t, tc.status, a.status)
			assert.Equal(t, tc.messageID, a.messageID(t))
			_, sent := d.Outbox("", 0, 0)
			assert.Zero(t, sent)
		})
	}
}

func TestMe(t *testing.T) {
	const me = "/admin/v1/Me"
	current := `{"op":"replace","path":"urn:ietf:params:scim:schemas:oracle:idcs:extension:me:User:currentPassword","value":"` + firstPassword + `"},`
	mails := `{"op":"replace","path":"emails","value":[{"value":"new@example.com","type":"work","primary":true}]}`
	t.Run("read", func(t *testing.T) {
		d := newDomain(t)
		a := d.ask(t, d.asUser(t), http.MethodGet, me, "")
		require.Equal(t, 200, a.status)
		m := a.json(t)
		assert.Equal(t, "bjensen", m["userName"])
		meta, _ := m["meta"].(map[string]any)
		assert.Equal(t, "Me", meta["resourceType"])
		assert.Equal(t, "https://"+d.Host()+me+"/"+d.user.ID, meta["location"])
		assert.Equal(t, 404, d.ask(t, "portal", http.MethodGet, me, "").status)
	})
	for _, tc := range []struct {
		name, operations string
		status           int
		messageID        string
	}{
		{"a nickname", `{"op":"replace","path":"nickName","value":"Babs"}`, 200, ""},
		{"a part of the name", `{"op":"replace","path":"name.givenName","value":"Babs"}`, 200, ""},
		{"an address, with the current password", current + mails, 200, ""},
		{"an address, without", mails, 400, missing},
		{"an address, with a wrong one", strings.Replace(current, firstPassword, "wrong", 1) + mails, 400, wrongOld},
		{"a password, with the current one", current + `{"op":"replace","path":"password","value":"` + newPassword + `"}`, 200, ""},
		{"a password, without", `{"op":"replace","path":"password","value":"` + newPassword + `"}`, 400, missing},
		{"the user name", `{"op":"replace","path":"userName","value":"root"}`, 400, "error.seatrial.readOnlyAttribute"},
		{"activation", `{"op":"replace","path":"active","value":false}`, 400, "error.seatrial.readOnlyAttribute"},
		{"the current password, a number", `{"op":"replace","path":"urn:ietf:params:scim:schemas:oracle:idcs:extension:me:User:currentPassword","value":7}`, 400, "error.seatrial.wrongType"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			a := d.ask(t, d.asUser(t), http.MethodPatch, me, patch(tc.operations))
			assert.Equal(t, tc.status, a.status, "%s", a.body)
			if tc.messageID != "" {
				assert.Equal(t, tc.messageID, a.messageID(t))
			}
			d.leaks(t, firstPassword, newPassword)
			p, _ := d.People().ByID(d.user.ID)
			assert.Equal(t, tc.status == 200, p.Version > 1)
			if tc.status == 200 && strings.Contains(tc.operations, newPassword) {
				assert.Equal(t, people.LogIn{OK: true}, d.logsIn(t, newPassword))
			}
		})
	}
}

// Tokens that stand for a user.
func TestPasswordGrant(t *testing.T) {
	t.Run("granted", func(t *testing.T) {
		d := newDomain(t)
		a := d.signIn(t, "portal", "bjensen", firstPassword, myScopes)
		require.Equal(t, 200, a.status, "%s", a.body)
		m := a.json(t)
		assert.Len(t, m, 3)
		claims := claimsOf(t, m["access_token"])
		assert.Equal(t, []any{"bjensen", "user", d.user.ID, "portal"}, []any{claims["sub"], claims["sub_type"], claims["user_id"], claims["client_id"]})
		assert.Equal(t, "urn:opc:idm:t.user.me", claims["scope"])
		assert.Equal(t, "bjensen", d.last(t).User)
		text, _ := m["access_token"].(string)
		d.leaks(t, firstPassword, text)
		shown := d.form(t, "/oauth2/v1/introspect", "portal", "token="+text).json(t)
		assert.Equal(t, []any{true, "bjensen"}, []any{shown["active"], shown["prn"]})
	})
	for _, tc := range []struct {
		name, client, body string
		before             func(*testing.T, *domain)
		code, reason       string
	}{
		{name: "wrong password", body: "username=bjensen&password=wrong", code: "invalid_grant", reason: "wrong_password"},
		{name: "nobody", body: "username=nobody&password=wrong", code: "invalid_grant", reason: "not_found"},
		{name: "no password", body: "username=bjensen", code: "invalid_request", reason: "invalid_request"},
		{name: "a client without the grant", client: "engine", body: "username=bjensen&password=" + firstPassword, code: "unauthorized_client", reason: "unauthorized_client"},
		{name: "federated", body: "username=bjensen&password=" + firstPassword, before: federate, code: "invalid_grant", reason: "federated"},
		{name: "deactivated", body: "username=bjensen&password=" + firstPassword, before: deactivate, code: "invalid_grant", reason: "inactive"},
		{
			name: "must change", body: "username=bjensen&password=" + newPassword, code: "invalid_grant", reason: "must_change",
			before: func(t *testing.T, d *domain) {
				t.Helper()
				require.Equal(t, 200, d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(newPassword)).status)
			},
		},
		{name: "a scope too many", body: "username=bjensen&password=" + firstPassword + "&scope=urn:opc:idm:t.users", code: "invalid_scope", reason: "invalid_scope"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			if tc.before != nil {
				tc.before(t, d)
			}
			client := tc.client
			if client == "" {
				client = "portal"
			}
			a := d.form(t, tokenPath, client, "grant_type=password&"+tc.body)
			assert.Equal(t, 400, a.status)
			assert.Equal(t, tc.code, a.json(t)["error"])
			assert.Equal(t, tc.reason, d.last(t).Reason)
			d.leaks(t, firstPassword, newPassword)
		})
	}
	t.Run("failures count, and lock", func(t *testing.T) {
		d := newDomain(t)
		for range 5 {
			d.signIn(t, "portal", "bjensen", "wrong", myScopes)
		}
		d.signIn(t, "portal", "bjensen", firstPassword, myScopes)
		assert.Equal(t, "locked", d.last(t).Reason)
	})
	t.Run("must change, accepted", func(t *testing.T) {
		d := newDomain(t)
		d.set(t, "mustChangeGrant", "accept")
		require.Equal(t, 200, d.ask(t, "engine", http.MethodPatch, d.path(), patchPassword(newPassword)).status)
		assert.Equal(t, 200, d.signIn(t, "portal", "bjensen", newPassword, myScopes).status)
	})
	t.Run("the token opens nothing of an administrator's", func(t *testing.T) {
		d := newDomain(t, func(c *idcs.Config) {
			for i := range c.Clients {
				if c.Clients[i].ID == "portal" {
					c.Clients[i].Roles = []string{idcs.Me, idcs.UserAdministrator}
				}
			}
		})
		user := d.asUser(t)
		assert.Equal(t, 403, d.ask(t, user, http.MethodGet, "/admin/v1/Users", "").status)
		assert.Equal(t, 403, d.ask(t, user, http.MethodPut, d.changer(), changePassword(newPassword)).status)
		assert.Equal(t, 200, d.ask(t, user, http.MethodGet, "/admin/v1/Me", "").status)

		a := d.signIn(t, "recovery", "bjensen", firstPassword, myScopes)
		require.Equal(t, 200, a.status, "%s", a.body)
		d.tokens["bjensen"], _ = a.json(t)["access_token"].(string)
		assert.Empty(t, claimsOf(t, d.tokens["bjensen"])["scope"], "the client has no role that is about the user")
		assert.Equal(t, 403, d.ask(t, "bjensen", http.MethodPost, mustChanger, body("MePasswordMustChanger", nil)).status)
	})
}

func TestRefreshGrant(t *testing.T) {
	first := func(t *testing.T, d *domain) string {
		t.Helper()
		m := d.signIn(t, "portal", "bjensen", firstPassword, myScopes+" offline_access").json(t)
		text, _ := m["refresh_token"].(string)
		require.NotEmpty(t, text)
		return text
	}
	refresh := func(t *testing.T, d *domain, client, token string) answer {
		t.Helper()
		return d.form(t, tokenPath, client, "grant_type=refresh_token&refresh_token="+token)
	}
	t.Run("once", func(t *testing.T) {
		d := newDomain(t)
		token := first(t, d)
		a := refresh(t, d, "portal", token)
		require.Equal(t, 200, a.status, "%s", a.body)
		next, _ := a.json(t)["refresh_token"].(string)
		d.tokens["bjensen"], _ = a.json(t)["access_token"].(string)
		assert.Equal(t, 200, d.ask(t, "bjensen", http.MethodGet, "/admin/v1/Me", "").status)
		assert.Equal(t, "invalid_grant", refresh(t, d, "portal", token).json(t)["error"])
		assert.Equal(t, 200, refresh(t, d, "portal", next).status)
		d.leaks(t, token, next)
	})
	t.Run("again", func(t *testing.T) {
		d := newDomain(t)
		d.set(t, "refreshToken", "again")
		token := first(t, d)
		for range 2 {
			a := refresh(t, d, "portal", token)
			require.Equal(t, 200, a.status)
			assert.NotContains(t, a.json(t), "refresh_token")
		}
	})
	for _, tc := range []struct {
		name, client string
		before       func(*testing.T, *domain)
		code         string
	}{
		{"another client", "recovery", nil, "invalid_grant"},
		{"a client without the grant", "engine", nil, "unauthorized_client"},
		{"deactivated meanwhile", "portal", deactivate, "invalid_grant"},
		{"locked meanwhile", "portal", func(t *testing.T, d *domain) { t.Helper(); d.update(t, func(p *people.Person) { p.Locked = true }) }, "invalid_grant"},
		{"revoked by the control plane", "portal", func(_ *testing.T, d *domain) { d.Issuer().Revoke("portal") }, "invalid_grant"},
		{"a week later", "portal", func(_ *testing.T, d *domain) { d.Clock().Turn(7 * 24 * time.Hour) }, "invalid_grant"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			token := first(t, d)
			if tc.before != nil {
				tc.before(t, d)
			}
			assert.Equal(t, tc.code, refresh(t, d, tc.client, token).json(t)["error"])
		})
	}
	t.Run("revoked by the client", func(t *testing.T) {
		d := newDomain(t)
		token := first(t, d)
		require.Equal(t, 200, d.form(t, "/oauth2/v1/revoke", "portal", "token="+token).status)
		assert.Equal(t, 400, refresh(t, d, "portal", token).status)
	})
	t.Run("not without being asked", func(t *testing.T) {
		d := newDomain(t)
		assert.NotContains(t, d.signIn(t, "portal", "bjensen", firstPassword, myScopes).json(t), "refresh_token")
	})
}
