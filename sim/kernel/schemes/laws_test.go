package schemes_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/schemes"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// cheap are the least settings of a scheme, for tests that compute many.
func cheap(scheme string) schemes.Settings {
	switch scheme {
	case "BCRYPT":
		return schemes.Settings{Rounds: 4}
	case "ARGON2":
		return schemes.Settings{Rounds: 1, Memory: 8}
	case "SCRYPT":
		return schemes.Settings{Rounds: 1, Block: 1}
	case "CRYPT":
		return schemes.Settings{}
	default:
		return schemes.Settings{Rounds: 1}
	}
}

// writable are all that Encode can make.
func writable() (all []struct {
	syntax schemes.Syntax
	scheme string
},
) {
	for _, s := range schemes.Known() {
		for syntax, has := range map[schemes.Syntax]bool{
			schemes.UserPassword: s.Encodable && (s.DS || !s.IDCS), schemes.AuthPassword: s.AuthPassword != "", schemes.IDCS: s.IDCS,
		} {
			if has {
				all = append(all, struct {
					syntax schemes.Syntax
					scheme string
				}{syntax, s.Name})
			}
		}
	}
	return all
}

func TestWhatIsEncodedVerifies(t *testing.T) {
	for _, w := range writable() {
		t.Run(w.scheme, func(t *testing.T) {
			runs, slow := 0, w.scheme == "PKCS5S2" || w.scheme == "BCRYPT" // they cannot be made cheap
			rapid.Check(t, func(t *rapid.T) {
				if runs++; slow && runs > 10 {
					return
				}
				// Eight bytes and no NUL: all that DES looks at and all that bcrypt can tell apart. Seven bits for DES.
				text := rapid.StringMatching(`[ -~]{1,8}`)
				if w.scheme != "CRYPT" {
					text = rapid.StringMatching(`[ -~]{1,30}|[ä€ß世界 -~]{1,20}`)
				}
				password, other := text.Draw(t, "password"), text.Draw(t, "other")
				s := cheap(w.scheme)
				if w.scheme != "PKCS5S2" && w.scheme != "CRYPT" && w.scheme != "BCRYPT" {
					s.Salt = rapid.IntRange(8, 40).Draw(t, "salt")
				}
				salts := random.Seed(rapid.Uint64().Draw(t, "seed")).Stream("salts")
				stored, err := w.syntax.Encode(w.scheme, secret.New(password), salts, s)
				require.NoError(t, err)
				again, err := w.syntax.Parse(stored.Text())
				require.NoError(t, err, stored.Text())
				assert.Equal(t, stored.Settings(), again.Settings())
				assert.Equal(t, stored.Scheme(), again.Scheme())
				for _, it := range []schemes.Stored{stored, again} {
					for candidate, want := range map[string]bool{password: true, other: other == password} {
						verified, err := it.Verify(secret.New(candidate))
						require.NoError(t, err)
						assert.Equal(t, want, verified, "%q against %q", candidate, password)
					}
				}
			})
		})
	}
}

func TestCryptVariantsVerify(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := schemes.Settings{Variant: rapid.SampledFrom([]string{"1", "5", "6"}).Draw(t, "variant"), Salt: rapid.IntRange(1, 8).Draw(t, "salt")}
		if s.Variant != "1" {
			s.Rounds = rapid.IntRange(1000, 1100).Draw(t, "rounds")
		}
		password := rapid.StringN(0, 100, 200).Draw(t, "password")
		stored, err := schemes.Encode("CRYPT", secret.New(password), random.Seed(rapid.Uint64().Draw(t, "seed")).Stream("salts"), s)
		require.NoError(t, err)
		again, err := schemes.Parse(stored.Text())
		require.NoError(t, err)
		assert.Equal(t, s, again.Settings())
		for candidate, want := range map[string]bool{password: true, password + "x": false} {
			verified, err := again.Verify(secret.New(candidate))
			require.NoError(t, err)
			assert.Equal(t, want, verified)
		}
	})
}

func TestASeedRepeatsASaltAndSaltsDiffer(t *testing.T) {
	for _, w := range writable() {
		text := func(salts schemes.Salts) string {
			stored, err := w.syntax.Encode(w.scheme, secret.New("Secret12!"), salts, cheap(w.scheme))
			require.NoError(t, err)
			return stored.Text()
		}
		salts := random.Seed(7).Stream("salts")
		first := text(salts)
		assert.Equal(t, first, text(random.Seed(7).Stream("salts")), w.scheme)
		if strings.Contains("CLEAR BASE64 MD5 SHA SHA256 SHA384 SHA512", w.scheme) {
			assert.Equal(t, first, text(salts), "%s has no salt", w.scheme)
		} else {
			assert.NotEqual(t, first, text(salts), w.scheme)
		}
	}
}

func TestDefaultsAreTheVendors(t *testing.T) {
	for scheme, want := range map[string]schemes.Settings{
		"PBKDF2-HMAC-SHA256": {Rounds: 10000, Salt: 16},
		"SSHA512":            {Salt: 8},
		"PKCS5S2":            {Rounds: 10000, Salt: 16},
		"SCRAM-SHA-256":      {Rounds: 10000, Salt: 16},
		"BCRYPT":             {Rounds: 12, Salt: 16, Variant: "2a"},
		"CRYPT":              {Salt: 2, Variant: "unix"},
		"ARGON2":             {Rounds: 2, Memory: 15360, Parallelism: 1, Salt: 16, Variant: "argon2id"},
		"SCRYPT":             {Rounds: 14, Block: 8, Parallelism: 1, Salt: 16},
	} {
		stored, err := schemes.Encode(scheme, secret.New("Secret12!"), random.Seed(1).Stream("salts"), schemes.Settings{})
		require.NoError(t, err)
		assert.Equal(t, want, stored.Settings(), scheme)
	}
}

func TestNamesAreUnambiguous(t *testing.T) {
	seen := map[string]string{}
	for _, s := range schemes.Known() {
		for _, name := range append([]string{s.Name}, s.Aliases...) {
			key := strings.ToLower(name)
			if other, taken := seen[key]; taken {
				assert.Equal(t, s.Name, other, "%q", name)
			}
			seen[key] = s.Name
			found, known := schemes.Lookup(strings.ToUpper(name))
			require.True(t, known, name)
			assert.Equal(t, s.Name, found.Name)
		}
	}
	_, known := schemes.Lookup("")
	assert.False(t, known)
	s, _ := schemes.Lookup("CLEAR")
	s.Aliases[0] = "changed"
	again, _ := schemes.Lookup("CLEAR")
	assert.Equal(t, "Clear", again.Aliases[0], "the list is nobody's to change")
}

func TestVerifyFromManyGoroutines(t *testing.T) { // the race detector is the judge
	for _, w := range writable() {
		stored, err := w.syntax.Encode(w.scheme, secret.New("Secret12!"), random.Seed(1).Stream("salts"), cheap(w.scheme))
		require.NoError(t, err)
		var group sync.WaitGroup
		for i := range 8 {
			group.Go(func() {
				password, want := "Secret12!", i%2 == 0
				if !want {
					password = "?" + password
				}
				verified, err := stored.Verify(secret.New(password))
				assert.NoError(t, err)
				assert.Equal(t, want, verified, w.scheme)
			})
		}
		group.Wait()
	}
}
