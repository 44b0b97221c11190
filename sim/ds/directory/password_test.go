package directory_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
	kernel "github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

var asksPolicy = []ldap.Control{{OID: ldap.OIDPasswordPolicy}}

// policyValue is the value of the password policy response, "" when there is none.
func policyValue(r ldap.Result) string {
	c, ok := ldap.Find(r.Controls, ldap.OIDPasswordPolicy)
	if !ok {
		return ""
	}
	return string(c.Value)
}

const (
	nothingToSay = "\x30\x00"
	ppolicyError = "\x30\x03\x81\x01"
)

func withPolicy(f func(*directory.PasswordPolicy)) func(*directory.Config) {
	return func(c *directory.Config) { f(&c.Policy) }
}

func TestModifyOfPasswords(t *testing.T) {
	const old, fresh = "hifalutin", "Brand new 1!"
	swap := []ldap.Change{mod(ldap.Delete, "userPassword", old), mod(ldap.Add, "userPassword", fresh)}
	set := []ldap.Change{mod(ldap.Replace, "userPassword", fresh)}
	for name, c := range map[string]struct {
		policy   func(*directory.PasswordPolicy)
		as       string // "": bjensen
		insecure bool
		prepare  func(*trial)
		mods     []ldap.Change
		turn     time.Duration
		code     ldap.ResultCode
		fault    string
		message  string
	}{
		"self, with proof":          {mods: swap},
		"self, without proof":       {mods: set},
		"by an administrator":       {as: kvaughan, mods: set},
		"not self, no privilege":    {as: scarter, mods: set, code: ldap.InsufficientAccessRights, message: "cannot be modified due to insufficient access rights"},
		"options":                   {mods: []ldap.Change{mod(ldap.Replace, "userPassword;x", fresh)}, code: ldap.ConstraintViolation, message: "Attributes used to hold user passwords are not allowed to have any attribute options"},
		"users may not":             {policy: func(p *directory.PasswordPolicy) { p.AllowUserChange = false }, mods: set, code: ldap.UnwillingToPerform, fault: "\x03", message: "Users are not allowed to change their own passwords"},
		"users may not, but others": {as: kvaughan, policy: func(p *directory.PasswordPolicy) { p.AllowUserChange = false }, mods: set},
		"plain connection":          {insecure: true, mods: set, code: ldap.ConfidentialityRequired, fault: "\x03", message: "Password changes must be performed over a secure authentication channel"},
		"too young":                 {policy: func(p *directory.PasswordPolicy) { p.MinAge = directory.Duration(24 * time.Hour) }, turn: 23 * time.Hour, mods: set, code: ldap.UnwillingToPerform, fault: "\x07", message: "The password cannot be changed because it has not been long enough"},
		"too young, plain":          {policy: func(p *directory.PasswordPolicy) { p.MinAge = directory.Duration(24 * time.Hour) }, insecure: true, mods: set, code: ldap.ConfidentialityRequired, fault: "\x03", message: "secure authentication channel"},
		"old enough":                {policy: func(p *directory.PasswordPolicy) { p.MinAge = directory.Duration(24 * time.Hour) }, turn: 25 * time.Hour, mods: set},
		"administrator, too young":  {as: kvaughan, policy: func(p *directory.PasswordPolicy) { p.MinAge = directory.Duration(24 * time.Hour) }, mods: set},
		"several values":            {mods: []ldap.Change{mod(ldap.Replace, "userPassword", "First one 1", "Second one 2")}, code: ldap.ConstraintViolation, fault: "\x03", message: "Multiple password values are not allowed in user entries"},
		"a second value":            {mods: []ldap.Change{mod(ldap.Add, "userPassword", fresh)}, code: ldap.ConstraintViolation, fault: "\x03", message: "The password change would result in multiple password values in the user entry, which is not allowed"},
		"pre-encoded":               {mods: []ldap.Change{mod(ldap.Replace, "userPassword", "{SSHA512}"+hash)}, code: ldap.ConstraintViolation, fault: "\x05", message: "User passwords may not be provided in pre-encoded form"},
		"looks pre-encoded":         {mods: []ldap.Change{mod(ldap.Replace, "userPassword", "{winter}2026")}, code: ldap.ConstraintViolation, fault: "\x05", message: "User passwords may not be provided in pre-encoded form"},
		"braces, not encoded":       {mods: []ldap.Change{mod(ldap.Replace, "userPassword", "{}winter2026")}},
		"exists already":            {mods: []ldap.Change{mod(ldap.Add, "userPassword", old)}, code: ldap.AttributeOrValueExists, fault: "\x08", message: "The specified password value already exists in the user entry"},
		"wrong old value":           {mods: []ldap.Change{mod(ldap.Delete, "userPassword", "wrong"), mod(ldap.Add, "userPassword", fresh)}, code: ldap.NoSuchAttribute, message: "The provided user password does not match any password in the user's entry"},
		"proof is wanted":           {policy: func(p *directory.PasswordPolicy) { p.RequireCurrentPassword = true }, mods: set, code: ldap.UnwillingToPerform, fault: "\x04", message: "The password policy requires that user password changes include the current password"},
		"proof is given":            {policy: func(p *directory.PasswordPolicy) { p.RequireCurrentPassword = true }, mods: swap},
		"proof, administrator":      {as: kvaughan, policy: func(p *directory.PasswordPolicy) { p.RequireCurrentPassword = true }, mods: set},
		"too short":                 {mods: []ldap.Change{mod(ldap.Replace, "userPassword", "short")}, code: ldap.ConstraintViolation, fault: "\x05", message: "The provided password value was rejected by a password validator: The provided password is shorter than the minimum required length of 8 characters"},
		"too short, administrator":  {as: kvaughan, mods: []ldap.Change{mod(ldap.Replace, "userPassword", "short")}, code: ldap.ConstraintViolation, fault: "\x05", message: "shorter"},
		"administrator skips":       {as: kvaughan, policy: func(p *directory.PasswordPolicy) { p.SkipForAdministrators = true; p.Validators.MinLength = 99 }, mods: set},
		"in history":                {policy: func(p *directory.PasswordPolicy) { p.HistoryCount = 3 }, mods: []ldap.Change{mod(ldap.Replace, "userPassword", old)}, code: ldap.ConstraintViolation, fault: "\x08", message: "The provided new password was found in the password history for the user"},
		"options, to replace":       {mods: []ldap.Change{mod(ldap.Replace, "userPassword;x"), mod(ldap.Replace, "userPassword", fresh)}},
		"replaced, then deleted":    {mods: []ldap.Change{mod(ldap.Replace, "userPassword", fresh), mod(ldap.Delete, "userPassword", old)}, code: ldap.NoSuchAttribute, message: "The provided user password does not match any password in the user's entry"},
		"options, to delete":        {mods: []ldap.Change{mod(ldap.Delete, "userPassword;x")}, code: ldap.NoSuchAttribute},
		"second, proof is wanted":   {policy: func(p *directory.PasswordPolicy) { p.RequireCurrentPassword = true }, mods: []ldap.Change{mod(ldap.Add, "userPassword", fresh)}, code: ldap.UnwillingToPerform, fault: "\x04", message: "The password policy requires"},
		"own encoded, to delete":    {policy: func(p *directory.PasswordPolicy) { p.AllowPreEncoded = true }, mods: []ldap.Change{mod(ldap.Delete, "userPassword", "{SSHA512}"+hash)}, code: ldap.ConstraintViolation, fault: "\x05", message: "User passwords may not be provided in pre-encoded form"},
		"administrator skips history": {as: kvaughan, policy: func(p *directory.PasswordPolicy) {
			p.HistoryCount, p.SkipForAdministrators = 3, true
			p.Validators = directory.Validators{Dictionary: []string{fresh}}
		}, mods: set},
		"skipped for others": {policy: func(p *directory.PasswordPolicy) { p.SkipForAdministrators = true }, mods: []ldap.Change{mod(ldap.Replace, "userPassword", "short")}, code: ldap.ConstraintViolation, fault: "\x05", message: "shorter"},
		"two reasons":        {policy: func(p *directory.PasswordPolicy) { p.Validators.Dictionary = []string{"short"} }, mods: []ldap.Change{mod(ldap.Replace, "userPassword", "short")}, code: ldap.ConstraintViolation, fault: "\x05", message: "dictionary"},
		"young, but a change is due": {policy: func(p *directory.PasswordPolicy) {
			p.MinAge, p.ForceChangeOnReset = directory.Duration(24*time.Hour), true
		}, prepare: func(x *trial) {
			require.NoError(x.t, x.Change(x.t.Context(), "bjensen", mod(ldap.Replace, "pwdReset", "TRUE")))
		}, mods: set},
		"reset":                  {as: kvaughan, policy: func(p *directory.PasswordPolicy) { p.ForceChangeOnReset = true }, mods: set, fault: "\x02"},
		"history, administrator": {as: kvaughan, policy: func(p *directory.PasswordPolicy) { p.HistoryCount = 3; p.Validators = directory.Validators{} }, mods: []ldap.Change{mod(ldap.Replace, "userPassword", old)}, code: ldap.ConstraintViolation, fault: "\x08", message: "history"},
		"increment":              {mods: []ldap.Change{mod(ldap.Increment, "userPassword", "1")}, code: ldap.ConstraintViolation, message: "Invalid modification type increment attempted on password attribute userPassword"},
	} {
		t.Run(name, func(t *testing.T) {
			x := start(t, func(c2 *directory.Config) {
				if c.policy != nil {
					c.policy(&c2.Policy)
				}
			})
			s := x.as(bjensen, old)
			switch c.as {
			case kvaughan:
				s = x.as(kvaughan, "bribery")
			case scarter:
				s = x.as(scarter, "sprain")
			}
			s.Secure = !c.insecure
			if c.prepare != nil {
				c.prepare(x)
			}
			x.clock.Turn(c.turn)
			r := x.Modify(t.Context(), s, ldap.ModifyRequest{DN: bjensen, Changes: c.mods}, asksPolicy)
			assert.Equal(t, c.code, r.Code, r.Message)
			assert.Contains(t, r.Message, c.message)
			switch {
			case c.fault != "":
				assert.Equal(t, ppolicyError+c.fault, policyValue(r))
			case c.code == ldap.Success || c.code == ldap.NoSuchAttribute:
				assert.Equal(t, nothingToSay, policyValue(r))
			}
			if c.code != ldap.Success {
				assert.Equal(t, ldap.Success, x.bind(bjensen, old).Code, "the old one is still good")
				return
			}
			wanted := string(c.mods[len(c.mods)-1].Attribute.Values[0])
			assert.Equal(t, ldap.Success, x.bind(bjensen, wanted).Code)
			assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, old).Code)
		})
	}
	t.Run("who may write, but has no privilege", func(t *testing.T) {
		x := start(t)
		require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", `(targetattr="*")(version 3.0; acl "w"; allow (write) userdn="ldap:///`+scarter+`";)`)).Code)
		r := x.Modify(t.Context(), x.as(scarter, "sprain"), ldap.ModifyRequest{DN: bjensen, Changes: set}, asksPolicy)
		assert.Equal(t, ldap.InsufficientAccessRights, r.Code)
		assert.Equal(t, "You do not have sufficient privileges to reset user passwords", r.Message)
		assert.Equal(t, ppolicyError+"\x03", policyValue(r))
	})
}

