package idcs_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

const userState = "urn:ietf:params:scim:schemas:oracle:idcs:extension:userState:User"

func TestStates(t *testing.T) {
	on := func(value any) string { return body("UserStatusChanger", map[string]any{"active": value}) }
	lock := func(d *domain, locked any) string {
		return body("UserLockedStateChanger", map[string]any{"userId": d.user.ID, "locked": locked})
	}
	for _, tc := range []struct {
		name      string
		client    string
		before    func(*testing.T, *domain)
		method    string
		path      func(*domain) string
		body      func(*domain) string
		status    int
		messageID string
		login     string // the reason afterwards
	}{
		{
			name: "deactivated", client: "manager", method: http.MethodPut, path: at("UserStatusChanger"),
			body: func(*domain) string { return on(false) }, status: 200, login: "inactive",
		},
		{
			name: "activated", client: "admin", before: deactivate, method: http.MethodPut, path: at("UserStatusChanger"),
			body: func(*domain) string { return on(true) }, status: 200,
		},
		{
			name: "a User Administrator may not", client: "engine", method: http.MethodPut, path: at("UserStatusChanger"),
			body: func(*domain) string { return on(false) }, status: 403, messageID: "error.seatrial.notAuthorized",
		},
		{
			name: "no status", client: "manager", method: http.MethodPut, path: at("UserStatusChanger"),
			body: func(*domain) string { return body("UserStatusChanger", nil) }, status: 400, messageID: missing,
		},
		{
			name: "a text for a flag", client: "manager", method: http.MethodPut, path: at("UserStatusChanger"),
			body: func(*domain) string { return on("false") }, status: 400, messageID: "error.seatrial.wrongType",
		},
		{
			name: "status of nobody", client: "manager", method: http.MethodPut, path: fixed("/admin/v1/UserStatusChanger/x"),
			body: func(*domain) string { return on(false) }, status: 404, messageID: "error.seatrial.notFound",
		},
		{
			name: "locked", client: "helpdesk", method: http.MethodPost, path: fixed("/admin/v1/UserLockedStateChanger"),
			body: func(d *domain) string { return lock(d, true) }, status: 201, login: "locked",
		},
		{
			name: "unlocked", client: "engine", method: http.MethodPost, path: fixed("/admin/v1/UserLockedStateChanger"),
			before: func(t *testing.T, d *domain) { t.Helper(); d.update(t, func(p *people.Person) { p.Locked = true }) },
			body:   func(d *domain) string { return lock(d, false) }, status: 201,
		},
		{
			name: "lock of nobody", client: "engine", method: http.MethodPost, path: fixed("/admin/v1/UserLockedStateChanger"),
			body: func(*domain) string {
				return body("UserLockedStateChanger", map[string]any{"userId": "x", "locked": true})
			},
			status: 404, messageID: "error.seatrial.notFound",
		},
		{
			name: "no user", client: "engine", method: http.MethodPost, path: fixed("/admin/v1/UserLockedStateChanger"),
			body: func(*domain) string { return body("UserLockedStateChanger", map[string]any{"locked": true}) }, status: 400, messageID: missing,
		},
		{
			name: "deactivated by PATCH", client: "engine", method: http.MethodPatch, path: at("UserStateChanger"),
			body: func(*domain) string { return patch(`{"op":"replace","path":"active","value":false}`) }, status: 200, login: "inactive",
		},
		{
			name: "locked by PATCH", client: "engine", method: http.MethodPatch, path: at("UserStateChanger"),
			body: func(*domain) string {
				return patch(`{"op":"replace","path":"` + userState + `:locked.on","value":true}`)
			},
			status: 200, login: "locked",
		},
		{
			name: "locked by PATCH of the object", client: "engine", method: http.MethodPatch, path: at("UserStateChanger"),
			body: func(*domain) string {
				return patch(`{"op":"replace","path":"` + userState + `:locked","value":{"on":true}}`)
			},
			status: 200, login: "locked",
		},
		{
			name: "PATCH of something else", client: "engine", method: http.MethodPatch, path: at("UserStateChanger"),
			body:   func(*domain) string { return patch(`{"op":"replace","path":"title","value":"x"}`) },
			status: 400, messageID: "error.seatrial.unknownAttribute",
		},
		{
			name: "PATCH with a text", client: "engine", method: http.MethodPatch, path: at("UserStateChanger"),
			body:   func(*domain) string { return patch(`{"op":"replace","path":"active","value":"false"}`) },
			status: 400, messageID: "error.seatrial.wrongType",
		},
		{
			name: "PATCH that removes", client: "engine", method: http.MethodPatch, path: at("UserStateChanger"),
			body:   func(*domain) string { return patch(`{"op":"remove","path":"active"}`) },
			status: 400, messageID: "error.seatrial.wrongType",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDomain(t)
			if tc.before != nil {
				tc.before(t, d)
			}
			a := d.ask(t, tc.client, tc.method, tc.path(d), tc.body(d))
			require.Equal(t, tc.status, a.status, "%s", a.body)
			if tc.messageID != "" {
				assert.Equal(t, tc.messageID, a.messageID(t))
				assert.True(t, d.logsIn(t, firstPassword).OK)
				return
			}
			assert.Equal(t, tc.login, d.logsIn(t, firstPassword).Reason)
			assert.Equal(t, d.user.ID, a.json(t)["id"])
			assert.Equal(t, "bjensen", d.last(t).User)
		})
	}
}

