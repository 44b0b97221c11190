package scenarios_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/syncer/forecast"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target/idcs"
)

var somebody = forecast.Person{UserName: "jdx4471", GivenName: "Quentin", FamilyName: "Marlowe"}

// The forecast and the simulator have a model each of what the domain refuses. They were written apart and agree.
func TestForecastAndSimulatorReadOnePolicyAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attributes := map[string]any{}
		number := func(name string, most int) {
			if n := rapid.IntRange(0, most).Draw(t, name); n > 0 {
				attributes[name] = n
			}
		}
		for _, bound := range []struct {
			name string
			most int
		}{
			{"minLength", 14},
			{"maxLength", 12},
			{"minAlphas", 5},
			{"minNumerals", 4},
			{"minAlphaNumerals", 8},
			{"minSpecialChars", 3},
			{"maxSpecialChars", 3},
			{"minLowerCase", 3},
			{"minUpperCase", 3},
			{"minUniqueChars", 9},
			{"maxRepeatedChars", 3},
		} {
			number(bound.name, bound.most)
		}
		text := func(name string, values ...string) {
			if v := rapid.SampledFrom(values).Draw(t, name); v != "" {
				attributes[name] = v
			}
		}
		text("requiredChars", "", "", "-", "aZ")
		text("allowedChars", "", "", "", "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-!é")
		text("disallowedChars", "", "", "!?", "0é")
		for _, name := range []string{"startsWithAlphabet", "firstNameDisallowed", "lastNameDisallowed", "userNameDisallowed"} {
			attributes[name] = rapid.Bool().Draw(t, name)
		}
		if rapid.Bool().Draw(t, "words") {
			attributes["disallowedSubstrings"] = []string{"abc", "1!"}
		}
		if n := rapid.IntRange(0, 3).Draw(t, "sets"); n > 0 {
			attributes["characterSets"], attributes["minCharacterSets"] = []string{"u:A-Z", "n:0-9", "s:!@#-_"}, n
		}
		encoded, err := json.Marshal(attributes)
		if err != nil {
			t.Fatal(err)
		}
		simulated, err := policy.Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		domain, err := forecast.ReadDomain(encoded)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			password := rapid.SampledFrom([]string{"", "", "quentin", "MARLOWE", "jDx4471", "ABC"}).Draw(t, "part") +
				rapid.StringOfN(rapid.RuneFrom([]rune("abcXYZ0129-!?_é中€")), 1, 16, -1).Draw(t, "password")
			var want []string
			for _, v := range simulated.Check(secret.New(password), policy.Subject{
				UserName: somebody.UserName, GivenName: somebody.GivenName, FamilyName: somebody.FamilyName,
			}) {
				want = append(want, string(v.Rule))
			}
			got := slices.Compact(domain.Policies[0].Refuses(password, somebody))
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Fatalf("%q: the simulator refuses by %v, the forecast by %v: %s", password, want, got, encoded)
			}
		}
	})
}

// The forecast asks a domain for its policies, and the domain confirms every witness.
func TestForecastOfASimulatedDomain(t *testing.T) {
	t.Parallel()
	world, err := sim.New(sim.DefaultConfig(), network.Memory())
	require.NoError(t, err)
	require.NoError(t, world.Start(t.Context()))
	defer func() { assert.NoError(t, world.Stop(t.Context())) }()
	require.NoError(t, world.Control().SetPolicy(t.Context(), "idcs", map[string]any{
		"minLength": 14, "maxLength": 30, "minLowerCase": 1, "minUpperCase": 1, "minSpecialChars": 1, "maxSpecialChars": 3,
		"minUniqueChars": 6, "maxRepeatedChars": 2, "startsWithAlphabet": true, "disallowedChars": "<>",
		"disallowedSubstrings": []string{"acme"}, "firstNameDisallowed": true, "lastNameDisallowed": true, "userNameDisallowed": true,
		"numPasswordsInHistory": 4,
	}))

	config := idcs.DefaultConfig()
	config.URL, config.ClientID, config.ClientSecret = world.URL("idcs"), world.ClientID(), seal.Secret(world.ClientSecret().Reveal())
	target, err := idcs.New(config, idcs.Environment{DialContext: world.Network().DialContext, RootCAs: world.Authority().Pool()})
	require.NoError(t, err)
	defer target.Close()

	domain, err := forecast.AskDomain(t.Context(), target)
	require.NoError(t, err)
	require.Len(t, domain.Policies, 1)
	assert.Empty(t, domain.Remarks)
	result, err := forecast.Compare(forecast.DefaultIDM().Policy(), domain.Policies[0].Policy)
	require.NoError(t, err)
	assert.Empty(t, result.Undecided)
	require.Len(t, result.Gaps, 14)
	require.NoError(t, forecast.Confirm(t.Context(), target, result.Gaps))
	for _, g := range result.Gaps {
		assert.Regexp(t, "^refused: [^.]+[.]$", g.Confirmed, "%s: one rule for %q", g.Rule, g.Witness)
	}
}
