package ber

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// DefaultSize is how large an element may be unless somebody says otherwise: OpenDJ's max-request-size.
const DefaultSize = 5_000_000

// firstPiece is how much is allocated before the first byte of the contents has arrived.
const firstPiece = 1024

// ReadElement reads one whole element, header included, of at most limit bytes. The error is io.EOF when the stream ends
// between two elements, and io.ErrUnexpectedEOF when it ends inside one.
func ReadElement(r *bufio.Reader, limit int) ([]byte, error) {
	tag, err := r.ReadByte()
	if err != nil {
		return nil, err
	}
	if Tag(tag)&numberBits == numberBits {
		return nil, fmt.Errorf("ber: tag number above 30: %w", ErrTag)
	}
	header := [6]byte{tag}
	size := 2
	if header[1], err = r.ReadByte(); err != nil {
		return nil, inside(err)
	}
	if more := int(header[1] & 0x7f); header[1]&0x80 != 0 {
		if more == 0 {
			return nil, fmt.Errorf("ber: %w", ErrIndefinite)
		}
		if more > 4 {
			return nil, fmt.Errorf("ber: a length of %d bytes: %w", more, ErrLength)
		}
		if _, err := io.ReadFull(r, header[2:2+more]); err != nil {
			return nil, inside(err)
		}
		size += more
	}
	length := lengthOf(header[1:size])
	if length > uint64(max(limit-size, 0)) {
		return nil, fmt.Errorf("ber: %d bytes announced, %d allowed: %w", length, limit, ErrTooLarge)
	}
	return fill(r, header[:size], int(length)) //nolint:gosec // G115: below limit
}

// fill reads the contents. The buffer doubles as it fills up, so that it is never much larger than what has arrived.
func fill(r *bufio.Reader, header []byte, length int) ([]byte, error) {
	whole := len(header) + length
	element := make([]byte, len(header), min(whole, max(firstPiece, len(header)+r.Buffered())))
	copy(element, header)
	for len(element) < whole {
		if len(element) == cap(element) {
			grown := make([]byte, len(element), min(whole, 2*cap(element)))
			copy(grown, element)
			element = grown
		}
		n, err := r.Read(element[len(element):min(cap(element), whole)])
		element = element[:len(element)+n]
		if err != nil {
			return nil, inside(err)
		}
	}
	return element, nil
}

// lengthOf decodes length octets whose form has been checked.
func lengthOf(octets []byte) uint64 {
	if octets[0]&0x80 == 0 {
		return uint64(octets[0])
	}
	var length uint64
	for _, b := range octets[1:] {
		length = length<<8 | uint64(b)
	}
	return length
}

func inside(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Arrived tells whether the next element has arrived as a whole, or is wrong already, so that reading it does not wait.
func Arrived(r *bufio.Reader) bool {
	there, _ := r.Peek(min(6, r.Buffered()))
	if len(there) < 2 {
		return false
	}
	size := 2
	if there[1]&0x80 != 0 {
		if size += int(there[1] & 0x7f); size > 6 {
			return true
		}
	}
	return len(there) >= size && lengthOf(there[1:size]) <= uint64(r.Buffered()-size) //nolint:gosec // G115: not negative
}
