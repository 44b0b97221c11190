package seal

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

const dots = "••••••••"

// Secret is a password, key or token in clear. It prints as dots everywhere; its bytes are its owner's to wipe.
type Secret []byte

// Wipe overwrites the secret. Copies that the runtime or net/http made on the way are beyond reach.
func (s Secret) Wipe() { clear(s) }

// Clone returns a copy that outlives the wiping of s.
func (s Secret) Clone() Secret { return append(Secret(nil), s...) }

// Equal compares in constant time, whatever the lengths.
func (s Secret) Equal(other Secret) bool {
	a, b := sha256.Sum256(s), sha256.Sum256(other)
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// String shows dots.
func (s Secret) String() string { return dots }

// Format shows dots, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, dots) }

// MarshalText shows dots in JSON, YAML and XML alike.
func (s Secret) MarshalText() ([]byte, error) { return []byte(dots), nil }

// LogValue shows dots in slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(dots) }
