// Package syncer is the sync engine: password changes come in over an HTTP hook, or are read from a directory, and go out to
// Oracle IDCS or Okta.
//
// A change's way: hook, or ldap → seal → queue (on disk, then acknowledged) → dispatcher → token → look-up, or provision → note →
// write → audit trail → removed from the queue.
//
// What holds whatever fails, and where it is made to hold:
//
//   - An acknowledged change reaches exactly one final outcome: applied, parked with a reason, superseded, or skipped. (The
//     queue gives it back until it is done; the audit line comes before the removal, and ids that are in the trail are not
//     worked on again.)
//   - An older password never lands after a newer one. (One goroutine, the dispatcher, owns the order: one attempt in
//     flight per user, and of those that wait only the newest counts. Before each write the queue keeps a note of the
//     user's highest sequence, so a change that comes back after a crash is recognised as old.)
//   - Outcomes become durable in the order in which they were found. (One goroutine, the settler, writes them, many to a
//     flush.)
//   - A write whose answer was lost is looked into before anything is written again. (The note holds the date of the
//     user's password from just before the write; when it has moved, the write was applied.)
//   - What is parked for good is kept, sealed, before its outcome is told, and goes when a newer change of its user is
//     applied. A replay takes the place that the change had: it never follows a newer one, and its note is in the parked
//     store, where it survives a crash like any other. (The lot, whose spots the dispatcher outdates before anybody can ask
//     for a replay.)
//   - One change that fails blocks nobody else: waiting takes no worker.
//   - Nothing in clear touches a disk, a log, a metric or an error.
//
// Passing failures are tried again after 2, 4 and 8 seconds, then by the schedule, once per round. While the target is down
// as a whole, or refuses everything for its limit, changes wait for it instead of spending their attempts, but no longer than
// Retry.Patience; and none waits for longer than Parked.Deadline.
//
// A caller may wait for the outcome, and refuse the password at the source when the target refuses it. Such a change is
// withdrawn instead of kept, and the caller is held until that is durable, so nobody hears one thing and keeps another.
//
// One engine at a time works on a queue. The embedded store is locked; on a NATS cluster the others stand by: they take
// changes, and one of them leads when the leader is gone. An engine that has lost the lead ends what it does and is started
// anew.
package syncer
