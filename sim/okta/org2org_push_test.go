package okta_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/okta"
)

// linked is a pair whose user has been pushed, with the real password.
func linked(t *testing.T) *pair {
	t.Helper()
	p := newPair(t)
	p.assign(t, "active_with_pass")
	p.signs(t)
	p.did(t, okta.PushPassword)
	return p
}

// kinds are those of the tasks since a number of them.
func (p *pair) kinds(since int) []okta.TaskKind {
	var kinds []okta.TaskKind
	for _, task := range p.spoke.Tasks()[since:] {
		kinds = append(kinds, task.Kind)
	}
	return kinds
}

func TestWhatBecomesATask(t *testing.T) {
	path := func(p *pair) string { return usersPath + "/" + p.user.ID }
	for _, tc := range []struct {
		name     string
		features string
		switches map[string]string
		do       func(*testing.T, *pair)
		want     []okta.TaskKind
		password string // that of the hub afterwards; "" is nobody's
	}{
		{name: "an administrator's password", do: func(t *testing.T, p *pair) {
			t.Helper()
			p.spoke.ok(t, http.MethodPost, path(p), setPassword(newPassword))
		}, want: []okta.TaskKind{okta.PushPassword}, password: newPassword},
		{name: "the user's own change", do: func(t *testing.T, p *pair) { t.Helper(); p.change(t, firstPassword, newPassword) }, want: []okta.TaskKind{okta.PushPassword}, password: newPassword},
		{name: "a recovery", do: func(t *testing.T, p *pair) {
			t.Helper()
			link, _ := p.spoke.ok(t, http.MethodPost, path(p)+"/lifecycle/reset_password?sendEmail=false", "").json(t)["resetPasswordUrl"].(string)
			p.spoke.redeem(t, link[strings.LastIndexByte(link, '/')+1:])
		}, want: []okta.TaskKind{okta.PushPassword}, password: newPassword},
		{name: "a temporary password is not the user's", do: func(t *testing.T, p *pair) {
			t.Helper()
			p.spoke.ok(t, http.MethodPost, path(p)+"/lifecycle/expire_password_with_temp_password", "")
		}, password: firstPassword},
		{name: "a sign-in with what the hub has", do: func(t *testing.T, p *pair) { t.Helper(); p.signs(t) }, password: firstPassword},
		{name: "every sign-in, by a switch", switches: map[string]string{"signInPush": "always"}, do: func(t *testing.T, p *pair) { t.Helper(); p.signs(t) }, want: []okta.TaskKind{okta.PushPassword}, password: firstPassword},
		{name: "changes are kept from the hub", features: `{"update":{"password":{"change":"KEEP_EXISTING"}}}`, do: func(t *testing.T, p *pair) { t.Helper(); p.change(t, firstPassword, newPassword) }, password: firstPassword},
		{name: "a random password for each change", features: `{"update":{"password":{"seed":"RANDOM"}}}`, do: func(t *testing.T, p *pair) { t.Helper(); p.change(t, firstPassword, newPassword) }, want: []okta.TaskKind{okta.PushPassword}},
		{name: "passwords are not pushed", features: `{"update":{"password":{"status":"DISABLED"}}}`, do: func(t *testing.T, p *pair) { t.Helper(); p.change(t, firstPassword, newPassword) }, password: firstPassword},
		{name: "the profile", do: func(t *testing.T, p *pair) {
			t.Helper()
			p.spoke.ok(t, http.MethodPost, path(p), `{"profile":{"title":"Mate"}}`)
		}, want: []okta.TaskKind{okta.PushProfile}, password: firstPassword},
		{name: "the profile is not pushed", features: `{"update":{"profile":{"status":"DISABLED"}}}`, do: func(t *testing.T, p *pair) {
			t.Helper()
			p.spoke.ok(t, http.MethodPost, path(p), `{"profile":{"title":"Mate"}}`)
		}, password: firstPassword},
		{name: "profile and password at once", do: func(t *testing.T, p *pair) {
			t.Helper()
			p.spoke.ok(t, http.MethodPost, path(p), `{"profile":{"title":"Mate"},"credentials":{"password":{"value":"`+newPassword+`"}}}`)
		}, want: []okta.TaskKind{okta.PushProfile, okta.PushPassword}, password: newPassword},
		{name: "many changes at once are one push of the last", do: func(t *testing.T, p *pair) {
			t.Helper()
			for _, one := range []string{"Ebb-Tide-2026", "Flood-Tide-2026", newPassword} {
				p.spoke.ok(t, http.MethodPost, path(p), setPassword(one))
			}
		}, want: []okta.TaskKind{okta.PushPassword}, password: newPassword},
		{name: "deactivated", do: func(t *testing.T, p *pair) { t.Helper(); p.spoke.ok(t, http.MethodDelete, path(p), "") }, want: []okta.TaskKind{okta.Deactivate}},
		{name: "deactivated and back", do: func(t *testing.T, p *pair) {
			t.Helper()
			p.spoke.ok(t, http.MethodDelete, path(p), "")
			p.settle(t)
			assert.Equal(t, "DEPROVISIONED", p.there(t)["status"])
			assert.Equal(t, "INACTIVE", p.assigned(t)["status"])
			p.spoke.ok(t, http.MethodPost, path(p)+"/lifecycle/activate", "")
			p.settle(t)
			assert.Equal(t, "PROVISIONED", p.there(t)["status"])
			p.spoke.ok(t, http.MethodPost, path(p), setPassword(newPassword))
		}, want: []okta.TaskKind{okta.Deactivate, okta.Reactivate, okta.PushPassword}, password: newPassword},
		{name: "deactivation is kept from the hub", features: `{"update":{"lifecycleDeactivate":{"status":"DISABLED"}}}`, do: func(t *testing.T, p *pair) { t.Helper(); p.spoke.ok(t, http.MethodDelete, path(p), "") }, password: firstPassword},
		{name: "unassigned", do: func(t *testing.T, p *pair) { t.Helper(); p.unassign(t) }, want: []okta.TaskKind{okta.Deactivate}},
		{name: "unassigned, then a change", features: `{"update":{"lifecycleDeactivate":{"status":"DISABLED"}}}`, do: func(t *testing.T, p *pair) {
			t.Helper()
			p.unassign(t)
			p.change(t, firstPassword, newPassword)
		}, password: firstPassword},
		{name: "the application is inactive", do: func(t *testing.T, p *pair) {
			t.Helper()
			p.spoke.ok(t, http.MethodPost, p.appPath()+"/lifecycle/deactivate", "")
			p.change(t, firstPassword, newPassword)
		}, password: firstPassword},
		{name: "nothing", do: func(t *testing.T, p *pair) {
			t.Helper()
			p.spoke.ok(t, http.MethodPost, path(p), `{"profile":{"firstName":"Wren"}}`)
		}, password: firstPassword},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := linked(t)
				if tc.features != "" {
					p.features(t, tc.features)
				}
				for name, value := range tc.switches {
					p.spoke.set(t, name, value)
				}
				since := len(p.spoke.Tasks())
				tc.do(t, p)
				p.settle(t)
				assert.Equal(t, tc.want, p.kinds(since))
				for _, task := range p.spoke.Tasks() {
					assert.Equal(t, okta.TaskDone, task.State, task.Error)
				}
				for _, password := range []string{firstPassword, newPassword} {
					assert.Equal(t, password == tc.password, p.logsIn(password).OK, password)
				}
				title, _ := p.there(t)["profile"].(map[string]any)["title"].(string)
				assert.Equal(t, slices.Contains(tc.want, okta.PushProfile), title == "Mate")
			})
		})
	}
}

