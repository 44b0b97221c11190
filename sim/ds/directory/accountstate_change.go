package directory

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// stateChange is an operation that sets, adds or clears: what it is about, and what it makes of the values that it brings. A
// problem is told with OpenDJ's sentence.
type stateChange struct {
	field ldap.StateOperationType
	mods  func(a account, values []string) (mods []ldap.Change, problem string)
}

var stateChanges = map[ldap.StateOperationType]stateChange{
	ldap.SetAccountDisabledState: {ldap.GetAccountDisabledState, func(a account, values []string) ([]ldap.Change, string) {
		on, problem := flag(values, "disabled")
		return toggled(a.d.known.accountDisabled, a.disabled(), on), problem
	}},
	ldap.ClearAccountDisabledState: {ldap.GetAccountDisabledState, func(a account, _ []string) ([]ldap.Change, string) {
		return toggled(a.d.known.accountDisabled, a.disabled(), false), ""
	}},
	ldap.SetAccountExpirationTime: {ldap.GetAccountExpirationTime, func(a account, values []string) ([]ldap.Change, string) {
		return setTime(a, a.d.known.accountExpirationTime, values, "set the account expiration time")
	}},
	ldap.ClearAccountExpirationTime: {ldap.GetAccountExpirationTime, clearing(func(k *kinds) *schema.Attribute { return k.accountExpirationTime })},
	ldap.SetPasswordChangedTime: {ldap.GetPasswordChangedTime, func(a account, values []string) ([]ldap.Change, string) {
		return setTime(a, a.d.known.pwdChangedTime, values, "set the password changed time")
	}},
	ldap.ClearPasswordChangedTime: {ldap.GetPasswordChangedTime, clearing(func(k *kinds) *schema.Attribute { return k.pwdChangedTime })},
	ldap.SetPasswordExpirationWarnedTime: {ldap.GetPasswordExpirationWarnedTime, func(a account, values []string) ([]ldap.Change, string) {
		return setTime(a, a.d.known.warnedTime, values, "set the password warned time")
	}},
	ldap.ClearPasswordExpirationWarnedTime: {ldap.GetPasswordExpirationWarnedTime, func(a account, _ []string) ([]ldap.Change, string) {
		return a.cleared(a.d.known.warnedTime), ""
	}},
	ldap.AddAuthenticationFailureTime: {ldap.GetAuthenticationFailureTimes, func(a account, values []string) ([]ldap.Change, string) {
		if len(values) == 0 && a.policy.LockoutFailures == 0 {
			return nil, ""
		}
		times := a.failures()
		at, problem := moment(values, a.after(times), "add an authentication failure time", failureTimes)
		return a.failedAt(append(times, at)), problem
	}},
	ldap.SetAuthenticationFailureTimes: {ldap.GetAuthenticationFailureTimes, func(a account, values []string) ([]ldap.Change, string) {
		times, problem := moments(values, a.now, failureTimes)
		return a.failedAt(times), problem
	}},
	ldap.ClearAuthenticationFailureTimes: {ldap.GetAuthenticationFailureTimes, func(a account, _ []string) ([]ldap.Change, string) {
		return a.cleared(a.d.known.pwdFailureTime, a.d.known.pwdAccountLockedTime), ""
	}},
	ldap.SetLastLoginTime: {ldap.GetLastLoginTime, func(a account, values []string) ([]ldap.Change, string) {
		mods, problem := setTime(a, a.d.known.lastLoginTime, values, "set the last login time")
		if !a.policy.RecordLastLogin {
			mods = nil
		}
		return mods, problem
	}},
	ldap.ClearLastLoginTime: {ldap.GetLastLoginTime, clearing(func(k *kinds) *schema.Attribute { return k.lastLoginTime })},
	ldap.SetPasswordResetState: {ldap.GetPasswordResetState, func(a account, values []string) ([]ldap.Change, string) {
		on, problem := flag(values, "reset")
		return toggled(a.d.known.pwdReset, a.mustChange(), on), problem
	}},
	ldap.ClearPasswordResetState: {ldap.GetPasswordResetState, func(a account, _ []string) ([]ldap.Change, string) {
		return toggled(a.d.known.pwdReset, a.mustChange(), false), ""
	}},
	ldap.AddGraceLoginUseTime: {ldap.GetGraceLoginUseTimes, func(a account, values []string) ([]ldap.Change, string) {
		times := a.times(a.d.known.pwdGraceUseTime)
		at, problem := moment(values, a.after(times), "add a grace login use time", graceTimes)
		return timesReplaced(a.d.known.pwdGraceUseTime, append(times, at)), problem
	}},
	ldap.SetGraceLoginUseTimes: {ldap.GetGraceLoginUseTimes, func(a account, values []string) ([]ldap.Change, string) {
		times, problem := moments(values, a.now, graceTimes)
		return timesReplaced(a.d.known.pwdGraceUseTime, times), problem
	}},
	ldap.ClearGraceLoginUseTimes: {ldap.GetGraceLoginUseTimes, func(a account, _ []string) ([]ldap.Change, string) {
		return a.cleared(a.d.known.pwdGraceUseTime), ""
	}},
	ldap.SetPasswordChangedByRequiredTime: {ldap.GetPasswordChangedByRequiredTime, func(a account, values []string) ([]ldap.Change, string) {
		if len(values) == 0 { // What the policy requires, which is nothing.
			return nil, ""
		}
		return setTime(a, a.d.known.requiredChangeTime, values, "set the required change time")
	}},
	ldap.ClearPasswordChangedByRequiredTime: {ldap.GetPasswordChangedByRequiredTime, clearing(func(k *kinds) *schema.Attribute { return k.requiredChangeTime })},
	ldap.ClearPasswordHistory:               {ldap.GetPasswordHistory, clearing(func(k *kinds) *schema.Attribute { return k.pwdHistory })},
}

