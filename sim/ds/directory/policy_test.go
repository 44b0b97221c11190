package directory_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/ds/ldap"
)

func TestPoliciesThatMakeNoSense(t *testing.T) {
	x := start(t)
	for text, want := range map[string]string{
		`{"password-generator": [{"characters": "", "minimum": 3}]}`:                                                        "password-generator: a set has no characters",
		`{"password-generator": [{"characters": "ab", "minimum": -1}]}`:                                                     "password-generator: -1 characters",
		`{"password-generator": [{"characters": "ab", "minimum": 1}, {"characters": "a", "minimum": 9223372036854775807}]}`: "password-generator: 9223372036854775807 characters",
		`{"min-password-age": "-1m", "grace-login-count": -1, "lockout-failure-count": -2}`:                                 "grace-login-count: it is below 0\nlockout-failure-count: it is below 0\nmin-password-age: it is below 0",
		`{"password-histroy-count": 3}`:     `policy: json: unknown field "password-histroy-count"`,
		`{"validators": {"min-length": 3}}`: `unknown field "min-length"`,
		`{"password-history-count": 3} {}`:  "something follows the object",
		`{"password-history-count": 3`:      "policy: unexpected EOF",
	} {
		for range 8 { // the same each time
			assert.ErrorContains(t, x.SetPolicyJSON([]byte(text)), want)
		}
	}
	require.NoError(t, x.SetPolicyJSON([]byte(`{"validators": {"min-password-length": 2000000000}}`)))
	generated, r := x.PasswordModify(t.Context(), x.admin, new("u:bjensen"), nil, nil, nil)
	assert.Equal(t, ldap.Success, r.Code)
	assert.Len(t, generated.Reveal(), 1024, "nobody wants to type more")
}

// What is refused leaves no trace, not even in a list.
func TestARefusedPolicyChangesNothing(t *testing.T) {
	x := start(t)
	require.NoError(t, x.SetPolicyJSON([]byte(`{"deprecated-password-storage-scheme": ["BCRYPT", "SSHA512"]}`)))
	before, err := json.Marshal(x.PolicyJSON())
	require.NoError(t, err)
	require.Error(t, x.SetPolicyJSON([]byte(`{"deprecated-password-storage-scheme": ["ARGON2"], "grace-login-count": -1}`)))
	after, err := json.Marshal(x.PolicyJSON())
	require.NoError(t, err)
	assert.JSONEq(t, string(before), string(after))
}
