package okta_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const logsPath = "/api/v1/logs"

// events are type and outcome, as a filter finds them.
func (o *org) events(t *testing.T, query string) []string {
	t.Helper()
	a := o.ask(t, "admin", http.MethodGet, logsPath+query, "")
	require.Equal(t, 200, a.status, "%s", a.body)
	found := []string{}
	for _, e := range a.list(t) {
		found = append(found, fmt.Sprint(e["eventType"], " ", e["outcome"].(map[string]any)["result"]))
	}
	return found
}

func TestTheLogTellsOfUsersAndPasswords(t *testing.T) {
	o := newOrg(t)
	o.post(t, "", setPassword(newPassword))
	o.post(t, "", setPassword("weak"))
	o.authn(t, login, "x")
	o.authn(t, login, newPassword)
	o.post(t, "", `{"profile":{"title":"x"}}`)
	o.post(t, "/lifecycle/suspend", "")
	o.post(t, "/lifecycle/unsuspend", "")
	o.post(t, "/lifecycle/expire_password", "")
	o.post(t, "/lifecycle/reset_password?sendEmail=true", "")
	o.ask(t, "admin", http.MethodDelete, o.path(), "")
	o.ask(t, "admin", http.MethodDelete, o.path(), "")
	assert.Equal(t, []string{
		"user.account.update_password SUCCESS", "user.account.update_password FAILURE", "user.session.start FAILURE", "user.session.start SUCCESS",
		"user.account.update_profile SUCCESS", "user.lifecycle.suspend SUCCESS", "user.lifecycle.unsuspend SUCCESS",
		"user.account.expire_password SUCCESS", "user.account.reset_password SUCCESS", "user.lifecycle.deactivate SUCCESS",
		"user.lifecycle.delete.initiated SUCCESS", "user.lifecycle.delete.completed SUCCESS",
	}, o.events(t, ""))
	first := o.ask(t, "admin", http.MethodGet, logsPath+`?filter=eventType+eq+"user.account.update_password"`, "").list(t)
	require.Len(t, first, 2)
	assert.Equal(t, "admin", first[0]["actor"].(map[string]any)["alternateId"])
	assert.Equal(t, login, first[0]["target"].([]any)[0].(map[string]any)["alternateId"])
	assert.Regexp(t, `^[0-9a-f]{32}$`, first[0]["debugContext"].(map[string]any)["debugData"].(map[string]any)["requestId"])
	assert.Contains(t, first[1]["outcome"].(map[string]any)["reason"], "Api validation failed: password (password: Password requirements were not met.")
	assert.Equal(t, "core.user.config.password_update.failure", first[1]["legacyEventType"])
	o.leaks(t, newPassword)

	t.Run("the owner of a token", func(t *testing.T) {
		o := newOrg(t)
		o.ask(t, "owned", http.MethodPost, o.path(), setPassword(newPassword))
		assert.Len(t, o.events(t, `?filter=actor.alternateId+eq+"`+login+`"`), 1)
	})
	t.Run("refusals may stay untold", func(t *testing.T) {
		o := newOrg(t)
		o.set(t, "refusedWriteLogged", "none")
		o.post(t, "", setPassword("weak"))
		assert.Empty(t, o.events(t, ""))
	})
	t.Run("an application", func(t *testing.T) {
		o := newOrg(t)
		o.ask(t, "", http.MethodPost, o.path(), setPassword(newPassword), "Authorization", o.bearer(t, "okta.users.manage"))
		assert.Equal(t, []string{"user.account.update_password SUCCESS"}, o.events(t, `?filter=actor.type+eq+"PublicClientApp"+and+actor.id+eq+"0oasync"`))
	})
}

