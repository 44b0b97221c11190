package schemes

import (
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/blowfish" //nolint:staticcheck // SA1019: bcrypt is made of it
)

// eksBlowfish is bcrypt. golang.org/x/crypto/bcrypt has the same few lines over the same cipher but draws its own salts,
// so a seed would not repeat a run; it also knows no variant "2". The tests hold the two against each other.
type eksBlowfish struct {
	variant string
	rounds  int
	salt    []byte
}

const (
	bcryptSalt   = 16
	bcryptDigest = 23 // the last of 24 bytes is cut off, as in the first implementation
	bcryptText   = "OrpheanBeholderScryDoubt"
	bcryptMin    = 4
	bcryptMax    = 31
)

// radix64 is bcrypt's own alphabet.
var radix64 = base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)

// derive takes no more than the first 72 bytes of the password into account: the cipher's key schedule ends there.
func (b eksBlowfish) derive(password string) ([]byte, error) {
	key := []byte(password)
	if b.variant != "2" {
		key = append(key, 0) // since "2a" the end of the string counts
	}
	cipher, err := blowfish.NewSaltedCipher(key, b.salt)
	if err != nil {
		return nil, &Error{Problem: "variant 2 has no empty password", Kind: ErrNotVerifiable}
	}
	for range 1 << b.rounds {
		blowfish.ExpandKey(key, cipher)
		blowfish.ExpandKey(b.salt, cipher)
	}
	text := []byte(bcryptText)
	for i := 0; i < len(text); i += blowfish.BlockSize {
		for range 64 {
			cipher.Encrypt(text[i:i+blowfish.BlockSize], text[i:i+blowfish.BlockSize])
		}
	}
	return text[:bcryptDigest], nil
}

func (b eksBlowfish) afford() error {
	if b.rounds > MaxBcryptCost {
		return tooCostly("cost %d is over the limit of %d", b.rounds, MaxBcryptCost)
	}
	return nil
}

func (b eksBlowfish) settings() Settings {
	return Settings{Rounds: b.rounds, Salt: len(b.salt), Variant: b.variant}
}

// modularBcrypt is $2a$NN$ and 53 characters. OpenDJ reads "2" and "2a" only; whoever needs that looks at the Variant.
type modularBcrypt struct{}

func (modularBcrypt) parse(payload string) (method, []byte, error) {
	fields := strings.Split(payload, "$")
	if len(fields) != 4 || fields[0] != "" {
		return nil, nil, malformed("it is not of the form $2a$cost$salt-and-hash")
	}
	switch fields[1] {
	case "2", "2a", "2b", "2y":
	default:
		return nil, nil, malformed("the variant is not one of 2, 2a, 2b, 2y")
	}
	var rounds int
	if _, err := fmt.Sscanf(fields[2], "%2d", &rounds); err != nil || fmt.Sprintf("%02d", rounds) != fields[2] ||
		rounds < bcryptMin || rounds > bcryptMax {
		return nil, nil, malformed("the cost is not of two digits from %02d to %d", bcryptMin, bcryptMax)
	}
	const saltText = 22
	if len(fields[3]) < saltText {
		return nil, nil, malformed("the salt is not of %d characters", saltText)
	}
	return bcryptParts(fields[1], rounds, fields[3][:saltText], fields[3][saltText:])
}

// bcryptParts takes salt and hash in radix 64.
func bcryptParts(variant string, rounds int, saltText, hashText string) (method, []byte, error) {
	salt, err := radix64.DecodeString(saltText)
	if err != nil || len(saltText) != 22 || len(salt) != bcryptSalt {
		return nil, nil, malformed("the salt is not of 22 characters of bcrypt's alphabet")
	}
	want, err := radix64.DecodeString(hashText)
	if err != nil || len(hashText) != 31 || len(want) != bcryptDigest {
		return nil, nil, malformed("the hash is not of 31 characters of bcrypt's alphabet")
	}
	return eksBlowfish{variant, rounds, salt}, want, nil
}

func (modularBcrypt) fresh(salts Salts, s Settings) (method, error) {
	b := eksBlowfish{variant: "2a", rounds: orElse(s.Rounds, 12)} // PingDS' bcrypt-cost
	if s.Variant != "" {
		b.variant = s.Variant
	}
	switch b.variant {
	case "2", "2a", "2b", "2y":
	default:
		return nil, malformed("the variant is not one of 2, 2a, 2b, 2y")
	}
	if b.rounds < bcryptMin || b.rounds > bcryptMax {
		return nil, malformed("cost %d is not from %d to %d", b.rounds, bcryptMin, bcryptMax)
	}
	b.salt = salts.Bytes(bcryptSalt)
	return b, nil
}

func (modularBcrypt) render(m method, got []byte) string {
	b, _ := m.(eksBlowfish)
	return fmt.Sprintf("$%s$%02d$%s%s", b.variant, b.rounds, radix64.EncodeToString(b.salt), radix64.EncodeToString(got))
}
