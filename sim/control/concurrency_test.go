package control_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/control"
)

// Many hands at the control plane while an engine works: nothing is lost, and whoever reads meanwhile misses no write.
func TestManyHands(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		require.NoError(t, b.plane.SetPolicy(ctx, "idcs", map[string]any{"minLength": 1}))
		b.engineStarts(ctx)
		const hands, rounds = 4, 10
		var users []string
		for i := range hands {
			users = append(users, fmt.Sprintf("user%d", i))
		}
		b.add(ctx, users...)
		var group sync.WaitGroup
		for _, user := range users {
			group.Go(func() {
				for round := range rounds {
					assert.Equal(t, http.StatusOK, b.write(ctx, user, fmt.Sprintf("Pass-%d", round)))
				}
			})
			group.Go(func() {
				for range rounds {
					_, err := b.plane.SetFederated(ctx, "idcs", false, users...)
					assert.NoError(t, err)
					fault, err := b.plane.AddFault(ctx, "idcs", control.FaultInput{Kind: "hang", Route: "GET /nowhere"})
					assert.NoError(t, err)
					_, err = b.plane.RemoveFaults(ctx, "idcs", fault.ID)
					assert.NoError(t, err)
					_, err = b.plane.GenerateUsers(ctx, "idcs", 1)
					assert.NoError(t, err)
				}
			})
		}
		group.Go(func() {
			for range rounds {
				writes, err := b.plane.PasswordWrites(ctx, "idcs")
				assert.NoError(t, err)
				for i := 1; i < len(writes.Writes); i++ {
					assert.Less(t, writes.Writes[i-1].Sequence, writes.Writes[i].Sequence)
				}
			}
		})
		group.Wait()
		writes, err := b.plane.PasswordWrites(ctx, "idcs")
		require.NoError(t, err)
		assert.Len(t, writes.Writes, hands*rounds)
		all, err := b.plane.Users(ctx, "idcs")
		require.NoError(t, err)
		assert.Len(t, all, hands+hands*rounds)
	})
}
