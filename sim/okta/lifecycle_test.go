package okta_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/okta"
)

var statuses = []okta.Status{
	okta.Staged, okta.Provisioned, okta.Active, okta.Recovery, okta.LockedOut, okta.PasswordExpired, okta.Suspended, okta.Deprovisioned,
}

// Every call from every status: where it leads, or with what it is refused.
func TestLifecycleFromEveryStatus(t *testing.T) {
	const (
		wrong    = "E0000038"
		noReset  = "E0000017"
		noUnlock = "E0000032"
		invalid  = "E0000001"
	)
	for call, want := range map[string]map[okta.Status]string{
		"activate": {
			okta.Staged: "ACTIVE", okta.Provisioned: wrong, okta.Active: "E0000016", okta.Recovery: wrong, okta.LockedOut: wrong,
			okta.PasswordExpired: wrong, okta.Suspended: wrong, okta.Deprovisioned: "ACTIVE",
		},
		"reactivate": {
			okta.Staged: wrong, okta.Provisioned: "PROVISIONED", okta.Active: wrong, okta.Recovery: "RECOVERY", okta.LockedOut: wrong,
			okta.PasswordExpired: wrong, okta.Suspended: wrong, okta.Deprovisioned: wrong,
		},
		"deactivate": {
			okta.Staged: "DEPROVISIONED", okta.Provisioned: "DEPROVISIONED", okta.Active: "DEPROVISIONED", okta.Recovery: "DEPROVISIONED",
			okta.LockedOut: "DEPROVISIONED", okta.PasswordExpired: "DEPROVISIONED", okta.Suspended: "DEPROVISIONED", okta.Deprovisioned: wrong,
		},
		"suspend": {
			okta.Staged: invalid, okta.Provisioned: invalid, okta.Active: "SUSPENDED", okta.Recovery: invalid, okta.LockedOut: invalid,
			okta.PasswordExpired: invalid, okta.Suspended: invalid, okta.Deprovisioned: invalid,
		},
		"unsuspend": {
			okta.Staged: invalid, okta.Provisioned: invalid, okta.Active: invalid, okta.Recovery: invalid, okta.LockedOut: invalid,
			okta.PasswordExpired: invalid, okta.Suspended: "ACTIVE", okta.Deprovisioned: invalid,
		},
		"unlock": {
			okta.Staged: noUnlock, okta.Provisioned: noUnlock, okta.Active: noUnlock, okta.Recovery: noUnlock, okta.LockedOut: "ACTIVE",
			okta.PasswordExpired: noUnlock, okta.Suspended: noUnlock, okta.Deprovisioned: noUnlock,
		},
		"reset_password?sendEmail=true": {
			okta.Staged: noReset, okta.Provisioned: "RECOVERY", okta.Active: "RECOVERY", okta.Recovery: "RECOVERY", okta.LockedOut: "RECOVERY",
			okta.PasswordExpired: "RECOVERY", okta.Suspended: noReset, okta.Deprovisioned: noReset,
		},
		"expire_password": {
			okta.Staged: wrong, okta.Provisioned: wrong, okta.Active: "PASSWORD_EXPIRED", okta.Recovery: wrong, okta.LockedOut: wrong,
			okta.PasswordExpired: wrong, okta.Suspended: wrong, okta.Deprovisioned: wrong,
		},
		"expire_password_with_temp_password": {
			okta.Staged: wrong, okta.Provisioned: wrong, okta.Active: "PASSWORD_EXPIRED", okta.Recovery: wrong, okta.LockedOut: wrong,
			okta.PasswordExpired: "PASSWORD_EXPIRED", okta.Suspended: wrong, okta.Deprovisioned: wrong,
		},
	} {
		for _, from := range statuses {
			t.Run(call+" "+string(from)+" "+want[from], func(t *testing.T) {
				o := newOrg(t)
				o.be(t, func(a *okta.Account) { a.Status = from })
				a := o.post(t, "/lifecycle/"+call, "")
				if code := want[from]; code[0] == 'E' {
					assert.Equal(t, code, a.json(t)["errorCode"])
					assert.Equal(t, string(from), o.status(t))
					return
				}
				require.Equal(t, 200, a.status, "%s", a.body)
				assert.Equal(t, want[from], o.status(t))
			})
		}
	}
}

