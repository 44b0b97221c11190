package directory

import (
	"context"
	"fmt"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// Delete removes an entry, with the tree delete control those below it, too. That is one change, of the entry alone: the changelog
// and persistent searches hear nothing of those below (OpenDJ, DeleteMsg and LocalBackendDeleteOperation).
func (d *Directory) Delete(_ context.Context, s *Session, r ldap.DeleteRequest, controls []ldap.Control) ldap.Result {
	a, refused := d.begin(s, controls)
	if refused.Code != ldap.Success {
		return refused
	}
	u, refused := d.newUpdate(a, controls)
	if refused.Code != ldap.Success {
		return refused
	}
	dn, key, wrong := d.parseDN(r.DN)
	switch {
	case wrong.Code != ldap.Success:
		return wrong
	case d.special(key) != inTree:
		return d.readOnly(key, r.DN)
	}
	for range attempts {
		e := d.entry(key)
		if e == nil {
			return d.missing(dn, fmt.Sprintf("The entry %s cannot be removed because it does not exist in the server", r.DN))
		}
		if result := d.asserted(u, e); result.Code != ldap.Success {
			return result
		}
		if !a.mayEntry(mayDelete, e) {
			return refuse(e.name, "deleted")
		}
		if d.subordinates(e) > 0 && !u.wholeTree {
			return ldap.Result{Code: ldap.NotAllowedOnNonLeaf, Message: fmt.Sprintf("The entry %s cannot be removed because it has subordinate entries", e.name)}
		}
		// A tree is deleted with the referrals in it (draft-armijo-ldap-treedelete, 4.1).
		if result := d.referred(e, u.manage || u.wholeTree); result.Code != ldap.Success {
			return result
		}
		if result := d.checkBranch(a, e); result.Code != ldap.Success {
			return result
		}
		if u.noOp || d.commit(change{kind: deleted, before: e, wholeTree: u.wholeTree, by: a.dn, at: u.now}) {
			return d.done(u, e, nil)
		}
	}
	return busy
}
