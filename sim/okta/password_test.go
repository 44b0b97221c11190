package okta_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/okta"
)

// hub is the policy of the hub in Okta's article on Org2Org provisioning errors.
func hub() okta.PasswordSettings {
	s := okta.DefaultSettings()
	s.Complexity.MinLength, s.Complexity.MinSymbol = 10, 1
	s.Age = okta.Age{MinAgeMinutes: 1440}
	return s
}

const hubSentence = "Password requirements were not met. Password requirements: at least 10 characters, a lowercase letter, an uppercase letter, " +
	"a number, a symbol, no parts of your username. At least 1 day(s) must have elapsed since you last changed your password."

func TestAdministratorSetsAPassword(t *testing.T) {
	const failed = "Api validation failed: password"
	for _, tc := range []struct {
		name, strict, password, cause string
		before                        func(*testing.T, *org)
	}{
		{name: "good", password: newPassword},
		{name: "too short", password: "Sh0rt-x", cause: "password: " + hubSentence},
		{name: "no symbol", password: "SpringTide2026", cause: "password: " + hubSentence},
		{name: "a part of the login", password: "Xx-BROCK-2026", cause: "password: " + hubSentence},
		{name: "longer than 72", password: "Aa1-" + repeat("x", 69), cause: "password: " + hubSentence},
		{name: "just 72", password: "Aa1-" + repeat("x", 68)},
		{name: "too young does not matter", password: "Autumn-Storm-9"},
		{name: "too young, strict", strict: "?strict=true", password: "Autumn-Storm-9", cause: "password: " + hubSentence},
		{name: "old enough, strict", strict: "?strict=true", password: "Autumn-Storm-9", before: later},
		{name: "the present one", password: firstPassword},
		{name: "the present one, strict", strict: "?strict=true", password: firstPassword, before: later, cause: "password: Password cannot be your current password"},
		{name: "the present one, refused always", password: firstPassword, before: with("currentOnAdminSet", "always"), cause: "password: Password cannot be your current password"},
		{name: "history does not matter", password: firstPassword, before: changedSince},
		{name: "history, strict", strict: "?strict=true", password: firstPassword, before: changedSince, cause: "password: Password has been used too recently"},
		{name: "dictionary", password: "P@ssword-1", before: dictionary},
		{name: "dictionary, in it", password: "p@SSw0rd", before: dictionary, cause: "password: This password was found in a list of commonly used passwords. Please try another password."},
	} {
		for _, method := range []string{http.MethodPost, http.MethodPut} {
			t.Run(method+" "+tc.name, func(t *testing.T) {
				o := newOrg(t)
				require.NoError(t, o.SetPolicy(hub()))
				if tc.before != nil {
					tc.before(t, o)
				}
				a := o.ask(t, "admin", method, o.path()+tc.strict, setPassword(tc.password))
				entry := o.last(t)
				assert.Equal(t, "write_password", entry.Operation)
				assert.False(t, entry.Password.IsZero())
				o.leaks(t, tc.password)
				if tc.cause == "" {
					require.Equal(t, 200, a.status, "%s", a.body)
					assert.True(t, o.logsIn(tc.password).OK)
					assert.Equal(t, "accepted", entry.Outcome)
					assert.Equal(t, "ACTIVE", o.status(t))
					return
				}
				a.refused(t, 400, "E0000001", failed, tc.cause)
				assert.Equal(t, "refused", entry.Outcome)
				assert.Equal(t, "policy", entry.Reason)
				if tc.password != firstPassword {
					assert.False(t, o.logsIn(tc.password).OK)
				}
			})
		}
	}
}

func repeat(text string, n int) string {
	out := ""
	for range n {
		out += text
	}
	return out
}

func later(_ *testing.T, o *org) { o.Clock().Turn(25 * time.Hour) }

func with(name, value string) func(*testing.T, *org) {
	return func(t *testing.T, o *org) { t.Helper(); o.set(t, name, value) }
}

func changedSince(t *testing.T, o *org) {
	t.Helper()
	s := hub()
	s.Age.HistoryCount = 3
	require.NoError(t, o.SetPolicy(s))
	require.Equal(t, 200, o.post(t, "", setPassword(newPassword)).status)
	o.Clock().Turn(25 * time.Hour)
}

func dictionary(t *testing.T, o *org) {
	t.Helper()
	s := okta.DefaultSettings()
	s.Complexity.Dictionary.Common.Exclude = true
	require.NoError(t, o.SetPolicy(s))
}

