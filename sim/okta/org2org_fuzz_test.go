package okta_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

// plainOrg has no application: the key of one takes long to make where code is instrumented.
func plainOrg(t *testing.T) *org {
	t.Helper()
	c := okta.DefaultConfig()
	c.Tokens = []okta.APIToken{{Name: "admin", Value: secret.New("token-of-admin")}}
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	s, err := okta.New(c, okta.Kernel{Clock: &clock.Clock{}, Journal: journal.New(100, digester), Digester: digester})
	require.NoError(t, err)
	o := &org{Server: s}
	o.user = o.add(t, login)
	return o
}

// Whatever is sent to an application or an identity provider is answered with JSON and without an error of the org's own, and so
// is everything that is read after it.
func FuzzOrg2OrgBodies(f *testing.F) {
	for i, body := range []string{
		org2orgApp, org2orgApp, `{"id":"{user}","scope":"USER","profile":{"initialStatus":"active_with_pass"}}`,
		`{"profile":{"initialStatus":7},"credentials":{"userName":"x"}}`, allOn, byToken, idpBody("AUTO", true), idpBody("DISABLED", false), `{"externalId":"x"}`,
	} {
		f.Add(uint8(i), body)
	}
	f.Add(uint8(4), `{"update":{"password":null}}`)
	f.Add(uint8(5), `{"profile":{"authScheme":"TOKEN","token":["x"]}}`)
	f.Add(uint8(6), `{"policy":{"subject":{"filter":"(((("}}}`)
	f.Fuzz(func(t *testing.T, where uint8, body string) {
		o := plainOrg(t)
		app := appsPath + "/" + o.id(t, appsPath, org2orgApp)
		o.ok(t, http.MethodPost, app+"/connections/default?activate=true", byToken)
		o.ok(t, http.MethodPost, app+"/users", `{"id":"`+o.user.ID+`"}`)
		idp := idpsPath + "/" + o.id(t, idpsPath, idpBody("AUTO", true))
		doors := [][2]string{
			{http.MethodPost, appsPath},
			{http.MethodPut, app},
			{http.MethodPost, app + "/users"},
			{http.MethodPost, app + "/users/" + o.user.ID},
			{http.MethodPut, app + "/features/USER_PROVISIONING"},
			{http.MethodPost, app + "/connections/default"},
			{http.MethodPost, idpsPath},
			{http.MethodPut, idp},
			{http.MethodPost, idp + "/users/" + o.user.ID},
		}
		door := doors[int(where)%len(doors)]
		a := o.ask(t, "admin", door[0], door[1], body, "Content-Type", "application/json")
		assert.True(t, json.Valid(a.body), "%s", a.body)
		assert.NotEqual(t, http.StatusInternalServerError, a.status, "%s", a.body)
		for _, path := range []string{appsPath, app, app + "/users", app + "/users/" + o.user.ID, app + "/features", app + "/connections/default", idpsPath, idp, idp + "/users"} {
			again := o.ask(t, "admin", http.MethodGet, path, "")
			assert.True(t, json.Valid(again.body), "%s", again.body)
			assert.NotEqual(t, http.StatusInternalServerError, again.status, "%s %s", path, again.body)
		}
	})
}
