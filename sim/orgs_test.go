package sim

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/secret"
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
		world := start(t, n, Simulators()...)
		plane := world.Control()
		for _, target := range Simulators() {
			_, err := plane.GenerateUsers(ctx, target, 3)
			require.NoError(t, err, target)
		}
		seen, err := plane.World(ctx)
		require.NoError(t, err)
		require.Len(t, seen.Targets, 3)
		for i, target := range Simulators() {
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
