package harness

import (
	"iter"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Roster is the users of a simulator, to be read.
type Roster interface {
	Len() int
	ByID(id string) (people.Person, bool)
	ByUserName(name string) (people.Person, bool)
	// All are the users in the order of their creation.
	All() iter.Seq[people.Person]
}

// Standing is how an account stands now.
type Standing struct {
	Active, Federated, Delegated bool
	// Locked is a lock that is still in force, LockedBy whose it is.
	Locked   bool
	LockedBy people.Lock
	// MustChange: the password is good for one log-in, in which it must be changed.
	MustChange  bool
	HasPassword bool
	// Mastered: the profile belongs to another system.
	Mastered bool
	// Status and Provider are the vendor's words; "" where it has none.
	Status, Provider string
}

// Violation is a rule of a password policy that a candidate breaks, by the vendor's name.
type Violation struct {
	Rule string
	// Limit is the number that the policy sets; 0 for rules without one.
	Limit int
	// Text says the rule in words. It never quotes the candidate.
	Text string
}

// Limit is how one bucket of the vendor's rate limits stands.
type Limit struct {
	Bucket string
	// PerSecond is 0 where the vendor has no such limit.
	PerSecond, PerMinute int
	Admitted, Refused    uint64
}

// GroupPolicy is a password policy for the members of some groups. Policy has the vendor's names when it is made JSON.
type GroupPolicy struct {
	Name string
	// Priority 1 is the highest.
	Priority int
	Groups   []string
	Policy   any
}

// Mail is what a user would have found in the mailbox. Who reads the mail reads the token.
type Mail struct {
	Sequence uint64
	At       time.Time // in the tenant's time
	User     string    // the user name
	To       string
	Kind     string
	Token    secret.Value // empty in a mail that only tells
}
