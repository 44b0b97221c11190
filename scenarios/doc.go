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
// All chance comes from the seed of the run and the scenario's id, so a scenario alone does what it did among others: the
// same people choose the same passwords and send them at the same nanosecond. Where several requests of the system under
// test begin at one and the same virtual instant, say because all have waited for one token, the Go scheduler decides
// which comes first, and with it which of the target's delays each gets. Verdicts do not depend on that; times may.
package scenarios
