package journal

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func TestExchangeOfAnotherProtocol(t *testing.T) {
	j := New(10, secret.NewDigester([]byte("0123456789abcdef")))
	for _, status := range []int{0, 49, Unanswered} {
		ctx, x := j.Begin(t.Context(), "ds", LDAP)
		require.Same(t, x, From(ctx))
		x.Status, x.Query = status, "(userPassword=hifalutin)"
		x.Secret(secret.New("hifalutin"))
		recorded := false
		require.True(t, x.AfterRecord(func() { recorded = j.Search(Query{}).Last > 0 }))
		j.End(x)
		assert.True(t, recorded)
		assert.False(t, x.AfterRecord(func() {}), "the exchange is over")
	}
	page := j.Search(Query{Status: Unanswered})
	require.Equal(t, 1, page.Total, "success is an answer, though its code is 0")
	assert.Equal(t, uint64(3), page.Entries[0].Sequence)
	assert.Equal(t, "(userPassword=••••••••)", page.Entries[0].Query)
	assert.Equal(t, 1, j.Search(Query{Status: 49}).Total)
}
