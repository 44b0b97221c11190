package syncer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
	"github.com/seatrial/seatrial/syncer/target/okta"
	"github.com/seatrial/seatrial/syncer/target/rest"
)

// repair is one run of the command.
type repair struct {
	config, fix, journal           string
	plan, apply, parked, yes, json bool
	jitStays                       bool
	users                          []string
	store                          parkedFlags
	in                             io.Reader
	out                            io.Writer
	getenv                         func(string) (string, bool)
	environment                    rest.Environment

	hub   *okta.Repairer
	notes *repairJournal
	lots  storehouse
}

// repairPlan is what would be done, and in the end what was.
type repairPlan struct {
	Hub       string                  `json:"hub"`
	Fix       okta.Fix                `json:"fix"`
	Providers []okta.IdentityProvider `json:"identityProviders"`
	Users     []*repairUser           `json:"users"`
}

// repairUser is one user of a plan.
type repairUser struct {
	Login string     `json:"login"`
	Case  *okta.Case `json:"case,omitempty"`
	// Nothing says why there is nothing to do, Blocked why nothing can be done.
	Nothing string      `json:"nothing,omitempty"`
	Blocked string      `json:"blocked,omitempty"`
	Resumed bool        `json:"resumed,omitempty"` // an earlier run broke off
	Steps   []okta.Step `json:"steps,omitempty"`
	Costs   []string    `json:"costs,omitempty"`
	// Replays are his parked changes.
	Replays []string `json:"replays,omitempty"`
	// Repaired and Trouble are what came of it.
	Repaired bool   `json:"repaired,omitempty"`
	Trouble  string `json:"trouble,omitempty"`

	replayed bool // his parked changes are on their way
	wiped    int  // parked changes whose passwords are gone
}

// open tells whether there is something to do for him.
func (u *repairUser) open() bool { return u.Nothing == "" && u.Blocked == "" }

// waiting are the parked changes that can be replayed, now or after the repair.
func (u *repairUser) waiting() []string {
	if u.Blocked != "" {
		return nil
	}
	return u.Replays
}

// undoing are the identity providers that would undo the repair.
func (p *repairPlan) undoing() (list []okta.IdentityProvider) {
	return slices.DeleteFunc(slices.Clone(p.Providers), func(i okta.IdentityProvider) bool { return !i.Undoes() })
}

// look finds out what there is to do. An error is that the hub or the engine cannot be asked.
func (r *repair) look(ctx context.Context, hub string) (*repairPlan, error) {
	p := &repairPlan{Hub: hub, Fix: okta.Fix(r.fix)}
	var err error
	if p.Providers, err = r.hub.Providers(ctx); err != nil {
		return nil, err
	}
	if p.Users, err = r.who(ctx); err != nil {
		return nil, err
	}
	for _, u := range p.Users {
		if err := r.lookAt(ctx, u, p.Fix); err != nil {
			return nil, fmt.Errorf("%s: %w", u.Login, err)
		}
	}
	return p, nil
}

// who is meant: those who are named, or those whose changes are parked, and in both cases what is parked for them.
func (r *repair) who(ctx context.Context) ([]*repairUser, error) {
	var list []*repairUser
	byLogin := map[string]*repairUser{}
	add := func(login string) *repairUser {
		u := byLogin[userKey(login)]
		if u == nil {
			u = &repairUser{Login: login}
			byLogin[userKey(login)] = u
			list = append(list, u)
		}
		return u
	}
	for _, name := range r.users {
		login, err := r.hub.Login(name)
		if err != nil {
			return nil, err
		}
		add(login)
	}
	if r.lots == nil {
		return list, nil
	}
	changes, err := r.lots.List(ctx, hook.Selection{Reason: string(target.Federated)})
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		login := c.Account
		if login == "" {
			login = c.UserName
		}
		if u := byLogin[userKey(login)]; u == nil && !r.parked {
			continue
		}
		switch u := add(login); c.State {
		case hook.Kept:
			u.Replays = append(u.Replays, c.ID)
		case hook.Wiped:
			u.wiped++
		case hook.Replaying: // The engine is at it.
		}
	}
	return list, nil
}

// lookAt finds out what there is to do for one user.
func (r *repair) lookAt(ctx context.Context, u *repairUser, f okta.Fix) error {
	if c, ok := r.notes.brokenOff[userKey(u.Login)]; ok {
		u.Case, u.Resumed, u.Steps = &c, true, r.hub.Steps(c, okta.FixRecreate)
		return nil
	}
	c, err := r.hub.Look(ctx, u.Login)
	switch {
	case errors.Is(err, okta.ErrNotFederated):
		u.Nothing = err.Error()
		return nil
	case errors.Is(err, okta.ErrNobody), errors.Is(err, okta.ErrDirectory):
		u.Blocked = err.Error()
		return nil
	case err != nil:
		return err
	}
	u.Case = &c
	if u.Blocked = c.Blocked(f); u.Blocked != "" {
		return nil
	}
	u.Steps, u.Costs = r.hub.Steps(c, f), c.Costs(f)
	return nil
}

