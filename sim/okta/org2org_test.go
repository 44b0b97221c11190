package okta_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

const (
	spokeHost  = "spoke.okta.com"
	wren       = "wren.avery@example.net"
	appsPath   = "/api/v1/apps"
	idpsPath   = "/api/v1/idps"
	allOn      = `{"create":{"lifecycleCreate":{"status":"ENABLED"}},"update":{"profile":{"status":"ENABLED"},"lifecycleDeactivate":{"status":"ENABLED"},"password":{"status":"ENABLED","seed":"OKTA","change":"CHANGE"}}}`
	org2orgApp = `{"name":"okta_org2org","label":"Hub","signOnMode":"SAML_2_0","settings":{"app":{"baseUrl":"https://hub.okta.com","acsUrl":"https://hub.okta.com/sso/saml2/x","audRestriction":"https://www.okta.com/saml2/service-provider/x"}}}`
	byToken    = `{"profile":{"authScheme":"TOKEN","token":"token-of-admin"}}`
)

// pair is a spoke and a hub in a network of their own, in virtual time: the spoke has the application and the user, the hub an
// identity provider for the spoke's users.
type pair struct {
	hub, spoke *org
	user       people.Person // of the spoke
	app, idp   string
}

func newPair(t *testing.T, change ...func(hub, spoke *okta.Config)) *pair {
	t.Helper()
	net := network.Memory()
	authority, err := network.NewAuthority()
	require.NoError(t, err)
	client := network.Client(net, authority.Pool())
	t.Cleanup(client.CloseIdleConnections)
	var configs [2]okta.Config
	configs[0], configs[1] = config(), config()
	configs[1].Host = spokeHost
	for _, f := range change {
		f(&configs[0], &configs[1])
	}
	p := &pair{}
	for i, o := range []**org{&p.hub, &p.spoke} {
		*o = newOrg(t, func(c *okta.Config, k *okta.Kernel) {
			*c, k.HTTP, k.Name = configs[i], client, []string{"okta", "spoke"}[i]
		})
		serve(t, net, authority, (*o).Server)
		require.NoError(t, (*o).Start(t.Context()))
		t.Cleanup(func() { assert.NoError(t, (*o).Stop(context.WithoutCancel(t.Context()))) })
	}
	p.user = p.spoke.add(t, wren, func(one *people.Person) { one.GivenName, one.FamilyName = "Wren", "Avery" })
	p.app = p.spoke.id(t, appsPath, org2orgApp)
	p.spoke.ok(t, http.MethodPost, p.appPath()+"/connections/default?activate=true", byToken)
	p.features(t, allOn)
	p.idp = p.hub.id(t, idpsPath, idpBody("AUTO", true))
	return p
}

// serve lets an org listen under its host name.
func serve(t *testing.T, net network.Network, authority *network.Authority, s *okta.Server) {
	t.Helper()
	certificate, err := authority.Certificate(s.Host())
	require.NoError(t, err)
	listener, err := net.Listen(s.Host())
	require.NoError(t, err)
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: time.Minute}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}))
	}()
	t.Cleanup(func() {
		assert.NoError(t, server.Close())
		<-ended
	})
}

