package okta

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// mostLag bounds how late a search may be: what it shows is remembered for that long.
const mostLag = time.Hour

func checkLag(d time.Duration) error {
	if d < 0 || d > mostLag {
		return fmt.Errorf("%w: okta.searchLag: %s is not within 0s to %s", ErrInvalid, d, mostLag)
	}
	return nil
}

// searchIndex is what a search sees: users as they were a while ago. Okta's search reads an index that is "eventually consistent"
// (Okta, Users API, search); reads by id and login, and filter and q, do not.
type searchIndex struct {
	mu  sync.Mutex
	lag time.Duration
	// past is what users were before their latest writes, oldest first; an absent person did not exist.
	past map[string][]version
}

type version struct {
	person *people.Person
	until  time.Time // when it was replaced
}

func (x *searchIndex) set(lag time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.lag, x.past = lag, nil
}

func (x *searchIndex) reset() { x.set(x.late()) }

func (x *searchIndex) late() time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.lag
}

// note remembers what a user was until now; nil for one who was not there.
func (x *searchIndex) note(id string, before *people.Person, now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.lag == 0 {
		return
	}
	if x.past == nil {
		x.past = map[string][]version{}
	}
	old := slices.DeleteFunc(x.past[id], func(v version) bool { return now.Sub(v.until) >= x.lag })
	x.past[id] = append(old, version{before, now})
}

// at is what the index knows of the users that it is late with: as they were, or nil where there was nobody yet.
func (x *searchIndex) at(now time.Time) map[string]*people.Person {
	x.mu.Lock()
	defer x.mu.Unlock()
	seen := make(map[string]*people.Person, len(x.past))
	for id, versions := range x.past {
		versions = slices.DeleteFunc(versions, func(v version) bool { return now.Sub(v.until) >= x.lag })
		if x.past[id] = versions; len(versions) == 0 {
			delete(x.past, id)
			continue
		}
		seen[id] = versions[0].person
	}
	return seen
}

// SearchLag is how late a search finds a change.
func (s *Server) SearchLag() time.Duration { return s.search.late() }

// SetSearchLag decides how late a search finds changes from now on: creations, deletions, and everything that it shows of a user.
func (s *Server) SetSearchLag(d time.Duration) error {
	if err := checkLag(d); err != nil {
		return err
	}
	s.search.set(d)
	return nil
}

// update is every write of a user: what it was before stays with the search for a while.
func (s *Server) update(id string, change func(*people.Person) error) (people.Person, error) {
	if s.search.late() == 0 {
		return s.people.Update(id, change)
	}
	var before people.Person
	after, err := s.people.Update(id, func(p *people.Person) error {
		before = *p
		before.Groups = slices.Clone(p.Groups)
		return change(p)
	})
	if err == nil {
		s.search.note(id, &before, s.kernel.Clock.Now())
	}
	return after, err
}