func TestPreEncoded(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.AllowPreEncoded, p.HistoryCount = true, 2 }))
	for value, bound := range map[string]ldap.ResultCode{
		"{SSHA512}" + hash: ldap.Success,
		"{ssha512}" + hash: ldap.Success,
		"{SSHA}hSanIPIIjBnP5Y0+JIaUBB87lbIAAQIDBAUGBw==": ldap.InvalidCredentials, // Not enabled.
		"{MARTIAN}anything": ldap.InvalidCredentials,
		"{SSHA512}broken":   ldap.InvalidCredentials,
		"{a}b":              ldap.InvalidCredentials,
		"{PBKDF2-HMAC-SHA256}10:QVUIuOTQDPy1XbuJFLgLv5538zNhj4+Wu75v8RBoTg4AAQIDBAUGBwgJCgsMDQ4P": ldap.Success,
	} {
		t.Run(value, func(t *testing.T) {
			r := x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", value))
			require.Equal(t, ldap.Success, r.Code, r.Message)
			assert.Equal(t, value, x.read(x.admin, bjensen)["userPassword"], "byte for byte")
			assert.Equal(t, bound, x.bind(bjensen, "Secret12!").Code)
		})
	}
	for variant, bound := range map[string]ldap.ResultCode{"2a": ldap.Success, "2b": ldap.InvalidCredentials, "2y": ldap.InvalidCredentials} {
		require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, "userPassword", "{BCRYPT}$"+variant+"$08$..CA.uOD/eaGAOmJB.yMBuHtIYKpZ23G12SK48F92ljqKVw6j9bQK")))
		assert.Equal(t, bound, x.bind(bjensen, "Secret12!").Code, variant)
		require.NoError(t, x.SetSwitch("bcryptVariants", "all"))
		assert.Equal(t, ldap.Success, x.bind(bjensen, "Secret12!").Code, variant)
		require.NoError(t, x.SetSwitch("bcryptVariants", "2a"))
	}
	r := x.addPerson(x.admin, "new", attr("userPassword", "{SSHA512}"+hash))
	assert.Equal(t, ldap.Success, r.Code)
	require.NoError(t, x.SetPolicyJSON(json.RawMessage(`{"allow-pre-encoded-passwords": false}`)))
	r = x.Add(t.Context(), x.admin, ldap.AddRequest{DN: "uid=newer," + people, Attributes: []ldap.Attribute{attr("objectClass", "inetOrgPerson"), attr("cn", "x"), attr("sn", "x"), attr("userPassword", "{SSHA512}"+hash)}}, asksPolicy)
	assert.Equal(t, ldap.ConstraintViolation, r.Code)
	assert.Equal(t, "Pre-encoded passwords are not allowed for the password attribute userPassword", r.Message)
	assert.Equal(t, ppolicyError+"\x05", policyValue(r))
	r = x.modify(x.admin, bjensen, mod(ldap.Delete, "userPassword", x.read(x.admin, bjensen)["userPassword"]))
	assert.Equal(t, ldap.Success, r.Code, "an administrator may delete an encoded value")
	r = x.modify(x.as("uid=new,"+people, "Secret12!"), "uid=new,"+people, mod(ldap.Delete, "userPassword", "{SSHA512}"+hash))
	assert.Equal(t, ldap.ConstraintViolation, r.Code, "its owner may not")
}

