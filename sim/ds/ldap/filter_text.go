package ldap

import (
	"errors"
	"fmt"
	"strings"
)

// ErrFilter is wrapped by what is wrong with a filter's text.
var ErrFilter = errors.New("malformed filter")

// maxFilterDepth is how deep filters may lie in each other; on the wire ber.MaxDepth has the same effect.
const maxFilterDepth = 40

// ParseFilter reads the text form of RFC 4515: "(&(objectClass=person)(uid=b*))". As most tools do, it lets the outermost
// parentheses of a simple filter be left out, and a value hold any byte but NUL, *, ( and ).
func ParseFilter(text string) (Filter, error) {
	if text != "" && text[0] != '(' {
		text = "(" + text + ")"
	}
	p := filterParser{text: text}
	f, err := p.filter(maxFilterDepth)
	if err == nil && p.at < len(text) {
		err = p.wrong("something follows the filter")
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

type filterParser struct {
	text string
	at   int
}

func (p *filterParser) wrong(what string) error {
	return fmt.Errorf("%w: byte %d: %s", ErrFilter, p.at, what)
}

func (p *filterParser) next() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *filterParser) filter(depth int) (Filter, error) {
	if p.next() != '(' {
		return nil, p.wrong("( expected")
	}
	if depth == 0 {
		return nil, p.wrong("too deep")
	}
	p.at++
	var f Filter
	var err error
	switch p.next() {
	case '&':
		p.at++
		var list []Filter
		list, err = p.list(depth)
		f = And{list}
	case '|':
		p.at++
		var list []Filter
		list, err = p.list(depth)
		f = Or{list}
	case '!':
		p.at++
		var inner Filter
		inner, err = p.filter(depth - 1)
		f = Not{inner}
	default:
		f, err = p.item()
	}
	if err != nil {
		return nil, err
	}
	if p.next() != ')' {
		return nil, p.wrong(") expected")
	}
	p.at++
	return f, nil
}

func (p *filterParser) list(depth int) (list []Filter, err error) {
	for p.next() == '(' {
		f, err := p.filter(depth - 1)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// item reads what stands between the parentheses of a filter without filters in it.
func (p *filterParser) item() (Filter, error) {
	length := strings.IndexAny(p.text[p.at:], "()")
	if length < 0 {
		return nil, p.wrong(") is missing")
	}
	item := p.text[p.at : p.at+length]
	left, right, found := strings.Cut(item, "=")
	if !found || left == "" {
		return nil, p.wrong("neither attribute=value nor a list")
	}
	f, err := p.compose(left, right)
	p.at += length
	return f, err
}

func (p *filterParser) compose(left, right string) (Filter, error) {
	kind := left[len(left)-1]
	switch kind {
	case '>', '<', '~', ':':
		left = left[:len(left)-1]
	default:
		return p.equality(left, right)
	}
	value, err := p.value(right)
	if err != nil {
		return nil, err
	}
	if kind == ':' {
		return p.extensible(left, value)
	}
	if !isDescription(left) {
		return nil, p.wrong("not an attribute description")
	}
	switch kind {
	case '>':
		return GreaterOrEqual{left, value}, nil
	case '<':
		return LessOrEqual{left, value}, nil
	default:
		return Approx{left, value}, nil
	}
}

// equality reads =, =* and substrings.
func (p *filterParser) equality(attr, text string) (Filter, error) {
	if !isDescription(attr) {
		return nil, p.wrong("not an attribute description")
	}
	if text == "*" {
		return Present{attr}, nil
	}
	parts := strings.Split(text, "*")
	values := make([][]byte, len(parts))
	for i, part := range parts {
		v, err := p.value(part)
		if err != nil {
			return nil, err
		}
		values[i] = v
	}
	last := len(values) - 1
	if last == 0 {
		return Equality{attr, values[0]}, nil
	}
	f := Substrings{Attr: attr}
	if parts[0] != "" {
		f.Initial = values[0]
	}
	if parts[last] != "" {
		f.Final = values[last]
	}
	for _, v := range values[1:last] {
		if len(v) == 0 {
			return nil, p.wrong("nothing between two asterisks")
		}
		f.Any = append(f.Any, v)
	}
	return f, nil
}

// extensible takes "attr:dn:rule" apart; what may be left out is left out together with its colon.
func (p *filterParser) extensible(left string, value []byte) (Filter, error) {
	f := Extensible{Value: value}
	parts := strings.Split(left, ":")
	f.Attr, parts = parts[0], parts[1:]
	if len(parts) > 0 && strings.EqualFold(parts[0], "dn") {
		f.DNAttributes, parts = true, parts[1:]
	}
	if len(parts) == 1 {
		f.Rule, parts = parts[0], nil
		if !isDescription(f.Rule) || strings.Contains(f.Rule, ";") {
			return nil, p.wrong("not a matching rule")
		}
	}
	if len(parts) > 0 || f.Attr == "" && f.Rule == "" || f.Attr != "" && !isDescription(f.Attr) {
		return nil, p.wrong("neither attr:dn:rule nor :dn:rule")
	}
	return f, nil
}

// value undoes \2a and the like.
func (p *filterParser) value(text string) ([]byte, error) {
	if strings.IndexByte(text, 0) >= 0 || strings.IndexByte(text, '*') >= 0 {
		return nil, p.wrong("NUL and * are written \\00 and \\2a")
	}
	value := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			value = append(value, text[i])
			continue
		}
		if i+2 >= len(text) {
			return nil, p.wrong("\\ without two hexadecimal digits")
		}
		high, low := hexDigit(text[i+1]), hexDigit(text[i+2])
		if high < 0 || low < 0 {
			return nil, p.wrong("\\ without two hexadecimal digits")
		}
		value = append(value, byte(high<<4|low)) //nolint:gosec // G115: below 256
		i += 2
	}
	return value, nil
}

func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// isDescription tells whether text can be an attribute description: letters, digits, hyphens and dots, with options. DS
// takes an underscore as well (allow-attribute-name-exceptions).
func isDescription(text string) bool {
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c == '-', c == '.', c == ';', c == '_':
		default:
			return false
		}
	}
	return text != ""
}

