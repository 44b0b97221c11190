package idcs

import (
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/seatrial/seatrial/syncer/seal"
)

// write is a password write: method, path and body of the configured door.
type write struct {
	method, path string
	body         []byte // wiped by who made it
}

// newWrite shapes the write. Only UserPasswordChanger leaves a password that can be used at once; PATCH leaves
// passwordState.mustChange set, whatever the request says.
func newWrite(c Config, id string, password seal.Secret) write {
	// One allocation: a body that grows would leave pieces of the password behind.
	body := make([]byte, 0, 256+6*len(password))
	if c.Door == DoorPatch {
		body = append(body, `{"schemas":["`+schemaPatch+`"],"Operations":[{"op":"replace","path":"password","value":`...)
		body = appendQuoted(body, password)
		body = append(body, `}]}`...)
		return write{http.MethodPatch, usersPath + "/" + url.PathEscape(id), body}
	}
	body = append(body, `{"schemas":["`+schemaChanger+`"],"password":`...)
	body = appendQuoted(body, password)
	if !c.Notify {
		body = append(body, `,"bypassNotification":true`...)
	}
	return write{http.MethodPut, "/admin/v1/UserPasswordChanger/" + url.PathEscape(id), append(body, '}')}
}

// appendQuoted appends s as a JSON string. encoding/json would need the password as a Go string, which cannot be wiped.
func appendQuoted(to []byte, s []byte) []byte {
	const digits = "0123456789abcdef"
	to = append(to, '"')
	for len(s) > 0 {
		r, size := utf8.DecodeRune(s)
		switch {
		case r == utf8.RuneError && size == 1:
			to = append(to, "\ufffd"...)
		case r == '"' || r == '\\':
			to = append(to, '\\', byte(r))
		case r < 0x20 || r == 0x7f:
			to = append(to, '\\', 'u', '0', '0', digits[r>>4], digits[r&0xf])
		default:
			to = append(to, s[:size]...)
		}
		s = s[size:]
	}
	return append(to, '"')
}
