package clients_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/okta/okta-sdk-golang/v2/okta"
	"github.com/okta/okta-sdk-golang/v2/okta/query"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	sim "github.com/seatrial/seatrial/sim/okta"
)

// old is okta-sdk-golang v2 in front of an org, without its cache, which serves a user as he was before a credential call.
func (o *org) old(t *testing.T, settings ...okta.ConfigSetter) (context.Context, *okta.Client) {
	t.Helper()
	all := append([]okta.ConfigSetter{
		okta.WithOrgUrl(orgURL), okta.WithToken(token), okta.WithHttpClientPtr(o.http), okta.WithCache(false), okta.WithRateLimitMaxBackOff(1),
	}, settings...)
	ctx, client, err := okta.NewClient(t.Context(), all...)
	require.NoError(t, err)
	return ctx, client
}

func TestV2Users(t *testing.T) {
	o := newOrg(t)
	ctx, sdk := o.old(t)
	activate := true
	created, _, err := sdk.User.CreateUser(ctx, okta.CreateUserRequest{
		Profile:     &okta.UserProfile{"firstName": "Sam", "lastName": "Carter", "email": "sam@example.com", "login": "sam@example.com"},
		Credentials: &okta.UserCredentials{Password: &okta.PasswordCredential{Value: firstPassword}},
	}, &query.Params{Activate: &activate})
	require.NoError(t, err)
	assert.Equal(t, "ACTIVE", created.Status)
	assert.True(t, o.takes("sam@example.com", firstPassword))

	read, _, err := sdk.User.GetUser(ctx, "sam@example.com")
	require.NoError(t, err)
	assert.Equal(t, created.Id, read.Id)
	assert.Equal(t, "OKTA", read.Credentials.Provider.Type)

	_, _, err = sdk.User.PartialUpdateUser(ctx, read.Id, okta.User{Profile: &okta.UserProfile{"title": "Major"}}, nil)
	require.NoError(t, err)
	read, _, err = sdk.User.GetUser(ctx, read.Id)
	require.NoError(t, err)
	assert.Equal(t, "Major", (*read.Profile)["title"])
	delete(*read.Profile, "title")
	read.Credentials = nil
	replaced, _, err := sdk.User.UpdateUser(ctx, read.Id, *read, nil)
	require.NoError(t, err)
	assert.NotContains(t, *replaced.Profile, "title", "PUT replaces the profile")

	_, _, err = sdk.User.PartialUpdateUser(ctx, read.Id, okta.User{Credentials: &okta.UserCredentials{Password: &okta.PasswordCredential{Value: newPassword}}}, nil)
	require.NoError(t, err)
	assert.True(t, o.takes("sam@example.com", newPassword))
	credentials, _, err := sdk.User.ChangePassword(ctx, read.Id, okta.ChangePasswordRequest{
		OldPassword: &okta.PasswordCredential{Value: newPassword}, NewPassword: &okta.PasswordCredential{Value: "Autumn-Storm-9"},
	}, nil)
	require.NoError(t, err)
	assert.Equal(t, "OKTA", credentials.Provider.Name)
	assert.True(t, o.takes("sam@example.com", "Autumn-Storm-9"))
	o.unsurprised(t)
}

func TestV2Lifecycle(t *testing.T) {
	o := newOrg(t)
	ctx, sdk := o.old(t)
	id := o.user.ID
	status := func() string {
		t.Helper()
		u, _, err := sdk.User.GetUser(ctx, id)
		require.NoError(t, err)
		return u.Status
	}
	for _, step := range []struct {
		name string
		call func() error
		want string
	}{
		{"suspend", func() error { _, err := sdk.User.SuspendUser(ctx, id); return err }, "SUSPENDED"},
		{"unsuspend", func() error { _, err := sdk.User.UnsuspendUser(ctx, id); return err }, "ACTIVE"},
		{"expire", func() error { _, _, err := sdk.User.ExpirePassword(ctx, id); return err }, "PASSWORD_EXPIRED"},
		{"reset", func() error {
			mail := false
			link, _, err := sdk.User.ResetPassword(ctx, id, &query.Params{SendEmail: &mail})
			if err == nil {
				assert.Contains(t, link.ResetPasswordUrl, orgURL+"/signin/reset-password/")
			}
			return err
		}, "RECOVERY"},
		{"deactivate", func() error { _, err := sdk.User.DeactivateUser(ctx, id, nil); return err }, "DEPROVISIONED"},
		{"activate", func() error {
			mail := false
			link, _, err := sdk.User.ActivateUser(ctx, id, &query.Params{SendEmail: &mail})
			if err == nil {
				assert.NotEmpty(t, link.ActivationToken)
			}
			return err
		}, "PROVISIONED"},
		{"delete, the first half", func() error { _, err := sdk.User.DeactivateOrDeleteUser(ctx, id, nil); return err }, "DEPROVISIONED"},
	} {
		require.NoError(t, step.call(), step.name)
		assert.Equal(t, step.want, status(), step.name)
	}
	_, err := sdk.User.DeactivateOrDeleteUser(ctx, id, nil)
	require.NoError(t, err)
	_, response, err := sdk.User.GetUser(ctx, id)
	require.Error(t, err)
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
}

