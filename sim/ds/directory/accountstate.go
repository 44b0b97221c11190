package directory

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// PasswordState is the extended operation behind DS's manage-account: it reads and changes what the password policy keeps of an
// account (OpenDJ, PasswordPolicyStateExtendedOperation). value is that of the response.
func (d *Directory) PasswordState(_ context.Context, s *Session, r ldap.ExtendedRequest) (value []byte, result ldap.Result) {
	a := d.asker(s)
	if !a.has(PasswordReset) {
		return nil, ldap.Result{Code: ldap.InsufficientAccessRights, Message: "You do not have sufficient privileges to use the password policy state extended operation"}
	}
	if !r.HasValue {
		return nil, ldap.Result{Code: ldap.ProtocolError, Message: "The provided password policy state extended request did not include a request value"}
	}
	request, err := ldap.ParsePasswordState(r)
	if err != nil {
		return nil, ldap.Result{Code: ldap.ProtocolError, Message: "An unexpected error occurred while attempting to decode password policy state extended request value: " + err.Error()}
	}
	for range attempts {
		state, refused := d.accountState(a, request.Target)
		if refused.Code != ldap.Success {
			return nil, refused
		}
		if refused = state.carryOut(request); refused.Code != ldap.Success {
			return nil, refused
		}
		if state.commit() {
			return ldap.PasswordStateValue(request.Target, state.found()), ldap.Result{}
		}
	}
	return nil, busy
}

// accountState is the operation on one account.
type accountState struct {
	d             *Directory
	asker         *asker
	before, after *entry
	at            time.Time
	mods          []ldap.Change
	// touched are the fields that the operations are about, by the operation that gets each; nil is all of them.
	touched map[ldap.StateOperationType]bool
}

// accountState finds the account, as a search by the asker does.
func (d *Directory) accountState(a *asker, target string) (*accountState, ldap.Result) {
	dn, key, wrong := d.parseDN(target)
	if wrong.Code != ldap.Success {
		return nil, wrong
	}
	e := d.entry(key)
	switch {
	case e == nil || key == "":
		return nil, d.missing(dn, "The search base entry '"+target+"' does not exist")
	case !a.may(maySearch, e, d.known.objectClass) || !a.may(mayRead, e, d.known.objectClass):
		return nil, ldap.Result{Code: ldap.InsufficientAccessRights}
	}
	return &accountState{d: d, asker: a, before: e, after: e.clone(), at: d.kernel.Clock.Now()}, ldap.Result{}
}

// account is what the policy knows after the operations so far.
func (s *accountState) account() account { return s.d.account(s.after) }

// carryOut takes the operations one by one.
func (s *accountState) carryOut(request ldap.PasswordState) ldap.Result {
	left := maxTimes
	for o, err := range request.Operations() {
		if err != nil {
			return ldap.Result{Code: ldap.ProtocolError, Message: "An unexpected error occurred while attempting to decode an operation from the password policy state extended request: " + err.Error()}
		}
		field := o.Type
		if change, ok := stateChanges[o.Type]; ok {
			field = change.field
			if left -= max(1, len(o.Values)); left < 0 {
				return ldap.Result{Code: ldap.ConstraintViolation, Message: fmt.Sprintf("The password policy state extended request changes too much: it may set %d states and times", maxTimes)}
			}
			mods, problem := change.mods(s.account(), o.Values)
			if problem != "" {
				return ldap.Result{Code: ldap.ConstraintViolation, Message: problem}
			}
			if r := s.apply(mods); r.Code != ldap.Success {
				return r
			}
		}
		if !slices.ContainsFunc(getters, func(g getter) bool { return g.field == field }) {
			return ldap.Result{
				Code:    ldap.ConstraintViolation,
				Message: "The password policy state extended request included an operation with an invalid or unsupported operation type of " + strconv.Itoa(int(o.Type)),
			}
		}
		if s.touched == nil {
			s.touched = map[ldap.StateOperationType]bool{}
		}
		s.touched[field] = true
	}
	return ldap.Result{}
}

func (s *accountState) apply(mods []ldap.Change) ldap.Result {
	for _, m := range mods {
		if !s.asker.may(mayWrite, s.before, s.d.describe(m.Attribute.Description).kind) {
			return refuse(s.before.name, "modified")
		}
		if r := s.d.modify(&update{}, s.after, m); r.Code != ldap.Success {
			return r
		}
	}
	s.mods = append(s.mods, mods...)
	return ldap.Result{}
}

// commit stores all changes as one modification by the asker, when there are any.
func (s *accountState) commit() bool {
	if len(s.mods) == 0 {
		return true
	}
	mods := append(s.mods, s.d.stamp(s.after, s.asker.dn, s.at)...)
	return s.d.commit(change{kind: modified, before: s.before, after: s.after, mods: mods, by: s.asker.dn, at: s.at})
}

