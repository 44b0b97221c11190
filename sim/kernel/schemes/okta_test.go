package schemes_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const oktaSalt = "c2FsdHNhbHQ4"

func sha512Hash() schemes.OktaHash {
	return schemes.OktaHash{
		Algorithm: "SHA-512", Salt: oktaSalt, SaltOrder: "PREFIX",
		Value: "Hv9mJDxMSeVKkE11/FefLSb0uvjF/+UmlePi08cLE4fOZc8lDacxXHRm2/4FWFvfS4bbtq5I6Dy/7q/IWnqlTA==",
	}
}

func bcryptHash() schemes.OktaHash {
	return schemes.OktaHash{
		Algorithm: "BCRYPT", WorkFactor: 10, Salt: "m5C4k9.k3EqwzsWa7IuAY.", Value: "A5Cj5UYDGB4VCVFSf3bUj46cUsRr1ia",
	}
}

func pbkdf2Hash() schemes.OktaHash {
	return schemes.OktaHash{
		Algorithm: "PBKDF2", Salt: oktaSalt, IterationCount: 4096, KeySize: 32, DigestAlgorithm: "SHA512_HMAC",
		Value: "H4uduCRhnzuA9w3OHLegoFRo+QD1IcBAj1XxpGi07Vo=",
	}
}

func TestOktaVectors(t *testing.T) {
	hmac256 := pbkdf2Hash()
	hmac256.DigestAlgorithm, hmac256.Value = "SHA256_HMAC", "JMdD6zgPx7KYtWyf5AnA+YT8gOgmuOJQKDsfSeeUGyU="
	unused := sha512Hash()
	unused.WorkFactor = 7
	for name, h := range map[string]schemes.OktaHash{
		"SHA-512":              sha512Hash(),
		"SHA-256":              {Algorithm: "SHA-256", Salt: oktaSalt, SaltOrder: "PREFIX", Value: "JjP2AbSbq+Y1+ZytYE409TtAwKQhBSFA3pavCcNHOFA="},
		"without padding":      {Algorithm: "SHA-256", Salt: oktaSalt, SaltOrder: "PREFIX", Value: "JjP2AbSbq+Y1+ZytYE409TtAwKQhBSFA3pavCcNHOFA"},
		"SHA-1 behind":         {Algorithm: "SHA-1", Salt: oktaSalt, SaltOrder: "POSTFIX", Value: "MNUL2+ZHl4xJaiYoMMryS9XXYv4="},
		"MD5":                  {Algorithm: "MD5", Salt: oktaSalt, SaltOrder: "PREFIX", Value: "CANLJiDsw+EW9VecEFEWBw=="},
		"BCRYPT":               bcryptHash(),
		"PBKDF2, SHA512":       pbkdf2Hash(),
		"PBKDF2, SHA256":       hmac256,
		"a workFactor, unused": unused,
	} {
		t.Run(name, func(t *testing.T) {
			stored, err := h.Parse()
			require.NoError(t, err)
			accepts(t, stored, "Corr3ct-Horse")
			assert.Equal(t, h.Algorithm, stored.Scheme())
			var back schemes.OktaHash
			require.NoError(t, json.Unmarshal([]byte(stored.Text()), &back))
			assert.True(t, back == h, "the text is the JSON of the hash")
		})
	}
}

