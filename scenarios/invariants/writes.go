package invariants

import (
	"slices"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/sim/control"
)

// noStaleWrite: no older password is accepted after a newer one. Two changes of a user may have the same password; a write
// is taken for the oldest change that it could still belong to.
func noStaleWrite(v *view) reports.Check {
	if reason := v.unobservable(); reason != "" {
		return void(NoStaleWrite, reason)
	}
	var f findings
	accepted := 0
	for _, user := range v.users {
		newest, by := -1, control.Entry{}
		for _, e := range v.wrote[user] {
			if !isAccepted(e) {
				continue
			}
			accepted++
			belongs, last, found := -1, Change{}, false
			for _, c := range v.of[user] {
				if c.Digest == e.Digest {
					last, found = c, true
					if c.Number >= newest {
						belongs = c.Number
						break
					}
				}
			}
			switch {
			case belongs >= 0:
				newest, by = belongs, e
			case found:
				f.add("%s: written in entry %s at %s, after change %d in entry %s", last.name(), numbers(e), clock(e.Received), newest, numbers(by))
			}
		}
	}
	return f.check(NoStaleWrite, "%d accepted writes, in the order of the changes", accepted)
}

// account is what the journal says about the changes of one user that have one password.
type account struct {
	changes  []Change
	accepted []control.Entry
	refused  []control.Entry // for good
	burnt    []control.Entry // answered after it had been accepted as often as it was asked for
	nagged   []control.Entry // sent again after it had been refused for good
}

// accounts of a user, by password, in order of their first change. Every answer that the target gives to a password, a yes
// or a final no, uses up one change with that password; what comes after the last one is a repeat.
func (v *view) accounts(user string) []*account {
	var list []*account
	byDigest := map[string]*account{}
	for _, c := range v.of[user] {
		a := byDigest[c.Digest]
		if a == nil {
			a = new(account)
			byDigest[c.Digest] = a
			list = append(list, a)
		}
		a.changes = append(a.changes, c)
	}
	for _, e := range v.wrote[user] {
		a := byDigest[e.Digest]
		if a == nil {
			continue // nobody's: no-surprise tells
		}
		before := len(a.accepted) + len(a.refused)
		repeat := before >= a.sendings()
		switch {
		case isAccepted(e) || isPermanent(e):
			if repeat && len(a.accepted) > 0 {
				a.burnt = append(a.burnt, e)
			} else if repeat {
				a.nagged = append(a.nagged, e)
			}
			if isAccepted(e) {
				a.accepted = append(a.accepted, e)
			} else {
				a.refused = append(a.refused, e)
			}
		case repeat && len(a.accepted) == 0:
			a.nagged = append(a.nagged, e)
		}
	}
	return list
}

// sendings is how often the password may be sent to its end: once for each change, and once more for each replay.
func (a *account) sendings() int {
	n := len(a.changes)
	for _, c := range a.changes {
		n += c.Replays
	}
	return n
}

// oneWrite: each applied change was accepted exactly once, and nothing else was.
func oneWrite(v *view) reports.Check {
	if reason := v.unobservable(); reason != "" {
		return void(OneWrite, reason)
	}
	var f findings
	accepted := 0
	for _, user := range v.users {
		for _, a := range v.accounts(user) {
			accepted += len(a.accepted)
			if len(a.burnt) > 0 {
				f.add("%s: accepted in entry %s and sent again in %s, which burns password history and rate limit",
					a.changes[0].name(), numbers(a.accepted[0]), numbers(a.burnt...))
			}
			if v.OutcomesObservable {
				a.compare(&f, v)
			}
		}
	}
	if !v.OutcomesObservable {
		return f.check(OneWrite, "%d accepted writes, none of them twice; the system does not tell outcomes to compare with", accepted)
	}
	return f.check(OneWrite, "%d accepted writes, one for each applied change", accepted)
}

// compare holds what the system says became of its changes against what the target accepted.
func (a *account) compare(f *findings, v *view) {
	applied, excused := 0, 0
	for _, c := range a.changes {
		switch {
		case c.State == Applied:
			applied++
		case !c.claims():
			excused++
		}
	}
	if applied > len(a.accepted) {
		told := "never accepted"
		if len(a.refused) > 0 {
			told = "refused for " + a.refused[0].Reason + " in entry " + numbers(a.refused...)
		}
		f.add("%s: said to be applied, but %s", a.changes[0].name(), told)
		return
	}
	heard := a.heard(v)
	if heard > applied+excused && len(a.burnt) == 0 {
		c := a.changes[len(a.changes)-1]
		f.add("%s: said to be %s%s, but accepted in entry %s", c.name(), c.State, because(c.Reason), numbers(a.accepted...))
	} else if len(a.accepted) > applied+excused && len(a.burnt) == 0 {
		for _, c := range a.changes {
			if c.State == Parked && !passing(c.Reason) {
				f.add("%s: said to be parked%s, but accepted in entry %s", c.name(), because(c.Reason), numbers(a.accepted...))
				break
			}
		}
	}
}

// heard counts the accepted writes whose answers the system must have known when it said what became of the changes. A write
// that was cut off may have been superseded before anybody learnt that it had arrived. So may one whose sender died, when a
// later life said so; each change that was not applied can account for one of these.
func (a *account) heard(v *view) int {
	var open []control.Entry
	for _, e := range a.accepted {
		if !unheard(e) {
			open = append(open, e)
		}
	}
	denied := slices.DeleteFunc(slices.Clone(a.changes), func(c Change) bool { return c.State == Applied || !c.claims() })
	slices.SortFunc(denied, func(a, b Change) int { return a.Finished.Compare(b.Finished) }) // who can account for least comes first
	for _, c := range denied {
		if i := slices.IndexFunc(open, func(e control.Entry) bool { return v.anotherLife(e, c.Finished) }); i >= 0 {
			open = slices.Delete(open, i, i+1)
		}
	}
	return len(open)
}

// claims tells whether the system claims to know what became of a change.
func (c Change) claims() bool { return final(c.State) && !passing(c.Reason) }

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}
