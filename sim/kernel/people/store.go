package people

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// The questions a caller may have about a failed write.
var (
	ErrDuplicate = errors.New("the user name is taken")
	ErrNotFound  = errors.New("no such person")
	ErrInvalid   = errors.New("a person needs an id and a user name")
)

// Store holds persons, indexed by id and by user name without regard to case. Look-ups cost the same at any population.
// It is safe for concurrent use.
type Store struct {
	mu     sync.RWMutex
	byID   map[string]*record
	byName map[string]*record
	// order has a nil where a person was deleted; it is packed when half of it is holes.
	order []*record
	holes int
}

// record is a person's place in the store; the person itself is replaced by each write.
type record struct {
	person   *Person
	position int
}

// NewStore returns an empty store.
func NewStore() *Store {
	return &Store{byID: map[string]*record{}, byName: map[string]*record{}}
}

// Create adds p as version 1.
func (s *Store) Create(p Person) (Person, error) {
	if p.ID == "" || p.UserName == "" {
		return Person{}, ErrInvalid
	}
	p = p.clone()
	p.Version = 1
	name := fold(p.UserName)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.byName[name]; taken {
		return Person{}, fmt.Errorf("create %q: %w", p.UserName, ErrDuplicate)
	}
	if _, taken := s.byID[p.ID]; taken {
		return Person{}, fmt.Errorf("create %q: the id %s is taken: %w", p.UserName, p.ID, ErrDuplicate)
	}
	r := &record{person: &p, position: len(s.order)}
	s.byID[p.ID], s.byName[name] = r, r
	s.order = append(s.order, r)
	return p.clone(), nil
}

// ByID looks a person up by id.
func (s *Store) ByID(id string) (Person, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byID[id].value()
}

// ByUserName looks a person up by user name, without regard to case.
func (s *Store) ByUserName(name string) (Person, bool) {
	name = fold(name)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byName[name].value()
}

// UserName is the user name of the person with that id, or the empty string; cheaper than ByID.
func (s *Store) UserName(id string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if r := s.byID[id]; r != nil {
		return r.person.UserName
	}
	return ""
}

// Update lets change work on a copy of the person and stores the copy as the next version, unless change returns an error,
// which is then returned as it is. Nobody else writes in between, so change must be quick and must not use the store.
func (s *Store) Update(id string, change func(*Person) error) (Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byID[id]
	if r == nil {
		return Person{}, fmt.Errorf("update %s: %w", id, ErrNotFound)
	}
	next := r.person.clone()
	if err := change(&next); err != nil {
		return Person{}, err
	}
	if next.UserName == "" {
		return Person{}, ErrInvalid
	}
	next.ID, next.Version = id, r.person.Version+1
	if next.UserName != r.person.UserName {
		from, to := fold(r.person.UserName), fold(next.UserName)
		if other := s.byName[to]; other != nil && other != r {
			return Person{}, fmt.Errorf("rename %q to %q: %w", r.person.UserName, next.UserName, ErrDuplicate)
		}
		delete(s.byName, from)
		s.byName[to] = r
	}
	r.person = &next
	return next.clone(), nil
}

// Delete removes a person, unless check (which may be nil) returns an error.
func (s *Store) Delete(id string, check func(Person) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.byID[id]
	if r == nil {
		return fmt.Errorf("delete %s: %w", id, ErrNotFound)
	}
	if check != nil {
		if err := check(r.person.clone()); err != nil {
			return err
		}
	}
	delete(s.byID, id)
	delete(s.byName, fold(r.person.UserName))
	s.order[r.position] = nil
	if s.holes++; s.holes > len(s.order)/2 {
		s.pack()
	}
	return nil
}

func (s *Store) pack() {
	packed := make([]*record, 0, len(s.order)-s.holes)
	for _, r := range s.order {
		if r != nil {
			r.position = len(packed)
			packed = append(packed, r)
		}
	}
	s.order, s.holes = packed, 0
}

// All yields the persons of this moment in the order of their creation. It holds no lock while it yields.
func (s *Store) All() iter.Seq[Person] {
	return func(yield func(Person) bool) {
		s.mu.RLock()
		snapshot := make([]*Person, 0, len(s.byID))
		for _, r := range s.order {
			if r != nil {
				snapshot = append(snapshot, r.person)
			}
		}
		s.mu.RUnlock()
		for _, p := range snapshot {
			if !yield(p.clone()) {
				return
			}
		}
	}
}

// Len is the number of persons.
func (s *Store) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.byID)
}

// Reset removes everybody.
func (s *Store) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.byID)
	clear(s.byName)
	s.order, s.holes = nil, 0
}

func (r *record) value() (Person, bool) {
	if r == nil {
		return Person{}, false
	}
	return r.person.clone(), true
}

// fold maps names that differ only in case onto one key, consistently with strings.EqualFold.
func fold(name string) string {
	ascii, lower := true, true
	for i := range len(name) {
		ascii = ascii && name[i] < utf8.RuneSelf
		lower = lower && (name[i] < 'A' || name[i] > 'Z')
	}
	switch {
	case ascii && lower:
		return name
	case ascii:
		return strings.ToLower(name)
	}
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		if 'A' <= least && least <= 'Z' {
			return least + ('a' - 'A')
		}
		return least
	}, name)
}