func TestValidators(t *testing.T) {
	for name, c := range map[string]struct {
		validators directory.Validators
		good, bad  string
		reason     string
	}{
		"attribute value": {directory.Validators{AttributeValue: []string{"cn"}}, "barbara", "Barbara JENSEN", "The provided password was found in another attribute in the user entry"},
		"backwards":       {directory.Validators{AttributeValue: []string{"*"}}, "jensenb", "nesnejb", "The provided password was found in another attribute in the user entry"},
		"character set":   {directory.Validators{CharacterSets: []directory.CharacterSet{{Characters: "0123456789", Minimum: 2}}}, "ab12", "ab1", "The provided password did not contain enough characters from the character set '0123456789'. The minimum number of characters from that set that must be present in user passwords is 2"},
		"dictionary":      {directory.Validators{Dictionary: []string{"Winter"}}, "winters", "wINTER", "The provided password contained a word from the server's dictionary"},
		"common":          {directory.Validators{CommonPasswords: true}, "password?!", "Password", "The provided password contained a word from the server's dictionary"},
		"short":           {directory.Validators{MinLength: 4}, "ääää", "äää", "The provided password is shorter than the minimum required length of 4 characters"},
		"long":            {directory.Validators{MaxLength: 4}, "ääää", "aaaab", "The provided password is longer than the maximum allowed length of 4 characters"},
		"repeated":        {directory.Validators{MaxRepeated: 2}, "aabb", "aAab", "The provided password contained too many instances of the same character appearing consecutively. The maximum number of times the same character may appear consecutively in a password is 2"},
		"unique":          {directory.Validators{MinUnique: 3}, "abc", "abAB", "The provided password does not contain enough unique characters. The minimum number of unique characters that may appear in a user password is 3"},
		"difference":      {directory.Validators{MinDifference: 3}, "hifabc", "hifalutin22", "The provided password differs less than the minimum required difference of 3 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			x := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.Validators = c.validators }))
			change := func(value string) ldap.Result {
				return x.modify(x.as(bjensen, "hifalutin"), bjensen, mod(ldap.Delete, "userPassword", "hifalutin"), mod(ldap.Add, "userPassword", value))
			}
			r := change(c.bad)
			assert.Equal(t, ldap.ConstraintViolation, r.Code)
			assert.Equal(t, "The provided password value was rejected by a password validator: "+c.reason, r.Message)
			if name != "difference" {
				broken, err := x.CheckPassword(t.Context(), "bjensen", secret.New(c.bad))
				require.NoError(t, err)
				require.Len(t, broken, 1)
				assert.Equal(t, c.reason, broken[0].Detail)
			}
			assert.Equal(t, ldap.Success, change(c.good).Code)
		})
	}
}

