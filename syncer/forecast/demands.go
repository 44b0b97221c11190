package forecast

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// demand is what one rule wants of a password.
type demand interface {
	met(password string, who Person) bool
	// keep makes a search look for passwords that meet the demand.
	keep(s *shape, who Person)
	// flaws are the ways to break it, each as one more wish of a search. All tells that there are no other ways.
	flaws(who Person) (ways []func(*shape), all bool)
}

const unlimited = math.MaxInt

// amount wants so many characters of a class.
type amount struct {
	of          class
	least, most int
}

func (d amount) met(password string, _ Person) bool {
	n := count(password, d.of)
	return n >= d.least && n <= d.most
}

func (d amount) keep(s *shape, _ Person) { s.amounts = append(s.amounts, d) }

func (d amount) flaws(Person) (ways []func(*shape), all bool) {
	if d.least > 0 {
		ways = append(ways, func(s *shape) { s.amounts = append(s.amounts, amount{d.of, 0, d.least - 1}) })
	}
	if d.most < unlimited {
		ways = append(ways, func(s *shape) { s.amounts = append(s.amounts, amount{d.of, d.most + 1, unlimited}) })
	}
	return ways, true
}

func atLeast(n int, of class) amount { return amount{of, n, unlimited} }

func atMost(n int, of class) amount { return amount{of, 0, n} }

// distinct wants so many different characters.
type distinct struct{ least int }

func (d distinct) met(password string, _ Person) bool { return len(runes(password)) >= d.least }

func (d distinct) keep(s *shape, _ Person) { s.distinctLeast = max(s.distinctLeast, d.least) }

func (d distinct) flaws(Person) (ways []func(*shape), all bool) {
	return []func(*shape){func(s *shape) { s.distinctMost = min(s.distinctMost, d.least-1) }}, true
}

// run bounds how often one character may follow itself.
type run struct{ most int }

func longestRun(text string) int {
	longest, length, last := 0, 0, rune(-1)
	for _, r := range text {
		if r != last {
			last, length = r, 0
		}
		length++
		longest = max(longest, length)
	}
	return longest
}

func (d run) met(password string, _ Person) bool { return longestRun(password) <= d.most }

func (d run) keep(s *shape, _ Person) { s.run = min(s.run, d.most) }

func (d run) flaws(Person) (ways []func(*shape), all bool) {
	return []func(*shape){func(s *shape) { s.repeat = max(s.repeat, d.most+1) }}, true
}

// once wants every character to be different from all others.
type once struct{}

func (once) met(password string, _ Person) bool {
	return len(runes(password)) == len([]rune(password))
}

func (once) keep(s *shape, _ Person) { s.once = true }

func (once) flaws(Person) (ways []func(*shape), all bool) {
	return []func(*shape){func(s *shape) { s.repeat = max(s.repeat, 2) }}, false
}

// every wants each of some characters.
type every struct{ characters string }

func (d every) met(password string, _ Person) bool {
	return !slices.ContainsFunc(runes(d.characters), func(r rune) bool { return !strings.ContainsRune(password, r) })
}

func (d every) keep(s *shape, _ Person) {
	for _, r := range runes(d.characters) {
		s.amounts = append(s.amounts, atLeast(1, oneOf(string(r))))
	}
}

func (d every) flaws(Person) (ways []func(*shape), all bool) {
	for _, r := range runes(d.characters) {
		ways = append(ways, func(s *shape) { s.amounts = append(s.amounts, atMost(0, oneOf(string(r)))) })
	}
	return ways, true
}

// first wants the first character to be of a class.
type first struct{ of class }

func (d first) met(password string, _ Person) bool {
	for _, r := range password {
		return d.of.has(r)
	}
	return false
}

func (d first) keep(s *shape, _ Person) { s.first = append(s.first, d.of) }

func (d first) flaws(Person) (ways []func(*shape), all bool) {
	return []func(*shape){func(s *shape) { s.first = append(s.first, not(d.of)) }}, true
}

// sets wants characters of so many of the classes.
type sets struct {
	of          []class
	least, most int
}

