package invariants

import (
	"time"

	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// States of a change that are final.
const (
	Applied    = "applied"
	Parked     = "parked"
	Superseded = "superseded"
	Skipped    = "skipped" // the roll-out does not include the user yet
	Planned    = "planned" // a dry run: nothing was written
)

// History is everything that was observed in one run: what was asked of the system under test, what it said became of it,
// what the target saw and holds, and what was written down on the way.
type History struct {
	Changes []Change        // in the order of submission
	Entries []control.Entry // the whole journal of the target, in order
	Source  []control.Entry // the journal of the directory that the system reads by itself, when there is one
	Probes  []Probe         // log-ins tried after the run
	Audit   []AuditLine

	AuditObservable    bool // the system writes an audit trail that could be read
	OutcomesObservable bool // the system tells final outcomes

	Artifacts               []sut.Artifact
	Dropped                 uint64 // journal entries that are gone
	UsersBefore, UsersAfter []control.User
	Initial                 map[string]secret.Value // each user's password before the run
	Secrets                 []secret.Value          // what else must not leak: client secret, hook token
	Stored                  []Stored
	Retries                 Discipline
	Crashes                 []Crash // when the system died, and was started again
	TokenLifetime           time.Duration
	Provisioning            map[string]bool // users that may be created
	Repaired                map[string]bool // users, in lower case, whom an operator had repaired: converted, or deleted and created anew
	Generates               bool            // the system provisions: it makes temporary passwords, and ends what is no longer assigned
	DeliversFirst           bool            // the system reads a directory, and what it finds there at its first start is a change to it
	MustChange              bool            // the system was told to use a door after which users must change their password
}

// Crash is the death of the system and its start on what it left behind. What the dead one had sent may still arrive.
type Crash struct{ Died, Started time.Time }

// Change is one password change, as submitted and as it ended.
type Change struct {
	Number                  int // order of submission at the source
	ID, TransactionID, User string
	Password                secret.Value
	Digest                  string // as the journal shows it
	Submitted, Acknowledged time.Time
	Acked                   bool // the system acknowledged it: from then on it may not be lost
	State, Reason           string
	Attempts                int
	Finished                time.Time
	Outcomes                int  // final outcomes seen for it
	Replays                 int  // how often an operator had it sent again: each has one more outcome
	Acceptable              bool // policy and state of the user at the target could accept it
}

// Stored is what a directory had stored of a password at some time, as it stood in userPassword: "{SSHA512}…".
type Stored struct {
	User  string
	Value secret.Value
}

// Probe is one log-in tried at the target after the run, with the password of a change or (Change -1) with the one the
// user had before the run.
type Probe struct {
	User           string
	Change         int
	OK, MustChange bool
	Reason         string // why it was refused: "wrong_password", "federated", …
}

// AuditLine is one line of the audit trail.
type AuditLine struct {
	TransactionID, User, Outcome, Reason string
	Time                                 time.Time
}

// Discipline is how the system promised to retry.
type Discipline struct {
	Waits           []time.Duration // before the second attempt, the third, …: 2s 4s 8s
	Rounds          int             // how often the schedule may try a parked change again
	HonorRetryAfter bool
}

// Promised is the discipline of the migration guide: three retries after 2, 4 and 8 seconds, at most five more rounds by
// the schedule, Retry-After obeyed.
func Promised() Discipline {
	return Discipline{Waits: []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second}, Rounds: 5, HonorRetryAfter: true}
}