// What an administrator's password does to each status; the switches are the other readings.
func TestAdministratorSetsAPasswordInEachStatus(t *testing.T) {
	for _, tc := range []struct {
		status       okta.Status
		name, value  string
		want         okta.Status // "" is a refusal
		signsIn      bool
		becauseOfOne string
	}{
		{status: okta.Active, want: okta.Active, signsIn: true},
		{status: okta.Staged, want: okta.Staged},
		{status: okta.Provisioned, want: okta.Active, signsIn: true},
		{status: okta.Provisioned, name: "provisionedWrite", value: "keep", want: okta.Provisioned},
		{status: okta.Provisioned, name: "provisionedWrite", value: "refuse"},
		{status: okta.Recovery, want: okta.Active, signsIn: true},
		{status: okta.Recovery, name: "recoveryWrite", value: "keep", want: okta.Recovery},
		{status: okta.PasswordExpired, want: okta.Active, signsIn: true},
		{status: okta.PasswordExpired, name: "expiredWrite", value: "keep", want: okta.PasswordExpired, signsIn: true},
		{status: okta.LockedOut, want: okta.LockedOut},
		{status: okta.LockedOut, name: "lockedWrite", value: "unlock", want: okta.Active, signsIn: true},
		{status: okta.Suspended, want: okta.Suspended},
		{status: okta.Suspended, name: "suspendedWrite", value: "refuse"},
		{status: okta.Deprovisioned},
		{status: okta.Deprovisioned, name: "deactivatedWrite", value: "accept", want: okta.Deprovisioned},
	} {
		t.Run(string(tc.status)+" "+tc.name+" "+tc.value, func(t *testing.T) {
			o := newOrg(t)
			o.be(t, func(a *okta.Account) { a.Status = tc.status })
			if tc.name != "" {
				o.set(t, tc.name, tc.value)
			}
			a := o.post(t, "", setPassword(newPassword))
			if tc.want == "" {
				a.refused(t, 403, "E0000038", "This operation is not allowed in the user's current status.")
				return
			}
			require.Equal(t, 200, a.status, "%s", a.body)
			assert.Equal(t, string(tc.want), o.status(t))
			assert.Equal(t, tc.signsIn, o.logsIn(newPassword).OK)
		})
	}
}

func TestEveryDoorOfAFederatedUser(t *testing.T) {
	question := `{"password":{"value":"x"},"recovery_question":{"question":"Ship?","answer":"Lorelei"}}`
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		code, summary            string
		causes                   []string
	}{
		{"admin's POST", http.MethodPost, "", setPassword(newPassword), 400, "E0000001", "Api validation failed: password", []string{"password: Password"}},
		{"admin's PUT", http.MethodPut, "", setPassword(newPassword), 400, "E0000001", "Api validation failed: password", []string{"password: Password"}},
		{"change_password", http.MethodPost, "/credentials/change_password", changePassword(firstPassword, newPassword), 403, "E0000014", "Update of credentials failed", []string{"Change password is not supported for the user's login type"}},
		{"E0000017 forgot_password", http.MethodPost, "/credentials/forgot_password", "", 403, "E0000017", "Password reset failed", []string{"Forgot password is not supported for the user's login type"}},
		{"recovery with an answer", http.MethodPost, "/credentials/forgot_password_recovery_question", `{"password":{"value":"Spring-Tide-2026"},"recovery_question":{"answer":"Lorelei"}}`, 403, "E0000017", "Password reset failed", []string{"Forgot password is not supported for the user's login type"}},
		{"E0000036 question", http.MethodPost, "/credentials/change_recovery_question", question, 403, "E0000036", "Change recovery question not allowed on specified user.", nil},
		{"expire_password", http.MethodPost, "/lifecycle/expire_password", "", 403, "E0000038", "", nil},
		{"a temporary one", http.MethodPost, "/lifecycle/expire_password_with_temp_password", "", 403, "E0000038", "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newOrg(t)
			o.federated(t)
			a := o.ask(t, "admin", tc.method, o.path()+tc.path, tc.body)
			a.refused(t, tc.status, tc.code, tc.summary, tc.causes...)
			assert.Equal(t, people.LogIn{Reason: "federated"}, o.logsIn(newPassword))
			u := o.get(t)
			assert.Equal(t, "ACTIVE", u["status"])
			assert.Equal(t, map[string]any{"provider": map[string]any{"type": "FEDERATION", "name": "FEDERATION"}}, u["credentials"])
		})
	}
	t.Run("the whole sentence", func(t *testing.T) {
		o := newOrg(t)
		o.federated(t)
		require.NoError(t, o.SetPolicy(hub()))
		o.set(t, "federatedCause", "requirements")
		o.post(t, "", setPassword(newPassword)).refused(t, 400, "E0000001", "Api validation failed: password", "password: "+hubSentence)
		assert.Equal(t, "federated", o.last(t).Reason)
	})
	t.Run("its profile can be changed", func(t *testing.T) {
		o := newOrg(t)
		o.federated(t)
		assert.Equal(t, 200, o.post(t, "", `{"profile":{"title":"x"}}`).status)
	})
	t.Run("a user of a directory", func(t *testing.T) {
		o := newOrg(t)
		p := o.add(t, "ad@example.com", func(p *people.Person) { p.Delegated = true })
		o.ask(t, "admin", http.MethodPost, usersPath+"/"+p.ID, setPassword(newPassword)).refused(t, 400, "E0000001", "", "password: Password")
		o.ask(t, "admin", http.MethodPost, usersPath+"/"+p.ID+"/lifecycle/reset_password?provider=FEDERATION", "").refused(t, 400, "E0000001", "", "Cannot convert user from ACTIVE_DIRECTORY to FEDERATION credential provider")
		o.ask(t, "admin", http.MethodPost, usersPath+"/"+p.ID+"/lifecycle/reset_password?sendEmail=false", "").refused(t, 403, "E0000017", "", "Password reset is not supported for the user's login type")
	})
}

