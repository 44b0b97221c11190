package schema

import (
	"strings"
	"unicode/utf8"
)

// Normal makes of an attribute and a value what names.DN.Key compares: what the schema does not know is compared without
// regard to case.
func (s *Schema) Normal(attribute, value string) (name, normal string) {
	a, ok := s.Attribute(attribute)
	if !ok {
		folded, _ := ignoreCase(s, []byte(value))
		return strings.ToLower(attribute), folded
	}
	normal, ok = s.Equal(a, []byte(value))
	if !ok {
		normal = value
	}
	return a.key, normal
}

// Equal makes of a value the text that equal values have in common; false for what is no value of the attribute. An attribute
// without an equality rule is compared byte by byte.
func (s *Schema) Equal(a *Attribute, value []byte) (string, bool) {
	if !a.equality.known() {
		return string(value), true
	}
	return a.equality.normal(s, value)
}

// Order makes of a value a text that has its place in the order of the attribute's values. Attributes without an ordering rule
// are ordered by their equality rule, as DS orders them when it sorts.
func (s *Schema) Order(a *Attribute, value []byte) (string, bool) {
	switch {
	case a.ordering.known():
		return a.ordering.normal(s, value)
	case a.Syntax == SyntaxInteger:
		return magnitude(s, value)
	}
	return s.Equal(a, value)
}

// Ordered tells whether >= and <= are defined. DS knows an order of strings and numbers even where the standards leave it out.
func (a *Attribute) Ordered() bool { return a.ordering.known() || a.substring.known() }

// Substring makes of a value, or of a piece of one, the text in which pieces are looked for. The spaces around a piece count.
func (s *Schema) Substring(a *Attribute, value []byte) (string, bool) {
	if !a.substring.known() {
		return "", false
	}
	normal, ok := a.substring.normal(s, value)
	return normal, ok
}

// Piece is Substring for a piece of a value, of which the outer spaces are kept.
func (s *Schema) Piece(a *Attribute, piece []byte) (string, bool) {
	normal, ok := s.Substring(a, piece)
	if !ok || len(piece) == 0 || a.Syntax == SyntaxTelephone {
		return normal, ok
	}
	if normal == "" {
		return " ", true
	}
	if piece[0] == ' ' {
		normal = " " + normal
	}
	if piece[len(piece)-1] == ' ' {
		normal += " "
	}
	return normal, true
}

// ByRule compares a value by a rule that a filter names; known is false when there is no such rule.
func (s *Schema) ByRule(name string, value []byte) (normal string, valid, known bool) {
	r, known := ruleNamed(name)
	if !known {
		return "", false, false
	}
	normal, valid = r.normal(s, value)
	return normal, valid, true
}

// The syntaxes that callers ask for.
const (
	SyntaxBoolean         = "1.3.6.1.4.1.1466.115.121.1.7"
	SyntaxDN              = "1.3.6.1.4.1.1466.115.121.1.12"
	SyntaxDirectoryString = "1.3.6.1.4.1.1466.115.121.1.15"
	SyntaxGeneralizedTime = "1.3.6.1.4.1.1466.115.121.1.24"
	SyntaxIA5             = "1.3.6.1.4.1.1466.115.121.1.26"
	SyntaxInteger         = "1.3.6.1.4.1.1466.115.121.1.27"
	SyntaxNumeric         = "1.3.6.1.4.1.1466.115.121.1.36"
	SyntaxOctets          = "1.3.6.1.4.1.1466.115.121.1.40"
	SyntaxPrintable       = "1.3.6.1.4.1.1466.115.121.1.44"
	SyntaxTelephone       = "1.3.6.1.4.1.1466.115.121.1.50"
	SyntaxUUID            = "1.3.6.1.1.16.1"
	SyntaxUserPassword    = "1.3.6.1.4.1.26027.1.3.1"
)

// Valid tells whether the bytes are a value of the attribute's syntax. Empty strings are not (OpenDJ, allow-zero-length-values).
func (s *Schema) Valid(a *Attribute, value []byte) bool {
	check := func(f func(*Schema, []byte) (string, bool)) bool {
		_, ok := f(s, value)
		return ok
	}
	switch a.Syntax {
	case SyntaxDirectoryString:
		return len(value) > 0 && utf8.Valid(value)
	case SyntaxIA5:
		for _, c := range value {
			if c >= utf8.RuneSelf {
				return false
			}
		}
		return true
	case SyntaxPrintable, SyntaxTelephone:
		return len(strings.TrimSpace(string(value))) > 0 && utf8.Valid(value)
	case SyntaxBoolean:
		return check(boolean)
	case SyntaxInteger:
		return check(integer)
	case SyntaxNumeric:
		return check(numeric)
	case SyntaxGeneralizedTime:
		return check(generalizedTime)
	case SyntaxDN:
		return check(distinguishedName)
	case SyntaxUUID:
		return check(uuid)
	}
	return true
}
