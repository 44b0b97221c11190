package schemes

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const dots = "••••••••"

// Stored is a password as a directory stores it. The zero Stored verifies nothing. It shows its scheme and dots in fmt,
// JSON and slog, for whoever has a fast hash of a weak password has the password. It is safe for concurrent use.
type Stored struct {
	// A pointer, so that fmt prints no more than an address when a Stored lies in an unexported field, where fmt may not
	// call Format.
	it *stored
}

type stored struct {
	scheme string
	text   string
	method method
	want   []byte
}

// method is one way from a password to what is stored of it, with salt and cost already in it.
type method interface {
	// derive computes what is to be compared.
	derive(password string) ([]byte, error)
	// afford refuses what would take too long or too much memory.
	afford() error
	settings() Settings
}

// Scheme is the name of the scheme, as its vendor writes it.
func (s Stored) Scheme() string {
	if s.it == nil {
		return ""
	}
	return s.it.scheme
}

// Text is the stored form, byte for byte as it was parsed. Like Reveal of a secret, it is for the places that store it
// or hand it over.
func (s Stored) Text() string {
	if s.it == nil {
		return ""
	}
	return s.it.text
}

// Settings are the cost, salt length and variant that the stored form carries: what a directory compares with its
// configuration to decide on a rehash.
func (s Stored) Settings() Settings {
	if s.it == nil {
		return Settings{}
	}
	return s.it.method.settings()
}

// Verify tells whether the password is the stored one. The comparison takes the same time wherever they differ. An
// error is of kind ErrNotVerifiable or ErrTooCostly and means "no" to whoever logs in.
func (s Stored) Verify(password secret.Value) (bool, error) {
	if s.it == nil {
		return false, &Error{Problem: "nothing is stored", Kind: ErrNotVerifiable}
	}
	got, err := compute(s.it.method, password)
	if err != nil {
		return false, under(s.it.scheme, err)
	}
	return subtle.ConstantTimeCompare(got, s.it.want) == 1, nil
}

// compute derives within the limits.
func compute(m method, password secret.Value) ([]byte, error) {
	if err := m.afford(); err != nil {
		return nil, err
	}
	plain := password.Reveal()
	if len(plain) > MaxPassword {
		return nil, tooCostly("the password has %d bytes, over the limit of %d", len(plain), MaxPassword)
	}
	return m.derive(plain)
}

// String shows scheme and dots.
func (s Stored) String() string {
	if s.it == nil {
		return dots
	}
	return "{" + s.it.scheme + "}" + dots
}

// Format shows scheme and dots, whatever the verb.
func (s Stored) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText shows scheme and dots in JSON, YAML and XML alike.
func (s Stored) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue shows scheme and dots in slog.
func (s Stored) LogValue() slog.Value { return slog.StringValue(s.String()) }
