package control_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// bench is a world in memory with virtual time, its control plane, and an engine's view of the identity domain.
type bench struct {
	*testing.T
	world *sim.World
	plane *control.Client
	token string
}

func inWorld(t *testing.T, test func(ctx context.Context, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		world, err := sim.New(sim.DefaultConfig(), network.Memory())
		require.NoError(t, err)
		require.NoError(t, world.Start(ctx))
		defer func() { require.NoError(t, world.Stop(ctx)) }()
		test(ctx, &bench{T: t, world: world, plane: world.Control()})
	})
}

// add puts users with a password each into the domain.
func (b *bench) add(ctx context.Context, names ...string) {
	b.Helper()
	var users []control.UserInput
	for _, name := range names {
		users = append(users, control.UserInput{
			UserName: name, GivenName: "Barbara", FamilyName: "Jensen", DisplayName: "Babs", Email: name + "@example.com",
			Password: secret.New("Initial-" + name + "-1"),
		})
	}
	n, err := b.plane.AddUsers(ctx, "idcs", users)
	require.NoError(b, err)
	require.Equal(b, len(names), n)
}

func (b *bench) logIn(ctx context.Context, name, password string) control.LogIn {
	b.Helper()
	answers, err := b.plane.LogIns(ctx, "idcs", []control.LogInInput{{UserName: name, Password: secret.New(password)}})
	require.NoError(b, err)
	require.Len(b, answers, 1)
	return answers[0]
}

// call is a request of the engine to the domain; it returns the status, 0 when the connection broke.
func (b *bench) call(ctx context.Context, method, path, contentType, body string, change func(*http.Request)) int {
	b.Helper()
	request, err := http.NewRequestWithContext(ctx, method, b.world.URL("idcs")+path, strings.NewReader(body))
	require.NoError(b, err)
	request.Header.Set("Content-Type", contentType)
	change(request)
	response, err := b.world.HTTPClient().Do(request)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	if path == "/oauth2/v1/token" && response.StatusCode == http.StatusOK {
		b.token = accessToken(b.T, response)
	}
	return response.StatusCode
}

// authorize gets a token as the client.
func (b *bench) authorize(ctx context.Context, id string, password secret.Value) int {
	b.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"urn:opc:idm:__myscopes__"}}
	return b.call(ctx, http.MethodPost, "/oauth2/v1/token", "application/x-www-form-urlencoded", form.Encode(),
		func(r *http.Request) { r.SetBasicAuth(id, password.Reveal()) })
}

func (b *bench) engineStarts(ctx context.Context) {
	b.Helper()
	require.Equal(b, http.StatusOK, b.authorize(ctx, b.world.ClientID(), b.world.ClientSecret()))
}

func (b *bench) get(ctx context.Context, path string) int {
	b.Helper()
	return b.call(ctx, http.MethodGet, path, "", "", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+b.token) })
}

