package rest

import (
	"context"
	"time"

	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
)

// API is what differs from vendor to vendor. Its methods ask through the attempt, which has the credentials.
type API interface {
	// UserName is the name under which the target knows the user of a job; the error says what the job lacks.
	UserName(j target.Job) (string, error)
	// Find asks for the user of a name. Nobody is nil; not ok means that the answer ends the attempt.
	Find(ctx context.Context, a *Attempt, userName string) (*User, target.Answer, bool)
	// Read asks for the user of an id.
	Read(ctx context.Context, a *Attempt, id string) (*User, target.Answer, bool)
	// Create makes the user of the job and returns him as he is then. One who was created with the password needs no further
	// write: the answer then says Applied and ends the attempt.
	Create(ctx context.Context, a *Attempt) (*User, target.Answer, bool)
	// Write is the request that sets a password. Its body is wiped afterwards.
	Write(userID string, password seal.Secret) Request
	// HistoryOnly tells whether a refusal for policy names the rule of old passwords and no other.
	HistoryOnly(r Reply) bool
	// Describe adds to an answer what the vendor knows better than the table does.
	Describe(c Call, r Reply, answer *target.Answer)
}

// Request is a request as a vendor shapes it.
type Request struct {
	Method, Path string
	Body         []byte
}

// User is what a look shows.
type User struct {
	ID   string
	Name string
	// State is the date of the password as it stands; "" when there is none or it is not shown.
	State string
	// Barred is why he must not be written to, or "".
	Barred target.Reason
	// Detail and Remedy go with Barred: what he is, and what to do about it. They hold no secret.
	Detail, Remedy string

	seen time.Time // when the look began
	// since is set when the look is not a fresh one: see target.Mark.
	since time.Time
}

// dated tells whether the date of the password, if it is shown, can be compared with another time.
func (u User) dated() bool {
	if u.State == "" {
		return true
	}
	_, err := time.Parse(time.RFC3339Nano, u.State)
	return err == nil
}

// usable tells whether he may be remembered.
func (u User) usable() bool { return u.Barred == "" && u.dated() }
