package names

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// MaxLength and MaxRDNs bound what strangers may send as a name.
const (
	MaxLength = 64 << 10
	MaxRDNs   = 256
)

// SyntaxError tells what is wrong with a DN, and at which byte.
type SyntaxError struct {
	Offset  int
	Problem string
}

// Error says what is wrong and where.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("not a distinguished name: %s at position %d", e.Problem, e.Offset)
}

// Parse reads a DN. It does not know the schema: types are names or object identifiers, whether they exist or not.
func Parse(text string) (DN, error) {
	p := parser{text: text}
	if len(text) > MaxLength {
		return nil, p.fail("too long")
	}
	p.spaces()
	if p.end() {
		return DN{}, nil
	}
	d := make(DN, 0, strings.Count(text, ",")+1)
	for {
		r, err := p.rdn()
		if err != nil {
			return nil, err
		}
		if d = append(d, r); len(d) > MaxRDNs {
			return nil, p.fail("too many parts")
		}
		if p.end() {
			return d, nil
		}
		p.at++ // The comma or semicolon that ended the RDN.
	}
}

// ParseRDN reads a single RDN, the newrdn of a modifyDN operation for instance.
func ParseRDN(text string) (RDN, error) {
	d, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if len(d) != 1 {
		return nil, &SyntaxError{Problem: fmt.Sprintf("%d relative names where one is wanted", len(d))}
	}
	return d[0], nil
}

type parser struct {
	text string
	at   int
}

func (p *parser) fail(problem string) error { return &SyntaxError{Offset: p.at, Problem: problem} }

func (p *parser) end() bool { return p.at >= len(p.text) }

func (p *parser) spaces() {
	for !p.end() && p.text[p.at] == ' ' {
		p.at++
	}
}

// rdn reads up to the comma that ends it, or the end.
func (p *parser) rdn() (RDN, error) {
	r := make(RDN, 0, 1)
	for {
		name, err := p.attribute()
		if err != nil {
			return nil, err
		}
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		r = append(r, Pair{Type: name, Value: value})
		if p.end() || p.text[p.at] != '+' {
			return r, nil
		}
		p.at++
	}
}

// attribute reads a type and the equals sign behind it. RFC 1779's "OID." before numbers is passed over.
func (p *parser) attribute() (string, error) {
	p.spaces()
	if len(p.text)-p.at > 4 && strings.EqualFold(p.text[p.at:p.at+4], "oid.") && digit(p.text[p.at+4]) {
		p.at += 4
	}
	start := p.at
	for !p.end() && nameByte(p.text[p.at]) {
		p.at++
	}
	name := p.text[start:p.at]
	if name == "" {
		return "", p.fail("an attribute name is missing")
	}
	if digit(name[0]) {
		if !numeric(name) {
			p.at = start
			return "", p.fail("a wrong object identifier")
		}
	} else if !letter(name[0]) || strings.Contains(name, ".") {
		p.at = start
		return "", p.fail("a wrong attribute name")
	}
	p.spaces()
	if p.end() || p.text[p.at] != '=' {
		return "", p.fail("an equals sign is missing")
	}
	p.at++
	p.spaces()
	return name, nil
}

func (p *parser) value() (string, error) {
	if p.end() {
		return "", nil
	}
	switch p.text[p.at] {
	case '#':
		return p.encoded()
	case '"':
		return p.quoted()
	}
	var b strings.Builder
	keep := 0 // keep is how much of b no trailing space takes away
	for !p.end() {
		c := p.text[p.at]
		switch c {
		case ',', ';', '+':
			return b.String()[:keep], nil
		case '\\':
			decoded, err := p.escape()
			if err != nil {
				return "", err
			}
			b.WriteByte(decoded)
			keep = b.Len()
			continue
		case '"', '<', '>', 0:
			return "", p.fail("a character that must be escaped")
		}
		b.WriteByte(c)
		if c != ' ' {
			keep = b.Len()
		}
		p.at++
	}
	return b.String()[:keep], nil
}

// escape reads a backslash with two hexadecimal digits or one character behind it.
func (p *parser) escape() (byte, error) {
	rest := p.text[p.at+1:]
	if len(rest) >= 2 {
		var b [1]byte
		if _, err := hex.Decode(b[:], []byte(rest[:2])); err == nil {
			p.at += 3
			return b[0], nil
		}
	}
	if rest == "" || !strings.ContainsRune(` "#+,;<=>\`, rune(rest[0])) {
		return 0, p.fail("a backslash before what needs none")
	}
	p.at += 2
	return rest[0], nil
}

func (p *parser) quoted() (string, error) {
	var b strings.Builder
	p.at++
	for !p.end() {
		switch c := p.text[p.at]; c {
		case '"':
			p.at++
			return b.String(), p.behind()
		case '\\':
			decoded, err := p.escape()
			if err != nil {
				return "", err
			}
			b.WriteByte(decoded)
		default:
			b.WriteByte(c)
			p.at++
		}
	}
	return "", p.fail("a quotation mark is missing")
}

// encoded reads a value in BER, as hexadecimal digits behind a number sign: the content of one primitive element.
func (p *parser) encoded() (string, error) {
	p.at++
	start := p.at
	for !p.end() && strings.IndexByte("0123456789abcdefABCDEF", p.text[p.at]) >= 0 {
		p.at++
	}
	raw, err := hex.DecodeString(p.text[start:p.at])
	if err != nil {
		return "", p.fail("an odd number of hexadecimal digits")
	}
	content, ok := primitive(raw)
	if !ok {
		return "", p.fail("hexadecimal digits that are no BER element")
	}
	return content, p.behind()
}

// primitive is the content of a BER element with a definite length and nothing behind it.
func primitive(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[0]&0x20 != 0 || raw[0]&0x1f == 0x1f {
		return "", false
	}
	length, rest := int(raw[1]), raw[2:]
	if length >= 0x80 {
		n := length & 0x7f
		if n == 0 || n > 4 || n > len(rest) {
			return "", false
		}
		length = 0
		for _, c := range rest[:n] {
			length = length<<8 | int(c)
		}
		rest = rest[n:]
	}
	return string(rest), length == len(rest)
}

// behind makes sure that nothing of a value follows.
func (p *parser) behind() error {
	p.spaces()
	if !p.end() && strings.IndexByte(",;+", p.text[p.at]) < 0 {
		return p.fail("something behind a value")
	}
	return nil
}

func digit(c byte) bool  { return c >= '0' && c <= '9' }
func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// nameByte is of attribute names and object identifiers; directories take underscores, too.
func nameByte(c byte) bool { return letter(c) || digit(c) || c == '-' || c == '.' || c == '_' }

// numeric tells an object identifier: numbers with dots between them.
func numeric(name string) bool {
	previous := byte('.')
	for i := range len(name) {
		c := name[i]
		if c == '.' && previous == '.' || c != '.' && !digit(c) {
			return false
		}
		previous = c
	}
	return previous != '.'
}