func TestAnAssignmentFindsTheUserOrMayNotCreateIt(t *testing.T) {
	existing := func(t *testing.T, p *pair) {
		t.Helper()
		p.hub.add(t, wren, func(one *people.Person) { one.GivenName, one.FamilyName = "Old", "Name" })
	}
	t.Run("linked, with profile and a temporary password", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPair(t)
			existing(t, p)
			p.assign(t, "active_with_pass")
			p.did(t, okta.PushUser)
			assert.Equal(t, "Wren", p.there(t)["profile"].(map[string]any)["firstName"])
			assert.False(t, p.logsIn(firstPassword).OK, "a temporary password has taken the place of the old one")
			p.signs(t)
			assert.True(t, p.logsIn(firstPassword).OK)
		})
	})
	t.Run("the password stays, by a switch", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPair(t)
			existing(t, p)
			p.spoke.set(t, "linkedPassword", "skip")
			p.assign(t, "active_with_pass")
			p.did(t, okta.PushUser)
			assert.True(t, p.logsIn(firstPassword).OK)
		})
	})
	t.Run("nobody there, and creating is off", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPair(t)
			p.features(t, `{"create":{"lifecycleCreate":{"status":"DISABLED"}}}`)
			p.assign(t, "active_with_pass")
			p.failed(t, okta.PushUser, "Automatic provisioning of user Wren Avery to app Hub failed: Matching user not found.")
			p.gone(t)
			p.change(t, firstPassword, newPassword)
			p.failed(t, okta.PushPassword, "Automatic password push of user Wren Avery to app Hub failed: Matching user not found.")
			assert.Equal(t, "STAGED", p.assigned(t)["status"])
		})
	})
	t.Run("under another name", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := newPair(t)
			p.spoke.ok(t, http.MethodPost, p.appPath()+"/users", `{"id":"`+p.user.ID+`","credentials":{"userName":"w.avery@example.org"}}`)
			p.settle(t)
			p.did(t, okta.PushUser)
			p.gone(t)
			assert.Equal(t, "ACTIVE", p.hub.ok(t, http.MethodGet, usersPath+"/w.avery@example.org", "").json(t)["status"])
		})
	})
	t.Run("a new login follows", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			p := linked(t)
			p.spoke.ok(t, http.MethodPost, usersPath+"/"+p.user.ID, `{"profile":{"login":"wren@example.net"}}`)
			p.settle(t)
			p.did(t, okta.PushProfile)
			assert.Equal(t, p.assigned(t)["externalId"], p.hub.ok(t, http.MethodGet, usersPath+"/wren@example.net", "").json(t)["id"])
		})
	})
}

