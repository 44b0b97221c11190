package forecast

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// shape is what a password is searched for: all that policies want of it, and the flaw that it shall have.
type shape struct {
	amounts       []amount
	sets          []sets
	distinctLeast int
	distinctMost  int
	run           int // longest run of one character
	once          bool
	first         []class
	words         []without
	patterns      []pattern

	block  string // must occur as it stands
	repeat int    // a run of so many must occur
}

func newShape() shape {
	return shape{distinctMost: unlimited, run: unlimited, amounts: []amount{atLeast(1, anything)}}
}

// clone keeps a wish of one search out of the next.
func (s shape) clone() shape {
	s.amounts, s.sets, s.first = slices.Clone(s.amounts), slices.Clone(s.sets), slices.Clone(s.first)
	return s
}

// outcome is how a search ended.
type outcome int

const (
	found outcome = iota
	impossible
	gaveUp
)

// The bounds of a search: what people configure needs a few hundred steps.
const (
	stepLimit  = 30_000
	orderLimit = 600 // orders of characters, of all choices together
	orderTries = 30  // orders of one choice
)

// search chooses how many characters of each kind a password has, and then an order of them.
type search struct {
	shape
	accept func(password string) bool // the last word: the checks of both policies
	dice   *dice                      // nil takes the most pleasant choice everywhere
	liking func(c rune) float64       // how often a character is taken, relative to the others, when there are dice

	atoms  []atom
	n      []int   // characters chosen, by atom, those of the block included
	totals []int   // by amount
	hits   [][]int // characters, by sets and class
	dead   map[string]bool
	steps  int
	orders int
	result string
}

// atom is a group of characters that no demand tells apart.
type atom struct {
	characters []rune
	block      []rune // those that the block brings
	amounts    []bool // in which amounts they count
	sets       [][]bool
	first      bool
	kind       kind
}

// find looks for a password of the shape.
func find(s shape, accept func(string) bool) (string, outcome) {
	return findWith(s, accept, nil, nil)
}

// findWith lets chance choose.
func findWith(s shape, accept func(string) bool, d *dice, liking func(rune) float64) (string, outcome) {
	if s.repeat == 0 {
		return s.findBlock(accept, d, liking)
	}
	// Any character may be the one that is repeated.
	verdict := impossible
	for _, c := range s.alphabet() {
		s.block = strings.Repeat(string(c), s.repeat)
		password, end := s.findBlock(accept, d, liking)
		if end == found {
			return password, found
		}
		verdict = max(verdict, end)
	}
	return "", verdict
}

func (s shape) findBlock(accept func(string) bool, d *dice, liking func(rune) float64) (string, outcome) {
	s = s.clone()
	if s.once && len(runes(s.block)) < len([]rune(s.block)) || longestRun(s.block) > s.run || s.distinctLeast > s.distinctMost {
		return "", impossible
	}
	if len(s.first) > 0 {
		s.amounts = append(s.amounts, atLeast(1, class{has: s.mayBeFirst}))
	}
	if s.once && s.distinctMost < unlimited {
		s.amounts = append(s.amounts, atMost(s.distinctMost, anything))
	}
	if s.distinctLeast > 0 {
		s.amounts = append(s.amounts, atLeast(s.distinctLeast, anything))
	}
	f := search{shape: s, accept: accept, dice: d, liking: liking, dead: map[string]bool{}}
	f.split()
	for i, a := range f.atoms {
		for range a.block {
			f.add(i, 1)
		}
	}
	if !f.possible() {
		return "", impossible
	}
	verdict := f.choose()
	return f.result, verdict
}

func (s shape) mayBeFirst(r rune) bool {
	return !slices.ContainsFunc(s.first, func(c class) bool { return !c.has(r) })
}

// alphabet is printable ASCII, then a few characters beyond it, then what the policies and the block name.
func (s shape) alphabet() []rune {
	own := strings.Builder{}
	for _, a := range s.amounts {
		own.WriteString(a.of.own)
	}
	for _, set := range s.sets {
		for _, c := range set.of {
			own.WriteString(c.own)
		}
	}
	return runes(smallLetters + capitalLetters + someDigits + someSpecials + beyond + own.String() + s.block)
}

