package population

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// lineLimit bounds one unfolded line; photographs in directories are far below it.
const lineLimit = 16 << 20

// ldif reads content records of RFC 2849. Attributes that mean nothing to us are passed over without being decoded.
type ldif struct {
	file string
	in   *bufio.Reader
	line int    // the number of physical lines read
	buf  []byte // the current line, unfolded; reused
	any  bool   // a record was seen, so "version:" is no longer in its place
}

func newLDIF(file string, in *bufio.Reader) *ldif { return &ldif{file: file, in: in} }

func (l *ldif) errorf(line int, format string, arguments ...any) error {
	return fmt.Errorf("%s:%d: "+format, append([]any{l.file, line}, arguments...)...)
}

// next reads up to the blank line that ends a record.
func (l *ldif) next() (record, error) {
	for {
		line, number, err := l.skipBlank()
		if err != nil {
			return record{}, err
		}
		name, options, value, err := l.split(line, number)
		if err != nil {
			return record{}, err
		}
		switch {
		case name == "version" && !l.any:
			if text := strings.TrimSpace(string(value.raw)); text != "1" {
				return record{}, l.errorf(number, "LDIF version %.20q is not known: only version 1 is", text)
			}
			l.any = true
		case name == "dn" && options == "":
			l.any = true
			return l.record(value, number)
		case name == "search" || name == "result" || name == "ref":
			// What ldapsearch prints after the entries when it is not asked for plain LDIF (-LLL).
			if err := l.skipRecord(); err != nil {
				return record{}, err
			}
		default:
			return record{}, l.errorf(number, "an entry starts with \"dn:\", not with %.40q: is there a blank line inside an entry, or is this not LDIF?", line)
		}
	}
}

func (l *ldif) record(dn value, number int) (record, error) {
	distinguished, err := l.text(dn, number)
	if err != nil {
		return record{}, err
	}
	r := record{line: number, name: shorten(distinguished)}
	var tagged [fieldCount][]string // values with options, as in "cn;lang-de": used only when there is no plain one
	for {
		line, number, err := l.unfold()
		if errors.Is(err, io.EOF) || (err == nil && len(line) == 0) {
			break
		}
		if err != nil {
			return record{}, err
		}
		if line[0] == '#' {
			continue
		}
		name, options, v, err := l.split(line, number)
		if err != nil {
			return record{}, err
		}
		switch name {
		case "dn":
			return record{}, l.errorf(number, "a second \"dn:\" in one entry: put a blank line before it")
		case "changetype":
			if kind := strings.TrimSpace(string(v.raw)); !strings.EqualFold(kind, "add") {
				return record{}, l.errorf(number, "changetype %.20q is refused: the file is a list of changes; export the entries themselves", kind)
			}
			continue
		}
		f := attributes[name]
		if f == fieldNone {
			continue
		}
		text, err := l.text(v, number)
		if err != nil {
			return record{}, err
		}
		if options == "" {
			r.values[f] = append(r.values[f], text)
		} else {
			tagged[f] = append(tagged[f], text)
		}
	}
	for f := range r.values {
		if len(r.values[f]) == 0 {
			r.values[f] = tagged[f]
		}
	}
	r.person = personal(r.values[fieldObjectClass])
	return r, nil
}

// personal tells persons from the rest of a directory. Active Directory's computers are users, too, but no persons.
func personal(classes []string) bool {
	person := false
	for _, class := range classes {
		switch strings.ToLower(strings.TrimSpace(class)) {
		case "person", "organizationalperson", "inetorgperson", "user":
			person = true
		case "computer":
			return false
		}
	}
	return person
}

// value is what follows the attribute's name: plain, or base64 after a second colon.
type value struct {
	raw    []byte
	base64 bool
}

// split takes "cn;lang-de:: w4R0" apart; the name comes in lower case.
func (l *ldif) split(line []byte, number int) (name, options string, v value, err error) {
	if line[0] == ' ' {
		return "", "", value{}, l.errorf(number, "the line continues another (it starts with a space), but there is none before it")
	}
	description, rest, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return "", "", value{}, l.errorf(number, "%.40q has no colon: a line is \"attribute: value\"; continued lines start with a space", line)
	}
	plain, tags, _ := bytes.Cut(description, []byte(";"))
	if !attributeName(plain) {
		return "", "", value{}, l.errorf(number, "%.40q is not the name of an attribute", plain)
	}
	switch {
	case bytes.HasPrefix(rest, []byte("<")):
		return "", "", value{}, l.errorf(number, "%s has its value at a URL, which is never fetched: write the value into the file, or leave the attribute out", plain)
	case bytes.HasPrefix(rest, []byte(":")):
		v = value{raw: bytes.TrimSpace(rest[1:]), base64: true}
	default:
		v = value{raw: bytes.TrimLeft(rest, " ")}
	}
	return strings.ToLower(string(plain)), string(tags), v, nil
}

// attributeName is letters, digits and hyphens, or the dotted numbers of an object identifier.
func attributeName(name []byte) bool {
	for _, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return len(name) > 0
}

func (l *ldif) text(v value, number int) (string, error) {
	if !v.base64 {
		return string(v.raw), nil
	}
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(v.raw)))
	n, err := base64.StdEncoding.Decode(decoded, v.raw)
	if err != nil {
		return "", l.errorf(number, "the value after \"::\" is not base64: %w", err)
	}
	return string(decoded[:n]), nil
}

func (l *ldif) skipBlank() ([]byte, int, error) {
	for {
		line, number, err := l.unfold()
		if err != nil || len(line) > 0 && line[0] != '#' {
			return line, number, err
		}
	}
}

func (l *ldif) skipRecord() error {
	for {
		line, _, err := l.unfold()
		if errors.Is(err, io.EOF) || err == nil && len(line) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// unfold reads a line together with those that continue it, which start with a space. The line is good until the next
// call; its number is that of its first part.
func (l *ldif) unfold() (line []byte, number int, err error) {
	l.buf = l.buf[:0]
	if err := l.physical(); err != nil {
		return nil, 0, err
	}
	number = l.line
	for len(l.buf) > 0 {
		if next, _ := l.in.Peek(1); len(next) == 0 || next[0] != ' ' { // trouble is found by the next read
			break
		}
		_, _ = l.in.Discard(1)
		if err := l.physical(); err != nil && !errors.Is(err, io.EOF) {
			return nil, 0, err
		}
	}
	return l.buf, number, nil
}

// physical appends one line of the file, without its end, to the buffer.
func (l *ldif) physical() error {
	found := false
	for {
		piece, err := l.in.ReadSlice('\n')
		found = found || len(piece) > 0
		if len(l.buf)+len(piece) > lineLimit {
			return l.errorf(l.line+1, "the line is longer than %d MiB: is this an LDIF file?", lineLimit>>20)
		}
		l.buf = append(l.buf, piece...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			if !found {
				return io.EOF
			}
		case err != nil:
			return fmt.Errorf("%s: %w", l.file, err)
		}
		l.line++
		l.buf = bytes.TrimSuffix(l.buf, []byte("\n"))
		l.buf = bytes.TrimSuffix(l.buf, []byte("\r"))
		return nil
	}
}
