package schemes

import "slices"

// digest is a hash of the password and, behind or before it, the salt.
type digest struct {
	algorithm algorithm
	salt      []byte
	saltFirst bool
}

func (d digest) derive(password string) ([]byte, error) {
	if d.saltFirst {
		return d.algorithm.of(string(d.salt), password), nil
	}
	return d.algorithm.of(password, string(d.salt)), nil
}

func (d digest) afford() error      { return nil }
func (d digest) settings() Settings { return Settings{Salt: len(d.salt)} }

// plainDigest is {SHA} and its like: base64 of the digest.
type plainDigest struct{ algorithm algorithm }

func (f plainDigest) parse(payload string) (method, []byte, error) {
	data, err := decode64("value", payload)
	if err != nil {
		return nil, nil, err
	}
	if len(data) != f.algorithm.size {
		return nil, nil, malformed("%d bytes are no digest of %d", len(data), f.algorithm.size)
	}
	return digest{algorithm: f.algorithm}, data, nil
}

func (f plainDigest) fresh(Salts, Settings) (method, error) { //nolint:unparam // one of the makers
	return digest{algorithm: f.algorithm}, nil
}

func (f plainDigest) render(_ method, got []byte) string { return encode64(got) }

// saltedDigest is {SSHA} and its like: base64 of digest and salt. Any length of salt is read, as OpenDJ does; it writes
// eight bytes (OpenDJ, SaltedSHA512PasswordStorageScheme).
type saltedDigest struct{ algorithm algorithm }

func (f saltedDigest) parse(payload string) (method, []byte, error) {
	data, err := decode64("value", payload)
	if err != nil {
		return nil, nil, err
	}
	want, salt, err := split(data, f.algorithm.size)
	if err != nil {
		return nil, nil, err
	}
	return digest{algorithm: f.algorithm, salt: salt}, want, nil
}

func (f saltedDigest) fresh(salts Salts, s Settings) (method, error) {
	return digest{algorithm: f.algorithm, salt: salts.Bytes(orElse(s.Salt, 8))}, nil
}

func (f saltedDigest) render(m method, got []byte) string {
	d, _ := m.(digest)
	return encode64(slices.Concat(got, d.salt))
}
