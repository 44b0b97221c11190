package okta_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
)

const (
	hooksPath  = "/api/v1/inlineHooks"
	hookSecret = "of-the-hook"
	hookBody   = `{"name":"Old directory","type":"com.okta.user.credential.password.import","version":"1.0.0","channel":{"type":"HTTP","version":"1.0.0",` +
		`"config":{"uri":"https://hooks.example.com/password","headers":[{"key":"X-From","value":"okta"}],"method":"POST","authScheme":{"type":"HEADER","key":"Authorization","value":"` + hookSecret + `"}}}}`
	viaHook = `,"credentials":{"password":{"hook":{"type":"default"}}}`
)

// wire is a transport that ends in a handler.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

// hooking is an org with a hook that answers as told, and a user whose password the hook knows.
func hooking(t *testing.T, answer http.HandlerFunc) *org {
	t.Helper()
	o := newOrg(t, func(_ *okta.Config, k *okta.Kernel) {
		k.HTTP = &http.Client{Transport: wire(func(r *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			answer(w, r)
			return w.Result(), r.Context().Err()
		})}
	})
	require.Equal(t, 200, o.ask(t, "admin", http.MethodPost, hooksPath, hookBody).status)
	a := o.ask(t, "admin", http.MethodPost, usersPath, newcomer("sam@example.com", viaHook))
	require.Equal(t, 200, a.status, "%s", a.body)
	assert.Equal(t, "ACTIVE", a.json(t)["status"])
	assert.Equal(t, map[string]any{"password": map[string]any{}, "provider": map[string]any{"type": "IMPORT", "name": "IMPORT"}}, a.json(t)["credentials"])
	return o
}