func TestHistory(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.HistoryCount, p.Validators = 2, directory.Validators{} }))
	set := func(value string) ldap.ResultCode {
		x.clock.Turn(time.Minute)
		return x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", value)).Code
	}
	for _, value := range []string{"one", "two", "three"} {
		require.Equal(t, ldap.Success, set(value))
	}
	assert.Regexp(t, `^\d{14}\.\d{3}Z#1\.3\.6\.1\.4\.1\.26027\.1\.3\.1#\{PBKDF2-HMAC-SHA256\}10:[^|]+\|\d{14}\.\d{3}Z#[^|]+$`, x.read(x.admin, bjensen, "pwdHistory")["pwdHistory"])
	assert.Equal(t, ldap.ConstraintViolation, set("three"), "the present one")
	assert.Equal(t, ldap.ConstraintViolation, set("two"))
	assert.Equal(t, ldap.ConstraintViolation, set("one"))
	require.NoError(t, x.SetPolicyJSON(json.RawMessage(`{"password-history-count": 1}`)))
	assert.Equal(t, ldap.ConstraintViolation, set("two"), "the newest is left of a shorter history")
	assert.Equal(t, ldap.Success, set("one"))
	assert.Equal(t, ldap.Success, set("hifalutin"), "forgotten")

	timed := start(t, withPolicy(func(p *directory.PasswordPolicy) {
		p.HistoryDuration, p.Validators = directory.Duration(time.Hour), directory.Validators{}
	}))
	x = timed
	require.Equal(t, ldap.Success, set("one"))
	assert.Equal(t, ldap.ConstraintViolation, set("hifalutin"))
	x.clock.Turn(2 * time.Hour)
	assert.Equal(t, ldap.Success, set("hifalutin"))
}

