package hook

import (
	"context"
	"errors"
	"time"

	"github.com/seatrial/seatrial/syncer/seal"
)

// Change is a password change as it came in: a password, or, from a source that has no passwords, what its store keeps of
// one. Whoever takes it wipes both.
type Change struct {
	TransactionID string // "" when the caller gave none
	UserName      string
	Password      seal.Secret
	Hash          seal.Secret // "{PBKDF2-HMAC-SHA256}10:…" instead of the password; HTTP callers cannot send one
	Attributes    map[string]string
	// Wait is how long the caller waits for the outcome; 0 is lenient.
	Wait time.Duration
}

// State is where a change stands.
type State string

// The states. All but the first two are final.
const (
	Queued     State = "queued"
	Retrying   State = "retrying" // it has failed in passing and is tried again
	Applied    State = "applied"
	Parked     State = "parked"
	Superseded State = "superseded" // a newer change of the same user came first
	Skipped    State = "skipped"    // the roll-out does not include the user yet
	Planned    State = "planned"    // a dry run: nothing was written
)

// Finals lists the final states.
func Finals() []State { return []State{Applied, Parked, Superseded, Skipped, Planned} }

// Final tells whether nothing more becomes of a change by itself.
func (s State) Final() bool { return s != Queued && s != Retrying }

// Receipt acknowledges a change.
type Receipt struct {
	ID     string `json:"id"`
	State  State  `json:"state"`
	Reason string `json:"reason,omitempty"` // why it is not applied
}

// Status is what became of a change.
type Status struct {
	ID            string     `json:"id"`
	TransactionID string     `json:"transactionId"`
	UserName      string     `json:"userName"`
	Target        string     `json:"target"`
	State         State      `json:"state"`
	Reason        string     `json:"reason"`
	Plan          string     `json:"plan,omitempty"` // of a dry run
	Attempts      int        `json:"attempts"`
	Replay        int        `json:"replay,omitempty"`   // how often an operator has sent the parked change again
	Accepted      *time.Time `json:"accepted,omitempty"` // not known for changes that an earlier process finished
	Finished      *time.Time `json:"finished,omitempty"`
}

// Outcome is a final status, numbered in the order of the audit trail. A change that was parked and is replayed has one
// more outcome for each replay.
type Outcome struct {
	Sequence uint64 `json:"sequence"`
	Status
}

// KeptState says what is kept of a parked change.
type KeptState string

// What is kept.
const (
	Kept      KeptState = "kept"      // it can be replayed
	Replaying KeptState = "replaying" // a replay is on its way
	Wiped     KeptState = "wiped"     // the password is gone, the record is left
)

// ParkedChange is a change that was parked for good, without its password.
type ParkedChange struct {
	ID            string    `json:"id"`
	TransactionID string    `json:"transactionId"`
	UserName      string    `json:"userName"`
	Target        string    `json:"target"`
	Account       string    `json:"account,omitempty"` // the target's name of the user, where it is another one
	Reason        string    `json:"reason"`
	Remedy        string    `json:"remedy,omitempty"` // what a person can do about it
	Attempts      int       `json:"attempts"`
	Replay        int       `json:"replay"`
	State         KeptState `json:"state"`
	Key           string    `json:"key,omitempty"`        // id of the key that seals the password
	MissingKey    bool      `json:"missingKey,omitempty"` // the engine has no such key
	Accepted      time.Time `json:"accepted"`
	Parked        time.Time `json:"parked"`
}

// Selection says which parked changes are meant. Empty fields mean all.
type Selection struct {
	Reason   string
	UserName string // in any spelling
	After    string // id of the last one of the page before
	Limit    int
}

var (
	// ErrUnavailable says that no change can be taken now: the engine is stopping, or its queue refuses.
	ErrUnavailable = errors.New("no change can be taken now")
	// ErrStandby says that another engine works on the queue, and that only that one can do it.
	ErrStandby = errors.New("this engine stands by; ask the one that works")
	// ErrNotParked says that there is no such parked change.
	ErrNotParked = errors.New("no such parked change")
)

// ConflictError says why a parked change cannot be replayed or purged.
type ConflictError struct {
	Reason string // "superseded", "wiped", "seal_mismatch", "replaying"
	Text   string
}

// Error is the text.
func (e *ConflictError) Error() string { return e.Text }

// Engine is what the hook needs from the engine behind it.
type Engine interface {
	// Accept returns when the change is durable, or, for a caller who waits, with the outcome. When the caller goes or his
	// time is over, the change goes on. An error is answered with 503.
	Accept(ctx context.Context, c Change) (Receipt, error)
	// Status tells about one change.
	Status(id string) (Status, bool)
	// Outcomes returns up to limit final outcomes after a sequence, and the last sequence there is.
	Outcomes(after uint64, limit int) ([]Outcome, uint64)
	// Ready returns why no change can be taken, or nil. An engine that stands by takes changes for the one that works.
	Ready() (standby bool, err error)

	// Parked lists parked changes, the one that was parked first in front.
	Parked(ctx context.Context, s Selection) ([]ParkedChange, error)
	// ParkedChange returns one of them, or ErrNotParked.
	ParkedChange(ctx context.Context, id string) (ParkedChange, error)
	// Replay sends a parked change again. It returns when that is durable.
	Replay(ctx context.Context, id string) (Receipt, error)
	// Purge removes a parked change for good.
	Purge(ctx context.Context, id string) error
}
