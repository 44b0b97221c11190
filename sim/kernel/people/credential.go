package people

import (
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// historyLimit is the longest history that any of the simulated vendors can be told to remember.
const historyLimit = 24

// Credential is a person's password and what the directory remembers about it.
type Credential struct {
	Digest secret.Digest
	// Password is the current plaintext, in memory only: the log-in probe and "differs in n characters" need it.
	Password secret.Value
	// Hash is there instead of Password when only a hash is known; Digest is then that of its text.
	Hash Hash
	// History has the newest digest first, the current one included.
	History    []secret.Digest
	MustChange bool
	SetAt      time.Time
	Failures   int
	// LockedAt and LockedBy tell of a lock when it began and what closed it.
	LockedAt time.Time
	LockedBy Lock
}

// Hash is what is stored of a password.
type Hash interface {
	Verify(password secret.Value) (bool, error)
}

// Lock is what closed an account.
type Lock string

// The locks: too many failed log-ins, which may end with time, and an administrator's.
const (
	ByFailures      Lock = "failures"
	ByAdministrator Lock = "administrator"
)

// Set stores a new password: it becomes the newest of the history. Sets within one millisecond differ in SetAt all the
// same, because clients tell them apart by a time stamp of that precision. A lock stays; Unlock ends it.
func (c *Credential) Set(d secret.Digest, v secret.Value, at time.Time, mustChange bool) {
	at = at.Truncate(time.Millisecond)
	// A set that falls behind by more than a second is no burst: the clock was turned back, and is believed.
	if ahead := c.SetAt.Sub(at); ahead >= 0 && ahead < time.Second {
		at = c.SetAt.Add(time.Millisecond)
	}
	// A fresh slice: the old one may be in the hands of a reader.
	history := make([]secret.Digest, 0, min(len(c.History)+1, historyLimit))
	history = append(history, d)
	c.History = append(history, c.History[:min(len(c.History), historyLimit-1)]...)
	c.Digest, c.Password, c.Hash, c.SetAt, c.MustChange = d, v, nil, at, mustChange
}

// Unlock forgets failures and lock.
func (c *Credential) Unlock() { c.Failures, c.LockedAt, c.LockedBy = 0, time.Time{}, "" }

// Clear removes the password and keeps the history.
func (c *Credential) Clear() {
	c.Digest, c.Password, c.Hash, c.SetAt, c.MustChange = secret.Digest{}, secret.Value{}, nil, time.Time{}, false
}

// HasPassword tells whether there is a password to log in with.
func (c Credential) HasPassword() bool { return !c.Digest.IsZero() }

// Reused tells whether d is among the last passwords, the current one being the first of them.
func (c Credential) Reused(d secret.Digest, last int) bool {
	return slices.Contains(c.History[:max(0, min(last, len(c.History)))], d)
}
