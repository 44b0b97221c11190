package graph

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// MarshalTime writes an instant as RFC 3339 with nanoseconds, in UTC. The zero time is written too: gqlgen's own scalar
// turns it into null, which a field of type Time! must not be.
func MarshalTime(t time.Time) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, strconv.Quote(t.UTC().Format(time.RFC3339Nano)))
	})
}

// UnmarshalTime reads RFC 3339.
func UnmarshalTime(v any) (time.Time, error) {
	text, ok := v.(string)
	if !ok {
		return time.Time{}, fmt.Errorf("%v is not a time: write it as a string, like \"2026-05-04T03:02:01Z\"", v)
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time: write it like \"2026-05-04T03:02:01Z\"", text)
	}
	return t.UTC(), nil
}

// MarshalDuration writes a span of time as Go does: 1m30s.
func MarshalDuration(d time.Duration) graphql.Marshaler {
	return graphql.WriterFunc(func(w io.Writer) {
		_, _ = io.WriteString(w, strconv.Quote(d.String()))
	})
}

// UnmarshalDuration reads a span of time in Go's syntax. A bare number is refused: nobody knows its unit.
func UnmarshalDuration(v any) (time.Duration, error) {
	text, ok := v.(string)
	if !ok {
		return 0, fmt.Errorf("%v is not a duration: write it with a unit, like \"250ms\" or \"24h\"", v)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration: write it with a unit, like \"250ms\", \"1m30s\" or \"24h\"", text)
	}
	return d, nil
}

// MarshalCount writes a count as a JSON number.
func MarshalCount(n uint64) graphql.Marshaler { return graphql.MarshalUint64(n) }

// UnmarshalCount reads a JSON number or a string of digits (for callers whose numbers end at 2^53).
func UnmarshalCount(v any) (uint64, error) { return graphql.UnmarshalUint64(v) }

// MarshalSecret writes dots: no answer holds a secret.
func MarshalSecret(v secret.Value) graphql.Marshaler { return graphql.MarshalString(v.String()) }

// UnmarshalSecret takes a password or a client secret from a String.
func UnmarshalSecret(v any) (secret.Value, error) {
	text, ok := v.(string)
	if !ok {
		return secret.Value{}, errors.New("a secret must be a string") // its value is not for an error message
	}
	return secret.New(text), nil
}
