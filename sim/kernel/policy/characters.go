package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tally is what a text consists of.
type tally struct {
	length, letters, numerals, specials, lower, upper int
	unique                                            int // different characters
	fresh                                             int // different characters that the current password lacks
	run                                               int // longest run of one character
}

// tally counts in one pass; different characters only when a rule asks for them.
func (p Policy) tally(text, current string) tally {
	var t tally
	var seen runeSet
	distinguish := p.MinUniqueChars > 0 || p.DistinctCharacters > 0
	var last rune
	run := 0
	for _, r := range text {
		t.length++
		switch {
		case unicode.IsLetter(r):
			t.letters++
			if unicode.IsLower(r) {
				t.lower++
			} else if unicode.IsUpper(r) {
				t.upper++
			}
		case unicode.IsDigit(r):
			t.numerals++
		default:
			t.specials++
		}
		if r != last || run == 0 {
			last, run = r, 0
		}
		run++
		t.run = max(t.run, run)
		if distinguish && seen.add(r) {
			t.unique++
			if !strings.ContainsRune(current, r) {
				t.fresh++
			}
		}
	}
	return t
}

// runeSet is cheap for ASCII and bounded work for anything else.
type runeSet struct {
	ascii [2]uint64
	rest  map[rune]struct{}
}

// add tells whether r is new.
func (s *runeSet) add(r rune) bool {
	if r >= 0 && r < utf8.RuneSelf {
		bit := uint64(1) << (r & 63)
		if s.ascii[r>>6]&bit != 0 {
			return false
		}
		s.ascii[r>>6] |= bit
		return true
	}
	if _, found := s.rest[r]; found {
		return false
	}
	if s.rest == nil {
		s.rest = make(map[rune]struct{})
	}
	s.rest[r] = struct{}{}
	return true
}

func startsWithLetter(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return text != "" && unicode.IsLetter(r)
}

// setsIn counts the character sets that the text represents.
func (p Policy) setsIn(text string) int {
	n := 0
	for _, set := range p.CharacterSets {
		_, characters, _ := strings.Cut(set, ":")
		if strings.ContainsFunc(text, func(r rune) bool { return inSet(characters, r) }) {
			n++
		}
	}
	return n
}

// inSet tells whether r is one of the characters of a set such as "A-Za-z" or "!@#-_". A hyphen makes a range only
// between two letters of one case or two digits in ascending order; elsewhere it stands for itself.
func inSet(characters string, r rune) bool {
	for low, high := range ranges(characters) {
		if low <= r && r <= high {
			return true
		}
	}
	return false
}

// ranges yields the ranges of a set; a single character is a range of one.
func ranges(characters string) func(yield func(low, high rune) bool) {
	return func(yield func(low, high rune) bool) {
		for len(characters) > 0 {
			low, size := utf8.DecodeRuneInString(characters)
			characters = characters[size:]
			high := low
			if rest, hyphen := strings.CutPrefix(characters, "-"); hyphen {
				if r, size := utf8.DecodeRuneInString(rest); size > 0 && low < r && sameKind(low, r) {
					high, characters = r, rest[size:]
				}
			}
			if !yield(low, high) {
				return
			}
		}
	}
}

func sameKind(a, b rune) bool {
	return unicode.IsLower(a) && unicode.IsLower(b) || unicode.IsUpper(a) && unicode.IsUpper(b) ||
		unicode.IsDigit(a) && unicode.IsDigit(b)
}