func idpBody(jit string, master bool) string {
	body, err := json.Marshal(map[string]any{
		"type": "SAML2", "name": "Spoke", "protocol": map[string]any{"type": "SAML2"},
		"policy": map[string]any{
			"provisioning": map[string]any{"action": jit, "profileMaster": master},
			"accountLink":  map[string]any{"action": jit},
			"subject":      map[string]any{"userNameTemplate": map[string]any{"template": "idpuser.subjectNameId"}, "matchType": "USERNAME"},
		},
	})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// ok is an administrator's call that succeeds.
func (o *org) ok(tb testing.TB, method, path, body string) answer {
	tb.Helper()
	a := o.ask(tb, "admin", method, path, body)
	require.Equal(tb, 2, a.status/100, "%s %s: %d %s", method, path, a.status, a.body)
	return a
}

// id is that of what a POST creates.
func (o *org) id(tb testing.TB, path, body string) string {
	tb.Helper()
	id, _ := o.ok(tb, http.MethodPost, path, body).json(tb)["id"].(string)
	return id
}

func (p *pair) appPath() string { return appsPath + "/" + p.app }

func (p *pair) features(tb testing.TB, body string) {
	tb.Helper()
	p.spoke.ok(tb, http.MethodPut, p.appPath()+"/features/USER_PROVISIONING", body)
}

func (p *pair) assign(tb testing.TB, initial string) {
	tb.Helper()
	p.spoke.ok(tb, http.MethodPost, p.appPath()+"/users", `{"id":"`+p.user.ID+`","scope":"USER","profile":{"initialStatus":"`+initial+`"}}`)
	p.settle(tb)
}

func (p *pair) unassign(tb testing.TB) {
	tb.Helper()
	p.spoke.ok(tb, http.MethodDelete, p.appPath()+"/users/"+p.user.ID, "")
	p.settle(tb)
}

// settle waits until the spoke has nothing under way.
func (p *pair) settle(tb testing.TB) {
	tb.Helper()
	for range 1000 {
		time.Sleep(time.Second)
		synctest.Wait()
		busy := false
		for _, task := range p.spoke.Tasks() {
			busy = busy || task.State == okta.TaskRunning
		}
		if !busy {
			return
		}
	}
	require.Fail(tb, "the tasks never end")
}

// last is the newest task of the spoke, as kind, state and sentence.
func (p *pair) last(tb testing.TB) okta.Task {
	tb.Helper()
	tasks := p.spoke.Tasks()
	require.NotEmpty(tb, tasks)
	return tasks[len(tasks)-1]
}

func (p *pair) did(tb testing.TB, kind okta.TaskKind) {
	tb.Helper()
	task := p.last(tb)
	assert.Equal(tb, kind, task.Kind)
	assert.Equal(tb, okta.TaskDone, task.State, task.Error)
	assert.Empty(tb, task.Error)
}

func (p *pair) failed(tb testing.TB, kind okta.TaskKind, sentence string) {
	tb.Helper()
	task := p.last(tb)
	assert.Equal(tb, kind, task.Kind)
	assert.Equal(tb, okta.TaskFailed, task.State)
	assert.Equal(tb, sentence, task.Error)
}

// there is the user as the hub has it.
func (p *pair) there(tb testing.TB) map[string]any {
	tb.Helper()
	return p.hub.ok(tb, http.MethodGet, usersPath+"/"+wren, "").json(tb)
}

func (p *pair) gone(tb testing.TB) {
	tb.Helper()
	p.hub.ask(tb, "admin", http.MethodGet, usersPath+"/"+wren, "").refused(tb, 404, "E0000007", "Not found: Resource not found: "+wren+" (User)")
}

func (p *pair) assigned(tb testing.TB) map[string]any {
	tb.Helper()
	return p.spoke.ok(tb, http.MethodGet, p.appPath()+"/users/"+p.user.ID, "").json(tb)
}

func providerOf(user map[string]any) any {
	credentials, _ := user["credentials"].(map[string]any)
	provider, _ := credentials["provider"].(map[string]any)
	return provider["type"]
}

// change is the user's own, at the spoke; signs is a sign-in there.
func (p *pair) change(tb testing.TB, from, to string) {
	tb.Helper()
	p.spoke.ok(tb, http.MethodPost, usersPath+"/"+p.user.ID+"/credentials/change_password", changePassword(from, to))
	p.settle(tb)
}

func (p *pair) signs(tb testing.TB) {
	tb.Helper()
	a := p.spoke.ask(tb, "", http.MethodPost, "/api/v1/authn", `{"username":"`+wren+`","password":"`+firstPassword+`"}`)
	require.Equal(tb, 200, a.status, "%s", a.body)
	p.settle(tb)
}

func (p *pair) logsIn(password string) people.LogIn { return p.hub.LogIn(wren, secret.New(password)) }

// throughIdP is the user's single sign-on from the spoke to the hub.
func (p *pair) throughIdP() (okta.FederatedSignIn, error) {
	return p.hub.SignInThroughIdP(p.idp, okta.Assertion{Subject: wren, Attributes: map[string]string{
		"email": wren, "firstName": "Wren", "lastName": "Avery",
	}})
}

func TestAnAssignmentCreatesTheUserAndASignInBringsThePassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.spoke.ok(t, http.MethodPost, usersPath+"/"+p.user.ID, `{"profile":{"title":"Pilot"}}`)
		a := p.spoke.ok(t, http.MethodPost, p.appPath()+"/users", `{"id":"`+p.user.ID+`","scope":"USER"}`).json(t)
		assert.Equal(t, "STAGED", a["status"])
		assert.Equal(t, "SYNCING", a["syncState"])
		p.gone(t)
		p.settle(t)
		p.did(t, okta.PushUser)
		there := p.there(t)
		assert.Equal(t, "ACTIVE", there["status"])
		assert.Equal(t, "OKTA", providerOf(there))
		assert.Equal(t, "Pilot", there["profile"].(map[string]any)["title"])
		assert.Equal(t, "wrong_password", p.logsIn(firstPassword).Reason, "the hub has a temporary password")
		a = p.assigned(t)
		assert.Equal(t, there["id"], a["externalId"])
		assert.Equal(t, "PROVISIONED", a["status"])
		assert.Equal(t, "SYNCHRONIZED", a["syncState"])

		p.signs(t)
		p.did(t, okta.PushPassword)
		assert.True(t, p.logsIn(firstPassword).OK)
		p.signs(t)
		assert.Len(t, p.spoke.Tasks(), 2, "the hub has this password already")
		p.change(t, firstPassword, newPassword)
		p.did(t, okta.PushPassword)
		assert.True(t, p.logsIn(newPassword).OK)

		e := p.hub.last(t)
		assert.Equal(t, [...]string{"write_password", "accepted", wren, "admin"}, [...]string{e.Operation, e.Outcome, e.User, e.Client})
		person, _ := p.spoke.People().ByID(p.user.ID)
		assert.Equal(t, person.Credential.Digest, e.Password)
		assert.Equal(t, []string{
			"user.account.update_profile SUCCESS", "application.user_membership.add SUCCESS",
			"application.provision.user.push SUCCESS", "app.user_management.push_new_user_success SUCCESS",
			"user.session.start SUCCESS", "application.provision.user.push_okta_password SUCCESS", "user.session.start SUCCESS",
			"user.account.update_password SUCCESS", "application.provision.user.push_okta_password SUCCESS",
		}, p.spoke.events(t, `?filter=target.id+eq+"`+p.user.ID+`"`))
		assert.Equal(t, []string{
			"user.lifecycle.create SUCCESS", "user.lifecycle.activate SUCCESS", "user.account.update_password SUCCESS", "user.account.update_password SUCCESS",
		}, p.hub.events(t, `?filter=target.id+eq+"`+there["id"].(string)+`"`))
		p.hub.leaks(t, firstPassword, newPassword, "token-of-admin")
		p.spoke.leaks(t, firstPassword, newPassword, "token-of-admin")
	})
}

