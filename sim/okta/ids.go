package okta

import (
	"strconv"
	"sync/atomic"

	"github.com/seatrial/seatrial/sim/kernel/random"
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// identifiers are the ids that an org hands out. Object ids have 20 characters and a prefix by kind: user 00u, group 00g,
// policy 00p, rule 0pr. They grow, so the order of ids is that of creation, by which lists are paged.
type identifiers struct {
	objects  atomic.Uint64
	requests atomic.Uint64
	events   atomic.Uint64
	tail     string
	trace    string
	errors   *random.Stream
	// schema, userType and realm are what every user of the org refers to.
	schema, userType, realm string
}

func newIdentifiers(seed random.Seed, org string) *identifiers {
	stream := seed.Stream(org + ".ids")
	i := &identifiers{tail: letters(stream, 9), trace: stream.Hex(24), errors: seed.Stream(org + ".errors")}
	i.realm = "guo" + letters(seed.Stream(org+".realm"), 17)
	i.schema, i.userType = "osc"+letters(stream, 17), "oty"+letters(stream, 17)
	return i
}

// letters are n characters of the ids' alphabet.
func letters(stream *random.Stream, n int) string {
	b := stream.Bytes(n)
	for i := range b {
		b[i] = base62[int(b[i])%len(base62)]
	}
	return string(b)
}

// next is a new object id.
func (i *identifiers) next(prefix string) string {
	n := i.objects.Add(1)
	var digits [8]byte
	for at := len(digits) - 1; at >= 0; at-- {
		digits[at] = base62[n%62]
		n /= 62
	}
	return prefix + string(digits[:]) + i.tail
}

// request is the X-Okta-Request-Id of one answer: 32 hexadecimal digits in newer examples of Okta's.
func (i *identifiers) request() string {
	n := strconv.FormatUint(i.requests.Add(1), 16)
	return i.trace + "00000000"[:max(0, 8-len(n))] + n
}

// error is "oae" and 22 url-safe characters.
func (i *identifiers) error() string {
	const alphabet = base62 + "-_"
	b := i.errors.Bytes(22)
	for at := range b {
		b[at] = alphabet[int(b[at])%len(alphabet)]
	}
	return "oae" + string(b)
}

// event is the uuid of an event of the System Log.
func (i *identifiers) event() string {
	n := strconv.FormatUint(i.events.Add(1), 16)
	t := i.trace
	return t[:8] + "-" + t[8:12] + "-11f0-" + t[12:16] + "-" + "000000000000"[:max(0, 12-len(n))] + n
}
