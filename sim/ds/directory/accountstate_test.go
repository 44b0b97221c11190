package directory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ber"
	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// operate sends operations on the state of an account, and returns what is found: "number" or "number=value|value" each.
func (x *trial) operate(s *directory.Session, dn string, operations ...ldap.StateOperation) (string, ldap.Result) {
	x.t.Helper()
	request := ldap.PasswordStateValue(dn, operations) // Request and response are alike.
	value, r := x.PasswordState(x.t.Context(), s, ldap.ExtendedRequest{Name: ldap.OIDPasswordPolicyState, Value: request, HasValue: true})
	if r.Code != ldap.Success {
		assert.Nil(x.t, value)
		return "", r
	}
	answer, err := ldap.ParsePasswordState(ldap.ExtendedRequest{Value: value, HasValue: true})
	require.NoError(x.t, err)
	assert.Equal(x.t, dn, answer.Target)
	var found []string
	for o, err := range answer.Operations() {
		require.NoError(x.t, err)
		text := fmt.Sprint(int(o.Type))
		if len(o.Values) > 0 {
			text += "=" + strings.Join(o.Values, "|")
		}
		found = append(found, text)
	}
	return strings.Join(found, " "), r
}

func op(kind ldap.StateOperationType, values ...string) ldap.StateOperation {
	return ldap.StateOperation{Type: kind, Values: values}
}

const moment = "20300102030405.006Z"

