package reports

import (
	"math"
	"slices"
	"time"
)

// Measure works out exact figures from all values; it leaves them as they are.
func Measure(values []time.Duration) Latency {
	if len(values) == 0 {
		return Latency{}
	}
	sorted := slices.Sorted(slices.Values(values))
	var sum float64
	for _, v := range sorted {
		sum += float64(v)
	}
	return Latency{
		Mean: time.Duration(math.Round(sum / float64(len(sorted)))),
		P50:  percentile(sorted, 50),
		P90:  percentile(sorted, 90),
		P95:  percentile(sorted, 95),
		P99:  percentile(sorted, 99),
		Max:  sorted[len(sorted)-1],
	}
}

// percentile by the nearest rank: the smallest value that at least p per cent of all do not exceed. It is always one of
// the values, never something between two of them.
func percentile(sorted []time.Duration, p float64) time.Duration {
	rank := int(math.Ceil(p * float64(len(sorted)) / 100))
	return sorted[max(rank, 1)-1]
}
