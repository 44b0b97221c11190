package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/clock"
	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

var engine = oauth.Client{ID: "engine", Secret: secret.New("s3cret"), Roles: []string{"User Administrator"}, Active: true}

func issuer(t *testing.T) (*oauth.Issuer, *clock.Clock) {
	t.Helper()
	var c clock.Clock
	i := oauth.NewIssuer(&c, random.Seed(1).Stream("tokens"))
	require.NoError(t, i.Register(engine))
	return i, &c
}

func issue(t *testing.T, i *oauth.Issuer, c oauth.Client, lifetime time.Duration) string {
	t.Helper()
	text, _, err := i.Issue(c, []string{"a", "b"}, lifetime, map[string]any{"sub": c.ID})
	require.NoError(t, err)
	return text
}

func TestAuthenticate(t *testing.T) {
	i, _ := issuer(t)
	require.NoError(t, i.Register(oauth.Client{ID: "off", Secret: secret.New("x")}))
	for _, tc := range []struct {
		name, id, secret string
		want             error
	}{
		{"right", "engine", "s3cret", nil},
		{"wrong secret", "engine", "s3cret ", oauth.ErrWrongSecret},
		{"empty secret", "engine", "", oauth.ErrWrongSecret},
		{"unknown client", "Engine", "s3cret", oauth.ErrUnknownClient},
		{"deactivated", "off", "x", oauth.ErrInactiveClient},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := i.Authenticate(tc.id, secret.New(tc.secret))
			assert.ErrorIs(t, err, tc.want)
		})
	}
	require.ErrorIs(t, i.Register(oauth.Client{ID: "nothing"}), oauth.ErrInvalidClient)
}

// The token is what another library makes of it, with the published key.
func TestTokenVerifiesWithThePublishedKey(t *testing.T) {
	i, _ := issuer(t)
	text := issue(t, i, engine, time.Hour)
	published, err := json.Marshal(i.JWKS())
	require.NoError(t, err)
	var keys jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal(published, &keys), "go-jose checks x5t and x5c against the key")
	require.Len(t, keys.Keys, 1)
	token, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(t, err)
	assert.Equal(t, "SIGNING_KEY", token.Headers[0].KeyID)
	var claims jwt.Claims
	require.NoError(t, token.Claims(keys.Keys[0], &claims))
	assert.Equal(t, "engine", claims.Subject)
	assert.Equal(t, time.Hour, claims.Expiry.Time().Sub(claims.IssuedAt.Time()))
	assert.Len(t, claims.ID, 32)
}

func TestStates(t *testing.T) {
	other := oauth.Client{ID: "other", Secret: secret.New("x"), Active: true}
	for _, tc := range []struct {
		name string
		do   func(i *oauth.Issuer, c *clock.Clock, text string)
		want oauth.State
	}{
		{"fresh", func(*oauth.Issuer, *clock.Clock, string) {}, oauth.Valid},
		{"a second before its time", func(_ *oauth.Issuer, c *clock.Clock, _ string) { c.Turn(time.Hour - 2*time.Second) }, oauth.Valid},
		{"at its time", func(_ *oauth.Issuer, c *clock.Clock, _ string) { c.Turn(time.Hour) }, oauth.Expired},
		{"expired on demand", func(i *oauth.Issuer, _ *clock.Clock, _ string) { i.Expire("engine") }, oauth.Expired},
		{"all expired on demand", func(i *oauth.Issuer, _ *clock.Clock, _ string) { i.Expire("") }, oauth.Expired},
		{"another client's expired", func(i *oauth.Issuer, _ *clock.Clock, _ string) { i.Expire("other") }, oauth.Valid},
		{"revoked", func(i *oauth.Issuer, _ *clock.Clock, _ string) { i.Revoke("engine") }, oauth.Revoked},
		{"revoked alone", func(i *oauth.Issuer, _ *clock.Clock, text string) { i.RevokeToken(text) }, oauth.Revoked},
		{"forgotten", func(i *oauth.Issuer, _ *clock.Clock, _ string) { i.Reset() }, oauth.Unknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			i, c := issuer(t)
			text := issue(t, i, engine, time.Hour)
			issue(t, i, other, time.Hour)
			tc.do(i, c, text)
			_, got := i.Verify(text)
			assert.Equal(t, tc.want, got)
		})
	}
	i, _ := issuer(t)
	_, got := i.Verify("eyJhbGciOiJub25lIn0.e30.")
	assert.Equal(t, oauth.Unknown, got)
}

func TestEndCountsOnlyValidTokens(t *testing.T) {
	i, c := issuer(t)
	issue(t, i, engine, time.Minute)
	issue(t, i, engine, time.Hour)
	text := issue(t, i, engine, time.Hour)
	c.Turn(2 * time.Minute)
	assert.True(t, i.RevokeToken(text))
	assert.False(t, i.RevokeToken(text))
	assert.Equal(t, 1, i.Expire("engine"))
	assert.Equal(t, 0, i.Revoke(""))
}

func TestForgetsTokensADayAfterTheirEnd(t *testing.T) {
	i, c := issuer(t)
	text := issue(t, i, engine, time.Hour)
	c.Turn(24 * time.Hour)
	issue(t, i, engine, time.Hour)
	_, state := i.Verify(text)
	assert.Equal(t, oauth.Expired, state)
	c.Turn(2 * time.Hour)
	issue(t, i, engine, time.Hour)
	_, state = i.Verify(text)
	assert.Equal(t, oauth.Unknown, state)
}

func TestClientSurvivesReset(t *testing.T) {
	i, _ := issuer(t)
	i.Reset()
	c, ok := i.Client("engine")
	assert.True(t, ok)
	assert.Equal(t, engine.Roles, c.Roles)
	assert.Equal(t, []string{"engine"}, i.Clients())
}

func TestConcurrentUse(t *testing.T) {
	i, _ := issuer(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				text, _, err := i.Issue(engine, nil, time.Hour, nil)
				assert.NoError(t, err)
				i.Verify(text)
				i.Expire("nobody")
				_ = i.Register(engine)
				i.Clients()
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 40, i.Revoke("engine"))
}

func TestBasic(t *testing.T) {
	for _, tc := range []struct {
		name, user, password, id, secret string
	}{
		{"plain", "engine", "5f3d-12", "engine", "5f3d-12"},
		{"form-encoded", "my%20engine", "a%2Bb%3Ac", "my engine", "a+b:c"},
		{"not encoded, and not decodable", "engine", "100%", "engine", "100%"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.SetBasicAuth(tc.user, tc.password)
			id, s, ok := oauth.Basic(r)
			require.True(t, ok)
			assert.Equal(t, tc.id, id)
			assert.Equal(t, tc.secret, s.Reveal())
		})
	}
	_, _, ok := oauth.Basic(httptest.NewRequest(http.MethodPost, "/", nil))
	assert.False(t, ok)
}

func BenchmarkVerify(b *testing.B) {
	var c clock.Clock
	i := oauth.NewIssuer(&c, random.Seed(1).Stream("tokens"))
	text, _, err := i.Issue(engine, nil, time.Hour, map[string]any{"scope": string(make([]byte, 500))})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, state := i.Verify(text); state != oauth.Valid {
			b.Fatal(state)
		}
	}
}