func TestAccountState(t *testing.T) {
	day := directory.Duration(24 * time.Hour)
	lockout := func(p *directory.PasswordPolicy) {
		p.LockoutFailures, p.LockoutDuration = 2, directory.Duration(time.Hour)
	}
	expiring := func(p *directory.PasswordPolicy) {
		p.MaxAge, p.ExpirationWarning, p.ExpireUnwarned, p.GraceLogins = 30*day, 5*day, true, 3
	}
	for name, c := range map[string]struct {
		policy     func(*directory.PasswordPolicy)
		prepare    func(*trial)
		operations []ldap.StateOperation
		found      string // a regular expression
		stored     map[string]string
		bound      ldap.ResultCode
	}{
		"the policy":        {operations: []ldap.StateOperation{op(ldap.GetPasswordPolicyDN)}, found: "0=cn=Default Password Policy,cn=Password Policies,cn=config"},
		"not disabled":      {operations: []ldap.StateOperation{op(ldap.GetAccountDisabledState)}, found: "1=false"},
		"disable":           {operations: []ldap.StateOperation{op(ldap.SetAccountDisabledState, "TRUE")}, found: "1=true", stored: map[string]string{"ds-pwp-account-disabled": "true"}, bound: ldap.InvalidCredentials},
		"disable, enable":   {operations: []ldap.StateOperation{op(ldap.SetAccountDisabledState, "true"), op(ldap.ClearAccountDisabledState)}, found: "1=false", stored: map[string]string{"ds-pwp-account-disabled": ""}},
		"enable the usable": {operations: []ldap.StateOperation{op(ldap.SetAccountDisabledState, "false")}, found: "1=false"},
		"account expires":   {operations: []ldap.StateOperation{op(ldap.SetAccountExpirationTime, moment), op(ldap.GetSecondsUntilAccountExpiration)}, found: "4=" + moment + ` 7=\d+`, stored: map[string]string{"ds-pwp-account-expiration-time": moment}},
		"account expires now": {
			operations: []ldap.StateOperation{op(ldap.SetAccountExpirationTime), op(ldap.GetSecondsUntilAccountExpiration)},
			found:      `4=\d{14}\.\d{3}Z 7`, bound: ldap.InvalidCredentials,
		},
		"account never expires": {
			prepare: func(x *trial) {
				require.NoError(x.t, x.Change(x.t.Context(), "bjensen", mod(ldap.Replace, "ds-pwp-account-expiration-time", "20200101000000Z")))
			},
			operations: []ldap.StateOperation{op(ldap.ClearAccountExpirationTime)}, found: "4", stored: map[string]string{"ds-pwp-account-expiration-time": ""},
		},
		"password changed then": {policy: expiring, operations: []ldap.StateOperation{op(ldap.SetPasswordChangedTime, "20200102030405Z"), op(ldap.GetSecondsUntilPasswordExpiration)}, found: `8=20200102030405\.000Z 14=0`, stored: map[string]string{"pwdChangedTime": "20200102030405.000Z"}, bound: ldap.Success},
		"password changed at the creation": {
			operations: []ldap.StateOperation{op(ldap.ClearPasswordChangedTime)}, found: `8=\d{14}\.000Z`, stored: map[string]string{"pwdChangedTime": ""},
		},
		"warned":      {operations: []ldap.StateOperation{op(ldap.SetPasswordExpirationWarnedTime, moment)}, found: "11=" + moment, stored: map[string]string{"ds-pwp-warned-time": moment}},
		"not warned":  {operations: []ldap.StateOperation{op(ldap.SetPasswordExpirationWarnedTime, moment), op(ldap.ClearPasswordExpirationWarnedTime)}, found: "11", stored: map[string]string{"ds-pwp-warned-time": ""}},
		"good so far": {policy: expiring, operations: []ldap.StateOperation{op(ldap.GetSecondsUntilPasswordExpiration), op(ldap.GetSecondsUntilPasswordExpirationWarning)}, found: "14=259199[789] 15=215999[789]"},
		"warned soon": {policy: expiring, prepare: func(x *trial) { x.clock.Turn(26 * 24 * time.Hour) }, operations: []ldap.StateOperation{op(ldap.GetSecondsUntilPasswordExpirationWarning)}, found: "15=0"},
		"good for ever": {
			operations: []ldap.StateOperation{op(ldap.GetSecondsUntilPasswordExpiration), op(ldap.GetSecondsUntilPasswordExpirationWarning)}, found: "14 15",
		},
		"one failure":                 {policy: lockout, operations: []ldap.StateOperation{op(ldap.AddAuthenticationFailureTime), op(ldap.GetRemainingAuthenticationFailureCount)}, found: `16=\d{14}\.\d{3}Z 21=1`},
		"a failure that locks":        {policy: lockout, operations: []ldap.StateOperation{op(ldap.AddAuthenticationFailureTime), op(ldap.AddAuthenticationFailureTime), op(ldap.GetSecondsUntilAuthenticationFailureUnlock)}, found: `16=\d{14}\.\d{3}Z\|\d{14}\.\d{3}Z 20=3(600|599)`, bound: ldap.InvalidCredentials},
		"failures where nobody locks": {operations: []ldap.StateOperation{op(ldap.AddAuthenticationFailureTime), op(ldap.GetRemainingAuthenticationFailureCount)}, found: "16 21", stored: map[string]string{"pwdFailureTime": ""}},
		"failures of old":             {policy: lockout, operations: []ldap.StateOperation{op(ldap.SetAuthenticationFailureTimes, "20200102030405Z", "20200102030406Z"), op(ldap.GetSecondsUntilAuthenticationFailureUnlock)}, found: `16=20200102030405\.000Z\|20200102030406\.000Z 20`, stored: map[string]string{"pwdAccountLockedTime": "20200102030406.000Z"}},
		"one failure twice":           {policy: lockout, operations: []ldap.StateOperation{op(ldap.SetAuthenticationFailureTimes, moment, moment), op(ldap.AddAuthenticationFailureTime, moment)}, found: "16=" + moment},
		"unlock": {
			policy: lockout, prepare: func(x *trial) { x.bind(bjensen, "wrong"); x.bind(bjensen, "wrong") },
			operations: []ldap.StateOperation{op(ldap.ClearAuthenticationFailureTimes)}, found: "16", stored: map[string]string{"pwdFailureTime": "", "pwdAccountLockedTime": ""},
		},
		"last login":              {policy: func(p *directory.PasswordPolicy) { p.RecordLastLogin = true }, operations: []ldap.StateOperation{op(ldap.SetLastLoginTime, moment)}, found: "22=" + moment, stored: map[string]string{"ds-pwp-last-login-time": moment}},
		"last login, forgotten":   {policy: func(p *directory.PasswordPolicy) { p.RecordLastLogin = true }, operations: []ldap.StateOperation{op(ldap.SetLastLoginTime), op(ldap.ClearLastLoginTime)}, found: "22", stored: map[string]string{"ds-pwp-last-login-time": ""}},
		"last login, not kept":    {operations: []ldap.StateOperation{op(ldap.SetLastLoginTime, moment)}, found: "22", stored: map[string]string{"ds-pwp-last-login-time": ""}},
		"never idle":              {operations: []ldap.StateOperation{op(ldap.GetSecondsUntilIdleLockout)}, found: "25"},
		"must change":             {policy: func(p *directory.PasswordPolicy) { p.ForceChangeOnReset = true }, operations: []ldap.StateOperation{op(ldap.SetPasswordResetState, "true"), op(ldap.GetSecondsUntilPasswordResetLockout)}, found: "26=true 29", stored: map[string]string{"pwdReset": "true"}},
		"must change soon":        {policy: func(p *directory.PasswordPolicy) { p.ForceChangeOnReset, p.MaxResetAge = true, day }, operations: []ldap.StateOperation{op(ldap.SetPasswordResetState, "true"), op(ldap.GetSecondsUntilPasswordResetLockout)}, found: "26=true 29=863(99|98)"},
		"need not change":         {policy: func(p *directory.PasswordPolicy) { p.ForceChangeOnReset = true }, operations: []ldap.StateOperation{op(ldap.SetPasswordResetState, "true"), op(ldap.ClearPasswordResetState)}, found: "26=false", stored: map[string]string{"pwdReset": ""}},
		"no policy to change":     {operations: []ldap.StateOperation{op(ldap.SetPasswordResetState, "true")}, found: "26=false", stored: map[string]string{"pwdReset": "true"}},
		"a grace login":           {policy: expiring, operations: []ldap.StateOperation{op(ldap.AddGraceLoginUseTime), op(ldap.AddGraceLoginUseTime, moment), op(ldap.GetRemainingGraceLoginCount)}, found: `30=\d{14}\.\d{3}Z\|` + moment + " 34=1"},
		"grace logins":            {policy: expiring, operations: []ldap.StateOperation{op(ldap.SetGraceLoginUseTimes, moment, "20310102030405Z", "20320102030405Z", "20330102030405Z"), op(ldap.GetRemainingGraceLoginCount)}, found: `30=.* 34=0`},
		"no grace login":          {policy: expiring, operations: []ldap.StateOperation{op(ldap.SetGraceLoginUseTimes), op(ldap.ClearGraceLoginUseTimes), op(ldap.GetRemainingGraceLoginCount)}, found: "30 34=3", stored: map[string]string{"pwdGraceUseTime": ""}},
		"required":                {operations: []ldap.StateOperation{op(ldap.SetPasswordChangedByRequiredTime, moment), op(ldap.GetSecondsUntilRequiredChangeTime)}, found: "35=" + moment + " 38", stored: map[string]string{"ds-pwp-password-changed-by-required-time": moment}},
		"required by no policy":   {operations: []ldap.StateOperation{op(ldap.SetPasswordChangedByRequiredTime)}, found: "35"},
		"required no more":        {operations: []ldap.StateOperation{op(ldap.SetPasswordChangedByRequiredTime, moment), op(ldap.ClearPasswordChangedByRequiredTime)}, found: "35", stored: map[string]string{"ds-pwp-password-changed-by-required-time": ""}},
		"history":                 {policy: func(p *directory.PasswordPolicy) { p.HistoryCount = 2 }, prepare: changed, operations: []ldap.StateOperation{op(ldap.GetPasswordHistory)}, found: `39=\d{14}\.\d{3}Z#1\.3\.6\.1\.4\.1\.26027\.1\.3\.1#\{PBKDF2-HMAC-SHA256\}10:.*`, bound: ldap.InvalidCredentials},
		"history, forgotten":      {policy: func(p *directory.PasswordPolicy) { p.HistoryCount = 2 }, prepare: changed, operations: []ldap.StateOperation{op(ldap.ClearPasswordHistory)}, found: "39", stored: map[string]string{"pwdHistory": ""}, bound: ldap.InvalidCredentials},
		"in the order of DS":      {operations: []ldap.StateOperation{op(ldap.GetPasswordHistory), op(ldap.GetPasswordPolicyDN), op(ldap.GetPasswordHistory)}, found: "0=.*config 39"},
		"all, for want of a wish": {found: `0=cn=Default .*config 1=false 4 7 8=\d{14}\.\d{3}Z 11 14 15 16 20 21 22 25 26=false 29 30 34=0 35 38 39`},
	} {
		t.Run(name, func(t *testing.T) {
			x := start(t, func(config *directory.Config) {
				config.Changelog.Mode = directory.ChangelogNumbers
				if c.policy != nil {
					c.policy(&config.Policy)
				}
			})
			x.clock.Turn(time.Second)
			if c.prepare != nil {
				c.prepare(x)
			}
			_, before := x.ChangeNumbers()
			found, r := x.operate(x.admin, bjensen, c.operations...)
			require.Equal(t, ldap.Success, r.Code, r.Message)
			assert.Regexp(t, "^(?:"+c.found+")$", found)
			again, r := x.operate(x.admin, bjensen, onlyGet(c.operations)...)
			require.Equal(t, ldap.Success, r.Code)
			assert.Regexp(t, "^(?:"+c.found+")$", again, "it is still so")
			for attribute, value := range c.stored {
				assert.Equal(t, value, x.read(x.admin, bjensen, attribute)[attribute])
			}
			if _, after := x.ChangeNumbers(); after != before {
				assert.Equal(t, before+1, after, "one modification at most")
				assert.Equal(t, "uid=admin", x.read(x.admin, bjensen, "modifiersName")["modifiersName"])
			}
			assert.Equal(t, c.bound, x.bind(bjensen, "hifalutin").Code)
		})
	}
}

