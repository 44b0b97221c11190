package ber

import "fmt"

// MaxDepth is how deep elements may lie in each other: a message, its operation, and a filter of some forty levels.
const MaxDepth = 50

// Reader walks through the elements of one piece of memory, in order. What it returns points into that memory.
type Reader struct {
	rest  []byte
	depth int // levels left below this one
}

// NewReader returns a reader of the elements in b.
func NewReader(b []byte) *Reader { return &Reader{rest: b, depth: MaxDepth} }

// More tells whether another element follows.
func (r *Reader) More() bool { return len(r.rest) > 0 }

// Next is the tag of the element that follows; 0, which LDAP never uses, when none does.
func (r *Reader) Next() Tag {
	if len(r.rest) == 0 {
		return 0
	}
	return Tag(r.rest[0])
}

// End is an error unless all elements have been read.
func (r *Reader) End() error {
	if len(r.rest) > 0 {
		return fmt.Errorf("ber: %d bytes: %w", len(r.rest), ErrTrailing)
	}
	return nil
}

// Element reads whatever follows.
func (r *Reader) Element() (Tag, []byte, error) {
	if len(r.rest) < 2 {
		return 0, nil, fmt.Errorf("ber: %w", ErrTruncated)
	}
	tag := Tag(r.rest[0])
	if tag&numberBits == numberBits {
		return 0, nil, fmt.Errorf("ber: tag number above 30: %w", ErrTag)
	}
	size := 2
	if r.rest[1]&0x80 != 0 {
		more := int(r.rest[1] & 0x7f)
		switch {
		case more == 0:
			return 0, nil, fmt.Errorf("ber: %w", ErrIndefinite)
		case more > 4:
			return 0, nil, fmt.Errorf("ber: a length of %d bytes: %w", more, ErrLength)
		case len(r.rest) < 2+more:
			return 0, nil, fmt.Errorf("ber: %w", ErrTruncated)
		}
		size += more
	}
	length := lengthOf(r.rest[1:size])
	if length > uint64(len(r.rest)-size) { //nolint:gosec // G115: not negative
		return 0, nil, fmt.Errorf("ber: %d bytes announced, %d there: %w", length, len(r.rest)-size, ErrTruncated)
	}
	end := size + int(length) //nolint:gosec // G115: within rest
	contents := r.rest[size:end:end]
	r.rest = r.rest[end:]
	return tag, contents, nil
}

// Primitive reads the contents of the element that follows, which must have this tag.
func (r *Reader) Primitive(tag Tag) ([]byte, error) {
	if r.Next() != tag {
		return nil, r.unexpected(tag)
	}
	_, contents, err := r.Element()
	return contents, err
}

// Enter returns a reader of the elements inside the one that follows, which must have this tag.
func (r *Reader) Enter(tag Tag) (*Reader, error) {
	contents, err := r.Primitive(tag)
	if err != nil {
		return nil, err
	}
	if r.depth == 0 {
		return nil, fmt.Errorf("ber: %w", ErrTooDeep)
	}
	return &Reader{rest: contents, depth: r.depth - 1}, nil
}

func (r *Reader) unexpected(tag Tag) error {
	if !r.More() {
		return fmt.Errorf("ber: nothing, where %v belongs: %w", tag, ErrTruncated)
	}
	return fmt.Errorf("ber: %v, where %v belongs: %w", r.Next(), tag, ErrTag)
}

// String reads a string.
func (r *Reader) String(tag Tag) (string, error) {
	contents, err := r.Primitive(tag)
	return string(contents), err
}

// Integer reads an INTEGER or ENUMERATED of at most eight bytes.
func (r *Reader) Integer(tag Tag) (int64, error) {
	contents, err := r.Primitive(tag)
	if err != nil {
		return 0, err
	}
	return integer(contents)
}

func integer(contents []byte) (int64, error) {
	switch {
	case len(contents) == 0 || len(contents) > 8:
		return 0, fmt.Errorf("ber: an integer of %d bytes: %w", len(contents), ErrValue)
	case len(contents) > 1 && (contents[0] == 0 && contents[1] < 0x80 || contents[0] == 0xff && contents[1] >= 0x80):
		return 0, fmt.Errorf("ber: an integer with a needless first byte: %w", ErrValue) // X.690, 8.3.2
	}
	value := int64(int8(contents[0])) //nolint:gosec // G115: the sign is meant
	for _, b := range contents[1:] {
		value = value<<8 | int64(b)
	}
	return value, nil
}

// Boolean reads a BOOLEAN. Any byte but 0 is true, as BER has it; RFC 4511, 5.1 asks writers for FF.
func (r *Reader) Boolean(tag Tag) (bool, error) {
	contents, err := r.Primitive(tag)
	if err != nil {
		return false, err
	}
	if len(contents) != 1 {
		return false, fmt.Errorf("ber: a boolean of %d bytes: %w", len(contents), ErrValue)
	}
	return contents[0] != 0, nil
}
