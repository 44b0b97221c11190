package scenarios

import (
	"fmt"

	"github.com/seatrial/seatrial/scenarios/rulebook"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim"
	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/okta"
)

// rules are the spoke's password policy.
func (s GivenSpoke) rules() rulebook.Book {
	if s.Policy != nil {
		return s.Policy.Book
	}
	return rulebook.Oktas{PasswordSettings: okta.DefaultSettings()}
}

// pairUp makes of the target a hub: the spoke has the same users and the newcomers, all of them are assigned, and those whose
// passwords the hub takes have them there. From then on Okta's own provisioning is on trial.
func (r *run) pairUp(given GivenSpoke) error {
	if err := r.control.SetPolicy(r.ctx, sim.Spoke, given.rules().Attributes()); err != nil {
		return err
	}
	for _, name := range sortedKeys(given.Switches) {
		if _, err := r.control.SetSwitch(r.ctx, sim.Spoke, name, given.Switches[name]); err != nil {
			return err
		}
	}
	users := make([]control.UserInput, 0, len(r.residents)+len(r.newcomers))
	names := userNames(r.residents)
	for _, p := range r.residents {
		users = append(users, input(p))
	}
	for _, p := range r.newcomers {
		password, err := r.passwords.initial(p)
		if err != nil {
			return fmt.Errorf("password of %s at the spoke: %w", p.UserName, err)
		}
		u := input(p)
		u.Password = password
		users, names = append(users, u), append(names, p.UserName)
	}
	if _, err := r.control.Populate(r.ctx, sim.Spoke, users); err != nil {
		return err
	}
	r.pair = sut.NewOrg2Org(r.world)
	if err := r.pair.SetUp(r.ctx, given.Deactivate == nil || *given.Deactivate); err != nil {
		return fmt.Errorf("spoke: %w", err)
	}
	if err := r.pair.Assign(r.ctx, names...); err != nil {
		return fmt.Errorf("spoke: %w", err)
	}
	for _, p := range r.residents {
		if p.elsewhere { // He signs in elsewhere, and would leave a push behind that cannot succeed.
			continue
		}
		if err := r.pair.SignIn(r.ctx, p.UserName, p.initial); err != nil {
			return fmt.Errorf("spoke: %s: %w", p.UserName, err)
		}
	}
	if err := r.pair.Settle(r.ctx); err != nil {
		return err
	}
	page, err := r.control.JournalPage(r.ctx, control.JournalQuery{Target: r.target.name(), First: 1})
	r.since = page.Last
	return err
}

// assign and unassign are what an administrator of the spoke does. Whoever was deleted at the hub is made anew by an assignment.
func (r *run) assign(u Users) error {
	picked := r.pick(u)
	for _, p := range picked {
		p.blocked, p.newcomer = false, false
	}
	return r.pair.Assign(r.ctx, userNames(picked)...)
}

func (r *run) unassign(u Users) error {
	picked := r.pick(u)
	if d := r.scenario.Given.Spoke.Deactivate; d == nil || *d {
		for _, p := range picked {
			p.blocked = true
		}
		r.overtake()
		r.note(picked, func(u *control.User) { u.Active = false })
	}
	return r.pair.Unassign(r.ctx, userNames(picked)...)
}

// spoke: it needs an org to push to, and has nothing that can be told to an engine.
func (l *linter) spoke(s GivenSpoke, tree *node) {
	at := tree.find("spoke")
	if tree.child(targetOkta) == nil {
		l.found.add(tree.key("spoke"), "spoke: needs a hub; write okta: {users: 20}")
	}
	if tree.child("engine") != nil {
		l.found.add(tree.key("engine"), "engine: there is none where a spoke pushes: Okta's own provisioning is on trial")
	}
	if s.Policy != nil {
		if s.Policy.Vendor() != targetOkta {
			l.found.add(at.find("policy").at, "policy: is in the words of %s; a spoke has %s", s.Policy.Vendor(), vendorWords[targetOkta])
			return
		}
		l.policy(s.Policy.Book, at.find("policy"))
	}
}
