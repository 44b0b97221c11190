package forecast

import (
	"math"
	"math/bits"
)

// dice are numbers that repeat with their seed.
type dice struct{ state uint64 }

func newDice(seed uint64, what string) *dice {
	d := &dice{state: seed}
	for _, c := range what {
		d.state = d.next() ^ uint64(c) //nolint:gosec // only to tell names apart
	}
	return d
}

// next is SplitMix64.
func (d *dice) next() uint64 {
	d.state += 0x9e3779b97f4a7c15
	x := d.state
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (d *dice) float() float64 { return float64(d.next()>>11) / (1 << 53) }

// wait is exponential: of several, the shortest is that of a weight with a chance in proportion to the weight.
func (d *dice) wait(weight float64) float64 { return -math.Log(1-d.float()) / max(weight, 1e-9) }

func (d *dice) below(n int) int {
	high, _ := bits.Mul64(d.next(), uint64(n)) //nolint:gosec // n is a length
	return int(high)                           //nolint:gosec // below n
}

func (d *dice) shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, d.below(i+1))
	}
}
