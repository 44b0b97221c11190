package okta_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	refusedFederated = "Automatic provisioning of user Wren Avery to app Hub failed: Error while creating user " + wren + ": Api validation failed: password (password: Password)"
	refusedStatus    = "Automatic provisioning of user Wren Avery to app Hub failed: Error while creating user " + wren + ": This operation is not allowed in the user's current status."
	refusedProfile   = "Automatic profile push of user Wren Avery to app Hub failed: Error while trying to push profile update for " + wren +
		": Operation failed because user profile is mastered under another system"
)

// broken is where both fixes begin: a single sign-on has made the hub's user, and the assignment fails. It returns the id of the
// hub's user.
func (p *pair) broken(t *testing.T) string {
	t.Helper()
	_, err := p.throughIdP()
	require.NoError(t, err)
	p.assign(t, "active_with_pass")
	p.failed(t, "push_user", refusedFederated)
	p.signs(t)
	p.proof(t, false)
	id, _ := p.there(t)["id"].(string)
	return id
}

// proof is a sign-in at the hub with the password of the spoke.
func (p *pair) proof(t *testing.T, good bool) {
	t.Helper()
	a := p.hub.ask(t, "", http.MethodPost, "/api/v1/authn", `{"username":"`+wren+`","password":"`+firstPassword+`"}`)
	if good {
		require.Equal(t, 200, a.status, "%s", a.body)
		assert.Equal(t, "SUCCESS", a.json(t)["status"])
		return
	}
	a.refused(t, 401, "E0000004", "Authentication failed")
}

func (p *pair) jitOff(t *testing.T) {
	t.Helper()
	p.hub.ok(t, http.MethodPut, idpsPath+"/"+p.idp, idpBody("DISABLED", false))
}

func (p *pair) deactivates(t *testing.T, status string) {
	t.Helper()
	p.features(t, `{"update":{"lifecycleDeactivate":{"status":"`+status+`"}}}`)
}

// healthy is what both fixes lead to.
func (p *pair) healthy(t *testing.T) {
	t.Helper()
	p.did(t, "push_user")
	assert.Equal(t, "SYNCHRONIZED", p.assigned(t)["syncState"])
	p.signs(t)
	p.did(t, "push_password")
	there := p.there(t)
	assert.Equal(t, [2]any{"ACTIVE", "OKTA"}, [2]any{there["status"], providerOf(there)})
	assert.Contains(t, there["credentials"], "password")
	p.proof(t, true)
	p.spoke.ok(t, http.MethodPost, usersPath+"/"+p.user.ID, `{"profile":{"title":"Mate"}}`)
	p.settle(t)
	p.did(t, "push_profile")
}

// The first fix: the hub's user is deleted and made again by the push (Okta, Org2Org app assignment with initial provisioning).
func TestFixByRecreatingTheUser(t *testing.T) {
	in := func(name string, f func(*testing.T, *pair, string)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t)
				f(t, p, p.broken(t))
			})
		})
	}
	in("as documented", func(t *testing.T, p *pair, id string) {
		t.Helper()
		p.jitOff(t)
		p.unassign(t)
		p.did(t, "deactivate")
		assert.Equal(t, "DEPROVISIONED", p.there(t)["status"])
		p.hub.ok(t, http.MethodDelete, usersPath+"/"+id, "")
		p.gone(t)
		p.assign(t, "active_with_pass")
		assert.NotEqual(t, id, p.there(t)["id"])
		p.healthy(t)
		_, err := p.throughIdP()
		require.Error(t, err, "the provider does not link any more")
		p.proof(t, true)
	})
	in("without deactivation at the spoke it takes two calls", func(t *testing.T, p *pair, id string) {
		t.Helper()
		p.jitOff(t)
		p.deactivates(t, "DISABLED")
		p.unassign(t)
		assert.Equal(t, "ACTIVE", p.there(t)["status"])
		p.hub.ok(t, http.MethodDelete, usersPath+"/"+id, "")
		p.hub.ok(t, http.MethodDelete, usersPath+"/"+id, "")
		p.gone(t)
		p.assign(t, "active_with_pass")
		p.healthy(t)
	})
	in("wrong: deleted once only", func(t *testing.T, p *pair, id string) {
		t.Helper()
		p.jitOff(t)
		p.deactivates(t, "DISABLED")
		p.unassign(t)
		p.hub.ok(t, http.MethodDelete, usersPath+"/"+id, "")
		p.assign(t, "active_with_pass")
		p.failed(t, "push_user", refusedFederated)
		assert.Equal(t, [3]any{id, "DEPROVISIONED", "FEDERATION"}, [3]any{p.there(t)["id"], p.there(t)["status"], providerOf(p.there(t))})
		p.proof(t, false)
	})
	in("wrong: just-in-time provisioning left on", func(t *testing.T, p *pair, id string) {
		t.Helper()
		p.unassign(t)
		p.hub.ok(t, http.MethodDelete, usersPath+"/"+id, "")
		signIn, err := p.throughIdP() // before the push
		require.NoError(t, err)
		assert.True(t, signIn.Created)
		p.assign(t, "active_with_pass")
		p.failed(t, "push_user", refusedFederated)
		p.proof(t, false)
	})
	in("wrong: the assignment stays", func(t *testing.T, p *pair, id string) {
		t.Helper()
		p.jitOff(t)
		p.hub.ok(t, http.MethodDelete, usersPath+"/"+id, "")
		p.hub.ok(t, http.MethodDelete, usersPath+"/"+id, "")
		p.change(t, firstPassword, newPassword)
		p.failed(t, "push_password", "Automatic password push of user Wren Avery to app Hub failed: Error while trying to push password update for "+wren+
			": Not found: Resource not found: "+id+" (User)")
		p.gone(t)
	})
}