const (
	failureTimes = "update the authentication failure times"
	graceTimes   = "update the grace login use times"
)

// clearing removes an attribute; DS writes that down even when it is not there.
func clearing(kind func(*kinds) *schema.Attribute) func(account, []string) ([]ldap.Change, string) {
	return func(a account, _ []string) ([]ldap.Change, string) {
		return []ldap.Change{replacement(kind(&a.d.known))}, ""
	}
}

// toggled writes a state, unless it is what it shall be.
func toggled(kind *schema.Attribute, is, want bool) []ldap.Change {
	switch {
	case is == want:
		return nil
	case want:
		return []ldap.Change{replacement(kind, "true")}
	}
	return []ldap.Change{replacement(kind)}
}

// flag is the one value of an operation that sets a state.
func flag(values []string, state string) (on bool, problem string) {
	const operation = "the password policy state operation intended to set the "
	switch {
	case len(values) == 0:
		return false, "No value was provided for " + operation + state + " state for the user. Exactly one value (either 'true' or 'false') must be given"
	case len(values) > 1:
		return false, "Multiple values were provided for " + operation + state + " state for the user. Exactly one value (either 'true' or 'false') must be given"
	case strings.EqualFold(values[0], "true"):
		return true, ""
	case strings.EqualFold(values[0], "false"):
		return false, ""
	}
	return false, "The value provided for " + operation + state + " state for the user was invalid. The value must be either 'true' or 'false'"
}

// moment is the one time that an operation brings, or now.
func moment(values []string, now time.Time, intended, used string) (at time.Time, problem string) {
	if len(values) > 1 {
		return now, "Multiple values were provided for the password policy state operation intended to " + intended + " for the user. Exactly one value must be given"
	}
	times, problem := moments(values, now, used)
	return times[0], problem
}

// maxTimes is how many states and times a request may set, and how many times of a kind an account has at most.
const maxTimes = 256

// moments are the times that an operation brings, or now.
func moments(values []string, now time.Time, used string) (times []time.Time, problem string) {
	for _, v := range values {
		at, err := schema.ParseTime(v)
		if err != nil {
			return []time.Time{now}, fmt.Sprintf("The value %.100s provided for the password policy state operation used to %s was invalid: %v. The value should be specified using the generalized time format", v, used, err)
		}
		times = append(times, at.Truncate(time.Millisecond))
	}
	if len(times) == 0 {
		return []time.Time{now}, ""
	}
	return times, ""
}

func setTime(a account, kind *schema.Attribute, values []string, what string) ([]ldap.Change, string) {
	at, problem := moment(values, a.now, what, what)
	if before, ok := a.at(kind); ok && before.Equal(at) {
		return nil, problem
	}
	return timesReplaced(kind, []time.Time{at}), problem
}

// timesReplaced writes times, each once, and of too many the last ones.
func timesReplaced(kind *schema.Attribute, times []time.Time) []ldap.Change {
	texts := timeTexts(times)
	slices.Sort(texts)
	texts = slices.Compact(texts)
	return []ldap.Change{replacement(kind, texts[max(0, len(texts)-maxTimes):]...)}
}

// failedAt writes when binds have failed, and locks the account when they were too many.
func (a account) failedAt(times []time.Time) []ldap.Change {
	mods := timesReplaced(a.d.known.pwdFailureTime, times)
	if a.policy.LockoutFailures > 0 && len(mods[0].Attribute.Values) >= a.policy.LockoutFailures {
		mods = append(mods, timesReplaced(a.d.known.pwdAccountLockedTime, []time.Time{slices.MaxFunc(times, time.Time.Compare)})...)
	}
	return mods
}