func escape(b *strings.Builder, value []byte) {
	const digits = "0123456789abcdef"
	for _, c := range value {
		if c == '\\' || c == '*' || c == '(' || c == ')' || c < ' ' || c >= 0x7f {
			b.WriteByte('\\')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
			continue
		}
		b.WriteByte(c)
	}
}

func list(sign byte, filters []Filter) string {
	var b strings.Builder
	b.WriteByte('(')
	b.WriteByte(sign)
	for _, f := range filters {
		b.WriteString(f.String())
	}
	b.WriteByte(')')
	return b.String()
}

func item(left, sign string, value []byte) string {
	var b strings.Builder
	b.WriteString("(" + left + sign)
	escape(&b, value)
	b.WriteByte(')')
	return b.String()
}

// String is the text form.
func (f And) String() string { return list('&', f.Filters) }

// String is the text form.
func (f Or) String() string { return list('|', f.Filters) }

// String is the text form.
func (f Not) String() string { return list('!', []Filter{f.Filter}) }

// String is the text form.
func (f Equality) String() string { return item(f.Attr, "=", f.Value) }

// String is the text form.
func (f GreaterOrEqual) String() string { return item(f.Attr, ">=", f.Value) }

// String is the text form.
func (f LessOrEqual) String() string { return item(f.Attr, "<=", f.Value) }

// String is the text form.
func (f Approx) String() string { return item(f.Attr, "~=", f.Value) }

// String is the text form.
func (f Present) String() string { return "(" + f.Attr + "=*)" }

// String is the text form.
func (f Substrings) String() string {
	var b strings.Builder
	b.WriteString("(" + f.Attr + "=")
	escape(&b, f.Initial)
	b.WriteByte('*')
	for _, v := range f.Any {
		escape(&b, v)
		b.WriteByte('*')
	}
	escape(&b, f.Final)
	b.WriteByte(')')
	return b.String()
}

// String is the text form.
func (f Extensible) String() string {
	left := f.Attr
	if f.DNAttributes {
		left += ":dn"
	}
	if f.Rule != "" {
		left += ":" + f.Rule
	}
	return item(left, ":=", f.Value)
}
