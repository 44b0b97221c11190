package scim

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

type literalKind int

const (
	kindNull literalKind = iota
	kindBoolean
	kindNumber
	kindString
)

// String names the kind as an error message puts it.
func (k literalKind) String() string {
	return [...]string{"null", "booleans", "numbers", "strings"}[k]
}

// literal is the value that a filter compares with.
type literal struct {
	kind    literalKind
	boolean bool
	number  float64
	text    string
	instant time.Time // of a string that is a date-time; else zero
}

// String writes the literal as JSON.
func (l literal) String() string {
	switch l.kind {
	case kindNull:
		return "null"
	case kindBoolean:
		return strconv.FormatBool(l.boolean)
	case kindNumber:
		return strconv.FormatFloat(l.number, 'g', -1, 64)
	case kindString:
		return quote(l.text)
	default:
		return ""
	}
}

// literal reads a JSON value.
func (p *parser) literal() (literal, error) {
	start := p.pos
	if p.next('"') {
		text, err := p.quoted()
		if err != nil {
			return literal{}, err
		}
		return literal{kind: kindString, text: text, instant: instantOf(text)}, p.endOfValue()
	}
	for p.pos < len(p.text) && (isNameByte(p.text[p.pos]) || p.text[p.pos] == '+') {
		p.pos++
	}
	l := literal{}
	switch word := p.text[start:p.pos]; word {
	case "null":
	case "true", "false":
		l.kind, l.boolean = kindBoolean, word == "true"
	default:
		number, err := strconv.ParseFloat(word, 64)
		if err != nil || !isJSONNumber(word) {
			return literal{}, p.errorf(start, `expected a value: "text" in double quotes, a number, true, false or null`)
		}
		l.kind, l.number = kindNumber, number
	}
	return l, p.endOfValue()
}

func (p *parser) endOfValue() error {
	if p.atEnd() || strings.IndexByte(" \t)]", p.text[p.pos]) >= 0 {
		return nil
	}
	return p.errorf(p.pos, "expected a space, ), ] or the end after the value")
}

// isJSONNumber sorts out what strconv reads beyond JSON: "0x1p-2", "1_000", "Inf", "+1", "01", ".5", "5.".
func isJSONNumber(word string) bool {
	digits := strings.TrimPrefix(word, "-")
	mantissa, exponent, scientific := cutExponent(digits)
	whole, fraction, fractional := strings.Cut(mantissa, ".")
	if !isDigits(whole) || len(whole) > 1 && whole[0] == '0' || fractional && !isDigits(fraction) {
		return false
	}
	return !scientific || isDigits(strings.TrimLeft(exponent, "+-")) && len(exponent)-len(strings.TrimLeft(exponent, "+-")) <= 1
}

func cutExponent(digits string) (mantissa, exponent string, found bool) {
	if i := strings.IndexAny(digits, "eE"); i >= 0 {
		return digits[:i], digits[i+1:], true
	}
	return digits, "", false
}

func isDigits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// quoted reads a JSON string. Without escapes, as nearly always, the result is part of the filter's own text.
func (p *parser) quoted() (string, error) {
	open := p.pos
	p.pos++
	for start := p.pos; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; {
		case c == '"':
			p.pos++
			return p.text[start : p.pos-1], nil
		case c == '\\':
			return p.escaped(open, start)
		case c < ' ':
			return "", p.errorf(p.pos, `a control character in a string must be escaped, as in \n or \u0007`)
		}
	}
	return "", &SyntaxError{Offset: len(p.text), Message: "the string that begins at offset " + strconv.Itoa(open) + " has no closing quote"}
}

// escaped reads the rest of a string from its first escape on.
func (p *parser) escaped(open, start int) (string, error) {
	text := append(make([]byte, 0, len(p.text)-start), p.text[start:p.pos]...)
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch {
		case c == '"':
			p.pos++
			return string(text), nil
		case c < ' ':
			return "", p.errorf(p.pos, `a control character in a string must be escaped, as in \n or \u0007`)
		case c != '\\':
			text = append(text, c)
			p.pos++
		default:
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			text = utf8.AppendRune(text, r)
		}
	}
	return "", &SyntaxError{Offset: len(p.text), Message: "the string that begins at offset " + strconv.Itoa(open) + " has no closing quote"}
}

// escape reads a backslash and what it stands for.
func (p *parser) escape() (rune, error) {
	start := p.pos
	if p.pos+1 < len(p.text) {
		if i := strings.IndexByte(`"\/bfnrt`, p.text[p.pos+1]); i >= 0 {
			p.pos += 2
			return rune("\"\\/\b\f\n\r\t"[i]), nil
		}
	}
	r, ok := p.unicodeEscape()
	if ok && utf16.IsSurrogate(r) {
		low, second := p.unicodeEscape()
		r = utf16.DecodeRune(r, low)
		ok = second && r != utf8.RuneError
	}
	if !ok {
		return 0, p.errorf(start, `not an escape: expected one of \" \\ \/ \b \f \n \r \t, or \u and four hexadecimal digits (a surrogate comes with its other half)`)
	}
	return r, nil
}

func (p *parser) unicodeEscape() (rune, bool) {
	const length = len(`\u0000`)
	if !strings.HasPrefix(p.text[p.pos:], `\u`) || p.pos+length > len(p.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.text[p.pos+2:p.pos+length], 16, 16)
	if err != nil {
		return 0, false
	}
	p.pos += length
	return rune(n), true
}

// quote writes text as a JSON string.
func quote(text string) string {
	const hex = "0123456789abcdef"
	quoted := append(make([]byte, 0, len(text)+2), '"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			quoted = append(quoted, '\\', c)
		case c < ' ':
			quoted = append(quoted, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			quoted = append(quoted, c)
		}
	}
	return string(append(quoted, '"'))
}

// instantOf reads a date-time, as RFC 7643 section 2.3.5 has it; zero for any other text.
func instantOf(text string) time.Time {
	if len(text) < len("2011-05-13T04:42:34") || text[4] != '-' || text[10] != 'T' {
		return time.Time{}
	}
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} { // xsd:dateTime may lack the zone
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	return time.Time{}
}
