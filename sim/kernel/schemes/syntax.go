package schemes

import (
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Syntax is a way in which stored passwords are written as one text.
type Syntax int

// The syntaxes.
const (
	// UserPassword is {SCHEME}value, of LDAP's userPassword in PingDS and OpenDJ.
	UserPassword Syntax = iota
	// AuthPassword is scheme$info$value, of RFC 3112; spaces may stand around the dollar signs.
	AuthPassword
	// IDCS is {SCHEME}value as Oracle takes it on creation and import of users.
	IDCS
)

// Parse reads a stored password in the syntax UserPassword.
func Parse(text string) (Stored, error) { return UserPassword.Parse(text) }

// Encode makes a stored password in the syntax UserPassword.
func Encode(scheme string, password secret.Value, salts Salts, s Settings) (Stored, error) {
	return UserPassword.Encode(scheme, password, salts, s)
}

// PreEncoded tells whether a directory takes the text for an encoded password: braces with something in them and
// something behind. It asks no more, so {winter}2026 is one (OpenDJ, UserPasswordSyntax.isEncoded).
func PreEncoded(text string) bool {
	_, _, found := braces(text)
	return found
}

func braces(text string) (name, payload string, found bool) {
	if !strings.HasPrefix(text, "{") {
		return "", "", false
	}
	name, payload, found = strings.Cut(text[1:], "}")
	return name, payload, found && name != "" && payload != ""
}

// Parse reads a stored password. Names of schemes are case-insensitive.
func (y Syntax) Parse(text string) (Stored, error) {
	if y == AuthPassword {
		return parseAuthPassword(text)
	}
	name, payload, found := braces(text)
	if !found {
		return Stored{}, &Error{Problem: "it is not of the form {SCHEME}value", Kind: ErrNotEncoded}
	}
	e, f := y.find(name)
	if f == nil {
		return Stored{}, &Error{Problem: "the name in braces is of no scheme that this syntax has", Kind: ErrUnknown}
	}
	m, want, err := f.parse(payload)
	if err != nil {
		return Stored{}, under(e.Name, err)
	}
	return Stored{&stored{e.Name, text, m, want}}, nil
}

// find takes no aliases: no directory reads them.
func (y Syntax) find(name string) (entry, format) {
	for _, e := range entries {
		if strings.EqualFold(e.Name, name) {
			if y == IDCS {
				return e, e.idcs
			}
			return e, e.user
		}
	}
	return entry{}, nil
}

// Encode makes a stored password. The scheme may be named by an alias; what is zero in the settings is the vendor's
// default.
func (y Syntax) Encode(scheme string, password secret.Value, salts Salts, s Settings) (Stored, error) {
	e, known := lookup(scheme)
	if !known {
		return Stored{}, &Error{Problem: "the scheme is not known", Kind: ErrUnknown}
	}
	if s.Salt < 0 || s.Salt > maxSalt {
		return Stored{}, under(e.Name, malformed("a salt of %d bytes is not from 1 to %d", s.Salt, maxSalt))
	}
	if y == AuthPassword {
		return encodeAuthPassword(e, password, salts, s)
	}
	f := e.user
	if y == IDCS {
		f = e.idcs
	}
	if f == nil {
		return Stored{}, under(e.Name, &Error{Problem: "this syntax does not have it", Kind: ErrUnknown})
	}
	writer, can := f.(encoder)
	if !can {
		return Stored{}, under(e.Name, &Error{Problem: "it can be read, but not be written here", Kind: ErrNotVerifiable})
	}
	m, got, err := encode(writer, password, salts, s)
	if err != nil {
		return Stored{}, under(e.Name, err)
	}
	return Stored{&stored{e.Name, "{" + e.Name + "}" + writer.render(m, got), m, got}}, nil
}

const maxSalt = 1024

type maker interface {
	fresh(salts Salts, s Settings) (method, error)
}

func encode(f maker, password secret.Value, salts Salts, s Settings) (method, []byte, error) {
	if s.Rounds < 0 {
		return nil, nil, malformed("the rounds are below 0")
	}
	m, err := f.fresh(salts, s)
	if err != nil {
		return nil, nil, err
	}
	got, err := compute(m, password)
	return m, got, err
}
