// Package loadtest rehearses many password changes at once, over real sockets and TLS, with Vegeta.
//
// What is measured is a whole change: from the moment at which it was due until the target had accepted the write, as the
// target's own journal tells. An engine's quick acknowledgement therefore does not count for anything, and an engine that
// is late in taking changes looks slow, which it would not if time ran from the sending (coordinated omission). Both
// latencies are reported; the one from the due time is judged. Percentiles are exact, from all values.
//
// Each change gets a user of its own within a shape, so that no two changes meet at one user's password and a policy's
// minimum age never decides a load test. Each shape is preceded by a few changes that warm the engine up and are not
// measured, and is followed by the judgement of all invariants over its whole history.
//
// A shape that did not put the load on that it promises is void, neither passed nor failed: too few users, too few changes
// in flight at once, a rate that was not reached.
package loadtest
