package okta_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/okta"
)

// Who prefers not to wait is answered at once, and the user is on the way for a while.
func TestDeactivationInTheBackground(t *testing.T) {
	for name, method := range map[string]string{"/lifecycle/deactivate": http.MethodPost, "": http.MethodDelete} {
		t.Run(method+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrg(t)
				a := o.ask(t, "admin", method, o.path()+name, "", "Prefer", "respond-async")
				require.Less(t, a.status, 300, "%s", a.body)
				u := o.get(t)
				assert.Equal(t, []any{"ACTIVE", "DEPROVISIONED"}, []any{u["status"], u["transitioningToStatus"]})
				omitted := o.ask(t, "admin", http.MethodGet, o.path(), "", "Content-Type", "application/json; okta-response=omitTransitioningToStatus").json(t)
				assert.NotContains(t, omitted, "transitioningToStatus")
				o.post(t, "", setPassword(newPassword)).refused(t, 409, "E0000112", "")
				o.keptFirst(t)
				time.Sleep(5 * time.Second)
				u = o.get(t)
				assert.Equal(t, "DEPROVISIONED", u["status"])
				assert.NotContains(t, u, "transitioningToStatus")
				assert.Equal(t, "2000-01-01T00:00:05.000Z", u["statusChanged"])
				assert.False(t, o.logsIn(firstPassword).OK)
				assert.Empty(t, o.ask(t, "admin", http.MethodGet, usersPath, "").list(t))
				o.ask(t, "admin", http.MethodPost, o.path()+"/lifecycle/deactivate", "", "Prefer", "respond-async").refused(t, 403, "E0000038", "")
				assert.Equal(t, 200, o.post(t, "/lifecycle/activate", "").status)
				assert.Equal(t, "PROVISIONED", o.status(t))
			})
		})
	}
}

func TestBlocks(t *testing.T) {
	o := newOrg(t)
	expanded := func() any {
		t.Helper()
		return o.ask(t, "admin", http.MethodGet, o.path()+"?expand=blocks", "").json(t)["_embedded"]
	}
	assert.Equal(t, map[string]any{"blocks": []any{}}, expanded())
	o.be(t, func(a *okta.Account) { a.Status = okta.LockedOut })
	block := map[string]any{"type": "DEVICE_BASED", "appliesTo": "ANY_DEVICES"}
	assert.Equal(t, map[string]any{"blocks": []any{block}}, expanded())
	assert.Equal(t, []map[string]any{block}, o.ask(t, "admin", http.MethodGet, o.path()+"/blocks", "").list(t))
	assert.NotContains(t, o.get(t), "_embedded")
	o.ask(t, "admin", http.MethodGet, usersPath+"/nobody/blocks", "").refused(t, 404, "E0000007", "")
}
