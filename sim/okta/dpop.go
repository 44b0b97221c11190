package okta

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/seatrial/seatrial/sim/kernel/web"
)

// algorithms are those of client assertions and of proofs, as a challenge lists them.
var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}

// proofLife is how far the time of a proof may be from the org's; Okta publishes none.
const proofLife = 5 * time.Minute

// dpopClaims are those of a proof (RFC 9449, 4.2).
type dpopClaims struct {
	Method   string           `json:"htm"`
	URL      string           `json:"htu"`
	IssuedAt *jwt.NumericDate `json:"iat"`
	ID       string           `json:"jti"`
	Nonce    string           `json:"nonce"`
	Token    string           `json:"ath"`
}

func invalidProof(text string) error { return &oauthError{"invalid_dpop_proof", text} }

// badProof is every mistake in a proof but its absence; Okta's text for it is not published.
func badProof() error { return invalidProof("The DPoP proof JWT is invalid.") }

// proofOfKey judges the DPoP header of a request and returns the thumbprint of the key that it proves.
func (c *call) proofOfKey() (string, dpopClaims, error) {
	var claims dpopClaims
	switch headers := c.r.Header["Dpop"]; {
	case len(headers) == 0:
		return "", claims, invalidProof("The DPoP proof JWT header is missing.")
	case len(headers) > 1:
		return "", claims, badProof()
	}
	parsed, err := jwt.ParseSigned(c.r.Header.Get("Dpop"), algorithms)
	if err != nil || len(parsed.Headers) != 1 {
		return "", claims, badProof()
	}
	header := parsed.Headers[0]
	kind, _ := header.ExtraHeaders[jose.HeaderType].(string)
	if key := header.JSONWebKey; kind != "dpop+jwt" || key == nil || !key.Valid() || !key.IsPublic() {
		return "", claims, badProof()
	}
	if err := parsed.Claims(header.JSONWebKey.Key, &claims); err != nil || !c.fits(claims) {
		return "", claims, badProof()
	}
	sum, err := header.JSONWebKey.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", claims, badProof()
	}
	thumbprint := base64.RawURLEncoding.EncodeToString(sum)
	now := c.s.kernel.Clock.Now()
	if !c.s.proofs.first(thumbprint+" "+claims.ID, now.Add(2*proofLife), now) {
		return "", claims, badProof()
	}
	return thumbprint, claims, nil
}

// fits tells whether a proof is for this request, and fresh.
func (c *call) fits(claims dpopClaims) bool {
	if claims.IssuedAt == nil || claims.ID == "" {
		return false
	}
	off := c.s.kernel.Clock.Now().Sub(claims.IssuedAt.Time()).Abs()
	url, _, _ := strings.Cut(claims.URL, "?")
	return claims.Method == c.r.Method && strings.EqualFold(url, c.base+c.r.URL.EscapedPath()) && off <= proofLife
}

// bind asks a client that proves the possession of its key for the proof, and for the nonce in it. The first refusal tells a
// client that a proof is wanted, the second one with which nonce: Okta's SDKs go through both.
func (c *call) bind(client Client) (string, error) {
	if !client.DPoP {
		return "", nil
	}
	thumbprint, claims, err := c.proofOfKey()
	if err != nil {
		return "", err
	}
	if claims.Nonce != c.s.nonce {
		c.w.Header()["Dpop-Nonce"] = []string{c.s.nonce}
		return "", &oauthError{"use_dpop_nonce", "Authorization server requires nonce in DPoP proof."}
	}
	return thumbprint, nil
}

// proves holds a request with an access token to the key that the token is bound to; the key stands in the token.
func (c *call) proves(token string) error {
	thumbprint, claims, err := c.proofOfKey()
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(token))
	if claims.Token != base64.RawURLEncoding.EncodeToString(sum[:]) || thumbprint != boundTo(token) {
		return badProof()
	}
	return nil
}

// boundTo is the thumbprint of the key that a token of this org's is bound to.
func boundTo(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		Confirmation struct {
			Thumbprint string `json:"jkt"`
		} `json:"cnf"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Confirmation.Thumbprint
}

// authenticateKey lets an application through that has to prove its key when it does, and everybody else.
func (c *call) authenticateKey() error {
	if c.who.token || !c.s.provesKey(c.who.name) {
		return nil
	}
	refused := badProof() // without the scheme the token is just a stolen one
	if c.who.dpop {
		token, _ := web.Credential(c.r.Header.Get("Authorization"), "DPoP")
		refused = c.proves(token)
	}
	c.who.dpop = true // the challenge asks for it
	if e, ok := errors.AsType[*oauthError](refused); ok {
		return c.refuseBearer(e.code, e.text)
	}
	return refused
}

// provesKey tells whether the application with that id has to prove its key.
func (s *Server) provesKey(id string) bool {
	for i := range s.config.Clients {
		if s.config.Clients[i].ID == id {
			return s.config.Clients[i].DPoP
		}
	}
	return false
}