func TestConversionThereAndBack(t *testing.T) {
	for _, tc := range []struct {
		name, value string
		had         bool
		want        string
	}{
		{"had a password", "by_history", true, "RECOVERY"},
		{"never had one", "by_history", false, "PROVISIONED"},
		{"articles", "provisioned", true, "PROVISIONED"},
		{"reference", "recovery", false, "RECOVERY"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newOrg(t)
			o.set(t, "convertedStatus", tc.value)
			a := o.post(t, "/lifecycle/reset_password?provider=FEDERATION&sendEmail=false", "")
			assert.Equal(t, 200, a.status)
			assert.Equal(t, "{}", string(a.body))
			assert.Equal(t, people.LogIn{Reason: "federated"}, o.logsIn(firstPassword))
			o.post(t, "", setPassword(newPassword)).refused(t, 400, "E0000001", "", "password: Password")
			o.be(t, func(a *okta.Account) { a.HadPassword = tc.had })

			a = o.post(t, "/lifecycle/reset_password?sendEmail=false", "")
			require.Equal(t, 200, a.status)
			assert.Regexp(t, `^https://hub\.okta\.com/signin/reset-password/\w{40}$`, a.json(t)["resetPasswordUrl"])
			u := o.get(t)
			assert.Equal(t, tc.want, u["status"])
			assert.Equal(t, map[string]any{"provider": map[string]any{"type": "OKTA", "name": "OKTA"}}, u["credentials"])
			require.Equal(t, 200, o.post(t, "", setPassword(newPassword)).status)
			assert.Equal(t, "ACTIVE", o.status(t))
			o.took(t, newPassword)
		})
	}
	t.Run("E0000028 sendEmail is missing", func(t *testing.T) {
		newOrg(t).post(t, "/lifecycle/reset_password", "").refused(t, 400, "E0000028", "The request is missing a required parameter.")
	})
	t.Run("another provider, or a mail", func(t *testing.T) {
		o := newOrg(t)
		o.post(t, "/lifecycle/reset_password?provider=SOCIAL", "").refused(t, 400, "E0000002", "The request was not valid: provider takes FEDERATION")
		o.post(t, "/lifecycle/reset_password?provider=FEDERATION&sendEmail=true", "").refused(t, 400, "E0000002", "")
		o.keptFirst(t)
	})
	t.Run("disconnected", func(t *testing.T) {
		o := newOrg(t)
		o.federated(t)
		require.NoError(t, o.Disconnect(login))
		require.Equal(t, 200, o.post(t, "", setPassword(newPassword)).status)
		o.took(t, newPassword)
	})
}

