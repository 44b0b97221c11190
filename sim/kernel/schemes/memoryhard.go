package schemes

import (
	"encoding/base64"
	"fmt"
	"math"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/scrypt"
)

// How PingDS writes Argon2 and scrypt is not published. Assumed is the PHC string format: parameters, then salt and
// hash in base64 without padding.

type argon struct {
	variant     string
	passes      uint32
	memory      uint32 // KiB
	parallelism uint8
	salt        []byte
	size        uint32
}

func (a argon) derive(password string) ([]byte, error) {
	switch a.variant {
	case "argon2id":
		return argon2.IDKey([]byte(password), a.salt, a.passes, a.memory, a.parallelism, a.size), nil
	case "argon2i":
		return argon2.Key([]byte(password), a.salt, a.passes, a.memory, a.parallelism, a.size), nil
	default:
		return nil, &Error{Problem: "golang.org/x/crypto has no Argon2d", Kind: ErrNotVerifiable}
	}
}

func (a argon) afford() error { return affordMemory(uint64(a.memory), uint64(a.passes)) }

func (a argon) settings() Settings {
	return Settings{
		Rounds: int(a.passes), Memory: int(a.memory), Parallelism: int(a.parallelism), Salt: len(a.salt), Variant: a.variant,
	}
}

func affordMemory(kib, times uint64) error {
	if kib > MaxMemory {
		return tooCostly("%d KiB of memory are over the limit of %d", kib, MaxMemory)
	}
	if kib*times > MaxTraffic {
		return tooCostly("%d KiB of memory %d times are over the limit of %d", kib, times, MaxTraffic)
	}
	return nil
}

// phcArgon2 is {ARGON2}. The defaults are PingDS' (Configuration Reference, Argon2 Password Storage Scheme).
type phcArgon2 struct{}

func (phcArgon2) parse(payload string) (method, []byte, error) {
	fields := strings.Split(payload, "$")
	if len(fields) != 6 || fields[0] != "" {
		return nil, nil, malformed("it is not of the form $argon2id$v=19$m=…,t=…,p=…$salt$hash")
	}
	a := argon{variant: fields[1]}
	switch a.variant {
	case "argon2id", "argon2i", "argon2d":
	default:
		return nil, nil, malformed("the variant is not one of argon2id, argon2i, argon2d")
	}
	if fields[2] != "v=19" {
		return nil, nil, malformed("the version is not v=19")
	}
	var p uint32
	if err := parameters(fields[3], "m=%d,t=%d,p=%d", &a.memory, &a.passes, &p); err != nil {
		return nil, nil, err
	}
	if p > math.MaxUint8 || a.memory < 8*p {
		return nil, nil, malformed("p is over 255, or m is below 8 KiB for each lane")
	}
	a.parallelism = uint8(p)
	salt, want, err := saltAndHash(fields[4], fields[5])
	if err != nil {
		return nil, nil, err
	}
	a.salt, a.size = salt, uint32(len(want)) //nolint:gosec // G115: bounded by saltAndHash
	return a, want, nil
}

func (phcArgon2) fresh(salts Salts, s Settings) (method, error) {
	passes, memory, lanes := orElse(s.Rounds, 2), orElse(s.Memory, 15360), orElse(s.Parallelism, 1)
	a := argon{variant: "argon2id", size: 32}
	if s.Variant != "" {
		a.variant = s.Variant
	}
	if passes < 1 || passes > math.MaxInt32 || lanes < 1 || lanes > math.MaxUint8 || memory < 1 || memory < 8*lanes || memory > math.MaxInt32 {
		return nil, malformed("rounds, memory or parallelism are out of range")
	}
	a.passes, a.memory, a.parallelism = uint32(passes), uint32(memory), uint8(lanes)
	a.salt = salts.Bytes(orElse(s.Salt, 16))
	return a, nil
}

