package schemes

import (
	"crypto/md5"  //nolint:gosec // G501: the vendors' weak schemes are simulated too
	"crypto/sha1" //nolint:gosec // G505: the vendors' weak schemes are simulated too
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"strconv"
	"strings"
)

// algorithm is a hash function by its name.
type algorithm struct {
	name  string
	fresh func() hash.Hash
	size  int
}

var (
	hashMD5    = algorithm{"MD5", md5.New, md5.Size}
	hashSHA1   = algorithm{"SHA-1", sha1.New, sha1.Size}
	hashSHA256 = algorithm{"SHA-256", sha256.New, sha256.Size}
	hashSHA384 = algorithm{"SHA-384", sha512.New384, sha512.Size384}
	hashSHA512 = algorithm{"SHA-512", sha512.New, sha512.Size}
)

// of hashes the parts one after the other.
func (a algorithm) of(parts ...string) []byte {
	h := a.fresh()
	for _, part := range parts {
		_, _ = h.Write([]byte(part))
	}
	return h.Sum(nil)
}

func encode64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// decode64 is stricter than the library, which skips line ends.
func decode64(what, text string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, malformed("the %s is not base64", what)
	}
	return b, nil
}

// positive reads a decimal number as Java's Integer.parseInt takes it, without a sign.
func positive(what, text string) (int, error) {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 || text[0] == '+' {
		return 0, malformed("the %s is no number from 1 to 2147483647", what)
	}
	return int(n), nil
}

// split parts a digest from the salt behind it.
func split(data []byte, size int) (digest, salt []byte, err error) {
	if len(data) <= size {
		return nil, nil, malformed("%d bytes hold no digest of %d and a salt behind it", len(data), size)
	}
	return data[:size], data[size:], nil
}
