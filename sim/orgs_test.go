package sim

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/okta"
	"github.com/seatrial/seatrial/sim/population"
)

// overBoth runs a test in memory, in virtual time, and over sockets.
func overBoth(t *testing.T, use func(*testing.T, network.Network)) {
	t.Helper()
	t.Run("in memory, in virtual time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { use(t, network.Memory()) })
	})
	t.Run("over sockets", func(t *testing.T) { use(t, network.TCP("127.0.0.1")) })
}

func start(t *testing.T, n network.Network, run ...string) *World {
	t.Helper()
	config := DefaultConfig()
	config.Run = run
	world, err := New(config, n)
	require.NoError(t, err)
	require.NoError(t, world.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, world.Stop(context.WithoutCancel(t.Context()))) })
	return world
}

// ask sends a request with an API token.
func ask(t *testing.T, w *World, token secret.Value, method, url, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "SSWS "+token.Reveal())
	request.Header.Set("Content-Type", "application/json")
	response, err := w.HTTPClient().Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(answer)
}

func TestOktaAlone(t *testing.T) {
	overBoth(t, func(t *testing.T, n network.Network) {
		t.Helper()
		world := start(t, n, Okta)
		assert.Nil(t, world.IDCS())
		assert.Nil(t, world.Spoke())
		assert.Nil(t, world.Target(IDCS))
		assert.Empty(t, world.URL(IDCS))
		assert.Equal(t, Okta, world.Target(Okta).Name())

		_, err := world.Populate(t.Context(), Okta, population.AddressedLogins(population.Generate(7, 20)))
		require.NoError(t, err)
		_, err = world.Populate(t.Context(), IDCS, population.Generate(7, 1))
		require.ErrorContains(t, err, `there is no "idcs"`)

		seen, err := world.Control().World(t.Context())
		require.NoError(t, err)
		require.Len(t, seen.Targets, 1)
		assert.Equal(t, 20, seen.Targets[0].Users)
		assert.Equal(t, world.ExternalURL(Okta), seen.Targets[0].URL)
		_, err = world.Control().Target(t.Context(), IDCS)
		require.ErrorContains(t, err, `there is no "idcs" in this world; there is okta`)

		for _, address := range []string{world.URL(Okta), world.ExternalURL(Okta)} {
			status, body := ask(t, world, world.OktaToken(), http.MethodGet, address+"/api/v1/users?limit=2", "")
			assert.Equal(t, http.StatusOK, status)
			assert.Equal(t, 2, strings.Count(body, `"login":`))
		}
		journal, err := world.Control().JournalAll(t.Context(), control.JournalQuery{Target: Okta, Operation: "find"})
		require.NoError(t, err)
		assert.Equal(t, 2, journal.Total)
	})
}

// Two orgs beside a domain: names, addresses, users, tokens and journals are their own.
func TestAllTogether(t *testing.T) {
	overBoth(t, func(t *testing.T, n network.Network) {
		t.Helper()
		ctx := t.Context()
		together := []string{IDCS, Okta, Spoke}
		world := start(t, n, together...)
		plane := world.Control()
		for _, target := range together {
			_, err := plane.GenerateUsers(ctx, target, 3)
			require.NoError(t, err, target)
		}
		seen, err := plane.World(ctx)
		require.NoError(t, err)
		require.Len(t, seen.Targets, 3)
		for i, target := range together {
			assert.Equal(t, target, seen.Targets[i].Name)
			assert.Equal(t, 3, seen.Targets[i].Users)
			assert.NotEmpty(t, world.URL(target))
		}
		assert.NotEqual(t, world.OktaToken().Reveal(), world.SpokeToken().Reveal())

		status, _ := ask(t, world, world.OktaToken(), http.MethodGet, world.URL(Okta)+"/api/v1/users", "")
		assert.Equal(t, http.StatusOK, status)
		status, _ = ask(t, world, world.OktaToken(), http.MethodGet, world.URL(Spoke)+"/api/v1/users", "")
		assert.Equal(t, http.StatusUnauthorized, status, "the hub's token opens nothing at the spoke")
		status, _ = ask(t, world, world.SpokeToken(), http.MethodGet, world.URL(Spoke)+"/api/v1/users", "")
		assert.Equal(t, http.StatusOK, status)

		// A reset takes one target back, and leaves the others and their journals alone.
		require.NoError(t, plane.Reset(ctx, Spoke))
		for target, want := range map[string]struct{ users, entries int }{IDCS: {3, 0}, Okta: {3, 1}, Spoke: {0, 0}} {
			got, err := plane.Target(ctx, target)
			require.NoError(t, err)
			assert.Equal(t, want.users, got.Users, target)
			journal, err := plane.JournalAll(ctx, control.JournalQuery{Target: target})
			require.NoError(t, err)
			assert.Equal(t, want.entries, journal.Total, target)
		}
	})
}

