package directory

import (
	"context"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// sentences are what an operation says of a new password that does not do.
type sentences struct {
	rejected string // by a validator, whose reason follows
	used     string // before
	fault    ldap.PasswordError
}

var (
	modifySays = sentences{
		"The provided password value was rejected by a password validator: ",
		"The provided new password was found in the password history for the user", ldap.PasswordInHistory,
	}
	operationSays = sentences{
		"The provided new password failed the validation checks defined in the server: ",
		"The provided new password was already contained in the password history", ldap.NoPasswordError,
	}
	addSays = sentences{rejected: "The password value for attribute userPassword was found to be unacceptable: "}
)

// quality asks the validators and the history about the new clear values, unless an administrator need not.
func (p *passwordChange) quality(ctx context.Context) ldap.Result {
	if !p.self && p.policy.SkipForAdministrators {
		return ldap.Result{}
	}
	advice := p.update.advice
	dry := p.update.noOp && p.d.is(wrongNewWithNoOp, "16654")
	var refused ldap.Result
	refuse := func(fault ldap.PasswordError, message string) {
		if refused.Code == ldap.Success && !dry { // The first reason counts; advice is about all.
			refused = p.refuse(ldap.ConstraintViolation, fault, message)
		}
	}
	for _, password := range p.fresh {
		c := candidate{d: p.d, entry: p.entry, password: password, current: p.current}
		for _, v := range p.policy.Validators.list() {
			reason := v.refuses(c)
			advice.note(v.kind, v.properties, reason == "")
			if reason != "" {
				refuse(ldap.InsufficientPasswordQuality, p.says.rejected+reason)
			}
		}
	}
	account := p.d.account(p.entry)
	if refused.Code != ldap.Success && !advice.wanted() || p.says.used == "" || !account.remembers() {
		return refused
	}
	for _, password := range p.fresh {
		used, err := p.d.used(ctx, account, password)
		if err != nil {
			return canceled
		}
		advice.note(historyCriterion, p.policy.historyProperties(), !used)
		if used {
			refuse(p.says.fault, p.says.used)
		}
	}
	return refused
}