func TestStateOfANewPassword(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.ForceChangeOnReset, p.LockoutFailures = true, 3 }))
	for range 3 {
		x.bind(bjensen, "wrong")
	}
	state := x.read(x.admin, bjensen, "pwdFailureTime", "pwdAccountLockedTime", "pwdChangedTime")
	assert.Len(t, strings.Split(state["pwdFailureTime"], "|"), 3)
	assert.NotEmpty(t, state["pwdAccountLockedTime"])
	require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, "ds-pwp-warned-time", "20260102030405Z")))
	x.clock.Turn(time.Minute)
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code)
	after := x.read(x.admin, bjensen, "pwdFailureTime", "pwdAccountLockedTime", "pwdChangedTime", "pwdReset", "ds-pwp-warned-time")
	assert.NotContains(t, after, "ds-pwp-warned-time")
	assert.NotContains(t, after, "pwdFailureTime")
	assert.NotContains(t, after, "pwdAccountLockedTime")
	assert.Equal(t, "TRUE", after["pwdReset"])
	assert.Greater(t, after["pwdChangedTime"], state["pwdChangedTime"])

	s := x.as(bjensen, "Brand new 1!")
	require.True(t, s.MustChange())
	require.Equal(t, ldap.Success, x.Bind(t.Context(), s, "", secret.Value{}, nil).Code)
	require.False(t, s.MustChange(), "nobody need not")
	s = x.as(bjensen, "Brand new 1!")
	r := x.Search(t.Context(), s, ldap.SearchRequest{BaseDN: suffix}, asksPolicy, nil)
	assert.Equal(t, ldap.ConstraintViolation, r.Code)
	assert.Equal(t, bjensen+" must change their password before it will be allowed to request any other operations", r.Message)
	assert.Equal(t, ppolicyError+"\x02", policyValue(r))
	assert.Equal(t, ldap.ConstraintViolation, x.modify(s, bjensen, mod(ldap.Replace, "mail", "x@y")).Code)
	assert.Equal(t, ldap.ConstraintViolation, x.Delete(t.Context(), s, ldap.DeleteRequest{DN: bjensen}, nil).Code)
	own := mod(ldap.Replace, "userPassword", "My own one 2!")
	assert.Equal(t, ldap.ConstraintViolation, x.modify(s, bjensen, own, mod(ldap.Replace, "mail", "x@y")).Code, "the password and nothing else")
	r = x.Modify(t.Context(), s, ldap.ModifyRequest{DN: bjensen, Changes: []ldap.Change{own}}, []ldap.Control{{OID: ldap.OIDNoOp, Critical: true}})
	assert.Equal(t, ldap.NoOperation, r.Code)
	assert.True(t, s.MustChange(), "nothing was done yet")
	assert.Equal(t, ldap.Success, x.modify(s, "UID=BJensen, ou=people,"+suffix, own).Code)
	assert.False(t, s.MustChange())
	assert.Equal(t, ldap.Success, x.modify(s, bjensen, mod(ldap.Replace, "mail", "x@y")).Code)
	assert.NotContains(t, x.read(x.admin, bjensen, "pwdReset"), "pwdReset")
}

func TestBind(t *testing.T) {
	x := start(t)
	for name, c := range map[string]struct {
		dn, password string
		plain        bool
		want         ldap.ResultCode
		message      string
	}{
		"right":            {dn: bjensen, password: "hifalutin"},
		"another spelling": {dn: "UID=BJensen , ou=people,dc=EXAMPLE,dc=com", password: "hifalutin"},
		"anonymous":        {},
		"wrong":            {dn: bjensen, password: "x", want: ldap.InvalidCredentials},
		"nobody":           {dn: "uid=nobody," + people, password: "x", want: ldap.InvalidCredentials},
		"no DN":            {dn: "nonsense", password: "x", want: ldap.InvalidCredentials},
		"no password":      {dn: people, password: "x", want: ldap.InvalidCredentials},
		"empty password":   {dn: bjensen, want: ldap.UnwillingToPerform, message: "contained a bind DN but no password, which is forbidden"},
		"plain connection": {dn: bjensen, password: "hifalutin", plain: true, want: ldap.InvalidCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			s := &directory.Session{DN: scarter, Secure: !c.plain}
			r := x.Bind(t.Context(), s, c.dn, secret.New(c.password), nil)
			assert.Equal(t, c.want, r.Code)
			assert.Contains(t, r.Message, c.message)
			if r.Code == ldap.InvalidCredentials {
				assert.Empty(t, r.Message, "no word of why")
			}
			if c.want == ldap.Success && c.dn != "" {
				assert.Equal(t, bjensen, s.DN)
			} else {
				assert.Empty(t, s.DN, "who fails to bind is anonymous")
			}
		})
	}
	require.NoError(t, x.SetSwitch("insecureBind", "13"))
	assert.Equal(t, ldap.ConfidentialityRequired, x.Bind(t.Context(), &directory.Session{}, bjensen, secret.New("hifalutin"), nil).Code)
	for attribute, value := range map[string]string{"ds-pwp-account-disabled": "TRUE", "ds-pwp-account-expiration-time": "20200101000000Z"} {
		require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, attribute, value)))
		assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, "hifalutin", asksPolicy...).Code)
		assert.Equal(t, kernel.LogIn{Reason: "inactive"}, x.LogIn(t.Context(), "bjensen", secret.New("hifalutin")))
		require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, attribute)))
	}
	told := start(t, func(c *directory.Config) { c.ReturnBindErrors = true })
	assert.Contains(t, told.bind(bjensen, "x").Message, "did not match")
}

