package okta_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

func (o *org) authn(t *testing.T, username, password string) answer {
	t.Helper()
	return o.ask(t, "", http.MethodPost, "/api/v1/authn", `{"username":"`+username+`","password":"`+password+`"}`)
}

func TestSignIn(t *testing.T) {
	o := newOrg(t)
	o.add(t, "fed@example.com", func(p *people.Person) { p.Federated = true })
	a := o.authn(t, login, firstPassword)
	require.Equal(t, 200, a.status, "%s", a.body)
	assert.Equal(t, "SUCCESS", a.json(t)["status"])
	assert.NotNil(t, o.get(t)["lastLogin"])
	o.leaks(t, firstPassword, a.json(t)["sessionToken"].(string))
	assert.Equal(t, 200, o.authn(t, "isaac.brock", firstPassword).status)
	for name, tc := range map[string][3]string{
		"wrong": {login, "x", "wrong_password"}, "unknown": {"nobody@example.com", "x", "not_found"},
		"federated": {"fed@example.com", firstPassword, "federated"}, "empty": {login, "", "credential"},
	} {
		t.Run("E0000004 "+name, func(t *testing.T) {
			o.authn(t, tc[0], tc[1]).refused(t, 401, "E0000004", "Authentication failed")
			assert.Equal(t, tc[2], o.last(t).Reason)
		})
	}
}

func TestLockOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOrg(t)
		s := okta.DefaultSettings()
		s.Lockout = okta.Lockout{MaxAttempts: 3, AutoUnlockMinutes: 30}
		require.NoError(t, o.SetPolicy(s))
		fail := func(n int) {
			for range n {
				time.Sleep(500 * time.Millisecond) // a user name may sign in four times a second
				o.authn(t, login, "x")
			}
		}
		fail(2)
		require.Equal(t, 200, o.authn(t, login, firstPassword).status)
		fail(2)
		o.keptFirst(t)
		fail(1)
		assert.Equal(t, people.LogIn{Reason: "locked"}, o.logsIn(firstPassword))
		assert.Equal(t, "LOCKED_OUT", o.status(t))
		o.authn(t, login, firstPassword).refused(t, 401, "E0000004", "Authentication failed")

		o.post(t, "", setPassword(newPassword))
		assert.Equal(t, people.LogIn{Reason: "locked"}, o.logsIn(newPassword), "a password does not unlock")
		time.Sleep(30 * time.Minute)
		o.took(t, newPassword)
		assert.Equal(t, "ACTIVE", o.status(t))

		s.Lockout.ShowLockoutFailures = true
		require.NoError(t, o.SetPolicy(s))
		fail(3)
		time.Sleep(time.Second)
		a := o.authn(t, login, newPassword)
		assert.Equal(t, 200, a.status)
		assert.Equal(t, "LOCKED_OUT", a.json(t)["status"])
		require.Equal(t, 200, o.post(t, "/lifecycle/unlock", "").status)
		o.took(t, newPassword)
	})
}

// Nobody sweeps: an old password shows when it is used.
func TestPasswordsExpireAtSignIn(t *testing.T) {
	o := newOrg(t)
	s := okta.DefaultSettings()
	s.Age.MaxAgeDays = 90
	require.NoError(t, o.SetPolicy(s))
	o.Clock().Turn(90*24*time.Hour - time.Minute)
	assert.Equal(t, "SUCCESS", o.authn(t, login, firstPassword).json(t)["status"])
	o.Clock().Turn(2 * time.Minute)
	assert.Equal(t, "ACTIVE", o.status(t))
	assert.True(t, o.logsIn(firstPassword).MustChange)
	assert.Equal(t, "PASSWORD_EXPIRED", o.authn(t, login, firstPassword).json(t)["status"])
	assert.Equal(t, "PASSWORD_EXPIRED", o.status(t))
	require.Equal(t, 200, o.post(t, "", setPassword(newPassword)).status)
	assert.Equal(t, "SUCCESS", o.authn(t, login, newPassword).json(t)["status"])
}

// reversed is a scheme for tests: the value is the password backwards.
type reversed string

func (r reversed) Verify(candidate secret.Value) (bool, error) {
	runes := []rune(candidate.Reveal())
	for i, j := 0, len(runes)-1; i < j; i, j = i+1, j-1 {
		runes[i], runes[j] = runes[j], runes[i]
	}
	return string(runes) == string(r), nil
}

func readReversed(document json.RawMessage) (okta.Hash, error) {
	var h struct{ Algorithm, Value string }
	if err := json.Unmarshal(document, &h); err != nil || h.Algorithm != "REVERSED" {
		return nil, errors.New("the algorithm is not supported")
	}
	return reversed(h.Value), nil
}

