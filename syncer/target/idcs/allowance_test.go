package idcs

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
	"github.com/seatrial/seatrial/syncer/target"
)

// TestTheTighterAllowanceCounts: an attempt makes several requests, which may have limits of their own.
func TestTheTighterAllowanceCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, x, _ := rig(t)
		d.Add("a.user")
		d.Script = func(call string, n int, _ string) *idcstest.Step {
			left := map[string]string{"find": "7", "write": strconv.Itoa(10 - 5*n)}[call]
			return &idcstest.Step{Header: map[string]string{"X-RateLimit-Remaining": left, "X-RateLimit-Reset": "30"}}
		}
		answer := x.Apply(t.Context(), job("Password-1"))
		assert.Equal(t, target.Allowance{Known: true, Remaining: 5, Reset: time.Now().Add(30 * time.Second)}, answer.Allowance)
		time.Sleep(time.Minute)
		answer = x.Apply(t.Context(), job("Password-2"))
		assert.Equal(t, 0, answer.Allowance.Remaining)
		assert.True(t, answer.Allowance.Known)
	})
}
