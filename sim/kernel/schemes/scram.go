package schemes

import (
	"crypto/hmac"
	"slices"
	"strconv"
	"strings"
)

// scram makes StoredKey and ServerKey of RFC 5802, one behind the other. Passwords are taken as they are, without
// SASLprep, which changes nothing in those of ASCII.
type scram struct{ derivation }

func (s scram) derive(password string) ([]byte, error) {
	salted, err := s.derivation.derive(password)
	if err != nil {
		return nil, err
	}
	keyed := func(label string) string {
		mac := hmac.New(s.algorithm.fresh, salted)
		_, _ = mac.Write([]byte(label))
		return string(mac.Sum(nil))
	}
	return append(s.algorithm.of(keyed("Client Key")), keyed("Server Key")...), nil
}

// scramKeys is {SCRAM-SHA-256} and {SCRAM-SHA-512}. PingDS stores "in the format of RFC 5803" (PingDS, Configuration
// Reference, SCRAM-SHA-256 Password Storage Scheme), which has the parts but belongs to authPassword; how they are
// joined in userPassword is not published. Written is RFC 5803's own join; read is the commas of GNU SASL and Dovecot too.
type scramKeys struct{ algorithm algorithm }

func (f scramKeys) parse(payload string) (method, []byte, error) {
	if parts := strings.Split(payload, ","); len(parts) == 4 {
		return f.parts(parts[0], parts[1], parts[2], parts[3])
	}
	info, value, found := strings.Cut(payload, "$")
	if !found {
		return nil, nil, malformed("no dollar sign stands between salt and keys, nor are there four parts with commas")
	}
	return f.parseAuth(info, value)
}

func (f scramKeys) parseAuth(info, value string) (method, []byte, error) {
	count, salt, found := strings.Cut(info, ":")
	if !found {
		return nil, nil, malformed("no colon stands between iterations and salt")
	}
	storedKey, serverKey, found := strings.Cut(value, ":")
	if !found {
		return nil, nil, malformed("no colon stands between the two keys")
	}
	return f.parts(count, salt, storedKey, serverKey)
}

func (f scramKeys) parts(count, saltText, storedText, serverText string) (method, []byte, error) {
	rounds, err := positive("number of iterations", count)
	if err != nil {
		return nil, nil, err
	}
	salt, err := decode64("salt", saltText)
	if err != nil {
		return nil, nil, err
	}
	if len(salt) == 0 {
		return nil, nil, malformed("the salt is empty")
	}
	var keys []byte
	for _, key := range []struct{ name, text string }{{"stored key", storedText}, {"server key", serverText}} {
		data, err := decode64(key.name, key.text)
		if err != nil {
			return nil, nil, err
		}
		if len(data) != f.algorithm.size {
			return nil, nil, malformed("the %s has %d bytes, not %d", key.name, len(data), f.algorithm.size)
		}
		keys = slices.Concat(keys, data)
	}
	return scram{derivation{f.algorithm, rounds, f.algorithm.size, salt}}, keys, nil
}

func (f scramKeys) fresh(salts Salts, s Settings) (method, error) {
	rounds, salt := orElse(s.Rounds, 10000), salts.Bytes(orElse(s.Salt, 16))
	return scram{derivation{f.algorithm, rounds, f.algorithm.size, salt}}, nil
}

func (f scramKeys) render(m method, got []byte) string {
	info, value := f.renderAuth(m, got)
	return info + "$" + value
}

func (f scramKeys) renderAuth(m method, got []byte) (info, value string) {
	s, _ := m.(scram)
	return strconv.Itoa(s.rounds) + ":" + encode64(s.salt),
		encode64(got[:f.algorithm.size]) + ":" + encode64(got[f.algorithm.size:])
}
