package schemes

import (
	"strconv"
	"strings"
)

const cryptAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// unixCrypt is crypt(3) in the four variants that OpenDJ reads whatever it writes: DES, MD5, SHA-256 and SHA-512
// (OpenDJ, CryptPasswordStorageScheme). What is compared is the text behind the salt.
type unixCrypt struct {
	variant string
	salt    string
	rounds  int
	// spelled tells that the text names its rounds, which it may also do with the default of 5000.
	spelled bool
}

func (c unixCrypt) derive(password string) ([]byte, error) {
	if len(password) > maxCryptPassword {
		return nil, tooCostly("the password has %d bytes, over the limit of %d", len(password), maxCryptPassword)
	}
	switch c.variant {
	case "1":
		return []byte(md5Crypt(password, c.salt)), nil
	case "5":
		return []byte(shaCrypt(hashSHA256, password, c.salt, c.rounds)), nil
	case "6":
		return []byte(shaCrypt(hashSHA512, password, c.salt, c.rounds)), nil
	default:
		low, high := strings.IndexByte(cryptAlphabet, c.salt[0]), strings.IndexByte(cryptAlphabet, c.salt[1])
		return []byte(desCrypt(password, high<<6|low)), nil
	}
}

func (c unixCrypt) afford() error {
	if c.rounds > MaxCryptRounds {
		return tooCostly("%d rounds are over the limit of %d", c.rounds, MaxCryptRounds)
	}
	return nil
}

func (c unixCrypt) settings() Settings {
	return Settings{Rounds: c.rounds, Salt: len(c.salt), Variant: c.variant}
}

const (
	defaultCryptRounds = 5000
	minCryptRounds     = 1000
	maxCryptRounds     = 999_999_999
)

// crypt3 is {CRYPT}.
type crypt3 struct{}

// cryptShapes are the characters of salt allowed and of hash wanted.
var cryptShapes = map[string]struct{ salt, hash int }{"1": {8, 22}, "5": {16, 43}, "6": {16, 86}}

func (crypt3) parse(payload string) (method, []byte, error) {
	if !strings.HasPrefix(payload, "$") {
		if len(payload) != 13 || !inCryptAlphabet(payload) {
			return nil, nil, malformed("it is neither 13 characters of crypt's alphabet nor of the form $1$, $5$ or $6$")
		}
		return unixCrypt{variant: "unix", salt: payload[:2]}, []byte(payload[2:]), nil
	}
	variant, rest, _ := strings.Cut(payload[1:], "$")
	shape, known := cryptShapes[variant]
	if !known {
		return nil, nil, malformed("the variant is not one of $1$, $5$, $6$")
	}
	c := unixCrypt{variant: variant}
	if variant != "1" {
		c.rounds = defaultCryptRounds
		if count, found := strings.CutPrefix(rest, "rounds="); found {
			count, rest, _ = strings.Cut(count, "$")
			rounds, err := strconv.Atoi(count)
			// crypt(3) raises or lowers other numbers and says so in its result, which then differs from this text.
			if err != nil || strconv.Itoa(rounds) != count || rounds < minCryptRounds || rounds > maxCryptRounds {
				return nil, nil, malformed("the rounds are no number from %d to %d", minCryptRounds, maxCryptRounds)
			}
			c.rounds, c.spelled = rounds, true
		}
	}
	salt, hash, found := strings.Cut(rest, "$")
	if !found || len(salt) > shape.salt || strings.ContainsAny(salt, ":\n\x00") {
		return nil, nil, malformed("the salt is not of up to %d characters and a dollar sign", shape.salt)
	}
	if len(hash) != shape.hash || !inCryptAlphabet(hash) {
		return nil, nil, malformed("the hash is not of %d characters of crypt's alphabet", shape.hash)
	}
	c.salt = salt
	return c, []byte(hash), nil
}

// fresh writes DES unless told otherwise, as OpenDJ does.
func (crypt3) fresh(salts Salts, s Settings) (method, error) {
	c := unixCrypt{variant: "unix"}
	if s.Variant != "" {
		c.variant = s.Variant
	}
	length := 2
	if c.variant != "unix" {
		shape, known := cryptShapes[c.variant]
		if !known {
			return nil, malformed("the variant is not one of unix, 1, 5, 6")
		}
		length = orElse(s.Salt, shape.salt)
		if length < 1 || length > shape.salt {
			return nil, malformed("a salt of %d characters is not from 1 to %d", length, shape.salt)
		}
	}
	if c.variant == "5" || c.variant == "6" {
		c.rounds, c.spelled = orElse(s.Rounds, defaultCryptRounds), s.Rounds != 0
		if c.rounds < minCryptRounds || c.rounds > maxCryptRounds {
			return nil, malformed("%d rounds are not from %d to %d", c.rounds, minCryptRounds, maxCryptRounds)
		}
	}
	salt := salts.Bytes(length)
	for i, b := range salt {
		salt[i] = cryptAlphabet[b&63]
	}
	c.salt = string(salt)
	return c, nil
}

func (crypt3) render(m method, got []byte) string {
	c, _ := m.(unixCrypt)
	if c.variant == "unix" {
		return c.salt + string(got)
	}
	text := "$" + c.variant + "$"
	if c.spelled {
		text += "rounds=" + strconv.Itoa(c.rounds) + "$"
	}
	return text + c.salt + "$" + string(got)
}

func inCryptAlphabet(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune(cryptAlphabet, r) }) < 0
}
