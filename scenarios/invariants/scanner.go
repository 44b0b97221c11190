package invariants

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// window is how many bytes of a spelling decide whether a place is worth a closer look. Shorter spellings are not searched
// for: they would be found in anything.
const window = 6

// scanner searches a text for very many spellings at once, in time that grows with the text and hardly with their number:
// the window at each place is looked up in a bit field, and only a bit that is set leads to the table behind it.
type scanner struct {
	bits  []uint64
	table map[uint64][]pattern
}

type pattern struct {
	text  string
	how   string
	owner int // whose secret it is
}

// hit is a place at which a spelling was found.
type hit struct {
	at    int
	how   string
	owner int
}

const bitsLog = 22 // 4 Mi bits: a quarter of a million spellings set one in sixteen

func newScanner() *scanner {
	return &scanner{bits: make([]uint64, 1<<(bitsLog-6)), table: map[uint64][]pattern{}}
}

// key is the window at the start of b, which must have eight bytes or more.
func key(b []byte) uint64 { return binary.LittleEndian.Uint64(b) << 16 >> 16 }

func slot(k uint64) uint64 { return k * 0x9E3779B97F4A7C15 >> (64 - bitsLog) }

// add makes the scanner look for a secret, in every spelling. It tells whether the secret is long enough.
func (s *scanner) add(secret string, owner int) bool {
	if len(secret) < window {
		return false
	}
	for _, way := range spellings(secret) {
		if len(way.text) < window {
			continue
		}
		k := key(append([]byte(way.text), 0, 0))
		s.table[k] = append(s.table[k], pattern{way.text, way.how, owner})
		s.bits[slot(k)>>6] |= 1 << (slot(k) & 63)
	}
	return true
}

// scan returns the first place of each secret in data, in order of place.
func (s *scanner) scan(data []byte) []hit {
	var hits []hit
	found := map[int]bool{}
	end := len(data) - window
	if end < 0 {
		return nil
	}
	look := func(at int, k uint64) {
		for _, p := range s.table[k] {
			if !found[p.owner] && len(data)-at >= len(p.text) && string(data[at:at+len(p.text)]) == p.text {
				found[p.owner] = true
				hits = append(hits, hit{at, p.how, p.owner})
			}
		}
	}
	at := 0
	for ; at+8 <= len(data); at++ {
		k := key(data[at:])
		if i := slot(k); s.bits[i>>6]>>(i&63)&1 == 1 {
			look(at, k)
		}
	}
	for ; at <= end; at++ { // the last windows do not have eight bytes
		var last [8]byte
		copy(last[:], data[at:])
		look(at, key(last[:]))
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.at, b.at) })
	return hits
}
