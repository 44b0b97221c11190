package okta_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/okta"
)

// Whatever happens at the spoke while the hub is slow: in the end the hub has what the spoke has.
func TestTheHubHearsTheLastWord(t *testing.T) {
	path := func(p *pair) string { return usersPath + "/" + p.user.ID }
	for _, tc := range []struct {
		name string
		do   func(*testing.T, *pair)
		want string
	}{
		{"deactivated, activated, deactivated", func(t *testing.T, p *pair) {
			t.Helper()
			p.spoke.ok(t, http.MethodPost, path(p)+"/lifecycle/deactivate", "")
			p.spoke.ok(t, http.MethodPost, path(p)+"/lifecycle/activate", "")
			p.spoke.ok(t, http.MethodPost, path(p)+"/lifecycle/deactivate", "")
		}, "DEPROVISIONED"},
		{"and activated again", func(t *testing.T, p *pair) {
			t.Helper()
			for range 2 {
				p.spoke.ok(t, http.MethodPost, path(p)+"/lifecycle/deactivate", "")
				p.spoke.ok(t, http.MethodPost, path(p)+"/lifecycle/activate", "")
			}
		}, "PROVISIONED"},
		{"a new password, then unassigned", func(t *testing.T, p *pair) {
			t.Helper()
			p.spoke.ok(t, http.MethodPost, path(p), setPassword(newPassword))
			p.spoke.ok(t, http.MethodDelete, p.appPath()+"/users/"+p.user.ID, "")
		}, "DEPROVISIONED"},
		{"deleted at once", func(t *testing.T, p *pair) {
			t.Helper()
			p.spoke.ok(t, http.MethodDelete, path(p), "")
			p.spoke.ok(t, http.MethodDelete, path(p), "")
		}, "DEPROVISIONED"},
		{"unassigned and deleted", func(t *testing.T, p *pair) {
			t.Helper()
			p.spoke.ok(t, http.MethodDelete, p.appPath()+"/users/"+p.user.ID, "")
			require.NoError(t, p.spoke.Remove(p.user.ID))
		}, "DEPROVISIONED"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := linked(t)
				_, err := p.hub.Faults().Add(faults.Rule{Kind: faults.KindLatency, Latency: faults.Latency{Value: 20 * time.Second}, Trigger: faults.Trigger{First: 1}})
				require.NoError(t, err)
				p.spoke.ok(t, http.MethodPost, path(p), `{"profile":{"title":"Mate"}}`)
				time.Sleep(time.Second)
				tc.do(t, p)
				p.settle(t)
				assert.Equal(t, tc.want, p.there(t)["status"])
				for _, task := range p.spoke.Tasks() {
					assert.Equal(t, okta.TaskDone, task.State, task.Error)
				}
			})
		})
	}
}

// A profile that an identity provider of the spoke has changed is pushed like any other.
func TestAnAssertedProfileIsPushed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := linked(t)
		idp := p.spoke.id(t, idpsPath, idpBody("AUTO", true))
		_, err := p.spoke.SignInThroughIdP(idp, okta.Assertion{Subject: wren, Attributes: map[string]string{"title": "Mate"}})
		require.NoError(t, err)
		p.settle(t)
		p.did(t, okta.PushProfile)
		assert.Equal(t, "Mate", p.there(t)["profile"].(map[string]any)["title"])
	})
}
