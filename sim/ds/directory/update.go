package directory

import (
	"fmt"
	"time"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// update is a writing operation under way, with what its controls ask for.
type update struct {
	asker      *asker
	controls   []ldap.Control
	now        time.Time
	noOp       bool
	permissive bool
	wholeTree  bool
	manage     bool // referrals are entries
	assertion  ldap.Filter
	pre, post  *selection
	advice     *assessment
}

// attempts is how often a change begins again when somebody else has changed the entry meanwhile. DS waits for the lock of an
// entry and answers 51 when it does not get it.
const attempts = 16

var busy = ldap.Result{Code: ldap.Busy, Message: "The entry is locked by another operation"}

func (d *Directory) newUpdate(a *asker, controls []ldap.Control) (*update, ldap.Result) {
	u := &update{asker: a, controls: controls, now: d.kernel.Clock.Now(), manage: manages(controls), advice: d.newAssessment(controls)}
	for _, c := range controls {
		var err error
		switch c.OID {
		case ldap.OIDNoOp:
			u.noOp = true
		case ldap.OIDPermissiveModify:
			u.permissive = true
		case ldap.OIDTreeDelete:
			u.wholeTree = true
		case ldap.OIDAssertion:
			u.assertion, err = ldap.ParseAssertion(c)
		case ldap.OIDPreRead, ldap.OIDPostRead:
			var names []string
			if names, err = ldap.ParseReadEntry(c); err == nil {
				s := d.selection(names, nil)
				if c.OID == ldap.OIDPreRead {
					u.pre = &s
				} else {
					u.post = &s
				}
			}
		}
		if err != nil {
			return nil, ldap.Result{Code: ldap.ProtocolError, Message: err.Error()}
		}
	}
	return u, ldap.Result{}
}

// permit asks for the rights to the controls, of which only that for advice needs one here, and begins the advice anew.
func (d *Directory) permit(u *update, dn names.DN) (refused ldap.Result) {
	u.controls, refused = d.allowedControls(u.asker, dn, u.controls)
	u.advice = d.newAssessment(u.controls)
	return refused
}

// asserted checks the assertion control (RFC 4528).
func (d *Directory) asserted(u *update, e *entry) ldap.Result {
	switch {
	case u.assertion == nil:
		return ldap.Result{}
	case !u.asker.mayFilter(mayRead, e, u.assertion):
		return noControl(ldap.OIDAssertion, ldap.InsufficientAccessRights)
	case d.matches(view{d, u.asker, e}, u.assertion) == yes:
		return ldap.Result{}
	}
	return ldap.Result{
		Code:    ldap.AssertionFailed,
		Message: fmt.Sprintf("Entry %s cannot be processed because the request contained an LDAP assertion control and the associated filter did not match the contents of the entry", e.name),
	}
}

// done is the answer to a change that succeeded; either entry may be nil.
func (d *Directory) done(u *update, before, after *entry) ldap.Result {
	var r ldap.Result
	if u.pre != nil && before != nil {
		r.Controls = append(r.Controls, ldap.ReadEntry(ldap.OIDPreRead, d.project(u.asker, before, *u.pre)))
	}
	if u.post != nil && after != nil {
		r.Controls = append(r.Controls, ldap.ReadEntry(ldap.OIDPostRead, d.project(u.asker, after, *u.post)))
	}
	if u.noOp {
		r.Code, r.Message = ldap.NoOperation, "The requested operation was not actually performed because the LDAP no-operation control was present in the request"
	}
	return r
}

// changeKind is what happened to an entry.
type changeKind int

const (
	added changeKind = iota
	modified
	renamed
	deleted
)

// change is a change that is ready to take effect.
type change struct {
	kind          changeKind
	before, after *entry
	mods          []ldap.Change // of modified: as the changelog shows them
	newRDN        string        // of renamed
	deleteOld     bool
	newSuperior   string
	wholeTree     bool   // of deleted: all below goes, too
	by            string // the initiator
	at            time.Time
	// origin is the replica where a change was made first, with the CSN that it got there.
	origin int
	csn    string
}

// commit makes a change take effect. It returns false when the entry is not any more what the change was made for.
func (d *Directory) commit(c change) bool {
	if !d.apply(c) {
		return false
	}
	if c.kind == renamed || c.wholeTree || !same(gather(c.before, d.known.aci), gather(c.after, d.known.aci)) {
		// What is no instruction was refused before. Those below an entry move and go with it.
		_ = d.refreshACIs()
	}
	if c.kind == renamed || c.wholeTree || c.before != nil && c.before.subentry || c.after != nil && c.after.subentry {
		d.refreshSubentries()
	}
	return true
}

func (d *Directory) apply(c change) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c.before != nil && d.tree.at(c.before.id) != c.before {
		return false
	}
	switch c.kind {
	case added:
		parent, ok := d.tree.byKey[d.parentKey(c.after)]
		if _, taken := d.tree.byKey[c.after.key]; taken || !ok {
			return false
		}
		c.after.parent = parent
		d.tree.insert(c.after)
	case modified:
		d.tree.replace(c.before, c.after)
	case renamed:
		parent, ok := d.tree.byKey[d.parentKey(c.after)]
		other, taken := d.tree.byKey[c.after.key]
		if !ok || taken && other != c.before.id {
			return false
		}
		c.after.parent = parent
		d.tree.move(c.before, c.after)
	case deleted:
		if len(d.tree.slots[c.before.id].children) > 0 && !c.wholeTree {
			return false
		}
		d.tree.fell(c.before)
	}
	d.publish(c)
	return true
}

// parentKey is the key of the entry above; that of the root for the bases of backends.
func (d *Directory) parentKey(e *entry) string {
	if e.key == d.suffix || !below(e.key, d.suffix) {
		return ""
	}
	return e.dn.Parent().Key(d.schema)
}

// stamp writes who changed an entry, and when; DS tells it as the last two modifications.
func (d *Directory) stamp(e *entry, by string, at time.Time) []ldap.Change {
	k := &d.known
	stamps := []ldap.Change{replacement(k.modifiersName, by), replacement(k.modifyTimestamp, at.Format(schema.Seconds))}
	e.set(k.modifiersName, by)
	e.set(k.modifyTimestamp, at.Format(schema.Seconds))
	return stamps
}

// replacement is a modification that replaces an attribute; without values it removes it.
func replacement(kind *schema.Attribute, values ...string) ldap.Change {
	c := ldap.Change{Op: ldap.Replace, Attribute: ldap.Attribute{Description: kind.Name()}}
	for _, v := range values {
		c.Attribute.Values = append(c.Attribute.Values, []byte(v))
	}
	return c
}

// uuid makes an entryUUID, in the form of version 4.
func (d *Directory) uuid() string {
	b := d.chance.Load().ids.Bytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
