package oauth

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the certificate thumbprint "x5t" of RFC 7517 is a SHA-1; it protects nothing
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"sync"
	"time"
)

const (
	keyID  = "SIGNING_KEY"
	keyLen = 2048
)

// JWK is the public half of the signing key.
type JWK struct {
	KeyType       string   `json:"kty"`
	KeyID         string   `json:"kid"`
	Algorithm     string   `json:"alg"`
	Use           string   `json:"use"`
	Operations    []string `json:"key_ops"`
	Modulus       string   `json:"n"`
	Exponent      string   `json:"e"`
	Thumbprint    string   `json:"x5t"`
	Thumbprint256 string   `json:"x5t#S256"`
	Chain         []string `json:"x5c"`
}

// KeySet is a JSON Web Key Set.
type KeySet struct {
	Keys []JWK `json:"keys"`
}

// signer is a key with its header and public form, worked out once.
type signer struct {
	key    *rsa.PrivateKey
	header string
	public JWK
}

// theSigner makes the one key of this process on first use: a key per simulator would cost each of a thousand scenarios a
// key generation, and would prove nothing more.
var theSigner = sync.OnceValues(newSigner)

func newSigner() (*signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyLen)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	// The certificate only carries the key, so it is valid in virtual time (which starts in 2000) and in real time.
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "seatrial token signing"},
		NotBefore:    time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("certify the signing key: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	one, two := sha1.Sum(der), sha256.Sum256(der) //nolint:gosec // as above
	s := &signer{key: key, public: JWK{
		KeyType: "RSA", KeyID: keyID, Algorithm: "RS256", Use: "sig", Operations: []string{"verify"},
		Modulus:    encode(key.N.Bytes()),
		Exponent:   encode(big.NewInt(int64(key.E)).Bytes()),
		Thumbprint: encode(one[:]), Thumbprint256: encode(two[:]),
		Chain: []string{base64.StdEncoding.EncodeToString(der)},
	}}
	header, err := json.Marshal(map[string]string{
		"alg": "RS256", "kid": keyID, "x5t": s.public.Thumbprint, "x5t#S256": s.public.Thumbprint256,
	})
	if err != nil {
		return nil, fmt.Errorf("encode the token header: %w", err)
	}
	s.header = encode(header)
	return s, nil
}

// sign returns payload as a compact JWT.
func sign(payload []byte) (string, error) {
	s, err := theSigner()
	if err != nil {
		return "", err
	}
	input := s.header + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(input))
	signature, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// JWKS is the key set that verifies the tokens, ready for encoding/json; it is empty when no key could be made, in which
// case no token can be issued either and Issue says why.
func (i *Issuer) JWKS() any {
	s, err := theSigner()
	if err != nil {
		return KeySet{Keys: []JWK{}}
	}
	return KeySet{Keys: []JWK{s.public}}
}
