package policy

import (
	"slices"
	"strings"
	"unicode"

	"github.com/seatrial/seatrial/sim/kernel/random"
)

// A kind is something of which a policy wants at least or at most so many.
type kind int

const (
	letters kind = iota
	numerals
	alphaNumerals
	specials
	nonLetters
	lower
	upper
	unique // different characters
	fresh  // different characters that the current password lacks
	required
	sets
	kinds
)

// recipe says what a password shall consist of: a policy's rules turned into numbers per kind, and the flaw that Break
// wants in it. It is cooked in two steps: choose the characters, then arrange them.
type recipe struct {
	shortest, longest int // longest 0: no limit
	least             [kinds]int
	most              [kinds]int // -1: no limit
	alphabet          []rune
	required          []rune
	sets              []string
	current           string
	longestRun        int             // 0: no limit
	spread            int             // by how much the length varies
	startsWith        func(rune) bool // nil: anything
	forbidden         []string        // lower case; must not occur
	block             []rune          // occurs as it is: the flaw itself; what it makes unavoidable is not held against the rest
}

const (
	// comfortable is the least length of a generated password: ten random characters tell the passwords of a run apart,
	// and a search for one of them in a log does not find it by chance.
	comfortable = 10
	// surprise is how many characters beside the required ones are left to chance.
	surprise = 8
	// habit is by how many characters people's passwords differ in length: not everybody stops at the least.
	habit = 6
)

const (
	lowerCase = "abcdefghijklmnopqrstuvwxyz"
	upperCase = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits    = "0123456789"
	// marks leaves out what shells, quotes and markup trip over: a generated password shall test the engine, not the
	// quoting of a tester's script.
	marks = "!#$%&*+-./:=?@^_~"
)

func newRecipe(p Policy, s Subject) recipe {
	r := recipe{
		longest:    p.MaxLength,
		required:   uniqueRunes(p.RequiredChars),
		sets:       p.CharacterSets,
		current:    s.Current.Reveal(),
		longestRun: p.MaxRepeatedChars,
		forbidden:  p.forbidden(s),
	}
	r.least = [kinds]int{
		letters: p.MinAlphas, numerals: p.MinNumerals, alphaNumerals: p.MinAlphaNumerals, specials: p.MinSpecialChars,
		lower: p.MinLowerCase, upper: p.MinUpperCase, unique: p.MinUniqueChars, required: len(r.required),
		sets: p.MinCharacterSets,
	}
	if r.current != "" {
		r.least[fresh] = p.DistinctCharacters
	}
	for k := range r.most {
		r.most[k] = -1
	}
	if p.MaxSpecialChars > 0 {
		r.most[specials] = p.MaxSpecialChars
	}
	if p.StartsWithAlphabet {
		r.startsWith = unicode.IsLetter
		r.least[letters] = max(r.least[letters], 1)
	}
	r.shortest = max(p.MinLength, comfortable, len(r.required)+surprise)
	if r.longest > 0 {
		r.shortest = min(r.shortest, r.longest)
	}
	r.alphabet = p.alphabet(max(p.MinUniqueChars, r.least[fresh]+len(uniqueRunes(r.current))))
	return r
}

// alphabet lists the characters to choose from, at least so many different ones if the policy lets them be.
func (p Policy) alphabet(atLeast int) []rune {
	source := p.AllowedChars
	if source == "" {
		source = lowerCase + upperCase + digits + marks + p.RequiredChars
		for _, set := range p.CharacterSets {
			_, characters, _ := strings.Cut(set, ":")
			for low, high := range ranges(characters) {
				for r := low; r <= high && r-low < 64; r++ {
					source += string(r)
				}
			}
		}
	}
	usable := slices.DeleteFunc(uniqueRunes(source), func(r rune) bool {
		return strings.ContainsRune(p.DisallowedChars, r) || slices.ContainsFunc(p.DisallowedSubstrings, func(word string) bool {
			return strings.EqualFold(word, string(r))
		})
	})
	for r := 'À'; p.AllowedChars == "" && len(usable) < atLeast && r < 0x500; r++ { // Latin, Greek, Cyrillic
		if unicode.IsLetter(r) && !strings.ContainsRune(p.DisallowedChars, r) && !slices.Contains(usable, r) {
			usable = append(usable, r)
		}
	}
	return usable
}

// forbidden lists, in lower case, the words that must not occur in the password of s.
func (p Policy) forbidden(s Subject) []string {
	var words []string
	add := func(word string) {
		words = append(words, strings.ToLower(word))
	}
	for _, word := range p.DisallowedSubstrings {
		add(word)
	}
	addLong := func(disallowed bool, word string) {
		if disallowed && longEnough(word) {
			add(word)
		}
	}
	addLong(p.FirstNameDisallowed, s.GivenName)
	addLong(p.LastNameDisallowed, s.FamilyName)
	addLong(p.UserNameDisallowed, s.UserName)
	for _, name := range p.DisallowedUserAttributeValues {
		addLong(true, s.attribute(name))
	}
	return words
}

// cook makes one attempt. An anxious cook levels out the characters and puts the most frequent first, so that runs stay
// short; which of the two ways leads into a dead end depends on the policy.
func (r recipe) cook(s *random.Stream, anxious bool) (string, bool) {
	ingredients, ok := r.choose(s, anxious)
	if !ok {
		return "", false
	}
	return r.arrange(s, ingredients, anxious)
}

// bowl holds the characters chosen so far and what they amount to.
type bowl struct {
	recipe  *recipe
	anxious bool
	runes   []rune
	have    [kinds]int
	setsHit []bool

	sorted             bool
	small, large, rest []rune // the alphabet, for the filler
}