func TestChangePassword(t *testing.T) {
	for _, tc := range []struct {
		name, query, old, new string
		before                func(*testing.T, *org)
		status                int
		code, cause           string
	}{
		{name: "good", old: firstPassword, new: newPassword},
		{name: "E0000014 the old one is wrong", old: "x", new: newPassword, status: 403, code: "E0000014", cause: "Old Password is not correct"},
		{name: "wrong, by the other capture", old: "x", new: newPassword, before: with("wrongOldStatus", "400"), status: 400, code: "E0000014", cause: "Old Password is not correct"},
		{name: "the present one", old: firstPassword, new: firstPassword, status: 403, code: "E0000014", cause: "Password cannot be your current password"},
		{name: "weak", old: firstPassword, new: "x", before: func(t *testing.T, o *org) { t.Helper(); require.NoError(t, o.SetPolicy(hub())) }, status: 403, code: "E0000014", cause: hubSentence},
		{name: "history without strict", old: newPassword, new: firstPassword, before: changedSince, status: 403, code: "E0000014", cause: "Password has been used too recently"},
		{name: "too young", old: firstPassword, new: newPassword, before: func(t *testing.T, o *org) { t.Helper(); require.NoError(t, o.SetPolicy(hub())) }},
		{name: "too young, strict", query: "?strict=true", old: firstPassword, new: newPassword, before: func(t *testing.T, o *org) { t.Helper(); require.NoError(t, o.SetPolicy(hub())) }, status: 403, code: "E0000014", cause: hubSentence},
		{name: "E0000035 by the rule", old: firstPassword, new: newPassword, before: func(t *testing.T, o *org) {
			t.Helper()
			p := o.Policies()[0]
			p.DenyChange = true
			_, err := o.PutPolicy(p)
			require.NoError(t, err)
		}, status: 403, code: "E0000035"},
		{name: "suspended", old: firstPassword, new: newPassword, before: func(t *testing.T, o *org) {
			t.Helper()
			o.be(t, func(a *okta.Account) { a.Status = okta.Suspended })
		}, status: 403, code: "E0000038"},
		{name: "recovering", old: firstPassword, new: newPassword, before: func(t *testing.T, o *org) {
			t.Helper()
			o.be(t, func(a *okta.Account) { a.Status = okta.Recovery })
		}},
		{name: "expired", old: firstPassword, new: newPassword, before: func(t *testing.T, o *org) {
			t.Helper()
			o.be(t, func(a *okta.Account) { a.Status = okta.PasswordExpired })
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := newOrg(t)
			if tc.before != nil {
				tc.before(t, o)
			}
			a := o.post(t, "/credentials/change_password"+tc.query, changePassword(tc.old, tc.new))
			o.leaks(t, newPassword, firstPassword)
			if tc.code == "" {
				require.Equal(t, 200, a.status, "%s", a.body)
				assert.JSONEq(t, `{"password":{},"provider":{"type":"OKTA","name":"OKTA"}}`, string(a.body))
				assert.Equal(t, "ACTIVE", o.status(t))
				o.took(t, tc.new)
				return
			}
			var causes []string
			if tc.cause != "" {
				causes = []string{tc.cause}
			}
			a.refused(t, tc.status, tc.code, "", causes...)
			assert.Equal(t, "refused", o.last(t).Outcome)
			if tc.name != "suspended" && tc.old == firstPassword {
				o.keptFirst(t)
			}
		})
	}
	t.Run("E0000003 strings instead of objects", func(t *testing.T) {
		o := newOrg(t)
		o.post(t, "/credentials/change_password", `{"oldPassword":"`+firstPassword+`","newPassword":"`+newPassword+`"}`).refused(t, 400, "E0000003", "")
		o.leaks(t, newPassword, firstPassword)
	})
	t.Run("wrong old passwords may count", func(t *testing.T) {
		o := newOrg(t)
		s := okta.DefaultSettings()
		s.Lockout.MaxAttempts = 2
		require.NoError(t, o.SetPolicy(s))
		for range 3 {
			o.post(t, "/credentials/change_password", changePassword("x", newPassword))
		}
		o.keptFirst(t)
		o.set(t, "wrongOldCounts", "yes")
		for range 2 {
			o.post(t, "/credentials/change_password", changePassword("x", newPassword))
		}
		assert.Equal(t, "LOCKED_OUT", o.status(t))
	})
}

