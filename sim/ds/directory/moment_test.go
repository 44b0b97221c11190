package directory_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/directory"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// TestTheVeryMoment has what depends on time a millisecond before its end, at it, and a millisecond behind it (OpenDJ,
// PasswordPolicyState).
func TestTheVeryMoment(t *testing.T) {
	const old, fresh = "hifalutin", "Brand new 1!"
	const hour = directory.Duration(time.Hour)
	signsIn := func(x *trial) bool { return x.bind(bjensen, old).Code == ldap.Success }
	changes := func(x *trial) bool {
		return x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", old)).Code == ldap.Success
	}
	set := func(name, value string) func(*trial) {
		return func(x *trial) {
			require.NoError(x.t, x.Change(x.t.Context(), "bjensen", mod(ldap.Replace, name, value)))
		}
	}
	for name, c := range map[string]struct {
		policy  func(*directory.PasswordPolicy)
		prepare func(*trial)
		try     func(*trial) bool
		want    [3]bool
	}{
		"a password of the history may be used again": {
			func(p *directory.PasswordPolicy) { p.HistoryDuration = hour },
			func(x *trial) {
				require.Equal(x.t, ldap.Success, x.modify(x.admin, bjensen, mod(ldap.Replace, "userPassword", fresh)).Code)
			}, changes,
			[3]bool{false, false, true},
		},
		"a failure is forgotten": {
			func(p *directory.PasswordPolicy) { p.LockoutFailures, p.FailureInterval = 2, hour },
			func(x *trial) { x.bind(bjensen, "wrong") },
			func(x *trial) bool { x.bind(bjensen, "wrong"); return signsIn(x) },
			[3]bool{false, false, true},
		},
		"a lock ends": {
			func(p *directory.PasswordPolicy) { p.LockoutFailures, p.LockoutDuration = 1, hour },
			func(x *trial) { x.bind(bjensen, "wrong") }, signsIn,
			[3]bool{false, true, true},
		},
		"an account expires": {nil, set("ds-pwp-account-expiration-time", "20000101010000Z"), signsIn, [3]bool{true, false, false}},
		"a password expires": {
			func(p *directory.PasswordPolicy) { p.MaxAge, p.ExpireUnwarned = hour, true }, nil, signsIn, [3]bool{true, false, false},
		},
		"a reset is too long ago": {
			func(p *directory.PasswordPolicy) { p.ForceChangeOnReset, p.MaxResetAge = true, hour },
			set("pwdReset", "TRUE"),
			func(x *trial) bool { return policyValue(x.bind(bjensen, old, asksPolicy...)) == ppolicyError+"\x01" },
			[3]bool{false, false, true},
		},
		"a password is old enough": {
			func(p *directory.PasswordPolicy) { p.MinAge = hour }, nil,
			func(x *trial) bool {
				return x.modify(x.as(bjensen, old), bjensen, mod(ldap.Replace, "userPassword", fresh)).Code == ldap.Success
			},
			[3]bool{false, true, true},
		},
	} {
		for i, at := range []time.Duration{-time.Millisecond, 0, time.Millisecond} {
			t.Run(name+", "+at.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					x := start(t, func(config *directory.Config) {
						if c.policy != nil {
							c.policy(&config.Policy)
						}
					})
					if c.prepare != nil {
						c.prepare(x)
					}
					x.clock.Turn(time.Hour + at)
					assert.Equal(t, c.want[i], c.try(x))
				})
			})
		}
	}
}
