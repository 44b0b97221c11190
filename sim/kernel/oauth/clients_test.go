package oauth_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// A client is changed without anybody seeing half of it, and leaves with its tokens.
func TestClientsChangeAndGo(t *testing.T) {
	issuer := oauth.NewIssuer(&clock.Clock{}, random.Seed(1).Stream("tokens"))
	client := oauth.Client{ID: "a", Secret: secret.New("s"), Roles: []string{"one"}, Active: true}
	require.NoError(t, issuer.Register(client))
	before, ok := issuer.Client("a")
	require.True(t, ok)
	require.True(t, issuer.Update("a", func(c *oauth.Client) {
		c.Roles = append(c.Roles, "two")
		c.Roles[0] = "changed"
		c.ID = "b"
	}))
	after, ok := issuer.Client("a")
	require.True(t, ok)
	assert.Equal(t, []string{"changed", "two"}, after.Roles)
	assert.Equal(t, "a", after.ID)
	assert.Equal(t, []string{"one"}, before.Roles, "what was handed out stays")
	assert.False(t, issuer.Update("b", func(*oauth.Client) { t.Error("there is no such client") }))

	text, _, err := issuer.Issue(after, nil, time.Hour, nil)
	require.NoError(t, err)
	issuer.Remove("a")
	_, ok = issuer.Client("a")
	assert.False(t, ok)
	_, state := issuer.Verify(text)
	assert.Equal(t, oauth.Revoked, state)
}