func TestRefusalsOfTheLifecycle(t *testing.T) {
	o := newOrg(t)
	o.post(t, "/lifecycle/activate", "").refused(t, 403, "E0000016", "Activation failed because the user is already active")
	o.post(t, "/lifecycle/unlock", "").refused(t, 403, "E0000032", "Unlock is not allowed for this user.")
	o.post(t, "/lifecycle/unsuspend", "").refused(t, 400, "E0000001", "Api validation failed: unsuspendUser", "Cannot unsuspend a user that is not suspended")
	require.Equal(t, 200, o.post(t, "/lifecycle/suspend", "").status)
	assert.Equal(t, people.LogIn{Reason: "inactive"}, o.logsIn(firstPassword))
	o.post(t, "/lifecycle/suspend", "").refused(t, 400, "E0000001", "Api validation failed: suspendUser", "Cannot suspend a user that is not active")
	require.Equal(t, 200, o.post(t, "/lifecycle/unsuspend", "").status)
	o.keptFirst(t)
	o.be(t, func(a *okta.Account) { a.Status = okta.Staged })
	o.post(t, "/lifecycle/reset_password?sendEmail=false", "").refused(t, 403, "E0000017", "Password reset failed", "Password reset is not allowed in the user's current status")
	o.ask(t, "admin", http.MethodPost, usersPath+"/nobody@example.com/lifecycle/activate", "").refused(t, 404, "E0000007", "Not found: Resource not found: nobody@example.com (User)")
	o.post(t, "/lifecycle/reset_factors", "").refused(t, 501, "E0000060", "")
}

// A stuck user is repaired by deactivate, activate, and a password with the token (reported by a client in production).
func TestDeactivateActivateAndThePasswordWithTheToken(t *testing.T) {
	o := newOrg(t)
	require.Equal(t, 200, o.post(t, "/lifecycle/deactivate", "").status)
	assert.Equal(t, people.LogIn{Reason: "inactive"}, o.logsIn(firstPassword))
	a := o.post(t, "/lifecycle/activate?sendEmail=false", "").json(t)
	token, _ := a["activationToken"].(string)
	assert.Equal(t, "https://hub.okta.com/welcome/"+token, a["activationUrl"])
	assert.Equal(t, "PROVISIONED", o.status(t))
	o.redeem(t, token)
	assert.Equal(t, "ACTIVE", o.status(t))
	o.took(t, newPassword)

	t.Run("kept through deactivation", func(t *testing.T) {
		o := newOrg(t)
		o.set(t, "deactivatedSecret", "keep")
		o.post(t, "/lifecycle/deactivate", "")
		o.post(t, "/lifecycle/activate", "")
		assert.Equal(t, "ACTIVE", o.status(t))
		o.keptFirst(t)
	})
}

func TestExpiredAndTemporaryPasswords(t *testing.T) {
	t.Run("expired", func(t *testing.T) {
		o := newOrg(t)
		u := o.post(t, "/lifecycle/expire_password", "").json(t)
		assert.Equal(t, "PASSWORD_EXPIRED", u["status"])
		assert.Equal(t, people.LogIn{OK: true, MustChange: true}, o.logsIn(firstPassword))
	})
	for _, path := range []string{"/lifecycle/expire_password_with_temp_password", "/lifecycle/expire_password?tempPassword=true"} {
		t.Run(path, func(t *testing.T) {
			o := newOrg(t)
			temporary, _ := o.post(t, path, "").json(t)["tempPassword"].(string)
			assert.Len(t, temporary, 8)
			assert.Equal(t, people.LogIn{OK: true, MustChange: true}, o.logsIn(temporary))
			assert.Equal(t, people.LogIn{Reason: "wrong_password"}, o.logsIn(firstPassword))
			o.leaks(t, temporary)
			a := o.ask(t, "", http.MethodPost, "/api/v1/authn", `{"username":"`+login+`","password":"`+temporary+`"}`).json(t)
			assert.Equal(t, "PASSWORD_EXPIRED", a["status"])
			state, _ := a["stateToken"].(string)
			change := func(old, next string) answer {
				return o.ask(t, "", http.MethodPost, "/api/v1/authn/credentials/change_password", `{"stateToken":"`+state+`","oldPassword":"`+old+`","newPassword":"`+next+`"}`)
			}
			change("x", newPassword).refused(t, 403, "E0000014", "Update of credentials failed", "oldPassword: The credentials provided were incorrect.")
			t.Run("E0000080 too weak", func(t *testing.T) {
				weak := o.ask(t, "", http.MethodPost, "/api/v1/authn/credentials/change_password", `{"stateToken":"`+state+`","oldPassword":"`+temporary+`","newPassword":"weak"}`)
				assert.Equal(t, "E0000080", weak.json(t)["errorCode"])
				assert.Equal(t, 403, weak.status)
			})
			assert.Equal(t, "SUCCESS", change(temporary, newPassword).json(t)["status"])
			o.took(t, newPassword)
			assert.Equal(t, "ACTIVE", o.status(t))
		})
	}
	t.Run("E0000079 deactivated on the way", func(t *testing.T) {
		o := newOrg(t)
		o.post(t, "/lifecycle/expire_password", "")
		state, _ := o.ask(t, "", http.MethodPost, "/api/v1/authn", `{"username":"`+login+`","password":"`+firstPassword+`"}`).json(t)["stateToken"].(string)
		o.be(t, func(a *okta.Account) { a.Status = okta.Suspended })
		o.ask(t, "", http.MethodPost, "/api/v1/authn/credentials/change_password", `{"stateToken":"`+state+`","oldPassword":"`+firstPassword+`","newPassword":"`+newPassword+`"}`).
			refused(t, 403, "E0000079", "This operation is not allowed in the current authentication state.")
	})
}
