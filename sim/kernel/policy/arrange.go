package policy

import (
	"cmp"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/random"
)

// patience bounds the search for an order: enough for what people configure, little enough to give up quickly.
const patience = 5000

// arrange puts the ingredients and the recipe's block into an order that has no forbidden word and no long run.
func (r *recipe) arrange(s *random.Stream, ingredients []rune, anxious bool) (string, bool) {
	s.Shuffle(len(ingredients), func(i, j int) { ingredients[i], ingredients[j] = ingredients[j], ingredients[i] })
	a := arrangement{
		recipe:   r,
		left:     ingredients,
		steps:    patience,
		anxious:  anxious,
		block:    len(r.block) > 0,
		blockAt:  -1,
		unheeded: unheeded(r.block, r.forbidden),
	}
	if a.block {
		a.blockAt = s.IntN(len(ingredients) + 1)
	}
	if !a.place() {
		return "", false
	}
	return string(a.placed), true
}

// unheeded lists the words that the block itself contains, which no order can avoid.
func unheeded(block []rune, words []string) []string {
	folded := strings.ToLower(string(block))
	var in []string
	for _, word := range words {
		if strings.Contains(folded, word) {
			in = append(in, word)
		}
	}
	return in
}

// arrangement is a search with backtracking.
type arrangement struct {
	recipe   *recipe
	placed   []rune
	left     []rune
	steps    int
	anxious  bool
	block    bool // still to be placed
	blockAt  int  // where it is tried first: after so many characters
	unheeded []string
}

func (a *arrangement) place() bool {
	if len(a.left) == 0 && !a.block {
		return true
	}
	if a.steps--; a.steps < 0 {
		return false
	}
	if a.block && (len(a.placed) == a.blockAt || len(a.left) == 0) && a.placeBlock() {
		return true
	}
	if a.anxious {
		a.mostFrequentFirst()
	}
	for i := range a.left {
		c := a.left[i]
		if slices.Contains(a.left[:i], c) || !a.fits(c) {
			continue // the same character was tried already, or may not stand here
		}
		a.placed = append(a.placed, c)
		a.left = slices.Delete(a.left, i, i+1)
		if a.place() {
			return true
		}
		a.left = slices.Insert(a.left, i, c)
		a.placed = a.placed[:len(a.placed)-1]
	}
	if a.block && len(a.placed) != a.blockAt && len(a.left) > 0 {
		return a.placeBlock()
	}
	return false
}

func (a *arrangement) placeBlock() bool {
	length := len(a.placed)
	if starts := a.recipe.startsWith; length == 0 && starts != nil && !starts(a.recipe.block[0]) {
		return false
	}
	a.placed = append(a.placed, a.recipe.block...)
	a.block = false
	if !a.endsBadly() && a.place() {
		return true
	}
	a.placed, a.block = a.placed[:length], true
	return false
}

// fits tells whether c may come next.
func (a *arrangement) fits(c rune) bool {
	if starts := a.recipe.startsWith; len(a.placed) == 0 && starts != nil && !starts(c) {
		return false
	}
	a.placed = append(a.placed, c)
	bad := a.endsBadly() || a.runTooLong()
	a.placed = a.placed[:len(a.placed)-1]
	return !bad
}

func (a *arrangement) runTooLong() bool {
	limit := a.recipe.longestRun
	if limit == 0 || len(a.placed) <= limit {
		return false
	}
	last := a.placed[len(a.placed)-1]
	return !slices.ContainsFunc(a.placed[len(a.placed)-1-limit:], func(c rune) bool { return c != last })
}

// endsBadly tells whether a forbidden word has just been completed. After a block that may have happened anywhere.
func (a *arrangement) endsBadly() bool {
	if len(a.recipe.forbidden) == 0 {
		return false
	}
	text := strings.ToLower(string(a.placed))
	for _, word := range a.recipe.forbidden {
		if strings.Contains(text, word) && !slices.Contains(a.unheeded, word) {
			return true
		}
	}
	return false
}

// mostFrequentFirst lets the characters of which most are left come first: the greedy order that avoids long runs
// whenever any order does.
func (a *arrangement) mostFrequentFirst() {
	count := map[rune]int{}
	for _, c := range a.left {
		count[c]++
	}
	slices.SortStableFunc(a.left, func(x, y rune) int { return cmp.Compare(count[y], count[x]) })
}
