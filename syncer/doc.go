// Package syncer is the sync engine: password changes come in over an HTTP hook and go out to Oracle IDCS.
//
// A change's way: hook → seal → queue (on disk, then acknowledged) → dispatcher → token → look-up, or provision → note →
// write → audit trail → removed from the queue.
//
// What holds whatever fails, and where it is made to hold:
//
//   - An acknowledged change reaches exactly one final outcome: applied, parked with a reason, or superseded. (The queue
//     gives it back until it is done; the audit line comes before the removal, and ids that are in the trail are not
//     worked on again.)
//   - An older password never lands after a newer one. (One goroutine, the dispatcher, owns the order: one attempt in
//     flight per user, and of those that wait only the newest counts. Before each write the queue keeps a note of the
//     user's highest sequence, so a change that comes back after a crash is recognised as old.)
//   - A write whose answer was lost is looked into before anything is written again. (The note holds the date of the
//     user's password from just before the write; when it has moved, the write was applied.)
//   - One change that fails blocks nobody else: waiting takes no worker.
//   - Nothing in clear touches a disk, a log, a metric or an error.
//
// Passing failures are tried again after 2, 4 and 8 seconds, then by the schedule, once per round. While the target is down
// as a whole, changes wait for it instead of spending their attempts, but no longer than Retry.Patience.
//
// One engine at a time works on a queue. The embedded store is locked; on a NATS server the second engine is refused as long
// as the first one asks for changes.
package syncer
