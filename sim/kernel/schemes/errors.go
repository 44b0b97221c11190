package schemes

import (
	"errors"
	"fmt"
)

// The kinds of Error. A directory answers a log-in with "no" for all of them; they differ in whom to tell.
var (
	// ErrNotEncoded is for a text that does not have the form of a stored password at all.
	ErrNotEncoded = errors.New("not a stored password")
	// ErrUnknown is for a scheme that the syntax does not have. A directory stores such a value and nobody can log in.
	ErrUnknown = errors.New("unknown storage scheme")
	// ErrMalformed is for a known scheme with a value that cannot be one of its values.
	ErrMalformed = errors.New("malformed")
	// ErrNotVerifiable is for a well-formed value that cannot be checked here: its key or its algorithm is missing.
	ErrNotVerifiable = errors.New("not verifiable")
	// ErrTooCostly is for a value that asks for more work than the limits of this package allow.
	ErrTooCostly = errors.New("too costly")
)

// Error tells what is wrong with a stored password, without a byte of it. Scheme is empty where there is no known one:
// a clear password such as {winter}2026 looks encoded, so an unknown name may be half of a password.
type Error struct {
	Scheme  string
	Problem string
	Kind    error
}

// Error names the scheme and what is wrong.
func (e *Error) Error() string {
	if e.Scheme == "" {
		return "stored password: " + e.Problem
	}
	return "stored password, scheme " + e.Scheme + ": " + e.Problem
}

// Unwrap makes the kind answer to errors.Is.
func (e *Error) Unwrap() error { return e.Kind }

func malformed(format string, arguments ...any) error {
	return &Error{Problem: fmt.Sprintf(format, arguments...), Kind: ErrMalformed}
}

func tooCostly(format string, arguments ...any) error {
	return &Error{Problem: fmt.Sprintf(format, arguments...), Kind: ErrTooCostly}
}

// under says of which scheme the error is. What is no Error comes from a cryptographic library, which refuses some
// parameters where only approved ones are allowed (GODEBUG=fips140=only).
func under(scheme string, err error) error {
	if err == nil {
		return nil
	}
	if problem, ok := errors.AsType[*Error](err); ok {
		return &Error{Scheme: scheme, Problem: problem.Problem, Kind: problem.Kind}
	}
	return &Error{Scheme: scheme, Problem: err.Error(), Kind: ErrNotVerifiable}
}
