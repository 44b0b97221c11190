package control

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/population"
)

// mostGenerated bounds generateUsers: its answer is in memory at once.
const mostGenerated = 200_000

func (m mutation) AddUsers(ctx context.Context, target string, users []UserInput) (int, error) {
	s, err := m.find(target)
	if err != nil {
		return 0, err
	}
	added := make([]string, 0, len(users))
	for i, u := range users {
		p, err := s.Populate(m.toPerson(s, u))
		if err == nil {
			added = append(added, p.ID)
			err = ctx.Err()
		}
		if err != nil {
			takeBack(s, added)
			return 0, fmt.Errorf("users[%d]: %w; no user was added", i, err)
		}
	}
	return len(added), nil
}

func (m mutation) toPerson(s Simulator, u UserInput) people.Person {
	p := people.Person{
		UserName: u.UserName, ExternalID: u.ExternalID, GivenName: u.GivenName, FamilyName: u.FamilyName,
		DisplayName: u.DisplayName, Active: u.Active == nil || *u.Active, Federated: u.Federated, Delegated: u.Delegated,
	}
	if u.Email != "" {
		p.Emails = []people.Email{{Value: u.Email, Type: "work", Primary: true}}
	}
	if !u.Password.Empty() {
		p.Credential.Set(m.journal.Digest(u.Password), u.Password, s.Clock().Now(), false)
	}
	return p
}

// takeBack removes what was added before something went wrong.
func takeBack(s Simulator, ids []string) {
	for _, id := range ids {
		_ = s.Remove(id) // gone already is as good
	}
}

// GenerateUsers takes the first people of the world's seed whose names are free: asked twice, it goes on where it stopped.
func (m mutation) GenerateUsers(ctx context.Context, target string, count int) ([]User, error) {
	s, err := m.find(target)
	if err != nil {
		return nil, err
	}
	if count < 1 || count > mostGenerated {
		return nil, fmt.Errorf("count: %d is not from 1 to %d", count, mostGenerated)
	}
	generated := population.Generate(m.info.Seed, math.MaxInt)
	if s, ok := s.(addressing); ok && s.AddressedLogins() {
		generated = population.AddressedLogins(generated)
	}
	users, ids := make([]User, 0, count), make([]string, 0, count)
	for p := range generated {
		if _, taken := s.Roster().ByUserName(p.UserName); taken {
			continue
		}
		p, err := s.Populate(p)
		if errors.Is(err, people.ErrDuplicate) {
			continue // another caller was faster
		}
		if err == nil {
			users, ids = append(users, toUser(s, p)), append(ids, p.ID)
			err = ctx.Err()
		}
		if err != nil {
			takeBack(s, ids)
			return nil, fmt.Errorf("generate: %w; no user was added", err)
		}
		if len(users) == count {
			break
		}
	}
	return users, nil
}

func (m mutation) RemoveUsers(_ context.Context, target string, userNames []string) (int, error) {
	s, err := m.find(target)
	if err != nil {
		return 0, err
	}
	found, err := persons(s, userNames)
	if err != nil {
		return 0, err
	}
	for _, p := range found {
		if err := s.Remove(p.ID); err != nil {
			return 0, fmt.Errorf("remove %q: %w", p.UserName, err)
		}
	}
	return len(found), nil
}

func (m mutation) SetFederated(_ context.Context, target string, userNames []string, federated bool) (int, error) {
	s, err := able[federating](m.resolver, target, federation)
	if err != nil {
		return 0, err
	}
	return m.changeUsers(target, userNames, func(id string) error { return s.SetFederated(id, federated) })
}

func (m mutation) SetDelegated(_ context.Context, target string, userNames []string, delegated bool) (int, error) {
	s, err := able[delegating](m.resolver, target, delegation)
	if err != nil {
		return 0, err
	}
	return m.changeUsers(target, userNames, func(id string) error { return s.SetDelegated(id, delegated) })
}

func (m mutation) SetLocked(_ context.Context, target string, userNames []string, locked bool) (int, error) {
	s, err := m.find(target)
	if err != nil {
		return 0, err
	}
	return m.changeUsers(target, userNames, func(id string) error { return s.SetLocked(id, locked) })
}

func (m mutation) SetActive(_ context.Context, target string, userNames []string, active bool) (int, error) {
	s, err := m.find(target)
	if err != nil {
		return 0, err
	}
	return m.changeUsers(target, userNames, func(id string) error { return s.SetActive(id, active) })
}

func (m mutation) SetStatus(_ context.Context, target string, userNames []string, status string) (int, error) {
	s, err := able[lifecycled](m.resolver, target, lifecycle)
	if err != nil {
		return 0, err
	}
	return m.changeUsers(target, userNames, func(id string) error { return s.SetStatus(id, status) })
}

func (m mutation) SetProvider(_ context.Context, target string, userNames []string, provider string) (int, error) {
	s, err := able[lifecycled](m.resolver, target, lifecycle)
	if err != nil {
		return 0, err
	}
	return m.changeUsers(target, userNames, func(id string) error { return s.SetProvider(id, provider) })
}

func (m mutation) SetMastered(_ context.Context, target string, userNames []string, mastered bool) (int, error) {
	s, err := able[lifecycled](m.resolver, target, lifecycle)
	if err != nil {
		return 0, err
	}
	return m.changeUsers(target, userNames, func(id string) error { return s.SetMastered(id, mastered) })
}

func (m mutation) Disconnect(_ context.Context, target string, userNames []string) (int, error) {
	s, err := able[lifecycled](m.resolver, target, lifecycle)
	if err != nil {
		return 0, err
	}
	return m.changeUsers(target, userNames, s.Disconnect)
}

// changeUsers returns how many users are now as wanted: all that are named. Where one cannot be, those before it are changed, and
// the error says how many.
func (m mutation) changeUsers(target string, userNames []string, change func(id string) error) (int, error) {
	s, err := m.find(target)
	if err != nil {
		return 0, err
	}
	found, err := persons(s, userNames)
	if err != nil {
		return 0, err
	}
	for i, p := range found {
		if err := change(p.ID); err != nil {
			return 0, fmt.Errorf("change %q: %w; %d before it were changed", p.UserName, err, i)
		}
	}
	return len(found), nil
}
