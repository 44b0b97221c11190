package schemes

// plaintext is the password itself. The comparison shows whether the lengths are equal, and nothing else.
type plaintext struct{}

func (plaintext) derive(password string) ([]byte, error) { return []byte(password), nil }
func (plaintext) afford() error                          { return nil }
func (plaintext) settings() Settings                     { return Settings{} }

// clearText is {CLEAR}.
type clearText struct{}

func (clearText) parse(payload string) (method, []byte, error) {
	return plaintext{}, []byte(payload), nil
}
func (clearText) fresh(Salts, Settings) (method, error) { return plaintext{}, nil }
func (clearText) render(_ method, got []byte) string    { return string(got) }

// clear64 is {BASE64}.
type clear64 struct{}

func (clear64) parse(payload string) (method, []byte, error) {
	data, err := decode64("value", payload)
	return plaintext{}, data, err
}

func (clear64) fresh(Salts, Settings) (method, error) { return plaintext{}, nil }
func (clear64) render(_ method, got []byte) string    { return encode64(got) }

// sealed cannot be opened here.
type sealed struct{ why string }

func (s sealed) derive(string) ([]byte, error) {
	return nil, &Error{Problem: s.why, Kind: ErrNotVerifiable}
}
func (sealed) afford() error      { return nil }
func (sealed) settings() Settings { return Settings{} }

// encrypted is {AES} and its like: a version byte, the 16 bytes of a key's id, initialisation vector and ciphertext. The
// key is the server's (OpenDJ, AESPasswordStorageScheme and CryptoManagerImpl), so only the form can be checked.
type encrypted struct{}

func (encrypted) parse(payload string) (method, []byte, error) {
	data, err := decode64("value", payload)
	if err != nil {
		return nil, nil, err
	}
	if len(data) <= 17 || data[0] != 1 {
		return nil, nil, malformed("it is not version 1, a key id of 16 bytes and a ciphertext")
	}
	return sealed{"encrypted with a key of the server that wrote it"}, nil, nil
}