// The second fix: the hub's user stays, with its groups, and becomes one of Okta's.
func TestFixByDisconnectingTheUser(t *testing.T) {
	in := func(name string, f func(*testing.T, *pair, string)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t)
				f(t, p, p.broken(t))
			})
		})
	}
	byConsole := func(t *testing.T, p *pair, _ string) { t.Helper(); require.NoError(t, p.hub.Disconnect(wren)) }
	byAPI := func(t *testing.T, p *pair, id string) {
		t.Helper()
		p.hub.ok(t, http.MethodDelete, idpsPath+"/"+p.idp+"/users/"+id, "")
		p.hub.ok(t, http.MethodPost, usersPath+"/"+id+"/lifecycle/reset_password?sendEmail=false", "")
		assert.Equal(t, [2]any{"PROVISIONED", "OKTA"}, [2]any{p.there(t)["status"], providerOf(p.there(t))})
	}
	for name, disconnect := range map[string]func(*testing.T, *pair, string){"by the console": byConsole, "by the API": byAPI} {
		in("as documented, "+name, func(t *testing.T, p *pair, id string) {
			t.Helper()
			group, err := p.hub.AddGroup("Crew", "")
			require.NoError(t, err)
			require.NoError(t, p.hub.SetMember(group.ID, id, true))
			p.jitOff(t)
			disconnect(t, p, id)
			p.deactivates(t, "DISABLED")
			p.unassign(t)
			assert.NotEqual(t, "DEPROVISIONED", p.there(t)["status"])
			p.assign(t, "active_with_pass")
			assert.Equal(t, id, p.there(t)["id"])
			p.healthy(t)
			p.deactivates(t, "ENABLED")
			assert.Len(t, p.hub.ok(t, http.MethodGet, usersPath+"/"+id+"/groups", "").list(t), 2, "the groups are kept")
		})
	}
	in("the console's button and a retry are enough when nothing else changes", func(t *testing.T, p *pair, id string) {
		t.Helper()
		p.jitOff(t)
		byConsole(t, p, id)
		require.NoError(t, p.spoke.RetryTask(p.spoke.Tasks()[0].ID))
		p.settle(t)
		assert.Equal(t, "done", string(p.spoke.Tasks()[0].State))
		p.signs(t)
		p.proof(t, true)
	})
	in("wrong: not disconnected", func(t *testing.T, p *pair, _ string) {
		t.Helper()
		p.jitOff(t)
		p.deactivates(t, "DISABLED")
		p.unassign(t)
		p.assign(t, "active_with_pass")
		p.failed(t, "push_user", refusedFederated)
		p.proof(t, false)
	})
	in("wrong: unlinked, not converted", func(t *testing.T, p *pair, id string) {
		t.Helper()
		p.jitOff(t)
		p.hub.ok(t, http.MethodDelete, idpsPath+"/"+p.idp+"/users/"+id, "")
		p.deactivates(t, "DISABLED")
		p.unassign(t)
		p.assign(t, "active_with_pass")
		p.failed(t, "push_user", refusedFederated)
		p.proof(t, false)
	})
	in("wrong: lifecycleDeactivate left on", func(t *testing.T, p *pair, id string) {
		t.Helper()
		p.jitOff(t)
		byConsole(t, p, id)
		p.unassign(t)
		p.did(t, "deactivate")
		p.assign(t, "active_with_pass")
		p.failed(t, "push_user", refusedStatus)
		assert.Equal(t, "DEPROVISIONED", p.there(t)["status"])
		p.proof(t, false)
	})
	in("lifecycleDeactivate left on, where an assignment reactivates", func(t *testing.T, p *pair, id string) {
		t.Helper()
		p.spoke.set(t, "reassignedUser", "reactivate")
		p.jitOff(t)
		byConsole(t, p, id)
		p.unassign(t)
		p.assign(t, "active_with_pass")
		p.healthy(t)
	})
	in("wrong: just-in-time provisioning left on", func(t *testing.T, p *pair, id string) {
		t.Helper()
		byConsole(t, p, id)
		p.deactivates(t, "DISABLED")
		p.unassign(t)
		p.assign(t, "active_with_pass")
		p.healthy(t)
		signIn, err := p.throughIdP() // links and masters the user again
		require.NoError(t, err)
		assert.True(t, signIn.Linked)
		p.spoke.ok(t, http.MethodPost, usersPath+"/"+p.user.ID, `{"profile":{"title":"Master"}}`)
		p.settle(t)
		p.failed(t, "push_profile", refusedProfile)
		assert.Equal(t, "ERROR", p.assigned(t)["syncState"])
	})
	in("wrong: just-in-time provisioning left on, where a sign-in makes users federated", func(t *testing.T, p *pair, id string) {
		t.Helper()
		p.hub.set(t, "idpSignIn", "federate")
		byConsole(t, p, id)
		p.deactivates(t, "DISABLED")
		p.unassign(t)
		p.assign(t, "active_with_pass")
		p.healthy(t)
		_, err := p.throughIdP()
		require.NoError(t, err)
		p.proof(t, false)
		p.change(t, firstPassword, newPassword)
		p.failed(t, "push_password", "Automatic password push of user Wren Avery to app Hub failed: Error while trying to push password update for "+wren+
			": Api validation failed: password (password: Password)")
	})
}
