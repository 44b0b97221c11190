package schemes_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// vectors of userPassword. Those of Secret12!, Passw0rd123 and pässwörd€ were computed with Python's hashlib and held
// against OpenSSL, the JDK, gsasl, perl and libxcrypt.
var vectors = []struct{ password, text string }{
	{"Secret12!", "{PBKDF2}10:wMI/L4brh9WBLWzVKUGwjeYtnJkAAQIDBAUGBwgJCgsMDQ4P"},
	{"Secret12!", "{PBKDF2}10000:qwrLwF1BW7LbfV80/TcBdySCZE0AAQIDBAUGBw=="},
	{"Secret12!", "{PBKDF2-HMAC-SHA256}10:QVUIuOTQDPy1XbuJFLgLv5538zNhj4+Wu75v8RBoTg4AAQIDBAUGBwgJCgsMDQ4P"},
	{"Secret12!", "{PBKDF2-HMAC-SHA256}10000:kig4iIR34feqQI6GdZrIwtslyZuBTLW7sHfCaVk1MqwAAQIDBAUGBw=="},
	{"Secret12!", "{PBKDF2-HMAC-SHA512}10:hlDiVYIx9xYgn1xBArbQ9HBWFiz1RWZ0xCy04imkjGitj2rUXALeu36ZlQTMpgFFte6JShFNWcs/DjOOjA/68QABAgMEBQYHCAkKCwwNDg8="},
	{"Secret12!", "{PBKDF2-HMAC-SHA512}10000:9clLEgDvt3qfugDgZHgSpwViei0no+BeT6jZZcsz70aqx9fLyY/6QQKHCPW1NIJPSYR9g5mIMwKYv9cSUONfFgABAgMEBQYH"},
	{"Secret12!", "{PKCS5S2}AAECAwQFBgcICQoLDA0OD1Jd0K3AXs+j+BQyNzByvyLGxHfFo2WWLSiS26hKee42"},
	{"Secret12!", "{BCRYPT}$2a$08$..CA.uOD/eaGAOmJB.yMBuHtIYKpZ23G12SK48F92ljqKVw6j9bQK"},
	{"Secret12!", "{SSHA256}S9sLxQlIdYV6HUbJ9OrTNhQ4wNmXbHNROntoNJd+PKkAAQIDBAUGBw=="},
	{"Secret12!", "{SSHA384}bajJoYQGL/SufgX4u1Y5Tmh0y6jITsoiLxfIXRgeFruQBA35MJbFTBwPGCtKCwN9AAECAwQFBgc="},
	{"Secret12!", "{SSHA512}FS55DjFj6mAn1VjsJTM2DbJwB60s0x8gznGuD9ZkXzXORe2rYxZeO8clGHOpWZQ4/mIEbHVwOiJRegYiWccvvAABAgMEBQYH"},
	{"Secret12!", "{SCRAM-SHA-256}10000:AAECAwQFBgcICQoLDA0ODw==$5TY9jRBr6wOiZL0vujk3lpV+HBjNO7Kyph6jSNV98+M=:jNlCON0n/K6nWt0IEcALldZMoj+u3LYAJQPJ8zBEsSQ="},
	{"Secret12!", "{SCRAM-SHA-512}10000:AAECAwQFBgcICQoLDA0ODw==$uV1oeQkRrWXALvnJwMZufd2Q37Uz1jP6ZnG9HwXgkN0RTRfiQptNy4f058k76ieRlUTvQJxIx15hWF7wdbW8Rg==:hToXFZJ92WZXd2v3zpFxw5rThXTmvyCmwPIsar5fO0sJdyEGRrVsu8G7UkA9653IARi3tf9IfT2xfdMCZIHDgA=="},
	{"Secret12!", "{SMD5}OR6LNE+TmEDqkZUW0ojGwAABAgMEBQYH"},
	{"Secret12!", "{SSHA}hSanIPIIjBnP5Y0+JIaUBB87lbIAAQIDBAUGBw=="},
	{"Secret12!", "{MD5}YYUElPaqO7DCedxQBrRJFQ=="},
	{"Secret12!", "{SHA}EvLhGI1HZGZ25VKrXoWcfQY0IrI="},
	{"Secret12!", "{CRYPT}abwxqTFirElb6"},
	{"Secret12!", "{CRYPT}$1$saltsalt$bFoKzPihWdGxZuf53kTfW."},
	{"Secret12!", "{CRYPT}$5$saltsalt$qkfU6GOIEYS7J/otBnk9l.XNkAHyYtDSpfwthUkaLd4"},
	{"Secret12!", "{CRYPT}$6$saltsalt$ABtxX/u7HHLCpuyMLOzMeR0LGwf0EdYDhYbybhHEg2ZKgs95USSDbWF6Jlo045Y8VZiP4My.ssfeVd7Z0Vjoy/"},
	{"Secret12!", "{CLEAR}Secret12!"},
	{"Secret12!", "{BASE64}U2VjcmV0MTIh"},
	{"pässwörd€", "{PBKDF2-HMAC-SHA256}10:IXzDMQOGNgMKouVyP8wzq4ERmqGWu8moNsQ+JdbH8RUAAQIDBAUGBwgJCgsMDQ4P"},
	{"pässwörd€", "{SSHA512}KfUBAFUBRAZbHrIDJNvOGNsZ0EHVqFSaCzLnhsY41FpZu9xzCJTAgwCOR32zka7CcuAvLllF0vYIGQirAK/nSQABAgMEBQYH"},
	// OpenDJ's own unit tests.
	{"secret", "{SSHA256}xIar81hLva6DoMGVtk5WWfJTnBvkyAsYkj0phSdBBDW2DC1dXI79cw=="},
	{"admin", "{PKCS5S2}siTdcDkChqeSDGVnIMILINUGSzhublIyp1KDvI0CJQ3HuQurEHyN7itWI6rpIzN4"},
	{"password", "{BCRYPT}$2a$05$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe"},
	// RFC 7677, in both joins.
	{"pencil", "{SCRAM-SHA-256}4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="},
	{"pencil", "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="},
	// Published by users of ForgeRock's products.
	{"password", "{SSHA512}YFIBSgo+6316zKQ1/FY2ij2Dgt3X7UHBMaeUVb6UDUOOm7HnT0gn/6s9vo44bdspuh6RE2k5a4D71+VX9xVgI1W3bfWbUrZi9rgkGOGRxiE="},
	{"Password", "{SSHA512}YsgPb62F2lD10N9Tv7YHYXBWSEic3SFhCP+omr9NMtdnowSPwYURlWHG3K0l8vTReQoHdreWE8jnz7sGFoviWDyVv905yD9A"},
	{"password", "{PBKDF2-HMAC-SHA256}10000:xKsMmlzVLRYdYzcgBuD3ZIAeSj8tNhjDHGFDqhth8Kcbw5qjL5UZxaiS2awL1HjO"},
	{"Passw0rd123", "{SSHA256}BI1yCk3f1J2u+YLnkWwt9vWo0etX5Jmr/gpNKN6IupQAAQIDBAUGBw=="},
	{"Passw0rd123", "{SSHA512}AidUeBtx/4BWhFj95f2cP//Q/2AR8gbGhjA3JRqrxNEBU0Seozlr56bQr1NLm/PlWx9quB9s/CHLUjfiUuNcDgABAgMEBQYH"},
	{"Passw0rd123", "{PBKDF2-HMAC-SHA256}10:FOx2S1VNPRhOukZaJ4tgdvSiQauUm/mpzKTonAgnaRkAAQIDBAUGBwgJCgsMDQ4P"},
	{"Passw0rd123", "{PBKDF2-HMAC-SHA512}10:YWjKt+YG/aBuQx2XZmWv3WP4C4t3yZpJ0m1rUMB0ZWLEL6aJH8R9a+EmCVmzLgYb6XR0jS/9Wk8m9yb+uu3W5gABAgMEBQYHCAkKCwwNDg8="},
	{"Passw0rd123", "{SSHA}jaYsszIadoa0xZvcVrBHd6kFaUsAAQIDBAUGBw=="},
	// Bare digests of SHA-2, which OpenLDAP has, and the layout assumed for T256; both of Python's hashlib.
	{"Secret12!", "{SHA256}FrMJXzRUE87MG2REMhs5cnpRqDATVpVdkjHIfHL5LQ8="},
	{"Secret12!", "{SHA384}K1KmpXDU9Dj/vVmautVKWP10lqNnWcjUvGadjXtMSGUf+ma4G0NDRQQoC9VmYqgg"},
	{"Secret12!", "{SHA512}5tchhpA2KLkoN0w1xDa9e0OjgeSd4WTAhKky56DwefRKP2lzGNZDWQSxBnqBCximZFucnalZngQPXmmKMQqDhg=="},
	{"Secret12!", "{PBKDF2-HMAC-SHA512T256}10:hlDiVYIx9xYgn1xBArbQ9HBWFiz1RWZ0xCy04imkjGgAAQIDBAUGBwgJCgsMDQ4P"},
	// The test vectors of the Argon2 reference implementation, and of RFC 7914 in the form assumed here.
	{"password", "{ARGON2}$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
	{"password", "{ARGON2}$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"},
	{"pleaseletmein", "{SCRYPT}$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw"},
	// Ulrich Drepper, Unix crypt using SHA-256 and SHA-512.
	{"Hello world!", "{CRYPT}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
	{"Hello world!", "{CRYPT}$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v."},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.text[:min(30, len(v.text))], func(t *testing.T) {
			stored, err := schemes.Parse(v.text)
			require.NoError(t, err)
			assert.Equal(t, v.text, stored.Text())
			accepts(t, stored, v.password)

			end := strings.Index(v.text, "}")
			lower, err := schemes.Parse(strings.ToLower(v.text[:end]) + v.text[end:])
			require.NoError(t, err, "names are case-insensitive")
			assert.Equal(t, stored.Scheme(), lower.Scheme())
		})
	}
}

