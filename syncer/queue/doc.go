// Package queue holds accepted changes until they are dealt with, on NATS JetStream: embedded in the process by default,
// a server or cluster by URL. A change is published only when it is on disk (the embedded server writes through), is
// delivered in the order of its stream sequence, and is removed when it is done. Beside the changes the queue keeps one
// small note per user, so that a restarted engine knows which write it had begun. The package sees sealed data only.
package queue