// KEEP_EXISTING keeps changes from the hub, not the first password.
func TestTheFirstPasswordArrivesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		p.features(t, `{"update":{"password":{"change":"KEEP_EXISTING"}}}`)
		p.assign(t, "active_with_pass")
		p.change(t, firstPassword, newPassword)
		p.did(t, okta.PushPassword)
		p.change(t, newPassword, "Ebb-Tide-2026")
		assert.Len(t, p.spoke.Tasks(), 2)
		assert.True(t, p.logsIn(newPassword).OK)
	})
}

// An old task that is retried links anew, with a temporary password: the next sign-in brings the real one back.
func TestARetriedAssignmentIsFollowedByTheRealPassword(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t)
		_, err := p.throughIdP()
		require.NoError(t, err)
		p.assign(t, "active_with_pass")
		require.NoError(t, p.hub.Disconnect(wren))
		p.signs(t)
		assert.True(t, p.logsIn(firstPassword).OK)
		require.NoError(t, p.spoke.RetryTask(p.spoke.Tasks()[0].ID))
		p.settle(t)
		assert.False(t, p.logsIn(firstPassword).OK)
		p.signs(t)
		assert.True(t, p.logsIn(firstPassword).OK)
	})
}

func TestStrictPushesMeetTheHubsAgeAndHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := linked(t)
		p.change(t, firstPassword, newPassword)
		p.spoke.set(t, "pushStrict", "yes")
		policy := okta.DefaultSettings()
		policy.Age.HistoryCount = 0
		require.NoError(t, p.spoke.SetPolicy(policy))
		p.change(t, newPassword, firstPassword)
		p.failed(t, okta.PushPassword, "Automatic password push of user Wren Avery to app Hub failed: Error while trying to push password update for "+wren+
			": Api validation failed: password (password: Password has been used too recently)")
		assert.Equal(t, "policy", p.hub.last(t).Reason)
		p.spoke.set(t, "pushStrict", "no")
		require.NoError(t, p.spoke.RetryTask(p.last(t).ID))
		p.settle(t)
		assert.True(t, p.logsIn(firstPassword).OK)
	})
}