func TestOktaRefuses(t *testing.T) {
	change := func(h schemes.OktaHash, by func(*schemes.OktaHash)) schemes.OktaHash {
		by(&h)
		return h
	}
	for name, c := range map[string]struct {
		hash schemes.OktaHash
		kind error
		says string
	}{
		"an algorithm Okta lacks":     {change(sha512Hash(), func(h *schemes.OktaHash) { h.Algorithm = "SHA-384" }), schemes.ErrUnknown, "algorithm"},
		"its name in lower case":      {change(sha512Hash(), func(h *schemes.OktaHash) { h.Algorithm = "sha-512" }), schemes.ErrUnknown, "algorithm"},
		"a value that is no base64":   {change(sha512Hash(), func(h *schemes.OktaHash) { h.Value = "?" }), schemes.ErrMalformed, "value: not base64"},
		"a value of another length":   {change(sha512Hash(), func(h *schemes.OktaHash) { h.Value = "AAAA" }), schemes.ErrMalformed, "value: 3 bytes, not 64"},
		"a salt that is no base64":    {change(sha512Hash(), func(h *schemes.OktaHash) { h.Salt = "ä" }), schemes.ErrMalformed, "salt: not base64"},
		"half a padding":              {change(sha512Hash(), func(h *schemes.OktaHash) { h.Salt = "YQ=" }), schemes.ErrMalformed, "salt: not base64"},
		"a salt in no order":          {change(sha512Hash(), func(h *schemes.OktaHash) { h.SaltOrder = "" }), schemes.ErrMalformed, "saltOrder"},
		"a salt in an unknown order":  {change(sha512Hash(), func(h *schemes.OktaHash) { h.SaltOrder = "prefix" }), schemes.ErrMalformed, "saltOrder"},
		"no work factor":              {change(bcryptHash(), func(h *schemes.OktaHash) { h.WorkFactor = 0 }), schemes.ErrMalformed, "workFactor: 0"},
		"a work factor above Okta's":  {change(bcryptHash(), func(h *schemes.OktaHash) { h.WorkFactor = 21 }), schemes.ErrMalformed, "workFactor: 21"},
		"a whole bcrypt text":         {change(bcryptHash(), func(h *schemes.OktaHash) { h.Value = "$2a$10$" + h.Salt + h.Value }), schemes.ErrMalformed, "salt or value"},
		"a bcrypt salt of base64":     {change(bcryptHash(), func(h *schemes.OktaHash) { h.Salt = oktaSalt }), schemes.ErrMalformed, "salt or value"},
		"too few iterations":          {change(pbkdf2Hash(), func(h *schemes.OktaHash) { h.IterationCount = 4095 }), schemes.ErrMalformed, "iterationCount: 4095"},
		"no key size":                 {change(pbkdf2Hash(), func(h *schemes.OktaHash) { h.KeySize = 0 }), schemes.ErrMalformed, "keySize: 0"},
		"another key size":            {change(pbkdf2Hash(), func(h *schemes.OktaHash) { h.KeySize = 64 }), schemes.ErrMalformed, "value: 32 bytes, not 64"},
		"no digest algorithm":         {change(pbkdf2Hash(), func(h *schemes.OktaHash) { h.DigestAlgorithm = "" }), schemes.ErrMalformed, "digestAlgorithm"},
		"PBKDF2 with an order":        {change(pbkdf2Hash(), func(h *schemes.OktaHash) { h.SaltOrder = "PREFIX" }), schemes.ErrMalformed, "saltOrder"},
		"PBKDF2 without a salt":       {change(pbkdf2Hash(), func(h *schemes.OktaHash) { h.Salt = "" }), schemes.ErrMalformed, "salt: empty"},
		"an algorithm with a newline": {change(pbkdf2Hash(), func(h *schemes.OktaHash) { h.Salt = "c2Fs\ndHNhbHQ4" }), schemes.ErrMalformed, "salt: not base64"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.hash.Parse()
			require.ErrorIs(t, err, c.kind)
			assert.ErrorContains(t, err, c.says)
		})
	}
}

func TestOktaTakesWhatCannotBeComputed(t *testing.T) {
	h := bcryptHash()
	h.WorkFactor = 20
	stored, err := h.Parse()
	require.NoError(t, err, "Okta imports it")
	_, err = stored.Verify(secret.New("Corr3ct-Horse"))
	require.ErrorIs(t, err, schemes.ErrTooCostly)
}

func TestEncodeOkta(t *testing.T) {
	salts := random.Seed(1).Stream("salts")
	for _, algorithm := range []string{"BCRYPT", "SHA-512", "SHA-256", "SHA-1", "MD5", "PBKDF2"} {
		s := schemes.Settings{}
		if algorithm == "BCRYPT" {
			s.Rounds = 4
		}
		h, err := schemes.EncodeOkta(algorithm, secret.New("Corr3ct-Horse"), salts, s)
		require.NoError(t, err, algorithm)
		stored, err := h.Parse()
		require.NoError(t, err, algorithm)
		accepts(t, stored, "Corr3ct-Horse")
	}
	for name, c := range map[string]struct {
		algorithm string
		settings  schemes.Settings
		kind      error
	}{
		"unknown":             {"SHA-384", schemes.Settings{}, schemes.ErrUnknown},
		"a work factor of 21": {"BCRYPT", schemes.Settings{Rounds: 21}, schemes.ErrMalformed},
		"one of 20":           {"BCRYPT", schemes.Settings{Rounds: 20}, schemes.ErrTooCostly},
		"few iterations":      {"PBKDF2", schemes.Settings{Rounds: 10}, schemes.ErrMalformed},
		"a negative salt":     {"MD5", schemes.Settings{Salt: -1}, schemes.ErrMalformed},
	} {
		_, err := schemes.EncodeOkta(c.algorithm, secret.New("x"), salts, c.settings)
		require.ErrorIs(t, err, c.kind, name)
	}
}
