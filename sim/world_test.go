package sim

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/population"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(ctx context.Context, client *http.Client, url string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// The same world over sockets and in memory.
func TestWorld(t *testing.T) {
	use := func(t *testing.T, n network.Network) {
		t.Helper()
		ctx := t.Context()
		world, err := New(DefaultConfig(), n)
		require.NoError(t, err)
		assert.Empty(t, world.ExternalURL("idcs"), "not before the start")
		require.NoError(t, world.Start(ctx))

		added, err := world.Populate(ctx, "idcs", population.Generate(7, 20))
		require.NoError(t, err)
		assert.Equal(t, 20, added)
		seen, err := world.Control().World(ctx)
		require.NoError(t, err)
		assert.Equal(t, 20, seen.Targets[0].Users)
		assert.Equal(t, world.ExternalURL("idcs"), seen.Targets[0].URL)

		for _, url := range []string{world.URL("idcs") + "/admin/v1/Users", world.ExternalURL("idcs") + "/admin/v1/Users"} {
			status, err := get(ctx, world.HTTPClient(), url)
			require.NoError(t, err, url)
			assert.Equal(t, http.StatusUnauthorized, status, "no token")
		}
		assert.Empty(t, world.URL("okta"))
		assert.Empty(t, world.ExternalURL("okta"))

		// Who does not know the CA does not get in.
		stranger := network.Client(n, x509.NewCertPool())
		_, err = get(ctx, stranger, world.URL("idcs"))
		var unknown x509.UnknownAuthorityError
		assert.ErrorAs(t, err, &unknown)
		stranger.CloseIdleConnections()

		require.ErrorContains(t, world.Start(ctx), "started before")
		require.NoError(t, world.Stop(ctx))
		require.NoError(t, world.Stop(ctx), "once more does no harm")
		_, err = get(ctx, world.HTTPClient(), world.URL("idcs"))
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	}
	t.Run("in memory, in virtual time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { use(t, network.Memory()) })
	})
	t.Run("over sockets", func(t *testing.T) { use(t, network.TCP("127.0.0.1")) })
}

// A request that would never end does not keep the world from stopping: it is cut when its grace is over.
func TestStopCutsWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		world, err := New(DefaultConfig(), network.Memory())
		require.NoError(t, err)
		require.NoError(t, world.Start(ctx))
		_, err = world.Control().AddFault(ctx, "idcs", control.FaultInput{Kind: "hang"})
		require.NoError(t, err)
		hung := make(chan error, 1)
		go func() {
			_, err := get(ctx, world.HTTPClient(), world.URL("idcs"))
			hung <- err
		}()
		synctest.Wait()
		started := time.Now()
		require.NoError(t, world.Stop(ctx))
		assert.GreaterOrEqual(t, time.Since(started), grace)
		assert.Less(t, time.Since(started), grace+time.Second)
		assert.Error(t, <-hung)
	})
}

// A request that ends by itself within the grace gets its answer.
func TestStopWaitsForRequestsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		world, err := New(DefaultConfig(), network.Memory())
		require.NoError(t, err)
		require.NoError(t, world.Start(ctx))
		_, err = world.Control().AddFault(ctx, "idcs", control.FaultInput{
			Kind: "latency", Latency: &control.LatencyInput{Constant: time.Second},
		})
		require.NoError(t, err)
		answered := make(chan int, 1)
		go func() {
			status, _ := get(ctx, world.HTTPClient(), world.URL("idcs")+"/admin/v1/Users")
			answered <- status
		}()
		synctest.Wait()
		require.NoError(t, world.Stop(ctx))
		assert.Equal(t, http.StatusUnauthorized, <-answered)
	})
}

func TestStopEndsWithinItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world, err := New(DefaultConfig(), network.Memory())
		require.NoError(t, err)
		require.NoError(t, world.Start(t.Context()))
		_, err = world.Control().AddFault(t.Context(), "idcs", control.FaultInput{Kind: "hang"})
		require.NoError(t, err)
		go func() { _, _ = get(t.Context(), world.HTTPClient(), world.URL("idcs")) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		started := time.Now()
		_ = world.Stop(ctx) // may be told that the connection has not quite ended
		assert.Less(t, time.Since(started), 200*time.Millisecond)
	})
}

func TestStartReportsAPortInUse(t *testing.T) {
	var listen net.ListenConfig
	taken, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	config := DefaultConfig()
	n := network.TCPPorts("127.0.0.1", map[string]int{config.ControlHost: taken.Addr().(*net.TCPAddr).Port})
	world, err := New(config, n)
	require.NoError(t, err)
	err = world.Start(t.Context())
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	assert.ErrorContains(t, err, "world: start control")
	_, err = get(t.Context(), world.HTTPClient(), world.URL("idcs"))
	assert.ErrorIs(t, err, syscall.ECONNREFUSED, "the domain had started and is closed again")
}

func TestStartObeysItsContext(t *testing.T) {
	world, err := New(DefaultConfig(), network.Memory())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, world.Start(ctx), context.Canceled)
}

// A seed repeats its world: secrets, digests and ids, not only names.
func TestSeedRepeatsTheWorld(t *testing.T) {
	type trace struct{ clientSecret, token, digest, id string }
	of := func(seed random.Seed) trace {
		var got trace
		synctest.Test(t, func(t *testing.T) {
			config := DefaultConfig()
			config.Seed = seed
			world, err := New(config, network.Memory())
			require.NoError(t, err)
			require.NoError(t, world.Start(t.Context()))
			defer func() { require.NoError(t, world.Stop(t.Context())) }()
			users, err := world.Control().GenerateUsers(t.Context(), "idcs", 1)
			require.NoError(t, err)
			digests, err := world.Control().Digests(t.Context(), secret.New("p"))
			require.NoError(t, err)
			got = trace{world.ClientSecret().Reveal(), world.ControlToken().Reveal(), digests[0], users[0].ID}
		})
		return got
	}
	first, other := of(1), of(2)
	assert.Equal(t, first, of(1))
	assert.NotEqual(t, first.clientSecret, other.clientSecret)
	assert.NotEqual(t, first.token, other.token)
	assert.NotEqual(t, first.digest, other.digest)
	assert.NotEqual(t, first.id, other.id)
	assert.NotEqual(t, first.clientSecret, first.token)
	assert.Len(t, first.token, 40)
}

func TestConfigSaysEveryMistake(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no control host":  {func(c *Config) { c.ControlHost = "" }, `world: controlHost: "" is not a host name`},
		"a URL":            {func(c *Config) { c.ControlHost = "https://x" }, `controlHost: "https://x" is not a host name`},
		"the same host":    {func(c *Config) { c.ControlHost = strings.ToUpper(c.IDCS.Host) }, "is the host of the identity domain, too"},
		"no journal":       {func(c *Config) { c.JournalCapacity = 0 }, "journalCapacity: 0 is below 1"},
		"an empty name":    {func(c *Config) { c.Names = []string{"ok", ""} }, `names[1]: "" is neither`},
		"the domain's own": {func(c *Config) { c.IDCS.TokenLifetime = 0 }, "idcs.tokenLifetime"},
		"two at once":      {func(c *Config) { c.JournalCapacity = 0; c.IDCS.Host = "" }, "journalCapacity"},
	} {
		t.Run(name, func(t *testing.T) {
			config := DefaultConfig()
			c.change(&config)
			_, err := New(config, network.Memory())
			assert.ErrorContains(t, err, c.want)
		})
	}
	config := DefaultConfig()
	config.JournalCapacity, config.IDCS.Host = 0, ""
	_, err := New(config, network.Memory())
	assert.ErrorContains(t, err, "journalCapacity")
	assert.ErrorContains(t, err, "idcs.host")
}