func TestLockout(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) {
		p.LockoutFailures, p.LockoutDuration, p.FailureInterval = 3, directory.Duration(15*time.Minute), directory.Duration(10*time.Minute)
	}))
	x.Bind(t.Context(), &directory.Session{}, bjensen, secret.New("wrong"), nil)
	assert.Empty(t, x.read(x.admin, bjensen, "pwdFailureTime"), "over a plain connection no password is looked at")
	x.bind(bjensen, "wrong")
	x.bind(bjensen, "wrong")
	x.clock.Turn(11 * time.Minute) // Both are forgotten.
	x.bind(bjensen, "wrong")
	assert.NotContains(t, x.read(x.admin, bjensen, "pwdFailureTime")["pwdFailureTime"], "|", "and deleted")
	x.bind(bjensen, "wrong")
	assert.Equal(t, ldap.Success, x.bind(bjensen, "hifalutin").Code)
	assert.NotContains(t, x.read(x.admin, bjensen, "pwdFailureTime"), "pwdFailureTime", "a good bind clears them")
	for range 3 {
		r := x.bind(bjensen, "wrong", asksPolicy...)
		assert.Equal(t, ldap.InvalidCredentials, r.Code)
		assert.Equal(t, nothingToSay, policyValue(r))
	}
	first := x.read(x.admin, bjensen, "pwdAccountLockedTime")
	x.clock.Turn(time.Minute)
	r := x.bind(bjensen, "wrong", asksPolicy...)
	assert.NotEqual(t, first, x.read(x.admin, bjensen, "pwdAccountLockedTime"), "a further wrong password keeps it closed for longer")
	assert.Equal(t, nothingToSay, policyValue(r), "a stranger is not told of the lock")
	r = x.bind(bjensen, "hifalutin", asksPolicy...)
	assert.Equal(t, ldap.InvalidCredentials, r.Code)
	assert.Empty(t, r.Message)
	assert.Equal(t, ppolicyError+"\x01", policyValue(r), "who knows the password is")
	assert.Equal(t, kernel.LogIn{Reason: "locked"}, x.LogIn(t.Context(), "bjensen", secret.New("hifalutin")))
	x.clock.Turn(16 * time.Minute)
	assert.Equal(t, ldap.Success, x.bind(bjensen, "hifalutin").Code)
	assert.NotContains(t, x.read(x.admin, bjensen, "pwdAccountLockedTime"), "pwdAccountLockedTime")

	// Failures that were counted at several replicas close the account together.
	at := x.clock.Now().UTC()
	require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, "pwdFailureTime", at.Format("20060102150405.000Z"), at.Add(time.Second).Format("20060102150405.000Z"), at.Add(2*time.Second).Format("20060102150405.000Z"))))
	assert.Equal(t, ppolicyError+"\x01", policyValue(x.bind(bjensen, "hifalutin", asksPolicy...)))
	assert.NotEmpty(t, x.read(x.admin, bjensen, "pwdAccountLockedTime"))
}

func TestAGraceLoginIsForChangingThePassword(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) {
		p.MaxAge, p.GraceLogins, p.ExpireUnwarned = directory.Duration(time.Hour), 2, true
	}))
	x.clock.Turn(2 * time.Hour)
	s := x.as(bjensen, "hifalutin")
	r := x.modify(s, bjensen, mod(ldap.Replace, "mail", "x@y"))
	assert.Equal(t, ldap.ConstraintViolation, r.Code)
	assert.Contains(t, r.Message, "must change their password")
	assert.Equal(t, ldap.Success, x.modify(s, bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code)
	assert.Equal(t, ldap.Success, x.modify(s, bjensen, mod(ldap.Replace, "mail", "x@y")).Code)
}

func TestExpiry(t *testing.T) {
	day := directory.Duration(24 * time.Hour)
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) {
		p.MaxAge, p.ExpirationWarning, p.GraceLogins, p.ExpireUnwarned = 30*day, 5*day, 2, true
	}))
	assert.Equal(t, nothingToSay, policyValue(x.bind(bjensen, "hifalutin", asksPolicy...)))
	x.clock.Turn(29 * 24 * time.Hour)
	r := x.bind(bjensen, "hifalutin", asksPolicy...)
	require.Equal(t, ldap.Success, r.Code)
	assert.Equal(t, "\x30\x07\xa0\x05\x80\x03\x01", policyValue(r)[:7], "less than a day: 86 thousand seconds in three bytes")
	warnedAt := x.read(x.admin, bjensen, "ds-pwp-warned-time")
	assert.NotEmpty(t, warnedAt)
	assert.NotEmpty(t, x.read(x.admin, bjensen, "ds-pwp-password-expiration-time"))
	assert.Empty(t, x.read(x.admin, people, "ds-pwp-password-expiration-time"), "what is no account")
	x.clock.Turn(time.Minute)
	r = x.bind(bjensen, "hifalutin")
	assert.Equal(t, warnedAt, x.read(x.admin, bjensen, "ds-pwp-warned-time"), "the first warning is noted")
	require.Len(t, r.Controls, 1)
	assert.Equal(t, ldap.OIDPasswordExpiring, r.Controls[0].OID, "Netscape's way, unless the other is asked for")
	x.clock.Turn(2 * 24 * time.Hour)
	for _, left := range []string{"\x01", "\x00"} {
		r = x.bind(bjensen, "hifalutin", asksPolicy...)
		require.Equal(t, ldap.Success, r.Code, "a grace login")
		assert.Equal(t, "\x30\x08\xa0\x03\x81\x01"+left+"\x81\x01\x00", policyValue(r))
	}
	assert.Len(t, strings.Split(x.read(x.admin, bjensen, "pwdGraceUseTime")["pwdGraceUseTime"], "|"), 2)
	r = x.bind(bjensen, "hifalutin", asksPolicy...)
	assert.Equal(t, ldap.InvalidCredentials, r.Code)
	assert.Equal(t, ppolicyError+"\x00", policyValue(r))
	assert.Equal(t, kernel.LogIn{Reason: "expired"}, x.LogIn(t.Context(), bjensen, secret.New("hifalutin")))
	r = x.bind(bjensen, "hifalutin")
	assert.Equal(t, []ldap.Control{ldap.PasswordExpiredControl()}, r.Controls)

	warned := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.MaxAge, p.ExpirationWarning = 30*day, 5*day }))
	warned.clock.Turn(100 * 24 * time.Hour)
	assert.Equal(t, ldap.Success, warned.bind(bjensen, "hifalutin").Code, "nobody's expires without a warning")
	warned.clock.Turn(6 * 24 * time.Hour)
	assert.Equal(t, ldap.InvalidCredentials, warned.bind(bjensen, "hifalutin").Code)
}

