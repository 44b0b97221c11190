package random

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"sync"
	"time"
)

// Seed is the origin of all chance in a run.
type Seed uint64

// Stream returns the stream of the named consumer. Two calls with one name return independent copies that yield the
// same numbers.
func (s Seed) Stream(name string) *Stream {
	var seed [8]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(s))
	key := sha256.Sum256(append(seed[:], name...))
	return &Stream{rng: rand.New(rand.NewChaCha8(key))}
}

// Stream is a sequence of numbers that depends only on its seed and name. It is safe for concurrent use; which
// goroutine gets which number is then up to the scheduler.
type Stream struct {
	mu  sync.Mutex
	rng *rand.Rand
}

// Float64 is in [0, 1).
func (s *Stream) Float64() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.Float64()
}

// NormFloat64 follows the standard normal distribution.
func (s *Stream) NormFloat64() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.NormFloat64()
}

// IntN is in [0, n); n must be positive.
func (s *Stream) IntN(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rng.IntN(n)
}

// Shuffle exchanges n elements into a random order.
func (s *Stream) Shuffle(n int, swap func(i, j int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rng.Shuffle(n, swap)
}

// Jitter is in [0, limit): the few nanoseconds that keep two timers from falling on one instant, or the spread of a
// back-off. A limit of zero or less yields zero.
func (s *Stream) Jitter(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Duration(s.rng.Int64N(int64(limit)))
}

// Bytes returns n bytes.
func (s *Stream) Bytes(n int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := make([]byte, 0, n+8)
	for len(b) < n {
		b = binary.LittleEndian.AppendUint64(b, s.rng.Uint64())
	}
	return b[:n]
}

// Hex returns n lower-case hexadecimal digits: the form of the vendors' ids.
func (s *Stream) Hex(n int) string {
	return hex.EncodeToString(s.Bytes((n + 1) / 2))[:n]
}
