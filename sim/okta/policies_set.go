package okta

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// PasswordPolicy is one password policy of the org.
type PasswordPolicy struct {
	ID          string
	Name        string
	Description string
	// Priority decides between policies that apply: the lowest number wins.
	Priority int
	// System is the default policy, for everybody, behind all others.
	System   bool
	Inactive bool
	// Groups are the ids of the groups whose members it is for.
	Groups []string
	// Provider is OKTA or ACTIVE_DIRECTORY.
	Provider string
	Settings PasswordSettings
	// DenyChange is its rule's answer to users who change their password.
	DenyChange           bool
	Created, LastUpdated time.Time
	rule                 string
}

// policySet is the policies in order, the default one last. It is replaced, never changed.
type policySet struct{ list []*PasswordPolicy }

func (s *Server) firstPolicies(settings PasswordSettings) *policySet {
	now := s.now()
	return &policySet{list: []*PasswordPolicy{{
		ID: s.ids.next("00p"), rule: s.ids.next("0pr"), Name: "Default Policy", Priority: 1, System: true, Provider: OKTA, Settings: settings,
		Description: "The default policy applies in all situations if no other policy applies.", Groups: []string{s.groups.everyone()},
		Created: now, LastUpdated: now,
	}}}
}

// policyFor is the policy that a user's password must meet: the first active one for one of the user's groups.
func (s *Server) policyFor(p *people.Person, a *Account) *PasswordPolicy {
	provider := OKTA
	if a.Provider.Type == ActiveDirectory {
		provider = ActiveDirectory
	}
	list := s.policies.Load().list
	for _, one := range list {
		if one.System {
			break
		}
		if !one.Inactive && one.Provider == provider && slices.ContainsFunc(one.Groups, func(id string) bool { return s.groups.has(p, id) }) {
			return one
		}
	}
	return list[len(list)-1]
}

// Policies lists the password policies in the order in which they are tried.
func (s *Server) Policies() []PasswordPolicy {
	list := s.policies.Load().list
	all := make([]PasswordPolicy, 0, len(list))
	for _, one := range list {
		all = append(all, *one)
	}
	return all
}

// SetPolicy replaces the settings of the default policy.
func (s *Server) SetPolicy(settings PasswordSettings) error {
	list := s.Policies()
	fallback := list[len(list)-1]
	fallback.Settings = settings
	_, err := s.PutPolicy(fallback)
	return err
}

// PutPolicy adds a policy, or replaces the one with its id. A new one has the lowest priority before the default policy,
// unless it says otherwise.
func (s *Server) PutPolicy(p PasswordPolicy) (PasswordPolicy, error) {
	if err := p.Settings.validate("okta.policy"); err != nil {
		return PasswordPolicy{}, err
	}
	s.writes.Lock()
	defer s.writes.Unlock()
	now := s.now()
	list := slices.Clone(s.policies.Load().list)
	fallback := list[len(list)-1]
	switch {
	case strings.TrimSpace(p.Name) == "":
		return PasswordPolicy{}, fmt.Errorf("%w: okta.policy.name: is empty", ErrInvalid)
	case slices.ContainsFunc(list, func(one *PasswordPolicy) bool { return one.ID != p.ID && one.Name == p.Name }):
		return PasswordPolicy{}, fmt.Errorf("%w: okta.policy.name: there is a policy %q already", ErrInvalid, p.Name)
	}
	if p.Provider = cmp.Or(p.Provider, OKTA); p.Provider != OKTA && p.Provider != ActiveDirectory {
		return PasswordPolicy{}, fmt.Errorf("%w: okta.policy.provider: %q is neither %s nor %s", ErrInvalid, p.Provider, OKTA, ActiveDirectory)
	}
	p.Groups, p.LastUpdated = slices.Clone(p.Groups), now
	at := slices.IndexFunc(list, func(one *PasswordPolicy) bool { return one.ID == p.ID })
	switch {
	case p.ID != "" && at < 0:
		return PasswordPolicy{}, fmt.Errorf("policy %s: %w", p.ID, people.ErrNotFound)
	case p.ID == fallback.ID:
		p.System, p.Inactive, p.Groups, p.rule, p.Created = true, false, fallback.Groups, fallback.rule, fallback.Created
		list[at] = &p
		s.policies.Store(&policySet{arranged(list)})
		return p, nil
	case p.ID == "":
		p.ID, p.rule, p.Created = s.ids.next("00p"), s.ids.next("0pr"), now
	default:
		p.rule, p.Created = list[at].rule, list[at].Created
		list = slices.Delete(list, at, at+1)
	}
	p.System = false
	place := len(list) - 1
	if p.Priority > 0 {
		place = min(place, p.Priority-1)
	}
	list = slices.Insert(list, place, &p)
	s.policies.Store(&policySet{arranged(list)})
	return *s.policies.Load().list[place], nil
}

// arranged numbers the policies from 1.
func arranged(list []*PasswordPolicy) []*PasswordPolicy {
	for i, one := range list {
		if one.Priority != i+1 {
			next := *one
			next.Priority = i + 1
			list[i] = &next
		}
	}
	return list
}

// RemovePolicy deletes a policy; the default one stays.
func (s *Server) RemovePolicy(id string) error {
	s.writes.Lock()
	defer s.writes.Unlock()
	list := slices.Clone(s.policies.Load().list)
	at := slices.IndexFunc(list, func(one *PasswordPolicy) bool { return one.ID == id })
	switch {
	case at < 0:
		return fmt.Errorf("policy %s: %w", id, people.ErrNotFound)
	case list[at].System:
		return fmt.Errorf("%w: the default policy cannot be deleted", ErrInvalid)
	}
	s.policies.Store(&policySet{arranged(slices.Delete(list, at, at+1))})
	return nil
}
