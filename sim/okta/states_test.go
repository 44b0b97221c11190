package okta_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/okta"
)

// A user whose password is elsewhere has none here, and no status of a password.
func TestWhosePasswordIsElsewhereHasNoneHere(t *testing.T) {
	for name, elsewhere := range map[string]func(*people.Person){
		okta.FEDERATION:      func(p *people.Person) { p.Federated = true },
		okta.ActiveDirectory: func(p *people.Person) { p.Delegated = true },
	} {
		t.Run("moved in as "+name, func(t *testing.T) {
			o := newOrg(t)
			p := o.add(t, "eva@example.com", func(p *people.Person) {
				elsewhere(p)
				p.Locked, p.Credential.MustChange = true, true
			})
			standing := o.Standing(p)
			assert.False(t, standing.HasPassword)
			assert.Equal(t, "ACTIVE", standing.Status)
			document := o.ok(t, http.MethodGet, usersPath+"/"+p.ID, "").json(t)
			assert.NotContains(t, document["credentials"], "password")
			assert.Nil(t, document["passwordChanged"])
		})
		for _, status := range []okta.Status{okta.Provisioned, okta.Recovery, okta.LockedOut, okta.PasswordExpired} {
			t.Run(string(status)+" becomes "+name, func(t *testing.T) {
				o := newOrg(t)
				require.NoError(t, o.SetStatus(o.user.ID, string(status)))
				require.NoError(t, o.SetProvider(o.user.ID, name))
				assert.Equal(t, "ACTIVE", o.status(t))
				assert.NotContains(t, o.get(t)["credentials"], "password")
			})
		}
	}
}

// A recovery that the user began before he locked himself out ends the lock: he is signed in, so he is not out.
func TestARecoveryEndsALock(t *testing.T) {
	o := newOrg(t)
	o.set(t, "forgotNeedsAnswer", "no")
	link, _ := o.ok(t, http.MethodPost, o.path()+"/credentials/forgot_password?sendEmail=false", "").json(t)["resetPasswordUrl"].(string)
	require.NoError(t, o.SetLocked(o.user.ID, true))
	o.redeem(t, link[len("https://"+host+"/signin/reset-password/"):])
	assert.Equal(t, "ACTIVE", o.status(t))
	o.took(t, newPassword)
}

// The second DELETE finds a deactivation in the background done, though nobody has looked since.
func TestDeletedAfterADeactivationInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(t)
		require.Equal(t, 204, o.ask(t, "admin", http.MethodDelete, o.path(), "", "Prefer", "respond-async").status)
		time.Sleep(time.Minute)
		assert.Equal(t, 204, o.ask(t, "admin", http.MethodDelete, o.path(), "").status)
		assert.Equal(t, 404, o.ask(t, "admin", http.MethodGet, o.path(), "").status)
	})
}

// With an identity provider goes what it mastered: nobody else could give the profiles back.
func TestADeletedIdentityProviderMastersNobody(t *testing.T) {
	o := newOrg(t)
	idp := o.id(t, idpsPath, idpBody("AUTO", true))
	_, err := o.SignInThroughIdP(idp, okta.Assertion{Subject: login, Attributes: map[string]string{"firstName": "Zac"}})
	require.NoError(t, err)
	o.post(t, "", `{"profile":{"title":"Singer"}}`).refused(t, 403, "E0000023", "")
	second := o.id(t, idpsPath, strings.Replace(idpBody("AUTO", true), `"Spoke"`, `"Other"`, 1))
	_, err = o.SignInThroughIdP(second, okta.Assertion{Subject: login, Attributes: map[string]string{"firstName": "Zac"}})
	require.NoError(t, err)
	o.ok(t, http.MethodDelete, idpsPath+"/"+second, "")
	o.post(t, "", `{"profile":{"title":"Singer"}}`).refused(t, 403, "E0000023", "")
	o.ok(t, http.MethodDelete, idpsPath+"/"+idp, "")
	assert.Equal(t, 200, o.post(t, "", `{"profile":{"title":"Singer"}}`).status)
}

// Who is deactivated is converted by nobody, and an activation is dated anew.
func TestDeactivatedUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(t)
		first := o.get(t)["activated"]
		time.Sleep(time.Hour)
		o.ok(t, http.MethodPost, o.path()+"/lifecycle/deactivate", "")
		o.post(t, "/lifecycle/reset_password?provider=FEDERATION&sendEmail=false", "").refused(t, 403, "E0000038", "")
		assert.Equal(t, first, o.get(t)["activated"])
		o.ok(t, http.MethodPost, o.path()+"/lifecycle/activate", "")
		assert.Equal(t, o.get(t)["statusChanged"], o.get(t)["activated"])
		assert.NotEqual(t, first, o.get(t)["activated"])
	})
}

