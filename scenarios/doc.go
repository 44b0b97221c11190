// Package scenarios is the language in which a rehearsal is written down, and the machine that plays it.
//
// A scenario is a YAML file that an identity engineer can read aloud: what is given (users and a password policy at the
// target, another policy at the source, an engine), the steps (people change passwords, the target slows down, a token
// is revoked), and what is expected in the end. Each scenario is played in a world of its own, in virtual time, against
// one system under test; whatever its steps, it ends with the same universal checks (package invariants), and only then
// with its own expectations.
//
// # The parts
//
//   - the language: [Scenario] and what it is made of, [Parse], [Schema], [InvalidError]
//   - the suites that are built in: [Suite]
//   - the runner: [Run], with [Options]
//   - the command line: [Command]
//
// # Verdicts
//
// A scenario that passed has shown something. So a run whose premise did not come true is void, not passed: a planned
// fault that never fired, a moment (after …) that never came, a password that was to break a rule and does not, no change
// at all.
//
// # Repeating a run
//
// All chance comes from the seed of the run and the scenario's id, so a scenario alone does what it did among others. The
// world repeats exactly; the order in which an engine's goroutines run at one and the same virtual instant is the Go
// scheduler's, and may differ.
package scenarios
