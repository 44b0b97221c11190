package sim

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/population"
)

// A world with 100000 users of Okta starts and changes as fast as one with 10: a user is added, federated and disconnected
// through the control plane, looked up, and removed.
func BenchmarkOrg(b *testing.B) {
	everybody := slices.Collect(population.AddressedLogins(population.Generate(1, 100_000)))
	for _, size := range []int{10, 10_000, 100_000} {
		build := func(b *testing.B) *World {
			b.Helper()
			config := DefaultConfig()
			config.Run = []string{Okta}
			world, err := New(config, network.Memory())
			require.NoError(b, err)
			require.NoError(b, world.Start(b.Context()))
			return world
		}
		b.Run(fmt.Sprintf("start/%d", size), func(b *testing.B) {
			// Told per user: a start is as long as there are users.
			world := build(b)
			defer func() { require.NoError(b, world.Stop(b.Context())) }()
			added := 0
			for b.Loop() {
				if added == size {
					b.StopTimer()
					world.Okta().Reset()
					added = 0
					b.StartTimer()
				}
				_, err := world.Populate(b.Context(), Okta, slices.Values([]people.Person{everybody[added]}))
				require.NoError(b, err)
				added++
			}
		})
		b.Run(fmt.Sprintf("change/%d", size), func(b *testing.B) {
			world := build(b)
			defer func() { require.NoError(b, world.Stop(b.Context())) }()
			_, err := world.Populate(b.Context(), Okta, slices.Values(everybody[:size]))
			require.NoError(b, err)
			plane, i := world.Control(), 0
			for b.Loop() {
				name := everybody[i%size].UserName
				fresh := "fresh" + strconv.Itoa(i) + "@example.com"
				i++
				_, err := plane.SetProvider(b.Context(), Okta, "FEDERATION", name)
				require.NoError(b, err)
				_, err = plane.Disconnect(b.Context(), Okta, name)
				require.NoError(b, err)
				_, err = plane.User(b.Context(), Okta, name)
				require.NoError(b, err)
				_, err = plane.AddUsers(b.Context(), Okta, []control.UserInput{{UserName: fresh, GivenName: "F", FamilyName: "F", Email: fresh}})
				require.NoError(b, err)
				_, err = plane.RemoveUsers(b.Context(), Okta, fresh)
				require.NoError(b, err)
			}
		})
	}
}
