package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"slices"
	"sync"
)

const dots = "••••••••"

// Value is a secret string. The zero Value is empty.
type Value struct {
	text string
}

// New wraps text.
func New(text string) Value { return Value{text: text} }

// Reveal opens the secret. Its callers are the places where a secret may be seen.
func (v Value) Reveal() string { return v.text }

// Empty tells whether there is no secret.
func (v Value) Empty() bool { return v.text == "" }

// Equal compares in constant time.
func (v Value) Equal(other Value) bool {
	a, b := sha256.Sum256([]byte(v.text)), sha256.Sum256([]byte(other.text))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// String shows dots.
func (v Value) String() string { return dots }

// Format shows dots, whatever the verb.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, dots) }

// MarshalText shows dots in JSON, YAML and XML alike.
func (v Value) MarshalText() ([]byte, error) { return []byte(dots), nil }

// UnmarshalText takes the secret from a configuration file or a request.
func (v *Value) UnmarshalText(text []byte) error {
	v.text = string(text)
	return nil
}

// LogValue shows dots in slog.
func (v Value) LogValue() slog.Value { return slog.StringValue(dots) }

// Digest stands for a secret: equal secrets have equal digests under one Digester.
type Digest [16]byte

// IsZero tells whether the digest stands for no secret at all.
func (d Digest) IsZero() bool { return d == Digest{} }

// String is 32 hexadecimal digits.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Digester makes keyed digests, HMAC-SHA-256 cut to 128 bits. It is safe for concurrent use.
type Digester struct {
	macs sync.Pool // a keyed MAC costs more to set up than to use
}

// NewDigester returns a Digester under the key, which should be at least 16 random bytes.
func NewDigester(key []byte) *Digester {
	key = slices.Clone(key)
	return &Digester{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// Digest returns the keyed digest of v.
func (d *Digester) Digest(v Value) Digest {
	mac, ok := d.macs.Get().(hash.Hash)
	if !ok {
		return Digest{} // cannot be: the pool makes nothing else
	}
	defer d.macs.Put(mac)
	mac.Reset()
	_, _ = io.WriteString(mac, v.text)
	var sum [sha256.Size]byte
	return Digest(mac.Sum(sum[:0])[:16])
}
