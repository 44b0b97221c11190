// Package queue holds accepted changes until they are dealt with, on NATS JetStream: embedded in the process by default,
// a server or cluster by URL. It sees sealed data only.
//
// # Three streams
//
// Changes are stored in messages of up to 1024: whatever is handed in while a flush is on its way shares the next one, and
// nobody is made to wait for company. The journal beside them holds, in messages that are shared in the same way, which
// changes are done and one note per user, so that a restarted engine knows which write it had begun. A message of changes is
// removed when all of them are done and the journal says so; until then the sealed text of those that are done stays too,
// and what is removed stays in the store's file until that is rewritten. The journal is begun anew when more than half of
// it is out of date. Parked changes are one message each.
//
// # One leader
//
// Every message of the journal is stored on condition that it follows the last one that its writer knows. So only one
// process can write there, and that one delivers; another becomes the leader by writing a message of its own behind the
// last one, after which every write of the former leader fails. It may do so when the leader has resigned or has written
// nothing for 20 seconds. There is no clock to agree on and no lease that could be believed in for too long: a leader that
// was stalled cannot set a note any more, and without a note nothing is begun. What it had begun before, it may still end.
//
// # Bounds
//
// In memory are 60 to 200 bytes for each waiting change (the changes themselves stay on disk until they are delivered), 60
// bytes for each id that is remembered as a duplicate, and the notes that are set since the oldest waiting change was
// delivered, one per user.
package queue
