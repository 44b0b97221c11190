package clients_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/okta/okta-sdk-golang/v6/okta"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/journal"
	sim "github.com/seatrial/seatrial/sim/okta"
)

// sdk is okta-sdk-golang v6 in front of an org.
func (o *org) sdk(t *testing.T, settings ...okta.ConfigSetter) *okta.APIClient {
	t.Helper()
	all := append([]okta.ConfigSetter{okta.WithOrgUrl(orgURL), okta.WithToken(token), okta.WithHttpClientPtr(o.http)}, settings...)
	c, err := okta.NewConfiguration(all...)
	require.NoError(t, err)
	return okta.NewAPIClient(c)
}

// privateKey is how a service application authenticates.
func privateKey(scopes ...string) []okta.ConfigSetter {
	return []okta.ConfigSetter{
		okta.WithAuthorizationMode("PrivateKey"), okta.WithClientId(clientID), okta.WithPrivateKey(keyText()), okta.WithPrivateKeyId("k1"), okta.WithScopes(scopes),
	}
}

func passwordOf(text string) *okta.PasswordCredential { return &okta.PasswordCredential{Value: &text} }

func setPassword(text string) okta.UpdateUserRequest {
	return okta.UpdateUserRequest{Credentials: &okta.UserCredentials{Password: passwordOf(text)}}
}

func profile(login string) okta.UserProfile {
	p := okta.UserProfile{Login: &login, Email: &login}
	p.SetFirstName("Sam")
	p.SetLastName("Carter")
	return p
}

func TestV6Users(t *testing.T) {
	o := newOrg(t)
	api := o.sdk(t)
	ctx := t.Context()
	created, _, err := api.UserAPI.CreateUser(ctx).Body(okta.CreateUserRequest{
		Profile: profile("sam@example.com"), Credentials: &okta.UserCredentialsWritable{Password: passwordOf(firstPassword)},
	}).Activate(true).Execute()
	require.NoError(t, err)
	assert.Equal(t, "ACTIVE", created.GetStatus())
	assert.True(t, o.takes("sam@example.com", firstPassword))
	id := created.GetId()

	read, response, err := api.UserAPI.GetUser(ctx, "sam@example.com").Execute()
	require.NoError(t, err)
	assert.Equal(t, id, read.GetId())
	assert.Equal(t, "OKTA", *read.GetCredentials().Provider.Type)
	assert.NotEmpty(t, response.Header.Get("ETag"))

	title := profile("sam@example.com")
	title.SetTitle("Major")
	updated, _, err := api.UserAPI.UpdateUser(ctx, id).User(okta.UpdateUserRequest{Profile: &title}).Execute()
	require.NoError(t, err)
	assert.Equal(t, "Major", updated.Profile.GetTitle())
	plain := profile("sam@example.com")
	replaced, _, err := api.UserAPI.ReplaceUser(ctx, id).User(okta.UpdateUserRequest{Profile: &plain}).Execute()
	require.NoError(t, err)
	assert.Empty(t, replaced.Profile.GetTitle())

	_, _, err = api.UserAPI.UpdateUser(ctx, id).User(setPassword(newPassword)).Strict(true).Execute()
	require.NoError(t, err)
	assert.True(t, o.takes("sam@example.com", newPassword))
	_, _, err = api.UserCredAPI.ChangePassword(ctx, id).ChangePasswordRequest(okta.ChangePasswordRequest{OldPassword: passwordOf(newPassword), NewPassword: passwordOf("Autumn-Storm-9")}).Execute()
	require.NoError(t, err)
	assert.True(t, o.takes("sam@example.com", "Autumn-Storm-9"))
	o.unsurprised(t)
}

func TestV6Lifecycle(t *testing.T) {
	o := newOrg(t)
	api := o.sdk(t)
	ctx := t.Context()
	id := o.user.ID
	for _, step := range []struct {
		name string
		call func() error
		want string
	}{
		{"suspend", func() error { _, err := api.UserLifecycleAPI.SuspendUser(ctx, id).Execute(); return err }, "SUSPENDED"},
		{"unsuspend", func() error { _, err := api.UserLifecycleAPI.UnsuspendUser(ctx, id).Execute(); return err }, "ACTIVE"},
		{"expire", func() error { _, _, err := api.UserCredAPI.ExpirePassword(ctx, id).Execute(); return err }, "PASSWORD_EXPIRED"},
		{"reset", func() error {
			link, _, err := api.UserCredAPI.ResetPassword(ctx, id).SendEmail(false).Execute()
			if err == nil {
				assert.Contains(t, link.GetResetPasswordUrl(), orgURL+"/signin/reset-password/")
			}
			return err
		}, "RECOVERY"},
		{"deactivate", func() error { _, err := api.UserLifecycleAPI.DeactivateUser(ctx, id).Execute(); return err }, "DEPROVISIONED"},
		{"activate", func() error {
			link, _, err := api.UserLifecycleAPI.ActivateUser(ctx, id).SendEmail(false).Execute()
			if err == nil {
				assert.NotEmpty(t, link.GetActivationToken())
			}
			return err
		}, "PROVISIONED"},
		{"delete, the first half", func() error { _, err := api.UserAPI.DeleteUser(ctx, id).Execute(); return err }, "DEPROVISIONED"},
	} {
		require.NoError(t, step.call(), step.name)
		u, _, err := api.UserAPI.GetUser(ctx, id).Execute()
		require.NoError(t, err)
		assert.Equal(t, step.want, u.GetStatus(), step.name)
	}
	_, err := api.UserAPI.DeleteUser(ctx, id).Execute()
	require.NoError(t, err)
	_, response, err := api.UserAPI.GetUser(ctx, id).Execute()
	require.Error(t, err)
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
}

