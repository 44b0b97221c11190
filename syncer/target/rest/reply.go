package rest

import (
	"context"
	"errors"
	"mime"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/seatrial/seatrial/syncer/target"
)

// Call is what a request was for: the same status may mean different things. A request that creates a user with his password is
// for two things at once.
type Call uint8

// The calls.
const (
	CallToken Call = 1 << iota
	CallFind
	CallCreate
	CallWrite
)

// String is the call's name in the log.
func (c Call) String() string {
	switch {
	case c&CallToken != 0:
		return "token"
	case c&CallFind != 0:
		return "find"
	case c&CallCreate != 0:
		return "create"
	}
	return "write"
}

// Reply is an answer as it came.
type Reply struct {
	Status     int
	HTML       bool // a web page: a gateway's, not the target's
	Header     http.Header
	Body       []byte
	RetryAfter time.Duration
	Allowance  target.Allowance
	Date       time.Time // the answer's Date, or zero
	Asked, Got time.Time // when the request began, and when the answer's head was there
	Err        error     // no answer, or a body that broke off
	Sent       bool      // the request may have reached the target
}

// Whole tells whether an answer with a certain status is there as a whole.
func (r Reply) Whole(status int) bool { return r.Status == status && r.Err == nil && !r.HTML }

// Quiet is how long the target wants to be left alone: Retry-After, or the rest of the period whose limit is used up.
func (r Reply) Quiet() time.Duration {
	a := r.Allowance
	if r.RetryAfter > 0 || r.Status != http.StatusTooManyRequests || !a.Known || a.Concurrent || a.Reset.IsZero() {
		return r.RetryAfter
	}
	return max(0, a.Reset.Sub(r.Got))
}

// broken is the meaning of no answer at all.
func broken(c Call, err error, sent bool) Verdict {
	v := Verdict{Class: target.Transient, Reason: target.Connection}
	var timeout net.Error
	if errors.Is(err, context.DeadlineExceeded) || (errors.As(err, &timeout) && timeout.Timeout()) {
		v.Reason = target.Timeout
	}
	if c&CallWrite != 0 && sent {
		v.Class, v.Unsettled = target.Unknown, true
	}
	return v
}

// PlainError drops the URL, which holds the user's name, from a transport error.
func PlainError(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

func isHTML(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (kind == "text/html" || kind == "application/xhtml+xml")
}
