package loadtest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/scenarios/sut"
)

var start = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// flown is a change with its three times in milliseconds since the start.
func flown(intended, sent, done int) *change {
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	c := &change{intended: at(intended), sent: at(sent), done: at(done), applied: true}
	c.Acked = true
	return c
}

func measured(s Shape, changes ...*change) reports.Load {
	t := &trial{run: &run{plan: valid()}, shape: s, load: &reports.Load{Planned: len(changes), AskedRate: s.Rate, Concurrency: len(changes)}, started: start, changes: changes}
	t.measure()
	return *t.load
}

func TestASenderThatStallsDoesNotHideTheWaiting(t *testing.T) {
	// Ten changes a second; the third is held up for a second, and those behind it with it: from the sending, each took
	// 100 ms.
	var changes []*change
	for i := range 10 {
		due, sent := i*100, i*100
		if i >= 2 {
			sent = max(due, 1200)
		}
		changes = append(changes, flown(due, sent, sent+100))
	}
	l := measured(Shape{Rate: 10, For: time.Second}, changes...)
	assert.Equal(t, 100*time.Millisecond, l.FromSent.Max)
	assert.Equal(t, 1100*time.Millisecond, l.FromIntended.Max, "the third was due at 200 ms and done at 1300")
	assert.Equal(t, 600*time.Millisecond, l.FromIntended.P50)
	assert.Equal(t, reports.Point{Intended: 200 * time.Millisecond, Sent: 1200 * time.Millisecond, Done: 1300 * time.Millisecond, OK: true}, l.Points[2])
}

func TestEachChangeIsCountedOnce(t *testing.T) {
	lost, refused, unknown, turned := flown(0, 0, 30_000), flown(0, 0, 50), flown(0, 0, 60), flown(0, 0, 5)
	lost.applied, lost.lost = false, true
	refused.applied, refused.refusal = false, "policy"
	unknown.applied = false
	turned.applied, turned.Acked = false, false
	turned.err = fmt.Errorf("submit t-7: %w", &sut.SubmitError{Status: 503, Message: "draining"})
	broken := flown(0, 0, 5)
	broken.applied, broken.Acked, broken.err = false, false, fmt.Errorf("submit t-8: %w", assert.AnError)
	l := measured(Shape{Burst: 7}, flown(0, 0, 100), flown(0, 0, 200), lost, refused, unknown, turned, broken)
	assert.Equal(t, []int{7, 7, 5, 2, 2, 1}, []int{l.Planned, l.Sent, l.Accepted, l.Applied, l.Refused, l.Lost})
	assert.Equal(t, map[string]int{
		"not applied within 30s": 1, "refused by the target: policy": 1, "refused by the target": 1,
		"not taken by the engine: hook answered 503: draining": 1,
		"not taken by the engine: " + assert.AnError.Error():   1,
	}, l.Errors, "without the names of transactions, which would make each its own kind")
	assert.Equal(t, 150*time.Millisecond, l.FromIntended.Mean, "of the applied ones only")
	assert.Equal(t, 30*time.Second, l.Duration)
}

func TestALoadThatIsTooThinSaysSo(t *testing.T) {
	slow := make([]*change, 10)
	for i := range slow {
		slow[i] = flown(i*100, i*200, i*200+50)
	}
	l := measured(Shape{Rate: 10, For: time.Second}, slow...)
	assert.InDelta(t, 5, l.SentRate, .001)
	assert.Equal(t, []string{"only 5.0 changes a second were sent, 10 were asked for: this machine did not keep up, so this proves nothing about the rate"}, l.Reasons)

	even := make([]*change, 10)
	for i := range even {
		even[i] = flown(i*100, i*100+i%2, i*100+50)
	}
	l = measured(Shape{Rate: 10, For: time.Second}, even...)
	assert.InDelta(t, 10, l.SentRate, .02)
	assert.Empty(t, l.Reasons)

	few := make([]*change, 99)
	for i := range few {
		few[i] = flown(0, 0, 50)
	}
	few[98].sent = time.Time{}
	l = measured(Shape{Burst: 99}, few...)
	assert.Equal(t, []string{
		"only 98 of 99 changes were sent",
		"only 99 changes were in flight at once and the criteria ask for 100 (min_concurrency), so this proves nothing about a burst",
	}, l.Reasons)
}

func TestPointsOfAHugeLoadAreAnEvenSelection(t *testing.T) {
	changes := make([]*change, 12_345)
	for i := range changes {
		changes[i] = flown(i, i, i+10)
	}
	points := measured(Shape{Rate: 1000, For: 12345 * time.Millisecond}, changes...).Points
	assert.Len(t, points, pointsShown)
	assert.Zero(t, points[0].Intended)
	assert.Equal(t, 12_344*time.Millisecond, points[len(points)-1].Intended, "the last one, too")
	for i := 1; i < len(points); i++ {
		assert.InDelta(t, 2.5, (points[i].Intended-points[i-1].Intended).Seconds()*1000, 1)
	}
}

func TestAUserIsMentionedAsAWordOnly(t *testing.T) {
	assert.True(t, mentions("ann: change 3", "Ann"))
	assert.True(t, mentions("joann and ann: lost", "ann"))
	assert.False(t, mentions("joann: change 3", "ann"))
	assert.False(t, mentions("ann2: change 3", "ann"))
	assert.False(t, mentions("anything", ""))
}