// pushing lets the spoke provision the hub, as its administrator sets it up, and returns the application's path.
func pushing(t *testing.T, w *World) string {
	t.Helper()
	call := func(method, path, body string) string {
		t.Helper()
		status, answer := ask(t, w, w.SpokeToken(), method, w.URL(Spoke)+"/api/v1"+path, body)
		require.Equal(t, http.StatusOK, status, answer)
		return answer
	}
	var app struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(call(http.MethodPost, "/apps", `{"name":"okta_org2org","label":"Hub","signOnMode":"SAML_2_0","settings":{"app":{
		"baseUrl":"`+w.URL(Okta)+`","acsUrl":"`+w.URL(Okta)+`/sso/saml2/x","audRestriction":"https://www.okta.com/saml2/service-provider/x"}}}`)), &app))
	path := "/apps/" + app.ID
	call(http.MethodPost, path+"/connections/default?activate=true", `{"profile":{"authScheme":"TOKEN","token":"`+w.OktaToken().Reveal()+`"}}`)
	call(http.MethodPut, path+"/features/USER_PROVISIONING", `{"create":{"lifecycleCreate":{"status":"ENABLED"}},"update":{"profile":{"status":"ENABLED"},
		"lifecycleDeactivate":{"status":"ENABLED"},"password":{"status":"ENABLED","seed":"OKTA","change":"CHANGE"}}}`)
	return path
}

// A new password at the spoke arrives at the hub; one for a user whom just-in-time provisioning has federated does not, and the
// task says why, and a retry after the repair does it.
func TestOrg2OrgThroughTheControlPlane(t *testing.T) {
	overBoth(t, func(t *testing.T, n network.Network) {
		t.Helper()
		ctx := t.Context()
		world := start(t, n, Okta, Spoke)
		plane := world.Control()
		users, err := plane.GenerateUsers(ctx, Spoke, 1)
		require.NoError(t, err)
		user := users[0]
		app := pushing(t, world)
		change := func(password string) {
			t.Helper()
			status, answer := ask(t, world, world.SpokeToken(), http.MethodPost, world.URL(Spoke)+"/api/v1/users/"+user.ID, `{"credentials":{"password":{"value":"`+password+`"}}}`)
			require.Equal(t, http.StatusOK, status, answer)
		}
		// settled waits for the last task to end as it should.
		settled := func(kind, state string) (last control.Task) {
			t.Helper()
			require.Eventually(t, func() bool {
				tasks, err := plane.Tasks(ctx, Spoke)
				if err != nil || len(tasks) == 0 {
					return false
				}
				last = tasks[len(tasks)-1]
				return last.Kind == kind && last.State == state
			}, 10*time.Second, 5*time.Millisecond)
			return last
		}
		logIn := func(password string) control.LogIn {
			t.Helper()
			answers, err := plane.LogIns(ctx, Okta, []control.LogInInput{{UserName: user.UserName, Password: secret.New(password)}})
			require.NoError(t, err)
			return answers[0]
		}

		status, answer := ask(t, world, world.SpokeToken(), http.MethodPost, world.URL(Spoke)+"/api/v1"+app+"/users", `{"id":"`+user.ID+`","scope":"USER"}`)
		require.Equal(t, http.StatusOK, status, answer)
		settled("push_user", "done")
		change("First-pa55word")
		settled("push_password", "done")
		assert.True(t, logIn("First-pa55word").OK)

		_, err = plane.SetFederated(ctx, Okta, true, user.UserName)
		require.NoError(t, err)
		change("Second-pa55word")
		failed := settled("push_password", "failed")
		assert.Contains(t, failed.Error, "Api validation failed: password")
		assert.Equal(t, user.UserName, failed.User)

		_, err = plane.Disconnect(ctx, Okta, user.UserName)
		require.NoError(t, err)
		require.NoError(t, plane.RetryTask(ctx, Spoke, failed.ID))
		settled("push_password", "done")
		assert.True(t, logIn("Second-pa55word").OK)
		require.ErrorContains(t, plane.RetryTask(ctx, Spoke, "nobody's"), "retryTask: ")

		// What an operator does at the spoke is pushed like anything else.
		_, err = plane.SetActive(ctx, Spoke, false, user.UserName)
		require.NoError(t, err)
		settled("deactivate", "done")
		there, err := plane.User(ctx, Okta, user.UserName)
		require.NoError(t, err)
		assert.Equal(t, "DEPROVISIONED", there.Status)

		require.NoError(t, plane.Reset(ctx, Spoke))
		tasks, err := plane.Tasks(ctx, Spoke)
		require.NoError(t, err)
		assert.Empty(t, tasks)
	})
}

func TestSignInThroughAnIdentityProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := start(t, network.Memory(), Okta)
		plane := world.Control()
		status, answer := ask(t, world, world.OktaToken(), http.MethodPost, world.URL(Okta)+"/api/v1/idps", `{"type":"SAML2","name":"Spoke","protocol":{"type":"SAML2"},
			"policy":{"provisioning":{"action":"AUTO","profileMaster":true},"accountLink":{"action":"AUTO"},
			"subject":{"userNameTemplate":{"template":"idpuser.subjectNameId"},"matchType":"USERNAME"}}}`)
		require.Equal(t, http.StatusOK, status, answer)
		mail := "isaac.brock@example.com"
		came, err := plane.SignInThroughIdP(t.Context(), Okta, "Spoke", mail, map[string]string{"firstName": "Isaac", "lastName": "Brock", "email": mail})
		require.NoError(t, err)
		assert.True(t, came.Created)
		assert.Equal(t, []any{mail, "FEDERATION", true}, []any{came.User.UserName, came.User.Provider, came.User.Mastered})
		_, err = plane.SignInThroughIdP(t.Context(), Okta, "Nobody", mail, nil)
		require.ErrorContains(t, err, "signInThroughIdP: ")
		var nothing struct{}
		err = plane.Do(t.Context(), `mutation { signInThroughIdP(idp: "Spoke", subject: "x", attributes: {email: 1}) { created } }`, nil, &nothing)
		require.ErrorContains(t, err, "attributes.email: is not a string")
		err = plane.Do(t.Context(), `mutation { signInThroughIdP(idp: "Spoke", subject: "x", attributes: "x") { created } }`, nil, &nothing)
		require.ErrorContains(t, err, "attributes: want an object")
	})
}