// write sets a password as an engine does.
func (b *bench) write(ctx context.Context, userName, password string) int {
	b.Helper()
	user, err := b.plane.User(ctx, "idcs", userName)
	require.NoError(b, err)
	require.NotNil(b, user)
	return b.call(ctx, http.MethodPatch, "/admin/v1/Users/"+user.ID, "application/scim+json",
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"password","value":"`+password+`"}]}`,
		func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+b.token) })
}

func TestUsersComeAndGo(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.add(ctx, "bjensen", "sean.o'neill", "zoë")
		user, err := b.plane.User(ctx, "idcs", "BJensen")
		require.NoError(t, err)
		require.NotNil(t, user)
		assert.Equal(t, "bjensen@example.com", user.Email)
		assert.Equal(t, []any{true, false, true, 1, false}, []any{user.Active, user.Federated, user.HasPassword, user.History, user.Locked})
		require.NotNil(t, user.PasswordSetAt)
		assert.True(t, user.PasswordSetAt.Equal(time.Now()), "virtual time")
		assert.True(t, b.logIn(ctx, "bjensen", "Initial-bjensen-1").OK)
		assert.Equal(t, "wrong_password", b.logIn(ctx, "bjensen", "Initial-zoë-1").Reason)
		assert.True(t, b.logIn(ctx, "ZOË", "Initial-zoë-1").OK)

		n, err := b.plane.RemoveUsers(ctx, "idcs", "zoë", "ZOË")
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		gone, err := b.plane.User(ctx, "idcs", "zoë")
		require.NoError(t, err)
		assert.Nil(t, gone)
		assert.Equal(t, "not_found", b.logIn(ctx, "zoë", "Initial-zoë-1").Reason)

		_, err = b.plane.RemoveUsers(ctx, "idcs", "bjensen", "nobody")
		require.EqualError(t, err, `removeUsers: userNames[1]: idcs has no user "nobody"`)
		assert.True(t, b.logIn(ctx, "bjensen", "Initial-bjensen-1").OK, "nobody was removed")
	})
}

func TestAddUsersIsAllOrNothing(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.add(ctx, "bjensen")
		fresh := control.UserInput{UserName: "fresh", FamilyName: "F", Email: "fresh@example.com"}
		for name, c := range map[string]struct {
			last control.UserInput
			want []string
		}{
			"there already":  {control.UserInput{UserName: "BJENSEN", FamilyName: "J", Email: "b@example.com"}, []string{"addUsers: users[1]", "BJENSEN", "no user was added"}},
			"twice in one":   {control.UserInput{UserName: "Fresh", FamilyName: "F", Email: "f@example.com"}, []string{"addUsers: users[1]", "Fresh", "no user was added"}},
			"without e-mail": {control.UserInput{UserName: "silent", FamilyName: "S"}, []string{"addUsers: users[1]", "silent", "email", "no user was added"}},
			"without a name": {control.UserInput{Email: "f@example.com"}, []string{"addUsers: users[1]", "no user was added"}},
		} {
			_, err := b.plane.AddUsers(ctx, "idcs", []control.UserInput{fresh, c.last})
			require.Error(t, err, name)
			for _, want := range c.want {
				assert.Contains(t, err.Error(), want, name)
			}
			users, err := b.plane.Users(ctx, "idcs")
			require.NoError(t, err)
			require.Len(t, users, 1, name)
		}
		n, err := b.plane.Populate(ctx, "idcs", []control.UserInput{fresh})
		require.NoError(t, err, "the name is free again")
		assert.Equal(t, 1, n)
	})
}

func TestUsersAreAddedAsTheyAreDescribed(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		inactive := false
		n, err := b.plane.AddUsers(ctx, "idcs", []control.UserInput{
			{UserName: "gone", Email: "gone@example.com", Active: &inactive, ExternalID: "e-1", Password: secret.New("p")},
			{UserName: "elsewhere", Email: "e@example.com", Federated: true},
			{UserName: "new", Email: "n@example.com"},
		})
		require.NoError(t, err)
		assert.Equal(t, 3, n)
		for name, want := range map[string]string{"gone": "inactive", "elsewhere": "federated", "new": "no_password"} {
			assert.Equal(t, want, b.logIn(ctx, name, "p").Reason)
		}
		kept, ok := b.world.IDCS().People().ByUserName("gone")
		require.True(t, ok)
		assert.Equal(t, "e-1", kept.ExternalID)
	})
}

func TestGeneratedUsersGoOnWhereTheyStopped(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		first, err := b.plane.GenerateUsers(ctx, "idcs", 30)
		require.NoError(t, err)
		second, err := b.plane.GenerateUsers(ctx, "idcs", 20)
		require.NoError(t, err)
		all, err := b.plane.Users(ctx, "idcs")
		require.NoError(t, err)
		require.Len(t, all, 50)
		assert.Equal(t, append(first, second...), all)

		require.NoError(t, b.plane.Reset(ctx, "idcs"))
		again, err := b.plane.GenerateUsers(ctx, "idcs", 50)
		require.NoError(t, err)
		for i := range again {
			assert.Equal(t, all[i].UserName, again[i].UserName, "the seed is the world's")
		}
		_, err = b.plane.GenerateUsers(ctx, "idcs", 0)
		assert.EqualError(t, err, "generateUsers: count: 0 is not from 1 to 200000")
	})
}

func TestUsersArePaged(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.add(ctx, "a", "b", "c", "d", "e")
		_, err := b.plane.SetFederated(ctx, "idcs", true, "b", "e")
		require.NoError(t, err)
		page := func(arguments string) (names []string, total int, next any) {
			var data struct{ Users control.UserPage }
			require.NoError(t, b.plane.Do(ctx, `{ users(`+arguments+`) { total next users { userName id } } }`, nil, &data))
			for _, u := range data.Users.Users {
				names = append(names, u.UserName)
			}
			if data.Users.Next != nil {
				next = *data.Users.Next
			}
			return names, data.Users.Total, next
		}
		names, total, next := page("first: 2")
		assert.Equal(t, []string{"a", "b"}, names)
		assert.Equal(t, 5, total)
		names, _, next = page(`first: 2, after: "` + next.(string) + `"`)
		assert.Equal(t, []string{"c", "d"}, names)
		names, total, next = page(`first: 2, after: "` + next.(string) + `"`)
		assert.Equal(t, []string{"e"}, names)
		assert.Equal(t, 5, total)
		assert.Nil(t, next)

		everybody, err := b.plane.Users(ctx, "idcs")
		require.NoError(t, err)
		names, total, _ = page(`federated: true, after: "` + everybody[2].ID + `"`)
		assert.Equal(t, []string{"e"}, names, "after somebody who is not federated")
		assert.Equal(t, 2, total)
		names, total, next = page("federated: true, first: 1")
		assert.Equal(t, []string{"b"}, names)
		assert.Equal(t, 2, total)
		names, _, next = page(`federated: true, first: 1, after: "` + next.(string) + `"`)
		assert.Equal(t, []string{"e"}, names)
		assert.Nil(t, next)
		names, total, _ = page("federated: false, active: true, first: 0")
		assert.Empty(t, names)
		assert.Equal(t, 3, total)

		var data any
		assert.ErrorContains(t, b.plane.Do(ctx, `{ users(after: "gone") { total } }`, nil, &data), `users: after: idcs has no user with the id "gone"`)
		assert.ErrorContains(t, b.plane.Do(ctx, `{ users(first: -1) { total } }`, nil, &data), "users: first: -1 is below 0")
	})
}

func TestFederatedAndInactiveUsersCannotLogIn(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.add(ctx, "bjensen", "other")
		time.Sleep(time.Minute)
		n, err := b.plane.SetFederated(ctx, "idcs", true, "bjensen")
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		user, err := b.plane.User(ctx, "idcs", "bjensen")
		require.NoError(t, err)
		assert.True(t, user.Federated)
		assert.Equal(t, uint64(2), user.Version)
		assert.Equal(t, "federated", b.logIn(ctx, "bjensen", "Initial-bjensen-1").Reason)
		assert.True(t, b.logIn(ctx, "other", "Initial-other-1").OK)

		assert.True(t, user.Modified.Equal(time.Now()), "now, a minute after the creation")
		assert.True(t, user.Created.Before(user.Modified))

		_, err = b.plane.SetFederated(ctx, "idcs", true, "bjensen")
		require.NoError(t, err)
		user, err = b.plane.User(ctx, "idcs", "bjensen")
		require.NoError(t, err)
		assert.Equal(t, uint64(2), user.Version, "nothing changed")

		_, err = b.plane.SetFederated(ctx, "idcs", false, "bjensen")
		require.NoError(t, err)
		_, err = b.plane.SetActive(ctx, "idcs", false, "bjensen")
		require.NoError(t, err)
		assert.Equal(t, "inactive", b.logIn(ctx, "bjensen", "Initial-bjensen-1").Reason)
		_, err = b.plane.SetActive(ctx, "idcs", true, "bjensen")
		require.NoError(t, err)
		assert.True(t, b.logIn(ctx, "bjensen", "Initial-bjensen-1").OK)

		_, err = b.plane.SetActive(ctx, "idcs", false, "bjensen", "nobody")
		assert.EqualError(t, err, `setActive: userNames[1]: idcs has no user "nobody"`)
		assert.True(t, b.logIn(ctx, "bjensen", "Initial-bjensen-1").OK, "nobody was changed")
	})
}

func TestPolicy(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.add(ctx, "bjensen")
		b.engineStarts(ctx)
		check := func(password string) []string {
			violations, err := b.plane.CheckPassword(ctx, "idcs", "bjensen", secret.New(password))
			require.NoError(t, err)
			rules := []string{}
			for _, v := range violations {
				rules = append(rules, v.Rule)
				assert.NotContains(t, v.Text, password)
			}
			return rules
		}
		require.NoError(t, b.plane.SetPolicy(ctx, "idcs", map[string]any{"minLength": 6, "numPasswordsInHistory": 3, "userNameDisallowed": true}))
		target, err := b.plane.Target(ctx, "idcs")
		require.NoError(t, err)
		assert.EqualValues(t, 6, target.Policy.(map[string]any)["minLength"])

		assert.Equal(t, []string{"minLength"}, check("short"))
		assert.Equal(t, []string{"userNameDisallowed"}, check("my-bjensen-secret"))
		assert.Equal(t, []string{"numPasswordsInHistory", "userNameDisallowed"}, check("Initial-bjensen-1"))
		assert.Empty(t, check("long enough"))
		assert.Equal(t, http.StatusOK, b.write(ctx, "bjensen", "long enough"), "the domain judges alike")
		assert.Equal(t, http.StatusBadRequest, b.write(ctx, "bjensen", "short"))

		for name, c := range map[string]struct {
			policy any
			want   string
		}{
			"misspelt":   {map[string]any{"minLenght": 6}, `setPolicy: policy.minLenght: no such attribute; did you mean "minLength"?`},
			"impossible": {map[string]any{"minLength": 10, "maxLength": 5}, "policy.m"},
			"wrong type": {map[string]any{"minLength": "6"}, "setPolicy: policy.minLength: a JSON string is not a whole number"},
			"no object":  {[]int{6}, "setPolicy: policy: want a JSON object"},
		} {
			assert.ErrorContains(t, b.plane.SetPolicy(ctx, "idcs", c.policy), c.want, name)
		}
		assert.Empty(t, check("long enough 2"), "the policy stayed as it was")
		_, err = b.plane.CheckPassword(ctx, "idcs", "nobody", secret.New("x"))
		assert.EqualError(t, err, `checkPassword: userName: idcs has no user "nobody"`)
	})
}

func TestExpiredAndRevokedTokensAreRefused(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		for name, end := range map[string]func(context.Context, string, string) (int, error){
			"expired": b.plane.ExpireTokens, "revoked": b.plane.RevokeTokens,
		} {
			for _, client := range []string{"", b.world.ClientID()} {
				b.engineStarts(ctx)
				require.Equal(t, http.StatusOK, b.get(ctx, "/admin/v1/Users"))
				n, err := end(ctx, "idcs", client)
				require.NoError(t, err)
				assert.Equal(t, 1, n, name)
				assert.Equal(t, http.StatusUnauthorized, b.get(ctx, "/admin/v1/Users"), name)
				page, err := b.plane.JournalPage(ctx, control.JournalQuery{Token: name})
				require.NoError(t, err)
				assert.NotZero(t, page.Total, "the journal tells a token that is %s", name)
			}
			_, err := end(ctx, "idcs", "stranger")
			assert.ErrorContains(t, err, `client: idcs has no client "stranger"; it has seatrial`)
		}
	})
}

func TestTokenLifetime(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		require.NoError(t, b.plane.SetTokenLifetime(ctx, "idcs", 5*time.Minute))
		b.engineStarts(ctx)
		time.Sleep(4 * time.Minute)
		assert.Equal(t, http.StatusOK, b.get(ctx, "/admin/v1/Users"))
		time.Sleep(2 * time.Minute)
		assert.Equal(t, http.StatusUnauthorized, b.get(ctx, "/admin/v1/Users"))
		assert.ErrorContains(t, b.plane.SetTokenLifetime(ctx, "idcs", time.Second), "setTokenLifetime: ")
	})
}

func TestTurnClock(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.engineStarts(ctx)
		turned, err := b.plane.TurnClock(ctx, "idcs", 2*time.Hour)
		require.NoError(t, err)
		assert.Equal(t, 2*time.Hour, turned.Offset)
		assert.True(t, turned.Now.Equal(time.Now().Add(2*time.Hour)))
		assert.Equal(t, http.StatusUnauthorized, b.get(ctx, "/admin/v1/Users"), "the token's hour is over")
		turned, err = b.plane.TurnClock(ctx, "idcs", -2*time.Hour)
		require.NoError(t, err)
		assert.Zero(t, turned.Offset)
		assert.Equal(t, http.StatusOK, b.get(ctx, "/admin/v1/Users"))
	})
}

func TestSwitches(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.engineStarts(ctx)
		b.add(ctx, "bjensen")
		_, err := b.plane.SetFederated(ctx, "idcs", true, "bjensen")
		require.NoError(t, err)
		assert.Equal(t, http.StatusBadRequest, b.write(ctx, "bjensen", "Str0ng-enough!x"))
		turned, err := b.plane.SetSwitch(ctx, "idcs", "federatedWrite", "forbid")
		require.NoError(t, err)
		assert.Equal(t, "forbid", turned.Value)
		assert.Equal(t, "refuse", turned.Default)
		assert.Contains(t, turned.Options, "accept")
		assert.Equal(t, http.StatusForbidden, b.write(ctx, "bjensen", "Str0ng-enough!x"))
		_, err = b.plane.SetSwitch(ctx, "idcs", "federatedWrite", "sometimes")
		assert.ErrorContains(t, err, `setSwitch: `)
		_, err = b.plane.SetSwitch(ctx, "idcs", "nosuch", "on")
		assert.ErrorContains(t, err, "nosuch")
	})
}

func TestRegisterClient(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		password := secret.New("another secret")
		assert.NotEqual(t, http.StatusOK, b.authorize(ctx, "auditor", password))
		require.NoError(t, b.plane.RegisterClient(ctx, "idcs", control.ClientInput{ID: "auditor", Secret: password, Roles: []string{"Audit Administrator"}}))
		assert.Equal(t, http.StatusOK, b.authorize(ctx, "auditor", password))
		b.add(ctx, "bjensen")
		assert.Equal(t, http.StatusOK, b.get(ctx, "/admin/v1/Users"))
		assert.Equal(t, http.StatusForbidden, b.write(ctx, "bjensen", "Str0ng-enough!x"), "an auditor reads only")
		world, err := b.plane.World(ctx)
		require.NoError(t, err)
		assert.Equal(t, []string{"auditor", "seatrial"}, world.Targets[0].Clients)
		for name, c := range map[string]control.ClientInput{
			"no id": {Secret: password}, "no secret": {ID: "x"}, "no such role": {ID: "x", Secret: password, Roles: []string{"Astronaut"}},
		} {
			err := b.plane.RegisterClient(ctx, "idcs", c)
			require.Error(t, err, name)
			assert.NotContains(t, err.Error(), password.Reveal())
		}
	})
}

func TestFaults(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.engineStarts(ctx)
		took := func() (time.Duration, int) {
			started := time.Now()
			status := b.get(ctx, "/admin/v1/Users")
			return time.Since(started).Truncate(time.Millisecond), status
		}
		d, status := took()
		assert.Zero(t, d)
		assert.Equal(t, http.StatusOK, status)

		slow, err := b.plane.AddFault(ctx, "idcs", control.FaultInput{
			ID: "slow", Kind: "latency", Note: "a bad day", Latency: &control.LatencyInput{Constant: 250 * time.Millisecond}, Route: "GET /admin/v1/*",
		})
		require.NoError(t, err)
		assert.Equal(t, "slow", slow.ID)
		assert.Nil(t, slow.FirstFired)
		assert.Contains(t, slow.Description, "250ms")
		d, status = took()
		assert.Equal(t, 250*time.Millisecond, d)
		assert.Equal(t, http.StatusOK, status)

		_, err = b.plane.AddFault(ctx, "idcs", control.FaultInput{Kind: "status", Status: 503, Body: "gateway", RetryAfter: 7 * time.Second, First: 1})
		require.NoError(t, err)
		_, status = took()
		assert.Equal(t, http.StatusServiceUnavailable, status)
		_, status = took()
		assert.Equal(t, http.StatusOK, status, "the first only")

		_, err = b.plane.AddFault(ctx, "idcs", control.FaultInput{ID: "words", Kind: "status", Status: 502, Body: "out to lunch", Route: "GET /lunch"})
		require.NoError(t, err)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.world.URL("idcs")+"/lunch", nil)
		require.NoError(t, err)
		response, err := b.world.HTTPClient().Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, "out to lunch", strings.TrimSpace(string(body)))
		_, err = b.plane.RemoveFaults(ctx, "idcs", "words")
		require.NoError(t, err)

		all, err := b.plane.Faults(ctx, "idcs")
		require.NoError(t, err)
		require.Len(t, all, 2)
		assert.Equal(t, uint64(3), all[0].Fired)
		require.NotNil(t, all[0].FirstFired)
		assert.True(t, all[0].FirstFired.Before(*all[0].LastFired))

		page, err := b.plane.JournalPage(ctx, control.JournalQuery{Target: "idcs", Fault: "slow"})
		require.NoError(t, err)
		assert.Equal(t, 3, page.Total)

		n, err := b.plane.RemoveFaults(ctx, "idcs", "slow")
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		d, _ = took()
		assert.Zero(t, d)
		require.NoError(t, b.plane.Do(ctx, `mutation { removeFaults(ids: []) }`, nil, nil))
		n, err = b.plane.RemoveFaults(ctx, "idcs")
		require.NoError(t, err)
		assert.Equal(t, 1, n)
	})
}

// Each input of a fault arrives at its rule: a rule's description tells.
func TestFaultInputs(t *testing.T) {
	share := 0.25
	for name, c := range map[string]struct {
		input control.FaultInput
		want  []string // in the description, or in the error
		fails bool
	}{
		"uniform":     {input: control.FaultInput{Kind: "latency", Latency: &control.LatencyInput{Min: time.Millisecond, Max: time.Second}}, want: []string{"1ms", "1s"}},
		"log-normal":  {input: control.FaultInput{Kind: "latency", Latency: &control.LatencyInput{Median: 120 * time.Millisecond, P95: 450 * time.Millisecond}}, want: []string{"120ms", "450ms"}},
		"percentiles": {input: control.FaultInput{Kind: "latency", Latency: &control.LatencyInput{Percentiles: []control.PercentileInput{{Percentile: 50, Value: 120 * time.Millisecond}, {Percentile: 99, Value: 2 * time.Second}}}}, want: []string{"120ms", "2s"}},
		"throttle":    {input: control.FaultInput{Kind: "throttle", Rate: 12.5, Burst: 3, RetryAfter: 9 * time.Second}, want: []string{"12.5/s", "burst 3", "retry after 9s"}},
		"everything": {
			input: control.FaultInput{Kind: "reset", Share: &share, First: 5, Skip: 2, Every: 3, From: time.Second, Until: time.Minute, Route: "PATCH /admin/v1/Users/*", User: "bjensen", Client: "seatrial"},
			want:  []string{"25%", "PATCH /admin/v1/Users/*", "user bjensen", "client seatrial", "without the first 2", "each 3.", "5 times", "from 1s", "until 1m0s"},
		},
		"hang":            {input: control.FaultInput{Kind: "hang"}, want: []string{"hang"}},
		"lose answer":     {input: control.FaultInput{Kind: "lose_answer"}, want: []string{"lose_answer"}},
		"certificate":     {input: control.FaultInput{Kind: "certificate", Certificate: "expired"}, want: []string{"certificate expired"}},
		"handshake":       {input: control.FaultInput{Kind: "handshake", Handshake: "garbage"}, want: []string{"handshake garbage"}},
		"stall":           {input: control.FaultInput{Kind: "stall", After: 20}, want: []string{"stall after 20"}},
		"drip":            {input: control.FaultInput{Kind: "drip", Rate: 16}, want: []string{"drip 16 bytes/s"}},
		"disconnect":      {input: control.FaultInput{Kind: "disconnect", All: true}, want: []string{"addFault: ", "there is no disconnect over HTTP"}, fails: true},
		"no such flaw":    {input: control.FaultInput{Kind: "certificate", Certificate: "old"}, want: []string{"old", "CertificateFlaw"}, fails: true},
		"a share of 0":    {input: control.FaultInput{Kind: "hang", Share: new(float64)}, want: []string{"0%"}},
		"no such kind":    {input: control.FaultInput{Kind: "rain"}, want: []string{"rain", "FaultKind"}, fails: true},
		"too big a share": {input: control.FaultInput{Kind: "hang", Share: func() *float64 { x := 1.5; return &x }()}, want: []string{"addFault: ", "share", "1.5"}, fails: true},
		"no latency":      {input: control.FaultInput{Kind: "latency"}, want: []string{"addFault: ", "latency"}, fails: true},
		"no status":       {input: control.FaultInput{Kind: "status"}, want: []string{"addFault: ", "status"}, fails: true},
		"a point twice":   {input: control.FaultInput{Kind: "latency", Latency: &control.LatencyInput{Percentiles: []control.PercentileInput{{Percentile: 50, Value: 1}, {Percentile: 50, Value: 2}}}}, want: []string{"addFault: fault.latency.percentiles: 50 is given twice"}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(ctx context.Context, b *bench) {
				fault, err := b.plane.AddFault(ctx, "idcs", c.input)
				text := fault.Description
				if c.fails {
					require.Error(t, err)
					text = err.Error()
				} else {
					require.NoError(t, err)
				}
				for _, want := range c.want {
					assert.Contains(t, text, want)
				}
			})
		})
	}
}

func TestReset(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.add(ctx, "bjensen")
		b.engineStarts(ctx)
		require.NoError(t, b.plane.SetPolicy(ctx, "idcs", map[string]any{"minLength": 3}))
		_, err := b.plane.AddFault(ctx, "idcs", control.FaultInput{Kind: "hang", Route: "GET /nowhere"})
		require.NoError(t, err)
		_, err = b.plane.TurnClock(ctx, "idcs", time.Minute)
		require.NoError(t, err)

		require.NoError(t, b.plane.Reset(ctx, "idcs"))
		target, err := b.plane.Target(ctx, "idcs")
		require.NoError(t, err)
		assert.Zero(t, target.Users)
		assert.Empty(t, target.Faults)
		assert.Zero(t, target.Clock.Offset)
		assert.EqualValues(t, 12, target.Policy.(map[string]any)["minLength"])
		page, err := b.plane.JournalPage(ctx, control.JournalQuery{})
		require.NoError(t, err)
		assert.Zero(t, page.Total)
		assert.Equal(t, http.StatusUnauthorized, b.get(ctx, "/admin/v1/Users"))
		b.engineStarts(ctx) // the client stayed
	})
}

func TestWorldAndUnknownTargets(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		world, err := b.plane.World(ctx)
		require.NoError(t, err)
		assert.Equal(t, "1", world.Seed)
		require.Len(t, world.Targets, 1)
		target := world.Targets[0]
		assert.Equal(t, "idcs", target.Name)
		assert.Equal(t, b.world.ExternalURL("idcs"), target.URL)
		assert.True(t, target.Clock.Now.Equal(time.Now()))
		assert.NotEmpty(t, target.Switches)

		for _, do := range []func() error{
			func() error { _, err := b.plane.Target(ctx, "okta"); return err },
			func() error { _, err := b.plane.Users(ctx, "okta"); return err },
			func() error { _, err := b.plane.User(ctx, "okta", "x"); return err },
			func() error { _, err := b.plane.JournalPage(ctx, control.JournalQuery{Target: "okta"}); return err },
			func() error { _, err := b.plane.PasswordWrites(ctx, "okta"); return err },
			func() error { _, err := b.plane.CheckPassword(ctx, "okta", "x", secret.New("x")); return err },
			func() error { _, err := b.plane.AddUsers(ctx, "okta", nil); return err },
			func() error { _, err := b.plane.GenerateUsers(ctx, "okta", 1); return err },
			func() error { _, err := b.plane.RemoveUsers(ctx, "okta"); return err },
			func() error { _, err := b.plane.SetFederated(ctx, "okta", true); return err },
			func() error { _, err := b.plane.SetDelegated(ctx, "okta", true); return err },
			func() error { _, err := b.plane.SetLocked(ctx, "okta", true); return err },
			func() error { _, err := b.plane.SetTier(ctx, "okta", ""); return err },
			func() error { return b.plane.SetVisibility(ctx, "okta", 0) },
			func() error { return b.plane.SetMaintenance(ctx, "okta", true, 0) },
			func() error { _, err := b.plane.SetGroupPolicy(ctx, "okta", "x", 0, nil, map[string]any{}); return err },
			func() error { _, err := b.plane.RemoveGroupPolicy(ctx, "okta", "x"); return err },
			func() error { _, err := b.plane.Outbox(ctx, "okta", ""); return err },
			func() error { return b.plane.SetPolicy(ctx, "okta", map[string]any{}) },
			func() error { _, err := b.plane.AddFault(ctx, "okta", control.FaultInput{Kind: "hang"}); return err },
			func() error { _, err := b.plane.RemoveFaults(ctx, "okta"); return err },
			func() error { _, err := b.plane.ExpireTokens(ctx, "okta", ""); return err },
			func() error { return b.plane.SetTokenLifetime(ctx, "okta", time.Hour) },
			func() error { _, err := b.plane.TurnClock(ctx, "okta", 0); return err },
			func() error { _, err := b.plane.SetSwitch(ctx, "okta", "x", "y"); return err },
			func() error {
				return b.plane.RegisterClient(ctx, "okta", control.ClientInput{ID: "x", Secret: secret.New("y")})
			},
			func() error {
				_, err := b.plane.LogIns(ctx, "okta", []control.LogInInput{{UserName: "bjensen"}})
				return err
			},
			func() error { return b.plane.Reset(ctx, "okta") },
		} {
			assert.ErrorContains(t, do(), `target: there is no "okta" in this world; there is idcs`)
		}
	})
}

func TestManyLogInsKeepTheirOrder(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.add(ctx, "bjensen")
		attempts := make([]control.LogInInput, 2_500)
		for i := range attempts {
			attempts[i] = control.LogInInput{UserName: "bjensen", Password: secret.New("wrong")}
			if i%7 == 0 {
				attempts[i].Password = secret.New("Initial-bjensen-1")
			}
		}
		answers, err := b.plane.LogIns(ctx, "idcs", attempts)
		require.NoError(b, err)
		require.Len(b, answers, len(attempts))
		for i, a := range answers {
			require.Equal(b, i%7 == 0, a.OK, i)
		}
	})
}
