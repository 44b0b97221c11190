package hook

import (
	"context"
	"errors"
	"time"

	"github.com/seatrial/seatrial/syncer/seal"
)

// Change is a password change as it came in. Whoever takes it wipes the password.
type Change struct {
	TransactionID string // "" when the caller gave none
	UserName      string
	Password      seal.Secret
	Attributes    map[string]string
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

// Receipt acknowledges a change.
type Receipt struct {
	ID    string `json:"id"`
	State State  `json:"state"`
}

// Status is what became of a change.
type Status struct {
	ID            string     `json:"id"`
	TransactionID string     `json:"transactionId"`
	UserName      string     `json:"userName"`
	Target        string     `json:"target"`
	State         State      `json:"state"`
	Reason        string     `json:"reason"`
	Attempts      int        `json:"attempts"`
	Accepted      *time.Time `json:"accepted,omitempty"` // not known for changes that an earlier process finished
	Finished      *time.Time `json:"finished,omitempty"`
}

// Outcome is a final status, numbered in the order of the audit trail.
type Outcome struct {
	Sequence uint64 `json:"sequence"`
	Status
}

// ErrUnavailable says that no change can be taken now: the engine is stopping, or its queue refuses.
var ErrUnavailable = errors.New("no change can be taken now")

// Engine is what the hook needs from the engine behind it.
type Engine interface {
	// Accept returns when the change is durable. An error is answered with 503.
	Accept(ctx context.Context, c Change) (Receipt, error)
	// Status tells about one change.
	Status(id string) (Status, bool)
	// Outcomes returns up to limit final outcomes after a sequence, and the last sequence there is.
	Outcomes(after uint64, limit int) ([]Outcome, uint64)
	// Ready returns why no change can be taken, or nil.
	Ready() error
}
