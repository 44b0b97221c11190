package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim/control"
)

// turn plays the steps that change the world, each one call to the control plane.
func (r *run) turn(s Step) error {
	var err error
	switch {
	case s.Faults != nil:
		return r.addFaults(s.Faults)
	case s.ClearFaults != nil:
		return r.clearFaults(*s.ClearFaults)
	case s.ExpireTokens != nil:
		_, err = r.control.ExpireTokens(r.ctx, r.target.name(), s.ExpireTokens.Client)
	case s.RevokeTokens != nil:
		_, err = r.control.RevokeTokens(r.ctx, r.target.name(), s.RevokeTokens.Client)
	case s.TokenLifetime != nil:
		err = r.control.SetTokenLifetime(r.ctx, r.target.name(), time.Duration(*s.TokenLifetime))
	case s.TurnClock != nil:
		_, err = r.control.TurnClock(r.ctx, r.target.name(), time.Duration(*s.TurnClock))
	case s.SetSwitches != nil:
		err = r.switches(s.SetSwitches)
	case s.SetPolicy != nil:
		err = r.control.SetPolicy(r.ctx, r.target.name(), s.SetPolicy.Attributes())
		r.passwords.target = r.scenario.applied(s.SetPolicy.Book)
		for _, c := range r.changes {
			c.outdated = true
		}
		if r.scenario.Given.Source.Policy == nil {
			r.passwords.source = r.passwords.target
		}
	case s.SetProvider != nil:
		return r.setProvider(s.SetProvider.Provider, r.pick(s.SetProvider.Users))
	case s.SetStatus != nil:
		return r.setStatus(s.SetStatus.Status, r.pick(s.SetStatus.Users))
	case s.Disconnect != nil:
		return r.disconnect(r.pick(*s.Disconnect))
	case s.JIT != nil:
		return r.signInElsewhere(r.pick(*s.JIT))
	case s.Assign != nil:
		return r.assign(*s.Assign)
	case s.Unassign != nil:
		return r.unassign(*s.Unassign)
	case s.Repair != nil:
		return r.repair(*s.Repair)
	case s.ReadOnly != nil:
		return r.control.SetReadOnly(r.ctx, r.target.name(), *s.ReadOnly)
	case s.Federate != nil:
		_, err = r.control.SetFederated(r.ctx, r.target.name(), true, r.block(*s.Federate, func(u *control.User) { u.Federated = true })...)
	case s.Unfederate != nil:
		_, err = r.control.SetFederated(r.ctx, r.target.name(), false, r.unblock(*s.Unfederate, func(u *control.User) { u.Federated = false })...)
	case s.Deactivate != nil:
		_, err = r.control.SetActive(r.ctx, r.target.name(), false, r.block(*s.Deactivate, func(u *control.User) { u.Active = false })...)
	case s.Activate != nil:
		_, err = r.control.SetActive(r.ctx, r.target.name(), true, r.unblock(*s.Activate, func(u *control.User) { u.Active = true })...)
	case s.Lock != nil:
		_, err = r.control.SetLocked(r.ctx, r.target.name(), true, r.note(r.pick(*s.Lock), func(u *control.User) { u.Locked = true })...)
	case s.Unlock != nil:
		_, err = r.control.SetLocked(r.ctx, r.target.name(), false, r.note(r.pick(*s.Unlock), func(u *control.User) { u.Locked = false })...)
	case s.Maintenance != nil:
		return r.maintain(*s.Maintenance)
	case s.Replay != nil:
		return r.replay(*s.Replay)
	case s.Remove != nil:
		for _, p := range r.pick(*s.Remove) {
			p.elsewhere = false // whoever is made anew is the target's own
		}
		_, err = r.control.RemoveUsers(r.ctx, r.target.name(), r.block(*s.Remove, nil)...)
	}
	return err
}

// maintain closes the target for a while. The run goes on meanwhile.
func (r *run) maintain(m Maintenance) error {
	if err := r.control.SetMaintenance(r.ctx, r.target.name(), true, time.Duration(m.RetryAfter)); err != nil {
		return err
	}
	r.senders.Go(func() {
		if r.sleep(time.Duration(m.For)+r.jitter.Jitter(betweenJitter)) == nil {
			_ = r.control.SetMaintenance(r.ctx, r.target.name(), false, 0) // Without it nothing settles, which is told.
		}
	})
	return nil
}

