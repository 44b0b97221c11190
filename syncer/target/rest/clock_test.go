package rest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestTheTargetsClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		_, _, ok := c.at(time.Now())
		assert.False(t, ok, "nothing is known before the first answer")

		c.observe(time.Time{}, time.Now(), time.Now())
		_, _, ok = c.at(time.Now())
		assert.False(t, ok, "an answer without a date")

		asked := time.Now()
		time.Sleep(slowest + 1)
		c.observe(asked, asked, time.Now())
		_, _, ok = c.at(time.Now())
		assert.False(t, ok, "an answer that took too long")

		date := time.Now().Add(time.Hour).Truncate(time.Second)
		c.observe(date, time.Now(), time.Now())
		low, high, ok := c.at(time.Now())
		assert.True(t, ok)
		assert.Equal(t, date.Add(-clockSlack).UTC(), low)
		assert.Equal(t, date.Add(time.Second+clockSlack).UTC(), high)

		time.Sleep(clockWindow - 1)
		_, _, ok = c.at(time.Now())
		assert.True(t, ok)
		time.Sleep(2 * clockWindow)
		_, _, ok = c.at(time.Now())
		assert.False(t, ok, "it may have been set since")
	})
}

func TestATargetsClockThatIsSetIsVagueForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, step := range map[string]time.Duration{"forward": time.Minute, "back": -time.Minute} {
			c := newClock()
			tell := func(ahead time.Duration) {
				c.observe(time.Now().Add(ahead).Truncate(time.Second), time.Now(), time.Now())
			}
			tell(0)
			tell(step)
			low, high, _ := c.at(time.Now())
			for _, now := range []time.Time{time.Now(), time.Now().Add(step)} {
				assert.True(t, !now.Before(low) && !now.After(high), "%s: both are possible", name)
			}
			time.Sleep(clockWindow + time.Second)
			tell(step)
			time.Sleep(clockWindow + time.Second)
			tell(step)
			low, high, _ = c.at(time.Now())
			assert.Less(t, high.Sub(low), 5*time.Second, "%s: the old one is forgotten", name)
		}
	})
}

// TestTheBoundsHold: whatever the delays on either way and the differences between nodes within the slack.
func TestTheBoundsHold(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		ms := func(name string, low, high int) time.Duration {
			return time.Duration(rapid.IntRange(low, high).Draw(r, name)) * time.Millisecond
		}
		c := newClock()
		ahead := ms("ahead", -1e7, 1e7)
		now := c.start
		for range rapid.IntRange(1, 20).Draw(r, "answers") {
			now = now.Add(ms("pause", 0, 60_000))
			asked := now
			now = now.Add(ms("there", 0, 900))
			date := now.Add(ahead).Truncate(time.Second)
			now = now.Add(ms("back", 0, 900))
			c.observe(date, asked, now)
			low, high, ok := c.at(now)
			node := now.Add(ahead + ms("node", -1000, 1000))
			if !ok || node.Before(low) || node.After(high) {
				r.Fatalf("%v is not within %v…%v", node, low, high)
			}
		}
	})
}
