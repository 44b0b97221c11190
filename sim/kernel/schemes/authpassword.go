package schemes

import (
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// authFormat is how one scheme is written as authInfo and authValue.
type authFormat interface {
	parseAuth(info, value string) (method, []byte, error)
	fresh(salts Salts, s Settings) (method, error)
	renderAuth(m method, got []byte) (info, value string)
}

func parseAuthPassword(text string) (Stored, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 3 {
		return Stored{}, &Error{Problem: "it is not of the form scheme$info$value", Kind: ErrNotEncoded}
	}
	name, info, value := strings.Trim(parts[0], " "), strings.Trim(parts[1], " "), strings.Trim(parts[2], " ")
	for _, e := range entries {
		if e.auth == nil || !strings.EqualFold(e.AuthPassword, name) {
			continue
		}
		m, want, err := e.auth.parseAuth(info, value)
		if err != nil {
			return Stored{}, under(e.Name, err)
		}
		return Stored{&stored{e.Name, text, m, want}}, nil
	}
	return Stored{}, &Error{Problem: "the name before the first dollar sign is of no scheme that this syntax has", Kind: ErrUnknown}
}

func encodeAuthPassword(e entry, password secret.Value, salts Salts, s Settings) (Stored, error) {
	if e.auth == nil {
		return Stored{}, under(e.Name, &Error{Problem: "this syntax does not have it", Kind: ErrUnknown})
	}
	m, got, err := encode(e.auth, password, salts, s)
	if err != nil {
		return Stored{}, under(e.Name, err)
	}
	info, value := e.auth.renderAuth(m, got)
	return Stored{&stored{e.Name, e.AuthPassword + "$" + info + "$" + value, m, got}}, nil
}

// authDigest is SHA1$salt$digest and its like. In this syntax the names without an S are the salted ones (RFC 3112,
// section 3; OpenDJ, SaltedSHA1PasswordStorageScheme).
type authDigest struct{ algorithm algorithm }

func (f authDigest) parseAuth(info, value string) (method, []byte, error) {
	salt, err := decode64("salt", info)
	if err != nil {
		return nil, nil, err
	}
	want, err := decode64("value", value)
	if err != nil {
		return nil, nil, err
	}
	if len(want) != f.algorithm.size {
		return nil, nil, malformed("%d bytes are no digest of %d", len(want), f.algorithm.size)
	}
	return digest{algorithm: f.algorithm, salt: salt}, want, nil
}

func (f authDigest) fresh(salts Salts, s Settings) (method, error) {
	return saltedDigest(f).fresh(salts, s)
}

func (f authDigest) renderAuth(m method, got []byte) (info, value string) {
	d, _ := m.(digest)
	return encode64(d.salt), encode64(got)
}

// authIterated is PBKDF2$iterations:salt$key (OpenDJ, AbstractPBKDF2PasswordStorageScheme).
type authIterated struct{ algorithm algorithm }

func (f authIterated) parseAuth(info, value string) (method, []byte, error) {
	count, saltText, found := strings.Cut(info, ":")
	if !found {
		return nil, nil, malformed("no colon stands between iterations and salt")
	}
	rounds, err := positive("number of iterations", count)
	if err != nil {
		return nil, nil, err
	}
	salt, err := decode64("salt", saltText)
	if err != nil {
		return nil, nil, err
	}
	if len(salt) == 0 { // Java's PBEKeySpec refuses it
		return nil, nil, malformed("the salt is empty")
	}
	want, err := decode64("value", value)
	if err != nil {
		return nil, nil, err
	}
	if len(want) != f.algorithm.size {
		return nil, nil, malformed("%d bytes are no key of %d", len(want), f.algorithm.size)
	}
	return derivation{f.algorithm, rounds, f.algorithm.size, salt}, want, nil
}

func (f authIterated) fresh(salts Salts, s Settings) (method, error) {
	return iterated{f.algorithm, f.algorithm.size, ""}.fresh(salts, s)
}

func (f authIterated) renderAuth(m method, got []byte) (info, value string) {
	d, _ := m.(derivation)
	return strconv.Itoa(d.rounds) + ":" + encode64(d.salt), encode64(got)
}
