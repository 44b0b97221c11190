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
	if len(e.values(d.known.userPassword)) == 0 {
		return d.unbound(controls, ldap.PasswordPolicyResponse{}, "Unable to bind to the Directory Server because the user has no password")
	}
	return d.bind(ctx, s, e, controls, proof{password: password, check: func() (string, bool, error) {
		for _, v := range e.values(d.known.userPassword) {
			if matched, err := d.verify(ctx, string(v), password); matched || err != nil {
				return string(v), matched, err
			}
		}
		return "", false, nil
	}})
}

// BindProven is a bind whose proof of the password the server has checked itself: SASL SCRAM. proven false is a wrong proof, which
// counts as a wrong password does.
func (d *Directory) BindProven(ctx context.Context, s *Session, dn string, proven bool, controls []ldap.Control) ldap.Result {
	return d.bindOtherwise(ctx, s, dn, controls, proof{check: func() (string, bool, error) { return "", proven, nil }})
}

// BindCertified is a bind without a password: SASL EXTERNAL. Whether the password has expired or must be changed does not matter.
func (d *Directory) BindCertified(ctx context.Context, s *Session, dn string, controls []ldap.Control) ldap.Result {
	return d.bindOtherwise(ctx, s, dn, controls, proof{certificate: true, check: func() (string, bool, error) { return "", true, nil }})
}

func (d *Directory) bindOtherwise(ctx context.Context, s *Session, dn string, controls []ldap.Control, p proof) ldap.Result {
	s.DN = ""
	s.mustChange.Store(false)
	e := d.lookUp(dn)
	if e == nil {
		return d.unbound(controls, ldap.PasswordPolicyResponse{}, "Unable to bind to the Directory Server because no such user exists in the server")
	}
	return d.bind(ctx, s, e, controls, p)
}

// proof is what shows that somebody is who they say they are.
type proof struct {
	check       func() (stored string, ok bool, err error)
	password    secret.Value // where it was sent
	certificate bool         // instead of a password
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
// know: that the account is disabled or locked, or the password expired (OpenDJ, LocalBackendBindOperation).
func (d *Directory) bind(ctx context.Context, s *Session, e *entry, controls []ldap.Control, p proof) ldap.Result {
	if d.account(e).policy.RequireSecureBind && !s.Secure {
		const reason = "Rejecting a simple bind request because the password policy requires secure authentication"
		if d.is(insecureBind, "13") {
			return ldap.Result{Code: ldap.ConfidentialityRequired, Message: reason}
		}
		return d.unbound(controls, ldap.PasswordPolicyResponse{}, reason)
	}
	stored, ok, err := p.check()
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
	a := d.account(e)
	locked, _ := a.locked()
	switch {
	case a.disabled():
		return d.unbound(controls, ldap.PasswordPolicyResponse{}, "Rejecting a bind request because the account has been administratively disabled")
	case a.expiredAccount():
		return d.unbound(controls, ldap.PasswordPolicyResponse{}, "Rejecting a bind request because the account has expired")
	case locked:
		d.note(e.key, account.locking)
		return d.unbound(controls, ldap.PasswordPolicyResponse{Error: ldap.AccountLocked}, "Rejecting a bind request because the account has been locked due to too many failed authentication attempts")
	case a.resetTooOld() && !p.certificate:
		return d.unbound(controls, ldap.PasswordPolicyResponse{Error: ldap.AccountLocked}, "Rejecting a bind request because the account has been locked after the user's password was not changed in a timely manner after an administrative reset")
	}
	return d.welcome(ctx, s, a, controls, stored, p)
}

// welcome ends a bind whose proof was good.
func (d *Directory) welcome(ctx context.Context, s *Session, a account, controls []ldap.Control, stored string, p proof) ldap.Result {
	// Of two binds at one time only one gets the last grace login.
	d.note(a.entry.key, func(now account) []ldap.Change {
		a = now
		return a.welcomed(p.certificate)
	})
	var response ldap.PasswordPolicyResponse
	mustChange := false
	if !p.certificate {
		var refused bool
		if response, mustChange, refused = a.told(); refused {
			return legacy(d.unbound(controls, response, "Rejecting a bind request because that user's password is expired"), controls, response, false)
		}
	}
	if stored != "" && d.stale(stored, a.policy) {
		d.rehash(ctx, a, stored, p.password)
	}
	s.DN = a.entry.name
	s.mustChange.Store(mustChange)
	return legacy(withPolicy(ldap.Result{}, controls, response), controls, response, mustChange)
}

// told is what who has shown the password hears of it, before the bind is noted: it expires or has expired, or must be changed. A
// grace login is for changing it. It is refused when none is left.
func (a account) told() (response ldap.PasswordPolicyResponse, mustChange, refused bool) {
	switch left, warns := a.warning(); {
	case a.expired():
		response.Error = ldap.PasswordExpired
		grace := a.graceLeft()
		if grace == 0 {
			return response, false, true
		}
		response.Grace, response.GraceLogins, mustChange = true, grace-1, true
	case warns:
		response.Expires, response.Expiration = true, left
	}
	if a.mustChange() {
		mustChange = true
		if response.Error == ldap.NoPasswordError {
			response.Error = ldap.ChangeAfterReset
		}
	}
	return response, mustChange, false
}

// legacy adds Netscape's controls when the password policy control was not asked for.
func legacy(r ldap.Result, controls []ldap.Control, p ldap.PasswordPolicyResponse, mustChange bool) ldap.Result {
	_, asked := ldap.Find(controls, ldap.OIDPasswordPolicy)
	switch {
	case asked:
	case p.Expires:
		r.Controls = append(r.Controls, ldap.PasswordExpiringControl(p.Expiration))
	case p.Error == ldap.PasswordExpired || mustChange:
		r.Controls = append(r.Controls, ldap.PasswordExpiredControl())
	}
	return r
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
