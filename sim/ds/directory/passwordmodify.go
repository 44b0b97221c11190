package directory

import (
	"context"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/names"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// PasswordModify is the operation of RFC 3062; nil is a field that was not sent. The generated password is not empty when the
// answer has to hold one.
func (d *Directory) PasswordModify(ctx context.Context, s *Session, identity *string, old, replacement *secret.Value, controls []ldap.Control) (generated secret.Value, result ldap.Result) {
	m := &passwordModify{d: d, session: s, asker: d.asker(s)}
	if identity != nil {
		m.request.Identity, m.request.HasIdentity = *identity, true
	}
	if old != nil {
		m.request.Old, m.request.HasOld = *old, true
	}
	if replacement != nil {
		m.request.New, m.request.HasNew = *replacement, true
	}
	result = m.run(ctx, controls)
	if result.Code == ldap.Success && m.generated {
		generated = m.request.New
	}
	return generated, withPolicy(result, controls, ldap.PasswordPolicyResponse{Error: m.fault})
}

// passwordModify is one such operation. Its checks come in the order of OpenDJ's PasswordModifyExtendedOperation.
type passwordModify struct {
	d         *Directory
	session   *Session
	request   ldap.PasswordModify
	asker     *asker
	entry     *entry
	policy    *PasswordPolicy
	self      bool
	generated bool
	fault     ldap.PasswordError
	old       string // as it is stored
}

func (m *passwordModify) refuse(code ldap.ResultCode, fault ldap.PasswordError, message string) ldap.Result {
	m.fault = fault
	return ldap.Result{Code: code, Message: message}
}

func (m *passwordModify) run(ctx context.Context, controls []ldap.Control) ldap.Result {
	if r := m.find(); r.Code != ldap.Success {
		return r
	}
	m.policy = m.d.policyOf(m.entry)
	// Who is anonymous but shows the old password changes an own one.
	m.self = m.asker.key == m.entry.key || m.asker.key == "" && m.request.HasOld
	if !m.self && !m.asker.has(PasswordReset) {
		return m.refuse(ldap.InsufficientAccessRights, ldap.NoPasswordError, "You do not have sufficient privileges to perform password reset operations")
	}
	for range attempts {
		if r := m.allowed(ctx); r.Code != ldap.Success {
			return r
		}
		r, again := m.change(ctx, controls)
		if !again {
			return r
		}
		if m.entry = m.d.entry(m.entry.key); m.entry == nil {
			return ldap.Result{Code: ldap.NoSuchObject, Message: "The user's entry does not exist any more"}
		}
	}
	return busy
}

// find identifies the user.
func (m *passwordModify) find() ldap.Result {
	identity := m.request.Identity
	if !m.request.HasIdentity || identity == "" {
		if m.asker.entry == nil {
			return m.refuse(ldap.UnwillingToPerform, ldap.NoPasswordError, "The password modify operation cannot be processed because no user identity was provided and the client is not authenticated")
		}
		m.entry = m.asker.entry
		return ldap.Result{}
	}
	dn, named := identity, len(identity) >= 3 && strings.EqualFold(identity[:3], "dn:")
	if named {
		dn = identity[3:]
	}
	if named || strings.Contains(identity, "=") && !strings.HasPrefix(strings.ToLower(identity), "u:") {
		if _, _, wrong := m.d.parseDN(dn); wrong.Code != ldap.Success {
			return wrong
		}
	}
	if m.entry = m.d.identified(identity); m.entry == nil {
		if target, err := names.Parse(dn); err == nil {
			if at := m.d.referralAbove(target); at != nil {
				return m.d.refer(target, at, "")
			}
		}
		return m.refuse(ldap.NoSuchObject, ldap.NoPasswordError, "The password modify operation cannot be processed because the user "+identity+" does not exist")
	}
	return ldap.Result{}
}

// allowed asks what comes before the new password, and verifies the old one.
func (m *passwordModify) allowed(ctx context.Context) ldap.Result {
	d, a := m.d, m.d.account(m.entry)
	if a.disabled() {
		return m.refuse(ldap.UnwillingToPerform, ldap.AccountLocked, "The user account has been administratively disabled")
	}
	if locked, _ := a.locked(); locked && m.self {
		return m.refuse(ldap.UnwillingToPerform, ldap.AccountLocked, "The user account is locked")
	}
	if m.self && !m.request.HasOld && m.policy.RequireCurrentPassword {
		return m.refuse(ldap.UnwillingToPerform, ldap.MustSupplyOldPassword, "The password policy requires that user password changes include the current password in the request")
	}
	if m.request.HasOld {
		if m.policy.RequireSecureBind && !m.asker.secure {
			return m.refuse(ldap.ConfidentialityRequired, ldap.NoPasswordError, "The current password cannot be verified over an insecure connection")
		}
		m.old = ""
		for _, v := range m.entry.values(d.known.userPassword) {
			matched, err := d.verify(ctx, string(v), m.request.Old)
			if err != nil {
				return canceled
			}
			if matched {
				m.old = string(v)
				break
			}
		}
		if m.old == "" {
			d.note(m.entry.key, account.failed)
			return ldap.Result{Code: ldap.InvalidCredentials}
		}
	}
	switch {
	case m.self && !m.policy.AllowUserChange:
		return m.refuse(ldap.UnwillingToPerform, ldap.PasswordModNotAllowed, "Users are not allowed to change their own passwords")
	case m.policy.RequireSecureChange && !m.asker.secure:
		return m.refuse(ldap.ConfidentialityRequired, ldap.PasswordModNotAllowed, "Password changes must be performed over a secure authentication channel")
	case m.self && a.tooYoung():
		return m.refuse(ldap.UnwillingToPerform, ldap.PasswordTooYoung, "The password cannot be changed because it has not been long enough since the last password change")
	case m.self && a.expired() && !m.policy.AllowExpiredChange:
		return m.refuse(ldap.UnwillingToPerform, ldap.PasswordExpired, "The user's password is expired and the password policy does not allow expired passwords to be changed")
	}
	return ldap.Result{}
}

// change checks and stores the new password: one modification by the user, and one of the account's state.
func (m *passwordModify) change(ctx context.Context, controls []ldap.Control) (r ldap.Result, again bool) {
	d := m.d
	if !m.request.HasNew {
		m.request.New, m.request.HasNew, m.generated = d.generate(m.policy), true, true
	}
	if schemes.PreEncoded(m.request.New.Reveal()) && !m.policy.AllowPreEncoded {
		return m.refuse(ldap.ConstraintViolation, ldap.NoPasswordError, "The password policy does not allow users to supply pre-encoded passwords"), false
	}
	u, wrong := d.newUpdate(m.asker, controls)
	if wrong.Code != ldap.Success {
		return wrong, false
	}
	p := &passwordChange{d: d, update: u, entry: m.entry, policy: m.policy, self: m.self, reset: !m.self, current: m.request.Old}
	stored := m.request.New.Reveal()
	if !schemes.PreEncoded(stored) {
		p.fresh = []secret.Value{m.request.New}
		if !m.generated {
			if refused := p.quality(ctx, "The provided new password failed the validation checks defined in the server:  "); refused.Code != ldap.Success {
				if m.fault = p.fault; m.fault == ldap.PasswordInHistory {
					m.fault = ldap.NoPasswordError // OpenDJ does not tell it here.
				}
				return refused, false
			}
		}
		var err error
		if stored, err = d.encode(ctx, m.policy.DefaultScheme, m.request.New); err != nil {
			return canceled, false
		}
	}
	if u.noOp {
		return d.done(u, nil, nil), false
	}
	k := &d.known
	one := func(op ldap.ChangeOp, value string) ldap.Change {
		return ldap.Change{Op: op, Attribute: ldap.Attribute{Description: k.userPassword.Name(), Values: [][]byte{[]byte(value)}}}
	}
	mods := []ldap.Change{one(ldap.Replace, stored)}
	if m.request.HasOld {
		mods = []ldap.Change{one(ldap.Delete, m.old), one(ldap.Add, stored)}
	}
	by := m.asker.dn
	if by == "" {
		by = m.entry.name
	}
	after := m.entry.clone()
	for _, mod := range mods {
		if r := d.modify(&update{}, after, mod); r.Code != ldap.Success {
			return r, false
		}
	}
	state := p.conclude()
	mods = append(mods, d.stamp(after, by, u.now)...)
	if !d.commit(change{kind: modified, before: m.entry, after: after, mods: mods, by: by, at: u.now}) {
		return ldap.Result{}, true
	}
	d.note(m.entry.key, func(account) []ldap.Change { return state })
	if m.asker.key == m.entry.key {
		m.session.mustChange.Store(false)
	}
	return d.done(u, m.entry, after), false
}

// generate makes a password of ten letters and digits, as DS's random password generator does (OpenDJ: 3 letters, 2 digits, 5
// letters and digits), or of as many as the policy asks for; a generator of the policy's own decides otherwise.
func (d *Directory) generate(p *PasswordPolicy) secret.Value {
	const letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	sets := p.Generator
	if len(sets) == 0 {
		sets = []CharacterSet{{letters, 3}, {digits, 2}, {letters + digits, max(10, p.Validators.MinLength) - 5}}
	}
	var text []rune
	for _, set := range sets {
		characters := []rune(set.Characters)
		for range set.Minimum {
			text = append(text, characters[d.chance.Load().passwords.IntN(len(characters))])
		}
	}
	return secret.New(string(text))
}
