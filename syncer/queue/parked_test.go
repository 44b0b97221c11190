package queue

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func parkedIDs(t *testing.T, q *Queue) []string {
	t.Helper()
	var ids []string
	for item, err := range q.Parked(t.Context()) {
		require.NoError(t, err)
		ids = append(ids, item.ID)
	}
	return ids
}

func TestParkedChangesStayUntilPurged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := at(t.TempDir())
		q := opened(t, c)
		assert.Empty(t, parkedIDs(t, q))
		for i := range 3 {
			require.NoError(t, q.Park(t.Context(), fmt.Sprint("id.", i), fmt.Append(nil, "data ", i)))
		}
		require.NoError(t, q.Park(t.Context(), "id.0", []byte("replaced")))
		require.NoError(t, q.Unpark(t.Context(), "id.1"))
		require.NoError(t, q.Unpark(t.Context(), "never parked"))
		require.NoError(t, q.Close(t.Context()))

		q, err := OpenForAdministration(t.Context(), c)
		require.NoError(t, err)
		assert.Equal(t, []string{"id.2", "id.0"}, parkedIDs(t, q), "oldest first")
		item, found, err := q.ParkedItem(t.Context(), "id.0")
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, "replaced", string(item.Data))
		assert.False(t, item.Stored.IsZero())
		_, found, err = q.ParkedItem(t.Context(), "id.1")
		require.NoError(t, err)
		assert.False(t, found)
		require.NoError(t, q.Close(t.Context()))
	})
}

func TestPurgingBesideNoEngineIsNotTakenForALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := at(t.TempDir())
		q := opened(t, c)
		publish(t, q, "waits")
		for _, id := range []string{"a", "b"} {
			require.NoError(t, q.Park(t.Context(), id, []byte(id)))
		}
		require.NoError(t, q.Close(t.Context()))

		admin, err := OpenForAdministration(t.Context(), c)
		require.NoError(t, err)
		require.NoError(t, admin.Unpark(t.Context(), "a"))
		_, err = admin.Publish(t.Context(), "x", nil)
		require.ErrorIs(t, err, ErrClosed)
		_, err = admin.Next(t.Context())
		require.ErrorIs(t, err, ErrClosed)
		require.ErrorIs(t, admin.Lead(t.Context()), ErrClosed)
		require.NoError(t, admin.Close(t.Context()))

		q = opened(t, c)
		assert.Equal(t, []string{"b"}, parkedIDs(t, q))
		assert.Equal(t, "waits", string(next(t, q).Data))
		require.NoError(t, q.Close(t.Context()))
	})
}