func TestMaxResetAge(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) {
		p.ForceChangeOnReset, p.MaxResetAge = true, directory.Duration(time.Hour)
	}))
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code)
	r := x.bind(bjensen, "Brand new 1!", asksPolicy...)
	assert.Equal(t, ldap.Success, r.Code)
	assert.Equal(t, ppolicyError+"\x02", policyValue(r))
	x.clock.Turn(2 * time.Hour)
	r = x.bind(bjensen, "Brand new 1!", asksPolicy...)
	assert.Equal(t, ldap.InvalidCredentials, r.Code)
	assert.Equal(t, ppolicyError+"\x01", policyValue(r))
}

func TestRehash(t *testing.T) {
	x := start(t, func(c *directory.Config) {
		c.Policy.DeprecatedSchemes = []string{"Salted SHA-512"}
		c.Changelog.Mode = directory.ChangelogNumbers
	})
	crowd(x, 1)
	user := "uid=user.0," + people
	before := x.read(x.admin, user, "userPassword", "pwdChangedTime")
	x.clock.Turn(time.Hour)
	require.Equal(t, ldap.InvalidCredentials, x.bind(user, "wrong").Code)
	assert.Equal(t, before, x.read(x.admin, user, "userPassword", "pwdChangedTime"))
	require.Equal(t, ldap.Success, x.bind(user, "Secret12!").Code)
	after := x.read(x.admin, user, "userPassword", "pwdChangedTime", "modifiersName")
	assert.Contains(t, after["userPassword"], "{PBKDF2-HMAC-SHA256}10:")
	assert.Equal(t, before["pwdChangedTime"], after["pwdChangedTime"], "it is no change of the password")
	assert.Equal(t, "cn=Internal Client,cn=Root DNs,cn=config", after["modifiersName"])
	first, last := x.ChangeNumbers()
	assert.Equal(t, first, last, "one change")
	all, _ := x.changes(x.admin, "(objectClass=*)")
	assert.Regexp(t, `^delete: userPassword\n.*\n-\nadd: userPassword\n.*\n-\nreplace: modifiersName\n`, all[0]["changes"])
	require.Equal(t, ldap.Success, x.bind(user, "Secret12!").Code)
	_, again := x.ChangeNumbers()
	assert.Equal(t, last, again, "and no other")

	costly := start(t, func(c *directory.Config) { c.Hashing.Rehash = directory.RehashOnlyIncrease })
	cheap := costly.read(costly.admin, bjensen)["userPassword"]
	require.Equal(t, ldap.Success, costly.bind(bjensen, "hifalutin").Code)
	assert.Equal(t, cheap, costly.read(costly.admin, bjensen)["userPassword"], "ten iterations are what is asked for")
	require.NoError(t, costly.Change(t.Context(), "bjensen", mod(ldap.Replace, "userPassword", "{PBKDF2-HMAC-SHA256}10000:kig4iIR34feqQI6GdZrIwtslyZuBTLW7sHfCaVk1MqwAAQIDBAUGBw==")))
	require.Equal(t, ldap.Success, costly.bind(bjensen, "Secret12!").Code)
	assert.Contains(t, costly.read(costly.admin, bjensen)["userPassword"], "}10000:", "only-increase")
	require.NoError(t, costly.SetHashing(directory.Hashing{Workers: 1, Rehash: directory.RehashAlways}))
	require.Equal(t, ldap.Success, costly.bind(bjensen, "Secret12!").Code)
	assert.Contains(t, costly.read(costly.admin, bjensen)["userPassword"], "}10:")
}

