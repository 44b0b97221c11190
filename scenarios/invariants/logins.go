package invariants

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/sim/control"
)

// initial is the Change of a probe with the password from before the run.
const initial = -1

// newestWins: each user logs in with the newest change that the target could accept, and with no older one; a user whose
// changes were all refused, or who had none, still logs in with the password from before.
func newestWins(v *view) reports.Check {
	if len(v.Changes) == 0 {
		return void(NewestWins, "no change was made")
	}
	if len(v.Probes) == 0 {
		return void(NewestWins, "no log-in was tried after the run")
	}
	var f findings
	var unprobed []string
	judged := 0
	for _, user := range v.users {
		if v.elsewhere(user) {
			continue // locked, federated or deactivated by now: no password signs in, whoever wrote it
		}
		want := v.wanted(user)
		probe, found := v.probe(user, want)
		if !found {
			if _, known := v.password(user, want); known && len(v.of[user]) > 0 {
				unprobed = append(unprobed, user)
			}
			continue
		}
		if want == initial && probe.Reason == "no_password" {
			continue // taken away with the identity provider, by an administrator
		}
		judged++
		v.judgeLogIn(&f, user, want, probe)
		v.judgeOlder(&f, user, want)
	}
	if len(f.texts) == 0 && len(unprobed) > 0 {
		return void(NewestWins, fmt.Sprintf("no log-in was tried with the password that should be valid, for %d users: %s", len(unprobed), some(unprobed)))
	}
	return f.check(NewestWins, "%d users log in with the right password, and with no other", judged)
}

func some(list []string) string {
	if len(list) > shown {
		return strings.Join(list[:shown], ", ") + ", …"
	}
	return strings.Join(list, ", ")
}

// elsewhere tells users whose log-in says nothing about their password.
func (v *view) elsewhere(user string) bool {
	for _, p := range v.probes[user] {
		switch p.Reason {
		case "federated", "delegated", "inactive", "not_found", "expired":
			return true
		case "locked": // by an administrator; a lock that the run has brought about is a failure
			if v.lockedBefore(user) {
				return true
			}
		}
	}
	return false
}

func (v *view) lockedBefore(user string) bool {
	return slices.ContainsFunc(v.UsersBefore, func(u control.User) bool { return u.Locked && fold(u.UserName) == user })
}

// wanted is the number of the change whose password must be valid now.
func (v *view) wanted(user string) int {
	changes := v.of[user]
	for _, c := range slices.Backward(changes) {
		if v.mustHold(c) {
			return c.Number
		}
	}
	return initial
}

// mustHold tells whether a change, unless a newer one does, decides the password of its user.
func (v *view) mustHold(c Change) bool {
	if v.acceptedFor(c) {
		return true
	}
	if !v.OutcomesObservable || !final(c.State) {
		return c.Acked && c.Acceptable && !v.refusedFor(c)
	}
	switch {
	case c.State == Applied:
		return true
	case c.State == Parked && c.Reason == "policy":
		// A password that the target would take was given up without the target's word.
		return c.Acceptable && v.Dropped == 0 && len(v.Entries) > 0 && !v.refusedFor(c)
	case c.State == Parked && passing(c.Reason) && v.Dropped > 0:
		// Without the journal only the log-in can tell whether it arrived.
		p, found := v.probe(fold(c.User), c.Number)
		return found && p.OK
	}
	return false
}

// acceptedFor tells whether the target accepted this very change: of several with one password, the first so many.
func (v *view) acceptedFor(c Change) bool {
	accepted, earlier := 0, 0
	for _, e := range v.wrote[fold(c.User)] {
		if isAccepted(e) && c.Digest != "" && e.Digest == c.Digest {
			accepted++
		}
	}
	for _, other := range v.of[fold(c.User)] {
		if other.Digest == c.Digest && other.Number < c.Number && other.State != Superseded {
			earlier++
		}
	}
	return accepted > earlier
}

func (v *view) refusedFor(c Change) bool {
	for _, e := range v.wrote[fold(c.User)] {
		if isPermanent(e) && e.Digest == c.Digest {
			return true
		}
	}
	return false
}

func (v *view) probe(user string, change int) (Probe, bool) {
	for _, p := range v.probes[user] {
		if p.Change == change {
			return p, true
		}
	}
	return Probe{}, false
}

func (v *view) judgeLogIn(f *findings, user string, want int, p Probe) {
	name := p.User + ", the password from before the run"
	if c, found := v.change(user, want); found {
		name = c.name()
		if c.State != "" {
			name += ", " + c.State
		}
	}
	switch {
	case !p.OK:
		f.add("%s: does not log in (%s)%s", name, p.Reason, v.instead(user))
	case p.MustChange && !v.MustChange && !v.mustChangeBefore(user):
		f.add("%s: the user would be sent to change the password at the next log-in; use the UserPasswordChanger door", name)
	}
}

// instead says which password is valid in place of the right one, and who wrote it.
func (v *view) instead(user string) string {
	for _, p := range v.probes[user] {
		if !p.OK {
			continue
		}
		if p.Change == initial {
			return "; the password from before the run still does"
		}
		text := fmt.Sprintf("; change %d does", p.Change)
		if c, found := v.change(user, p.Change); found {
			var by []control.Entry
			for _, e := range v.wrote[user] {
				if isAccepted(e) && e.Digest == c.Digest {
					by = append(by, e)
				}
			}
			if len(by) > 0 {
				text += ", written in entry " + numbers(by...)
			}
		}
		return text
	}
	return ""
}

func (v *view) judgeOlder(f *findings, user string, want int) {
	right, known := v.password(user, want)
	for _, p := range v.probes[user] {
		if p.Change == want || !p.OK {
			continue
		}
		if tried, ok := v.password(user, p.Change); !ok || known && tried == right {
			continue // the same password, changed back and forth
		}
		if right, found := v.probe(user, want); found && !right.OK {
			return // said already
		}
		if p.Change == initial {
			f.add("%s: the password from before the run still logs in", p.User)
			continue
		}
		f.add("%s: change %d logs in besides the right password", p.User, p.Change)
	}
}

func (v *view) change(user string, number int) (Change, bool) {
	for _, c := range v.of[user] {
		if c.Number == number {
			return c, true
		}
	}
	return Change{}, false
}

// password reveals, to compare and never to show.
func (v *view) password(user string, change int) (string, bool) {
	if change == initial {
		password, known := v.before[user]
		return password, known
	}
	c, found := v.change(user, change)
	return c.Password.Reveal(), found
}

func (v *view) mustChangeBefore(user string) bool {
	for _, u := range v.UsersBefore {
		if fold(u.UserName) == user {
			return u.MustChange && len(v.of[user]) == 0
		}
	}
	return false
}
