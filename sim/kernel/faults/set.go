package faults

import (
	"net/http"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/random"
)

// Set holds the rules of one simulator. It is safe for concurrent use.
type Set struct{}

// NewSet returns an empty set.
func NewSet(stream *random.Stream) *Set { return &Set{} }

// Add puts a rule into force.
func (s *Set) Add(r Rule) (Status, error) { return Status{Rule: r}, nil }

// Remove takes rules out of force, all without ids, and returns how many.
func (s *Set) Remove(ids ...string) int { return 0 }

// List returns the rules in the order in which they act.
func (s *Set) List() []Status { return nil }

// Vendor shapes what the vendor would answer.
type Vendor interface {
	// Throttled refuses a request that came too fast; a retryAfter of 0 leaves the wait to the vendor's habit.
	Throttled(w http.ResponseWriter, r *http.Request, retryAfter time.Duration)
	// Failure answers with status; body is "vendor", "gateway" or a literal text.
	Failure(w http.ResponseWriter, r *http.Request, status int, body string, retryAfter time.Duration)
	// Subject tells whose request it is, as far as that is cheap to know; either may be empty.
	Subject(r *http.Request) (user, client string)
}

// Wrap puts the rules in front of next.
func (s *Set) Wrap(v Vendor, next http.Handler) http.Handler { return next }
