package oauth_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/random"
)

func TestRefresh(t *testing.T) {
	for _, tc := range []struct {
		name   string
		client string
		before func(c *clock.Clock, i *oauth.Issuer, text string)
		want   bool
	}{
		{"its own client", "engine", func(*clock.Clock, *oauth.Issuer, string) {}, true},
		{"another client", "stranger", func(*clock.Clock, *oauth.Issuer, string) {}, false},
		{"expired", "engine", func(c *clock.Clock, _ *oauth.Issuer, _ string) { c.Turn(time.Hour) }, false},
		{"used up", "engine", func(_ *clock.Clock, i *oauth.Issuer, text string) { i.Refresh(text, "engine", true) }, false},
		{"looked at only", "engine", func(_ *clock.Clock, i *oauth.Issuer, text string) { i.Refresh(text, "engine", false) }, true},
		{"tried by a stranger before", "engine", func(_ *clock.Clock, i *oauth.Issuer, text string) { i.Refresh(text, "stranger", true) }, true},
		{"revoked", "engine", func(_ *clock.Clock, i *oauth.Issuer, _ string) { i.Revoke("engine") }, false},
		{"another client's revoked", "engine", func(_ *clock.Clock, i *oauth.Issuer, _ string) { i.Revoke("stranger") }, true},
		{"forgotten", "engine", func(_ *clock.Clock, i *oauth.Issuer, _ string) { i.Reset() }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := &clock.Clock{}
			i := oauth.NewIssuer(c, random.Seed(7).Stream("tokens"))
			text := i.GrantRefresh(oauth.Refresh{Client: "engine", User: "u1", Scope: "s", Expires: c.Now().Add(time.Hour)})
			tc.before(c, i, text)
			r, ok := i.Refresh(text, tc.client, true)
			assert.Equal(t, tc.want, ok)
			if ok {
				assert.Equal(t, "u1", r.User)
			}
			_, ok = i.Refresh("invented", tc.client, true)
			assert.False(t, ok)
		})
	}
}