func TestV6ListsPageByPage(t *testing.T) {
	o := newOrg(t)
	for i := range 6 {
		o.add(t, fmt.Sprintf("user%d@example.com", i))
	}
	api := o.sdk(t)
	ctx := t.Context()
	users, response, err := api.UserAPI.ListUsers(ctx).Limit(3).Execute()
	require.NoError(t, err)
	pages := 1
	for response.HasNextPage() {
		var more []okta.User
		response, err = response.Next(&more)
		require.NoError(t, err)
		users = append(users, more...)
		pages++
	}
	assert.Len(t, users, 7)
	assert.Equal(t, 3, pages)
	found, _, err := api.UserAPI.ListUsers(ctx).Search(`profile.login eq "USER3@example.com"`).Execute()
	require.NoError(t, err)
	assert.Len(t, found, 1)

	groups, _, err := api.GroupAPI.ListGroups(ctx).Execute()
	require.NoError(t, err)
	assert.Equal(t, "BUILT_IN", groups[0].GetType())
	// ListPolicies of this version cannot read a list of policies, of any org: it looks for a discriminator in the array.
	policy, _, err := api.PolicyAPI.GetPolicy(ctx, o.Policies()[0].ID).Execute()
	require.NoError(t, err)
	require.NotNil(t, policy.PasswordPolicy)
	assert.EqualValues(t, 8, policy.PasswordPolicy.Settings.Password.Complexity.GetMinLength())
	_, err = api.UserLifecycleAPI.SuspendUser(ctx, o.user.ID).Execute()
	require.NoError(t, err)
	events, response, err := api.SystemLogAPI.ListLogEvents(ctx).Limit(10).Execute()
	require.NoError(t, err)
	require.NotEmpty(t, events)
	assert.Equal(t, "user.lifecycle.suspend", events[len(events)-1].GetEventType())
	assert.True(t, response.HasNextPage(), "who polls the log always has a next page")
	o.unsurprised(t)
}

func TestV6RetriesATooManyRequests(t *testing.T) {
	o := newOrg(t)
	o.throttleOnce(t)
	api := o.sdk(t, okta.WithRateLimitMaxRetries(2), okta.WithRateLimitMaxBackOff(1))
	_, _, err := api.UserAPI.UpdateUser(t.Context(), o.user.ID).User(setPassword(newPassword)).Execute()
	require.NoError(t, err)
	assert.True(t, o.takes(login, newPassword))
	o.retried(t)
}

func TestV6PrivateKey(t *testing.T) {
	o := newOrg(t)
	api := o.sdk(t, privateKey("okta.users.manage")...)
	_, _, err := api.UserAPI.UpdateUser(t.Context(), o.user.ID).User(setPassword(newPassword)).Execute()
	require.NoError(t, err)
	assert.True(t, o.takes(login, newPassword))
	t.Run("a scope is missing: no body", func(t *testing.T) {
		_, response, err := api.SystemLogAPI.ListLogEvents(t.Context()).Execute()
		require.EqualError(t, err, "403 Forbidden")
		assert.Contains(t, response.Header.Get("WWW-Authenticate"), `scope="okta.logs.read", error="insufficient_scope"`)
	})
	o.unsurprised(t)
}

// The dance of the SDK: refused without a proof, refused without the nonce, and a proof with every request from then on.
func TestV6ProvesItsKey(t *testing.T) {
	o := newOrg(t, func(c *sim.Config) { c.Clients[0].DPoP = true })
	api := o.sdk(t, privateKey("okta.users.manage")...)
	for range 2 {
		_, _, err := api.UserAPI.GetUser(t.Context(), o.user.ID).Execute()
		require.NoError(t, err)
	}
	_, _, err := api.UserAPI.UpdateUser(t.Context(), o.user.ID).User(setPassword(newPassword)).Execute()
	require.NoError(t, err)
	assert.True(t, o.takes(login, newPassword))
	var statuses []int
	for _, e := range o.Journal().Search(journal.Query{Route: "POST /oauth2/v1/token"}).Entries {
		statuses = append(statuses, e.Status)
	}
	assert.Equal(t, []int{400, 400, 200}, statuses)
}

func TestV6Refusals(t *testing.T) {
	o := newOrg(t)
	api := o.sdk(t)
	_, response, err := api.UserAPI.UpdateUser(t.Context(), o.user.ID).User(setPassword("weak")).Execute()
	require.Error(t, err)
	assert.Equal(t, http.StatusBadRequest, response.StatusCode)
	var refused *okta.GenericOpenAPIError
	require.ErrorAs(t, err, &refused)
	model, ok := refused.Model().(okta.Error)
	require.True(t, ok)
	assert.Equal(t, "E0000001", model.GetErrorCode())
	assert.Equal(t, "Api validation failed: password", model.GetErrorSummary())
	require.Len(t, model.ErrorCauses, 1)
	assert.Contains(t, model.ErrorCauses[0].GetErrorSummary(), "password: Password requirements were not met.")

	_, response, err = o.sdk(t, okta.WithToken("another")).UserAPI.GetUser(t.Context(), o.user.ID).Execute()
	require.Error(t, err)
	assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
}
