package directory

import (
	"context"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// passwordChange is a modification of userPassword under way. Its checks come in the order of OpenDJ's, and have its sentences.
type passwordChange struct {
	d      *Directory
	update *update
	entry  *entry
	policy *PasswordPolicy

	// fault is for the password policy control, when the change is refused.
	fault ldap.PasswordError
	// state are the modifications of the account's state that go with the change.
	state []ldap.Change

	self    bool
	reset   bool
	current secret.Value // as the request has shown it
	stored  []string     // what is left of the present passwords
	added   int          // how many there are besides
	fresh   []secret.Value
}

func (p *passwordChange) refuse(code ldap.ResultCode, fault ldap.PasswordError, message string) ldap.Result {
	p.fault = fault
	return ldap.Result{Code: code, Message: message}
}

// rewrite checks the modifications of a password, and returns them with encoded values.
func (p *passwordChange) rewrite(ctx context.Context, mods []ldap.Change) ([]ldap.Change, ldap.Result) {
	d, a := p.d, p.update.asker
	p.self = a.key == p.entry.key && !a.harness
	p.reset = !p.self
	if !p.self && !a.has(PasswordReset) {
		return nil, p.refuse(ldap.InsufficientAccessRights, ldap.PasswordModNotAllowed, "You do not have sufficient privileges to reset user passwords")
	}
	for _, m := range mods {
		if asked := d.describe(m.Attribute.Description); asked.kind == d.known.userPassword && asked.options != "" && m.Op != ldap.Delete && (m.Op != ldap.Replace || len(m.Attribute.Values) > 0) {
			return nil, p.refuse(ldap.ConstraintViolation, ldap.NoPasswordError, "Attributes used to hold user passwords are not allowed to have any attribute options")
		}
	}
	if r := p.permitted(); r.Code != ldap.Success {
		return nil, r
	}
	for _, v := range p.entry.values(d.known.userPassword) {
		p.stored = append(p.stored, string(v))
	}
	rewritten := make([]ldap.Change, 0, len(mods))
	for _, m := range mods {
		if asked := d.describe(m.Attribute.Description); asked.kind == d.known.userPassword && asked.options == "" {
			values, r := p.one(ctx, m)
			if r.Code != ldap.Success {
				return nil, r
			}
			m.Attribute.Values = values
		}
		rewritten = append(rewritten, m)
	}
	if r := p.judge(ctx); r.Code != ldap.Success {
		return nil, r
	}
	p.state = p.conclude()
	return rewritten, ldap.Result{}
}

// permitted asks whether this change may take place at all.
func (p *passwordChange) permitted() ldap.Result {
	account := p.d.account(p.entry)
	switch {
	case p.self && !p.policy.AllowUserChange:
		return p.refuse(ldap.UnwillingToPerform, ldap.PasswordModNotAllowed, "Users are not allowed to change their own passwords")
	case p.policy.RequireSecureChange && !p.update.asker.secure:
		return p.refuse(ldap.ConfidentialityRequired, ldap.PasswordModNotAllowed, "Password changes must be performed over a secure authentication channel")
	case p.self && account.tooYoung():
		return p.refuse(ldap.UnwillingToPerform, ldap.PasswordTooYoung, "The password cannot be changed because it has not been long enough since the last password change")
	}
	return ldap.Result{}
}

// one takes one modification of the password, and returns its values as they are stored.
func (p *passwordChange) one(ctx context.Context, m ldap.Change) ([][]byte, ldap.Result) {
	switch m.Op {
	case ldap.Delete:
		return p.remove(ctx, m.Attribute.Values)
	case ldap.Increment:
		return nil, p.refuse(ldap.ConstraintViolation, ldap.NoPasswordError, "Increment modifications are not allowed for passwords")
	case ldap.Replace:
		p.stored, p.added = nil, 0
	case ldap.Add:
	}
	if !p.policy.AllowMultiple && len(m.Attribute.Values) > 1 {
		return nil, p.refuse(ldap.ConstraintViolation, ldap.PasswordModNotAllowed, "Multiple password values are not allowed in user entries")
	}
	values := make([][]byte, 0, len(m.Attribute.Values))
	for _, v := range m.Attribute.Values {
		stored, r := p.take(ctx, m.Op, string(v))
		if r.Code != ldap.Success {
			return nil, r
		}
		values = append(values, []byte(stored))
	}
	p.added += len(values)
	return values, ldap.Result{}
}

// take is for one new value.
func (p *passwordChange) take(ctx context.Context, op ldap.ChangeOp, value string) (string, ldap.Result) {
	if schemes.PreEncoded(value) {
		if !p.policy.AllowPreEncoded && !p.update.asker.harness {
			return "", p.refuse(ldap.ConstraintViolation, ldap.InsufficientPasswordQuality, "User passwords may not be provided in pre-encoded form")
		}
		return value, ldap.Result{}
	}
	password := secret.New(value)
	if op == ldap.Add {
		for _, stored := range p.stored {
			if matched, err := p.d.verify(ctx, stored, password); err != nil {
				return "", canceled
			} else if matched {
				return "", p.refuse(ldap.AttributeOrValueExists, ldap.PasswordInHistory, "The specified password value already exists in the user entry")
			}
		}
	}
	p.fresh = append(p.fresh, password)
	stored, err := p.d.encode(ctx, p.policy.DefaultScheme, password)
	if err != nil {
		return "", ldap.Result{Code: ldap.Other, Message: "The password cannot be encoded"}
	}
	return stored, ldap.Result{}
}

// remove is for values to delete: clear ones are found by verifying, encoded ones by comparing.
func (p *passwordChange) remove(ctx context.Context, values [][]byte) ([][]byte, ldap.Result) {
	if len(values) == 0 {
		p.stored, p.added = nil, 0
		return nil, ldap.Result{}
	}
	removed := make([][]byte, 0, len(values))
	for _, v := range values {
		text := string(v)
		at := -1
		if schemes.PreEncoded(text) {
			if p.self { // Never, whatever the policy allows (OpenDJ, preProcessPasswordDelete).
				return nil, p.refuse(ldap.ConstraintViolation, ldap.InsufficientPasswordQuality, "User passwords may not be provided in pre-encoded form")
			}
			at = slices.Index(p.stored, text)
		} else {
			for i, stored := range p.stored {
				matched, err := p.d.verify(ctx, stored, secret.New(text))
				if err != nil {
					return nil, canceled
				}
				if matched {
					at, p.current = i, secret.New(text)
					break
				}
			}
		}
		if at < 0 {
			return nil, p.refuse(ldap.NoSuchAttribute, ldap.NoPasswordError, "The provided user password does not match any password in the user's entry")
		}
		removed = append(removed, []byte(p.stored[at]))
		p.stored = slices.Delete(p.stored, at, at+1)
	}
	return removed, ldap.Result{}
}

var canceled = ldap.Result{Code: ldap.Canceled, Message: "The operation was canceled"}

// judge asks for the present password, the number of passwords, the validators and the history.
func (p *passwordChange) judge(ctx context.Context) ldap.Result {
	had := len(p.entry.values(p.d.known.userPassword)) > 0
	if p.self && p.policy.RequireCurrentPassword && p.current.Empty() && had {
		return p.refuse(ldap.UnwillingToPerform, ldap.MustSupplyOldPassword, "The password policy requires that user password changes include the current password in the request")
	}
	if !p.policy.AllowMultiple && len(p.stored)+p.added > 1 {
		return p.refuse(ldap.ConstraintViolation, ldap.PasswordModNotAllowed, "Multiple password values are not allowed in user entries")
	}
	if p.update.asker.harness {
		return ldap.Result{}
	}
	return p.quality(ctx, "The provided password value was rejected by a password validator:  ")
}

// quality asks the validators and the history about the new clear values.
func (p *passwordChange) quality(ctx context.Context, prefix string) ldap.Result {
	if !p.self && p.policy.SkipForAdministrators {
		return ldap.Result{}
	}
	account := p.d.account(p.entry)
	for _, password := range p.fresh {
		if v := p.policy.Validators.violations(p.d, p.entry, password, p.current); len(v) > 0 {
			if p.update.noOp && p.d.is(wrongNewWithNoOp, "16654") {
				continue
			}
			return p.refuse(ldap.ConstraintViolation, ldap.InsufficientPasswordQuality, prefix+v[0].Reason)
		}
		used, err := p.d.used(ctx, account, password)
		if err != nil {
			return canceled
		}
		if used {
			return p.refuse(ldap.ConstraintViolation, ldap.PasswordInHistory, "The provided new password was found in the password history for the user")
		}
	}
	return ldap.Result{}
}

// conclude is what the account's state becomes with a new password.
func (p *passwordChange) conclude() []ldap.Change {
	k := &p.d.known
	account := p.d.account(p.entry)
	account.now = p.update.now
	mods := []ldap.Change{replacement(k.pwdChangedTime, account.time())}
	if p.reset && p.policy.ForceChangeOnReset && !p.update.asker.harness {
		mods = append(mods, replacement(k.pwdReset, "TRUE"))
		p.fault = ldap.ChangeAfterReset // It is told with the success, too.
	} else {
		mods = append(mods, account.cleared(k.pwdReset)...)
	}
	mods = append(mods, account.cleared(k.pwdFailureTime, k.pwdAccountLockedTime, k.pwdGraceUseTime, k.warnedTime)...)
	return append(mods, account.remembering()...)
}

// passwordOfNew checks and encodes the passwords of an entry that is added.
func (d *Directory) passwordOfNew(ctx context.Context, u *update, e *entry) ldap.Result {
	k := &d.known
	if i := slices.IndexFunc(e.attributes, func(a attribute) bool { return a.kind == k.userPassword && a.options != "" }); i >= 0 {
		return ldap.Result{Code: ldap.ConstraintViolation, Message: "Attributes used to hold user passwords are not allowed to have any attribute options"}
	}
	values := e.values(k.userPassword)
	if len(values) == 0 {
		return ldap.Result{}
	}
	p := &passwordChange{d: d, update: u, entry: e, policy: d.policyOf(e)}
	fail := func(r ldap.Result) ldap.Result {
		return withPolicy(r, u.controls, ldap.PasswordPolicyResponse{Error: p.fault})
	}
	if len(values) > 1 && !p.policy.AllowMultiple {
		return fail(p.refuse(ldap.ConstraintViolation, ldap.PasswordModNotAllowed, "Multiple password values are not allowed in user entries"))
	}
	encoded := make([]string, 0, len(values))
	for _, v := range values {
		if schemes.PreEncoded(string(v)) && !p.policy.AllowPreEncoded && !u.asker.harness {
			return fail(p.refuse(ldap.ConstraintViolation, ldap.InsufficientPasswordQuality, "Pre-encoded passwords are not allowed for the password attribute userPassword"))
		}
		stored, r := p.take(ctx, ldap.Replace, string(v))
		if r.Code != ldap.Success {
			return fail(r)
		}
		encoded = append(encoded, stored)
	}
	if !u.asker.harness {
		p.entry = e.clone()
		p.entry.set(k.userPassword)
		if r := p.quality(ctx, "The provided password value was rejected by a password validator:  "); r.Code != ldap.Success {
			return fail(r)
		}
		if p.policy.ForceChangeOnAdd {
			e.set(k.pwdReset, "TRUE")
		}
	}
	e.set(k.userPassword, encoded...)
	if e.value(k.pwdChangedTime) == "" {
		e.set(k.pwdChangedTime, u.now.Format(schema.Milliseconds))
	}
	return ldap.Result{}
}

// SCRAM returns the stored {SCRAM-SHA-256} or {SCRAM-SHA-512} value of dn, in the form of schemes.Stored.Text.
func (d *Directory) SCRAM(dn, scheme string) (stored string, ok bool) {
	e := d.lookUp(dn)
	if e == nil {
		return "", false
	}
	for _, v := range e.values(d.known.userPassword) {
		if s, err := schemes.Parse(string(v)); err == nil && strings.EqualFold(s.Scheme(), scheme) && d.enabled(s.Scheme()) {
			return string(v), true
		}
	}
	return "", false
}
