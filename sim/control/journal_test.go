package control_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

func accessToken(t *testing.T, response *http.Response) string {
	t.Helper()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.NewDecoder(response.Body).Decode(&answer))
	return answer.AccessToken
}

// The journal shows what the engine did and what became of it, and nothing of what the control plane did; passwords and
// tokens are not in it, whatever the field.
func TestJournalMasksAndTheControlPlaneLeavesNoTrace(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.add(ctx, "bjensen")
		b.logIn(ctx, "bjensen", "Initial-bjensen-1")
		page, err := b.plane.JournalAll(ctx, control.JournalQuery{})
		require.NoError(t, err)
		assert.Zero(t, page.Total, "the control plane leaves no trace")

		b.engineStarts(ctx)
		require.Equal(t, http.StatusOK, b.write(ctx, "bjensen", "Canary-Kestrel-77"))
		require.Equal(t, http.StatusBadRequest, b.write(ctx, "bjensen", "canary"))

		page, err = b.plane.JournalAll(ctx, control.JournalQuery{Target: "idcs"})
		require.NoError(t, err)
		require.Equal(t, 3, page.Total)
		require.Len(t, page.Entries, 3)
		assert.Equal(t, page.Entries[2].Sequence, page.Last)
		assert.Equal(t, []string{"token", "write_password", "write_password"},
			[]string{page.Entries[0].Operation, page.Entries[1].Operation, page.Entries[2].Operation})
		assert.Equal(t, []string{"accepted", "refused"}, []string{page.Entries[1].Outcome, page.Entries[2].Outcome})
		assert.Equal(t, "policy", page.Entries[2].Reason)
		assert.Equal(t, "bjensen", page.Entries[1].User)
		assert.Equal(t, "seatrial", page.Entries[1].Client)
		assert.Equal(t, http.StatusOK, page.Entries[1].Status)

		digests, err := b.plane.Digests(ctx, secret.New("Canary-Kestrel-77"), secret.New("canary"), secret.New("other"))
		require.NoError(t, err)
		assert.Equal(t, digests[:2], []string{page.Entries[1].Digest, page.Entries[2].Digest})
		assert.NotContains(t, digests[:2], digests[2])

		everything, err := json.Marshal(page)
		require.NoError(t, err)
		for name, canary := range map[string]string{
			"password": "Canary-Kestrel-77", "token": b.token, "client secret": b.world.ClientSecret().Reveal(),
			"control token": b.world.ControlToken().Reveal(),
		} {
			assert.NotContains(t, string(everything), canary, name)
		}
		assert.Contains(t, page.Entries[1].RequestBody, "PatchOp", "the rest of the body is shown")
	})
}

func TestJournalFilters(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.add(ctx, "bjensen", "other")
		b.engineStarts(ctx)
		b.write(ctx, "bjensen", "Canary-Kestrel-77")
		b.write(ctx, "other", "short")
		b.get(ctx, "/admin/v1/Users")
		b.get(ctx, "/nowhere")

		for name, c := range map[string]struct {
			query control.JournalQuery
			want  int
		}{
			"all":             {control.JournalQuery{}, 5},
			"user":            {control.JournalQuery{User: "BJENSEN"}, 1},
			"client":          {control.JournalQuery{Client: "seatrial", Operation: "write_password"}, 2},
			"method":          {control.JournalQuery{Method: "PATCH"}, 2},
			"route":           {control.JournalQuery{Route: "PATCH *"}, 2},
			"path":            {control.JournalQuery{Path: "/nowhere"}, 1},
			"outcome":         {control.JournalQuery{Outcome: "accepted"}, 1},
			"reason":          {control.JournalQuery{Reason: "policy"}, 1},
			"status":          {control.JournalQuery{Status: 404}, 1},
			"statuses":        {control.JournalQuery{StatusMin: 400, StatusMax: 403}, 1},
			"surprise":        {control.JournalQuery{Surprise: true}, 1},
			"nothing matches": {control.JournalQuery{Reason: "federated"}, 0},
		} {
			page, err := b.plane.JournalPage(ctx, c.query)
			require.NoError(t, err, name)
			assert.Equal(t, c.want, page.Total, name)
			assert.Len(t, page.Entries, c.want, name)
		}
		var count struct{ Journal control.Journal }
		require.NoError(t, b.plane.Do(ctx, `{ journal(first: 0, status: 404) { total entries { path } } }`, nil, &count))
		assert.Equal(t, 1, count.Journal.Total)
		assert.Empty(t, count.Journal.Entries, "first: 0 asks for the count alone")
		page, err := b.plane.JournalPage(ctx, control.JournalQuery{First: 2, After: 1})
		require.NoError(t, err)
		require.Len(t, page.Entries, 2)
		assert.Equal(t, []uint64{2, 3}, []uint64{page.Entries[0].Sequence, page.Entries[1].Sequence})
	})
}

