package okta

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"

	"github.com/go-jose/go-jose/v4"

	"github.com/seatrial/seatrial/syncer/seal"
)

// shortestRSA is Okta's lower bound for keys of applications.
const shortestRSA = 2048

// readKey reads the private key of an application: PEM (PKCS #8, PKCS #1 or SEC 1), or a JWK, which brings its id. No error
// quotes the text.
func readKey(text seal.Secret, id string) (jose.SigningKey, error) {
	var key jose.JSONWebKey
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] == '{' {
		if key.UnmarshalJSON(trimmed) != nil {
			return jose.SigningKey{}, errors.New("key: looks like a JWK and is none")
		}
	} else {
		block, _ := pem.Decode(text)
		if block == nil {
			return jose.SigningKey{}, errors.New("key: is neither PEM nor a JWK")
		}
		key.Key = parsePEM(block)
	}
	if id != "" {
		key.KeyID = id
	}
	algorithm, err := algorithmOf(key)
	switch {
	case err != nil:
		return jose.SigningKey{}, err
	case key.KeyID == "":
		return jose.SigningKey{}, errors.New("keyId: not set; Okta wants to know which of the application's keys has signed")
	}
	return jose.SigningKey{Algorithm: algorithm, Key: key}, nil
}

func parsePEM(block *pem.Block) any {
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return key
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key
	}
	return nil
}

// algorithmOf tells how a key signs (Okta, client authentication: RS256 and up, ES256 and up).
func algorithmOf(key jose.JSONWebKey) (jose.SignatureAlgorithm, error) {
	switch k := key.Key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < shortestRSA {
			return "", errors.New("key: is an RSA key of less than 2048 bits")
		}
		return jose.RS256, nil
	case *ecdsa.PrivateKey:
		switch k.Curve {
		case elliptic.P256():
			return jose.ES256, nil
		case elliptic.P384():
			return jose.ES384, nil
		case elliptic.P521():
			return jose.ES512, nil
		}
	}
	return "", errors.New("key: is not a private key of RSA, P-256, P-384 or P-521")
}
