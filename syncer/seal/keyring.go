package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// ErrMismatch says that no key of the ring opens a box: the key is another one, or the box was altered or moved.
var ErrMismatch = errors.New("no key opens the sealed secret")

const keySize = 32

// Box is a sealed secret. It may be stored anywhere.
type Box struct {
	Key   string `json:"key"`   // id of the key that sealed it
	Nonce []byte `json:"nonce"` // random, 12 bytes
	Text  []byte `json:"text"`  // ciphertext and tag
}

// KeyID names the key that opens the box; Keyring.IDs tells whether it is there.
func (b Box) KeyID() string { return b.Key }

// Keyring seals with its first key and opens with any. It is safe for concurrent use.
type Keyring struct {
	ids  []string // in the order of the file; the first seals
	keys map[string]cipher.AEAD
}

// IDs returns the names of the keys, the one that seals in front.
func (k *Keyring) IDs() []string { return slices.Clone(k.ids) }

// Open returns the keyring that the configuration names.
func Open(c Config) (*Keyring, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if len(c.Keys) > 0 {
		keys, err := parseKeys(c.Keys)
		if err != nil {
			return nil, fmt.Errorf("keys: %w", err)
		}
		return keys, nil
	}
	if c.KeyFile == "" {
		line, err := newKeyLine()
		if err != nil {
			return nil, err
		}
		return parseKeys(line)
	}
	keys, err := readKeyFile(c.KeyFile)
	if errors.Is(err, fs.ErrNotExist) && c.Generate {
		if err := WriteKeyFile(c.KeyFile); err != nil {
			return nil, err
		}
		return readKeyFile(c.KeyFile)
	}
	return keys, err
}

// WriteKeyFile makes a key file with one new key, readable by its owner only. It never replaces a file: the changes that
// wait under the old key would be lost with it.
func WriteKeyFile(path string) (err error) {
	line, err := newKeyLine()
	if err != nil {
		return err
	}
	defer clear(line)
	f, err := os.OpenFile(filepath.Clean(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make key file: %w", err)
	}
	defer func() {
		if closeErr := f.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("make key file: %w", closeErr)
		}
	}()
	if _, err := f.Write(line); err != nil {
		return fmt.Errorf("make key file: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("make key file: %w", err)
	}
	return nil
}

func readKeyFile(path string) (*Keyring, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("key file %s: mode %04o lets others read the keys; chmod 600 it", path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	defer clear(text)
	keys, err := parseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return keys, nil
}

func newKeyLine() ([]byte, error) {
	var raw [4 + keySize]byte
	if _, err := io.ReadFull(rand.Reader, raw[:]); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	line := []byte("k" + hex.EncodeToString(raw[:4]) + " ")
	line = base64.StdEncoding.AppendEncode(line, raw[4:])
	clear(raw[:])
	return append(line, '\n'), nil
}

var keyID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// parseKeys reads lines "id base64"; empty lines and lines that start with # are skipped. Errors never quote a key.
func parseKeys(text []byte) (*Keyring, error) {
	k := &Keyring{keys: map[string]cipher.AEAD{}}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		fields := bytes.Fields(line)
		if len(fields) == 0 || fields[0][0] == '#' {
			continue
		}
		if len(fields) != 2 {
			return nil, fmt.Errorf("line %d: %d words instead of an id and a base64 key", number, len(fields))
		}
		id := string(fields[0])
		if !keyID.MatchString(id) {
			return nil, fmt.Errorf("line %d: the key's id is not 1 to 64 letters, digits, dots, _ or -", number)
		}
		if _, taken := k.keys[id]; taken {
			return nil, fmt.Errorf("line %d: key id %q appears twice", number, id)
		}
		raw := make([]byte, base64.StdEncoding.DecodedLen(len(fields[1])))
		n, err := base64.StdEncoding.Decode(raw, fields[1])
		if err != nil || n != keySize {
			clear(raw)
			return nil, fmt.Errorf("line %d: the key is not the base64 of %d bytes", number, keySize)
		}
		aead, err := newAEAD(raw[:n])
		clear(raw)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		k.keys[id] = aead
		k.ids = append(k.ids, id)
	}
	if len(k.ids) == 0 {
		return nil, errors.New("it holds no key")
	}
	return k, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	return aead, nil
}

// Seal closes a secret under the first key, bound to the change and the user. The secret itself stays as it is.
func (k *Keyring) Seal(s Secret, change, user string) (Box, error) {
	first := k.ids[0]
	aead := k.keys[first]
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(rand.Reader, nonce); err != nil {
		return Box{}, fmt.Errorf("seal: %w", err)
	}
	return Box{Key: first, Nonce: nonce, Text: aead.Seal(nil, nonce, s, binding(first, change, user))}, nil
}

// Open returns the secret, which the caller wipes. Whatever is wrong with the box, the error is ErrMismatch.
func (k *Keyring) Open(b Box, change, user string) (Secret, error) {
	aead, ok := k.keys[b.Key]
	if !ok {
		return nil, fmt.Errorf("key %q is not in the ring: %w", b.Key, ErrMismatch)
	}
	if len(b.Nonce) != aead.NonceSize() {
		return nil, ErrMismatch
	}
	s, err := aead.Open(nil, b.Nonce, b.Text, binding(b.Key, change, user))
	if err != nil {
		return nil, ErrMismatch // The cause is always "authentication failed"; it says no more.
	}
	return s, nil
}

// binding is the additional data: unambiguous, because JSON quotes its parts.
func binding(parts ...string) []byte {
	data, _ := json.Marshal(append([]string{"seatrial/seal/v1"}, parts...)) //nolint:errchkjson // Strings always marshal.
	return data
}
