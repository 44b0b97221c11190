package scenarios

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/seatrial/seatrial/sim/kernel/policy"
	"github.com/seatrial/seatrial/sim/kernel/random"
)

// Lengths is how long people choose their passwords: a weight for each length. The share of a population that a stricter
// target refuses is above all a matter of this habit.
type Lengths map[string]float64

// longest is more than anybody types.
const longest = 128

// check returns what is wrong with a length, or "".
func (l Lengths) check(key string, source policy.Policy) string {
	n, err := strconv.Atoi(key)
	switch {
	case err != nil || n < 1 || n > longest:
		return fmt.Sprintf("%q is not a length within 1…%d", key, longest)
	case n < source.MinLength:
		return fmt.Sprintf("the source takes no password of %d characters; its minLength is %d", n, source.MinLength)
	case source.MaxLength > 0 && n > source.MaxLength:
		return fmt.Sprintf("the source takes no password of %d characters; its maxLength is %d", n, source.MaxLength)
	case l[key] <= 0:
		return fmt.Sprintf("the weight of %s is %g; it must be above 0", key, l[key])
	}
	return ""
}

// narrow returns the policy with one length drawn from the habit, so that what it generates is so long.
func (l Lengths) narrow(s *random.Stream, p policy.Policy) policy.Policy {
	if len(l) == 0 {
		return p
	}
	keys := slices.SortedFunc(maps.Keys(l), func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return cmp.Compare(x, y)
	})
	total := 0.0
	for _, key := range keys {
		total += l[key]
	}
	at := s.Float64() * total
	for _, key := range keys {
		if at -= l[key]; at < 0 {
			n, _ := strconv.Atoi(key)
			p.MinLength, p.MaxLength = n, n
			return p
		}
	}
	return p
}
