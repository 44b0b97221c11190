package control

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/harness"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
	"github.com/seatrial/seatrial/sim/kernel/switches"
)

// query resolves what is read.
type query struct{ *resolver }

func (q query) World(context.Context) (World, error) {
	return World{
		Seed: strconv.FormatUint(uint64(q.info.Seed), 10), Version: q.info.Version, Targets: each(q.simulators, q.describe),
	}, nil
}

func (q query) Target(_ context.Context, name string) (Target, error) {
	s, err := q.find(name)
	if err != nil {
		return Target{}, err
	}
	return q.describe(s), nil
}

// describe tells all about a simulator; what it lacks is empty.
func (r *resolver) describe(s Simulator) Target {
	t := Target{
		Name: s.Name(), URL: r.info.URL(s.Name()), Clock: toClock(s), Users: s.Roster().Len(), Policy: s.PolicyJSON(),
		Faults: each(s.Faults().List(), toFault), Switches: each(s.Switches(), toSwitch),
		Clients: []string{}, Limits: []Limit{}, GroupPolicies: []GroupPolicy{},
	}
	if s, ok := s.(issuer); ok {
		t.Clients = list(s.Clients())
	}
	if s, ok := s.(limiting); ok {
		t.Tier, t.Limits = s.Tier(), each(s.Limits(), toLimit)
	}
	if s, ok := s.(sharing); ok {
		t.TokenShare, t.ConcurrentLimit = s.TokenShare(), s.ConcurrentLimit()
	}
	if s, ok := s.(lagging); ok {
		t.Visibility = s.Visibility()
	}
	if s, ok := s.(closing); ok {
		t.Maintenance, _ = s.Maintenance()
	}
	if s, ok := s.(freezing); ok {
		t.ReadOnly = s.ReadOnly()
	}
	if s, ok := s.(grouping); ok {
		t.GroupPolicies = each(s.GroupPoliciesJSON(), toGroupPolicy)
	}
	if s, ok := s.(logging); ok {
		log := toChangelog(s)
		t.Changelog = &log
	}
	if s, ok := s.(replicating); ok {
		t.ReplicationLag = s.ReplicationLag()
	}
	if s, ok := s.(revealing); ok {
		t.PasswordReadable = s.PasswordReadable()
	}
	return t
}

func toMail(m harness.Mail) Mail {
	return Mail{Sequence: m.Sequence, At: m.At, User: m.User, To: m.To, Kind: m.Kind, Token: m.Token.Reveal()}
}

func toLimit(l harness.Limit) Limit { return Limit(l) }

func toGroupPolicy(g harness.GroupPolicy) GroupPolicy {
	return GroupPolicy{Name: g.Name, Priority: g.Priority, Groups: list(g.Groups), Policy: g.Policy}
}

func (q query) Users(_ context.Context, target string, first int, after *string, federated, active *bool) (UserPage, error) {
	s, err := q.find(target)
	if err != nil {
		return UserPage{}, err
	}
	if first < 0 {
		return UserPage{}, fmt.Errorf("first: %d is below 0", first)
	}
	if after != nil {
		if _, ok := s.Roster().ByID(*after); !ok {
			return UserPage{}, fmt.Errorf("after: %s has no user with the id %q (any more): begin again without it", target, *after)
		}
	}
	page := UserPage{Users: []User{}}
	reached := after == nil
	for p := range s.Roster().All() {
		standing := s.Standing(p)
		if federated != nil && standing.Federated != *federated || active != nil && standing.Active != *active {
			reached = reached || p.ID == *after
			continue
		}
		page.Total++
		switch {
		case !reached:
			reached = p.ID == *after
		case len(page.Users) < first:
			page.Users = append(page.Users, toUser(s, p))
		case page.Next == nil && first > 0:
			page.Next = &page.Users[first-1].ID
		}
	}
	return page, nil
}

func (q query) User(_ context.Context, target, userName string) (*User, error) {
	s, err := q.find(target)
	if err != nil {
		return nil, err
	}
	p, ok := s.Roster().ByUserName(userName)
	if !ok {
		return nil, nil //nolint:nilnil // null is the schema's answer to a name that nobody has
	}
	user := toUser(s, p)
	return &user, nil
}

func (q query) Outbox(_ context.Context, target string, user *string, after *uint64, first int) (Outbox, error) {
	s, err := able[mailing](q.resolver, target, outbox)
	if err != nil {
		return Outbox{}, err
	}
	if first < 0 {
		return Outbox{}, fmt.Errorf("first: %d is below 0", first)
	}
	mails, sent := s.Outbox(value(user), value(after), first)
	return Outbox{Sent: sent, Mails: each(mails, toMail)}, nil
}

func (q query) Digests(_ context.Context, passwords []string) ([]string, error) {
	return each(passwords, func(p string) string { return q.journal.Digest(secret.New(p)).String() }), nil
}

func (q query) CheckPassword(_ context.Context, target, userName, password string) ([]Violation, error) {
	s, err := q.find(target)
	if err != nil {
		return nil, err
	}
	violations, err := s.CheckPassword(userName, secret.New(password))
	if errors.Is(err, people.ErrNotFound) {
		return nil, fmt.Errorf("userName: %s has no user %q", target, userName)
	}
	if err != nil {
		return nil, err
	}
	return each(violations, toViolation), nil
}

func toClock(s Simulator) Clock { return Clock{Now: s.Clock().Now(), Offset: s.Clock().Offset()} }

func toUser(s Simulator, p people.Person) User {
	standing := s.Standing(p)
	return User{
		ID: p.ID, UserName: p.UserName, GivenName: p.GivenName, FamilyName: p.FamilyName, DisplayName: p.DisplayName,
		Email: p.PrimaryEmail(), Active: standing.Active, Federated: standing.Federated, Delegated: standing.Delegated,
		Locked: standing.Locked, LockedBy: string(standing.LockedBy), MustChange: standing.MustChange,
		HasPassword: standing.HasPassword, History: len(p.Credential.History),
		Status: standing.Status, Provider: standing.Provider, Mastered: standing.Mastered,
		PasswordSetAt: instant(p.Credential.SetAt), Created: p.Created, Modified: p.Modified, Version: p.Version,
	}
}

func toFault(s faults.Status) Fault {
	return Fault{
		ID: s.ID, Kind: string(s.Kind), Note: s.Note, Seen: s.Seen, Fired: s.Fired, Added: s.Added,
		FirstFired: instant(s.FirstFired), LastFired: instant(s.LastFired), Description: s.String(),
	}
}

func toSwitch(s switches.Switch) Switch {
	return Switch{Name: s.Name, Value: s.Value, Default: s.Default, Options: list(s.Options), Note: s.Note}
}

func toViolation(v harness.Violation) Violation { return Violation(v) }

// instant is null for a time that never came.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
