package ldif

import "encoding/base64"

// Append writes a line: the value as it is, or in base64 where it would not be read back as it is. Lines are not folded.
func Append(b []byte, description string, value []byte) []byte {
	b = append(append(b, description...), ':')
	if !safe(value) {
		b = append(b, ": "...)
		return append(base64.StdEncoding.AppendEncode(b, value), '\n')
	}
	if len(value) > 0 {
		b = append(append(b, ' '), value...)
	}
	return append(b, '\n')
}

// safe is a SAFE-STRING of RFC 2849 that does not end with a space.
func safe(value []byte) bool {
	for i, c := range value {
		if c == 0 || c == '\n' || c == '\r' || c >= 0x80 || i == 0 && (c == ' ' || c == ':' || c == '<') {
			return false
		}
	}
	return len(value) == 0 || value[len(value)-1] != ' '
}
