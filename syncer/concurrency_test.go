package syncer

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
)

// The target never sees more calls at once than the configuration says, and sees as many.
func TestTheTargetSeesNoMoreCallsThanAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const takes, users, allowed = 100 * time.Millisecond, 40, 4
		r := newRig(t)
		defer r.close()
		r.config.Concurrency = allowed
		r.domain.Script = func(string, int, string) *idcstest.Step { return &idcstest.Step{Delay: takes} }
		for u := range users {
			r.domain.Add(fmt.Sprint("user-", u))
		}
		r.start()
		for u := range users {
			r.submit(fmt.Sprint("user-", u), fmt.Sprintf("Password-%d", u))
		}
		r.settled(users, time.Minute)
		most := 0
		all := r.domain.Log("find", "write")
		for _, e := range all {
			atOnce := 0
			for _, other := range all {
				if !other.At.After(e.At) && e.At.Sub(other.At) < takes {
					atOnce++
				}
			}
			most = max(most, atOnce)
		}
		assert.Equal(t, allowed, most)
	})
}
