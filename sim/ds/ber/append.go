package ber

// The Append functions write one element each to the end of b. A constructed element is begun with Open, which leaves
// room for a short length, filled with further elements, and ended with Close:
//
//	b, at := ber.Open(b, ber.Sequence)
//	b = ber.AppendInteger(b, ber.Integer, 7)
//	b = ber.Close(b, at)

// Open begins an element whose contents follow; at is for Close.
func Open(b []byte, tag Tag) (begun []byte, at int) {
	return append(b, byte(tag), 0), len(b) + 2
}

// Close ends the element that Open began, and makes room for its length when that needs more than one byte.
func Close(b []byte, at int) []byte {
	length := len(b) - at
	if length < 0x80 {
		b[at-1] = byte(length) //nolint:gosec // G115: below 128
		return b
	}
	more := octets(uint64(length))
	b[at-1] = 0x80 | byte(more) //nolint:gosec // G115: at most 8
	for range more {
		b = append(b, 0)
	}
	copy(b[at+more:], b[at:at+length])
	for i := more - 1; i >= 0; i-- {
		b[at+i] = byte(length)
		length >>= 8
	}
	return b
}

// AppendString writes a string.
func AppendString[S string | []byte](b []byte, tag Tag, s S) []byte {
	b = append(b, byte(tag))
	b = appendLength(b, len(s))
	return append(b, s...)
}

// AppendInteger writes an INTEGER or ENUMERATED in as few bytes as it needs.
func AppendInteger(b []byte, tag Tag, v int64) []byte {
	size := 1
	for size < 8 && (v>>(8*size-1) != 0 && v>>(8*size-1) != -1) {
		size++
	}
	b = append(b, byte(tag), byte(size))
	for i := size - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i))) //nolint:gosec // G115: one byte is meant
	}
	return b
}

// AppendBoolean writes a BOOLEAN as RFC 4511, 5.1 wants it: true is FF.
func AppendBoolean(b []byte, tag Tag, v bool) []byte {
	if v {
		return append(b, byte(tag), 1, 0xff)
	}
	return append(b, byte(tag), 1, 0)
}

func appendLength(b []byte, length int) []byte {
	if length < 0x80 {
		return append(b, byte(length)) //nolint:gosec // G115: below 128
	}
	more := octets(uint64(length))
	b = append(b, 0x80|byte(more)) //nolint:gosec // G115: at most 8
	for i := more - 1; i >= 0; i-- {
		b = append(b, byte(length>>(8*i))) //nolint:gosec // G115: one byte is meant
	}
	return b
}

// octets is how many bytes a number needs.
func octets(n uint64) int {
	size := 1
	for n >>= 8; n > 0; n >>= 8 {
		size++
	}
	return size
}
