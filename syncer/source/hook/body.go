package hook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/seatrial/seatrial/syncer/seal"
)

// What a change may hold.
const (
	maxUserName      = 256
	maxPassword      = 1024 // bytes; no target takes longer ones
	maxTransactionID = 256
	maxAttributes    = 64
	maxAttribute     = 4096
)

// fieldError is a mistake in one member of the body. Its text never quotes a value.
type fieldError struct{ field, text string }

func (e *fieldError) Error() string { return e.text }

func wrong(field, format string, a ...any) error {
	return &fieldError{field, fmt.Sprintf(format, a...)}
}

// parse reads the body of a change. It walks the bytes itself, because encoding/json would leave the password in strings
// that nobody can wipe, takes the last of two members with one name, and does not care for case.
func parse(body []byte) (Change, error) {
	var c Change
	if !utf8.Valid(body) || !json.Valid(body) {
		return c, wrong("", "the body is not JSON")
	}
	body = bytes.TrimSpace(body)
	if body[0] != '{' {
		return c, wrong("", "the body is not a JSON object")
	}
	seen := map[string]bool{}
	err := members(body, func(name string, value []byte) error {
		if seen[name] {
			return wrong(name, "%s appears twice", name)
		}
		seen[name] = true
		return c.set(name, value)
	})
	if err == nil {
		err = c.check(seen)
	}
	if err != nil {
		c.Password.Wipe()
		return Change{}, err
	}
	return c, nil
}

func (c *Change) set(name string, value []byte) (err error) {
	switch name {
	case "transactionId":
		c.TransactionID, err = text(name, value, maxTransactionID)
	case "userName":
		c.UserName, err = text(name, value, maxUserName)
	case "password":
		if value[0] != '"' {
			return wrong(name, "password is not a string")
		}
		c.Password = unquote(value)
	case "attributes":
		return c.setAttributes(value)
	default:
		return wrong(clip(name), "%s is not known; a change has transactionId, userName, password and attributes", clip(name))
	}
	return err
}

func (c *Change) setAttributes(value []byte) error {
	if value[0] != '{' {
		return wrong("attributes", "attributes is not an object")
	}
	c.Attributes = map[string]string{}
	return members(value, func(name string, value []byte) error {
		field := "attributes." + clip(name)
		if _, twice := c.Attributes[name]; twice {
			return wrong(field, "%s appears twice", field)
		}
		if len(c.Attributes) == maxAttributes {
			return wrong("attributes", "there are more than %d attributes", maxAttributes)
		}
		if name == "" || len(name) > 128 {
			return wrong(field, "the name of an attribute has 1 to 128 bytes")
		}
		v, err := text(field, value, maxAttribute)
		c.Attributes[name] = v
		return err
	})
}

func (c *Change) check(seen map[string]bool) error {
	switch {
	case !seen["userName"]:
		return wrong("userName", "userName is missing")
	case strings.TrimSpace(c.UserName) == "":
		return wrong("userName", "userName is empty")
	case strings.ContainsFunc(c.UserName, unicode.IsControl):
		return wrong("userName", "userName holds a control character")
	case strings.ContainsFunc(c.TransactionID, unicode.IsControl):
		return wrong("transactionId", "transactionId holds a control character")
	case !seen["password"]:
		return wrong("password", "password is missing")
	case len(c.Password) == 0:
		return wrong("password", "password is empty")
	case len(c.Password) > maxPassword:
		return wrong("password", "password is longer than %d bytes", maxPassword)
	}
	return nil
}

// text reads a string member that is not secret.
func text(field string, value []byte, limit int) (string, error) {
	if value[0] != '"' {
		return "", wrong(field, "%s is not a string", field)
	}
	s := string(unquote(value))
	if len(s) > limit {
		return "", wrong(field, "%s is longer than %d bytes", field, limit)
	}
	return s, nil
}

// clip keeps a stranger's member name from filling the log; a name is not a value, so it may be shown.
func clip(name string) string {
	if len(name) > 64 {
		return strings.ToValidUTF8(name[:64], "") + "…"
	}
	return name
}

// members calls f for each member of a valid JSON object, in order, with the raw value.
func members(object []byte, f func(name string, value []byte) error) error {
	rest := object[1:]
	for {
		rest = bytes.TrimLeft(rest, " \t\r\n,")
		if rest[0] == '}' {
			return nil
		}
		end := stringEnd(rest)
		name := string(unquote(rest[:end]))
		rest = bytes.TrimLeft(rest[end:], " \t\r\n:")
		end = valueEnd(rest)
		if err := f(name, rest[:end]); err != nil {
			return err
		}
		rest = rest[end:]
	}
}

// stringEnd is the length of the JSON string at the start of valid JSON.
func stringEnd(b []byte) int {
	for i := 1; ; i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// valueEnd is the length of the value at the start of valid JSON inside an object.
func valueEnd(b []byte) int {
	depth := 0
	for i := 0; ; {
		switch b[i] {
		case '"':
			i += stringEnd(b[i:])
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // A number or word that the object's end follows.
			}
			depth--
			if depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
		i++
	}
}

// unquote decodes a valid JSON string into bytes of its own. A lone surrogate becomes U+FFFD, as in encoding/json.
func unquote(quoted []byte) seal.Secret {
	in := quoted[1 : len(quoted)-1]
	out := make(seal.Secret, 0, len(in)) // Decoding never makes it longer, so nothing is left behind by growing.
	for i := 0; i < len(in); i++ {
		if in[i] != '\\' {
			out = append(out, in[i])
			continue
		}
		i++
		switch in[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hex4(in[i+1:])
			i += 4
			if utf16.IsSurrogate(r) && len(in) > i+6 && in[i+1] == '\\' && in[i+2] == 'u' {
				if pair := utf16.DecodeRune(r, hex4(in[i+3:])); pair != utf8.RuneError {
					r = pair
					i += 6
				}
			}
			out = utf8.AppendRune(out, r) // U+FFFD for a surrogate that is left alone.
		default:
			out = append(out, in[i])
		}
	}
	return out
}

func hex4(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= 'a':
			c -= 'a' - 10
		case c >= 'A':
			c -= 'A' - 10
		default:
			c -= '0'
		}
		r = r<<4 | rune(c)
	}
	return r
}
