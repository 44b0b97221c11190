package names

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Pair is one attribute of an RDN with its value, which is free of escapes and may be any bytes.
type Pair struct {
	Type  string
	Value string
}

// RDN is what tells an entry from its siblings; more than one pair makes it multi-valued.
type RDN []Pair

// DN names an entry, its own RDN first. The empty DN is the root.
type DN []RDN

// Rules know the attributes: the name under which an attribute type is compared, and a value as its equality rule sees it.
type Rules interface {
	Normal(attribute, value string) (name, normal string)
}

// Parent is the DN without its first RDN; the root's is the root.
func (d DN) Parent() DN {
	if len(d) == 0 {
		return d
	}
	return d[1:]
}

// Child is the DN of an entry below d.
func (d DN) Child(r RDN) DN {
	child := make(DN, 0, len(d)+1)
	return append(append(child, r), d...)
}

// String writes the DN as RFC 4514 asks for.
func (d DN) String() string {
	var b strings.Builder
	for i, r := range d {
		if i > 0 {
			b.WriteByte(',')
		}
		r.write(&b)
	}
	return b.String()
}

// String writes the RDN as RFC 4514 asks for.
func (r RDN) String() string {
	var b strings.Builder
	r.write(&b)
	return b.String()
}

func (r RDN) write(b *strings.Builder) {
	for i, p := range r {
		if i > 0 {
			b.WriteByte('+')
		}
		b.WriteString(p.Type)
		b.WriteByte('=')
		escape(b, p.Value)
	}
}

// Value is that of the attribute in the RDN, "" where it has none. The name must be as the RDN has it, but for its case.
func (r RDN) Value(attribute string) string {
	for _, p := range r {
		if strings.EqualFold(p.Type, attribute) {
			return p.Value
		}
	}
	return ""
}

// Key is equal for two DNs exactly when they name the same entry. It is itself a DN that parses, and the key of an entry below
// another ends with a comma and the key of that.
func (d DN) Key(rules Rules) string {
	var b strings.Builder
	for i, r := range d {
		if i > 0 {
			b.WriteByte(',')
		}
		r.key(&b, rules)
	}
	return b.String()
}

// Key is equal for two RDNs exactly when they cannot stand side by side.
func (r RDN) Key(rules Rules) string {
	var b strings.Builder
	r.key(&b, rules)
	return b.String()
}

func (r RDN) key(b *strings.Builder, rules Rules) {
	normal := make(RDN, len(r))
	for i, p := range r {
		normal[i].Type, normal[i].Value = rules.Normal(p.Type, p.Value)
	}
	if len(normal) > 1 {
		slices.SortFunc(normal, func(x, y Pair) int { return cmp.Or(strings.Compare(x.Type, y.Type), strings.Compare(x.Value, y.Value)) })
	}
	normal.write(b)
}

const hexDigits = "0123456789abcdef"

// escape writes a value so that Parse reads it back. What is no text is written byte by byte.
func escape(b *strings.Builder, value string) {
	for i := 0; i < len(value); {
		c := value[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(value[i:])
			if r == utf8.RuneError && size == 1 {
				b.WriteByte('\\')
				b.WriteByte(hexDigits[c>>4])
				b.WriteByte(hexDigits[c&15])
			} else {
				b.WriteString(value[i : i+size])
			}
			i += size
			continue
		}
		switch {
		case c == '"' || c == '+' || c == ',' || c == ';' || c == '<' || c == '>' || c == '\\',
			c == ' ' && (i == 0 || i == len(value)-1), c == '#' && i == 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			b.WriteByte('\\')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		default:
			b.WriteByte(c)
		}
		i++
	}
}
