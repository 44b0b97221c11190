package syncer

import (
	"encoding/binary"
	"hash/fnv"
	"time"
)

// chance is a number within [0,1) that depends on the seed and on what it is for, not on the order in which changes happen
// to be served: the same seed repeats the same waits.
func chance(seed uint64, what string, n int) float64 {
	h := fnv.New64a()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], seed)
	binary.LittleEndian.PutUint64(b[8:], uint64(n)) //nolint:gosec // Only to tell numbers apart.
	_, _ = h.Write(b[:])
	_, _ = h.Write([]byte(what))
	x := h.Sum64()
	// FNV mixes its last bytes poorly; this is the finish of MurmurHash3.
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

// wait is how long the n-th retry (from 1) of a change waits: exponential, within the jitter, and never shorter than what
// the target asked for.
func (r Retry) wait(seed uint64, id string, n int, retryAfter time.Duration) time.Duration {
	u := chance(seed, id, n)
	if base := r.First << (n - 1); base > retryAfter {
		w := time.Duration(float64(base) * (1 + r.Jitter*(2*u-1)))
		return max(w, retryAfter)
	}
	return time.Duration(float64(retryAfter) * (1 + r.Jitter*u))
}

// spread is less than a millisecond: no two scheduled times tie, which keeps runs in virtual time repeatable.
func spread(seed uint64, id string, n int) time.Duration {
	return time.Duration(chance(seed^0x5eed, id, n) * float64(time.Millisecond))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