// found is the fields that were asked for, in the order of OpenDJ's answer, which is that of the numbers.
func (s *accountState) found() []ldap.StateOperation {
	all := make([]ldap.StateOperation, 0, len(getters))
	a := s.account()
	for _, g := range getters {
		if s.touched == nil || s.touched[g.field] {
			all = append(all, ldap.StateOperation{Type: g.field, Values: g.get(a)})
		}
	}
	return all
}

// getter reads a field; none is written without values.
type getter struct {
	field ldap.StateOperationType
	get   func(account) []string
}

var getters = []getter{
	{ldap.GetPasswordPolicyDN, func(a account) []string { return one(a.policy.DN) }},
	{ldap.GetAccountDisabledState, func(a account) []string { return one(strconv.FormatBool(a.disabled())) }},
	{ldap.GetAccountExpirationTime, func(a account) []string { return timeText(a.at(a.d.known.accountExpirationTime)) }},
	{ldap.GetSecondsUntilAccountExpiration, func(a account) []string {
		at, ok := a.at(a.d.known.accountExpirationTime)
		if left := at.Sub(a.now); ok && left >= time.Second {
			return secondsText(left)
		}
		return nil
	}},
	{ldap.GetPasswordChangedTime, func(a account) []string { return timeText(a.changed()) }},
	{ldap.GetPasswordExpirationWarnedTime, func(a account) []string { return timeText(a.at(a.d.known.warnedTime)) }},
	{ldap.GetSecondsUntilPasswordExpiration, func(a account) []string { return untilExpiration(a, 0) }},
	{ldap.GetSecondsUntilPasswordExpirationWarning, func(a account) []string {
		return untilExpiration(a, time.Duration(a.policy.ExpirationWarning))
	}},
	{ldap.GetAuthenticationFailureTimes, func(a account) []string { return timeTexts(a.failures()) }},
	{ldap.GetSecondsUntilAuthenticationFailureUnlock, func(a account) []string {
		if _, left := a.locked(); left >= time.Second {
			return secondsText(left)
		}
		return nil
	}},
	{ldap.GetRemainingAuthenticationFailureCount, func(a account) []string {
		if a.policy.LockoutFailures == 0 {
			return nil
		}
		return one(strconv.Itoa(max(0, a.policy.LockoutFailures-len(a.failures()))))
	}},
	{ldap.GetLastLoginTime, func(a account) []string {
		if !a.policy.RecordLastLogin {
			return nil
		}
		return timeText(a.at(a.d.known.lastLoginTime))
	}},
	{ldap.GetSecondsUntilIdleLockout, nothing}, // No policy here has an idle-lockout-interval.
	{ldap.GetPasswordResetState, func(a account) []string { return one(strconv.FormatBool(a.mustChange())) }},
	{ldap.GetSecondsUntilPasswordResetLockout, func(a account) []string {
		latest, ok := a.resetLimit()
		if !ok {
			return nil
		}
		return secondsText(latest.Sub(a.now))
	}},
	{ldap.GetGraceLoginUseTimes, func(a account) []string { return timeTexts(a.times(a.d.known.pwdGraceUseTime)) }},
	{ldap.GetRemainingGraceLoginCount, func(a account) []string { return one(strconv.Itoa(a.graceLeft())) }},
	{ldap.GetPasswordChangedByRequiredTime, func(a account) []string { return timeText(a.at(a.d.known.requiredChangeTime)) }},
	{ldap.GetSecondsUntilRequiredChangeTime, nothing}, // Nor a require-change-by-time.
	{ldap.GetPasswordHistory, func(a account) (texts []string) {
		for _, v := range a.entry.values(a.d.known.pwdHistory) {
			texts = append(texts, string(v))
		}
		return texts
	}},
}

func one(text string) []string { return []string{text} }

func nothing(account) []string { return nil }

// untilExpiration is how many seconds a password is good, less so many; what is over is 0.
func untilExpiration(a account, less time.Duration) []string {
	at, ok := a.expiration()
	if !ok {
		return nil
	}
	return secondsText(max(0, at.Sub(a.now)).Truncate(time.Second) - less)
}

func secondsText(d time.Duration) []string {
	return one(strconv.FormatInt(max(0, int64(d/time.Second)), 10))
}

func timeText(at time.Time, ok bool) []string {
	if !ok {
		return nil
	}
	return timeTexts([]time.Time{at})
}

func timeTexts(times []time.Time) []string {
	texts := make([]string, len(times))
	for i, at := range times {
		texts[i] = at.UTC().Format(schema.Milliseconds)
	}
	return texts
}
