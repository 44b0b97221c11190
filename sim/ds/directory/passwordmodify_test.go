package directory_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	kernel "github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func hidden(s string) *secret.Value {
	v := secret.New(s)
	return &v
}

func TestPasswordModify(t *testing.T) {
	const old, fresh = "hifalutin", "Brand new 1!"
	for name, c := range map[string]struct {
		policy   func(*directory.PasswordPolicy)
		as       string // "": anonymous
		insecure bool
		identity *string
		old, new *secret.Value
		prepare  func(*trial)
		code     ldap.ResultCode
		fault    string
		message  string
	}{
		"self":                       {as: bjensen, old: hidden(old), new: hidden(fresh)},
		"self, by DN":                {as: bjensen, identity: new("dn:" + bjensen), old: hidden(old), new: hidden(fresh)},
		"self, in capitals":          {as: bjensen, identity: new("DN:" + bjensen), old: hidden(old), new: hidden(fresh)},
		"self, without the old":      {as: bjensen, new: hidden(fresh)},
		"anonymous with the old":     {identity: new("u:bjensen"), old: hidden(old), new: hidden(fresh)},
		"reset by DN":                {as: kvaughan, identity: new("dn:" + bjensen), new: hidden(fresh)},
		"reset by name":              {as: kvaughan, identity: new("u:bjensen"), new: hidden(fresh)},
		"reset by a bare DN":         {as: kvaughan, identity: new(string(bjensen)), new: hidden(fresh)},
		"reset by a bare name":       {as: kvaughan, identity: new("bjensen"), new: hidden(fresh)},
		"nobody at all":              {new: hidden(fresh), code: ldap.UnwillingToPerform, message: "it does not contain an authorization ID and the underlying connection is not authenticated"},
		"a wrong DN":                 {as: kvaughan, identity: new("dn:nonsense"), new: hidden(fresh), code: ldap.InvalidDNSyntax, message: `the server cannot decode "dn:nonsense" as a valid DN`},
		"an unknown DN":              {as: kvaughan, identity: new("dn:uid=nobody," + people), new: hidden(fresh), code: ldap.NoSuchObject, message: "based on the authorization DN of \"uid=nobody,"},
		"an unknown name":            {as: kvaughan, identity: new("u:nobody"), new: hidden(fresh), code: ldap.NoSuchObject, message: `The provided authorization ID string "u:nobody" could not be mapped to any user in the directory`},
		"neither DN nor name":        {as: kvaughan, identity: new("nobody"), new: hidden(fresh), code: ldap.ProtocolError, message: `The provided userIdentity string was "nobody"`},
		"no privilege":               {as: scarter, identity: new("u:bjensen"), new: hidden(fresh), code: ldap.InsufficientAccessRights, message: "You do not have sufficient privileges to perform password reset operations"},
		"somebody else with the old": {as: scarter, identity: new("u:bjensen"), old: hidden(old), new: hidden(fresh), code: ldap.InsufficientAccessRights, message: "password reset operations"},
		"anonymous without the old":  {identity: new("u:bjensen"), new: hidden(fresh), code: ldap.InsufficientAccessRights, message: "password reset operations"},
		"disabled": {as: kvaughan, identity: new("u:bjensen"), new: hidden(fresh), prepare: func(x *trial) {
			require.NoError(x.t, x.Change(x.t.Context(), "bjensen", mod(ldap.Replace, "ds-pwp-account-disabled", "TRUE")))
		}, code: ldap.UnwillingToPerform, fault: "\x01"},
		"locked":                    {policy: func(p *directory.PasswordPolicy) { p.LockoutFailures = 1 }, identity: new("u:bjensen"), old: hidden(old), new: hidden(fresh), prepare: func(x *trial) { x.bind(bjensen, "wrong") }, code: ldap.UnwillingToPerform, fault: "\x01"},
		"locked, the old is wanted": {policy: func(p *directory.PasswordPolicy) { p.LockoutFailures, p.RequireCurrentPassword = 1, true }, as: bjensen, new: hidden(fresh), prepare: func(x *trial) { x.bind(bjensen, "wrong") }, code: ldap.UnwillingToPerform, fault: "\x01"},
		"locked, reset":             {policy: func(p *directory.PasswordPolicy) { p.LockoutFailures = 1 }, as: kvaughan, identity: new("u:bjensen"), new: hidden(fresh), prepare: func(x *trial) { x.bind(bjensen, "wrong") }},
		"the old is wanted":         {policy: func(p *directory.PasswordPolicy) { p.RequireCurrentPassword = true }, as: bjensen, new: hidden(fresh), code: ldap.UnwillingToPerform, fault: "\x04"},
		"a wrong old":               {as: bjensen, old: hidden("wrong"), new: hidden(fresh), code: ldap.InvalidCredentials},
		"the old, plain":            {as: bjensen, insecure: true, old: hidden(old), new: hidden(fresh), code: ldap.ConfidentialityRequired},
		"a wrong old, plain":        {as: bjensen, insecure: true, old: hidden("wrong"), new: hidden(fresh), code: ldap.ConfidentialityRequired},
		"plain":                     {as: bjensen, insecure: true, new: hidden(fresh), code: ldap.ConfidentialityRequired, message: "Password changes must be performed over a secure communication channel"},
		"users may not":             {policy: func(p *directory.PasswordPolicy) { p.AllowUserChange = false }, as: bjensen, old: hidden(old), new: hidden(fresh), code: ldap.UnwillingToPerform, fault: "\x03", message: "End users are not allowed to change their passwords"},
		"too young":                 {policy: func(p *directory.PasswordPolicy) { p.MinAge = directory.Duration(time.Hour) }, as: bjensen, old: hidden(old), new: hidden(fresh), code: ldap.UnwillingToPerform, fault: "\x07", message: "The password cannot be changed because the previous password change was too recent"},
		"expired":                   {policy: func(p *directory.PasswordPolicy) { p.MaxAge, p.ExpireUnwarned = directory.Duration(time.Hour), true }, identity: new("u:bjensen"), old: hidden(old), new: hidden(fresh), prepare: func(x *trial) { x.clock.Turn(2 * time.Hour) }, code: ldap.UnwillingToPerform, fault: "\x00"},
		"expired, may be changed": {policy: func(p *directory.PasswordPolicy) {
			p.MaxAge, p.ExpireUnwarned, p.AllowExpiredChange = directory.Duration(time.Hour), true, true
		}, identity: new("u:bjensen"), old: hidden(old), new: hidden(fresh), prepare: func(x *trial) { x.clock.Turn(2 * time.Hour) }},
		"pre-encoded":                            {as: bjensen, old: hidden(old), new: hidden("{a}bcdefgh"), code: ldap.ConstraintViolation, message: "The password policy does not allow users to supply pre-encoded passwords"},
		"too short":                              {as: bjensen, old: hidden(old), new: hidden("short"), code: ldap.ConstraintViolation, fault: "\x05", message: "The provided new password failed the validation checks defined in the server: The provided password is shorter than the minimum required length of 8 characters"},
		"in history":                             {policy: func(p *directory.PasswordPolicy) { p.HistoryCount = 1 }, as: bjensen, old: hidden(old), new: hidden(old), code: ldap.ConstraintViolation, message: "The provided new password was already contained in the password history"},
		"in history, an administrator who skips": {policy: func(p *directory.PasswordPolicy) { p.HistoryCount, p.SkipForAdministrators = 1, true }, as: kvaughan, identity: new("u:bjensen"), new: hidden(old)},
		"reset, a change will be due":            {policy: func(p *directory.PasswordPolicy) { p.ForceChangeOnReset = true }, as: kvaughan, identity: new("u:bjensen"), new: hidden(fresh)},
		"reset, not changed in time": {policy: func(p *directory.PasswordPolicy) {
			p.ForceChangeOnReset, p.MaxResetAge = true, directory.Duration(time.Hour)
		}, identity: new("u:bjensen"), old: hidden(old), new: hidden(fresh), prepare: func(x *trial) {
			require.NoError(x.t, x.Change(x.t.Context(), "bjensen", mod(ldap.Replace, "pwdReset", "TRUE")))
			x.clock.Turn(2 * time.Hour)
		}, code: ldap.UnwillingToPerform, fault: "\x01", message: "The user account is locked"},
		"who may not write": {identity: new("u:bjensen"), as: scarter, new: hidden(fresh), prepare: func(x *trial) {
			require.NoError(x.t, x.Change(x.t.Context(), "scarter", mod(ldap.Replace, "ds-privilege-name", "password-reset")))
		}, code: ldap.InsufficientAccessRights, message: "The entry " + bjensen + " cannot be modified due to insufficient access rights"},
	} {
		t.Run(name, func(t *testing.T) {
			x := start(t, func(config *directory.Config) {
				config.Changelog.Mode = directory.ChangelogNumbers
				if c.policy != nil {
					c.policy(&config.Policy)
				}
			})
			s := x.anonymous
			if c.as != "" {
				s = x.as(c.as, map[string]string{bjensen: old, kvaughan: "bribery", scarter: "sprain"}[c.as])
			}
			s.Secure = !c.insecure
			if c.prepare != nil {
				c.prepare(x)
			}
			_, before := x.ChangeNumbers()
			generated, r := x.PasswordModify(t.Context(), s, c.identity, c.old, c.new, asksPolicy)
			assert.Equal(t, c.code, r.Code, r.Message)
			assert.Contains(t, r.Message, c.message)
			assert.True(t, generated.Empty())
			switch {
			case c.fault != "":
				assert.Equal(t, ppolicyError+c.fault, policyValue(r))
			case c.code == ldap.Success:
				assert.Equal(t, nothingToSay, policyValue(r))
			default:
				assert.Empty(t, policyValue(r))
			}
			_, after := x.ChangeNumbers()
			if c.code != ldap.Success {
				assert.False(t, x.LogIn(t.Context(), bjensen, secret.New(fresh)).OK)
				return
			}
			assert.Equal(t, 2, after-before, "the password, and the state of the account")
			assert.True(t, x.LogIn(t.Context(), bjensen, *c.new).OK)
			if c.new.Reveal() != old {
				assert.Equal(t, kernel.LogIn{Reason: "wrong_password"}, x.LogIn(t.Context(), bjensen, secret.New(old)))
			}
		})
	}
}

