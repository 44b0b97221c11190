package ldap

import (
	"time"
)

// verdict says what became of a user who was looked at.
type verdict string

const (
	delivered verdict = "delivered" // the engine has it
	same      verdict = "same"      // it was delivered before
	rehash    verdict = "rehash"    // another hash of the same password
	stale     verdict = "stale"     // older than what was delivered: this server lags behind the one before, or was restored
	ignored   verdict = "ignored"   // changed by one of ignoreInitiators
	baseline  verdict = "baseline"  // there before the first start, and only noted
	bare      verdict = "bare"      // the entry shows no userPassword, nor that it ever had one
	unshown   verdict = "hidden"    // it shows when the password was set, and not the password
	aside     verdict = "parked"    // it cannot be delivered
	deleted   verdict = "deleted"   // the entry is gone
)

// verdicts lists them all.
func verdicts() []verdict {
	return []verdict{delivered, same, rehash, stale, ignored, baseline, bare, unshown, aside, deleted}
}

// slack is how much older than its entry in the changelog a password's date may be. Both are by one server's clock, and the
// changelog cuts off fractions of a second.
const slack = 2 * time.Second

// judge tells a new password from another hash of the old one. A server that rehashes at a bind, because its scheme or cost has
// changed, writes userPassword and leaves pwdChangedTime alone (OpenDJ, PasswordPolicyState; slapd and DS agree). r is the
// change that has led here, or nil.
//
// What cannot be decided is taken for a new password: one delivery too many does no harm, a missing one does.
func judge(old memo, known bool, now memo, r *record) verdict {
	if known {
		switch {
		case !now.modified.IsZero() && now.modified.Before(old.modified), !now.changed.IsZero() && now.changed.Before(old.changed):
			return stale
		case now.digest == old.digest && old.rehashed && now.changed.After(old.changed):
			return delivered // What looked like a rehash was the first half of a change.
		case now.digest == old.digest:
			return same
		case r != nil && r.dated:
			return delivered // Two changes within the second that pwdChangedTime may be rounded to.
		case !now.changed.IsZero() && now.changed.Equal(old.changed):
			return rehash
		}
	}
	switch {
	case r == nil || r.dated:
		return delivered
	case !now.changed.IsZero() && now.changed.Before(r.time.Add(-slack)):
		return rehash
	case now.changed.IsZero() && r.quiet:
		return rehash
	}
	return delivered
}