// The application's key is good for a token, and its scopes for what a synchronisation does.
func TestOktaClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := start(t, network.Memory(), Okta)
		id, key := world.OktaClient()
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
		require.NoError(t, err)
		assertion, err := jwt.Signed(signer).Claims(jwt.Claims{
			Issuer: id, Subject: id, Audience: jwt.Audience{world.URL(Okta) + "/oauth2/v1/token"}, ID: "1",
			IssuedAt: jwt.NewNumericDate(time.Now()), Expiry: jwt.NewNumericDate(time.Now().Add(time.Minute)),
		}).Serialize()
		require.NoError(t, err)
		form := url.Values{
			"grant_type": {"client_credentials"}, "scope": {"okta.users.manage okta.groups.manage okta.policies.read okta.idps.read"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, world.URL(Okta)+"/oauth2/v1/token", strings.NewReader(form.Encode()))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		response, err := world.HTTPClient().Do(request)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		var token struct {
			AccessToken string `json:"access_token"`
		}
		require.NoError(t, json.NewDecoder(response.Body).Decode(&token))
		require.Equal(t, http.StatusOK, response.StatusCode)
		for _, path := range []string{"/api/v1/users", "/api/v1/groups", "/api/v1/policies?type=PASSWORD", "/api/v1/idps"} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, world.URL(Okta)+path, nil)
			require.NoError(t, err)
			request.Header.Set("Authorization", "Bearer "+token.AccessToken)
			answer, err := world.HTTPClient().Do(request)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			assert.Equal(t, http.StatusOK, answer.StatusCode, path)
		}
	})
}

// A seed repeats the credentials and ids of orgs, too; those that the configuration brings are taken as they are.
func TestCredentialsOfOrgs(t *testing.T) {
	of := func(change func(*Config)) *World {
		config := DefaultConfig()
		config.Run = []string{Okta, Spoke}
		change(&config)
		world, err := New(config, network.Memory())
		require.NoError(t, err)
		return world
	}
	first, again := of(func(*Config) {}), of(func(*Config) {})
	other := of(func(c *Config) { c.Seed = 2 })
	assert.Equal(t, first.OktaToken().Reveal(), again.OktaToken().Reveal())
	assert.NotEqual(t, first.OktaToken().Reveal(), other.OktaToken().Reveal())
	id, key := first.OktaClient()
	sameID, sameKey := again.OktaClient()
	assert.Equal(t, id, sameID)
	assert.Equal(t, key, sameKey)

	own := of(func(c *Config) {
		c.Okta.Tokens = []okta.APIToken{{Name: "mine", Value: secret.New("0042"), Role: okta.HelpDeskAdministrator}}
		c.Okta.Clients = []okta.Client{{ID: "0oamine", Keys: []jose.JSONWebKey{key.Public()}, Scopes: []string{"okta.users.read"}}}
	})
	assert.Equal(t, "0042", own.OktaToken().Reveal())
	id, key = own.OktaClient()
	assert.Equal(t, "0oamine", id)
	assert.Nil(t, key.Key, "its private key is with who configured it")
}

func TestConfigOfSeveralSaysEveryMistake(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no such simulator":   {func(c *Config) { c.Run = []string{"ping"} }, `run[0]: there is no simulator "ping"; there are idcs, okta, spoke`},
		"one of them twice":   {func(c *Config) { c.Run = []string{Okta, Okta} }, `run[1]: "okta" is there twice`},
		"a spoke alone":       {func(c *Config) { c.Run = []string{Spoke} }, "run[0]: spoke needs okta, its hub"},
		"one host for two":    {func(c *Config) { c.Spoke.Host = c.Okta.Host }, `spoke.host: "hub.okta.test" is the host of the hub, too`},
		"the hub's own":       {func(c *Config) { c.Okta.TokenShare = 0 }, "okta.tokenShare: 0 is not within 1 to 100"},
		"the spoke's own":     {func(c *Config) { c.Spoke.TokenShare = 0 }, "spoke: invalid: okta.tokenShare"},
		"the control plane's": {func(c *Config) { c.ControlHost = c.Spoke.Host }, "is the host of the spoke, too"},
	} {
		t.Run(name, func(t *testing.T) {
			config := DefaultConfig()
			config.Run = []string{Okta, Spoke}
			c.change(&config)
			_, err := New(config, network.Memory())
			assert.ErrorContains(t, err, c.want)
		})
	}
	config := DefaultConfig()
	config.Okta.Host, config.Spoke.TokenShare = "", 0
	_, err := New(config, network.Memory())
	assert.NoError(t, err, "what does not run is nobody's business")
}
