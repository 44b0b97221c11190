package directory

import (
	"time"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// usability answers the account usability control, for any entry: all have a password policy (OpenDJ, SearchOperationBasis).
func (d *Directory) usability(e *entry) ldap.AccountUsability {
	a := d.account(e)
	locked, left := a.locked()
	u := ldap.AccountUsability{
		Inactive: a.disabled() || a.expiredAccount(), Reset: a.mustChange(), Expired: a.expired(),
		Locked: locked || a.resetTooOld(), Unlock: -1, Grace: -1, Expires: -1,
	}
	if left > 0 {
		u.Unlock = left
	}
	if a.policy.GraceLogins > 0 {
		u.Grace = a.graceLeft()
	}
	if u.Usable = !u.Inactive && !u.Reset && !u.Expired && !u.Locked; u.Usable {
		if at, ok := a.expiration(); ok {
			u.Expires = max(0, at.Sub(a.now)).Truncate(time.Second)
		}
	}
	return u
}
