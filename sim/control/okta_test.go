package control_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
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

// org is a world with a hub, its control plane, and an engine's view of the hub.
type org struct {
	*testing.T
	world *sim.World
	plane *control.Client
}

const (
	isaac   = "isaac.brock@example.com"
	initial = "Initial-pa55word"
	next    = "Next-pa55word-1"
)

// inOrg has one user with a password.
func inOrg(t *testing.T, test func(ctx context.Context, o *org)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		config := sim.DefaultConfig()
		config.Run = []string{sim.Okta}
		world, err := sim.New(config, network.Memory())
		require.NoError(t, err)
		require.NoError(t, world.Start(ctx))
		defer func() { require.NoError(t, world.Stop(ctx)) }()
		o := &org{T: t, world: world, plane: world.Control()}
		o.add(ctx)
		test(ctx, o)
	})
}

func (o *org) add(ctx context.Context) {
	o.Helper()
	_, err := o.plane.AddUsers(ctx, sim.Okta, []control.UserInput{{
		UserName: isaac, GivenName: "Isaac", FamilyName: "Brock", Email: isaac, Password: secret.New(initial),
	}})
	require.NoError(o, err)
}

// ask is a request of the engine; the answer's body is decoded.
func (o *org) ask(ctx context.Context, method, path, body string) (int, map[string]any) {
	o.Helper()
	request, err := http.NewRequestWithContext(ctx, method, o.world.URL(sim.Okta)+path, strings.NewReader(body))
	require.NoError(o, err)
	request.Header.Set("Authorization", "SSWS "+o.world.OktaToken().Reveal())
	request.Header.Set("Content-Type", "application/json")
	response, err := o.world.HTTPClient().Do(request)
	require.NoError(o, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(o, err)
	var answer map[string]any
	_ = json.Unmarshal(text, &answer) // a list and an empty answer have no members
	return response.StatusCode, answer
}

const path = "/api/v1/users/" + isaac

// write sets Isaac's password as an engine does.
func (o *org) write(ctx context.Context, password string) (int, map[string]any) {
	o.Helper()
	return o.ask(ctx, http.MethodPost, path, `{"credentials":{"password":{"value":"`+password+`"}}}`)
}

// seen is Isaac by the users API: status, type of the provider.
func (o *org) seen(ctx context.Context) (status, provider string) {
	o.Helper()
	code, user := o.ask(ctx, http.MethodGet, path, "")
	require.Equal(o, http.StatusOK, code)
	credentials, _ := user["credentials"].(map[string]any)
	of, _ := credentials["provider"].(map[string]any)
	status, _ = user["status"].(string)
	provider, _ = of["type"].(string)
	return status, provider
}

func (o *org) logIn(ctx context.Context, password string) control.LogIn {
	o.Helper()
	answers, err := o.plane.LogIns(ctx, sim.Okta, []control.LogInInput{{UserName: isaac, Password: secret.New(password)}})
	require.NoError(o, err)
	return answers[0]
}

// What the control plane sets, the users API shows, and the other way round.
func TestStatus(t *testing.T) {
	inOrg(t, func(ctx context.Context, o *org) {
		for _, c := range []struct {
			set, want, logIn string
			mustChange       bool
		}{
			{"suspended", "SUSPENDED", "inactive", false},
			{"Active", "ACTIVE", "", false},
			{"recovery", "RECOVERY", "inactive", false},
			{"PASSWORD_EXPIRED", "PASSWORD_EXPIRED", "", true},
			{"locked_out", "LOCKED_OUT", "locked", false},
			{"provisioned", "PROVISIONED", "inactive", false},
			{"staged", "STAGED", "inactive", false},
			{"active", "ACTIVE", "", false},
			{"deprovisioned", "DEPROVISIONED", "inactive", false},
		} {
			n, err := o.plane.SetStatus(ctx, sim.Okta, c.set, isaac)
			require.NoError(t, err, c.set)
			assert.Equal(t, 1, n)
			status, _ := o.seen(ctx)
			assert.Equal(t, c.want, status)
			user, err := o.plane.User(ctx, sim.Okta, isaac)
			require.NoError(t, err)
			assert.Equal(t, c.want, user.Status)
			assert.Equal(t, c.want == "LOCKED_OUT", user.Locked)
			answer := o.logIn(ctx, initial)
			assert.Equal(t, control.LogIn{OK: c.logIn == "", MustChange: c.mustChange, Reason: c.logIn}, answer, c.set)
		}
		_, err := o.plane.SetStatus(ctx, sim.Okta, "retired", isaac)
		require.ErrorContains(t, err, `setStatus: change "isaac.brock@example.com": invalid: status: there is no "retired"; there are STAGED, `)
		_, err = o.plane.SetStatus(ctx, sim.Okta, "active", "nobody@example.com")
		require.ErrorContains(t, err, `userNames[0]: okta has no user "nobody@example.com"`)
		_, err = o.plane.SetStatus(ctx, sim.Okta, "password_expired", isaac)
		require.ErrorContains(t, err, "no password that could be expired")
		_, err = o.plane.AddUsers(ctx, sim.Okta, []control.UserInput{{UserName: "eva@example.com", GivenName: "Eva", FamilyName: "Berg", Password: secret.New(initial)}})
		require.NoError(t, err)
		_, err = o.plane.SetStatus(ctx, sim.Okta, "password_expired", "eva@example.com", isaac)
		require.ErrorContains(t, err, "; 1 before it were changed", "whoever reads this knows where to go on")
	})
}

func TestActiveAndLocked(t *testing.T) {
	inOrg(t, func(ctx context.Context, o *org) {
		status := func() string {
			s, _ := o.seen(ctx)
			return s
		}
		_, err := o.plane.SetLocked(ctx, sim.Okta, true, isaac)
		require.NoError(t, err)
		assert.Equal(t, "LOCKED_OUT", status())
		_, err = o.plane.SetLocked(ctx, sim.Okta, false, isaac)
		require.NoError(t, err)
		assert.Equal(t, "ACTIVE", status())
		assert.True(t, o.logIn(ctx, initial).OK, "the password has outlived the lock")

		require.NoError(t, o.plane.SetPolicy(ctx, sim.Okta, map[string]any{"lockout": map[string]any{"autoUnlockMinutes": 15}}))
		_, err = o.plane.SetStatus(ctx, sim.Okta, "locked_out", isaac)
		require.NoError(t, err)
		user, err := o.plane.User(ctx, sim.Okta, isaac)
		require.NoError(t, err)
		assert.Equal(t, []any{true, "administrator"}, []any{user.Locked, user.LockedBy})
		_, err = o.plane.TurnClock(ctx, sim.Okta, 15*time.Minute)
		require.NoError(t, err)
		assert.Equal(t, "ACTIVE", status(), "the policy ends a lock after that time, not before")
		_, err = o.plane.TurnClock(ctx, sim.Okta, -time.Second)
		require.NoError(t, err)
		assert.Equal(t, "LOCKED_OUT", status())
		_, err = o.plane.TurnClock(ctx, sim.Okta, time.Second)
		require.NoError(t, err)

		_, err = o.plane.SetActive(ctx, sim.Okta, false, isaac)
		require.NoError(t, err)
		assert.Equal(t, "DEPROVISIONED", status())
		code, answer := o.write(ctx, next)
		assert.Equal(t, http.StatusForbidden, code)
		assert.Equal(t, "E0000038", answer["errorCode"])
		_, err = o.plane.SetActive(ctx, sim.Okta, true, isaac)
		require.NoError(t, err)
		assert.Equal(t, "PROVISIONED", status(), "deactivation took the password away")
		code, _ = o.write(ctx, next)
		assert.Equal(t, http.StatusOK, code)
		assert.True(t, o.logIn(ctx, next).OK)
	})
}

func TestProvider(t *testing.T) {
	inOrg(t, func(ctx context.Context, o *org) {
		set := func(provider string) {
			t.Helper()
			_, err := o.plane.SetProvider(ctx, sim.Okta, provider, isaac)
			require.NoError(t, err)
			_, seen := o.seen(ctx)
			assert.Equal(t, strings.ToUpper(provider), seen)
			user, err := o.plane.User(ctx, sim.Okta, isaac)
			require.NoError(t, err)
			assert.Equal(t, strings.ToUpper(provider), user.Provider)
		}
		set("IMPORT")
		assert.True(t, o.logIn(ctx, initial).OK, "the hash is that of the password")
		assert.Equal(t, "wrong_password", o.logIn(ctx, next).Reason)

		for provider, reason := range map[string]string{
			"FEDERATION": "federated", "social": "federated", "ACTIVE_DIRECTORY": "delegated", "LDAP": "delegated",
		} {
			set(provider)
			assert.Equal(t, reason, o.logIn(ctx, initial).Reason, provider)
			code, answer := o.write(ctx, next)
			assert.Equal(t, http.StatusBadRequest, code, provider)
			assert.Equal(t, "E0000001", answer["errorCode"])
		}
		_, err := o.plane.SetStatus(ctx, sim.Okta, "recovery", isaac)
		require.ErrorContains(t, err, "status: RECOVERY is for users whose password is here, not at ")

		set("OKTA")
		assert.Equal(t, "no_password", o.logIn(ctx, initial).Reason)
		_, err = o.plane.SetProvider(ctx, sim.Okta, "IMPORT", isaac)
		require.ErrorContains(t, err, "nothing to import")
		code, _ := o.write(ctx, next)
		assert.Equal(t, http.StatusOK, code)
		assert.True(t, o.logIn(ctx, next).OK)

		_, err = o.plane.SetProvider(ctx, sim.Okta, "GOOGLE", isaac)
		require.ErrorContains(t, err, `provider: there is no "GOOGLE"; there are OKTA, FEDERATION, `)
	})
}

func TestFederatedMasteredDisconnected(t *testing.T) {
	inOrg(t, func(ctx context.Context, o *org) {
		_, err := o.plane.SetFederated(ctx, sim.Okta, true, isaac)
		require.NoError(t, err)
		_, err = o.plane.SetMastered(ctx, sim.Okta, true, isaac)
		require.NoError(t, err)
		_, provider := o.seen(ctx)
		assert.Equal(t, "FEDERATION", provider)
		code, answer := o.ask(ctx, http.MethodPost, path, `{"profile":{"nickName":"Ike"}}`)
		assert.Equal(t, http.StatusForbidden, code)
		assert.Equal(t, "E0000023", answer["errorCode"])
		page, err := o.plane.Users(ctx, sim.Okta)
		require.NoError(t, err)
		require.Len(t, page, 1)
		assert.True(t, page[0].Federated)
		assert.True(t, page[0].Mastered)

		_, err = o.plane.Disconnect(ctx, sim.Okta, isaac)
		require.NoError(t, err)
		_, provider = o.seen(ctx)
		assert.Equal(t, "OKTA", provider)
		code, _ = o.ask(ctx, http.MethodPost, path, `{"profile":{"nickName":"Ike"}}`)
		assert.Equal(t, http.StatusOK, code)

		_, err = o.plane.SetDelegated(ctx, sim.Okta, true, isaac)
		require.NoError(t, err)
		_, provider = o.seen(ctx)
		assert.Equal(t, "ACTIVE_DIRECTORY", provider)
		_, err = o.plane.SetDelegated(ctx, sim.Okta, false, isaac)
		require.NoError(t, err)
		_, provider = o.seen(ctx)
		assert.Equal(t, "OKTA", provider)
	})
}

// The policy crosses the control plane in Okta's own form, and the sentence of a refusal comes out of it.
func TestOktaPolicy(t *testing.T) {
	inOrg(t, func(ctx context.Context, o *org) {
		require.NoError(t, o.plane.SetPolicy(ctx, sim.Okta, map[string]any{
			"complexity": map[string]any{"minLength": 10, "minLowerCase": 1, "minUpperCase": 1, "minNumber": 1, "minSymbol": 1, "excludeUsername": true},
			"age":        map[string]any{"minAgeMinutes": 1440},
		}))
		code, answer := o.write(ctx, "short")
		assert.Equal(t, http.StatusBadRequest, code)
		assert.Equal(t, "Api validation failed: password", answer["errorSummary"])
		cause, _ := json.Marshal(answer["errorCauses"])
		const sentence = "Password requirements were not met. Password requirements: at least 10 characters, a lowercase letter, " +
			"an uppercase letter, a number, a symbol, no parts of your username. At least 1 day(s) must have elapsed since you last changed your password."
		assert.JSONEq(t, `[{"errorSummary":"password: `+sentence+`"}]`, string(cause))

		broken, err := o.plane.CheckPassword(ctx, sim.Okta, isaac, secret.New("Isaac1234"))
		require.NoError(t, err)
		assert.Equal(t, []control.Violation{
			{Rule: "minLength", Limit: 10, Text: sentence}, {Rule: "minSymbol", Limit: 1, Text: sentence}, {Rule: "excludeUsername", Text: sentence},
		}, broken)
		broken, err = o.plane.CheckPassword(ctx, sim.Okta, isaac, secret.New(next))
		require.NoError(t, err)
		assert.Equal(t, []control.Violation{{Rule: "minAgeMinutes", Limit: 1440, Text: sentence}}, broken)
		_, err = o.plane.CheckPassword(ctx, sim.Okta, "nobody@example.com", secret.New(next))
		require.ErrorContains(t, err, `userName: okta has no user "nobody@example.com"`)

		target, err := o.plane.Target(ctx, sim.Okta)
		require.NoError(t, err)
		policy, _ := target.Policy.(map[string]any)
		age, _ := policy["age"].(map[string]any)
		assert.InDelta(t, 1440, age["minAgeMinutes"], 0)

		require.ErrorContains(t, o.plane.SetPolicy(ctx, sim.Okta, map[string]any{"minLength": 10}), `unknown field "minLength"`)
		require.ErrorContains(t, o.plane.SetPolicy(ctx, sim.Okta, map[string]any{"complexity": map[string]any{"minNumber": 2}}), "okta.policy.complexity.minNumber: 2 is not within 0 to 1")
	})
}

func TestOktaGroupPolicy(t *testing.T) {
	inOrg(t, func(ctx context.Context, o *org) {
		code, group := o.ask(ctx, http.MethodPost, "/api/v1/groups", `{"profile":{"name":"Admins"}}`)
		require.Equal(t, http.StatusOK, code)
		id, _ := group["id"].(string)
		long := map[string]any{"complexity": map[string]any{"minLength": 20}}
		policies, err := o.plane.SetGroupPolicy(ctx, sim.Okta, "Admins", 0, []string{"Admins"}, long)
		require.NoError(t, err)
		require.Len(t, policies, 1)
		assert.Equal(t, []string{id}, policies[0].Groups)

		code, _ = o.write(ctx, next)
		assert.Equal(t, http.StatusOK, code, "he is no member")
		user, err := o.plane.User(ctx, sim.Okta, isaac)
		require.NoError(t, err)
		o.ask(ctx, http.MethodPut, "/api/v1/groups/"+id+"/users/"+user.ID, "")
		code, _ = o.write(ctx, next+"x")
		assert.Equal(t, http.StatusBadRequest, code)

		policies, err = o.plane.SetGroupPolicy(ctx, sim.Okta, "Admins", 0, []string{id}, map[string]any{})
		require.NoError(t, err)
		require.Len(t, policies, 1, "it is replaced")
		code, _ = o.write(ctx, next+"y")
		assert.Equal(t, http.StatusOK, code)
		removed, err := o.plane.RemoveGroupPolicy(ctx, sim.Okta, "Admins")
		require.NoError(t, err)
		assert.True(t, removed)
		_, err = o.plane.SetGroupPolicy(ctx, sim.Okta, "x", 0, []string{"Nobody"}, long)
		require.ErrorContains(t, err, `okta.policy.groups[0]: there is no group "Nobody"`)
		_, err = o.plane.SetGroupPolicy(ctx, sim.Okta, "Default Policy", 0, nil, long)
		require.ErrorContains(t, err, "is the default policy")
	})
}

func TestReadOnly(t *testing.T) {
	inOrg(t, func(ctx context.Context, o *org) {
		require.NoError(t, o.plane.SetReadOnly(ctx, sim.Okta, true))
		target, err := o.plane.Target(ctx, sim.Okta)
		require.NoError(t, err)
		assert.True(t, target.ReadOnly)
		code, answer := o.write(ctx, next)
		assert.Equal(t, http.StatusServiceUnavailable, code)
		assert.Equal(t, "E0000010", answer["errorCode"])
		status, _ := o.seen(ctx)
		assert.Equal(t, "ACTIVE", status, "reads go on")
		assert.True(t, o.logIn(ctx, initial).OK)
		require.NoError(t, o.plane.SetReadOnly(ctx, sim.Okta, false))
		code, _ = o.write(ctx, next)
		assert.Equal(t, http.StatusOK, code)
	})
}

// The share of a token is felt, told, and begins anew with the windows.
func TestOktaLimits(t *testing.T) {
	inOrg(t, func(ctx context.Context, o *org) {
		limits, err := o.plane.SetTier(ctx, sim.Okta, "free")
		require.NoError(t, err)
		assert.Contains(t, limits, control.Limit{Bucket: "/api/v1/users", PerMinute: 100})
		require.NoError(t, o.plane.SetTokenShare(ctx, sim.Okta, 3))
		require.NoError(t, o.plane.SetConcurrentLimit(ctx, sim.Okta, 5))
		list := func() int {
			code, _ := o.ask(ctx, http.MethodGet, "/api/v1/users", "")
			return code
		}
		for range 3 {
			assert.Equal(t, http.StatusOK, list())
		}
		assert.Equal(t, http.StatusTooManyRequests, list())
		target, err := o.plane.Target(ctx, sim.Okta)
		require.NoError(t, err)
		assert.Equal(t, []any{"free", 3, 5}, []any{target.Tier, target.TokenShare, target.ConcurrentLimit})
		assert.Contains(t, target.Limits, control.Limit{Bucket: "/api/v1/users", PerMinute: 100, Admitted: 3, Refused: 1})

		limits, err = o.plane.ResetRates(ctx, sim.Okta)
		require.NoError(t, err)
		assert.Contains(t, limits, control.Limit{Bucket: "/api/v1/users", PerMinute: 100})
		assert.Equal(t, http.StatusOK, list())
		require.ErrorContains(t, o.plane.SetTokenShare(ctx, sim.Okta, 101), "okta.tokenShare: 101 is not within 1 to 100")
		_, err = o.plane.SetTier(ctx, sim.Okta, "premium")
		require.ErrorContains(t, err, `okta.plan: there is no plan "premium"`)

		limits, err = o.plane.SetTier(ctx, sim.Okta, "")
		require.NoError(t, err)
		assert.Contains(t, limits, control.Limit{Bucket: "/api/v1/users", PerMinute: 1_000_000})
	})
}

func TestOktaConcurrentLimit(t *testing.T) {
	inOrg(t, func(ctx context.Context, o *org) {
		require.NoError(t, o.plane.SetConcurrentLimit(ctx, sim.Okta, 1))
		_, err := o.plane.AddFault(ctx, sim.Okta, control.FaultInput{Kind: "latency", Latency: &control.LatencyInput{Constant: time.Second}})
		require.NoError(t, err)
		first := make(chan int, 1)
		go func() {
			code, _ := o.ask(ctx, http.MethodGet, path, "")
			first <- code
		}()
		synctest.Wait()
		code, _ := o.ask(ctx, http.MethodGet, path, "")
		assert.Equal(t, http.StatusTooManyRequests, code)
		assert.Equal(t, http.StatusOK, <-first)
	})
}

// An API token ends, and comes back when it is registered again.
func TestOktaTokens(t *testing.T) {
	inOrg(t, func(ctx context.Context, o *org) {
		target, err := o.plane.Target(ctx, sim.Okta)
		require.NoError(t, err)
		assert.Contains(t, target.Clients, "seatrial")
		n, err := o.plane.ExpireTokens(ctx, sim.Okta, "")
		require.NoError(t, err)
		assert.Zero(t, n, "API tokens lapse by disuse only")
		n, err = o.plane.ExpireTokens(ctx, sim.Okta, "seatrial")
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		code, answer := o.write(ctx, next)
		assert.Equal(t, http.StatusUnauthorized, code)
		assert.Equal(t, "E0000011", answer["errorCode"])
		journal, err := o.plane.JournalAll(ctx, control.JournalQuery{Target: sim.Okta, Token: "expired"})
		require.NoError(t, err)
		require.Len(t, journal.Entries, 1)
		assert.Equal(t, "seatrial", journal.Entries[0].Client, "the journal knows whose it was")

		again := control.ClientInput{ID: "seatrial", Secret: o.world.OktaToken(), Roles: []string{"HELP_DESK_ADMIN"}}
		require.NoError(t, o.plane.RegisterClient(ctx, sim.Okta, again))
		code, answer = o.write(ctx, next)
		assert.Equal(t, http.StatusForbidden, code, "a help desk sets no passwords")
		assert.Equal(t, "E0000006", answer["errorCode"])
		again.Roles = nil
		require.NoError(t, o.plane.RegisterClient(ctx, sim.Okta, again))
		code, _ = o.write(ctx, next)
		assert.Equal(t, http.StatusOK, code)
		n, err = o.plane.RevokeTokens(ctx, sim.Okta, "")
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		code, _ = o.write(ctx, next)
		assert.Equal(t, http.StatusUnauthorized, code)

		require.NoError(t, o.plane.Reset(ctx, sim.Okta))
		o.add(ctx)
		code, _ = o.write(ctx, next)
		assert.Equal(t, http.StatusOK, code, "a reset brings tokens back")
		again.Roles = []string{"KING"}
		require.ErrorContains(t, o.plane.RegisterClient(ctx, sim.Okta, again), `there is no role "KING"`)
	})
}

// What the invariants read: operation, outcome, reason and digest of each exchange, in the same words as the domain's.
func TestOktaJournal(t *testing.T) {
	inOrg(t, func(ctx context.Context, o *org) {
		last := func() control.Entry {
			t.Helper()
			journal, err := o.plane.JournalAll(ctx, control.JournalQuery{Target: sim.Okta})
			require.NoError(t, err)
			return journal.Entries[len(journal.Entries)-1]
		}
		digests, err := o.plane.Digests(ctx, secret.New(next))
		require.NoError(t, err)
		change := `{"credentials":{"password":{"value":"` + next + `"}}}`
		for _, c := range []struct {
			name                       string
			before                     func() error
			method, path, body         string
			operation, outcome, reason string
			digest                     bool
		}{
			{"a write", nil, http.MethodPost, path, change, "write_password", "accepted", "", true},
			{"a write by PUT", nil, http.MethodPut, path, change, "write_password", "accepted", "", true},
			{"history", nil, http.MethodPost, path + "?strict=true", change, "write_password", "refused", "policy", true},
			{"another attribute", nil, http.MethodPost, path, `{"profile":{"nickName":"Ike"}}`, "update", "", "", false},
			{"nonsense", nil, http.MethodPost, path, `{`, "update", "", "malformed", false},
			{"a creation", nil, http.MethodPost, "/api/v1/users", `{"profile":{"login":"b@example.com","email":"b@example.com","firstName":"B","lastName":"B"},"credentials":{"password":{"value":"` + next + `"}}}`, "create", "accepted", "", true},
			{"a second one", nil, http.MethodPost, "/api/v1/users", `{"profile":{"login":"b@example.com","email":"b@example.com","firstName":"B","lastName":"B"}}`, "create", "refused", "duplicate", false},
			{"a read", nil, http.MethodGet, path, "", "read", "", "", false},
			{"a search", nil, http.MethodGet, "/api/v1/users?search=status+eq+%22ACTIVE%22", "", "find", "", "", false},
			{"nobody", nil, http.MethodPost, "/api/v1/users/nobody@example.com", change, "write_password", "refused", "not_found", true},
			{"a federated user", func() error {
				_, err := o.plane.SetProvider(ctx, sim.Okta, "FEDERATION", "b@example.com")
				return err
			}, http.MethodPost, "/api/v1/users/b@example.com", change, "write_password", "refused", "federated", true},
			{"a first DELETE", nil, http.MethodDelete, "/api/v1/users/b@example.com", "", "deactivate", "", "", false},
			{"an inactive user", func() error {
				_, err := o.plane.SetProvider(ctx, sim.Okta, "OKTA", "b@example.com")
				return err
			}, http.MethodPost, "/api/v1/users/b@example.com", change, "write_password", "refused", "inactive", true},
			{"a second DELETE", nil, http.MethodDelete, "/api/v1/users/b@example.com", "", "delete", "", "", false},
			{"read only", func() error { return o.plane.SetReadOnly(ctx, sim.Okta, true) }, http.MethodPost, path, change, "update", "", "unavailable", false},
			{"too much", func() error {
				return o.plane.SetTokenShare(ctx, sim.Okta, 1)
			}, http.MethodPost, path, change, "update", "", "throttled", false},
		} {
			if c.before != nil {
				require.NoError(t, c.before(), c.name)
			}
			if c.name == "too much" {
				for range 5 {
					o.write(ctx, next)
				}
			}
			o.ask(ctx, c.method, c.path, c.body)
			e := last()
			got := []any{e.Operation, e.Outcome, e.Reason, e.Digest == digests[0]}
			assert.Equal(t, []any{c.operation, c.outcome, c.reason, c.digest}, got, c.name)
			assert.Empty(t, e.Surprise, c.name)
		}
		writes, err := o.plane.PasswordWrites(ctx, sim.Okta)
		require.NoError(t, err)
		reasons := map[string]int{}
		for _, w := range writes.Writes {
			reasons[w.Reason]++
		}
		assert.Equal(t, map[string]int{"": 3, "policy": 1, "not_found": 1, "federated": 1, "inactive": 1}, reasons)
	})
}

// What a target lacks is told with its name; the rest of it is empty.
func TestAbilities(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		config := sim.DefaultConfig()
		config.Run = sim.Simulators()
		world, err := sim.New(config, network.Memory())
		require.NoError(t, err)
		require.NoError(t, world.Start(ctx))
		defer func() { require.NoError(t, world.Stop(ctx)) }()
		plane := world.Control()
		for name, c := range map[string]struct {
			call func() error
			want string
		}{
			"maintenance": {func() error { return plane.SetMaintenance(ctx, sim.Okta, true, 0) }, "target: okta has no maintenance as a whole"},
			"outbox":      {func() error { _, err := plane.Outbox(ctx, sim.Okta, ""); return err }, "target: okta has no outbox"},
			"status":      {func() error { _, err := plane.SetStatus(ctx, sim.IDCS, "active"); return err }, "target: idcs has no statuses and providers"},
			"provider":    {func() error { _, err := plane.SetProvider(ctx, sim.IDCS, "OKTA"); return err }, "target: idcs has no statuses and providers"},
			"read only":   {func() error { return plane.SetReadOnly(ctx, sim.IDCS, true) }, "target: idcs has no read-only mode"},
			"share":       {func() error { return plane.SetTokenShare(ctx, sim.IDCS, 50) }, "target: idcs has no shares of tokens"},
			"tasks":       {func() error { _, err := plane.Tasks(ctx, sim.IDCS); return err }, "target: idcs has no provisioning"},
			"changelog":   {func() error { _, err := plane.TrimChangelog(ctx, sim.Okta, 0); return err }, "target: okta has no changelog"},
			"lag":         {func() error { return plane.SetReplicationLag(ctx, sim.IDCS, 0) }, "target: idcs has no replicas"},
			"hashes":      {func() error { return plane.SetPasswordReadable(ctx, sim.IDCS, true) }, "target: idcs has no account that reads"},
			"sign-ins":    {func() error { _, err := plane.SignIns(ctx, sim.IDCS, nil); return err }, "target: idcs has no users who sign in"},
			"nobody":      {func() error { return plane.SetReadOnly(ctx, "saturn", true) }, `there is no "saturn" in this world; there is idcs, okta, spoke, ds`},
		} {
			require.ErrorContains(t, c.call(), c.want, name)
		}
		target, err := plane.Target(ctx, sim.IDCS)
		require.NoError(t, err)
		assert.Equal(t, []any{0, 0, false}, []any{target.TokenShare, target.ConcurrentLimit, target.ReadOnly})
		target, err = plane.Target(ctx, sim.Spoke)
		require.NoError(t, err)
		assert.Equal(t, []any{"workforce", 50, 75}, []any{target.Tier, target.TokenShare, target.ConcurrentLimit})
	})
}
