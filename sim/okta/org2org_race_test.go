package okta_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

// direct asks an org without a network between.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// Assignments, passwords, sign-ins through the provider, retries and lists at once, while the worker pushes: every user that is
// assigned in the end has at the hub the last password that it was given here.
func TestProvisioningAtOnce(t *testing.T) {
	unlimited := func(c *okta.Config, _ *okta.Kernel) { c.Plan = "unlimited" }
	hub := newOrg(t, unlimited)
	spoke := newOrg(t, unlimited, func(c *okta.Config, k *okta.Kernel) {
		c.Host, k.Name, k.HTTP = spokeHost, "spoke", &http.Client{Transport: direct{hub.Handler()}}
	})
	require.NoError(t, spoke.Start(t.Context()))
	path := appsPath + "/" + spoke.id(t, appsPath, org2orgApp)
	spoke.ok(t, http.MethodPost, path+"/connections/default?activate=true", byToken)
	spoke.ok(t, http.MethodPut, path+"/features/USER_PROVISIONING", `{"create":{"lifecycleCreate":{"status":"ENABLED"}},"update":{"profile":{"status":"ENABLED"},"password":{"status":"ENABLED","seed":"OKTA","change":"CHANGE"}}}`)
	idp := hub.id(t, idpsPath, idpBody("DISABLED", false))
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			name := fmt.Sprintf("worker%d@example.net", w)
			user := spoke.add(t, name)
			for n := range 10 {
				spoke.ok(t, http.MethodPost, path+"/users", `{"id":"`+user.ID+`"}`)
				spoke.ok(t, http.MethodPost, usersPath+"/"+user.ID, setPassword(fmt.Sprintf("Spring-Tide-%d", n)))
				spoke.ok(t, http.MethodPost, usersPath+"/"+user.ID, fmt.Sprintf(`{"profile":{"title":"t%d"}}`, n))
				spoke.ok(t, http.MethodGet, path+"/users", "")
				for _, task := range spoke.Tasks() {
					if task.State == okta.TaskFailed {
						assert.NoError(t, spoke.RetryTask(task.ID))
					}
				}
				_, _ = hub.SignInThroughIdP(idp, okta.Assertion{Subject: name})
				if n < 9 && n%3 == 2 {
					spoke.ok(t, http.MethodDelete, path+"/users/"+user.ID, "")
				}
			}
		})
	}
	all.Wait()
	require.Eventually(t, func() bool {
		for _, task := range spoke.Tasks() {
			if task.State == okta.TaskRunning {
				return false
			}
		}
		return true
	}, 20*time.Second, time.Millisecond)
	require.NoError(t, spoke.Stop(context.WithoutCancel(t.Context())))
	for w := range 8 {
		assert.True(t, hub.LogIn(fmt.Sprintf("worker%d@example.net", w), secret.New("Spring-Tide-9")).OK)
	}
	for _, task := range spoke.Tasks() {
		assert.Equal(t, okta.TaskDone, task.State, task.Error)
	}
}