// accepts asks for the password and for some that differ from it by little.
func accepts(t *testing.T, stored schemes.Stored, password string) {
	t.Helper()
	verified, err := stored.Verify(secret.New(password))
	require.NoError(t, err)
	assert.True(t, verified, "the password")
	for _, wrong := range []string{"", strings.ToUpper(password)} {
		verified, err = stored.Verify(secret.New(wrong))
		require.NoError(t, err)
		assert.False(t, verified, "not %q", wrong)
	}
}

func TestVectorsOfOtherSyntaxes(t *testing.T) {
	for _, v := range []struct {
		name, password, text string
		syntax               schemes.Syntax
		scheme               string
	}{
		{"PBKDF2 of RFC 3112", "Secret12!", "PBKDF2$10:AAECAwQFBgcICQoLDA0ODw==$wMI/L4brh9WBLWzVKUGwjeYtnJk=", schemes.AuthPassword, "PBKDF2"},
		{"spaces around the dollar signs", "Secret12!", " pbkdf2 $ 10:AAECAwQFBgcICQoLDA0ODw== $ wMI/L4brh9WBLWzVKUGwjeYtnJk= ", schemes.AuthPassword, "PBKDF2"},
		{"SHA1 of RFC 3112 is salted", "Secret12!", "SHA1$AAECAwQFBgc=$hSanIPIIjBnP5Y0+JIaUBB87lbI=", schemes.AuthPassword, "SSHA"},
		{"SCRAM of RFC 5803", "pencil", "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=", schemes.AuthPassword, "SCRAM-SHA-256"},
		{"PBKDF2 of IDCS", "Secret12!", "{PBKDF2-HMAC-SHA1}10$wMI/L4brh9WBLWzVKUGwjeYtnJkAAQIDBAUGBwgJCgsMDQ4P", schemes.IDCS, "PBKDF2-HMAC-SHA1"},
		{"PBKDF2 with SHA-384", "Secret12!", "{PBKDF2-HMAC-SHA384}10$nSIvh6oli4y8lVQNDwwYj+YOdfS44ISanEqJgVRqzmmjLy5y+G6DLP2/FXO6An0aAAECAwQFBgcICQoLDA0ODw==", schemes.IDCS, "PBKDF2-HMAC-SHA384"},
		{"SSHA256 of IDCS", "Secret12!", "{SSHA256}S9sLxQlIdYV6HUbJ9OrTNhQ4wNmXbHNROntoNJd+PKkAAQIDBAUGBw==", schemes.IDCS, "SSHA256"},
	} {
		t.Run(v.name, func(t *testing.T) {
			stored, err := v.syntax.Parse(v.text)
			require.NoError(t, err)
			assert.Equal(t, v.scheme, stored.Scheme())
			assert.Equal(t, v.text, stored.Text())
			accepts(t, stored, v.password)
		})
	}
}

// Oracle's documentation prints this one, broken over two lines, without its password: 20 bytes of key leave 20 of salt.
func TestOraclesExampleHasItsForm(t *testing.T) {
	stored, err := schemes.IDCS.Parse("{PBKDF2-HMAC-SHA1}10000$T78t/00uHfSr95czOvVufNLEfkwyBJKdZ0w3bV4wxIg/nb4pvTzvzA==")
	require.NoError(t, err)
	assert.Equal(t, schemes.Settings{Rounds: 10000, Salt: 20}, stored.Settings())
}

func TestBothKeysOfSCRAMCount(t *testing.T) {
	const storedKey, serverKey = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=", "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
	for keys, want := range map[string]bool{
		storedKey + ":" + serverKey: true, storedKey + ":" + storedKey: false, serverKey + ":" + serverKey: false,
	} {
		stored, err := schemes.Parse("{SCRAM-SHA-256}4096:W22ZaJ0SNY7soEsUEjb6gQ==$" + keys)
		require.NoError(t, err)
		verified, err := stored.Verify(secret.New("pencil"))
		require.NoError(t, err)
		assert.Equal(t, want, verified)
	}
}
