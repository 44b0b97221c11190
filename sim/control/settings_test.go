package control_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func TestTier(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.engineStarts(ctx)
		limits, err := b.plane.SetTier(ctx, "idcs", "free")
		require.NoError(t, err)
		assert.Contains(t, limits, control.Limit{Bucket: "Others", PerSecond: 20, PerMinute: 150})
		for range 20 {
			assert.Equal(t, http.StatusOK, b.get(ctx, "/admin/v1/Users?count=1"))
		}
		assert.Equal(t, http.StatusTooManyRequests, b.get(ctx, "/admin/v1/Users?count=1"))
		target, err := b.plane.Target(ctx, "idcs")
		require.NoError(t, err)
		assert.Equal(t, "free", target.Tier)
		assert.Contains(t, target.Limits, control.Limit{Bucket: "Others", PerSecond: 20, PerMinute: 150, Admitted: 20, Refused: 1})

		_, err = b.plane.SetTier(ctx, "idcs", "gold")
		require.ErrorContains(t, err, `setTier: invalid: idcs.tier: there is no domain type "gold"; there are external-user, free, `)
		limits, err = b.plane.SetTier(ctx, "idcs", "")
		require.NoError(t, err)
		assert.Empty(t, limits)
		assert.Equal(t, http.StatusOK, b.get(ctx, "/admin/v1/Users?count=1"))
	})
}

func TestVisibilityAndMaintenance(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.engineStarts(ctx)
		require.NoError(t, b.plane.SetVisibility(ctx, "idcs", 1500*time.Millisecond))
		target, err := b.plane.Target(ctx, "idcs")
		require.NoError(t, err)
		assert.Equal(t, 1500*time.Millisecond, target.Visibility)
		assert.False(t, target.Maintenance)
		encoded, err := json.Marshal(target)
		require.NoError(t, err)
		var again control.Target
		require.NoError(t, json.Unmarshal(encoded, &again))
		assert.Equal(t, target.Visibility, again.Visibility)
		require.ErrorContains(t, b.plane.SetVisibility(ctx, "idcs", -time.Second), "idcs.visibility: -1s is not from 0s to 1h0m0s")

		require.NoError(t, b.plane.SetMaintenance(ctx, "idcs", true, time.Minute))
		assert.Equal(t, http.StatusServiceUnavailable, b.get(ctx, "/admin/v1/Users?count=1"))
		target, err = b.plane.Target(ctx, "idcs")
		require.NoError(t, err)
		assert.True(t, target.Maintenance)
		require.ErrorContains(t, b.plane.SetMaintenance(ctx, "idcs", true, -time.Second), "retryAfter: -1s is negative")
		require.NoError(t, b.plane.SetMaintenance(ctx, "idcs", false, 0))
		assert.Equal(t, http.StatusOK, b.get(ctx, "/admin/v1/Users?count=1"))
	})
}

func TestLockedAndDelegatedUsersCannotLogIn(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.add(ctx, "bjensen", "scarter")
		n, err := b.plane.SetLocked(ctx, "idcs", true, "bjensen", "scarter")
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		assert.Equal(t, "locked", b.logIn(ctx, "bjensen", "Initial-bjensen-1").Reason)
		user, err := b.plane.User(ctx, "idcs", "bjensen")
		require.NoError(t, err)
		assert.Equal(t, []any{true, "administrator"}, []any{user.Locked, user.LockedBy})
		version := user.Version
		_, err = b.plane.SetLocked(ctx, "idcs", true, "bjensen")
		require.NoError(t, err)
		user, err = b.plane.User(ctx, "idcs", "bjensen")
		require.NoError(t, err)
		assert.Equal(t, version, user.Version, "nothing was to do")
		_, err = b.plane.SetLocked(ctx, "idcs", false, "bjensen")
		require.NoError(t, err)
		assert.True(t, b.logIn(ctx, "bjensen", "Initial-bjensen-1").OK)
		_, err = b.plane.SetLocked(ctx, "idcs", true, "nobody")
		require.ErrorContains(t, err, `idcs has no user "nobody"`)

		_, err = b.plane.SetDelegated(ctx, "idcs", true, "bjensen")
		require.NoError(t, err)
		assert.Equal(t, "delegated", b.logIn(ctx, "bjensen", "Initial-bjensen-1").Reason)
		b.engineStarts(ctx)
		assert.Equal(t, http.StatusBadRequest, b.write(ctx, "bjensen", "Spring-Tide-2026"))
		_, err = b.plane.SetSwitch(ctx, "idcs", "delegatedWrite", "forbid")
		require.NoError(t, err)
		assert.Equal(t, http.StatusForbidden, b.write(ctx, "bjensen", "Spring-Tide-2026"))
	})
}