func TestPolicies(t *testing.T) {
	x := start(t, func(c *directory.Config) {
		strict := c.Policy
		strict.DN, strict.Validators.MinLength = "cn=Strict,cn=Password Policies,cn=config", 20
		c.Policies = []directory.PasswordPolicy{strict}
	})
	assert.Equal(t, directory.DefaultPolicyDN, x.read(x.admin, bjensen, "pwdPolicySubentry")["pwdPolicySubentry"])
	require.Equal(t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "ds-pwp-password-policy-dn", "cn=strict,cn=Password Policies,cn=config")).Code)
	assert.Equal(t, "cn=Strict,cn=Password Policies,cn=config", x.read(x.admin, bjensen, "pwdPolicySubentry")["pwdPolicySubentry"])
	assert.Equal(t, ldap.ConstraintViolation, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code)
	assert.Equal(t, ldap.Success, x.modify(x.admin, scarter, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code)

	raw, err := json.Marshal(x.PolicyJSON())
	require.NoError(t, err)
	require.NoError(t, x.SetPolicyJSON(raw))
	again, err := json.Marshal(x.PolicyJSON())
	require.NoError(t, err)
	assert.Equal(t, string(raw), string(again))
	require.NoError(t, x.SetPolicyJSON(json.RawMessage(`{"lockout-duration": "15m", "password-history-count": 3}`)))
	for _, wrong := range []string{`{"default-password-storage-scheme": "SSHA"}`, `{"lockout-duration": "soon"}`, `{"password-history-count": -1}`, `{"default-password-storage-scheme": "ROT13"}`, `{"unheardOf": 1}`} {
		assert.ErrorIs(t, x.SetPolicyJSON(json.RawMessage(wrong)), directory.ErrInvalid, wrong)
	}
	_, err = x.CheckPassword(t.Context(), "nobody", secret.New("x"))
	require.NoError(t, err)
}

func TestPolicyOfTheAdministrator(t *testing.T) {
	x := start(t)
	plain := func(x *trial) ldap.ResultCode {
		return x.Bind(t.Context(), &directory.Session{}, "uid=admin", secret.New("password"), nil).Code
	}
	assert.Equal(t, ldap.InvalidCredentials, plain(x))
	open := directory.DefaultPolicy(directory.DS7)
	open.DN, open.RequireSecureBind = directory.RootPolicyDN, false
	require.NoError(t, x.SetPolicy(open))
	assert.Equal(t, ldap.Success, plain(x))
	assert.Equal(t, ldap.Success, plain(start(t, func(c *directory.Config) { c.Policies = []directory.PasswordPolicy{open} })))
}

func TestSCRAM(t *testing.T) {
	const scram = "{SCRAM-SHA-256}10000:AAECAwQFBgcICQoLDA0ODw==$5TY9jRBr6wOiZL0vujk3lpV+HBjNO7Kyph6jSNV98+M=:jNlCON0n/K6nWt0IEcALldZMoj+u3LYAJQPJ8zBEsSQ="
	x := start(t)
	require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, "userPassword", scram)))
	stored, ok := x.SCRAM(bjensen, "SCRAM-SHA-256")
	assert.True(t, ok)
	assert.Equal(t, scram, stored)
	_, ok = x.SCRAM(bjensen, "SCRAM-SHA-512")
	assert.False(t, ok)
	_, ok = x.SCRAM("uid=nobody", "SCRAM-SHA-256")
	assert.False(t, ok)
	disabled := start(t, func(c *directory.Config) { delete(c.Schemes, "SCRAM-SHA-256") })
	require.NoError(t, disabled.Change(t.Context(), "bjensen", mod(ldap.Replace, "userPassword", scram)))
	_, ok = disabled.SCRAM(bjensen, "SCRAM-SHA-256")
	assert.False(t, ok)
	s := &directory.Session{Secure: true}
	assert.Equal(t, ldap.Success, x.BindProven(t.Context(), s, bjensen, true, nil).Code)
	assert.Equal(t, bjensen, s.DN)
	assert.Equal(t, ldap.InvalidCredentials, x.BindProven(t.Context(), s, bjensen, false, nil).Code)
	assert.Empty(t, s.DN)
	assert.Equal(t, ldap.InvalidCredentials, x.BindProven(t.Context(), s, "uid=nobody", true, nil).Code)
}

func TestUsability(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) {
		p.LockoutFailures, p.LockoutDuration, p.ForceChangeOnReset = 1, directory.Duration(time.Hour), true
	}))
	usability := func() ldap.Control {
		var got []ldap.Control
		x.Search(t.Context(), x.admin, ldap.SearchRequest{BaseDN: bjensen}, []ldap.Control{{OID: ldap.OIDAccountUsability}}, directory.Emit(func(_ ldap.Entry, c []ldap.Control) error {
			got = c
			return nil
		}))
		require.Len(t, got, 1)
		return got[0]
	}
	assert.Equal(t, ldap.AccountUsability{Usable: true, Expires: -1}.Control(), usability())
	require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, "pwdReset", "TRUE")))
	assert.Equal(t, ldap.AccountUsability{Reset: true, Grace: -1, Unlock: -1}.Control(), usability())
	x.bind(bjensen, "wrong")
	x.clock.Turn(59 * time.Minute)
	require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, "pwdReset"), mod(ldap.Replace, "ds-pwp-account-disabled", "TRUE")))
	assert.Contains(t, string(usability().Value), "\x80\x01\xff", "inactive")
}
