package directory

import (
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// policies are the password policies by the keys of their DNs.
type policies struct {
	standard, root *PasswordPolicy
	byKey          map[string]*PasswordPolicy
}

func newPolicies(d *Directory) *policies {
	p := &policies{byKey: map[string]*PasswordPolicy{}}
	for _, one := range append([]PasswordPolicy{rootPolicy(d.config.Profile), d.config.Policy}, d.config.Policies...) {
		p.byKey[d.keyOf(one.DN)] = &one
	}
	p.standard, p.root = p.byKey[d.keyOf(d.config.Policy.DN)], p.byKey[d.keyOf(RootPolicyDN)]
	return p
}

// policyOf is the policy in force for an entry: the one that it or a collective attribute names, that of the nearest subentry, or
// the server's (OpenDJ, AuthenticationPolicy.forUser). The tree must not be locked.
func (d *Directory) policyOf(e *entry) *PasswordPolicy {
	all, areas := d.policies.Load(), d.subentries.Load()
	key := ""
	if named := e.value(d.known.passwordPolicyDN); named != "" {
		key = d.keyOf(named)
	} else if s := areas.nearest(d, e, func(s *subentry) bool { return s.names != "" }); s != nil {
		key = s.names
	}
	if key == "" {
		if s := areas.nearest(d, e, func(s *subentry) bool { return s.policy != nil }); s != nil {
			return s.policy
		}
	} else if p, ok := all.byKey[key]; ok {
		return p
	} else if p, ok := areas.policies[key]; ok {
		return p
	}
	if e.key == d.rootKey {
		return all.root
	}
	return all.standard
}

// policySubentry is the DN of the policy of an entry, which subentries alone do not have (OpenDJ,
// PasswordPolicySubentryVirtualAttributeProvider): an administrator looks there before the first password is set.
func (d *Directory) policySubentry(e *entry) string {
	if isSubentry(e) {
		return ""
	}
	return d.policyOf(e).DN
}

// account is what the password policy knows of an entry at one time.
type account struct {
	d      *Directory
	entry  *entry
	policy *PasswordPolicy
	now    time.Time
}

func (d *Directory) account(e *entry) account {
	// What is compared with a time of the entry has its precision.
	return account{d: d, entry: e, policy: d.policyOf(e), now: d.kernel.Clock.Now().Truncate(time.Millisecond)}
}

// at reads a time that the entry has; false when it has none.
func (a account) at(kind *schema.Attribute) (time.Time, bool) {
	text := a.entry.value(kind)
	if text == "" {
		return time.Time{}, false
	}
	t, err := schema.ParseTime(text)
	return t, err == nil
}

func (a account) true(kind *schema.Attribute) bool {
	return strings.EqualFold(a.entry.value(kind), "true")
}

func (a account) disabled() bool { return a.true(a.d.known.accountDisabled) }

func (a account) expiredAccount() bool {
	at, ok := a.at(a.d.known.accountExpirationTime)
	return ok && !a.now.Before(at)
}

// changed is when the password was set; an entry that does not tell was set when it was created.
func (a account) changed() (time.Time, bool) {
	if at, ok := a.at(a.d.known.pwdChangedTime); ok {
		return at, true
	}
	return a.at(a.d.known.createTimestamp)
}

func (a account) tooYoung() bool {
	at, ok := a.changed()
	return ok && a.policy.MinAge > 0 && !a.mustChange() && a.now.Before(at.Add(time.Duration(a.policy.MinAge)))
}

// mustChange tells whether nothing else is allowed. A policy that never forces a change does not look at pwdReset (OpenDJ,
// PasswordPolicyState.mustChangePassword).
func (a account) mustChange() bool { return a.policy.forcesChange() && a.true(a.d.known.pwdReset) }

// resetTooOld tells whether a password that an administrator has set was not changed in time.
func (a account) resetTooOld() bool {
	latest, ok := a.resetLimit()
	return ok && a.now.After(latest)
}

// times are all those of an attribute, in their order.
func (a account) times(kind *schema.Attribute) (times []time.Time) {
	for _, v := range a.entry.values(kind) {
		if at, err := schema.ParseTime(string(v)); err == nil {
			times = append(times, at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// expiration is when the password expires. Unless the policy says otherwise nobody's expires without a warning: who is not
// warned yet has the time of the warning left (OpenDJ, getPasswordExpirationTime).
func (a account) expiration() (at time.Time, ok bool) {
	changed, known := a.changed()
	if !known {
		return at, false
	}
	if a.policy.MaxAge > 0 {
		at, ok = changed.Add(time.Duration(a.policy.MaxAge)), true
	}
	if latest, limited := a.resetLimit(); limited && (!ok || latest.Before(at)) {
		return latest, true
	}
	interval := time.Duration(a.policy.ExpirationWarning)
	if !ok || a.policy.ExpireUnwarned || interval == 0 || a.now.Before(at.Add(-interval)) {
		return at, ok
	}
	warned, told := a.at(a.d.known.warnedTime)
	if !told {
		warned = a.now
	}
	return warned.Add(interval), true
}

// resetLimit is until when a password that an administrator has set must be changed. Of that nobody is warned.
func (a account) resetLimit() (time.Time, bool) {
	changed, ok := a.changed()
	if !ok || a.policy.MaxResetAge == 0 || !a.mustChange() {
		return time.Time{}, false
	}
	return changed.Add(time.Duration(a.policy.MaxResetAge)), true
}

func (a account) expired() bool {
	at, ok := a.expiration()
	return ok && !a.now.Before(at)
}

// warning is how long the password is good yet, when that is within the time of the warning.
func (a account) warning() (left time.Duration, warns bool) {
	at, ok := a.expiration()
	limit, limited := a.resetLimit()
	if !ok || a.policy.ExpirationWarning == 0 || limited && at.Equal(limit) {
		return 0, false
	}
	left = at.Sub(a.now)
	return left, left >= 0 && left <= time.Duration(a.policy.ExpirationWarning)
}

func (a account) graceLeft() int {
	return max(0, a.policy.GraceLogins-len(a.entry.values(a.d.known.pwdGraceUseTime)))
}

// expirationTime is the virtual attribute of that name.
func (d *Directory) expirationTime(e *entry) string {
	if len(e.values(d.known.userPassword)) == 0 {
		return ""
	}
	if at, ok := d.account(e).expiration(); ok {
		return at.UTC().Format(schema.Milliseconds)
	}
	return ""
}

// internalClient is who the directory itself changes entries as (OpenDJ, InternalClientConnection).
const internalClient = "cn=Internal Client,cn=Root DNs,cn=config"

// note writes the state of an account beside the entry's other attributes, as DS does with an internal modification. When
// somebody changes the entry at the same time it begins again with what is there then.
func (d *Directory) note(key string, decide func(account) []ldap.Change) {
	for range attempts {
		e := d.entry(key)
		if e == nil {
			return
		}
		a := d.account(e)
		mods := decide(a)
		if len(mods) == 0 {
			return
		}
		after := e.clone()
		u := &update{asker: d.harness(), permissive: true}
		for _, m := range mods {
			if r := d.modify(u, after, m); r.Code != ldap.Success {
				return
			}
		}
		mods = append(mods, d.stamp(after, internalClient, a.now)...)
		if d.commit(change{kind: modified, before: e, after: after, mods: mods, by: internalClient, at: a.now}) {
			return
		}
	}
}

func (a account) time() string { return a.now.Format(schema.Milliseconds) }

// welcomed notes a good bind: it ends the count of failures, and may be a grace login or the first with a warning, unless a
// certificate was shown instead of the password. Nothing is noted where the password has expired for good.
func (a account) welcomed(certificate bool) []ldap.Change {
	k := &a.d.known
	mods := a.cleared(k.pwdFailureTime, k.pwdAccountLockedTime)
	switch _, warns := a.warning(); {
	case certificate:
	case a.expired() && a.graceLeft() == 0:
		return nil
	case a.expired():
		mods = append(mods, a.graceUsed())
	case warns:
		if _, warned := a.at(k.warnedTime); !warned {
			mods = append(mods, replacement(k.warnedTime, a.time()))
		}
	}
	if a.policy.RecordLastLogin {
		mods = append(mods, replacement(k.lastLoginTime, a.time()))
	}
	return mods
}

// after is now, or what follows the last of these times: two within a millisecond are two (OpenDJ, updateAuthFailureTimes).
func (a account) after(times []time.Time) time.Time {
	if n := len(times); n > 0 && !a.now.After(times[n-1]) {
		return times[n-1].Add(time.Millisecond)
	}
	return a.now
}

// graceUsed notes a grace login.
func (a account) graceUsed() ldap.Change {
	kind := a.d.known.pwdGraceUseTime
	at := a.after(a.times(kind)).UTC().Format(schema.Milliseconds)
	return ldap.Change{Op: ldap.Add, Attribute: ldap.Attribute{Description: kind.Name(), Values: [][]byte{[]byte(at)}}}
}

// cleared removes what a good bind or a new password ends.
func (a account) cleared(kinds ...*schema.Attribute) (mods []ldap.Change) {
	for _, kind := range kinds {
		if len(a.entry.values(kind)) > 0 {
			mods = append(mods, replacement(kind))
		}
	}
	return mods
}

// withPolicy adds the response of the password policy control when the request has asked for it.
func withPolicy(r ldap.Result, controls []ldap.Control, p ldap.PasswordPolicyResponse) ldap.Result {
	if _, asked := ldap.Find(controls, ldap.OIDPasswordPolicy); asked {
		r.Controls = append(r.Controls, p.Control())
	}
	return r
}