// What the spoke does when the hub does not: the sentences, and what is tried again by itself.
func TestAHubThatDoesNotAnswerAsItShould(t *testing.T) {
	const begin = "Automatic password push of user Wren Avery to app Hub failed: Error while trying to push password update for " + wren + ": "
	for _, tc := range []struct {
		name, retry string
		rule        faults.Rule
		sentence    string // "" when it is done in the end
		requests    int
		takes       time.Duration
	}{
		{name: "429 once", retry: "throttled", rule: faults.Rule{Kind: faults.KindStatus, Status: 429, RetryAfter: 20 * time.Second, Trigger: faults.Trigger{First: 1}}, requests: 2, takes: 20 * time.Second},
		{name: "429 for ever", retry: "throttled", rule: faults.Rule{Kind: faults.KindStatus, Status: 429, RetryAfter: 20 * time.Second}, sentence: begin + "API call exceeded rate limit due to too many requests.", requests: 4, takes: time.Minute},
		{name: "429, never again", retry: "never", rule: faults.Rule{Kind: faults.KindStatus, Status: 429}, sentence: begin + "API call exceeded rate limit due to too many requests.", requests: 1},
		{name: "500", retry: "throttled", rule: faults.Rule{Kind: faults.KindStatus, Status: 500}, sentence: begin + "Internal Server Error", requests: 1},
		{name: "500 once, tried again", retry: "transient", rule: faults.Rule{Kind: faults.KindStatus, Status: 500, Trigger: faults.Trigger{First: 1}}, requests: 2, takes: time.Minute},
		{name: "500 for ever", retry: "transient", rule: faults.Rule{Kind: faults.KindStatus, Status: 500}, sentence: begin + "Internal Server Error", requests: 4, takes: 7 * time.Minute},
		{name: "read only", retry: "throttled", rule: faults.Rule{Kind: faults.KindStatus, Status: 503}, sentence: begin + "Service is in read only mode", requests: 1},
		{name: "a gateway's page", retry: "throttled", rule: faults.Rule{Kind: faults.KindStatus, Status: 502, Body: "gateway"}, sentence: begin + "HTTP error 502", requests: 1},
		{name: "401", retry: "transient", rule: faults.Rule{Kind: faults.KindStatus, Status: 401}, sentence: begin + "Invalid token provided", requests: 1},
		{name: "still activating", retry: "transient", rule: faults.Rule{Kind: faults.KindStatus, Status: 409}, sentence: begin + "Cannot update this user because they are still being activated. Please try again in a few minutes.", requests: 1},
		{name: "cut off", retry: "throttled", rule: faults.Rule{Kind: faults.KindReset}, sentence: begin + "https://hub.okta.com cannot be reached", requests: 1},
		{name: "slow beyond patience", retry: "throttled", rule: faults.Rule{Kind: faults.KindLatency, Latency: faults.Latency{Value: time.Minute}}, sentence: begin + "https://hub.okta.com cannot be reached", requests: 1, takes: 30 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := linked(t)
				p.spoke.set(t, "pushRetry", tc.retry)
				p.hub.Journal().Forget("okta")
				_, err := p.hub.Faults().Add(tc.rule)
				require.NoError(t, err)
				began := time.Now()
				p.change(t, firstPassword, newPassword)
				took := time.Since(began)
				p.hub.Faults().Remove()
				assert.Equal(t, tc.requests, p.hub.Journal().Search(journal.Query{}).Total)
				assert.InDelta(t, tc.takes.Seconds(), took.Seconds(), 5)
				if tc.sentence == "" {
					p.did(t, okta.PushPassword)
					assert.True(t, p.logsIn(newPassword).OK)
					return
				}
				p.failed(t, okta.PushPassword, tc.sentence)
				assert.Equal(t, "ERROR", p.assigned(t)["syncState"])
				time.Sleep(2 * time.Minute) // a connection that was cut, a request that is still slow
				require.NoError(t, p.spoke.RetryTask(p.last(t).ID))
				require.ErrorIs(t, p.spoke.RetryTask(p.last(t).ID), okta.ErrInvalid, "it is under way")
				p.settle(t)
				p.did(t, okta.PushPassword)
				assert.True(t, p.logsIn(newPassword).OK)
				assert.Equal(t, "SYNCHRONIZED", p.assigned(t)["syncState"])
			})
		})
	}
	t.Run("no way to it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o := newOrg(t)
			require.NoError(t, o.Start(t.Context()))
			require.Error(t, o.Start(t.Context()), "once is enough")
			path := appsPath + "/" + o.id(t, appsPath, org2orgApp)
			o.ok(t, http.MethodPost, path+"/connections/default?activate=true", byToken)
			o.ok(t, http.MethodPost, path+"/users", `{"id":"`+o.user.ID+`"}`)
			time.Sleep(time.Second)
			synctest.Wait()
			require.Len(t, o.Tasks(), 1)
			assert.Equal(t, "Automatic provisioning of user Isaac Brock to app Hub failed: Error while creating user "+login+": this org has no way to reach https://hub.okta.com", o.Tasks()[0].Error)
			require.NoError(t, o.Stop(t.Context()))
			require.NoError(t, o.Stop(t.Context()), "and twice is no harm")
		})
	})
}

