package syncer

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/audit"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

func TestAChangeIsKnownOnlyWhenItIsDurable(t *testing.T) {
	l := newLedger("idcs")
	r := record{ID: "a", UserName: "u", Accepted: time.Now()}
	forget := l.begin(r)
	_, known := l.known("a")
	assert.False(t, known, "the same change submitted meanwhile must wait for the disk too")
	_, found := l.get("a")
	assert.True(t, found)
	l.queued(r)
	status, known := l.known("a")
	assert.True(t, known)
	assert.Equal(t, hook.Queued, status.State)
	forget() // Too late: it is in the queue.
	_, known = l.known("a")
	assert.True(t, known)

	forget = l.begin(record{ID: "b", Accepted: time.Now()})
	forget()
	_, found = l.get("b")
	assert.False(t, found)
}

func TestOutcomesAreNumberedAndBounded(t *testing.T) {
	l := newLedger("idcs")
	total := maxOutcomes + maxOutcomes/5
	for i := range total {
		l.finish(audit.Line{ID: fmt.Sprint(i), Outcome: "applied"}, nil)
	}
	assert.LessOrEqual(t, len(l.outcomes), maxOutcomes+maxOutcomes/10)
	assert.Len(t, l.final, len(l.outcomes))
	list, last := l.since(0, 3)
	assert.Equal(t, uint64(total), last)
	require.Len(t, list, 3)
	assert.Equal(t, l.outcomes[0].Sequence, list[0].Sequence, "what is gone is skipped")
	list, _ = l.since(uint64(total)-2, 10)
	require.Len(t, list, 2)
	assert.Equal(t, fmt.Sprint(total-1), list[1].ID)
	list, _ = l.since(uint64(total), 10)
	assert.Empty(t, list)
	s, ok := l.get(fmt.Sprint(total - 1))
	assert.True(t, ok)
	assert.Equal(t, hook.Applied, s.State)
	_, ok = l.get("0")
	assert.False(t, ok)
}
