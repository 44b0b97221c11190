package forecast

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answers is a domain that says the same to everything.
type answers struct {
	status int
	body   string
	err    error
	asked  []string
}

func (a *answers) Call(_ context.Context, method, path string, body []byte) (int, []byte, error) {
	a.asked = append(a.asked, method+" "+path+" "+string(body))
	return a.status, []byte(a.body), a.err
}

func TestAskDomain(t *testing.T) {
	t.Parallel()
	a := &answers{status: http.StatusOK, body: `{"totalResults":1,"Resources":[{"id":"PasswordPolicy","minLength":12}]}`}
	d, err := AskDomain(t.Context(), a)
	require.NoError(t, err)
	assert.Equal(t, []string{"at least 12 characters"}, words(d.Policies[0].Policy))
	assert.Equal(t, []string{"GET /admin/v1/PasswordPolicies?count=100 "}, a.asked)

	for want, a := range map[string]*answers{
		"the client may not read password policies": {status: http.StatusForbidden},
		"PasswordPolicies?count=100: 503":           {status: http.StatusServiceUnavailable},
		"not a password policy":                     {status: http.StatusOK, body: "<html>"},
		"connection refused":                        {err: errors.New("connection refused")},
	} {
		_, err := AskDomain(t.Context(), a)
		require.ErrorContains(t, err, want)
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	gaps := []Gap{{Rule: "minLength", Witness: "Short-1"}}
	a := &answers{status: http.StatusCreated, body: `{"failedPasswordPolicyRules":[{"name":"minLength","value":"The password must have at least 12 characters."},{"name":"x"}]}`}
	require.NoError(t, Confirm(t.Context(), a, gaps))
	assert.Equal(t, "refused: The password must have at least 12 characters. x", gaps[0].Confirmed)
	require.Len(t, a.asked, 1)
	assert.True(t, strings.HasPrefix(a.asked[0], "POST /admin/v1/UserPasswordValidator {"), "nothing is stored by it: %s", a.asked[0])
	assert.Contains(t, a.asked[0], `"userName":"`+nobody.UserName+`"`)

	require.NoError(t, Confirm(t.Context(), &answers{status: http.StatusCreated, body: `{}`}, gaps))
	assert.Equal(t, "accepted, against this forecast", gaps[0].Confirmed)

	require.ErrorIs(t, Confirm(t.Context(), &answers{status: http.StatusForbidden}, gaps), ErrNoValidator)
	require.ErrorContains(t, Confirm(t.Context(), &answers{status: http.StatusBadRequest}, gaps), "400")
	require.ErrorContains(t, Confirm(t.Context(), &answers{status: http.StatusOK, body: "x"}, gaps), "not JSON")
}
