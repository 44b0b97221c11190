package syncer

import (
	"sync"
	"time"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
)

type step = idcstest.Step

type script func(call string, n int, user string) *step

// writes applies a step to writes only.
func writes(f func(n int, user string) *step) script {
	return func(call string, n int, user string) *step {
		if call == "write" {
			return f(n, user)
		}
		return nil
	}
}

// first applies a step to the first n writes.
func first(count int, s step) script {
	return writes(func(n int, _ string) *step {
		if n <= count {
			return &s
		}
		return nil
	})
}

func slowWrites(d time.Duration) script {
	return writes(func(int, string) *step { return &step{Delay: d} })
}

// until applies a step to every request but those for tokens until a moment.
func until(end time.Time, s step) script {
	return func(call string, _ int, _ string) *step {
		if call != "token" && time.Now().Before(end) {
			return &s
		}
		return nil
	}
}

// bucket answers 429 beyond a rate, as a domain's limit does.
func bucket(perSecond, burst float64, refused func()) script {
	var mu sync.Mutex
	level, last := burst, time.Now()
	return func(call string, _ int, _ string) *step {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		level = min(burst, level+now.Sub(last).Seconds()*perSecond)
		last = now
		if call == "token" {
			return nil
		}
		if level < 1 {
			refused()
			return &step{Status: 429}
		}
		level--
		return nil
	}
}