// split groups the alphabet.
func (f *search) split() {
	byDemands := map[string]int{}
	for _, c := range f.alphabet() {
		a := atom{first: f.mayBeFirst(c), kind: kindOf(c)}
		signature := []byte(strconv.Itoa(int(a.kind)))
		mark := func(in bool) bool {
			signature = append(signature, map[bool]byte{true: '+', false: '-'}[in])
			return in
		}
		mark(a.first)
		mark(strings.ContainsRune(beyond, c)) // taken only when nothing else will do
		for _, d := range f.amounts {
			a.amounts = append(a.amounts, mark(d.of.has(c)))
		}
		for _, set := range f.sets {
			var in []bool
			for _, of := range set.of {
				in = append(in, mark(of.has(c)))
			}
			a.sets = append(a.sets, in)
		}
		i, known := byDemands[string(signature)]
		if !known {
			i = len(f.atoms)
			byDemands[string(signature)] = i
			f.atoms = append(f.atoms, a)
		}
		f.atoms[i].characters = append(f.atoms[i].characters, c)
	}
	for _, c := range f.block {
		for i := range f.atoms {
			if slices.Contains(f.atoms[i].characters, c) {
				f.atoms[i].block = append(f.atoms[i].block, c)
			}
		}
	}
	f.n, f.totals = make([]int, len(f.atoms)), make([]int, len(f.amounts))
	for _, set := range f.sets {
		f.hits = append(f.hits, make([]int, len(set.of)))
	}
}

// add takes or gives back one character of an atom.
func (f *search) add(i, by int) {
	f.n[i] += by
	for j, counts := range f.atoms[i].amounts {
		if counts {
			f.totals[j] += by
		}
	}
	for j, in := range f.atoms[i].sets {
		for k, counts := range in {
			if counts {
				f.hits[j][k] += by
			}
		}
	}
}

// possible tells whether what was chosen keeps all upper bounds.
func (f *search) possible() bool {
	for j, d := range f.amounts {
		if f.totals[j] > d.most {
			return false
		}
	}
	for j, set := range f.sets {
		if f.hit(j) > set.most {
			return false
		}
	}
	return f.variety(func(i int) int { return min(1, f.n[i]) }) <= f.distinctMost
}

func (f *search) hit(j int) int {
	n := 0
	for _, characters := range f.hits[j] {
		n += min(1, characters)
	}
	return n
}

// variety sums up different characters over the atoms.
func (f *search) variety(of func(i int) int) int {
	n := 0
	for i, a := range f.atoms {
		n += max(of(i), len(runes(string(a.block))))
	}
	return n
}

// most is how many different characters the chosen ones of an atom can be.
func (f *search) most(i int) int {
	a := f.atoms[i]
	own := len(runes(string(a.block)))
	return min(own+f.n[i]-len(a.block), len(a.characters))
}

// room is how many more characters of an atom the upper bounds let in.
func (f *search) room(i int) int {
	a := f.atoms[i]
	room := unlimited
	for j, counts := range a.amounts {
		if counts {
			room = min(room, f.amounts[j].most-f.totals[j])
		}
	}
	for j, in := range a.sets {
		more := 0
		for k, counts := range in {
			if counts && f.hits[j][k] == 0 {
				more++
			}
		}
		if f.hit(j)+more > f.sets[j].most {
			return 0
		}
	}
	if f.once {
		room = min(room, len(a.characters)-f.n[i])
	}
	if f.n[i] == 0 && f.variety(func(i int) int { return min(1, f.n[i]) }) >= f.distinctMost {
		return 0
	}
	return room
}

// choose adds one character after the other, always for the want that has the fewest characters to choose from. It comes
// back only with every choice tried, or with none of them left to try for lack of steps.
func (f *search) choose() outcome {
	if f.steps++; f.steps > stepLimit {
		return gaveUp
	}
	candidates, wanting := f.next()
	if !wanting {
		return f.order()
	}
	key := f.key()
	if f.dead[key] {
		return impossible // as it was when it was tried
	}
	verdict := impossible
	for _, i := range f.liked(candidates) {
		f.add(i, 1)
		end := f.choose()
		if end == found {
			return found
		}
		f.add(i, -1)
		verdict = max(verdict, end)
		if f.steps > stepLimit || f.orders > orderLimit {
			return gaveUp
		}
	}
	if verdict == impossible {
		f.dead[key] = true
	}
	return verdict
}

func (f *search) key() string {
	var b strings.Builder
	for _, n := range f.n {
		b.WriteString(strconv.Itoa(n))
		b.WriteByte(' ')
	}
	return b.String()
}

