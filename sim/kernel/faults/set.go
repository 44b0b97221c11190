package faults

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/random"
)

// Set holds the rules of one simulator. It is safe for concurrent use.
type Set struct {
	protocol protocol

	seed   random.Seed
	jitter *random.Stream

	mu    sync.Mutex // held to change rules
	rules atomic.Pointer[[]*active]
	made  map[Kind]int // ids made so far
}

// NewSet returns an empty set whose chance comes from the stream: it takes one number from it, once.
func NewSet(stream *random.Stream) *Set { return newSetFor(overHTTP, stream) }

// NewLDAPSet is NewSet for a simulator that speaks LDAP. Its rules have result codes as statuses, and operations and DNs as
// routes; a lost answer may be cut in the middle.
func NewLDAPSet(stream *random.Stream) *Set { return newSetFor(overLDAP, stream) }

func newSetFor(p protocol, stream *random.Stream) *Set {
	seed := random.Seed(binary.LittleEndian.Uint64(stream.Bytes(8)))
	s := &Set{protocol: p, seed: seed, jitter: seed.Stream("jitter"), made: map[Kind]int{}}
	s.rules.Store(new([]*active))
	return s
}

// Add puts a rule into force. It names every mistake of the rule, and refuses an id that is in use.
func (s *Set) Add(r Rule) (Status, error) {
	if err := r.validate(s.protocol); err != nil {
		return Status{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rules := *s.rules.Load()
	taken := func(id string) bool {
		return slices.ContainsFunc(rules, func(a *active) bool { return a.ID == id })
	}
	r = r.clone()
	if taken(r.ID) {
		return Status{}, fmt.Errorf("faults.id: %q is in use: remove that rule first, or leave the id out", r.ID)
	}
	for r.ID == "" || taken(r.ID) {
		s.made[r.Kind]++
		r.ID = string(r.Kind) + "-" + strconv.Itoa(s.made[r.Kind])
	}
	a := newActive(r, s.protocol, s.seed, time.Now())
	rules = append(slices.Clone(rules), a)
	slices.SortStableFunc(rules, func(a, b *active) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
	s.rules.Store(&rules)
	return a.status(), nil
}

// Remove takes the named rules out of force, or all when none is named, and returns how many. Requests that hang on a
// removed rule go on.
func (s *Set) Remove(ids ...string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	var kept []*active
	removed := 0
	for _, a := range *s.rules.Load() {
		if len(ids) > 0 && !slices.Contains(ids, a.ID) {
			kept = append(kept, a)
			continue
		}
		close(a.removed)
		removed++
	}
	s.rules.Store(&kept)
	return removed
}

// List returns the rules in the order in which they act.
func (s *Set) List() []Status {
	rules := *s.rules.Load()
	list := make([]Status, len(rules))
	for i, a := range rules {
		list[i] = a.status()
	}
	return list
}
