package schemes_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// If one of them were computed, the test would not end in time.
func TestHostileCostsAreRefused(t *testing.T) {
	const hash = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	const scramKey = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
	for name, text := range map[string]string{
		"PBKDF2, a billion":            "{PBKDF2}1000000000:wMI/L4brh9WBLWzVKUGwjeYtnJkAAQIDBAUGBw==",
		"PBKDF2, one too many":         fmt.Sprintf("{PBKDF2}%d:wMI/L4brh9WBLWzVKUGwjeYtnJkAAQIDBAUGBw==", schemes.MaxIterations+1),
		"SCRAM, the largest number":    "{SCRAM-SHA-256}2147483647:AAAA$" + scramKey + ":" + scramKey,
		"bcrypt 31":                    "{BCRYPT}$2a$31$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe",
		"CRYPT, the most":              "{CRYPT}$5$rounds=999999999$saltsalt$qkfU6GOIEYS7J/otBnk9l.XNkAHyYtDSpfwthUkaLd4",
		"Argon2, four gigabytes":       "{ARGON2}$argon2id$v=19$m=4194304,t=1,p=1" + hash,
		"Argon2, often":                "{ARGON2}$argon2id$v=19$m=65536,t=4294967295,p=1" + hash,
		"Argon2, the largest numbers":  "{ARGON2}$argon2i$v=19$m=4294967295,t=4294967295,p=255" + hash,
		"scrypt, four gigabytes":       "{SCRYPT}$scrypt$ln=22,r=8,p=1" + hash,
		"scrypt, in block size":        "{SCRYPT}$scrypt$ln=1,r=4294967295,p=1" + hash,
		"scrypt, in lanes":             "{SCRYPT}$scrypt$ln=14,r=8,p=4294967295" + hash,
		"scrypt, past 64 bits":         "{SCRYPT}$scrypt$ln=4294967295,r=1,p=1" + hash,
		"scrypt, at the edge of shift": "{SCRYPT}$scrypt$ln=64,r=1,p=1" + hash,
	} {
		t.Run(name, func(t *testing.T) {
			stored, err := schemes.Parse(text)
			require.NoError(t, err, "a directory may store it")
			verified, err := stored.Verify(secret.New("Secret12!"))
			require.ErrorIs(t, err, schemes.ErrTooCostly)
			require.ErrorContains(t, err, stored.Scheme())
			assert.False(t, verified)
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	salts := random.Seed(1).Stream("salts")
	for name, c := range map[string]struct {
		syntax   schemes.Syntax
		scheme   string
		settings schemes.Settings
		kind     error
	}{
		"an unknown scheme":               {schemes.UserPassword, "PBES", schemes.Settings{}, schemes.ErrUnknown},
		"a scheme of IDCS only":           {schemes.UserPassword, "PBKDF2-HMAC-SHA1", schemes.Settings{}, schemes.ErrUnknown},
		"a scheme IDCS lacks":             {schemes.IDCS, "BCRYPT", schemes.Settings{}, schemes.ErrUnknown},
		"a scheme authPassword lacks":     {schemes.AuthPassword, "BCRYPT", schemes.Settings{}, schemes.ErrUnknown},
		"a reversible scheme":             {schemes.UserPassword, "AES", schemes.Settings{}, schemes.ErrNotVerifiable},
		"Argon2d":                         {schemes.UserPassword, "ARGON2", schemes.Settings{Variant: "argon2d"}, schemes.ErrNotVerifiable},
		"a negative salt":                 {schemes.UserPassword, "SSHA", schemes.Settings{Salt: -1}, schemes.ErrMalformed},
		"a salt of a gigabyte":            {schemes.UserPassword, "SSHA", schemes.Settings{Salt: 1 << 30}, schemes.ErrMalformed},
		"a CRYPT salt of 9":               {schemes.UserPassword, "CRYPT", schemes.Settings{Variant: "1", Salt: 9}, schemes.ErrMalformed},
		"a CRYPT variant":                 {schemes.UserPassword, "CRYPT", schemes.Settings{Variant: "y"}, schemes.ErrMalformed},
		"CRYPT rounds below its smallest": {schemes.UserPassword, "CRYPT", schemes.Settings{Variant: "5", Rounds: 10}, schemes.ErrMalformed},
		"negative iterations":             {schemes.UserPassword, "PBKDF2", schemes.Settings{Rounds: -1}, schemes.ErrMalformed},
		"a billion iterations":            {schemes.UserPassword, "PBKDF2", schemes.Settings{Rounds: 1e9}, schemes.ErrTooCostly},
		"a billion of IDCS":               {schemes.IDCS, "PBKDF2-HMAC-SHA1", schemes.Settings{Rounds: 1e9}, schemes.ErrTooCostly},
		"a billion of authPassword":       {schemes.AuthPassword, "PBKDF2", schemes.Settings{Rounds: 1e9}, schemes.ErrTooCostly},
		"a bcrypt variant":                {schemes.UserPassword, "BCRYPT", schemes.Settings{Variant: "2x"}, schemes.ErrMalformed},
		"bcrypt 3":                        {schemes.UserPassword, "BCRYPT", schemes.Settings{Rounds: 3}, schemes.ErrMalformed},
		"bcrypt 31":                       {schemes.UserPassword, "BCRYPT", schemes.Settings{Rounds: 31}, schemes.ErrTooCostly},
		"bcrypt 32":                       {schemes.UserPassword, "BCRYPT", schemes.Settings{Rounds: 32}, schemes.ErrMalformed},
		"Argon2 in four gigabytes":        {schemes.UserPassword, "ARGON2", schemes.Settings{Memory: 4 << 20}, schemes.ErrTooCostly},
		"Argon2 in no memory":             {schemes.UserPassword, "ARGON2", schemes.Settings{Memory: -1}, schemes.ErrMalformed},
		"Argon2 with 256 lanes":           {schemes.UserPassword, "ARGON2", schemes.Settings{Parallelism: 256}, schemes.ErrMalformed},
		"scrypt of 2^62":                  {schemes.UserPassword, "SCRYPT", schemes.Settings{Rounds: 62}, schemes.ErrTooCostly},
		"scrypt of 2^63":                  {schemes.UserPassword, "SCRYPT", schemes.Settings{Rounds: 63}, schemes.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.syntax.Encode(c.scheme, secret.New("Secret12!"), salts, c.settings)
			require.ErrorIs(t, err, c.kind)
		})
	}
}

func TestLongPasswordsAreRefused(t *testing.T) {
	salts := random.Seed(1).Stream("salts")
	for scheme, limit := range map[string]int{"SSHA": schemes.MaxPassword, "CLEAR": schemes.MaxPassword, "CRYPT": 512} {
		s := schemes.Settings{}
		if scheme == "CRYPT" {
			s.Variant = "6"
		}
		stored, err := schemes.Encode(scheme, secret.New(strings.Repeat("x", limit)), salts, s)
		require.NoError(t, err)
		verified, err := stored.Verify(secret.New(strings.Repeat("x", limit)))
		require.NoError(t, err)
		assert.True(t, verified)
		_, err = stored.Verify(secret.New(strings.Repeat("x", limit+1)))
		require.ErrorIs(t, err, schemes.ErrTooCostly)
		_, err = schemes.Encode(scheme, secret.New(strings.Repeat("x", limit+1)), salts, s)
		require.ErrorIs(t, err, schemes.ErrTooCostly)
	}
}