func TestInitialStatus(t *testing.T) {
	for initial, want := range map[string][2]string{
		"active_with_pass":    {"ACTIVE", "yes"},
		"active_without_pass": {"PROVISIONED", "no"},
		"pending_with_pass":   {"STAGED", "yes"}, "pending_without_pass": {"STAGED", "no"},
	} {
		t.Run(initial, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t)
				p.assign(t, initial)
				there := p.there(t)
				_, has := there["credentials"].(map[string]any)["password"]
				assert.Equal(t, want, [2]string{there["status"].(string), map[bool]string{true: "yes", false: "no"}[has]})
			})
		})
	}
	t.Run("a mapping put the login there", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPair(t)
			p.assign(t, wren)
			p.failed(t, okta.PushUser, "Automatic provisioning of user Wren Avery to app Hub failed: Error while creating user "+wren+": "+
				wren+" is an Invalid Value for initialStatus field (code notOneOf)")
			p.gone(t)
			assert.Equal(t, "ERROR", p.assigned(t)["syncState"])
			p.spoke.ok(t, http.MethodPost, p.appPath()+"/users/"+p.user.ID, `{"profile":{"initialStatus":"active_with_pass"}}`)
			require.NoError(t, p.spoke.RetryTask(p.last(t).ID))
			p.settle(t)
			p.did(t, okta.PushUser)
			assert.Equal(t, "ACTIVE", p.there(t)["status"])
			assert.Equal(t, "SYNCHRONIZED", p.assigned(t)["syncState"])
		})
	})
}

