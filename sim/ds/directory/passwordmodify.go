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
	if result.Code == ldap.Success || m.fault != ldap.NoPasswordError { // Otherwise OpenDJ does not answer the control at all.
		result = withPolicy(result, controls, ldap.PasswordPolicyResponse{Error: m.fault})
	}
	return generated, result
}

// passwordModify is one such operation. Its checks come in the order of OpenDJ's PasswordModifyExtendedOperation, and have its
// sentences.
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
	old       []string // as it is stored, with what nobody can verify
}

func (m *passwordModify) refuse(code ldap.ResultCode, fault ldap.PasswordError, message string) ldap.Result {
	m.fault = fault
	return ldap.Result{Code: code, Message: message}
}

func (m *passwordModify) run(ctx context.Context, controls []ldap.Control) ldap.Result {
	// The right to a control is one to the entry of who asks (OpenDJ, ExtendedOperationBasis).
	var own names.DN
	if m.asker.entry != nil {
		own = m.asker.entry.dn
	}
	controls, r := m.d.allowedControls(m.asker, own, controls)
	if r.Code != ldap.Success {
		return r
	}
	if r := m.find(); r.Code != ldap.Success {
		return r
	}
	m.policy = m.d.policyOf(m.entry)
	// Who is anonymous but shows the old password changes an own one.
	m.self = m.asker.key == m.entry.key || m.asker.entry == nil && m.request.HasOld
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

// find identifies the user: a DN, a name, or what may be either.
func (m *passwordModify) find() ldap.Result {
	const unable = "The password modify extended request cannot be processed because "
	identity := m.request.Identity
	if !m.request.HasIdentity {
		if m.asker.entry == nil {
			return m.refuse(ldap.UnwillingToPerform, ldap.NoPasswordError, unable+"it does not contain an authorization ID and the underlying connection is not authenticated")
		}
		m.entry = m.asker.entry
		return ldap.Result{}
	}
	lower := strings.ToLower(identity)
	switch {
	case strings.HasPrefix(lower, "dn:"):
		dn, _, wrong := m.d.parseDN(identity[3:])
		if wrong.Code != ldap.Success {
			return m.refuse(ldap.InvalidDNSyntax, ldap.NoPasswordError, unable+`the server cannot decode "`+identity+`" as a valid DN for use in the authorization ID for the operation`)
		}
		if m.entry = m.d.lookUp(identity[3:]); m.entry == nil {
			if at := m.d.referralAbove(dn); at != nil {
				return m.d.refer(dn, at, "")
			}
			return m.d.missing(dn, unable+`it was not possible to identify the user entry to update based on the authorization DN of "`+dn.String()+`"`)
		}
	case strings.HasPrefix(lower, "u:"):
		if m.entry = m.d.named(identity[2:]); m.entry == nil {
			return m.refuse(ldap.NoSuchObject, ldap.NoPasswordError, `The provided authorization ID string "`+identity+`" could not be mapped to any user in the directory`)
		}
	default:
		if m.entry = m.d.identified(identity); m.entry == nil {
			if dn, err := names.Parse(identity); err == nil && len(dn) > 0 {
				if at := m.d.referralAbove(dn); at != nil {
					return m.d.refer(dn, at, "")
				}
			}
			return m.refuse(ldap.ProtocolError, ldap.NoPasswordError, unable+`it contained an invalid userIdentity field. The provided userIdentity string was "`+identity+`"`)
		}
	}
	return ldap.Result{}
}

// allowed asks what comes before the new password, and verifies the old one.
func (m *passwordModify) allowed(ctx context.Context) ldap.Result {
	a := m.d.account(m.entry)
	locked, _ := a.locked()
	switch {
	case a.disabled():
		return m.refuse(ldap.UnwillingToPerform, ldap.AccountLocked, "The user account has been administratively disabled")
	case m.self && (locked || a.resetTooOld()):
		return m.refuse(ldap.UnwillingToPerform, ldap.AccountLocked, "The user account is locked")
	case m.self && !m.request.HasOld && m.policy.RequireCurrentPassword:
		return m.refuse(ldap.UnwillingToPerform, ldap.MustSupplyOldPassword, "The current password must be provided for self password changes")
	}
	if m.request.HasOld {
		if r := m.prove(ctx); r.Code != ldap.Success {
			return r
		}
	}
	switch {
	case m.self && !m.policy.AllowUserChange:
		return m.refuse(ldap.UnwillingToPerform, ldap.PasswordModNotAllowed, "End users are not allowed to change their passwords")
	case m.policy.RequireSecureChange && !m.asker.secure:
		return m.refuse(ldap.ConfidentialityRequired, ldap.NoPasswordError, "Password changes must be performed over a secure communication channel")
	case m.self && a.tooYoung():
		return m.refuse(ldap.UnwillingToPerform, ldap.PasswordTooYoung, "The password cannot be changed because the previous password change was too recent")
	case m.self && a.expired() && !m.policy.AllowExpiredChange:
		return m.refuse(ldap.UnwillingToPerform, ldap.PasswordExpired, "The password cannot be changed because it is expired")
	}
	return ldap.Result{}
}

// prove verifies the old password. What is wrong with it is for the access log only. All that it matches will be replaced, and so
// will what is stored under a scheme that is not there.
func (m *passwordModify) prove(ctx context.Context) ldap.Result {
	d := m.d
	if m.policy.RequireSecureBind && !m.asker.secure {
		return ldap.Result{Code: ldap.ConfidentialityRequired}
	}
	proven := false
	m.old = nil
	for _, v := range m.entry.values(d.known.userPassword) {
		stored := string(v)
		matched, err := d.verify(ctx, stored, m.request.Old)
		if err != nil {
			return canceled
		}
		if matched || !d.verifiable(stored) {
			m.old = append(m.old, stored)
		}
		proven = proven || matched
	}
	if !proven {
		d.note(m.entry.key, account.failed)
		return ldap.Result{Code: ldap.InvalidCredentials}
	}
	return ldap.Result{}
}

// verifiable tells whether a stored password is of a scheme that is enabled.
func (d *Directory) verifiable(stored string) bool {
	parsed, err := schemes.Parse(stored)
	return err == nil && d.enabled(parsed.Scheme())
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
	p := &passwordChange{d: d, update: u, entry: m.entry, policy: m.policy, says: operationSays, self: m.self, reset: !m.self, current: m.request.Old}
	stored, r := m.encode(ctx, p)
	if r.Code != ldap.Success {
		m.fault = p.fault
		return d.advise(r, u.advice), false
	}
	if u.noOp {
		return d.advise(ldap.Result{
			Code:    ldap.NoOperation,
			Message: "The password modify operation was not actually performed in the Directory Server because the LDAP no-op control was present in the request",
		}, u.advice), false
	}
	by := m.asker
	if by.entry == nil {
		by = d.asker(&Session{DN: m.entry.name, Secure: m.session.Secure})
	}
	if !by.may(mayWrite, m.entry, d.known.userPassword) {
		return refuse(m.entry.name, "modified"), false
	}
	after, mods, r := m.store(stored)
	if r.Code != ldap.Success {
		return r, false
	}
	state := p.conclude()
	mods = append(mods, d.stamp(after, by.dn, u.now)...)
	if !d.commit(change{kind: modified, before: m.entry, after: after, mods: mods, by: by.dn, at: u.now}) {
		return ldap.Result{}, true
	}
	d.note(m.entry.key, func(account) []ldap.Change { return state })
	if m.asker.key == m.entry.key {
		m.session.mustChange.Store(false)
	}
	return d.advise(d.done(u, m.entry, after), u.advice), false
}

// encode returns the new password as it will be stored, unless it is refused.
func (m *passwordModify) encode(ctx context.Context, p *passwordChange) (string, ldap.Result) {
	password := m.request.New
	if schemes.PreEncoded(password.Reveal()) {
		return password.Reveal(), ldap.Result{}
	}
	p.fresh = []secret.Value{password}
	if !m.generated {
		if refused := p.quality(ctx); refused.Code != ldap.Success {
			return "", refused
		}
	}
	stored, err := m.d.encode(ctx, m.policy.DefaultScheme, password)
	if err != nil {
		return "", canceled
	}
	return stored, ldap.Result{}
}

// store makes the next version of the entry.
func (m *passwordModify) store(stored string) (after *entry, mods []ldap.Change, r ldap.Result) {
	one := func(op ldap.ChangeOp, values ...string) ldap.Change {
		return ldap.Change{Op: op, Attribute: ldap.Attribute{Description: m.d.known.userPassword.Name(), Values: octets(values...)}}
	}
	mods = []ldap.Change{one(ldap.Replace, stored)}
	if m.request.HasOld {
		mods = []ldap.Change{one(ldap.Delete, m.old...), one(ldap.Add, stored)}
	}
	after = m.entry.clone()
	for _, mod := range mods {
		if r = m.d.modify(&update{}, after, mod); r.Code != ldap.Success {
			break
		}
	}
	return after, mods, r
}

// generate makes a password of ten letters and digits, as DS's random password generator does (OpenDJ: 3 letters, 2 digits, 5
// letters and digits), or of as many as the policy asks for; a generator of the policy's own decides otherwise.
func (d *Directory) generate(p *PasswordPolicy) secret.Value {
	const letters, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	sets := p.Generator
	if len(sets) == 0 {
		sets = []CharacterSet{{letters, 3}, {digits, 2}, {letters + digits, min(max(10, p.Validators.MinLength), longestGenerated) - 5}}
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