// While one user's task waits, others go on, and what the waiting one pushes in the end is the newest.
func TestAWaitingTaskHoldsUpItsUserOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := linked(t)
		second := p.spoke.add(t, "robin@example.net")
		_, err := p.hub.Faults().Add(faults.Rule{Kind: faults.KindStatus, Status: 429, RetryAfter: time.Minute, Trigger: faults.Trigger{First: 1}, Scope: faults.Scope{User: wren}})
		require.NoError(t, err)
		p.spoke.ok(t, http.MethodPost, usersPath+"/"+p.user.ID, setPassword("Ebb-Tide-2026"))
		time.Sleep(time.Second)
		p.spoke.ok(t, http.MethodPost, p.appPath()+"/users", `{"id":"`+second.ID+`"}`)
		p.spoke.ok(t, http.MethodPost, usersPath+"/"+p.user.ID, setPassword(newPassword))
		time.Sleep(time.Second)
		synctest.Wait()
		tasks := p.spoke.Tasks()
		assert.Equal(t, [2]okta.TaskState{okta.TaskRunning, okta.TaskDone}, [2]okta.TaskState{tasks[2].State, tasks[3].State})
		p.settle(t)
		assert.Len(t, p.spoke.Tasks(), 4)
		assert.True(t, p.logsIn(newPassword).OK)
		assert.Contains(t, p.spoke.events(t, ""), "application.integration.rate_limit_exceeded FAILURE")
	})
}

