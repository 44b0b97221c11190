package idcs

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"

	"github.com/seatrial/seatrial/sim/kernel/harness"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// What whoever conducts a rehearsal does to the domain, past its API: the journal does not see it.

// Standing is how a person's account stands now.
func (s *Server) Standing(p people.Person) harness.Standing {
	standing := harness.Standing{
		Active: p.Active, Federated: p.Federated, Delegated: p.Delegated, Locked: s.locked(&p),
		MustChange: p.Credential.MustChange, HasPassword: p.Credential.HasPassword(),
	}
	if standing.Locked {
		standing.LockedBy = cmp.Or(p.Credential.LockedBy, people.ByAdministrator)
	}
	return standing
}

// SetFederated says that the user with that id signs in elsewhere, or here again.
func (s *Server) SetFederated(id string, on bool) error {
	return s.turn(id, func(p *people.Person) bool {
		changed := p.Federated != on
		p.Federated = on
		return changed
	})
}

// SetDelegated says that the user with that id has the password elsewhere, in Active Directory for instance, or here again.
func (s *Server) SetDelegated(id string, on bool) error {
	return s.turn(id, func(p *people.Person) bool {
		changed := p.Delegated != on
		p.Delegated = on
		return changed
	})
}

// SetActive activates the user with that id, or deactivates.
func (s *Server) SetActive(id string, on bool) error {
	return s.turn(id, func(p *people.Person) bool {
		changed := p.Active != on
		p.Active = on
		return changed
	})
}

// SetLocked locks the user with that id as an administrator does, or ends any lock.
func (s *Server) SetLocked(id string, on bool) error {
	return s.turn(id, func(p *people.Person) bool {
		changed := p.Locked != on || on && p.Credential.LockedBy != people.ByAdministrator
		if !changed {
			return false
		}
		if p.Locked = on; on {
			p.Credential.LockedAt, p.Credential.LockedBy = s.kernel.Clock.Now(), people.ByAdministrator
		} else {
			p.Credential.Unlock()
		}
		return true
	})
}

// errAsWanted stops an update that would change nothing, so that neither version nor time of change move.
var errAsWanted = errors.New("as wanted already")

func (s *Server) turn(id string, change func(*people.Person) bool) error {
	_, err := s.people.Update(id, func(p *people.Person) error {
		if !change(p) {
			return errAsWanted
		}
		p.Modified = s.kernel.Clock.Now()
		return nil
	})
	if errors.Is(err, errAsWanted) {
		return nil
	}
	return err
}

// Remove takes the user with that id away.
func (s *Server) Remove(id string) error {
	return s.people.Delete(id, func(people.Person) error { return nil })
}

// PolicyJSON is the default password policy with Oracle's names.
func (s *Server) PolicyJSON() any { return s.Policy() }

// SetPolicyJSON replaces the default password policy by one with Oracle's names.
func (s *Server) SetPolicyJSON(text []byte) error {
	p, err := policy.Decode(text)
	if err != nil {
		return err
	}
	return s.SetPolicy(p)
}

// SetGroupPolicyJSON is SetGroupPolicy for a policy with Oracle's names.
func (s *Server) SetGroupPolicyJSON(name string, priority int, groups []string, text []byte) error {
	p, err := policy.Decode(text)
	if err != nil {
		return err
	}
	return s.SetGroupPolicy(GroupPolicy{Name: name, Priority: priority, Groups: groups, Policy: p})
}

// GroupPoliciesJSON is GroupPolicies with Oracle's names.
func (s *Server) GroupPoliciesJSON() []harness.GroupPolicy {
	list := s.GroupPolicies()
	all := make([]harness.GroupPolicy, 0, len(list))
	for _, g := range list {
		all = append(all, harness.GroupPolicy{Name: g.Name, Priority: g.Priority, Groups: g.Groups, Policy: g.Policy})
	}
	return all
}

// CheckPassword tells which rules of the policy that applies to a user a password would break, the history included.
func (s *Server) CheckPassword(userName string, candidate secret.Value) ([]harness.Violation, error) {
	p, ok := s.people.ByUserName(userName)
	if !ok {
		return nil, fmt.Errorf("%w: %q", people.ErrNotFound, userName)
	}
	broken := s.PolicyOf(p.ID).Check(candidate, policy.Subject{
		UserName: p.UserName, GivenName: p.GivenName, FamilyName: p.FamilyName,
		Attributes: map[string]string{"externalId": p.ExternalID, "displayName": p.DisplayName, "emails.value": p.PrimaryEmail()},
		Current:    p.Credential.Password,
		Reused: func(candidate secret.Value, last int) bool {
			return p.Credential.Reused(s.kernel.Digester.Digest(candidate), last)
		},
	})
	all := make([]harness.Violation, 0, len(broken))
	for _, v := range broken {
		text := "the policy sets " + string(v.Rule)
		if v.Limit != 0 {
			text += " to " + strconv.Itoa(v.Limit)
		}
		if v.Value != "" {
			text += ": " + v.Value
		}
		all = append(all, harness.Violation{Rule: string(v.Rule), Limit: v.Limit, Text: text})
	}
	return all, nil
}
