package okta_test

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/okta"
)

const tokenURL = "https://" + host + "/oauth2/v1/token"

// proof is the claims of a DPoP proof.
type proof map[string]any

func proofFor(method, url string) proof {
	return proof{"htm": method, "htu": url, "iat": time.Now().Unix(), "jti": fresh()}
}

var proofs atomic.Int64

// fresh is an id that no other has.
func fresh() string { return "proof-" + strconv.FormatInt(proofs.Add(1), 10) }

func (p proof) with(name string, value any) proof { p[name] = value; return p }

func (p proof) sign(tb testing.TB, key *rsa.PrivateKey, kind jose.ContentType) string {
	tb.Helper()
	options := (&jose.SignerOptions{EmbedJWK: true}).WithType(kind)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, options)
	require.NoError(tb, err)
	text, err := jwt.Signed(signer).Claims(map[string]any(p)).Serialize()
	require.NoError(tb, err)
	return text
}

func digestOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// The two refusals that lead a client to its token, and the proof that goes with every request from then on.
func TestAClientProvesItsKey(t *testing.T) {
	o := newOrg(t, func(c *okta.Config, _ *okta.Kernel) { c.Clients[0].DPoP = true })
	key := theKey()
	askToken := func(t *testing.T, proofs ...string) answer {
		t.Helper()
		c := claims()
		c.ID = fresh()
		r := httptest.NewRequestWithContext(named(t), http.MethodPost, tokenURL, strings.NewReader(tokenForm(signed(t, "k1", key, c), "okta.users.manage").Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for _, p := range proofs {
			r.Header.Add("DPoP", p)
		}
		return o.send(r)
	}
	first := askToken(t)
	assert.Equal(t, 400, first.status)
	assert.JSONEq(t, `{"error":"invalid_dpop_proof","error_description":"The DPoP proof JWT header is missing."}`, string(first.body))
	second := askToken(t, proofFor(http.MethodPost, tokenURL).sign(t, key, "dpop+jwt"))
	assert.Equal(t, 400, second.status)
	assert.JSONEq(t, `{"error":"use_dpop_nonce","error_description":"Authorization server requires nonce in DPoP proof."}`, string(second.body))
	nonce := second.header.Get("DPoP-Nonce")
	require.Len(t, nonce, 32)
	good := func() proof { return proofFor(http.MethodPost, tokenURL).with("nonce", nonce) }
	third := askToken(t, good().sign(t, key, "dpop+jwt"))
	require.Equal(t, 200, third.status, "%s", third.body)
	assert.Equal(t, "DPoP", third.json(t)["token_type"])
	token, _ := third.json(t)["access_token"].(string)
	o.leaks(t, token)

	another := otherKey(t)
	used := good().sign(t, key, "dpop+jwt")
	require.Equal(t, 200, askToken(t, used).status)
	for name, proofs := range map[string][]string{
		"another method":  {good().with("htm", "GET").sign(t, key, "dpop+jwt")},
		"another address": {good().with("htu", "https://x/oauth2/v1/token").sign(t, key, "dpop+jwt")},
		"too old":         {good().with("iat", time.Now().Add(-6*time.Minute).Unix()).sign(t, key, "dpop+jwt")},
		"of the future":   {good().with("iat", time.Now().Add(6*time.Minute).Unix()).sign(t, key, "dpop+jwt")},
		"without an id":   {good().with("jti", "").sign(t, key, "dpop+jwt")},
		"without a time":  {good().with("iat", nil).sign(t, key, "dpop+jwt")},
		"another type":    {good().sign(t, key, "jwt")},
		"used already":    {used},
		"two of them":     {good().sign(t, key, "dpop+jwt"), good().sign(t, key, "dpop+jwt")},
		"no JWT":          {"x.y.z"},
		"no key in it":    {signed(t, "k1", key, claims())},
	} {
		t.Run("token: "+name, func(t *testing.T) {
			a := askToken(t, proofs...)
			assert.Equal(t, 400, a.status)
			assert.Equal(t, "invalid_dpop_proof", a.json(t)["error"])
		})
	}

	url := "https://" + host + o.path()
	fits := func() proof { return proofFor(http.MethodGet, url).with("ath", digestOf(token)) }
	get := func(t *testing.T, scheme, proof string) answer {
		t.Helper()
		return o.ask(t, "", http.MethodGet, o.path(), "", "Authorization", scheme+" "+token, "DPoP", proof)
	}
	assert.Equal(t, 200, get(t, "DPoP", fits().sign(t, key, "dpop+jwt")).status)
	for name, tc := range map[string][2]string{
		"as a bearer's":       {"Bearer", fits().sign(t, key, "dpop+jwt")},
		"without a proof":     {"DPoP", ""},
		"with another's key":  {"DPoP", fits().sign(t, another, "dpop+jwt")},
		"for another token":   {"DPoP", fits().with("ath", digestOf("x")).sign(t, key, "dpop+jwt")},
		"for another request": {"DPoP", fits().with("htm", "POST").sign(t, key, "dpop+jwt")},
	} {
		t.Run("request: "+name, func(t *testing.T) {
			a := get(t, tc[0], tc[1])
			assert.Equal(t, 401, a.status)
			assert.Empty(t, a.body)
			assert.Regexp(t, `^DPoP algs="RS256 RS384 RS512 ES256 ES384 ES512", authorization_uri=.*, error="invalid_dpop_proof"`, a.header.Get("WWW-Authenticate"))
			assert.Equal(t, "credential", o.last(t).Reason)
		})
	}
	t.Run("a scope is missing", func(t *testing.T) {
		proof := proofFor(http.MethodGet, "https://"+host+"/api/v1/logs").with("ath", digestOf(token)).sign(t, key, "dpop+jwt")
		a := o.ask(t, "", http.MethodGet, "/api/v1/logs?limit=1", "", "Authorization", "DPoP "+token, "DPoP", proof)
		assert.Equal(t, 403, a.status)
		assert.Regexp(t, `^DPoP algs=.*, scope="okta.logs.read", error="insufficient_scope"`, a.header.Get("WWW-Authenticate"))
	})
	t.Run("the key is not asked of others", func(t *testing.T) {
		assert.Equal(t, 200, o.ask(t, "admin", http.MethodGet, o.path(), "").status)
	})
}