// block takes users out of reach, and notes that this was no doing of the system under test.
func (r *run) block(u Users, change func(*control.User)) []string {
	picked := r.pick(u)
	for _, p := range picked {
		p.blocked = true
	}
	r.overtake()
	return r.note(picked, change)
}

// overtake marks the changes that were made before their users came out of reach: what becomes of those is a matter of the
// moment.
func (r *run) overtake() {
	for _, s := range r.changes {
		s.overtaken = s.overtaken || !s.person.reachable()
	}
}

func (r *run) unblock(u Users, change func(*control.User)) []string {
	picked := r.pick(u)
	for _, p := range picked {
		p.blocked = false
	}
	return r.note(picked, change)
}

// note keeps the users as they would be without the system under test, so that whatever else differs in the end is its
// doing. Those who were removed stay: the journal still speaks of them.
func (r *run) note(picked []*person, change func(*control.User)) []string {
	names := userNames(picked)
	for i := range r.before {
		if change != nil && slices.Contains(names, r.before[i].UserName) {
			change(&r.before[i])
		}
	}
	return names
}

func (r *run) addFaults(list []Fault) error {
	for _, f := range list {
		id := faultID(f, len(r.planned)+len(r.faults))
		if _, err := r.control.AddFault(r.ctx, r.target.name(), r.faultInput(f, id)); err != nil {
			return fmt.Errorf("fault %s: %w", id, err)
		}
		r.planned = append(r.planned, id)
		r.expires[id] = time.Duration(f.Until)
	}
	return nil
}

func (r *run) clearFaults(ids Selection) error {
	if len(ids) == 0 {
		ids = slices.Clone(r.planned)
	}
	if len(ids) == 0 {
		return nil
	}
	if err := r.noteFaults(ids...); err != nil {
		return err
	}
	_, err := r.control.RemoveFaults(r.ctx, r.target.name(), ids...)
	return err
}

// noteFaults writes down what the rules did: those that are named, which are about to go, or all that are left.
func (r *run) noteFaults(ids ...string) error {
	list, err := r.control.Faults(r.ctx, r.target.name())
	if err != nil {
		return err
	}
	for _, f := range list {
		if f.ID == weatherID || (len(ids) > 0 && !slices.Contains(ids, f.ID)) {
			continue
		}
		r.faults = append(r.faults, f)
		r.planned = slices.DeleteFunc(r.planned, func(id string) bool { return id == f.ID })
	}
	return nil
}

func (r *run) faultInput(f Fault, id string) control.FaultInput {
	in := f.input(id)
	if number, ok := numbered(f.User); ok {
		in.User = r.residents[number-1].UserName
	}
	return in
}

// input is the rule as the control plane takes it, but for users who are named by number.
func (f Fault) input(id string) control.FaultInput {
	in := control.FaultInput{
		ID: id, Kind: f.Kind, Note: f.Note, Rate: f.Rate, Burst: f.Burst, Status: f.Status, Body: f.Body,
		Certificate: f.Certificate, Handshake: f.Handshake, After: f.After, All: f.All,
		RetryAfter: time.Duration(f.RetryAfter), Share: f.Share, First: f.First, Skip: f.Skip, Every: f.Every,
		From: time.Duration(f.From), Until: time.Duration(f.Until), Route: f.Route, User: f.User, Client: f.Client,
	}
	if f.Latency != nil {
		in.Latency = latencyInput(*f.Latency)
	}
	return in
}

func latencyInput(l Latency) *control.LatencyInput {
	in := &control.LatencyInput{
		Constant: time.Duration(l.Constant), Min: time.Duration(l.Min), Max: time.Duration(l.Max),
		Median: time.Duration(l.Median), P95: time.Duration(l.P95),
	}
	for _, p := range l.Percentiles {
		in.Percentiles = append(in.Percentiles, control.PercentileInput{Percentile: p.Percentile, Value: time.Duration(p.Value)})
	}
	return in
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
