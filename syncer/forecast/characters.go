package forecast

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// class is a set of characters.
type class struct {
	name string // "lower-case letters"
	has  func(rune) bool
	own  string // characters that the policy names: a search must know them besides the ordinary ones
}

// The kinds of characters as Oracle's own sample validator tells them apart: a special character is neither a letter nor
// a digit. Source: Oracle, idm-samples, KMSI sample (the server itself is documented only by the names of its attributes).
var (
	anything      = class{name: "characters", has: func(rune) bool { return true }}
	letters       = class{name: "letters", has: unicode.IsLetter}
	digits        = class{name: "digits", has: unicode.IsDigit}
	alphaNumerals = class{name: "letters or digits", has: func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }}
	specials      = class{name: "special characters", has: func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }}
	lowerCase     = class{name: "lower-case letters", has: unicode.IsLower}
	upperCase     = class{name: "upper-case letters", has: unicode.IsUpper}
)

// The kinds that IDM counts. Source: ForgeRock IDM, bin/defaults/script/policy.js: atLeastXCapitalLetters matches
// /[(A-Z)]/g, in which the parentheses are characters like any other; atLeastXNumbers matches /\d/g.
var (
	idmCapitals = class{name: "capitals", has: func(r rune) bool { return r >= 'A' && r <= 'Z' || r == '(' || r == ')' }}
	idmNumbers  = class{name: "numbers", has: func(r rune) bool { return r >= '0' && r <= '9' }}
)

func oneOf(characters string) class {
	return class{
		name: "characters of " + characters, own: characters,
		has: func(r rune) bool { return strings.ContainsRune(characters, r) },
	}
}

func not(c class) class {
	return class{name: "characters other than " + c.name, own: c.own, has: func(r rune) bool { return !c.has(r) }}
}

// characterSet reads a set such as "uppercase:A-Z". A hyphen makes a range only between two letters of one case or two
// digits in ascending order; elsewhere it stands for itself.
func characterSet(text string) (class, error) {
	name, characters, named := strings.Cut(text, ":")
	if !named || characters == "" {
		return class{}, fmt.Errorf("%q is no set of characters; write a name, a colon and the characters: uppercase:A-Z", text)
	}
	type span struct{ low, high rune }
	var spans []span
	own := strings.Builder{}
	for rest := characters; rest != ""; {
		low, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		high := low
		if after, hyphen := strings.CutPrefix(rest, "-"); hyphen {
			if r, size := utf8.DecodeRuneInString(after); size > 0 && low < r && sameKind(low, r) {
				high, rest = r, after[size:]
			}
		}
		spans = append(spans, span{low, high})
		own.WriteRune(low)
		own.WriteRune(high)
	}
	return class{name: name, own: own.String(), has: func(r rune) bool {
		for _, s := range spans {
			if s.low <= r && r <= s.high {
				return true
			}
		}
		return false
	}}, nil
}

func sameKind(a, b rune) bool {
	return unicode.IsLower(a) && unicode.IsLower(b) || unicode.IsUpper(a) && unicode.IsUpper(b) ||
		unicode.IsDigit(a) && unicode.IsDigit(b)
}

// The alphabet of a search, each kind in the order in which its characters are taken: a witness shall be easy to read and
// to type.
const (
	smallLetters   = "calmhrbouesintdgpkwvyfjxzq"
	capitalLetters = "WSTNBKRMLCHDGPFVAEIOUYJXZQ"
	someDigits     = "2708364915"
	someSpecials   = "-!+.#%*=?@_:,;&$^~/|'\"`<>[]{}\\()"
	beyond         = " éÉж中€٣" // one for each kind that there is outside of printable ASCII without the blank
)

// kind is where a character stands in a password that a person wrote: a capital at the front, figures at the end.
type kind int

const (
	kindUpper kind = iota
	kindLower
	kindDigit
	kindSpecial
)

func kindOf(r rune) kind {
	switch {
	case unicode.IsUpper(r):
		return kindUpper
	case unicode.IsLetter(r):
		return kindLower
	case unicode.IsDigit(r):
		return kindDigit
	}
	return kindSpecial
}

func count(text string, c class) int {
	n := 0
	for _, r := range text {
		if c.has(r) {
			n++
		}
	}
	return n
}

// runes are the different characters of a text, in order.
func runes(text string) []rune {
	seen := map[rune]bool{}
	var list []rune
	for _, r := range text {
		if !seen[r] {
			seen[r] = true
			list = append(list, r)
		}
	}
	return list
}