// A stopped org keeps its tasks; a reset one has none.
func TestStopAndReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := linked(t)
		_, err := p.hub.Faults().Add(faults.Rule{Kind: faults.KindLatency, Latency: faults.Latency{Value: 20 * time.Second}, Trigger: faults.Trigger{First: 2}})
		require.NoError(t, err)
		p.spoke.ok(t, http.MethodPost, usersPath+"/"+p.user.ID, setPassword(newPassword))
		time.Sleep(time.Second) // under way
		require.NoError(t, p.spoke.Stop(t.Context()))
		assert.Equal(t, okta.TaskRunning, p.last(t).State)
		require.NoError(t, p.spoke.Start(t.Context()))
		p.settle(t)
		p.did(t, okta.PushPassword)
		assert.True(t, p.logsIn(newPassword).OK)

		p.spoke.ok(t, http.MethodPost, usersPath+"/"+p.user.ID, setPassword(firstPassword))
		p.spoke.Reset()
		assert.Empty(t, p.spoke.Tasks())
		assert.Empty(t, p.spoke.ok(t, http.MethodGet, appsPath, "").list(t))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Empty(t, p.spoke.Tasks())
		p.spoke.add(t, wren)
	})
}

// A connection without a token of the hub's: the spoke signs for itself, and the hub reads its keys there.
func TestAConnectionByOAuth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, func(hub, _ *okta.Config) {
			hub.TokenLifetime = 10 * time.Minute
			hub.Clients = append(hub.Clients, okta.Client{
				ID: "0oaspoke", Name: "Spoke", Scopes: []string{"okta.users.manage", "okta.groups.manage"}, KeysURL: "https://" + spokeHost + "/nowhere",
			})
		})
		connect := p.appPath() + "/connections/default"
		p.spoke.ok(t, http.MethodPost, connect, `{"profile":{"authScheme":"OAUTH2","clientId":"0oaspoke"}}`)
		p.assign(t, "active_with_pass")
		begin := "Automatic provisioning of user Wren Avery to app Hub failed: Error while creating user " + wren + ": "
		p.failed(t, okta.PushUser, begin+"The client_assertion JWT kid is invalid.")

		require.ErrorIs(t, p.hub.SetKeysURL("0oanobody", "https://x"), okta.ErrInvalid)
		require.NoError(t, p.hub.SetKeysURL("0oaspoke", "https://"+spokeHost+connect+"/jwks"))
		p.again(t)
		p.did(t, okta.PushUser)
		p.signs(t)
		assert.True(t, p.logsIn(firstPassword).OK)
		assert.Equal(t, "0oaspoke", p.hub.last(t).Client)
		tokens := func() int { return p.hub.Journal().Search(journal.Query{Operation: "token", Status: 200}).Total }
		assert.Equal(t, 1, tokens(), "one token serves all")
		time.Sleep(6 * time.Minute)
		p.change(t, firstPassword, newPassword)
		assert.Equal(t, 2, tokens(), "renewed before its end")
		p.hub.Issuer().Revoke("")
		p.change(t, newPassword, "Ebb-Tide-2026")
		p.did(t, okta.PushPassword)
		assert.Equal(t, 3, tokens(), "one that is refused is replaced")
		assert.True(t, p.logsIn("Ebb-Tide-2026").OK)
		p.hub.leaks(t, firstPassword, newPassword)

		p.spoke.ok(t, http.MethodPost, connect, `{"profile":{"authScheme":"OAUTH2","clientId":"0oanobody"}}`)
		p.change(t, "Ebb-Tide-2026", "Flood-Tide-2026")
		assert.Contains(t, p.last(t).Error, ": The issuer claim for client_assertion is not a valid client_id.")
	})
}

// again retries the newest task.
func (p *pair) again(t *testing.T) {
	t.Helper()
	require.NoError(t, p.spoke.RetryTask(p.last(t).ID))
	p.settle(t)
}

func TestTaskIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := linked(t)
		for _, task := range p.spoke.Tasks() {
			assert.NotEmpty(t, task.ID)
			assert.Equal(t, [2]string{wren, "Hub"}, [2]string{task.User, task.App})
			assert.False(t, task.At.IsZero())
			require.ErrorIs(t, p.spoke.RetryTask(task.ID), okta.ErrInvalid, "it has not failed")
		}
		require.ErrorIs(t, p.spoke.RetryTask("x"), okta.ErrInvalid)
	})
}