func TestImportedHash(t *testing.T) {
	o := newOrg(t, func(_ *okta.Config, k *okta.Kernel) { k.Hashes = readReversed })
	const hash = `,"credentials":{"password":{"hash":{"algorithm":"REVERSED","value":"kaew"}}}`
	u := o.ask(t, "admin", http.MethodPost, usersPath+"?activate=false", newcomer("sam@example.com", hash)).json(t)
	assert.Equal(t, "STAGED", u["status"])
	assert.NotNil(t, u["passwordChanged"])
	assert.NotNil(t, u["statusChanged"])
	assert.Equal(t, map[string]any{"password": map[string]any{}, "provider": map[string]any{"type": "IMPORT", "name": "IMPORT"}}, u["credentials"])
	o.leaks(t, "kaew")
	path := usersPath + "/sam@example.com"
	require.Equal(t, 200, o.ask(t, "admin", http.MethodPost, path+"/lifecycle/activate", "").status)
	assert.Equal(t, people.LogIn{OK: true}, o.LogIn("sam@example.com", secret.New("weak")), "the policy does not apply")
	assert.Equal(t, "wrong_password", o.LogIn("sam@example.com", secret.New("kaew")).Reason)

	provider := func() any {
		return o.ask(t, "admin", http.MethodGet, path, "").json(t)["credentials"].(map[string]any)["provider"].(map[string]any)["type"]
	}
	require.Equal(t, 200, o.authn(t, "sam@example.com", "weak").status)
	assert.Equal(t, "OKTA", provider())
	assert.True(t, o.LogIn("sam@example.com", secret.New("weak")).OK)

	o.ask(t, "admin", http.MethodPost, path, `{"credentials":{"password":{"hash":{"algorithm":"REVERSED","value":"x"}}}}`).
		refused(t, 400, "E0000001", "Api validation failed: password", "password: Hashed passwords can be set for staged users only")
	o.ask(t, "admin", http.MethodPost, path, `{"credentials":{"password":{"hash":{"algorithm":"ROT13","value":"x"}}}}`).
		refused(t, 400, "E0000001", "Api validation failed: password", "password: the algorithm is not supported")
}

// The vectors are of the password Corr3ct-Horse; a hash of another user is beside each.
func TestHashesThatOktaDocuments(t *testing.T) {
	for name, document := range map[string]string{
		"SHA-512": `{"algorithm":"SHA-512","salt":"c2FsdHNhbHQ4","saltOrder":"PREFIX","workFactor":0,"value":"Hv9mJDxMSeVKkE11/FefLSb0uvjF/+UmlePi08cLE4fOZc8lDacxXHRm2/4FWFvfS4bbtq5I6Dy/7q/IWnqlTA=="}`,
		"SHA-1":   `{"algorithm":"SHA-1","salt":"c2FsdHNhbHQ4","saltOrder":"POSTFIX","value":"MNUL2+ZHl4xJaiYoMMryS9XXYv4="}`,
		"MD5":     `{"algorithm":"MD5","salt":"c2FsdHNhbHQ4","saltOrder":"PREFIX","value":"CANLJiDsw+EW9VecEFEWBw=="}`,
		"PBKDF2":  `{"algorithm":"PBKDF2","salt":"c2FsdHNhbHQ4","iterationCount":4096,"keySize":32,"digestAlgorithm":"SHA512_HMAC","value":"H4uduCRhnzuA9w3OHLegoFRo+QD1IcBAj1XxpGi07Vo="}`,
		"BCRYPT":  `{"algorithm":"BCRYPT","workFactor":10,"salt":"m5C4k9.k3EqwzsWa7IuAY.","value":"A5Cj5UYDGB4VCVFSf3bUj46cUsRr1ia"}`,
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			a := o.ask(t, "admin", http.MethodPost, usersPath, newcomer("sam@example.com", `,"credentials":{"password":{"hash":`+document+`}}`))
			require.Equal(t, 200, a.status, "%s", a.body)
			assert.Equal(t, "ACTIVE", a.json(t)["status"])
			assert.Equal(t, "wrong_password", o.LogIn("sam@example.com", secret.New("correct-horse")).Reason)
			assert.True(t, o.LogIn("sam@example.com", secret.New("Corr3ct-Horse")).OK)
			require.Equal(t, 200, o.authn(t, "sam@example.com", "Corr3ct-Horse").status)
			assert.True(t, o.LogIn("sam@example.com", secret.New("Corr3ct-Horse")).OK)
		})
	}
	for name, document := range map[string]string{
		"unknown": `{"algorithm":"ROT13","value":"x"}`, "too few": `{"algorithm":"PBKDF2","salt":"c2FsdHNhbHQ4","iterationCount":10,"keySize":32,"digestAlgorithm":"SHA512_HMAC","value":"H4uduCRhnzuA9w3OHLegoFRo+QD1IcBAj1XxpGi07Vo="}`,
		"no object": `"x"`, "bcrypt 31": `{"algorithm":"BCRYPT","workFactor":31,"salt":"m5C4k9.k3EqwzsWa7IuAY.","value":"A5Cj5UYDGB4VCVFSf3bUj46cUsRr1ia"}`,
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t)
			a := o.ask(t, "admin", http.MethodPost, usersPath, newcomer("sam@example.com", `,"credentials":{"password":{"hash":`+document+`}}`))
			assert.Equal(t, 400, a.status)
			assert.Equal(t, "Api validation failed: password", a.json(t)["errorSummary"])
		})
	}
}
