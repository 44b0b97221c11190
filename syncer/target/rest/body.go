package rest

import (
	"io"
	"sync"
	"unicode/utf8"
)

// secretBody is a request body that is wiped when net/http closes it, which may be after the answer has come and while
// another goroutine still reads.
type secretBody struct {
	mu   sync.Mutex
	data []byte
	at   int
}

func (b *secretBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at >= len(b.data) {
		return 0, io.EOF
	}
	n := copy(p, b.data[b.at:])
	b.at += n
	return n, nil
}

func (b *secretBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.data)
	b.data = nil
	return nil
}

// AppendQuoted appends s as a JSON string. encoding/json would need the password as a Go string, which cannot be wiped.
func AppendQuoted(to []byte, s []byte) []byte {
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
