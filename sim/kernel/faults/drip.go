package faults

import (
	"time"

	"github.com/seatrial/seatrial/sim/kernel/random"
)

// maxDrip is the fastest that an answer may trickle, in bytes a second.
const maxDrip = 1e9

// Drip is how bytes trickle: a tenth of a second's worth at a time, and never less than one.
type Drip struct {
	rate   float64
	jitter *random.Stream
}

func (s *Set) drip(a *active) *Drip {
	if a.Kind != KindDrip {
		return nil
	}
	return &Drip{rate: a.Rate, jitter: s.jitter}
}

// Piece is how many bytes go at a time.
func (d *Drip) Piece() int { return max(1, int(d.rate/10)) }

// Pause is how long one piece takes.
func (d *Drip) Pause() time.Duration {
	pause := scaled(time.Second, float64(d.Piece())/d.rate)
	return max(pause, pause+d.jitter.Jitter(jitter))
}
