package directory

import (
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// failures are the times of the failed binds that still count.
func (a account) failures() []time.Time {
	return slices.DeleteFunc(a.times(a.d.known.pwdFailureTime), func(at time.Time) bool {
		return a.policy.FailureInterval > 0 && a.now.After(at.Add(time.Duration(a.policy.FailureInterval)))
	})
}

// locked tells whether too many failures have closed the account, and for how long yet; 0 is until an administrator opens it.
func (a account) locked() (is bool, left time.Duration) {
	if a.policy.LockoutFailures == 0 {
		return false, 0
	}
	at, ok := a.at(a.d.known.pwdAccountLockedTime)
	if !ok && len(a.failures()) < a.policy.LockoutFailures {
		return false, 0
	}
	if !ok {
		at = a.now // Failures that several replicas have seen are enough (OpenDJ, lockedDueToFailures).
	}
	if a.policy.LockoutDuration == 0 {
		return true, 0
	}
	left = at.Add(time.Duration(a.policy.LockoutDuration)).Sub(a.now)
	return left > 0, max(0, left)
}

// locking notes since when an account is locked that its failures alone have closed.
func (a account) locking() []ldap.Change {
	if is, _ := a.locked(); !is || a.entry.value(a.d.known.pwdAccountLockedTime) != "" {
		return nil
	}
	return []ldap.Change{replacement(a.d.known.pwdAccountLockedTime, a.time())}
}

// failuresKept bounds what a storm of wrong passwords writes into an entry.
const failuresKept = 1000

// failed notes a wrong password, and closes the account when it was one too many. Further ones keep it closed for longer (OpenDJ,
// updateAuthFailureTimes).
func (a account) failed() []ldap.Change {
	if a.policy.LockoutFailures == 0 {
		return nil
	}
	k := &a.d.known
	kept := a.failures()
	kept = kept[max(0, len(kept)-failuresKept):]
	change := func(op ldap.ChangeOp, times ...time.Time) ldap.Change {
		c := ldap.Change{Op: op, Attribute: ldap.Attribute{Description: k.pwdFailureTime.Name()}}
		for _, at := range times {
			c.Attribute.Values = append(c.Attribute.Values, []byte(at.UTC().Format(schema.Milliseconds)))
		}
		return c
	}
	var mods []ldap.Change
	all := a.times(k.pwdFailureTime)
	if old := all[:len(all)-len(kept)]; len(old) > 0 { // What counts are the last ones.
		mods = append(mods, change(ldap.Delete, old...))
	}
	at := a.after(kept)
	mods = append(mods, change(ldap.Add, at))
	if len(kept)+1 >= a.policy.LockoutFailures {
		mods = append(mods, replacement(k.pwdAccountLockedTime, at.UTC().Format(schema.Milliseconds)))
	}
	return mods
}
