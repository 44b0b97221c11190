package random_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/sim/kernel/random"
)

func TestStreamsRepeatAndDiffer(t *testing.T) {
	draw := func(seed random.Seed, name string) []byte { return seed.Stream(name).Bytes(32) }
	assert.Equal(t, draw(7, "idcs"), draw(7, "idcs"), "same seed and name")
	assert.NotEqual(t, draw(7, "idcs"), draw(7, "okta"), "another name")
	assert.NotEqual(t, draw(7, "idcs"), draw(8, "idcs"), "another seed")
}

func TestStreamShapes(t *testing.T) {
	s := random.Seed(1).Stream("shapes")
	assert.Len(t, s.Bytes(13), 13)
	assert.Regexp(t, `^[0-9a-f]{31}$`, s.Hex(31))
	assert.Zero(t, s.Jitter(0), "no limit, no jitter")
	assert.Zero(t, s.Jitter(-time.Second))
	for range 1000 {
		assert.Less(t, s.Jitter(time.Millisecond), time.Millisecond)
		f := s.Float64()
		assert.True(t, f >= 0 && f < 1)
	}
}

func TestStreamIsSafeForConcurrentUse(*testing.T) { // the race detector is the judge
	s := random.Seed(1).Stream("shared")
	done := make(chan struct{})
	for range 8 {
		go func() {
			for range 1000 {
				s.IntN(10)
			}
			done <- struct{}{}
		}()
	}
	for range 8 {
		<-done
	}
}
