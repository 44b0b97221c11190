// Package audit writes the audit trail: one JSON line for each final outcome, chained by hashes, so that a line that was
// changed, removed or moved shows. A line is on disk before the change leaves the queue; lines that wait for the disk at the
// same time share one flush. No line holds a secret.
package audit