func TestForgottenPasswords(t *testing.T) {
	const forgot, answered = "/credentials/forgot_password", "/credentials/forgot_password_recovery_question"
	asked := func(t *testing.T) *org {
		t.Helper()
		o := newOrg(t)
		a := o.post(t, "/credentials/change_recovery_question", `{"password":{"value":"`+firstPassword+`"},"recovery_question":{"question":"Ship?","answer":"Lorelei"}}`)
		require.Equal(t, 200, a.status, "%s", a.body)
		assert.JSONEq(t, `{"password":{},"recovery_question":{"question":"Ship?"},"provider":{"type":"OKTA","name":"OKTA"}}`, string(a.body))
		o.leaks(t, "Lorelei")
		return o
	}
	recovery := func(answer, password string) string {
		return `{"password":{"value":"` + password + `"},"recovery_question":{"answer":"` + answer + `"}}`
	}
	t.Run("E0000034 no question", func(t *testing.T) {
		o := newOrg(t)
		o.post(t, forgot, "").refused(t, 403, "E0000034", "Forgot password not allowed on specified user.", "Recovery credential not set.")
		o.post(t, answered, recovery("x", newPassword)).refused(t, 403, "E0000034", "", "Recovery credential not set.")
		o.set(t, "forgotNeedsAnswer", "no")
		assert.Equal(t, 200, o.post(t, forgot, "").status)
	})
	t.Run("wrong status", func(t *testing.T) {
		o := asked(t)
		o.be(t, func(a *okta.Account) { a.Status = okta.LockedOut })
		o.post(t, forgot, "").refused(t, 403, "E0000034", "", "Forgot password is not allowed in the user's current status")
	})
	t.Run("a link leads to a new password", func(t *testing.T) {
		o := asked(t)
		assert.Equal(t, "{}", string(o.post(t, forgot, "").body))
		link, _ := o.post(t, forgot+"?sendEmail=false", "").json(t)["resetPasswordUrl"].(string)
		require.NotEmpty(t, link)
		o.keptFirst(t)
		token := link[len("https://hub.okta.com/signin/reset-password/"):]
		o.redeem(t, token)
		o.took(t, newPassword)
		o.leaks(t, token, newPassword)
		o.ask(t, "", http.MethodPost, "/api/v1/authn/recovery/token", `{"recoveryToken":"`+token+`"}`).refused(t, 401, "E0000011", "")
	})
	t.Run("E0000087 the answer", func(t *testing.T) {
		o := asked(t)
		o.post(t, answered, recovery("Titanic", newPassword)).refused(t, 403, "E0000087", "The recovery question answer did not match our records.")
		o.post(t, answered, recovery("Lorelei", "weak")).refused(t, 403, "E0000014", "", "Password requirements were not met. Password requirements: at least 8 characters, a lowercase letter, an uppercase letter, a number, no parts of your username. Your password cannot be any of your last 4 passwords.")
		o.keptFirst(t)
		require.Equal(t, 200, o.post(t, answered, recovery("lorelei ", newPassword)).status)
		o.took(t, newPassword)
	})
	t.Run("the question needs the password", func(t *testing.T) {
		o := newOrg(t)
		o.post(t, "/credentials/change_recovery_question", `{"password":{"value":"x"},"recovery_question":{"question":"Ship?","answer":"Lorelei"}}`).refused(t, 403, "E0000014", "", "Password is not correct")
		o.post(t, "", `{"credentials":{"recovery_question":{"question":"Ship?","answer":"x"}}}`).refused(t, 400, "E0000001", "", "recovery_question.answer: The security question answer must be at least 4 characters in length")
		assert.NotContains(t, o.get(t)["credentials"], "recovery_question")
	})
}

// redeem goes from a token in a link to a new password.
func (o *org) redeem(t *testing.T, token string) {
	t.Helper()
	a := o.ask(t, "", http.MethodPost, "/api/v1/authn/recovery/token", `{"recoveryToken":"`+token+`"}`)
	require.Equal(t, 200, a.status, "%s", a.body)
	state, _ := a.json(t)["stateToken"].(string)
	reset := func(password string) answer {
		return o.ask(t, "", http.MethodPost, "/api/v1/authn/credentials/reset_password", `{"stateToken":"`+state+`","newPassword":"`+password+`"}`)
	}
	weak := reset("weak")
	assert.Equal(t, 403, weak.status)
	assert.Equal(t, "E0000080", weak.json(t)["errorCode"])
	a = reset(newPassword)
	require.Equal(t, 200, a.status, "%s", a.body)
	assert.Equal(t, "SUCCESS", a.json(t)["status"])
	assert.Equal(t, 401, reset("Autumn-Storm-9").status, "a state serves once")
}

func TestASecretThatIsThereTwiceIsNotShown(t *testing.T) {
	o := newOrg(t)
	o.post(t, "", `{"credentials":{"password":{"value":"Autumn-Storm-9","value":"`+newPassword+`"}},"profile":{"title":"x","password":"Winter-Wind-8"}}`)
	o.leaks(t, "Autumn-Storm-9", "Winter-Wind-8", newPassword)
	assert.NotEmpty(t, o.Journal().Search(journal.Query{Operation: "write_password"}).Entries[0].RequestBody)
}