// What is refused has changed nothing, not even in the memory of the policy in force.
func TestARefusedPolicyLeavesTheOneInForce(t *testing.T) {
	o := newOrg(t)
	body := func(attributes string) string {
		return `{"type":"PASSWORD","name":"Staff","settings":{"password":{"complexity":{"excludeAttributes":[` + attributes + `]}}}}`
	}
	path := "/api/v1/policies/" + o.id(t, "/api/v1/policies", body(`"firstName"`))
	before := string(o.ok(t, http.MethodGet, path, "").body)
	assert.Equal(t, 400, o.ask(t, "admin", http.MethodPut, path, body(`"title"`)).status)
	assert.Equal(t, before, string(o.ok(t, http.MethodGet, path, "").body))
	assert.Equal(t, 400, o.ask(t, "admin", http.MethodPost, "/api/v1/policies", `{"type":"PASSWORD","name":"X","conditions":{"authProvider":{"provider":"OCTA"}}}`).status)
}

// Secrets that are no strings, and those that come back in an answer, are secrets all the same.
func TestSecretsInUnusualPlaces(t *testing.T) {
	o := newOrg(t)
	o.post(t, "", `{"credentials":{"password":{"value":31415926535}}}`).refused(t, 400, "E0000003", "")
	idp := o.id(t, idpsPath, `{"type":"OIDC","name":"Other","protocol":{"type":"OIDC","credentials":{"client":{"client_id":"x","client_secret":"sesame-open-1"}}}}`)
	for _, path := range []string{idpsPath + "/" + idp, idpsPath} {
		assert.Contains(t, string(o.ok(t, http.MethodGet, path, "").body), "sesame-open-1")
	}
	o.ok(t, http.MethodPost, idpsPath+"/"+idp+"/lifecycle/deactivate", "")
	o.leaks(t, "31415926535", "sesame-open-1")
}

// Times have whole seconds, also those of people who were moved in.
func TestTimesHaveWholeSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(862 * time.Millisecond)
		o := newOrg(t)
		assert.Equal(t, "2000-01-01T00:00:00.000Z", o.get(t)["passwordChanged"])
		assert.Equal(t, "2000-01-01T00:05:00.000Z", o.authn(t, login, firstPassword).json(t)["expiresAt"])
	})
}

// What a journal is read for stays legible: settings beside a secret are none.
func TestSettingsAreNoSecrets(t *testing.T) {
	o := newOrg(t)
	body := `{"type":"PASSWORD","name":"Staff","settings":{"password":{"complexity":{"minLength":12,"excludeAttributes":["firstName"]},"age":{"minAgeMinutes":1440}}}}`
	o.id(t, "/api/v1/policies", body)
	assert.Equal(t, body, o.last(t).RequestBody)
}

// The answer of a write goes out when the write is over: a client that does not read it holds nobody up.
func TestASlowReaderHoldsNobodyUp(t *testing.T) {
	o := newOrg(t)
	w := &slowReader{ResponseRecorder: httptest.NewRecorder(), meanwhile: func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			o.add(t, "eva@example.com")
		}()
		select {
		case <-done:
		case <-time.After(5 * time.Second):
			assert.Fail(t, "a user cannot be created while another's answer is on its way")
		}
	}}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+host+o.path(), strings.NewReader(`{"profile":{"title":"Singer"}}`))
	r.Header.Set("Authorization", "SSWS token-of-admin")
	r.Header.Set("Content-Type", "application/json")
	o.Server.Handler().ServeHTTP(w, r)
	assert.Equal(t, 200, w.Code)
}

// slowReader is a client during whose reading other things happen.
type slowReader struct {
	*httptest.ResponseRecorder
	meanwhile func()
}

func (s *slowReader) Write(b []byte) (int, error) {
	s.meanwhile()
	return s.ResponseRecorder.Write(b)
}

// Who obeys the reset is not refused again, whichever limit it was and whichever is shown.
func TestTheResetIsThatOfTheLimitThatRefused(t *testing.T) {
	for _, shown := range []string{"principal", "org"} {
		t.Run(shown, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrg(t)
				o.set(t, "rateLimitShown", shown)
				o.ask(t, "users", http.MethodPost, o.path(), `{"profile":{}}`)
				time.Sleep(30 * time.Second)
				var a answer
				for range 301 {
					a = o.post(t, "", `{"profile":{}}`)
				}
				require.Equal(t, 429, a.status)
				time.Sleep(time.Until(time.Unix(int64(number(t, a, "X-Rate-Limit-Reset")), 0)))
				assert.Equal(t, 200, o.post(t, "", `{"profile":{}}`).status)
			})
		})
	}
}
