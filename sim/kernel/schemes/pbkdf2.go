package schemes

import (
	"crypto/pbkdf2"
	"slices"
	"strconv"
	"strings"
)

// derivation is PBKDF2.
type derivation struct {
	algorithm algorithm
	rounds    int
	size      int
	salt      []byte
}

func (d derivation) derive(password string) ([]byte, error) {
	return pbkdf2.Key(d.algorithm.fresh, password, d.salt, d.rounds, d.size)
}

func (d derivation) afford() error {
	blocks := (d.size + d.algorithm.size - 1) / d.algorithm.size
	if d.rounds > MaxIterations/blocks {
		return tooCostly("%d iterations for each of %d blocks are over the limit of %d", d.rounds, blocks, MaxIterations)
	}
	return nil
}

func (d derivation) settings() Settings { return Settings{Rounds: d.rounds, Salt: len(d.salt)} }

// iterated is {PBKDF2-HMAC-SHA256} and its like: iterations, a separator, base64 of derived key and salt. DS separates
// with a colon (OpenDJ, AbstractPBKDF2PasswordStorageScheme), IDCS with a dollar sign (Oracle, Importing and Exporting
// Users, Groups, and AppRoles). DS 7 writes salts of 16 bytes, OpenDJ of 8; the default of iterations is 10000 in
// both, although a freshly set up DS 7 says 10 in its configuration.
type iterated struct {
	algorithm algorithm
	size      int
	separator string
}

func (f iterated) parse(payload string) (method, []byte, error) {
	count, rest, found := strings.Cut(payload, f.separator)
	if !found {
		return nil, nil, malformed("no %q stands between iterations and value", f.separator)
	}
	rounds, err := positive("number of iterations", count)
	if err != nil {
		return nil, nil, err
	}
	data, err := decode64("value", rest)
	if err != nil {
		return nil, nil, err
	}
	want, salt, err := split(data, f.size)
	if err != nil {
		return nil, nil, err
	}
	return derivation{f.algorithm, rounds, f.size, salt}, want, nil
}

func (f iterated) fresh(salts Salts, s Settings) (method, error) {
	return derivation{f.algorithm, orElse(s.Rounds, 10000), f.size, salts.Bytes(orElse(s.Salt, 16))}, nil
}

func (f iterated) render(m method, got []byte) string {
	d, _ := m.(derivation)
	return strconv.Itoa(d.rounds) + f.separator + encode64(slices.Concat(got, d.salt))
}

// atlassian is {PKCS5S2}: 16 bytes of salt before 32 of PBKDF2-HMAC-SHA1, always 10000 iterations (OpenDJ,
// PKCS5S2PasswordStorageScheme).
type atlassian struct{}

const (
	atlassianSalt   = 16
	atlassianSize   = 32
	atlassianRounds = 10000
)

func (atlassian) parse(payload string) (method, []byte, error) {
	data, err := decode64("value", payload)
	if err != nil {
		return nil, nil, err
	}
	if len(data) != atlassianSalt+atlassianSize {
		return nil, nil, malformed("%d bytes are no salt of %d and key of %d", len(data), atlassianSalt, atlassianSize)
	}
	return derivation{hashSHA1, atlassianRounds, atlassianSize, data[:atlassianSalt]}, data[atlassianSalt:], nil
}

func (atlassian) fresh(salts Salts, _ Settings) (method, error) { //nolint:unparam // one of the makers
	return derivation{hashSHA1, atlassianRounds, atlassianSize, salts.Bytes(atlassianSalt)}, nil
}

func (atlassian) render(m method, got []byte) string {
	d, _ := m.(derivation)
	return encode64(slices.Concat(d.salt, got))
}
