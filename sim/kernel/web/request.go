package web

import (
	"errors"
	"io"
	"net/http"
	"strings"
)

// Errors of [Body].
var (
	ErrTooLarge = errors.New("the body is too large")
	ErrBroken   = errors.New("the body ended too early")
)

// Method is that of the handler: HEAD is a GET whose body net/http holds back.
func Method(r *http.Request) string {
	if r.Method == http.MethodHead {
		return http.MethodGet
	}
	return r.Method
}

// Address is the server's as this client wrote it, "https://host:port"; links lead back the way the client came.
func Address(r *http.Request) string {
	if r.TLS == nil {
		return "http://" + r.Host
	}
	return "https://" + r.Host
}

// Credential returns what follows the scheme of an Authorization header; its name is in any case (RFC 9110, 11.1).
func Credential(header, scheme string) (string, bool) {
	if len(header) <= len(scheme) || header[len(scheme)] != ' ' || !strings.EqualFold(header[:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimSpace(header[len(scheme)+1:]), true
}

// Body reads a body of up to limit bytes.
func Body(r *http.Request, limit int64) ([]byte, error) {
	size := r.ContentLength
	if size > limit {
		return nil, ErrTooLarge
	}
	if size < 0 {
		body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
		if err != nil {
			return nil, ErrBroken
		}
		if int64(len(body)) > limit {
			return nil, ErrTooLarge
		}
		return body, nil
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(r.Body, body); err != nil {
		return nil, ErrBroken
	}
	return body, nil
}
