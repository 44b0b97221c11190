package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/sim/kernel/clock"
)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clock.Clock
		start := time.Now().UTC()
		assert.Equal(t, start, c.Now(), "an untouched clock shows the real time")

		assert.Equal(t, 24*time.Hour, c.Turn(24*time.Hour))
		assert.Equal(t, start.Add(24*time.Hour), c.Now())
		assert.Equal(t, 20*time.Hour, c.Turn(-4*time.Hour), "turns add up, backwards too")

		time.Sleep(time.Minute)
		assert.Equal(t, start.Add(20*time.Hour+time.Minute), c.Now(), "a turned clock still runs")

		c.Reset()
		assert.Equal(t, start.Add(time.Minute), c.Now())
		assert.Zero(t, c.Offset())
	})
}
