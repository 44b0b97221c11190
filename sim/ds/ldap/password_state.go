package ldap

import (
	"errors"
	"iter"

	"github.com/seatrial/seatrial/sim/ds/ber"
)

// StateOperationType is what an operation of the password policy state request is for (OpenDJ,
// PasswordPolicyStateExtendedOperation).
type StateOperationType int

// The operations. What sets, adds or clears answers as the one that gets.
const (
	GetPasswordPolicyDN StateOperationType = iota
	GetAccountDisabledState
	SetAccountDisabledState
	ClearAccountDisabledState
	GetAccountExpirationTime
	SetAccountExpirationTime
	ClearAccountExpirationTime
	GetSecondsUntilAccountExpiration
	GetPasswordChangedTime
	SetPasswordChangedTime
	ClearPasswordChangedTime
	GetPasswordExpirationWarnedTime
	SetPasswordExpirationWarnedTime
	ClearPasswordExpirationWarnedTime
	GetSecondsUntilPasswordExpiration
	GetSecondsUntilPasswordExpirationWarning
	GetAuthenticationFailureTimes
	AddAuthenticationFailureTime
	SetAuthenticationFailureTimes
	ClearAuthenticationFailureTimes
	GetSecondsUntilAuthenticationFailureUnlock
	GetRemainingAuthenticationFailureCount
	GetLastLoginTime
	SetLastLoginTime
	ClearLastLoginTime
	GetSecondsUntilIdleLockout
	GetPasswordResetState
	SetPasswordResetState
	ClearPasswordResetState
	GetSecondsUntilPasswordResetLockout
	GetGraceLoginUseTimes
	AddGraceLoginUseTime
	SetGraceLoginUseTimes
	ClearGraceLoginUseTimes
	GetRemainingGraceLoginCount
	GetPasswordChangedByRequiredTime
	SetPasswordChangedByRequiredTime
	ClearPasswordChangedByRequiredTime
	GetSecondsUntilRequiredChangeTime
	GetPasswordHistory
	ClearPasswordHistory
)

// StateOperation is one operation of the request, or what one of them has found. No values are written as none at all.
type StateOperation struct {
	Type   StateOperationType
	Values []string
}

// PasswordState is the value of a password policy state request whose target has been read. Its operations are read one by one:
// OpenDJ carries them out as it reads them.
type PasswordState struct {
	Target string // a DN
	rest   *ber.Reader
}

// ErrNoState tells that a password policy state request has no value.
var ErrNoState = errors.New("ldap: the password policy state request has no value")

// ParsePasswordState reads as far as the target:
//
//	PasswordPolicyStateValue ::= SEQUENCE {
//	     targetUser     LDAPDN,
//	     operations     SEQUENCE OF SEQUENCE {
//	          opType         ENUMERATED,
//	          opValues       SEQUENCE OF OCTET STRING OPTIONAL } OPTIONAL }
func ParsePasswordState(r ExtendedRequest) (p PasswordState, err error) {
	if !r.HasValue {
		return p, ErrNoState
	}
	whole := ber.NewReader(r.Value)
	if p.rest, err = whole.Enter(ber.Sequence); err == nil {
		err = whole.End()
	}
	if err == nil {
		p.Target, err = p.rest.String(ber.OctetString)
	}
	return p, err
}

// Operations reads the rest. The first error is the last element.
func (p PasswordState) Operations() iter.Seq2[StateOperation, error] {
	return func(yield func(StateOperation, error) bool) {
		in := *p.rest
		if !in.More() {
			return
		}
		list, err := in.Enter(ber.Sequence)
		if err == nil {
			err = in.End()
		}
		for err == nil && list.More() {
			var o StateOperation
			if o, err = readStateOperation(list); err == nil && !yield(o, nil) {
				return
			}
		}
		if err != nil {
			yield(StateOperation{}, err)
		}
	}
}

func readStateOperation(list *ber.Reader) (o StateOperation, err error) {
	in, err := list.Enter(ber.Sequence)
	if err != nil {
		return o, err
	}
	tag := ber.Enumerated
	if in.Next() == ber.Integer { // OpenDJ does not look at the tag
		tag = ber.Integer
	}
	number, err := in.Integer(tag)
	if err != nil {
		return o, err
	}
	o.Type = StateOperationType(number)
	if in.More() {
		if o.Values, err = readStrings(in, ber.Sequence); err != nil {
			return o, err
		}
	}
	return o, in.End()
}

// PasswordStateValue is the value of the response.
func PasswordStateValue(target string, found []StateOperation) []byte {
	b, at := ber.Open(nil, ber.Sequence)
	b = ber.AppendString(b, ber.OctetString, target)
	b, list := ber.Open(b, ber.Sequence)
	for _, o := range found {
		var one int
		b, one = ber.Open(b, ber.Sequence)
		b = ber.AppendInteger(b, ber.Enumerated, int64(o.Type))
		if len(o.Values) > 0 {
			var values int
			b, values = ber.Open(b, ber.Sequence)
			for _, v := range o.Values {
				b = ber.AppendString(b, ber.OctetString, v)
			}
			b = ber.Close(b, values)
		}
		b = ber.Close(b, one)
	}
	b = ber.Close(b, list)
	return ber.Close(b, at)
}
