package directory

import (
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Kernel is what a directory gets from its world.
type Kernel struct {
	Clock    *clock.Clock
	Seed     random.Seed
	Digester *secret.Digester
	// Name tells two replicas of one world apart; "" is "ds".
	Name string
}