// next lists the atoms of which one must be added; none when a want cannot be met. Not wanting: all wants are met.
func (f *search) next() (candidates []int, wanting bool) {
	room := make([]int, len(f.atoms))
	for i := range f.atoms {
		room[i] = f.room(i)
	}
	var wants []want
	consider := func(in func(i int) bool, missing int) (dead bool) {
		if missing <= 0 {
			return false
		}
		w := want{missing: missing}
		capacity := 0
		for i := range f.atoms {
			if room[i] > 0 && in(i) {
				w.candidates = append(w.candidates, i)
				capacity = min(capacity, unlimited-room[i]) + room[i]
			}
		}
		wants = append(wants, w)
		return capacity < missing || !f.fits(w, room)
	}
	for j, d := range f.amounts {
		if consider(func(i int) bool { return f.atoms[i].amounts[j] }, d.least-f.totals[j]) {
			return nil, true
		}
	}
	for j, set := range f.sets {
		missing := min(1, set.least-f.hit(j)) // one character at a time: it may hit several sets
		if consider(func(i int) bool { return f.hitsNew(i, j) }, missing) {
			return nil, true
		}
	}
	missing := f.distinctLeast - f.variety(f.most)
	if consider(func(i int) bool { return f.most(i) < len(f.atoms[i].characters) }, min(1, missing)) || !f.fitTogether(wants) {
		return nil, true
	}
	if len(wants) == 0 {
		return nil, false
	}
	return slices.MinFunc(wants, func(a, b want) int { return cmp.Compare(len(a.candidates), len(b.candidates)) }).candidates, true
}

// want is a demand for more characters, and the atoms that they can come from.
type want struct {
	candidates []int
	missing    int
}

// fits tells whether the upper bounds, each for itself, leave room for what is missing.
func (f *search) fits(w want, room []int) bool {
	for j, d := range f.amounts {
		if d.most == unlimited {
			continue
		}
		capacity := d.most - f.totals[j]
		for _, i := range w.candidates {
			if !f.atoms[i].amounts[j] {
				capacity = min(capacity, unlimited-room[i]) + room[i]
			}
		}
		if capacity < w.missing {
			return false
		}
	}
	return true
}

// fitTogether tells whether wants that no character meets together leave the password short enough.
func (f *search) fitTogether(wants []want) bool {
	left := unlimited
	for j, d := range f.amounts {
		if d.most < unlimited && !slices.ContainsFunc(f.atoms, func(a atom) bool { return !a.amounts[j] }) {
			left = min(left, d.most-f.totals[j])
		}
	}
	slices.SortStableFunc(wants, func(a, b want) int { return cmp.Compare(b.missing, a.missing) })
	taken := make([]bool, len(f.atoms))
	for _, w := range wants {
		if slices.ContainsFunc(w.candidates, func(i int) bool { return taken[i] }) {
			continue
		}
		for _, i := range w.candidates {
			taken[i] = true
		}
		left -= w.missing
	}
	return left >= 0
}

func (f *search) hitsNew(i, j int) bool {
	for k, counts := range f.atoms[i].sets[j] {
		if counts && f.hits[j][k] == 0 {
			return true
		}
	}
	return false
}

// liked puts the candidates into the order in which they are tried: those that meet the most wants first, then by chance
// or by what is pleasant to read.
func (f *search) liked(candidates []int) []int {
	type rated struct {
		atom, useful int
		liking       float64
	}
	list := make([]rated, len(candidates))
	for at, i := range candidates {
		r := rated{atom: i}
		for j, counts := range f.atoms[i].amounts {
			if counts && f.totals[j] < f.amounts[j].least {
				r.useful++
			}
		}
		r.liking = f.pleasure(i)
		list[at] = r
	}
	slices.SortStableFunc(list, func(a, b rated) int {
		if f.dice == nil {
			return cmp.Or(cmp.Compare(b.useful, a.useful), cmp.Compare(b.liking, a.liking))
		}
		return cmp.Compare(b.liking, a.liking)
	})
	order := make([]int, len(list))
	for i, r := range list {
		order[i] = r.atom
	}
	return order
}

// pleasure is how much an atom is liked: letters of lower case before figures before capitals before the rest.
func (f *search) pleasure(i int) float64 {
	a := f.atoms[i]
	if f.dice != nil {
		weight := 0.0
		for _, c := range a.characters {
			weight += f.liking(c)
		}
		return -f.dice.wait(weight)
	}
	switch {
	case strings.ContainsRune(beyond, a.characters[0]):
		return -1e9
	case f.distinctMost < unlimited && f.run < unlimited:
		return float64(-f.n[i]) // few characters have to share the length
	}
	return map[kind]float64{kindLower: 4, kindDigit: 3, kindUpper: 2, kindSpecial: 1}[a.kind]
}
