package directory

import (
	"context"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Bind lets the session be dn, by a password. An unsuccessful bind leaves it anonymous.
func (d *Directory) Bind(ctx context.Context, s *Session, dn string, password secret.Value, controls []ldap.Control) ldap.Result {
	s.DN = ""
	s.mustChange.Store(false)
	if dn == "" {
		return withPolicy(ldap.Result{}, controls, ldap.PasswordPolicyResponse{})
	}
	if password.Empty() {
		return ldap.Result{
			Code:    ldap.UnwillingToPerform,
			Message: "Unable to process the simple bind request because it contained a bind DN but no password, which is forbidden by the server configuration",
		}
	}
	e := d.lookUp(dn)
	if e == nil {
		if parsed, err := names.Parse(dn); err == nil {
			if at := d.referralAbove(parsed); at != nil {
				return withPolicy(d.refer(parsed, at, ""), controls, ldap.PasswordPolicyResponse{})
			}
		}
		return d.unbound(controls, ldap.PasswordPolicyResponse{}, "Unable to bind to the Directory Server because no such user exists in the server")
	}
	return d.bind(ctx, s, e, controls, func() (string, bool, error) {
		for _, v := range e.values(d.known.userPassword) {
			if matched, err := d.verify(ctx, string(v), password); matched || err != nil {
				return string(v), matched, err
			}
		}
		return "", false, nil
	}, password)
}

// BindProven is a bind whose proof the server has checked itself: SASL EXTERNAL or SCRAM. proven false is a wrong proof, which
// counts as a wrong password does.
func (d *Directory) BindProven(ctx context.Context, s *Session, dn string, proven bool, controls []ldap.Control) ldap.Result {
	s.DN = ""
	s.mustChange.Store(false)
	e := d.lookUp(dn)
	if e == nil {
		return d.unbound(controls, ldap.PasswordPolicyResponse{}, "Unable to bind to the Directory Server because no such user exists in the server")
	}
	return d.bind(ctx, s, e, controls, func() (string, bool, error) { return "", proven, nil }, secret.Value{})
}

// unbound is the answer to nearly every bind that fails: 49 without a word, because return-bind-error-messages is off.
func (d *Directory) unbound(controls []ldap.Control, p ldap.PasswordPolicyResponse, reason string) ldap.Result {
	r := ldap.Result{Code: ldap.InvalidCredentials}
	if d.config.ReturnBindErrors {
		r.Message = reason
	}
	return withPolicy(r, controls, p)
}

// bind decides in DS's order: what can be known without the password, the password, and only then what a stranger is not to
// know: that the account is locked, or the password expired.
func (d *Directory) bind(ctx context.Context, s *Session, e *entry, controls []ldap.Control, prove func() (stored string, ok bool, err error), password secret.Value) ldap.Result {
	a := d.account(e)
	switch {
	case a.policy.RequireSecureBind && !s.Secure:
		if d.is(insecureBind, "13") {
			return ldap.Result{Code: ldap.ConfidentialityRequired, Message: "Rejecting a simple bind request because the password policy requires secure authentication"}
		}
		return d.unbound(controls, ldap.PasswordPolicyResponse{}, "Rejecting a simple bind request because the password policy requires secure authentication")
	case a.disabled():
		return d.unbound(controls, ldap.PasswordPolicyResponse{}, "Rejecting a bind request because the account has been administratively disabled")
	}
	stored, ok, err := prove()
	if err != nil {
		return canceled
	}
	if !ok {
		d.note(e.key, account.failed)
		return d.unbound(controls, ldap.PasswordPolicyResponse{}, "The password provided by the user did not match any password(s) stored in the user's entry")
	}
	// What is there now decides: while the password was hashed another bind may have closed the account.
	if e = d.entry(e.key); e == nil {
		return d.unbound(controls, ldap.PasswordPolicyResponse{}, "Unable to bind to the Directory Server because no such user exists in the server")
	}
	a = d.account(e)
	if a.expiredAccount() {
		return d.unbound(controls, ldap.PasswordPolicyResponse{}, "Rejecting a bind request because the account has expired")
	}
	if locked, _ := a.locked(); locked || a.resetTooOld() {
		d.note(e.key, account.locking)
		return d.unbound(controls, ldap.PasswordPolicyResponse{Error: ldap.AccountLocked}, "Rejecting a bind request because the account has been locked")
	}
	return d.welcome(ctx, s, a, controls, stored, password)
}

// welcome ends a bind whose password was right.
func (d *Directory) welcome(ctx context.Context, s *Session, a account, controls []ldap.Control, stored string, password secret.Value) ldap.Result {
	// Of two binds at one time only one gets the last grace login.
	d.note(a.entry.key, func(now account) []ldap.Change {
		a = now
		return a.welcomed()
	})
	var response ldap.PasswordPolicyResponse
	var legacy []ldap.Control
	switch left, warns := a.warning(); {
	case a.expired():
		response.Error = ldap.PasswordExpired
		grace := a.graceLeft()
		if grace == 0 {
			r := d.unbound(controls, response, "Rejecting a bind request because the password has expired")
			if _, asked := ldap.Find(controls, ldap.OIDPasswordPolicy); !asked {
				r.Controls = append(r.Controls, ldap.PasswordExpiredControl())
			}
			return r
		}
		response.Grace, response.GraceLogins = true, grace-1
		legacy = append(legacy, ldap.PasswordExpiredControl())
	case a.mustChange():
		response.Error = ldap.ChangeAfterReset
		legacy = append(legacy, ldap.PasswordExpiredControl())
	case warns:
		response.Expires, response.Expiration = true, left
		legacy = append(legacy, ldap.PasswordExpiringControl(left))
	}
	if stored != "" && d.stale(stored, a.policy) {
		d.rehash(ctx, a, stored, password)
	}
	s.DN = a.entry.name
	s.mustChange.Store(a.mustChange() || a.expired()) // A grace login is for changing the password (OpenDJ, LocalBackendBindOperation).
	if _, asked := ldap.Find(controls, ldap.OIDPasswordPolicy); asked {
		return ldap.Result{Controls: []ldap.Control{response.Control()}}
	}
	return ldap.Result{Controls: legacy}
}

// rehash stores the verified password in the default scheme. It is no change of the password: there is no new pwdChangedTime
// (OpenDJ, handleDeprecatedStorageSchemes).
func (d *Directory) rehash(ctx context.Context, a account, stored string, password secret.Value) {
	encoded, err := d.encode(ctx, a.policy.DefaultScheme, password)
	if err != nil {
		return // The old value is as good as before.
	}
	k := &d.known
	d.note(a.entry.key, func(now account) []ldap.Change {
		if d.indexOf(k.userPassword, now.entry.values(k.userPassword), []byte(stored)) < 0 {
			return nil // Changed meanwhile.
		}
		one := func(op ldap.ChangeOp, value string) ldap.Change {
			return ldap.Change{Op: op, Attribute: ldap.Attribute{Description: k.userPassword.Name(), Values: [][]byte{[]byte(value)}}}
		}
		mods := []ldap.Change{one(ldap.Delete, stored), one(ldap.Add, encoded)}
		if d.is(rehashChangedTime, "write") {
			mods = append(mods, replacement(k.pwdChangedTime, now.time()))
		}
		return mods
	})
}

// LogIn is the probe of the harness: it tells whether a bind would succeed, and leaves no trace.
func (d *Directory) LogIn(ctx context.Context, userName string, password secret.Value) people.LogIn {
	e := d.identified(userName)
	if e == nil {
		return people.LogIn{Reason: "not_found"}
	}
	a := d.account(e)
	locked, _ := a.locked()
	values := e.values(d.known.userPassword)
	switch {
	case a.disabled() || a.expiredAccount():
		return people.LogIn{Reason: "inactive"}
	case len(values) == 0:
		return people.LogIn{Reason: "no_password"}
	}
	for _, v := range values {
		matched, err := d.verify(ctx, string(v), password)
		switch {
		case err != nil || !matched:
			continue
		case locked || a.resetTooOld():
			return people.LogIn{Reason: "locked"}
		case a.expired() && a.graceLeft() == 0:
			return people.LogIn{Reason: "expired"}
		}
		return people.LogIn{OK: true, MustChange: a.mustChange() || a.expired()}
	}
	return people.LogIn{Reason: "wrong_password"}
}
