package ldif

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// LineLimit bounds one unfolded line; photographs in directories are far below it.
const LineLimit = 16 << 20

// Reader reads LDIF.
type Reader struct {
	file string
	in   *bufio.Reader
	line int    // the number of physical lines read
	buf  []byte // the current line, unfolded; reused
	any  bool   // a record was seen, so "version:" is no longer in its place
}

// NewReader reads from in; the file's name begins the errors.
func NewReader(file string, in io.Reader) *Reader {
	buffered, ok := in.(*bufio.Reader)
	if !ok {
		buffered = bufio.NewReader(in)
	}
	return &Reader{file: file, in: buffered}
}

// Errorf makes an error about a line.
func (r *Reader) Errorf(line int, format string, arguments ...any) error {
	return fmt.Errorf("%s:%d: "+format, append([]any{r.file, line}, arguments...)...)
}

// Line is a line together with those that continue it. Its text is good until the next one is read; a blank one has none.
type Line struct {
	Text   []byte
	Number int // of its first part
}

// Attribute is a line taken apart.
type Attribute struct {
	// Description is as it stands there, "cn;lang-de"; Name is "cn", in lower case, and Options "lang-de".
	Description, Name, Options string
	raw                        []byte
	base64                     bool
	number                     int
}

// Raw is the value as it stands there, of which base64 is not decoded.
func (a Attribute) Raw() string { return string(a.raw) }

// Line reads the next line that is no comment.
func (r *Reader) Line() (Line, error) {
	for {
		number, err := r.unfold()
		if err != nil {
			return Line{}, err
		}
		if len(r.buf) == 0 || r.buf[0] != '#' {
			return Line{r.buf, number}, nil
		}
	}
}

// Content reads the next line that is not blank.
func (r *Reader) Content() (Line, error) {
	for {
		line, err := r.Line()
		if err != nil || len(line.Text) > 0 {
			return line, err
		}
	}
}

// SkipRecord reads up to a blank line or the end.
func (r *Reader) SkipRecord() error {
	for {
		line, err := r.Line()
		if errors.Is(err, io.EOF) || err == nil && len(line.Text) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Parse takes a line apart: "cn;lang-de:: w4R0". Errors do not show what stands there: it may be the rest of a password.
func (r *Reader) Parse(line Line) (Attribute, error) {
	if line.Text[0] == ' ' {
		return Attribute{}, r.Errorf(line.Number, "the line continues another (it starts with a space), but there is none before it")
	}
	description, rest, ok := bytes.Cut(line.Text, []byte(":"))
	if !ok {
		return Attribute{}, r.Errorf(line.Number, "the line has no colon: a line is \"attribute: value\"; continued lines start with a space")
	}
	name, options, _ := bytes.Cut(description, []byte(";"))
	if !attributeName(name) {
		return Attribute{}, r.Errorf(line.Number, "what stands before the colon is not the name of an attribute")
	}
	a := Attribute{Description: string(description), Name: strings.ToLower(string(name)), Options: string(options), number: line.Number}
	switch {
	case bytes.HasPrefix(rest, []byte("<")):
		return Attribute{}, r.Errorf(line.Number, "%s has its value at a URL, which is never fetched: write the value into the file, or leave the attribute out", name)
	case bytes.HasPrefix(rest, []byte(":")):
		a.raw, a.base64 = bytes.TrimSpace(rest[1:]), true
	default:
		a.raw = bytes.TrimLeft(rest, " ")
	}
	return a, nil
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

// Value decodes the value of a line.
func (r *Reader) Value(a Attribute) (string, error) {
	if !a.base64 {
		return string(a.raw), nil
	}
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(a.raw)))
	n, err := base64.StdEncoding.Decode(decoded, a.raw)
	if err != nil {
		return "", r.Errorf(a.number, "the value after \"::\" is not base64: %w", err)
	}
	return string(decoded[:n]), nil
}

// unfold reads a line together with those that continue it, which start with a space.
func (r *Reader) unfold() (number int, err error) {
	r.buf = r.buf[:0]
	if err := r.physical(); err != nil {
		return 0, err
	}
	number = r.line
	for len(r.buf) > 0 {
		if next, _ := r.in.Peek(1); len(next) == 0 || next[0] != ' ' { // trouble is found by the next read
			break
		}
		_, _ = r.in.Discard(1)
		if err := r.physical(); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
	}
	return number, nil
}

// physical appends one line of the file, without its end, to the buffer.
func (r *Reader) physical() error {
	found := false
	for {
		piece, err := r.in.ReadSlice('\n')
		found = found || len(piece) > 0
		if len(r.buf)+len(piece) > LineLimit {
			return r.Errorf(r.line+1, "the line is longer than %d MiB: is this an LDIF file?", LineLimit>>20)
		}
		r.buf = append(r.buf, piece...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			if !found {
				return io.EOF
			}
		case err != nil:
			return fmt.Errorf("%s: %w", r.file, err)
		}
		r.line++
		r.buf = bytes.TrimSuffix(r.buf, []byte("\n"))
		r.buf = bytes.TrimSuffix(r.buf, []byte("\r"))
		return nil
	}
}