func TestTheLogIsPolledAndCut(t *testing.T) {
	o := newOrg(t)
	start := o.Clock().Now()
	for range 5 {
		o.post(t, "/lifecycle/suspend", "")
		o.post(t, "/lifecycle/unsuspend", "")
		o.Clock().Turn(time.Hour)
	}
	at := func(d time.Duration) string { return url.QueryEscape(start.Add(d).Format(time.RFC3339)) }
	follow := func(a answer) string {
		links := a.header.Values("Link")
		if len(links) < 2 {
			return ""
		}
		return strings.TrimSuffix(strings.TrimPrefix(links[1], "<https://hub.okta.com"), `>; rel="next"`)
	}
	t.Run("polling always goes on", func(t *testing.T) {
		next, seen := logsPath+"?limit=4", 0
		for range 4 {
			a := o.ask(t, "admin", http.MethodGet, next, "")
			seen += len(a.list(t))
			next = follow(a)
			require.NotEmpty(t, next)
		}
		assert.Equal(t, 10, seen)
		o.post(t, "/lifecycle/suspend", "")
		assert.Len(t, o.ask(t, "admin", http.MethodGet, next, "").list(t), 1)
		o.post(t, "/lifecycle/unsuspend", "")
	})
	t.Run("bounded ends", func(t *testing.T) {
		query := "?limit=3&since=" + at(time.Minute) + "&until=" + at(150*time.Minute)
		a := o.ask(t, "admin", http.MethodGet, logsPath+query, "")
		assert.Len(t, a.list(t), 3)
		a = o.ask(t, "admin", http.MethodGet, follow(a), "")
		assert.Len(t, a.list(t), 1)
		assert.Empty(t, follow(a))
	})
	t.Run("newest first", func(t *testing.T) {
		a := o.ask(t, "admin", http.MethodGet, logsPath+"?sortOrder=DESCENDING&limit=1", "")
		assert.Equal(t, "user.lifecycle.unsuspend", a.list(t)[0]["eventType"])
		assert.Equal(t, "user.lifecycle.suspend", o.ask(t, "admin", http.MethodGet, follow(a), "").list(t)[0]["eventType"])
	})
	t.Run("q and filters", func(t *testing.T) {
		assert.Len(t, o.events(t, "?q=brock+unsuspend"), 6)
		assert.Len(t, o.events(t, `?filter=`+url.QueryEscape(`eventType sw "user.lifecycle." and not (eventType co "unsus")`)), 6)
		assert.Empty(t, o.events(t, `?filter=`+url.QueryEscape(`published lt "2000-01-01T00:00:00Z"`)))
	})
	for name, tc := range map[string][3]string{
		"E0000053 operator": {`filter=` + url.QueryEscape(`eventType eqq "x"`), "E0000053", `Invalid filter 'eventType eqq "x"': Unrecognized attribute operator 'eqq' at position 10. Expected: eq,co,sw,pr,gt,ge,lt,le`},
		"field":             {`filter=` + url.QueryEscape(`shoe eq "x"`), "E0000053", "field is not valid: shoe"},
		"date":              {"until=yesterday", "E0000001", "Api validation failed: until"},
		"limit":             {"limit=1001", "E0000001", "Api validation failed: limit"},
		"order":             {"sortOrder=UP", "E0000001", "Api validation failed: sortOrder"},
		"cursor":            {"after=x", "E0000001", "Api validation failed: after"},
	} {
		t.Run(name, func(t *testing.T) {
			a := o.ask(t, "admin", http.MethodGet, logsPath+"?"+tc[0], "")
			assert.Equal(t, 400, a.status)
			assert.Equal(t, tc[1], a.json(t)["errorCode"])
			assert.Equal(t, tc[2], a.json(t)["errorSummary"])
		})
	}
}

func TestTheLogTellsOfLimits(t *testing.T) {
	o := newOrg(t)
	require.NoError(t, o.SetPlan("free"))
	for range 60 {
		o.post(t, "", `{"profile":{}}`)
	}
	assert.Equal(t, []string{"system.org.rate_limit.violation DENY"}, o.events(t, `?filter=eventType+sw+"system"`), "once a window")
}