// planned prints the plan.
func (r *repair) planned(p *repairPlan) error {
	if err := r.print(p); err != nil {
		return err
	}
	if slices.ContainsFunc(p.Users, func(u *repairUser) bool { return u.Nothing == "" || len(u.waiting()) > 0 }) {
		return repairOutcome{code: exitLeft}
	}
	return nil
}

// applied carries the plan out.
func (r *repair) applied(ctx context.Context, p *repairPlan) error {
	if !r.json {
		if err := p.text(r.out); err != nil {
			return err
		}
	}
	n, replays := 0, 0
	for _, u := range p.Users {
		if u.open() {
			n++
		}
		replays += len(u.waiting())
	}
	switch undoing := p.undoing(); {
	case n > 0 && len(undoing) > 0 && !r.jitStays:
		return repairOutcome{exitLeft, fmt.Sprintf("nothing was done: a sign-in through %s would undo it; switch that off first, or say --jit-stays", undoing[0].Name)}
	case n+replays > 0 && !r.confirmed(fmt.Sprintf("Repair %s at %s?", many(n, "user"), p.Hub)):
		return repairOutcome{exitLeft, "nothing was done: it was not confirmed"}
	case n+replays > 0:
		if err := r.notes.begin(); err != nil {
			return UsageError{fmt.Errorf("--journal: %w", err)}
		}
	}
	for _, u := range p.Users {
		if !u.open() && len(u.waiting()) == 0 || ctx.Err() != nil {
			continue
		}
		if err := r.repair(ctx, u, p.Fix); err != nil {
			u.Trouble = err.Error()
		}
		if !r.json {
			u.told(r.out)
		}
	}
	return r.finished(ctx, p)
}

func (r *repair) finished(ctx context.Context, p *repairPlan) error {
	if r.json {
		if err := printJSON(r.out, p); err != nil {
			return err
		}
	}
	left, repaired := 0, 0
	for _, u := range p.Users {
		switch {
		case u.Repaired:
			repaired++
		case u.Nothing == "":
			left++
		}
		if u.Nothing != "" || u.Repaired {
			left += oneIf(u.Trouble != "")
		}
	}
	if !r.json {
		_, _ = fmt.Fprintf(r.out, "%d repaired, %d left; what was done is in %s\n", repaired, left, r.journal)
	}
	switch {
	case ctx.Err() != nil:
		return repairOutcome{exitLeft, "broken off; the same command goes on"}
	case left > 0:
		return repairOutcome{code: exitLeft}
	}
	return nil
}

// repair does one user's steps, and sends his parked changes again.
func (r *repair) repair(ctx context.Context, u *repairUser, f okta.Fix) error {
	line := repairLine{Login: u.Login, Fix: f}
	if u.Resumed {
		line.Fix = okta.FixRecreate
	}
	note := func(event string, change func(*repairLine)) error {
		l := line
		l.Event = event
		if change != nil {
			change(&l)
		}
		return r.notes.write(l)
	}
	steps := func(s okta.Step, status int) error {
		return note(repairStep, func(l *repairLine) { l.Step, l.Status = &s, status })
	}
	if u.Nothing != "" { // An earlier run has repaired him, or somebody else.
		return r.replay(ctx, u, note)
	}
	var err error
	if u.Resumed {
		err = r.hub.Resume(ctx, *u.Case, steps)
	} else if err = note(repairBegun, func(l *repairLine) { l.Case = u.Case }); err == nil {
		err = r.hub.Apply(ctx, *u.Case, f, steps)
	}
	if err != nil {
		return errors.Join(err, note(repairFailed, func(l *repairLine) { l.Detail = err.Error() }))
	}
	u.Repaired = true
	if err := note(repairDone, nil); err != nil {
		return err
	}
	return r.replay(ctx, u, note)
}

func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// replay has the engine send what is parked for a user who is repaired.
func (r *repair) replay(ctx context.Context, u *repairUser, note func(string, func(*repairLine)) error) error {
	if r.store.engine == "" {
		return nil
	}
	var errs []error
	for _, id := range u.Replays {
		if err := r.lots.Replay(ctx, id); err != nil {
			errs = append(errs, fmt.Errorf("replay %s: %w", id, err))
			continue
		}
		errs = append(errs, note(repairReplayed, func(l *repairLine) { l.Detail = id }))
	}
	u.replayed = len(u.Replays) > 0
	return errors.Join(errs...)
}
