// Package invariants judges a finished run by what every run must keep, whatever its steps were: nine checks over one
// history, pure functions, the same for scenarios, load tests and explorations. A check that lacks what it would need to
// look at is void, with the reason; it never passes for want of evidence.
package invariants
