package schemes_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// BenchmarkVerify is one bind at the vendors' default costs.
func BenchmarkVerify(b *testing.B) {
	for _, s := range schemes.Known() {
		if s.Encodable && (s.DS || !s.IDCS) {
			verifies(b, s.Name, s.Name, schemes.Settings{})
		}
	}
	verifies(b, "PBKDF2-HMAC-SHA256 as DS 7 is set up", "PBKDF2-HMAC-SHA256", schemes.Settings{Rounds: 10})
	verifies(b, "BCRYPT of Okta's examples", "BCRYPT", schemes.Settings{Rounds: 10})
	for _, variant := range []string{"1", "5", "6"} {
		verifies(b, "CRYPT "+variant, "CRYPT", schemes.Settings{Variant: variant})
	}
}

func verifies(b *testing.B, name, scheme string, s schemes.Settings) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		password := secret.New("Secret12!")
		stored, err := schemes.Encode(scheme, password, random.Seed(1).Stream("salts"), s)
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			verified, err := stored.Verify(password)
			if err != nil || !verified {
				b.Fatal(verified, err)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := schemes.Parse(vectors[2].text); err != nil {
			b.Fatal(err)
		}
	}
}