// Whoever pages gets each entry once and in order, also past one page and across the kinds of writes.
func TestPasswordWritesArePagedAcrossOperations(t *testing.T) {
	inWorld(t, func(ctx context.Context, b *bench) {
		b.add(ctx, "bjensen")
		require.NoError(t, b.plane.SetPolicy(ctx, "idcs", map[string]any{"minLength": 1}))
		b.engineStarts(ctx)
		create := func(i int, password string) {
			status := b.call(ctx, http.MethodPost, "/admin/v1/Users", "application/scim+json", fmt.Sprintf(
				`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"new%d","name":{"familyName":"N"},
				"emails":[{"value":"n%d@example.com","type":"work","primary":true}]%s}`, i, i, password),
				func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+b.token) })
			require.Equal(t, http.StatusCreated, status)
		}
		const rounds = 7
		for i := range rounds {
			create(i, fmt.Sprintf(`,"password":"Pass-%d"`, i))
			create(100+i, "") // no password, so no write
			require.Equal(t, http.StatusOK, b.write(ctx, "bjensen", fmt.Sprintf("Pass-%d", i)))
		}
		all, err := b.plane.PasswordWrites(ctx, "idcs")
		require.NoError(t, err)
		require.Len(t, all.Writes, 2*rounds)
		for i, w := range all.Writes {
			assert.Equal(t, "accepted", w.Outcome)
			assert.Equal(t, i%2 == 1, w.User == "bjensen", "creations and changes take turns: %d is of %s", i, w.User)
			if i%2 == 1 {
				assert.Equal(t, all.Writes[i-1].Digest, w.Digest)
			}
		}
		var paged []control.PasswordWrite
		after := uint64(0)
		for {
			var data struct{ PasswordWrites control.PasswordWrites }
			require.NoError(t, b.plane.Do(ctx, `query($after: Count) { passwordWrites(first: 3, after: $after) { dropped last
				writes { sequence user client digest outcome reason status lost received answered route } } }`, map[string]any{"after": after}, &data))
			paged = append(paged, data.PasswordWrites.Writes...)
			if len(data.PasswordWrites.Writes) < 3 {
				break
			}
			after = paged[len(paged)-1].Sequence
		}
		assert.Equal(t, all.Writes, paged)

		entries, err := b.plane.JournalAll(ctx, control.JournalQuery{})
		require.NoError(t, err)
		users, err := b.plane.Users(ctx, "idcs")
		require.NoError(t, err)
		for _, size := range []int{1, 2, 7} { // also sizes of which the number of entries is a multiple
			b.plane.SetPage(size)
			writes, err := b.plane.PasswordWrites(ctx, "idcs")
			require.NoError(t, err)
			assert.Equal(t, all.Writes, writes.Writes)
			again, err := b.plane.JournalAll(ctx, control.JournalQuery{})
			require.NoError(t, err)
			assert.Equal(t, entries.Entries, again.Entries)
			sameUsers, err := b.plane.Users(ctx, "idcs")
			require.NoError(t, err)
			assert.Equal(t, users, sameUsers)
		}

		var mine struct{ PasswordWrites control.PasswordWrites }
		require.NoError(t, b.plane.Do(ctx, `{ passwordWrites(user: "bjensen") { writes { user } } }`, nil, &mine))
		assert.Len(t, mine.PasswordWrites.Writes, rounds)
		assert.ErrorContains(t, b.plane.Do(ctx, `{ passwordWrites(first: 0) { last } }`, nil, nil), "passwordWrites: first: 0 is below 1")
	})
}
