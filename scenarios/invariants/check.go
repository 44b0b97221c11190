package invariants

import "github.com/seatrial/seatrial/reports"

// Check judges the history: nine checks, always all of them, always in this order.
func Check(h History) []reports.Check {
	return nil
}
