package clients_test

import (
	"testing"

	"github.com/oracle/oci-go-sdk/v65/identitydomains"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const groupURN = "urn:ietf:params:scim:schemas:core:2.0:Group"

func search(filter string) ([]string, *string) {
	return []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}, &filter
}

func (d *domain) noSurprise(t *testing.T) {
	t.Helper()
	page := d.Journal().Search(journal.Query{Surprise: true})
	assert.Empty(t, page.Entries, "Oracle's client asks for nothing that the simulated API does not have")
}

func patchOp(operations ...identitydomains.Operations) identitydomains.PatchOp {
	return identitydomains.PatchOp{Schemas: []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}, Operations: operations}
}

func TestGroupsThroughTheSDK(t *testing.T) {
	d, ctx := newDomain(t), t.Context()
	user, err := d.create(ctx, "bjensen")
	require.NoError(t, err)
	created, err := d.sdk.CreateGroup(ctx, identitydomains.CreateGroupRequest{Group: identitydomains.Group{
		Schemas: []string{groupURN}, DisplayName: new("Sailors"),
		Members: []identitydomains.GroupMembers{{Value: user.Id, Type: identitydomains.GroupMembersTypeUser}},
	}})
	require.NoError(t, err)
	assert.Equal(t, 201, created.RawResponse.StatusCode)
	assert.Nil(t, created.Members, "on request only")

	read, err := d.sdk.GetGroup(ctx, identitydomains.GetGroupRequest{GroupId: created.Ocid, Attributes: new("displayName,members")})
	require.NoError(t, err)
	require.Len(t, read.Members, 1)
	assert.Equal(t, "bjensen", *read.Members[0].Name)
	assert.Equal(t, *user.Ocid, *read.Members[0].Ocid)
	paged, err := d.sdk.GetGroup(ctx, identitydomains.GetGroupRequest{GroupId: created.Id, Attributes: new("members[startIndex=1&count=10]")})
	require.NoError(t, err, "the SDK escapes the &")
	assert.Len(t, paged.Members, 1)

	listed, err := d.sdk.ListGroups(ctx, identitydomains.ListGroupsRequest{Filter: new(`displayName eq "sailors"`)})
	require.NoError(t, err)
	assert.Equal(t, 1, *listed.TotalResults)
	schemas, filter := search(`members[value eq "` + *user.Id + `"]`)
	found, err := d.sdk.SearchGroups(ctx, identitydomains.SearchGroupsRequest{GroupSearchRequest: identitydomains.GroupSearchRequest{Schemas: schemas, Filter: filter}})
	require.NoError(t, err)
	require.Len(t, found.Resources, 1)
	assert.Equal(t, *created.Id, *found.Resources[0].Id)

	patched, err := d.sdk.PatchGroup(ctx, identitydomains.PatchGroupRequest{GroupId: created.Id, Attributes: new("members"), PatchOp: patchOp(
		identitydomains.Operations{Op: identitydomains.OperationsOpRemove, Path: new(`members[value eq "` + *user.Id + `"]`)},
	)})
	require.NoError(t, err)
	assert.Empty(t, patched.Members)
	var member any = []map[string]string{{"value": *user.Id, "type": "User"}}
	_, err = d.sdk.PatchGroup(ctx, identitydomains.PatchGroupRequest{GroupId: created.Id, PatchOp: patchOp(
		identitydomains.Operations{Op: identitydomains.OperationsOpAdd, Path: new("members"), Value: &member},
	)})
	require.NoError(t, err)
	shown, err := d.sdk.GetUser(ctx, identitydomains.GetUserRequest{UserId: user.Id, Attributes: new("groups")})
	require.NoError(t, err)
	require.Len(t, shown.Groups, 1)
	assert.Equal(t, "Sailors", *shown.Groups[0].Display)

	_, err = d.sdk.DeleteGroup(ctx, identitydomains.DeleteGroupRequest{GroupId: created.Id})
	assert.Equal(t, 400, status(t, err), "somebody is in it")
	_, err = d.sdk.DeleteGroup(ctx, identitydomains.DeleteGroupRequest{GroupId: created.Id, ForceDelete: new(true)})
	require.NoError(t, err)
	d.noSurprise(t)
}

