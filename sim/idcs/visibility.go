package idcs

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// newcomers are users whom a search does not find yet: the index of a real directory follows its writes with a delay. Only
// users that a client has created are newcomers; those of Populate were there before.
type newcomers struct {
	after  atomic.Int64 // how long a user stays one, in nanoseconds
	hidden atomic.Int64 // how many there may be; 0 is the quick answer

	mu    sync.Mutex
	until map[string]time.Time // by id, in the tenant's time
}

// created notes a new user.
func (n *newcomers) created(id string, now time.Time) {
	after := time.Duration(n.after.Load())
	if after == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.until == nil {
		n.until = map[string]time.Time{}
	}
	n.until[id] = now.Add(after)
	n.hidden.Store(int64(len(n.until)))
}

// hides tells whether the user is not to be found yet.
func (n *newcomers) hides(id string, now func() time.Time) bool {
	if n.hidden.Load() == 0 {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	until, known := n.until[id]
	if known && !now().Before(until) {
		delete(n.until, id)
		n.hidden.Store(int64(len(n.until)))
		known = false
	}
	return known
}

func (n *newcomers) set(after time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.after.Store(int64(after))
	if after == 0 {
		clear(n.until)
		n.hidden.Store(0)
	}
}

// mostDelay bounds the delay: beyond an hour it is no delay but a fault.
const mostDelay = time.Hour

func checkVisibility(after time.Duration) error {
	if after < 0 || after > mostDelay {
		return fmt.Errorf("%w: idcs.visibility: %s is not from 0s to %s", ErrInvalid, after, mostDelay)
	}
	return nil
}

// SetVisibility decides how long a search does not find a user whom a client has created from now on. With 0 it finds
// everybody at once, those before included.
func (s *Server) SetVisibility(after time.Duration) error {
	if err := checkVisibility(after); err != nil {
		return err
	}
	s.newcomers.set(after)
	return nil
}

// Visibility is how long a search does not find a new user.
func (s *Server) Visibility() time.Duration { return time.Duration(s.newcomers.after.Load()) }

// unseen tells whether a search passes over this user.
func (s *Server) unseen(id string) bool { return s.newcomers.hides(id, s.kernel.Clock.Now) }
