// Package crash kills the engine, as hard as an operating system can, again and again while passwords change, and then
// asks whether anybody would have noticed.
//
// The engine runs in a process of its own, over real sockets, on a queue on disk. SIGKILL comes at random moments of the
// run, some of them while the last crash is still being recovered from. The source does what a careful source does: it
// submits a change again, under the same transaction id, until it is acknowledged, and turns to a user's next change only
// then. In the end the universal invariants must hold over all lives of the engine together: every acknowledged change has
// exactly one outcome, each user signs in with the newest password and no other, and no file holds a password.
//
// What it does not show: loss of power. A killed process leaves the page cache behind; that acknowledged changes have
// reached the disk is a matter of the queue's own tests.
package crash