// Federation and back: only this generation of the SDK can send the parameter.
func TestV2ConvertsAUserToFederationAndBack(t *testing.T) {
	o := newOrg(t)
	ctx, sdk := o.old(t)
	mail := false
	_, _, err := sdk.User.ResetPassword(ctx, o.user.ID, &query.Params{SendEmail: &mail, Provider: "FEDERATION"})
	require.NoError(t, err)
	u, _, err := sdk.User.GetUser(ctx, o.user.ID)
	require.NoError(t, err)
	assert.Equal(t, "FEDERATION", u.Credentials.Provider.Type)
	_, _, err = sdk.User.PartialUpdateUser(ctx, o.user.ID, okta.User{Credentials: &okta.UserCredentials{Password: &okta.PasswordCredential{Value: newPassword}}}, nil)
	var refused *okta.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "E0000001", refused.ErrorCode)
	assert.Equal(t, "Api validation failed: password", refused.ErrorSummary)
	assert.Equal(t, []map[string]any{{"errorSummary": "password: Password"}}, refused.ErrorCauses)
	_, _, err = sdk.User.ResetPassword(ctx, o.user.ID, &query.Params{SendEmail: &mail})
	require.NoError(t, err)
	u, _, err = sdk.User.GetUser(ctx, o.user.ID)
	require.NoError(t, err)
	assert.Equal(t, "OKTA", u.Credentials.Provider.Type)
}

func TestV2ListsPageByPage(t *testing.T) {
	o := newOrg(t)
	for i := range 6 {
		o.add(t, fmt.Sprintf("user%d@example.com", i))
	}
	ctx, sdk := o.old(t)
	users, response, err := sdk.User.ListUsers(ctx, &query.Params{Limit: 3})
	require.NoError(t, err)
	pages := 1
	for response.HasNextPage() {
		var more []*okta.User
		response, err = response.Next(ctx, &more)
		require.NoError(t, err)
		users = append(users, more...)
		pages++
	}
	assert.Len(t, users, 7)
	assert.Equal(t, 3, pages)
	found, _, err := sdk.User.ListUsers(ctx, &query.Params{Search: `profile.login eq "USER3@example.com"`})
	require.NoError(t, err)
	assert.Len(t, found, 1)

	groups, _, err := sdk.Group.ListGroups(ctx, nil)
	require.NoError(t, err)
	assert.Equal(t, "Everyone", groups[0].Profile.Name)
	policies, _, err := sdk.Policy.ListPolicies(ctx, &query.Params{Type: "PASSWORD"})
	require.NoError(t, err)
	assert.Len(t, policies, 1)
	_, err = sdk.User.SuspendUser(ctx, o.user.ID)
	require.NoError(t, err)
	events, response, err := sdk.LogEvent.GetLogs(ctx, &query.Params{Limit: 10})
	require.NoError(t, err)
	require.NotEmpty(t, events)
	assert.Equal(t, "user.lifecycle.suspend", events[len(events)-1].EventType)
	assert.True(t, response.HasNextPage(), "who polls the log always has a next page")
	o.unsurprised(t)
}

func TestV2RetriesATooManyRequests(t *testing.T) {
	o := newOrg(t)
	ctx, sdk := o.old(t)
	o.throttleOnce(t)
	_, _, err := sdk.User.PartialUpdateUser(ctx, o.user.ID, okta.User{Credentials: &okta.UserCredentials{Password: &okta.PasswordCredential{Value: newPassword}}}, nil)
	require.NoError(t, err)
	assert.True(t, o.takes(login, newPassword))
	o.retried(t)
}

// The parameters of the token request go in the query, and the empty body of a missing scope is read from the header.
func TestV2PrivateKey(t *testing.T) {
	o := newOrg(t)
	ctx, sdk := o.old(t, okta.WithAuthorizationMode("PrivateKey"), okta.WithClientId(clientID), okta.WithPrivateKey(keyText()), okta.WithPrivateKeyId("k1"), okta.WithScopes([]string{"okta.users.manage"}))
	_, _, err := sdk.User.GetUser(ctx, o.user.ID)
	require.NoError(t, err)
	_, response, err := sdk.Policy.ListPolicies(ctx, &query.Params{Type: "PASSWORD"})
	require.ErrorContains(t, err, "The access token provided does not contain the required scopes.")
	assert.Equal(t, http.StatusForbidden, response.StatusCode)
	o.unsurprised(t)
}

func TestV2Refusals(t *testing.T) {
	o := newOrg(t)
	require.NoError(t, o.SetPolicy(func() sim.PasswordSettings { s := sim.DefaultSettings(); s.Complexity.MinSymbol = 1; return s }()))
	ctx, sdk := o.old(t)
	var refused *okta.Error
	_, _, err := sdk.User.PartialUpdateUser(ctx, o.user.ID, okta.User{Credentials: &okta.UserCredentials{Password: &okta.PasswordCredential{Value: "weak"}}}, nil)
	require.ErrorAs(t, err, &refused)
	assert.Contains(t, refused.ErrorCauses[0]["errorSummary"], "password: Password requirements were not met. Password requirements: at least 8 characters, a lowercase letter")
	_, _, err = sdk.User.GetUser(ctx, "missing@example.com")
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "E0000007", refused.ErrorCode)
	_, sdk = o.old(t, okta.WithToken("another"))
	_, _, err = sdk.User.GetUser(ctx, o.user.ID)
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "E0000011", refused.ErrorCode)
}