func (phcArgon2) render(m method, got []byte) string {
	a, _ := m.(argon)
	return fmt.Sprintf("$%s$v=19$m=%d,t=%d,p=%d$%s$%s", a.variant, a.memory, a.passes, a.parallelism,
		base64.RawStdEncoding.EncodeToString(a.salt), base64.RawStdEncoding.EncodeToString(got))
}

type sequential struct {
	logN, block, parallelism uint32
	salt                     []byte
	size                     int
}

func (s sequential) derive(password string) ([]byte, error) {
	return scrypt.Key([]byte(password), s.salt, 1<<s.logN, int(s.block), int(s.parallelism), s.size)
}

func (s sequential) afford() error {
	if s.logN > 30 || s.block > 1<<20 {
		return tooCostly("ln=%d with r=%d is over the limit of %d KiB of memory", s.logN, s.block, MaxMemory)
	}
	return affordMemory((uint64(s.block)<<s.logN+7)/8, uint64(s.parallelism))
}

func (s sequential) settings() Settings {
	return Settings{Rounds: int(s.logN), Block: int(s.block), Parallelism: int(s.parallelism), Salt: len(s.salt)}
}

// phcScrypt is {SCRYPT}.
type phcScrypt struct{}

func (phcScrypt) parse(payload string) (method, []byte, error) {
	fields := strings.Split(payload, "$")
	if len(fields) != 5 || fields[0] != "" || fields[1] != "scrypt" {
		return nil, nil, malformed("it is not of the form $scrypt$ln=…,r=…,p=…$salt$hash")
	}
	var s sequential
	if err := parameters(fields[2], "ln=%d,r=%d,p=%d", &s.logN, &s.block, &s.parallelism); err != nil {
		return nil, nil, err
	}
	salt, want, err := saltAndHash(fields[3], fields[4])
	if err != nil {
		return nil, nil, err
	}
	s.salt, s.size = salt, len(want)
	return s, want, nil
}

func (phcScrypt) fresh(salts Salts, s Settings) (method, error) {
	n, r, p := orElse(s.Rounds, 14), orElse(s.Block, 8), orElse(s.Parallelism, 1)
	if n < 1 || n > 62 || r < 1 || r > math.MaxInt32 || p < 1 || p > math.MaxInt32 {
		return nil, malformed("rounds, block or parallelism are out of range")
	}
	return sequential{uint32(n), uint32(r), uint32(p), salts.Bytes(orElse(s.Salt, 16)), 32}, nil
}

func (phcScrypt) render(m method, got []byte) string {
	s, _ := m.(sequential)
	return fmt.Sprintf("$scrypt$ln=%d,r=%d,p=%d$%s$%s", s.logN, s.block, s.parallelism,
		base64.RawStdEncoding.EncodeToString(s.salt), base64.RawStdEncoding.EncodeToString(got))
}

// parameters reads three numbers from 1 on, which must be spelled as Go spells them.
func parameters(text, form string, x, y, z *uint32) error {
	if _, err := fmt.Sscanf(text, form, x, y, z); err != nil || fmt.Sprintf(form, *x, *y, *z) != text || *x == 0 || *y == 0 || *z == 0 {
		return malformed("the parameters are not of the form %s, each at least 1", strings.ReplaceAll(form, "%d", "…"))
	}
	return nil
}

func saltAndHash(saltText, hashText string) (salt, hash []byte, err error) {
	salt, err = base64.RawStdEncoding.DecodeString(saltText)
	if err != nil || len(salt) < 8 || strings.ContainsAny(saltText, "\r\n") {
		return nil, nil, malformed("the salt is not base64 without padding, of at least 8 bytes")
	}
	hash, err = base64.RawStdEncoding.DecodeString(hashText)
	if err != nil || len(hash) < 16 || len(hash) > 1024 || strings.ContainsAny(hashText, "\r\n") {
		return nil, nil, malformed("the hash is not base64 without padding, of 16 to 1024 bytes")
	}
	return salt, hash, nil
}
