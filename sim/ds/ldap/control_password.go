package ldap

import (
	"strconv"
	"time"

	"github.com/seatrial/seatrial/sim/ds/ber"
)

// PasswordError is an error of the password policy control (draft-behera-ldap-password-policy-10). The numbers are one
// above those on the wire, so that the zero value is none.
type PasswordError int

// The errors.
const (
	NoPasswordError PasswordError = iota
	PasswordExpired
	AccountLocked
	ChangeAfterReset
	PasswordModNotAllowed
	MustSupplyOldPassword
	InsufficientPasswordQuality
	PasswordTooShort
	PasswordTooYoung
	PasswordInHistory
)

// PasswordPolicyResponse answers the password policy control. At most one of the warnings is sent; the zero value says that
// there is nothing to say.
type PasswordPolicyResponse struct {
	Expires     bool          // warns
	Expiration  time.Duration // in how long
	Grace       bool          // warns
	GraceLogins int           // how many are left
	Error       PasswordError
}

// Control is the response.
func (p PasswordPolicyResponse) Control() Control {
	b, at := ber.Open(nil, ber.Sequence)
	if p.Expires || p.Grace {
		var warning int
		b, warning = ber.Open(b, ber.Context(0).Constructed())
		if p.Expires {
			b = ber.AppendInteger(b, ber.Context(0), int64(p.Expiration/time.Second))
		} else {
			b = ber.AppendInteger(b, ber.Context(1), int64(p.GraceLogins))
		}
		b = ber.Close(b, warning)
	}
	if p.Error != NoPasswordError {
		b = ber.AppendInteger(b, ber.Context(1), int64(p.Error)-1)
	}
	return Control{OID: OIDPasswordPolicy, Value: ber.Close(b, at), HasValue: true}
}

// PasswordExpiredControl is Netscape's way to say that the password must be changed.
func PasswordExpiredControl() Control { return netscape(OIDPasswordExpired, "0") }

// PasswordExpiringControl is Netscape's way to say when the password will expire.
func PasswordExpiringControl(in time.Duration) Control {
	return netscape(OIDPasswordExpiring, strconv.FormatInt(int64(in/time.Second), 10))
}

// netscape has the text in an OCTET STRING in the value, as OpenDJ writes it.
func netscape(oid, text string) Control {
	return Control{OID: oid, Value: ber.AppendString(nil, ber.OctetString, text), HasValue: true}
}

// AuthorizationID is the response to the authorization identity request of RFC 3829: "dn:…", "u:…", or "" for nobody.
func AuthorizationID(authzID string) Control {
	return Control{OID: OIDAuthzIDResponse, Value: []byte(authzID), HasValue: true}
}

// AccountUsability answers the control of that name: whether an account could be used to bind (OpenDJ,
// AccountUsableResponseControl).
type AccountUsability struct {
	Usable  bool
	Expires time.Duration // usable: in how long the password expires; negative is never

	Inactive, Reset, Expired, Locked bool
	Grace                            int           // logins left behind expiry; negative is that there are none at all
	Unlock                           time.Duration // until the account is unlocked; negative is by an administrator only
}

// Control is the response.
func (a AccountUsability) Control() Control {
	seconds := func(d time.Duration) int64 {
		if d < 0 {
			return -1
		}
		return int64(d / time.Second)
	}
	var b []byte
	if a.Usable {
		b = ber.AppendInteger(nil, ber.Context(0), seconds(a.Expires))
	} else {
		var at int
		b, at = ber.Open(nil, ber.Context(1).Constructed())
		for i, is := range [...]bool{a.Inactive, a.Reset, a.Expired} {
			if is { // DEFAULT FALSE
				b = ber.AppendBoolean(b, ber.Context(i), true)
			}
		}
		if a.Expired && a.Grace >= 0 {
			b = ber.AppendInteger(b, ber.Context(3), int64(a.Grace))
		}
		if a.Locked {
			b = ber.AppendInteger(b, ber.Context(4), seconds(a.Unlock))
		}
		b = ber.Close(b, at)
	}
	return Control{OID: OIDAccountUsability, Value: b, HasValue: true}
}