func TestGeneratedPasswords(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.LockoutFailures = 5 }))
	generated, r := x.PasswordModify(t.Context(), x.admin, new("u:bjensen"), nil, nil, nil)
	require.Equal(t, ldap.Success, r.Code)
	assert.Len(t, generated.Reveal(), 10)
	assert.Equal(t, ldap.Success, x.bind(bjensen, generated.Reveal()).Code)
	strict := start(t, withPolicy(func(p *directory.PasswordPolicy) {
		p.Validators = directory.Validators{MinLength: 20, CharacterSets: []directory.CharacterSet{{Characters: "ABC", Minimum: 1}}}
	}))
	long, r := strict.PasswordModify(t.Context(), strict.admin, new("u:bjensen"), nil, nil, nil)
	assert.Equal(t, ldap.Success, r.Code, "no validator looks at it")
	assert.Len(t, long.Reveal(), 20)
	_, r = x.PasswordModify(t.Context(), x.as(bjensen, generated.Reveal()), nil, hidden("wrong"), hidden("Brand new 1!"), nil)
	assert.Equal(t, ldap.InvalidCredentials, r.Code)
	assert.Empty(t, r.Message)
	assert.NotEmpty(t, x.read(x.admin, bjensen, "pwdFailureTime"), "a recorded failure")
	dry, r := x.PasswordModify(t.Context(), x.admin, new("u:bjensen"), nil, hidden("Brand new 1!"), []ldap.Control{{OID: ldap.OIDNoOp, Critical: true}})
	assert.Equal(t, ldap.NoOperation, r.Code)
	assert.True(t, dry.Empty())
	assert.False(t, x.LogIn(t.Context(), bjensen, secret.New("Brand new 1!")).OK)
}
