package clients_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/identitydomains"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/idcs"
	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/journal"
	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	password      = "Harbour-Lights-1"
	newPassword   = "Spring-Tide-2026"
	passwordState = "urn:ietf:params:scim:schemas:oracle:idcs:extension:passwordState:User"
)

// bearer signs requests with an access token, in the place of the SDK's request signatures, which are not simulated.
type bearer struct{ token string }

func (b bearer) Sign(r *http.Request) error {
	r.Header.Set("Authorization", "Bearer "+b.token)
	return nil
}

// domain is a simulated domain over TLS, and the SDK in front of it.
type domain struct {
	*idcs.Server
	sdk    identitydomains.IdentityDomainsClient
	server *httptest.Server
}

// newDomain takes the roles that the client has beside its own.
func newDomain(t *testing.T, roles ...string) *domain {
	t.Helper()
	t.Setenv("OCI_SDK_DEFAULT_CIRCUITBREAKER_ENABLED", "false")
	client := idcs.DefaultClient()
	client.Secret = secret.New("of this test")
	client.Roles = append(client.Roles, roles...)
	c := idcs.DefaultConfig()
	c.Clients = append(c.Clients, client)
	digester := secret.NewDigester([]byte("0123456789abcdef"))
	s, err := idcs.New(c, idcs.Kernel{Clock: &clock.Clock{}, Seed: 1, Journal: journal.New(1000, digester), Digester: digester})
	require.NoError(t, err)
	server := httptest.NewTLSServer(s.Handler())
	t.Cleanup(server.Close)

	// The provider wants a key for the signatures that the test replaces.
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	provider := common.NewRawConfigurationProvider("ocid1.tenancy.oc1..t", "ocid1.user.oc1..u", "eu-frankfurt-1", "00:00", string(text), nil)
	sdk, err := identitydomains.NewIdentityDomainsClientWithConfigurationProvider(provider, server.URL)
	require.NoError(t, err)
	sdk.HTTPClient = server.Client()
	sdk.Signer = bearer{token(t, server, client.ID, client.Secret)}
	return &domain{Server: s, sdk: sdk, server: server}
}

func token(t *testing.T, server *httptest.Server, id string, s secret.Value) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"urn:opc:idm:__myscopes__"}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/oauth2/v1/token", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(id, url.QueryEscape(s.Reveal()))
	response, err := server.Client().Do(r)
	require.NoError(t, err)
	defer func() { assert.NoError(t, response.Body.Close()) }()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	return answer.AccessToken
}

func (d *domain) create(ctx context.Context, userName string) (identitydomains.CreateUserResponse, error) {
	return d.sdk.CreateUser(ctx, identitydomains.CreateUserRequest{User: identitydomains.User{
		Schemas:  []string{"urn:ietf:params:scim:schemas:core:2.0:User"},
		UserName: &userName,
		Name:     &identitydomains.UserName{GivenName: new("Barbara"), FamilyName: new("Jensen")},
		Password: new(password),
		Emails: []identitydomains.UserEmails{{
			Value: new(userName + "@example.com"), Type: identitydomains.UserEmailsTypeWork, Primary: new(true),
		}},
	}})
}

func (d *domain) patchPassword(ctx context.Context, id *string, password string) (identitydomains.PatchUserResponse, error) {
	var value any = password
	return d.sdk.PatchUser(ctx, identitydomains.PatchUserRequest{UserId: id, PatchOp: identitydomains.PatchOp{
		Schemas: []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
		Operations: []identitydomains.Operations{{
			Op: identitydomains.OperationsOpReplace, Path: new("password"), Value: &value,
		}},
	}})
}

