package directory

import (
	"context"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/ldap"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// passwordChange is a modification of userPassword under way. Its checks come in the order of OpenDJ's, and have its sentences
// (LocalBackendModifyOperation).
type passwordChange struct {
	d      *Directory
	update *update
	entry  *entry
	policy *PasswordPolicy
	says   sentences

	// fault is for the password policy control.
	fault ldap.PasswordError
	// state are the modifications of the account's state that go with the change.
	state []ldap.Change

	self    bool
	reset   bool
	count   int // of the passwords, as OpenDJ counts: there is one at most before
	proven  bool
	current secret.Value // as the request has shown it
	stored  []string     // what is left of the present passwords
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
	p.count = min(1, len(p.stored))
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
	if p.mustChange() {
		p.fault = ldap.ChangeAfterReset
	}
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
	added := len(m.Attribute.Values)
	switch m.Op {
	case ldap.Delete:
		return p.remove(ctx, m.Attribute.Values)
	case ldap.Increment:
		return nil, p.refuse(ldap.ConstraintViolation, ldap.NoPasswordError, "Invalid modification type increment attempted on password attribute "+m.Attribute.Description)
	case ldap.Replace:
		p.stored, p.count = nil, added
	case ldap.Add:
		p.count += added
	}
	if !p.policy.AllowMultiple && added > 1 {
		return nil, p.refuse(ldap.ConstraintViolation, ldap.PasswordModNotAllowed, "Multiple password values are not allowed in user entries")
	}
	values := make([][]byte, 0, added)
	for _, v := range m.Attribute.Values {
		stored, r := p.take(ctx, m.Op, string(v))
		if r.Code != ldap.Success {
			return nil, r
		}
		values = append(values, []byte(stored))
	}
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
		// What the same request deletes counts, too.
		for _, stored := range p.entry.values(p.d.known.userPassword) {
			if matched, err := p.d.verify(ctx, string(stored), password); err != nil {
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

// remove is for values to delete: clear ones are found by verifying, encoded ones by comparing. A clear one stands for all
// encodings of it.
func (p *passwordChange) remove(ctx context.Context, values [][]byte) ([][]byte, ldap.Result) {
	if len(values) == 0 {
		p.stored, p.count = nil, 0
		return nil, ldap.Result{}
	}
	removed := make([][]byte, 0, len(values))
	for _, v := range values {
		text := string(v)
		encoded := schemes.PreEncoded(text)
		switch {
		case encoded && p.self: // Not even where new ones may be encoded.
			return nil, p.refuse(ldap.ConstraintViolation, ldap.InsufficientPasswordQuality, "User passwords may not be provided in pre-encoded form")
		case len(p.entry.values(p.d.known.userPassword)) == 0:
			return nil, p.refuse(ldap.NoSuchAttribute, ldap.NoPasswordError, "The user entry does not have any existing passwords to remove")
		}
		left := p.stored[:0:0]
		for _, stored := range p.stored {
			matched, err := stored == text, error(nil)
			if !encoded {
				matched, err = p.d.verify(ctx, stored, secret.New(text))
			}
			switch {
			case err != nil:
				return nil, canceled
			case matched:
				removed = append(removed, []byte(stored))
			default:
				left = append(left, stored)
			}
		}
		if len(left) == len(p.stored) {
			return nil, p.refuse(ldap.NoSuchAttribute, ldap.NoPasswordError, "The provided user password does not match any password in the user's entry")
		}
		p.stored = left
		p.count--
		if !encoded {
			p.proven, p.current = true, secret.New(text)
		}
	}
	return removed, ldap.Result{}
}

var canceled = ldap.Result{Code: ldap.Canceled, Message: "The operation was canceled"}

// judge asks for the present password, the validators and the history.
func (p *passwordChange) judge(ctx context.Context) ldap.Result {
	switch {
	case p.self && p.policy.RequireCurrentPassword && !p.proven:
		return p.refuse(ldap.UnwillingToPerform, ldap.MustSupplyOldPassword, "The password policy requires that user password changes include the current password in the request")
	case p.count > 1 && !p.policy.AllowMultiple:
		return p.refuse(ldap.ConstraintViolation, ldap.PasswordModNotAllowed, "The password change would result in multiple password values in the user entry, which is not allowed")
	case p.update.asker.harness:
		return ldap.Result{}
	}
	return p.quality(ctx)
}

// mustChange tells whether the new password is one that its owner has to change.
func (p *passwordChange) mustChange() bool {
	return p.reset && p.policy.ForceChangeOnReset && !p.update.asker.harness
}

// conclude is what the account's state becomes with a new password. The history is of passwords that were given in clear.
func (p *passwordChange) conclude() []ldap.Change {
	k := &p.d.known
	account := p.d.account(p.entry)
	account.now = p.update.now
	mods := []ldap.Change{replacement(k.pwdChangedTime, account.time())}
	if p.mustChange() {
		mods = append(mods, replacement(k.pwdReset, "TRUE"))
	} else {
		mods = append(mods, account.cleared(k.pwdReset)...)
	}
	mods = append(mods, account.cleared(k.pwdFailureTime, k.pwdAccountLockedTime, k.pwdGraceUseTime, k.warnedTime)...)
	if len(p.fresh) > 0 {
		mods = append(mods, account.remembering()...)
	}
	return mods
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