func says(verdict string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"commands":[{"type":"com.okta.action.update","value":{"credential":"`+verdict+`"}}]}`)
	}
}

// imports is the outcomes of user.import.password, and their reasons.
func (o *org) imports(t *testing.T) (outcomes []string) {
	t.Helper()
	for _, e := range o.ask(t, "admin", http.MethodGet, `/api/v1/logs?filter=eventType+eq+"user.import.password"`, "").list(t) {
		outcome := e["outcome"].(map[string]any)
		reason, _ := outcome["reason"].(string)
		outcomes = append(outcomes, strings.TrimSpace(outcome["result"].(string)+" "+reason))
	}
	return outcomes
}

// The first good sign-in is asked of the hook, and the password is Okta's from then on, whatever the policy says.
func TestAPasswordComesThroughTheHook(t *testing.T) {
	var asked []map[string]any
	o := hooking(t, func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		assert.NoError(t, json.NewDecoder(r.Body).Decode(&body))
		asked = append(asked, body)
		assert.Equal(t, []string{hookSecret, "okta", "https://hooks.example.com/password"}, []string{r.Header.Get("Authorization"), r.Header.Get("X-From"), r.URL.String()})
		says("VERIFIED")(w, r)
	})
	assert.False(t, o.LogIn("sam@example.com", secret.New("weak")).OK, "the probe of a harness asks nobody")
	require.Equal(t, 200, o.authn(t, "sam@example.com", "weak").status)
	require.Len(t, asked, 1)
	context := asked[0]["data"].(map[string]any)["context"].(map[string]any)
	assert.Equal(t, map[string]any{"username": "sam@example.com", "password": "weak"}, context["credential"])
	assert.Equal(t, map[string]any{"value": "/api/v1/authn"}, context["request"].(map[string]any)["url"])
	assert.Equal(t, "com.okta.user.credential.password.import", asked[0]["eventType"])
	assert.Equal(t, map[string]any{"credential": "UNVERIFIED"}, asked[0]["data"].(map[string]any)["action"])

	assert.True(t, o.LogIn("sam@example.com", secret.New("weak")).OK)
	require.Equal(t, 200, o.authn(t, "sam@example.com", "weak").status)
	assert.Len(t, asked, 1, "nobody is asked twice")
	u := o.ask(t, "admin", http.MethodGet, usersPath+"/sam@example.com", "").json(t)
	assert.Equal(t, map[string]any{"type": "OKTA", "name": "OKTA"}, u["credentials"].(map[string]any)["provider"])
	assert.Equal(t, []string{"SUCCESS"}, o.imports(t))
	o.leaks(t, hookSecret, `"password":"weak"`)
}

func TestAHookThatDoesNotVouch(t *testing.T) {
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		asked  int
		reason string
	}{
		"unverified":   {says("UNVERIFIED"), 1, "UNVERIFIED"},
		"nothing said": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, 1, "UNVERIFIED"},
		"no commands":  {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }, 1, "UNVERIFIED"},
		"no JSON":      {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `VERIFIED`) }, 1, "the answer of the hook is not JSON of the documented form"},
		"a refusal":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, 1, "the hook answered 403"},
		"a redirect": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://x")
			w.WriteHeader(http.StatusFound)
		}, 1, "the hook answered 302"},
		"broken, twice": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, 2, "the hook answered 500"},
		"too slow, twice": {func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(10 * time.Second):
			case <-r.Context().Done():
			}
		}, 2, `ask the hook: Post "https://hooks.example.com/password": context deadline exceeded`},
	} {
		t.Run("E0000004 "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				o := hooking(t, func(w http.ResponseWriter, r *http.Request) { asked++; tc.answer(w, r) })
				start := time.Now()
				o.authn(t, "sam@example.com", newPassword).refused(t, 401, "E0000004", "Authentication failed")
				assert.Equal(t, tc.asked, asked)
				assert.LessOrEqual(t, time.Since(start), 6*time.Second)
				assert.Equal(t, []string{"FAILURE " + tc.reason}, o.imports(t))
				assert.False(t, o.LogIn("sam@example.com", secret.New(newPassword)).OK)
			})
		})
	}
}

// What cannot be saved is asked again: an org in read-only mode must not make anybody clear the old store.
func TestTheHookIsAskedAgainAfterReadOnlyMode(t *testing.T) {
	o := hooking(t, says("VERIFIED"))
	o.SetReadOnly(true)
	require.Equal(t, 200, o.authn(t, "sam@example.com", newPassword).status)
	assert.False(t, o.LogIn("sam@example.com", secret.New(newPassword)).OK)
	o.SetReadOnly(false)
	require.Equal(t, 200, o.authn(t, "sam@example.com", newPassword).status)
	assert.True(t, o.LogIn("sam@example.com", secret.New(newPassword)).OK)
	assert.Equal(t, []string{"FAILURE", "SUCCESS"}, o.imports(t))
}

func TestHooksAreRegistered(t *testing.T) {
	o := newOrg(t)
	created := o.ask(t, "admin", http.MethodPost, hooksPath, hookBody)
	require.Equal(t, 200, created.status, "%s", created.body)
	assert.NotContains(t, string(created.body), hookSecret)
	o.leaks(t, hookSecret)
	path := hooksPath + "/" + created.json(t)["id"].(string)
	assert.Equal(t, created.json(t), o.ask(t, "admin", http.MethodGet, path, "").json(t))
	o.ask(t, "admin", http.MethodPost, hooksPath, hookBody).refused(t, 400, "E0000001", "Api validation failed: type", "type: There can be only one password import inline hook")
	o.ask(t, "admin", http.MethodDelete, path, "").refused(t, 400, "E0000001", "", "status: The inline hook must be deactivated before it is deleted")
	assert.Equal(t, "INACTIVE", o.ask(t, "admin", http.MethodPost, path+"/lifecycle/deactivate", "").json(t)["status"])
	require.Equal(t, 200, o.ask(t, "admin", http.MethodPost, usersPath, newcomer("sam@example.com", viaHook)).status)
	assert.Equal(t, 401, o.authn(t, "sam@example.com", newPassword).status)
	assert.Equal(t, "ACTIVE", o.ask(t, "admin", http.MethodPost, path+"/lifecycle/activate", "").json(t)["status"])
	assert.Equal(t, 401, o.authn(t, "sam@example.com", newPassword).status)
	assert.Equal(t, []string{"FAILURE there is no active password import inline hook", "FAILURE the org has no way to the hook"}, o.imports(t))
	o.ask(t, "users", http.MethodGet, path, "").refused(t, 403, "E0000006", "")
	o.ask(t, "admin", http.MethodPost, path+"/lifecycle/deactivate", "")
	assert.Equal(t, 204, o.ask(t, "admin", http.MethodDelete, path, "").status)
	o.ask(t, "admin", http.MethodGet, path, "").refused(t, 404, "E0000007", "")
	assert.Empty(t, o.ask(t, "admin", http.MethodGet, hooksPath, "").list(t))
	for name, body := range map[string]string{
		"http":            strings.Replace(hookBody, "https://", "http://", 1),
		"no name":         strings.Replace(hookBody, "Old directory", " ", 1),
		"another type":    strings.Replace(hookBody, "password.import", "other", 1),
		"another channel": strings.Replace(hookBody, `"HTTP"`, `"OAUTH"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			assert.GreaterOrEqual(t, o.ask(t, "admin", http.MethodPost, hooksPath, body).status, 400)
		})
	}
	require.Equal(t, 200, o.ask(t, "admin", http.MethodPost, hooksPath, hookBody).status)
	assert.Len(t, o.ask(t, "admin", http.MethodGet, hooksPath, "").list(t), 1)
	o.Reset()
	assert.Empty(t, o.ask(t, "admin", http.MethodGet, hooksPath, "").list(t))
}
