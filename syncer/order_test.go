package syncer

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/source/hook"
)

func TestChangesOfOneUserNeverCross(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.domain.Script = slowWrites(3 * time.Second)
		r.start()
		one := r.submit("a", "Password-1")
		time.Sleep(time.Second) // The first is being written.
		two := r.submit("A", "Password-2")
		time.Sleep(time.Millisecond)
		three := r.submit("a", "Password-3")
		r.settled(3, time.Minute)
		assert.Equal(t, hook.Applied, r.status(one).State)
		assert.Equal(t, hook.Superseded, r.status(two).State)
		assert.Equal(t, hook.Applied, r.status(three).State)
		writes := r.domain.Applied()
		require.Len(t, writes, 2, "the second was never sent")
		assert.Equal(t, "Password-1", writes[0].Password)
		assert.Equal(t, "Password-3", writes[1].Password)
		assert.Equal(t, "Password-3", r.domain.User("a").Password)
		r.close()
	})
}

func TestANewerChangeTakesOver(t *testing.T) {
	tests := map[string]struct {
		trouble step
		after   time.Duration // when the newer change comes
		within  time.Duration // how long it then takes
	}{
		"while the older waits for a retry":      {step{Status: 503}, time.Second, time.Second},
		"while the older is looked into":         {step{Cut: true}, time.Second, time.Second},
		"while the older waits for the schedule": {step{Status: 503}, time.Minute, time.Second},
		// The quiet that the target asks for is for everybody, and holds for the newer change, too.
		"while the older waits for Retry-After": {step{Status: 503, RetryAfter: "600"}, time.Minute, 11 * time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.domain.Add("a")
				healed := time.Now().Add(tt.after)
				r.domain.Script = writes(func(int, string) *step {
					if time.Now().Before(healed) {
						return &tt.trouble
					}
					return nil
				})
				r.start()
				older := r.submit("a", "Password-1")
				time.Sleep(tt.after)
				newer := r.submit("a", "Password-2")
				r.settled(2, tt.within)
				assert.Equal(t, hook.Superseded, r.status(older).State)
				assert.Equal(t, hook.Applied, r.status(newer).State)
				time.Sleep(time.Hour)
				assert.Equal(t, "Password-2", r.domain.User("a").Password)
				assert.Len(t, r.domain.Applied(), 1)
				assert.Len(t, r.trail(), 2)
				r.close()
			})
		})
	}
}

func TestTwoChangesCrossUnderThrottling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.domain.Script = first(1, step{Status: 429, Delay: 500 * time.Millisecond})
		r.start()
		older := r.submit("a", "Password-1")
		time.Sleep(100 * time.Millisecond)
		newer := r.submit("a", "Password-2")
		r.settled(2, time.Minute)
		assert.Equal(t, hook.Superseded, r.status(older).State)
		assert.Equal(t, hook.Applied, r.status(newer).State)
		assert.GreaterOrEqual(t, gaps(r.domain.Log("write"))[0], 1800*time.Millisecond, "the pause holds for the newer change too")
		r.close()
	})
}

func TestAQuickSecondEditIsOneWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Add("a")
		r.start()
		r.submit("a", "Password-1")
		r.submit("a", "Password-2") // In virtual time, at the same moment.
		r.settled(2, time.Second)
		assert.Len(t, r.domain.Log("write"), 1)
		assert.Equal(t, "Password-2", r.domain.User("a").Password)
		r.close()
	})
}

func TestManyUsersManyChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.domain.Remember = 4
		r.domain.Script = func(call string, n int, _ string) *step {
			switch {
			case call == "token":
				return nil
			case n%11 == 0:
				return &step{Status: 503}
			case n%13 == 0:
				return &step{Lose: true}
			case n%17 == 0:
				return &step{Cut: true}
			}
			return &step{Delay: time.Duration(n%7) * 40 * time.Millisecond}
		}
		for u := range 20 {
			r.domain.Add(fmt.Sprint("user-", u))
		}
		r.start()
		for i := range 10 {
			for u := range 20 {
				r.submit(fmt.Sprint("user-", u), fmt.Sprintf("Password-%d-%d", u, i))
			}
			time.Sleep(150 * time.Millisecond)
		}
		list := r.settled(200, 2*time.Hour)
		assert.Len(t, list, 200)
		applied := 0
		for _, o := range list {
			assert.NotEqual(t, hook.Parked, o.State, o.Reason)
			if o.State == hook.Applied {
				applied++
			}
		}
		for u := range 20 {
			assert.Equal(t, fmt.Sprintf("Password-%d-9", u), r.domain.User(fmt.Sprint("user-", u)).Password)
		}
		seen := map[string]bool{}
		for _, w := range r.domain.Applied() {
			assert.False(t, seen[w.Password], "%s was written twice", w.Password)
			seen[w.Password] = true
		}
		assert.GreaterOrEqual(t, len(seen), applied)
		assert.Len(t, r.trail(), 200)
		r.close()
	})
}