func at(endpoint string) func(*domain) string {
	return func(d *domain) string { return "/admin/v1/" + endpoint + "/" + d.user.ID }
}

// An administrator's lock has its own reason, and no end of its own.
func TestAdministratorsLock(t *testing.T) {
	d := newDomain(t)
	require.Equal(t, 201, d.ask(t, "engine", http.MethodPost, "/admin/v1/UserLockedStateChanger",
		body("UserLockedStateChanger", map[string]any{"userId": d.user.ID, "locked": true})).status)
	for range 2 {
		state, _ := d.ask(t, "engine", http.MethodGet, d.path(), "").json(t)[userState].(map[string]any)
		locked, _ := state["locked"].(map[string]any)
		assert.Equal(t, true, locked["on"])
		assert.InDelta(t, 1, locked["reason"], 0)
		assert.NotEmpty(t, locked["lockDate"])
		d.Clock().Turn(48 * time.Hour)
		d.tokens = map[string]string{}
	}
}

func TestCapabilitiesAndActivation(t *testing.T) {
	const capabilities = "urn:ietf:params:scim:schemas:oracle:idcs:extension:capabilities:User"
	shown := func(t *testing.T, d *domain) map[string]any {
		t.Helper()
		m, _ := d.ask(t, "engine", http.MethodGet, d.path(), "").json(t)[capabilities].(map[string]any)
		return m
	}
	t.Run("capabilities", func(t *testing.T) {
		d := newDomain(t)
		a := d.ask(t, "engine", http.MethodPut, at("UserCapabilitiesChanger")(d), body("UserCapabilitiesChanger", map[string]any{"canUseApiKeys": false}))
		require.Equal(t, 200, a.status, "%s", a.body)
		assert.Equal(t, false, a.json(t)["canUseApiKeys"])
		assert.Equal(t, []any{false, true}, []any{shown(t, d)["canUseApiKeys"], shown(t, d)["canUseConsolePassword"]})
		federate(t, d)
		assert.Equal(t, false, shown(t, d)["canUseConsolePassword"], "a federated user has no password here")
		require.Equal(t, 200, d.ask(t, "engine", http.MethodPut, at("UserCapabilitiesChanger")(d), body("UserCapabilitiesChanger", nil)).status)
		assert.Equal(t, true, shown(t, d)["canUseApiKeys"], "what is left out is as the state has it")
		assert.Equal(t, 400, d.ask(t, "engine", http.MethodPut, at("UserCapabilitiesChanger")(d), body("UserCapabilitiesChanger", map[string]any{"canFly": true})).status)
	})
	t.Run("activation", func(t *testing.T) {
		d := newDomain(t)
		require.Equal(t, 200, d.ask(t, "helpdesk", http.MethodPut, at("UserActivationInitiator")(d), body("UserActivationInitiator", nil)).status)
		mails, _ := d.Outbox("", 0, 10)
		require.Len(t, mails, 1)
		assert.Equal(t, "activation", mails[0].Kind)
		assert.False(t, mails[0].Token.Empty())
		deactivate(t, d)
		assert.Equal(t, "error.seatrial.inactiveUser", d.ask(t, "helpdesk", http.MethodPut, at("UserActivationInitiator")(d), body("UserActivationInitiator", nil)).messageID(t))
		assert.Equal(t, 404, d.ask(t, "helpdesk", http.MethodPut, "/admin/v1/UserActivationInitiator/x", body("UserActivationInitiator", nil)).status)
	})
}