// choose returns the characters beside the block: first those that are wanted, then, up to the length, mostly lower-case
// letters, as people's passwords are.
func (r *recipe) choose(s *random.Stream, anxious bool) ([]rune, bool) {
	b := bowl{recipe: r, anxious: anxious, setsHit: make([]bool, len(r.sets))}
	for _, c := range r.block {
		b.add(c)
	}
	for _, c := range r.required {
		if !slices.Contains(b.runes, c) {
			b.add(c)
		}
	}
	for !b.complete() {
		c, found := b.mostUseful(s)
		if !found {
			return nil, false
		}
		b.add(c)
	}
	length := r.shortest
	if len(r.block) > 0 {
		length = max(length, len(r.block)+surprise)
	}
	length += s.IntN(r.spread + 1)
	if r.longest > 0 {
		length = min(length, r.longest)
		if len(b.runes) > max(r.longest, len(r.block)) {
			return nil, false
		}
	}
	for len(b.runes) < length {
		c, found := b.filler(s)
		if !found {
			return nil, false
		}
		b.add(c)
	}
	return b.runes[len(r.block):], true
}

func (b *bowl) complete() bool {
	for k, want := range b.recipe.least {
		if b.have[k] < want {
			return false
		}
	}
	return true
}

func (b *bowl) add(c rune) {
	for k, n := range b.gain(c) {
		b.have[k] += n
	}
	for i := range b.setsHit {
		b.setsHit[i] = b.setsHit[i] || b.recipe.inSet(i, c)
	}
	b.runes = append(b.runes, c)
}

func (r *recipe) inSet(i int, c rune) bool {
	_, characters, _ := strings.Cut(r.sets[i], ":")
	return inSet(characters, c)
}

// gain is what one more c would amount to.
func (b *bowl) gain(c rune) [kinds]int {
	var g [kinds]int
	switch {
	case unicode.IsLetter(c):
		g[letters], g[alphaNumerals] = 1, 1
		if unicode.IsLower(c) {
			g[lower] = 1
		} else if unicode.IsUpper(c) {
			g[upper] = 1
		}
	case unicode.IsDigit(c):
		g[numerals], g[alphaNumerals], g[nonLetters] = 1, 1, 1
	default:
		g[specials], g[nonLetters] = 1, 1
	}
	if !slices.Contains(b.runes, c) {
		g[unique] = 1
		if !strings.ContainsRune(b.recipe.current, c) {
			g[fresh] = 1
		}
		if slices.Contains(b.recipe.required, c) {
			g[required] = 1
		}
	}
	for i, hit := range b.setsHit {
		if !hit && b.recipe.inSet(i, c) {
			g[sets]++
		}
	}
	return g
}

// worth says how many wants c would still, unless it may not come in at all.
func (b *bowl) worth(c rune) (useful int, admissible bool) {
	for k, n := range b.gain(c) {
		if n == 0 {
			continue
		}
		if most := b.recipe.most[k]; most >= 0 && b.have[k]+n > most {
			return 0, false
		}
		useful += min(n, max(0, b.recipe.least[k]-b.have[k]))
	}
	return useful, true
}

// mostUseful picks one of the characters that still the most wants.
func (b *bowl) mostUseful(s *random.Stream) (rune, bool) {
	best := 1
	var candidates []rune
	for _, c := range b.recipe.alphabet {
		useful, admissible := b.worth(c)
		switch {
		case !admissible:
		case useful > best:
			best, candidates = useful, append(candidates[:0], c)
		case useful == best:
			candidates = append(candidates, c)
		}
	}
	return pick(s, candidates)
}

// filler picks a character that no rule asks for.
func (b *bowl) filler(s *random.Stream) (rune, bool) {
	if !b.sorted {
		b.sortAlphabet()
	}
	if b.anxious {
		return b.rarest(s)
	}
	if s.Float64() < 0.85 {
		if c, found := b.draw(s, &b.small); found {
			return c, true
		}
	}
	for _, from := range []*[]rune{&b.large, &b.small, &b.rest} {
		if c, found := b.draw(s, from); found {
			return c, true
		}
	}
	return 0, false
}

// sortAlphabet parts the alphabet into lower-case letters, other letters and digits, and the rest.
func (b *bowl) sortAlphabet() {
	for _, c := range b.recipe.alphabet {
		switch {
		case unicode.IsLower(c):
			b.small = append(b.small, c)
		case unicode.IsLetter(c), unicode.IsDigit(c):
			b.large = append(b.large, c)
		default:
			b.rest = append(b.rest, c)
		}
	}
	b.sorted = true
}

// draw picks one of the characters that may come in, and drops the others it meets: what may not come in now never may.
func (b *bowl) draw(s *random.Stream, from *[]rune) (rune, bool) {
	for len(*from) > 0 {
		i := s.IntN(len(*from))
		c := (*from)[i]
		if _, admissible := b.worth(c); admissible {
			return c, true
		}
		*from = slices.Delete(*from, i, i+1)
	}
	return 0, false
}

// rarest picks one of the characters that were chosen least often so far.
func (b *bowl) rarest(s *random.Stream) (rune, bool) {
	fewest := -1
	var candidates []rune
	for _, c := range b.recipe.alphabet {
		if _, admissible := b.worth(c); !admissible {
			continue
		}
		n := 0
		for _, other := range b.runes {
			if other == c {
				n++
			}
		}
		switch {
		case fewest < 0 || n < fewest:
			fewest, candidates = n, append(candidates[:0], c)
		case n == fewest:
			candidates = append(candidates, c)
		}
	}
	return pick(s, candidates)
}

func pick(s *random.Stream, from []rune) (rune, bool) {
	if len(from) == 0 {
		return 0, false
	}
	return from[s.IntN(len(from))], true
}
