package directory

import (
	"slices"
	"strings"
)

// ordered is a sorted list of keys with entries, in runs so that a change in the middle moves little.
type ordered struct {
	runs [][]posting
}

type posting struct {
	key string
	id  id
}

const runLength = 512

func (p posting) compare(other posting) int {
	if c := strings.Compare(p.key, other.key); c != 0 {
		return c
	}
	return int(p.id) - int(other.id)
}

// run is the one in which p has its place.
func (o *ordered) run(p posting) int {
	at, _ := slices.BinarySearchFunc(o.runs, p, func(run []posting, p posting) int { return run[len(run)-1].compare(p) })
	return at
}

func (o *ordered) put(key string, i id, in bool) {
	p := posting{key, i}
	n := o.run(p)
	if n == len(o.runs) {
		if !in {
			return
		}
		if n == 0 {
			o.runs = append(o.runs, nil)
		} else {
			n--
		}
	}
	at, found := slices.BinarySearchFunc(o.runs[n], p, posting.compare)
	switch {
	case found == in:
		return
	case in:
		o.runs[n] = slices.Insert(o.runs[n], at, p)
	default:
		o.runs[n] = slices.Delete(o.runs[n], at, at+1)
	}
	switch length := len(o.runs[n]); {
	case length == 0:
		o.runs = slices.Delete(o.runs, n, n+1)
	case length > runLength:
		half := length / 2
		o.runs = slices.Insert(o.runs, n+1, slices.Clone(o.runs[n][half:]))
		o.runs[n] = slices.Clip(o.runs[n][:half])
	}
}

// rangeLimit is how many entries a range may find before it stands for all (OpenDJ, cursor-entry-limit).
const rangeLimit = 100_000

// between finds the entries with a key from least up to most; "" is no bound.
func (o *ordered) between(least, most string) ([]id, bool) {
	var found []id
	for n := o.run(posting{key: least}); n < len(o.runs); n++ {
		for _, p := range o.runs[n] {
			if p.key < least {
				continue
			}
			if most != "" && p.key > most {
				n = len(o.runs) - 1
				break
			}
			if found = append(found, p.id); len(found) > rangeLimit {
				return nil, false
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found), true
}
