package faults

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/random"
)

// The distributions of delays.
const (
	constant    = "constant"
	uniform     = "uniform"
	lognormal   = "lognormal"
	percentiles = "percentiles"
)

// z95 is the 95th percentile of the standard normal distribution.
const z95 = 1.6448536269514722

// draw takes one delay from the distribution, and always one number from the stream.
func (l Latency) draw(s *random.Stream) time.Duration {
	switch l.kind() {
	case uniform:
		return l.Min + scaled(l.Max-l.Min, s.Float64())
	case lognormal:
		sigma := math.Log(float64(l.P95)/float64(l.Median)) / z95
		return l.capped(scaled(l.Median, math.Exp(sigma*s.NormFloat64())))
	case percentiles:
		return l.quantile(100 * s.Float64())
	default:
		_ = s.Float64()
		return l.Value
	}
}

// quantile is the delay below which p percent of all delays lie: straight lines through the given points.
func (l Latency) quantile(p float64) time.Duration {
	fromP, from := 0.0, l.Min
	for _, toP := range slices.SortedFunc(maps.Keys(l.Percentiles), cmp.Compare) {
		to := l.Percentiles[toP]
		if p <= toP {
			return from + scaled(to-from, (p-fromP)/(toP-fromP))
		}
		fromP, from = toP, to
	}
	if l.Max == 0 {
		return from
	}
	return from + scaled(l.Max-from, (p-fromP)/(100-fromP))
}

func (l Latency) capped(d time.Duration) time.Duration {
	if l.Max > 0 {
		return min(d, l.Max)
	}
	return d
}

// scaled multiplies, and stays at the longest duration rather than wrapping round.
func scaled(d time.Duration, factor float64) time.Duration {
	if product := float64(d) * factor; product < math.MaxInt64 {
		return time.Duration(product)
	}
	return math.MaxInt64
}

// String is "120ms", "1ms…2s", "median 120ms, p95 450ms", "p50 120ms, p99 1.2s".
func (l Latency) String() string {
	switch l.kind() {
	case uniform:
		return fmt.Sprintf("%v…%v", l.Min, l.Max)
	case lognormal:
		return fmt.Sprintf("median %v, p95 %v", l.Median, l.P95)
	case percentiles:
		points := make([]string, 0, len(l.Percentiles))
		for _, p := range slices.SortedFunc(maps.Keys(l.Percentiles), cmp.Compare) {
			points = append(points, fmt.Sprintf("p%v %v", p, l.Percentiles[p]))
		}
		return strings.Join(points, ", ")
	default:
		return l.Value.String()
	}
}