func TestGroupPolicies(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.add(ctx, "bjensen")
		b.engineStarts(ctx)
		user, err := b.plane.User(ctx, "idcs", "bjensen")
		require.NoError(t, err)
		require.Equal(t, http.StatusCreated, b.call(ctx, http.MethodPost, "/admin/v1/Groups", "application/json",
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":"Staff","members":[{"type":"User","value":"`+user.ID+`"}]}`,
			func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+b.token) }))
		policies, err := b.plane.SetGroupPolicy(ctx, "idcs", "strict", 2, []string{"Staff"}, map[string]any{"minLength": 20})
		require.NoError(t, err)
		require.Len(t, policies, 1)
		assert.Equal(t, []any{"strict", 2}, []any{policies[0].Name, policies[0].Priority})

		broken, err := b.plane.CheckPassword(ctx, "idcs", "bjensen", secret.New("Spring-Tide-2026"))
		require.NoError(t, err)
		require.Len(t, broken, 1)
		assert.Equal(t, "minLength", broken[0].Rule)
		assert.Equal(t, http.StatusBadRequest, b.write(ctx, "bjensen", "Spring-Tide-2026"))

		for want, set := range map[string]func() error{
			`groupPolicy.groups[0]: there is no group "Nobody"`: func() error {
				_, err := b.plane.SetGroupPolicy(ctx, "idcs", "x", 1, []string{"Nobody"}, map[string]any{})
				return err
			},
			"groupPolicy.priority: 11 is not from 1 to 10": func() error {
				_, err := b.plane.SetGroupPolicy(ctx, "idcs", "x", 11, nil, map[string]any{})
				return err
			},
			"groupPolicy.name: is empty": func() error {
				_, err := b.plane.SetGroupPolicy(ctx, "idcs", "", 1, nil, map[string]any{})
				return err
			},
			"policy.minLenght: no such attribute": func() error {
				_, err := b.plane.SetGroupPolicy(ctx, "idcs", "x", 1, nil, map[string]any{"minLenght": 3})
				return err
			},
			"has the password policy strict already": func() error {
				_, err := b.plane.SetGroupPolicy(ctx, "idcs", "x", 1, []string{"Staff"}, map[string]any{})
				return err
			},
		} {
			assert.ErrorContains(t, set(), want)
		}

		removed, err := b.plane.RemoveGroupPolicy(ctx, "idcs", "strict")
		require.NoError(t, err)
		assert.True(t, removed)
		removed, err = b.plane.RemoveGroupPolicy(ctx, "idcs", "strict")
		require.NoError(t, err)
		assert.False(t, removed)
		assert.Equal(t, http.StatusOK, b.write(ctx, "bjensen", "Spring-Tide-2026"))
	})
}

// A user who reads his mail: the token in it opens MePasswordResetter.
func TestOutbox(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.plane.SetPage(2)
		b.add(ctx, "bjensen", "scarter")
		b.engineStarts(ctx)
		bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+b.token) }
		for range 3 {
			for _, name := range []string{"bjensen", "scarter"} {
				user, err := b.plane.User(ctx, "idcs", name)
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, b.call(ctx, http.MethodPut, "/admin/v1/UserPasswordResetter/"+user.ID, "application/json",
					`{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:UserPasswordResetter"]}`, bearer))
			}
		}
		box, err := b.plane.Outbox(ctx, "idcs", "bjensen")
		require.NoError(t, err)
		assert.Equal(t, uint64(6), box.Sent)
		require.Len(t, box.Mails, 3)
		last := box.Mails[2]
		assert.Equal(t, []string{"bjensen", "bjensen@example.com", "password_reset"}, []string{last.User, last.To, last.Kind})
		all, err := b.plane.Outbox(ctx, "idcs", "")
		require.NoError(t, err)
		assert.Len(t, all.Mails, 6)
		assert.Equal(t, http.StatusCreated, b.call(ctx, http.MethodPost, "/admin/v1/MePasswordResetter", "application/json",
			`{"schemas":["urn:ietf:params:scim:schemas:oracle:idcs:MePasswordResetter"],"token":"`+last.Token+`","password":"Spring-Tide-2026"}`, bearer))
		assert.True(t, b.logIn(ctx, "bjensen", "Spring-Tide-2026").OK)
		require.NoError(t, b.plane.Reset(ctx, "idcs"))
		box, err = b.plane.Outbox(ctx, "idcs", "")
		require.NoError(t, err)
		assert.Empty(t, box.Mails)
	})
}

func TestClientsWithGrants(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.add(ctx, "bjensen")
		portal := control.ClientInput{ID: "portal", Secret: secret.New("s3cret"), Roles: []string{"Me"}, Grants: []string{"password"}}
		require.NoError(t, b.plane.RegisterClient(ctx, "idcs", portal))
		assert.Equal(t, http.StatusOK, b.call(ctx, http.MethodPost, "/oauth2/v1/token", "application/x-www-form-urlencoded",
			"grant_type=password&username=bjensen&password=Initial-bjensen-1&scope=urn:opc:idm:__myscopes__",
			func(r *http.Request) { r.SetBasicAuth("portal", "s3cret") }))
		assert.Equal(t, http.StatusOK, b.get(ctx, "/admin/v1/Me"))
		portal.Grants = []string{"implicit"}
		assert.ErrorContains(t, b.plane.RegisterClient(ctx, "idcs", portal), `client.grants[0]: there is no grant type "implicit"; there are password, refresh_token`)
	})
}
