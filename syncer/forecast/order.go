package forecast

import (
	"cmp"
	"slices"
	"strings"
)

// order makes a password of the chosen characters: at first as people do, the capital at the front and figures at the end,
// then in other orders. An order that is not found proves nothing.
func (f *search) order() outcome {
	own := f.dice
	if own == nil {
		own = newDice(1, "order")
	}
	for try := range orderTries {
		if f.orders++; f.orders > orderLimit {
			break
		}
		if password, ok := f.arrange(f.pick(own, try), own, try); ok && f.accept(password) {
			f.result = password
			return found
		}
	}
	return gaveUp
}

// pick takes the characters of each atom: different ones as long as that is allowed, and by chance when there are dice.
func (f *search) pick(d *dice, try int) []rune {
	spare := unlimited
	if f.distinctMost < unlimited {
		spare = f.distinctMost - f.variety(func(i int) int { return min(1, f.n[i]) })
	}
	var list []rune
	for i, a := range f.atoms {
		n := f.n[i] - len(a.block)
		if n == 0 {
			continue
		}
		fresh := slices.DeleteFunc(slices.Clone(a.characters), func(c rune) bool { return slices.Contains(a.block, c) })
		characters := append(fresh, runes(string(a.block))...)
		if f.distinctMost < unlimited && len(a.block) > 0 {
			characters = append(runes(string(a.block)), fresh...)
		}
		extra := min(spare, n-1, len(characters)-1)
		if spare < unlimited {
			spare -= extra
		}
		if f.dice != nil {
			d.shuffle(len(characters), func(i, j int) { characters[i], characters[j] = characters[j], characters[i] })
		}
		for k := range n {
			at := k % (extra + 1)
			if f.dice != nil && !f.once && try == 0 && f.distinctMost == unlimited {
				at = d.below(len(characters)) // people do repeat themselves
			}
			list = append(list, characters[at])
		}
	}
	return list
}

func (f *search) arrange(list []rune, d *dice, try int) (string, bool) {
	slices.SortStableFunc(list, func(a, b rune) int { return cmp.Compare(kindOf(a), kindOf(b)) })
	if try > 0 {
		d.shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	}
	if f.run < unlimited && try%2 == 1 {
		list = spread(list)
	}
	// The block stands between letters and figures, later anywhere.
	at := slices.IndexFunc(list, func(c rune) bool { return kindOf(c) >= kindDigit })
	if at < 0 {
		at = len(list)
	}
	if try > 0 {
		at = d.below(len(list) + 1)
	}
	password := slices.Insert(list, at, []rune(f.block)...)
	if len(f.first) > 0 && !f.mayBeFirst(password[0]) {
		i := slices.IndexFunc(password, f.mayBeFirst)
		if i < 0 {
			return "", false
		}
		c := password[i]
		password = slices.Insert(slices.Delete(password, i, i+1), 0, c)
	}
	text := string(password)
	if !strings.Contains(text, f.block) || longestRun(text) > f.run {
		return "", false
	}
	for _, w := range f.words {
		if !w.met(text, Person{}) {
			return "", false
		}
	}
	for _, p := range f.patterns {
		if !p.met(text, Person{}) {
			return "", false
		}
	}
	return text, true
}

// spread puts the most frequent character that differs from the last one next, which keeps runs as short as they can be.
func spread(list []rune) []rune {
	left := map[rune]int{}
	order := runes(string(list))
	for _, c := range list {
		left[c]++
	}
	out := make([]rune, 0, len(list))
	for len(out) < len(list) {
		best := rune(-1)
		for _, c := range order {
			if left[c] > 0 && (len(out) == 0 || c != out[len(out)-1]) && (best < 0 || left[c] > left[best]) {
				best = c
			}
		}
		if best < 0 {
			best = out[len(out)-1]
		}
		left[best]--
		out = append(out, best)
	}
	return out
}
