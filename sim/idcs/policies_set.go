package idcs

import (
	"fmt"
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
)

// mostPolicies is how many policies there can be beside the default one; their priorities are 1 to that number (Oracle,
// Managing Password Policies).
const mostPolicies = 10

// passwordPolicy is one policy of the domain. It is replaced, never changed.
type passwordPolicy struct {
	id, name, description, externalID, strength string

	rules    policy.Policy
	warning  int      // passwordExpireWarning, in days
	priority int      // 1 is the highest; 0 is the default policy's
	groups   []string // ids
	created  time.Time
	modified time.Time
	version  int
}

// policySet is all policies of a moment. It is replaced, never changed.
type policySet struct {
	standard *passwordPolicy   // for whom no other is meant
	ranked   []*passwordPolicy // by priority
	byGroup  map[string]*passwordPolicy
}

// policyFor is the policy that applies to a user: of those of his groups the one with the highest priority, or else the
// default one (Oracle, Managing Password Policies).
func (s *Server) policyFor(user string) *passwordPolicy {
	set := s.policies.Load()
	best := set.standard
	if len(set.byGroup) == 0 {
		return best
	}
	for _, id := range s.groupsOf(user) {
		if p := set.byGroup[id]; p != nil && (best.priority == 0 || p.priority < best.priority) {
			best = p
		}
	}
	return best
}

func (set *policySet) find(id string) *passwordPolicy {
	if id == defaultPolicyID {
		return set.standard
	}
	for _, p := range set.ranked {
		if p.id == id {
			return p
		}
	}
	return nil
}

func (set *policySet) named(name string) *passwordPolicy {
	for _, p := range set.ranked {
		if p.name == name {
			return p
		}
	}
	return nil
}

// with is the set with a policy more, or in the place of the one with its id. A policy at the same priority, and those that
// follow it without a gap, give way by one. It is false when there is no room for that.
func (set *policySet) with(p *passwordPolicy) (*policySet, bool) {
	next := &policySet{standard: set.standard}
	if p.id == defaultPolicyID {
		next.standard = p
		next.ranked = set.ranked
		next.byGroup = set.byGroup
		return next, true
	}
	taken := p.priority
	next.ranked = append(next.ranked, p)
	for _, other := range set.ranked {
		if other.id == p.id {
			continue
		}
		if other.priority == taken {
			moved := *other
			moved.priority++
			other, taken = &moved, moved.priority
		}
		next.ranked = append(next.ranked, other)
	}
	slices.SortFunc(next.ranked, func(a, b *passwordPolicy) int { return a.priority - b.priority })
	next.index()
	return next, next.ranked[len(next.ranked)-1].priority <= mostPolicies
}

func (set *policySet) without(id string) *policySet {
	next := &policySet{standard: set.standard}
	for _, p := range set.ranked {
		if p.id != id {
			next.ranked = append(next.ranked, p)
		}
	}
	next.index()
	return next
}

func (set *policySet) index() {
	set.byGroup = map[string]*passwordPolicy{}
	for _, p := range set.ranked {
		for _, group := range p.groups {
			set.byGroup[group] = p
		}
	}
}

// putPolicy stores a policy, new or in the place of its predecessor. A name or a group that another policy has is refused.
func (s *Server) putPolicy(p passwordPolicy) (*passwordPolicy, error) {
	s.policyWrites.Lock()
	defer s.policyWrites.Unlock()
	set := s.policies.Load()
	now := s.kernel.Clock.Now()
	p.created, p.modified, p.version = now, now, 1
	if old := set.find(p.id); old != nil {
		p.created, p.version = old.created, old.version+1
	}
	if p.id != defaultPolicyID {
		if other := set.named(p.name); other != nil && other.id != p.id || p.name == defaultPolicyName {
			return nil, refuse(policyNameTaken, p.name)
		}
		for _, group := range p.groups {
			if other := set.byGroup[group]; other != nil && other.id != p.id {
				return nil, refuse(groupHasPolicy, group, other.name)
			}
		}
		if p.priority == 0 {
			p.priority = 1
			if n := len(set.ranked); n > 0 {
				p.priority = set.ranked[n-1].priority + 1
			}
		}
	}
	next, ok := set.with(&p)
	if !ok {
		return nil, refuse(tooManyPolicies, mostPolicies)
	}
	s.policies.Store(next)
	return &p, nil
}

