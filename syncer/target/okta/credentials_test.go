package okta

import (
	"encoding/json"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/syncer/internal/oktatest"
	"github.com/seatrial/seatrial/syncer/seal"
	"github.com/seatrial/seatrial/syncer/target"
)

// claims are those of an assertion.
type claims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	ID       string `json:"jti"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

// judge verifies assertions as the org's token endpoint does: signature, names, time by its own clock, and that none comes twice.
type judge struct {
	t   *testing.T
	org *oktatest.Org
	key any

	mu   sync.Mutex
	seen []claims
}

func (j *judge) judge(assertion string) string {
	signed, err := jose.ParseSignedCompact(assertion, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil || signed.Signatures[0].Header.KeyID != "key-1" {
		return "invalid_client"
	}
	text, err := signed.Verify(j.key)
	if err != nil {
		return "invalid_client"
	}
	var c claims
	assert.NoError(j.t, json.Unmarshal(text, &c))
	now := time.Now().Add(j.org.Ahead).Unix()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seen = append(j.seen, c)
	if c.Expires < now || c.Expires > now+3600 || c.Issuer != "client" || c.Subject != "client" || c.Audience != "http://hub.test/oauth2/v1/token" {
		return "invalid_client"
	}
	return ""
}

func clientRig(t *testing.T) (*oktatest.Org, *Target, *judge) {
	t.Helper()
	key, text, _ := ecKey(t)
	o, x := rig(t, func(c *Config) {
		c.Token, c.ClientID, c.Key, c.KeyID = nil, "client", text, "key-1"
	})
	j := &judge{t: t, org: o, key: &key.PublicKey}
	o.Client = j.judge
	o.Add(login)
	return o, x, j
}

// TestAssertions: the org judges them by its own clock, which is learnt from its first refusal.
func TestAssertions(t *testing.T) {
	for name, tt := range map[string]struct {
		ahead time.Duration
		asked int
	}{
		"our clock":           {0, 1},
		"a little ahead":      {4 * time.Minute, 1},
		"a little behind":     {-4 * time.Minute, 1},
		"an hour ahead":       {time.Hour, 2},
		"two hours behind":    {-2 * time.Hour, 2},
		"ahead of its answer": {10 * time.Minute, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o, x, j := clientRig(t)
				o.Ahead = tt.ahead
				answer := x.Apply(t.Context(), job("Password-1"))
				require.Equal(t, target.Applied, answer.Class, answer.Detail)
				assert.Len(t, o.Log("token"), tt.asked)
				time.Sleep(2 * time.Hour) // The next token is asked for in the org's time at once.
				require.Equal(t, target.Applied, x.Apply(t.Context(), job("Password-2")).Class)
				ids := map[string]bool{}
				for _, c := range j.seen {
					assert.False(t, ids[c.ID], "no assertion is used twice")
					ids[c.ID] = true
				}
			})
		})
	}
}

func TestATokenThatIsRefusedIsReplacedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, x, _ := clientRig(t)
		time.Sleep(aWhile)
		require.Equal(t, target.Applied, x.Apply(t.Context(), job("Password-1")).Class)
		time.Sleep(aWhile)
		o.ExpireTokens()
		require.Equal(t, target.Applied, x.Apply(t.Context(), job("Password-2")).Class)
		assert.Len(t, o.Log("token"), 2)
		scripted("write", oktatest.Step{Status: 401})(o)
		time.Sleep(aWhile)
		n := len(o.Log())
		answer := x.Apply(t.Context(), job("Password-3"))
		assert.Equal(t, target.Transient, answer.Class, "the client is fine, it has just been given a token")
		assert.Equal(t, target.BadCredential, answer.Reason)
		assert.Equal(t, []string{"write", "write"}, calls(o, n))
	})
}

func TestARefusedClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, x, _ := clientRig(t)
		o.Client = func(string) string { return "invalid_client" }
		for range 3 {
			answer := x.Apply(t.Context(), job("Password-1"))
			assert.Equal(t, target.Credential, answer.Class)
			assert.Equal(t, "token: 401 invalid_client", answer.Detail)
		}
		assert.Len(t, o.Log("token"), 1)
	})
}

func TestARefusedAPIToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, x := rig(t)
		o.Add(login)
		right := o.Token
		o.Token = "another"
		for range 3 {
			answer := x.Apply(t.Context(), job("Password-1"))
			assert.Equal(t, target.Credential, answer.Class)
			assert.Equal(t, target.BadCredential, answer.Reason)
			assert.NotContains(t, answer.Detail, right)
		}
		assert.Equal(t, []string{"find"}, calls(o, 0), "a refusal is remembered")
		o.Token = right
		time.Sleep(refusalKept)
		assert.Equal(t, target.Applied, x.Apply(t.Context(), job("Password-1")).Class)
	})
}

func TestScopes(t *testing.T) {
	c := DefaultConfig()
	assert.Equal(t, []string{"okta.users.manage"}, c.scopes())
	c.Create = CreateWithTemporary
	assert.Equal(t, []string{"okta.users.manage", "okta.policies.read"}, c.scopes())
	c.Scopes = []string{"okta.users.read"}
	assert.Equal(t, []string{"okta.users.read"}, c.scopes())
}

func TestKeys(t *testing.T) {
	_, pemText, jwk := ecKey(t)
	for name, tt := range map[string]struct {
		text seal.Secret
		id   string
		want string
	}{
		"PEM":                 {pemText, "key-1", ""},
		"JWK":                 {jwk, "", ""},
		"JWK with another id": {jwk, "key-2", ""},
		"RSA, PKCS #1":        {rsaPEM(t, 2048), "key-1", ""},
		"RSA, too short":      {rsaPEM(t, 1024), "key-1", "less than 2048 bits"},
		"PEM without an id":   {pemText, "", "keyId: not set"},
		"neither":             {seal.Secret("s3cret"), "key-1", "neither PEM nor a JWK"},
		"half a JWK":          {seal.Secret(`{"kty":"EC","d":"s3cret"}`), "key-1", "looks like a JWK and is none"},
		"a public key":        {seal.Secret(`{"kty":"oct","k":"czNjcmV0"}`), "key-1", "is not a private key"},
		"a certificate":       {seal.Secret("-----BEGIN CERTIFICATE-----\nczNjcmV0\n-----END CERTIFICATE-----\n"), "key-1", "is not a private key"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := readKey(tt.text, tt.id)
			if tt.want != "" {
				require.ErrorContains(t, err, tt.want)
				assert.NotContains(t, err.Error(), "s3cret")
				return
			}
			require.NoError(t, err)
			_, err = jose.NewSigner(key, nil)
			require.NoError(t, err)
		})
	}
}

// A 401 is not always about the token: Okta answers so, too, where a feature is missing (E0000015).
func TestA401ThatIsNotAboutTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, x := rig(t)
		o.Add(login)
		scripted("find", oktatest.Step{Status: 401, Message: "E0000015"})(o)
		answer := x.Apply(t.Context(), job("Password-1"))
		assert.Equal(t, target.Permanent, answer.Class)
		assert.Equal(t, target.Forbidden, answer.Reason)
		o.Script = nil
		assert.Equal(t, target.Applied, x.Apply(t.Context(), job("Password-1")).Class, "the token is as good as before")
		assert.Equal(t, []string{"find", "find", "write"}, calls(o, 0))
	})
}