// changed gives bjensen another password.
func changed(x *trial) {
	require.Equal(x.t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", "Brand new 1!")).Code)
}

// onlyGet asks for the fields that other operations are about.
func onlyGet(operations []ldap.StateOperation) (get []ldap.StateOperation) {
	fields := []ldap.StateOperationType{
		ldap.GetPasswordPolicyDN, ldap.GetAccountDisabledState, ldap.GetAccountExpirationTime, ldap.GetSecondsUntilAccountExpiration,
		ldap.GetPasswordChangedTime, ldap.GetPasswordExpirationWarnedTime, ldap.GetSecondsUntilPasswordExpiration,
		ldap.GetSecondsUntilPasswordExpirationWarning, ldap.GetAuthenticationFailureTimes, ldap.GetSecondsUntilAuthenticationFailureUnlock,
		ldap.GetRemainingAuthenticationFailureCount, ldap.GetLastLoginTime, ldap.GetSecondsUntilIdleLockout, ldap.GetPasswordResetState,
		ldap.GetSecondsUntilPasswordResetLockout, ldap.GetGraceLoginUseTimes, ldap.GetRemainingGraceLoginCount,
		ldap.GetPasswordChangedByRequiredTime, ldap.GetSecondsUntilRequiredChangeTime, ldap.GetPasswordHistory,
	}
	for _, o := range operations {
		field := fields[0]
		for _, f := range fields { // The operations on a field follow the one that gets it.
			if f <= o.Type {
				field = f
			}
		}
		get = append(get, op(field))
	}
	return get
}

func TestAccountStateRefuses(t *testing.T) {
	value := func(dn string, operations ...ldap.StateOperation) []byte {
		return ldap.PasswordStateValue(dn, operations)
	}
	const disabled = "the password policy state operation intended to set the disabled state for the user"
	for name, c := range map[string]struct {
		as      string // "": the administrator
		rights  string
		value   []byte
		code    ldap.ResultCode
		message string
	}{
		"no privilege":           {as: scarter, value: value(scarter), code: ldap.InsufficientAccessRights, message: "You do not have sufficient privileges to use the password policy state extended operation"},
		"no privilege, no value": {as: scarter, code: ldap.InsufficientAccessRights, message: "You do not have sufficient privileges to use the password policy state extended operation"},
		"no value":               {code: ldap.ProtocolError, message: "The provided password policy state extended request did not include a request value"},
		"no sequence":            {value: []byte("x"), code: ldap.ProtocolError, message: "An unexpected error occurred while attempting to decode password policy state extended request value: "},
		"more than a sequence":   {value: append(value(bjensen), 0), code: ldap.ProtocolError, message: "decode password policy state extended request value: "},
		"no DN":                  {value: value("nonsense"), code: ldap.InvalidDNSyntax},
		"nobody":                 {value: value("uid=nobody," + people), code: ldap.NoSuchObject},
		"the root":               {value: value(""), code: ldap.NoSuchObject},
		"operations of no form":  {value: sequence(ber.AppendString(ber.AppendString(nil, ber.OctetString, bjensen), ber.OctetString, "x")), code: ldap.ProtocolError, message: "An unexpected error occurred while attempting to decode an operation from the password policy state extended request: "},
		"an unknown operation":   {value: value(bjensen, op(41)), code: ldap.ConstraintViolation, message: "The password policy state extended request included an operation with an invalid or unsupported operation type of 41"},
		"a negative operation":   {value: value(bjensen, op(-1)), code: ldap.ConstraintViolation, message: "operation type of -1"},
		"disable how":            {value: value(bjensen, op(ldap.SetAccountDisabledState)), code: ldap.ConstraintViolation, message: "No value was provided for " + disabled},
		"disable twice":          {value: value(bjensen, op(ldap.SetAccountDisabledState, "true", "true")), code: ldap.ConstraintViolation, message: "Multiple values were provided for " + disabled},
		"disable perhaps":        {value: value(bjensen, op(ldap.SetAccountDisabledState, "perhaps")), code: ldap.ConstraintViolation, message: "The value provided for " + disabled + " was invalid. The value must be either 'true' or 'false'"},
		"reset how":              {value: value(bjensen, op(ldap.SetPasswordResetState)), code: ldap.ConstraintViolation, message: "intended to set the reset state for the user. Exactly one value (either 'true' or 'false') must be given"},
		"expires twice":          {value: value(bjensen, op(ldap.SetAccountExpirationTime, moment, moment)), code: ldap.ConstraintViolation, message: "Multiple values were provided for the password policy state operation intended to set the account expiration time for the user. Exactly one value must be given"},
		"expires soon":           {value: value(bjensen, op(ldap.SetAccountExpirationTime, "soon")), code: ldap.ConstraintViolation, message: "The value soon provided for the password policy state operation used to set the account expiration time was invalid: "},
		"fails soon":             {value: value(bjensen, op(ldap.AddAuthenticationFailureTime, "soon")), code: ldap.ConstraintViolation, message: "used to update the authentication failure times was invalid: "},
		"fails soon or later":    {value: value(bjensen, op(ldap.SetAuthenticationFailureTimes, moment, "soon")), code: ldap.ConstraintViolation, message: "used to update the authentication failure times was invalid: "},
		"grace soon":             {value: value(bjensen, op(ldap.SetGraceLoginUseTimes, "soon")), code: ldap.ConstraintViolation, message: "used to update the grace login use times was invalid: "},
		"too often":              {value: value(bjensen, op(ldap.SetGraceLoginUseTimes, make([]string, 257)...)), code: ldap.ConstraintViolation, message: "changes too much"},
		"too many operations":    {value: value(bjensen, slices.Repeat([]ldap.StateOperation{op(ldap.ClearPasswordHistory)}, 257)...), code: ldap.ConstraintViolation, message: "changes too much"},
		"one good, one bad":      {value: value(bjensen, op(ldap.SetAccountDisabledState, "true"), op(99)), code: ldap.ConstraintViolation, message: "type of 99"},
		"privilege, not to read": {
			as: scarter, rights: `(targetattr="*||+")(version 3.0; acl "d"; deny (read) userdn="ldap:///` + scarter + `";)`,
			value: value(bjensen), code: ldap.InsufficientAccessRights,
		},
		"privilege, not to search": {
			as: scarter, rights: `(targetattr="*||+")(version 3.0; acl "d"; deny (search) userdn="ldap:///` + scarter + `";)`,
			value: value(bjensen), code: ldap.InsufficientAccessRights,
		},
		"privilege, not to write": {
			as: scarter, rights: `(targetattr="*||+")(version 3.0; acl "r"; allow (read,search) userdn="ldap:///` + scarter + `";)`,
			value: value(bjensen, op(ldap.SetAccountDisabledState, "true")), code: ldap.InsufficientAccessRights, message: "The entry " + bjensen + " cannot be modified due to insufficient access rights",
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			s := x.admin
			if c.as != "" {
				s = x.as(c.as, "sprain")
			}
			if c.rights != "" {
				require.NoError(t, x.Change(t.Context(), "scarter", mod(ldap.Replace, "ds-privilege-name", "password-reset")))
				require.Equal(t, ldap.Success, x.modify(x.admin, suffix, mod(ldap.Add, "aci", c.rights)).Code)
			}
			got, r := x.PasswordState(t.Context(), s, ldap.ExtendedRequest{Name: ldap.OIDPasswordPolicyState, Value: c.value, HasValue: c.value != nil})
			assert.Nil(t, got)
			assert.Equal(t, c.code, r.Code, r.Message)
			assert.Contains(t, r.Message, c.message)
			assert.NotContains(t, x.read(x.admin, bjensen, "ds-pwp-account-disabled"), "ds-pwp-account-disabled", "nothing is half done")
		})
	}
}

// sequence wraps elements.
func sequence(elements []byte) []byte {
	b, at := ber.Open(nil, ber.Sequence)
	return ber.Close(append(b, elements...), at)
}

func TestAnAccountHasSoManyTimes(t *testing.T) {
	x := start(t, func(c *directory.Config) { c.Policy.LockoutFailures = 5000 })
	for range 3 {
		_, r := x.operate(x.admin, bjensen, slices.Repeat([]ldap.StateOperation{op(ldap.AddAuthenticationFailureTime)}, 100)...)
		require.Equal(t, ldap.Success, r.Code)
	}
	assert.Equal(t, 256, strings.Count(x.read(x.admin, bjensen, "pwdFailureTime")["pwdFailureTime"], "|")+1)
}