// dropPolicy removes a policy; its groups fall back to the next that applies to their members.
func (s *Server) dropPolicy(id string) error {
	s.policyWrites.Lock()
	defer s.policyWrites.Unlock()
	set := s.policies.Load()
	if set.find(id) == nil {
		return refuse(noSuchPolicy, id)
	}
	s.policies.Store(set.without(id))
	return nil
}

// forceReset makes everybody to whom the policy applies choose a new password at the next log-in.
func (s *Server) forceReset(id string) {
	for p := range s.people.All() {
		if s.policyFor(p.ID).id != id || !p.Credential.HasPassword() || p.Federated || p.Delegated {
			continue
		}
		// Who has been deleted meanwhile needs no new password.
		_, _ = s.people.Update(p.ID, func(p *people.Person) error {
			p.Credential.MustChange = true
			return nil
		})
	}
}

// Policy is the domain's default password policy.
func (s *Server) Policy() policy.Policy { return s.policies.Load().standard.rules }

// PolicyOf is the password policy that applies to the user with that id.
func (s *Server) PolicyOf(user string) policy.Policy { return s.policyFor(user).rules }

// SetPolicy replaces the default password policy. Passwords that are already set are not judged again.
func (s *Server) SetPolicy(p policy.Policy) error {
	if err := validPolicy(p); err != nil {
		return err
	}
	_, err := s.putPolicy(passwordPolicy{id: defaultPolicyID, name: defaultPolicyName, strength: "Custom", rules: p})
	return err
}

// GroupPolicy is a password policy for the members of some groups.
type GroupPolicy struct {
	Name     string
	Priority int // 1 is the highest, 10 the lowest; another policy there gives way. 0 is after all others
	Groups   []string
	Policy   policy.Policy
}

// SetGroupPolicy creates a policy for groups, which are named by id or display name, or replaces the one of that name.
func (s *Server) SetGroupPolicy(g GroupPolicy) error {
	wrong := func(format string, args ...any) error { return invalid("groupPolicy."+format, args...) }
	if g.Name == "" {
		return wrong("name: is empty")
	}
	if g.Priority < 0 || g.Priority > mostPolicies {
		return wrong("priority: %d is not from 1 to %d, or 0 for the last", g.Priority, mostPolicies)
	}
	if err := validPolicy(g.Policy); err != nil {
		return err
	}
	p := passwordPolicy{name: g.Name, strength: "Custom", rules: g.Policy, priority: g.Priority}
	for i, name := range g.Groups {
		id, ok := s.groupNamed(name)
		if !ok {
			return wrong("groups[%d]: there is no group %q", i, name)
		}
		p.groups = append(p.groups, id)
	}
	if old := s.policies.Load().named(g.Name); old != nil {
		p.id = old.id
		if p.priority == 0 {
			p.priority = old.priority
		}
	} else {
		p.id = s.ids.Hex(idLength)
	}
	if _, err := s.putPolicy(p); err != nil {
		return invalid("groupPolicy: %w", err)
	}
	return nil
}

// RemoveGroupPolicy removes the policy of that name; it is false when there was none.
func (s *Server) RemoveGroupPolicy(name string) bool {
	p := s.policies.Load().named(name)
	return p != nil && s.dropPolicy(p.id) == nil
}

// GroupPolicies lists the policies for groups by priority, the groups by their ids.
func (s *Server) GroupPolicies() []GroupPolicy {
	var list []GroupPolicy
	for _, p := range s.policies.Load().ranked {
		list = append(list, GroupPolicy{Name: p.name, Priority: p.priority, Groups: slices.Clone(p.groups), Policy: p.rules})
	}
	return list
}

// groupNamed finds a group by id or display name.
func (s *Server) groupNamed(name string) (string, bool) {
	if _, ok := s.groupName(name); ok {
		return name, true
	}
	g, ok := s.groups.named(name)
	return g.id, ok
}

// invalid is a mistake of whoever sets the domain up.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: idcs."+format, append([]any{ErrInvalid}, args...)...)
}

func validPolicy(p policy.Policy) error {
	if err := p.Validate(); err != nil {
		return invalid("%w", err)
	}
	return nil
}
