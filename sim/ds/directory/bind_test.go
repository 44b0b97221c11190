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
)

// TestWhatABindTells has the right password shown for accounts about which there is something to say, by the password policy
// control, by Netscape's, and to who shows a certificate instead.
func TestWhatABindTells(t *testing.T) {
	const hour = directory.Duration(time.Hour)
	lockout := func(p *directory.PasswordPolicy) { p.LockoutFailures = 3 }
	for name, c := range map[string]struct {
		policy    func(*directory.PasswordPolicy)
		state     map[string]string
		code      ldap.ResultCode
		told      string
		netscape  string // the OID
		certified ldap.ResultCode
	}{
		"nothing":               {told: nothingToSay},
		"disabled":              {state: map[string]string{"ds-pwp-account-disabled": "TRUE"}, code: ldap.InvalidCredentials, told: nothingToSay, certified: ldap.InvalidCredentials},
		"disabled, and locked":  {policy: lockout, state: map[string]string{"ds-pwp-account-disabled": "TRUE", "pwdAccountLockedTime": "20200101000000Z"}, code: ldap.InvalidCredentials, told: nothingToSay, certified: ldap.InvalidCredentials},
		"expired, and locked":   {policy: lockout, state: map[string]string{"ds-pwp-account-expiration-time": "20200101000000Z", "pwdAccountLockedTime": "20200101000000Z"}, code: ldap.InvalidCredentials, told: nothingToSay, certified: ldap.InvalidCredentials},
		"locked":                {policy: lockout, state: map[string]string{"pwdAccountLockedTime": "20200101000000Z"}, code: ldap.InvalidCredentials, told: ppolicyError + "\x01", certified: ldap.InvalidCredentials},
		"locked, no such limit": {state: map[string]string{"pwdAccountLockedTime": "20200101000000Z"}, told: nothingToSay},
		"must change": {
			policy: func(p *directory.PasswordPolicy) { p.ForceChangeOnReset = true }, state: map[string]string{"pwdReset": "TRUE"},
			told: ppolicyError + "\x02", netscape: ldap.OIDPasswordExpired,
		},
		"must change, too late": {
			policy: func(p *directory.PasswordPolicy) { p.ForceChangeOnReset, p.MaxResetAge = true, hour }, state: map[string]string{"pwdReset": "TRUE"},
			code: ldap.InvalidCredentials, told: ppolicyError + "\x01",
		},
		"must change, grace login": {
			policy: func(p *directory.PasswordPolicy) {
				p.ForceChangeOnReset, p.MaxAge, p.ExpireUnwarned, p.GraceLogins = true, hour, true, 3
			}, state: map[string]string{"pwdReset": "TRUE"},
			told: "\x30\x08\xa0\x03\x81\x01\x02\x81\x01\x00", netscape: ldap.OIDPasswordExpired,
		},
	} {
		t.Run(name, func(t *testing.T) {
			x := start(t, func(config *directory.Config) {
				if c.policy != nil {
					c.policy(&config.Policy)
				}
			})
			for attribute, value := range c.state {
				require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, attribute, value)))
			}
			x.clock.Turn(2 * time.Hour)
			r := x.bind(bjensen, "hifalutin", asksPolicy...)
			assert.Equal(t, c.code, r.Code)
			assert.Equal(t, c.told, policyValue(r))
			assert.Len(t, r.Controls, 1, "Netscape's are for who does not ask")
			r = x.bind(bjensen, "hifalutin")
			netscape := ""
			if len(r.Controls) == 1 {
				netscape = r.Controls[0].OID
			}
			assert.Equal(t, c.netscape, netscape)
			s := &directory.Session{Secure: true}
			assert.Equal(t, c.certified, x.BindCertified(t.Context(), s, bjensen, nil).Code)
			assert.False(t, s.MustChange(), "a certificate does not age with a password")
		})
	}
}

func TestLastLogin(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.RecordLastLogin = true }))
	require.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, "wrong").Code)
	assert.Empty(t, x.read(x.admin, bjensen, "ds-pwp-last-login-time"))
	require.Equal(t, ldap.Success, x.bind(bjensen, "hifalutin").Code)
	first := x.read(x.admin, bjensen, "ds-pwp-last-login-time")["ds-pwp-last-login-time"]
	assert.Regexp(t, `^\d{14}\.\d{3}Z$`, first)
	x.clock.Turn(time.Minute)
	require.Equal(t, ldap.Success, x.bind(bjensen, "hifalutin").Code)
	assert.Greater(t, x.read(x.admin, bjensen, "ds-pwp-last-login-time")["ds-pwp-last-login-time"], first)
}

func TestNobodyIsLockedWhereThePolicyLocksNobody(t *testing.T) {
	x := start(t)
	id := x.read(x.admin, bjensen, "entryUUID")["entryUUID"]
	require.ErrorIs(t, x.SetLocked(t.Context(), id, true), directory.ErrInvalid)
	require.NoError(t, x.SetPolicyJSON(json.RawMessage(`{"lockout-failure-count": 3}`)))
	require.NoError(t, x.SetLocked(t.Context(), id, true))
	assert.Equal(t, ldap.InvalidCredentials, x.bind(bjensen, "hifalutin").Code)
	require.NoError(t, x.SetLocked(t.Context(), id, false))
	assert.Equal(t, ldap.Success, x.bind(bjensen, "hifalutin").Code)
}

func TestFailuresAreBounded(t *testing.T) {
	x := start(t, withPolicy(func(p *directory.PasswordPolicy) { p.LockoutFailures = 5000 }))
	times := make([]string, 1005)
	for i := range times {
		times[i] = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(time.Duration(i) * time.Second).Format("20060102150405.000Z")
	}
	require.NoError(t, x.Change(t.Context(), "bjensen", mod(ldap.Replace, "pwdFailureTime", times...)))
	x.bind(bjensen, "wrong")
	kept := strings.Split(x.read(x.admin, bjensen, "pwdFailureTime")["pwdFailureTime"], "|")
	assert.Len(t, kept, 1001, "a storm of wrong passwords does not fill the entry")
	assert.NotContains(t, kept, times[4], "the oldest go")
}
