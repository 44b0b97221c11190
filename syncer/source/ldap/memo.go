package ldap

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"strings"
	"time"
)

// key is an entry's identity for good.
type key [16]byte

// keyOf makes a key of what the server calls the entry: the bits of a UUID, or a digest of anything else.
func keyOf(uid string) key {
	var k key
	plain := strings.ReplaceAll(uid, "-", "")
	if len(plain) == 2*len(k) {
		if _, err := hex.Decode(k[:], []byte(plain)); err == nil {
			return k
		}
	}
	sum := sha256.Sum256([]byte(uid))
	copy(k[:], sum[:])
	return k
}

// String looks like a UUID.
func (k key) String() string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", k[:4], k[4:6], k[6:8], k[8:10], k[10:])
}

// memo is what is remembered of a user: enough to tell a new password from the last one, and nothing that helps to guess it.
type memo struct {
	digest   [16]byte  // of the values of userPassword, with a key that is made for this directory
	changed  time.Time // pwdChangedTime, or zero
	modified time.Time // modifyTimestamp, or zero
	// rehashed: the last new value was taken for a rehash, and not delivered.
	rehashed bool
}

// kept is a memo as it lies in memory: a million of them should not take more than they must.
type kept struct {
	digest            [16]byte
	changed, modified uint64 // nanoseconds
	round             uint32 // of the reconciliation that has seen the user last; not on disk
	rehashed          bool
}

func (m memo) keep(round uint32) kept {
	return kept{digest: m.digest, changed: nanoseconds(m.changed), modified: nanoseconds(m.modified), rehashed: m.rehashed, round: round}
}

func (k kept) memo() memo {
	return memo{digest: k.digest, changed: moment(k.changed), modified: moment(k.modified), rehashed: k.rehashed}
}

const (
	// A record: key, digest, pwdChangedTime and modifyTimestamp in nanoseconds, flags, padding, checksum.
	recordSize   = 16 + 16 + 8 + 8 + 1 + 3 + 4
	flagGone     = 1
	flagRehashed = 2
)

func (m memo) append(to []byte, k key, gone bool) []byte {
	start := len(to)
	to = append(to, k[:]...)
	to = append(to, m.digest[:]...)
	to = binary.BigEndian.AppendUint64(to, nanoseconds(m.changed))
	to = binary.BigEndian.AppendUint64(to, nanoseconds(m.modified))
	var flags byte
	if gone {
		flags |= flagGone
	}
	if m.rehashed {
		flags |= flagRehashed
	}
	to = append(to, flags, 0, 0, 0)
	return binary.BigEndian.AppendUint32(to, crc32.ChecksumIEEE(to[start:]))
}

func decodeMemo(b []byte) (k key, m memo, gone, ok bool) {
	sum := b[recordSize-4:]
	if crc32.ChecksumIEEE(b[:recordSize-4]) != binary.BigEndian.Uint32(sum) {
		return k, m, false, false
	}
	copy(k[:], b)
	copy(m.digest[:], b[16:])
	m.changed, m.modified = moment(binary.BigEndian.Uint64(b[32:])), moment(binary.BigEndian.Uint64(b[40:]))
	m.rehashed = b[48]&flagRehashed != 0
	return k, m, b[48]&flagGone != 0, true
}

// nanoseconds and moment keep the zero time zero.
func nanoseconds(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.UnixNano())
}

func moment(n uint64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(n)).UTC() //nolint:gosec // From nanoseconds, bit for bit.
}