// The life of a user, as Oracle's own client sees it.
func TestUserThroughTheSDK(t *testing.T) {
	d, ctx := newDomain(t), t.Context()
	created, err := d.create(ctx, "bjensen")
	require.NoError(t, err)
	assert.Equal(t, 201, created.RawResponse.StatusCode)
	require.NotNil(t, created.Id)
	assert.Equal(t, "Barbara Jensen", *created.DisplayName)
	assert.NotEmpty(t, *created.Meta.Version)
	assert.Nil(t, created.Password)
	assert.Equal(t, people.LogIn{OK: true, MustChange: true}, d.LogIn("bjensen", secret.New(password)))

	for _, id := range []*string{created.Id, created.Ocid} {
		read, err := d.sdk.GetUser(ctx, identitydomains.GetUserRequest{UserId: id})
		require.NoError(t, err)
		assert.Equal(t, "bjensen", *read.UserName)
		assert.NotEmpty(t, *read.OpcRequestId)
	}

	found, err := d.sdk.ListUsers(ctx, identitydomains.ListUsersRequest{
		Filter:     new(`userName eq "BJENSEN"`),
		Attributes: new("userName," + passwordState + ":mustChange"),
	})
	require.NoError(t, err)
	assert.Equal(t, 1, *found.TotalResults)
	assert.Equal(t, 50, *found.ItemsPerPage)
	require.Len(t, found.Resources, 1)
	assert.Equal(t, *created.Id, *found.Resources[0].Id)
	state := found.Resources[0].UrnIetfParamsScimSchemasOracleIdcsExtensionPasswordStateUser
	require.NotNil(t, state)
	assert.True(t, *state.MustChange)

	patched, err := d.patchPassword(ctx, created.Id, newPassword)
	require.NoError(t, err, "the SDK writes REPLACE in capitals")
	assert.Equal(t, "bjensen", *patched.UserName)
	assert.Equal(t, people.LogIn{OK: true, MustChange: true}, d.LogIn("bjensen", secret.New(newPassword)))

	changed, err := d.sdk.PutUserPasswordChanger(ctx, identitydomains.PutUserPasswordChangerRequest{
		UserPasswordChangerId: created.Id,
		UserPasswordChanger: identitydomains.UserPasswordChanger{
			Schemas:            []string{"urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordChanger"},
			Password:           new("Summer-Tide-2026"),
			BypassNotification: new(true),
		},
	})
	require.NoError(t, err)
	assert.Equal(t, *created.Id, *changed.Id)
	assert.Equal(t, people.LogIn{OK: true}, d.LogIn("bjensen", secret.New("Summer-Tide-2026")))

	_, err = d.sdk.DeleteUser(ctx, identitydomains.DeleteUserRequest{UserId: created.Id, IfMatch: new("old")})
	assert.Equal(t, 412, status(t, err))
	deleted, err := d.sdk.DeleteUser(ctx, identitydomains.DeleteUserRequest{UserId: created.Id, ForceDelete: new(true)})
	require.NoError(t, err)
	assert.Equal(t, 204, deleted.RawResponse.StatusCode)

	page := d.Journal().Search(journal.Query{Surprise: true})
	assert.Empty(t, page.Entries, "Oracle's client asks for nothing that the simulated API does not have")
}

func status(t *testing.T, err error) int {
	t.Helper()
	failure, ok := common.IsServiceError(err)
	require.True(t, ok, "%v", err)
	return failure.GetHTTPStatusCode()
}

// What the SDK makes of refusals. It reads OCI's code and message, which IDCS bodies lack, so only the status is right.
func TestErrorsThroughTheSDK(t *testing.T) {
	d, ctx := newDomain(t), t.Context()
	created, err := d.create(ctx, "bjensen")
	require.NoError(t, err)
	for _, tc := range []struct {
		name string
		do   func() error
		want int
	}{
		{"policy", func() error { _, err := d.patchPassword(ctx, created.Id, "short"); return err }, 400},
		{"history", func() error { _, err := d.patchPassword(ctx, created.Id, password); return err }, 400},
		{"duplicate", func() error { _, err := d.create(ctx, "BJensen"); return err }, 409},
		{"unknown", func() error {
			_, err := d.sdk.GetUser(ctx, identitydomains.GetUserRequest{UserId: new("nobody")})
			return err
		}, 404},
		{"bad filter", func() error {
			_, err := d.sdk.ListUsers(ctx, identitydomains.ListUsersRequest{Filter: new("userName eq")})
			return err
		}, 400},
		{"role", func() error {
			var value any = 1
			_, err := d.sdk.PatchPasswordPolicy(ctx, identitydomains.PatchPasswordPolicyRequest{
				PasswordPolicyId: new("PasswordPolicy"),
				PatchOp: identitydomains.PatchOp{
					Schemas:    []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"},
					Operations: []identitydomains.Operations{{Op: identitydomains.OperationsOpAdd, Path: new("minLength"), Value: &value}},
				},
			})
			return err
		}, 403},
		{"expired token, HTML", func() error {
			d.Issuer().Expire("")
			_, err := d.sdk.GetUser(ctx, identitydomains.GetUserRequest{UserId: created.Id})
			return err
		}, 401},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.do()
			require.Error(t, err)
			assert.Equal(t, tc.want, status(t, err))
		})
	}
}

func TestPoliciesThroughTheSDK(t *testing.T) {
	d, ctx := newDomain(t), t.Context()
	list, err := d.sdk.ListPasswordPolicies(ctx, identitydomains.ListPasswordPoliciesRequest{})
	require.NoError(t, err)
	assert.Equal(t, 3, *list.TotalResults)
	read, err := d.sdk.GetPasswordPolicy(ctx, identitydomains.GetPasswordPolicyRequest{PasswordPolicyId: new("PasswordPolicy")})
	require.NoError(t, err)
	assert.Equal(t, d.Policy().MinLength, *read.MinLength)
	assert.Equal(t, identitydomains.PasswordPolicyPasswordStrengthCustom, read.PasswordStrength)
	search, err := d.sdk.SearchUsers(ctx, identitydomains.SearchUsersRequest{UserSearchRequest: identitydomains.UserSearchRequest{
		Schemas: []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}, Filter: new(`userName sw "b"`), Count: new(10),
	}})
	require.NoError(t, err)
	assert.Equal(t, 0, *search.TotalResults)
}