// From nothing to a client that changes a password.
func TestApplicationsThroughTheSDK(t *testing.T) {
	d, ctx := newDomain(t, idcs.ApplicationAdministrator), t.Context()
	user, err := d.create(ctx, "bjensen")
	require.NoError(t, err)
	app, err := d.sdk.CreateApp(ctx, identitydomains.CreateAppRequest{App: identitydomains.App{
		Schemas: []string{"urn:ietf:params:scim:schemas:oracle:idcs:App"}, DisplayName: new("Engine two"),
		BasedOnTemplate: &identitydomains.AppBasedOnTemplate{Value: new("CustomWebAppTemplateId")},
		IsOAuthClient:   new(true), ClientType: identitydomains.AppClientTypeConfidential, AllowedGrants: []string{"client_credentials"},
	}})
	require.NoError(t, err)
	require.NotNil(t, app.ClientSecret)
	assert.False(t, *app.Active)
	_, err = d.sdk.PutAppStatusChanger(ctx, identitydomains.PutAppStatusChangerRequest{AppStatusChangerId: app.Id, AppStatusChanger: identitydomains.AppStatusChanger{
		Schemas: []string{"urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger"}, Active: new(true),
	}})
	require.NoError(t, err)

	roles, err := d.sdk.ListAppRoles(ctx, identitydomains.ListAppRolesRequest{Filter: new(`displayName eq "User Administrator"`)})
	require.NoError(t, err)
	require.Len(t, roles.Resources, 1)
	granted, err := d.sdk.CreateGrant(ctx, identitydomains.CreateGrantRequest{Grant: identitydomains.Grant{
		Schemas: []string{"urn:ietf:params:scim:schemas:oracle:idcs:Grant"}, GrantMechanism: identitydomains.GrantGrantMechanismAdministratorToApp,
		Grantee:     &identitydomains.GrantGrantee{Type: identitydomains.GrantGranteeTypeApp, Value: app.Id},
		App:         &identitydomains.GrantApp{Value: roles.Resources[0].App.Value},
		Entitlement: &identitydomains.GrantEntitlement{AttributeName: new("appRoles"), AttributeValue: roles.Resources[0].Id},
	}})
	require.NoError(t, err)
	assert.True(t, *granted.IsFulfilled)

	d.sdk.Signer = bearer{token(t, d.server, *app.Name, secret.New(*app.ClientSecret))}
	_, err = d.patchPassword(ctx, user.Id, newPassword)
	require.NoError(t, err, "with the role that it was granted")
	schemas, filter := search(`grantee.value eq "` + *app.Id + `"`)
	grants, err := d.sdk.SearchGrants(ctx, identitydomains.SearchGrantsRequest{GrantSearchRequest: identitydomains.GrantSearchRequest{Schemas: schemas, Filter: filter}})
	require.NoError(t, err)
	require.Len(t, grants.Resources, 1)
	assert.Equal(t, *granted.Id, *grants.Resources[0].Id)
	schemas, filter = search(`displayName eq "Engine two"`)
	apps, err := d.sdk.SearchApps(ctx, identitydomains.SearchAppsRequest{AppSearchRequest: identitydomains.AppSearchRequest{Schemas: schemas, Filter: filter}})
	require.NoError(t, err)
	require.Len(t, apps.Resources, 1)
	require.Len(t, apps.Resources[0].GrantedAppRoles, 1)
	assert.Equal(t, "User Administrator", *apps.Resources[0].GrantedAppRoles[0].Display)
	_, err = d.sdk.DeleteGrant(ctx, identitydomains.DeleteGrantRequest{GrantId: granted.Id})
	require.NoError(t, err)
	_, err = d.sdk.DeleteApp(ctx, identitydomains.DeleteAppRequest{AppId: app.Id, ForceDelete: new(true)})
	assert.Equal(t, 403, status(t, err), "User Administrator reads applications only")
	d.noSurprise(t)
}

// What Schemas tells, and the searches that are left.
func TestDiscoveryThroughTheSDK(t *testing.T) {
	d, ctx := newDomain(t), t.Context()
	list, err := d.sdk.ListSchemas(ctx, identitydomains.ListSchemasRequest{Count: new(100)})
	require.NoError(t, err)
	assert.NotEmpty(t, list.Resources)
	group, err := d.sdk.GetSchema(ctx, identitydomains.GetSchemaRequest{SchemaId: new(groupURN)})
	require.NoError(t, err)
	returned := map[string]identitydomains.SchemaAttributesReturnedEnum{}
	for _, a := range group.Attributes {
		returned[*a.Name] = a.Returned
	}
	assert.Equal(t, identitydomains.SchemaAttributesReturnedRequest, returned["members"])
	assert.Equal(t, identitydomains.SchemaAttributesReturnedAlways, returned["displayName"])

	schemas, filter := search(`app.value eq "IDCSAppId"`)
	roles, err := d.sdk.SearchAppRoles(ctx, identitydomains.SearchAppRolesRequest{AppRoleSearchRequest: identitydomains.AppRoleSearchRequest{Schemas: schemas, Filter: filter}})
	require.NoError(t, err)
	assert.Len(t, roles.Resources, len(idcs.Roles()))
	schemas, filter = search(`name eq "PasswordPolicy"`)
	policies, err := d.sdk.SearchPasswordPolicies(ctx, identitydomains.SearchPasswordPoliciesRequest{PasswordPolicySearchRequest: identitydomains.PasswordPolicySearchRequest{Schemas: schemas, Filter: filter}})
	require.NoError(t, err)
	assert.Len(t, policies.Resources, 1)
	d.noSurprise(t)
}