// The first seed: the hub's user was made by a sign-in, so no password can be pushed to it.
func TestAPushToAFederatedUserFails(t *testing.T) {
	for _, tc := range []struct{ name, cause, want string }{
		{"as the spoke shows it", "short", "password: Password"},
		{"the other cause", "requirements", "password: Password requirements were not met. Password requirements: at least 8 characters, a lowercase letter, " +
			"an uppercase letter, a number, no parts of your username. Your password cannot be any of your last 4 passwords."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t)
				p.hub.set(t, "federatedCause", tc.cause)
				in, err := p.throughIdP()
				require.NoError(t, err)
				assert.True(t, in.Created)
				p.assign(t, "active_with_pass")
				p.failed(t, okta.PushUser, "Automatic provisioning of user Wren Avery to app Hub failed: Error while creating user "+wren+
					": Api validation failed: password ("+tc.want+")")
				assert.Equal(t, "FEDERATION", providerOf(p.there(t)))
				a := p.assigned(t)
				assert.Equal(t, "ERROR", a["syncState"])
				assert.Equal(t, p.there(t)["id"], a["externalId"], "linked all the same")

				e := p.hub.lastOf(t, "write_password")
				assert.Equal(t, [...]string{"refused", "federated", wren}, [...]string{e.Outcome, e.Reason, e.User})
				assert.False(t, e.Password.IsZero())

				p.change(t, firstPassword, newPassword)
				p.failed(t, okta.PushPassword, "Automatic password push of user Wren Avery to app Hub failed: Error while trying to push password update for "+wren+
					": Api validation failed: password ("+tc.want+")")
				log := p.spoke.ok(t, http.MethodGet, logsPath+`?filter=outcome.result+eq+"FAILURE"`, "").list(t)
				require.Len(t, log, 2)
				assert.Equal(t, "Push new user to external application", log[0]["displayMessage"])
				reason := "Api validation failed: password (" + tc.want + ")"
				assert.Equal(t, reason[:min(len(reason), 255)], log[0]["outcome"].(map[string]any)["reason"], "the log cuts it")
				assert.Equal(t, "application.provision.user.password", log[1]["eventType"])
			})
		})
	}
}

// lastOf is the newest entry of an operation.
func (o *org) lastOf(tb testing.TB, operation string) journal.Entry {
	tb.Helper()
	page := o.Journal().Search(journal.Query{Operation: operation})
	require.NotEmpty(tb, page.Entries)
	return page.Entries[len(page.Entries)-1]
}

// The second seed: the temporary password follows the spoke's policy, and the hub's is stricter. The sentence is that of the
// hub's settings; the cure is a spoke policy that is as strict.
func TestAPushThatTheHubsPolicyRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		strict := hub()
		require.NoError(t, p.hub.SetPolicy(strict))
		p.assign(t, "active_with_pass")
		begin := "Automatic provisioning of user Wren Avery to app Hub failed: Error while creating user " + wren + ": Api validation failed: password (password: Password requirements were not met. "
		p.failed(t, okta.PushUser, begin+"Password requirements: at least 10 characters, a lowercase letter, an uppercase letter, a number, a symbol, "+
			"no parts of your username. At least 1 day(s) must have elapsed since you last changed your password.)")
		p.gone(t)
		e := p.hub.lastOf(t, "create")
		assert.Equal(t, [...]string{"refused", "policy", wren}, [...]string{e.Outcome, e.Reason, e.User})

		strict.Complexity.MinLength, strict.Age.MinAgeMinutes = 20, 0
		require.NoError(t, p.hub.SetPolicy(strict))
		require.NoError(t, p.spoke.RetryTask(p.last(t).ID))
		p.settle(t)
		p.failed(t, okta.PushUser, begin+"Password requirements: at least 20 characters, a lowercase letter, an uppercase letter, a number, a symbol, no parts of your username.)")

		require.NoError(t, p.spoke.SetPolicy(strict))
		require.NoError(t, p.spoke.RetryTask(p.last(t).ID))
		p.settle(t)
		p.did(t, okta.PushUser)
		assert.Equal(t, "ACTIVE", p.there(t)["status"])
		assert.Equal(t, "SYNCHRONIZED", p.assigned(t)["syncState"])
	})
}
