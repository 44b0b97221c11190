package syncer

import (
	"time"

	"github.com/seatrial/seatrial/syncer/internal/idcstest"
)

type script func(call string, n int, user string) *idcstest.Step

func slowWrites(d time.Duration) script {
	return func(call string, _ int, _ string) *idcstest.Step {
		if call == "write" {
			return &idcstest.Step{Delay: d}
		}
		return nil
	}
}
