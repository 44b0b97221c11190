package control

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/oauth"
)

// mutation resolves what is changed: settings, tokens, time. Users are in users.go.
type mutation struct{ *resolver }

func (m mutation) SetPolicy(_ context.Context, target string, input any) (any, error) {
	s, err := m.find(target)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	if err := s.SetPolicyJSON(text); err != nil {
		return nil, err
	}
	return s.PolicyJSON(), nil
}

func (m mutation) SetGroupPolicy(_ context.Context, target, name string, priority int, groups []string, input any) ([]GroupPolicy, error) {
	s, err := able[grouping](m.resolver, target, groupPolicies)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("policy: %w", err)
	}
	if err := s.SetGroupPolicyJSON(name, priority, groups, text); err != nil {
		return nil, err
	}
	return each(s.GroupPoliciesJSON(), toGroupPolicy), nil
}

func (m mutation) RemoveGroupPolicy(_ context.Context, target, name string) (bool, error) {
	s, err := able[grouping](m.resolver, target, groupPolicies)
	if err != nil {
		return false, err
	}
	return s.RemoveGroupPolicy(name), nil
}

func (m mutation) SetTier(_ context.Context, target, tier string) ([]Limit, error) {
	s, err := able[limiting](m.resolver, target, tiers)
	if err != nil {
		return nil, err
	}
	if err := s.SetTier(tier); err != nil {
		return nil, err
	}
	return each(s.Limits(), toLimit), nil
}

func (m mutation) SetTokenShare(_ context.Context, target string, percent int) (int, error) {
	s, err := able[sharing](m.resolver, target, shares)
	if err != nil {
		return 0, err
	}
	return percent, s.SetTokenShare(percent)
}

func (m mutation) SetConcurrentLimit(_ context.Context, target string, limit int) (int, error) {
	s, err := able[sharing](m.resolver, target, shares)
	if err != nil {
		return 0, err
	}
	return limit, s.SetConcurrentLimit(limit)
}

func (m mutation) ResetRates(_ context.Context, target string) ([]Limit, error) {
	s, err := able[sharing](m.resolver, target, shares)
	if err != nil {
		return nil, err
	}
	s.ResetRates()
	return each(s.Limits(), toLimit), nil
}

func (m mutation) SetVisibility(_ context.Context, target string, after time.Duration) (time.Duration, error) {
	s, err := able[lagging](m.resolver, target, visibility)
	if err != nil {
		return 0, err
	}
	return after, s.SetVisibility(after)
}

func (m mutation) SetMaintenance(_ context.Context, target string, on bool, retryAfter *time.Duration) (bool, error) {
	s, err := able[closing](m.resolver, target, maintenance)
	if err != nil {
		return false, err
	}
	return on, s.SetMaintenance(on, value(retryAfter))
}

func (m mutation) SetReadOnly(_ context.Context, target string, on bool) (bool, error) {
	s, err := able[freezing](m.resolver, target, readOnlyMode)
	if err != nil {
		return false, err
	}
	s.SetReadOnly(on)
	return on, nil
}

func (m mutation) AddFault(_ context.Context, target string, input FaultInput) (Fault, error) {
	s, err := m.find(target)
	if err != nil {
		return Fault{}, err
	}
	rule, err := FaultRule(input)
	if err != nil {
		return Fault{}, err
	}
	status, err := s.Faults().Add(rule)
	if err != nil {
		return Fault{}, err
	}
	return toFault(status), nil
}

func (m mutation) RemoveFaults(_ context.Context, target string, ids []string) (int, error) {
	s, err := m.find(target)
	if err != nil {
		return 0, err
	}
	if ids != nil && len(ids) == 0 {
		return 0, nil // an empty list names none; all are meant only when there is no list
	}
	return s.Faults().Remove(ids...), nil
}

func (m mutation) ExpireTokens(_ context.Context, target string, client *string) (int, error) {
	return m.endTokens(target, client, issuer.ExpireTokens)
}

func (m mutation) RevokeTokens(_ context.Context, target string, client *string) (int, error) {
	return m.endTokens(target, client, issuer.RevokeTokens)
}

func (m mutation) endTokens(target string, client *string, end func(issuer, string) int) (int, error) {
	s, err := able[issuer](m.resolver, target, tokens)
	if err != nil {
		return 0, err
	}
	id, err := knownClient(target, s, client)
	if err != nil {
		return 0, err
	}
	return end(s, id), nil
}

func (m mutation) SetTokenLifetime(_ context.Context, target string, lifetime time.Duration) (time.Duration, error) {
	s, err := able[issuer](m.resolver, target, tokens)
	if err != nil {
		return 0, err
	}
	return lifetime, s.SetTokenLifetime(lifetime)
}

func (m mutation) TurnClock(_ context.Context, target string, by time.Duration) (Clock, error) {
	s, err := m.find(target)
	if err != nil {
		return Clock{}, err
	}
	s.Clock().Turn(by)
	return toClock(s), nil
}

func (m mutation) SetSwitch(_ context.Context, target, name, setting string) (Switch, error) {
	s, err := m.find(target)
	if err != nil {
		return Switch{}, err
	}
	if err := s.SetSwitch(name, setting); err != nil {
		return Switch{}, err
	}
	for _, w := range s.Switches() {
		if w.Name == name {
			return toSwitch(w), nil
		}
	}
	return Switch{}, fmt.Errorf("name: %s has set %q but does not list it", target, name)
}

func (m mutation) RegisterClient(_ context.Context, target string, client ClientInput) (bool, error) {
	s, err := able[issuer](m.resolver, target, tokens)
	if err != nil {
		return false, err
	}
	c := oauth.Client{Grants: client.Grants, ID: client.ID, Secret: client.Secret, Name: client.ID, Roles: client.Roles, Scopes: client.Scopes, Active: true}
	if err := s.RegisterClient(c); err != nil {
		return false, err
	}
	return true, nil
}

func (m mutation) LogIns(_ context.Context, target string, attempts []LogInInput) ([]LogIn, error) {
	s, err := m.find(target)
	if err != nil {
		return nil, err
	}
	return each(attempts, func(a LogInInput) LogIn {
		answer := s.LogIn(a.UserName, a.Password)
		return LogIn{OK: answer.OK, MustChange: answer.MustChange, Reason: answer.Reason}
	}), nil
}

func (m mutation) Reset(_ context.Context, target string) (bool, error) {
	s, err := m.find(target)
	if err != nil {
		return false, err
	}
	s.Reset()
	m.journal.Forget(target)
	return true, nil
}
