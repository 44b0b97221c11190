package okta_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// In read-only mode nothing changes, and everything else goes on.
func TestReadOnlyMode(t *testing.T) {
	o := newOrg(t)
	o.SetReadOnly(true)
	for _, tc := range []struct{ name, method, path, body string }{
		{"E0000010 a password", http.MethodPost, o.path(), setPassword(newPassword)},
		{"E0000010 a change by the user", http.MethodPost, o.path() + "/credentials/change_password", changePassword(firstPassword, newPassword)},
		{"E0000010 a creation", http.MethodPost, usersPath, newcomer("sam@example.com", "")},
		{"E0000010 a deletion", http.MethodDelete, o.path(), ""},
		{"E0000010 a lifecycle call", http.MethodPost, o.path() + "/lifecycle/suspend", ""},
		{"E0000010 the Authentication API", http.MethodPost, "/api/v1/authn/credentials/change_password", "{}"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o.ask(t, "admin", tc.method, tc.path, tc.body).refused(t, 503, "E0000010", "Service is in read only mode")
			assert.Equal(t, "unavailable", o.last(t).Reason)
		})
	}
	assert.Equal(t, "ACTIVE", o.status(t))
	assert.Equal(t, 200, o.authn(t, login, firstPassword).status)
	o.ask(t, "nobody", http.MethodDelete, o.path(), "").refused(t, 401, "E0000011", "")
	assert.NotEmpty(t, o.bearer(t, "okta.users.manage"))
	o.SetReadOnly(false)
	assert.Equal(t, 200, o.post(t, "", setPassword(newPassword)).status)
	o.took(t, newPassword)
	o.SetReadOnly(true)
	o.Reset()
	assert.False(t, o.ReadOnly())
	assert.False(t, o.LogIn(login, secret.New(newPassword)).OK)
}