func (d sets) met(password string, _ Person) bool {
	n := 0
	for _, c := range d.of {
		if strings.ContainsFunc(password, c.has) {
			n++
		}
	}
	return n >= d.least && n <= d.most
}

func (d sets) keep(s *shape, _ Person) { s.sets = append(s.sets, d) }

func (d sets) flaws(Person) (ways []func(*shape), all bool) {
	return []func(*shape){func(s *shape) { s.sets = append(s.sets, sets{d.of, 0, d.least - 1}) }}, true
}

// without refuses a word.
type without struct {
	word    string
	anyCase bool
}

func (d without) met(password string, _ Person) bool {
	if d.anyCase {
		return !strings.Contains(strings.ToLower(password), strings.ToLower(d.word))
	}
	return !strings.Contains(password, d.word)
}

func (d without) keep(s *shape, _ Person) {
	letter := []rune(d.word)
	if len(letter) != 1 {
		s.words = append(s.words, d)
		return
	}
	of := d.word // one character is a matter of counting
	if d.anyCase {
		of += string(unicode.ToLower(letter[0])) + string(unicode.ToUpper(letter[0]))
	}
	s.amounts = append(s.amounts, atMost(0, oneOf(of)))
}

func (d without) flaws(Person) (ways []func(*shape), all bool) {
	spelled, all := []string{d.word}, true
	if d.anyCase {
		spelled, all = spellings(d.word)
	}
	for _, block := range spelled {
		ways = append(ways, func(s *shape) { s.block = block })
	}
	return ways, all
}

// fewLetters is up to how many letters all spellings of a word are tried: 2⁶ of them.
const fewLetters = 6

// spellings are a word in other cases: as it stands, in lower and upper case, with every second letter changed; of short
// words all there are.
func spellings(word string) (list []string, all bool) {
	var at []int
	text := []rune(word)
	for i, r := range text {
		if unicode.ToLower(r) != unicode.ToUpper(r) {
			at = append(at, i)
		}
	}
	alternate := slices.Clone(text)
	for _, i := range at {
		alternate[i] = unicode.ToLower(text[i])
		if i%2 == 1 {
			alternate[i] = unicode.ToUpper(text[i])
		}
	}
	list = []string{word, strings.ToLower(word), strings.ToUpper(word), string(alternate)}
	if len(at) <= fewLetters {
		for pick := range 1 << len(at) {
			spelled := slices.Clone(text)
			for bit, i := range at {
				spelled[i] = unicode.ToLower(text[i])
				if pick>>bit&1 == 1 {
					spelled[i] = unicode.ToUpper(text[i])
				}
			}
			list = append(list, string(spelled))
		}
		all = true
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(s string) bool {
		known := seen[s]
		seen[s] = true
		return known
	}), all
}

// attribute refuses the value of one of the user's attributes.
type attribute struct {
	name     string
	anyCase  bool
	shortest int // values of fewer characters are not looked for
}

func (d attribute) word(who Person) (without, bool) {
	value := who.value(d.name)
	return without{value, d.anyCase}, value != "" && len([]rune(value)) >= d.shortest
}

func (d attribute) met(password string, who Person) bool {
	w, looked := d.word(who)
	return !looked || w.met(password, who)
}

func (d attribute) keep(s *shape, who Person) {
	if w, looked := d.word(who); looked {
		w.keep(s, who)
	}
}

func (d attribute) flaws(who Person) (ways []func(*shape), all bool) {
	if w, looked := d.word(who); looked {
		ways, _ = w.flaws(who)
	}
	return ways, false // Other people have other names.
}

// pattern is a regular expression that must match, or must not.
type pattern struct {
	expression *regexp.Regexp
	refuses    bool
}

func (d pattern) met(password string, _ Person) bool {
	return d.expression.MatchString(password) != d.refuses
}

func (d pattern) keep(s *shape, _ Person) { s.patterns = append(s.patterns, d) }

func (d pattern) flaws(Person) (ways []func(*shape), all bool) { return nil, false }
