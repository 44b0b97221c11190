package ber_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"runtime"
	"testing"
	"testing/iotest"

	asn1 "github.com/go-asn1-ber/asn1-ber"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/seatrial/seatrial/sim/ds/ber"
)

func TestReadElement(t *testing.T) {
	for name, tt := range map[string]struct {
		bytes []byte
		want  error
	}{
		"short":                    {[]byte{0x30, 3, 2, 1, 5}, nil},
		"empty":                    {[]byte{0x05, 0}, nil},
		"a long length for little": {[]byte{0x30, 0x84, 0, 0, 0, 3, 2, 1, 5}, nil},
		"nothing":                  {nil, io.EOF},
		"a tag":                    {[]byte{0x30}, io.ErrUnexpectedEOF},
		"half a length":            {[]byte{0x30, 0x82, 1}, io.ErrUnexpectedEOF},
		"half its contents":        {[]byte{0x30, 3, 2, 1}, io.ErrUnexpectedEOF},
		"indefinite":               {[]byte{0x30, 0x80, 0, 0}, ber.ErrIndefinite},
		"five length bytes":        {[]byte{0x30, 0x85, 0, 0, 0, 0, 1, 1}, ber.ErrLength},
		"reserved length":          {[]byte{0x30, 0xff}, ber.ErrLength},
		"a long tag":               {[]byte{0x3f, 0x81, 1, 0}, ber.ErrTag},
		"more than allowed":        {[]byte{0x30, 99}, ber.ErrTooLarge},
		"two gigabytes":            {append([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}, make([]byte, 14)...), ber.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{bytes.NewReader(tt.bytes), iotest.OneByteReader(bytes.NewReader(tt.bytes))} {
				got, err := ber.ReadElement(bufio.NewReader(r), 100)
				require.ErrorIs(t, err, tt.want)
				if tt.want == nil {
					assert.Equal(t, tt.bytes, got)
				}
			}
		})
	}
}

// TestNothingIsAllocatedAhead reads elements that announce all that is allowed, and then end.
func TestNothingIsAllocatedAhead(t *testing.T) {
	announced := []byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xf0, 1, 2, 3}
	in := bufio.NewReader(bytes.NewReader(announced))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		in.Reset(bytes.NewReader(announced))
		_, err := ber.ReadElement(in, math.MaxInt32)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100*8<<10))
}

func TestArrived(t *testing.T) {
	whole := ber.AppendString(nil, ber.OctetString, make([]byte, 300))
	for there := range len(whole) + 1 {
		in := bufio.NewReader(bytes.NewReader(whole[:there]))
		_, _ = in.Peek(max(there, 1))
		assert.Equal(t, there == len(whole), ber.Arrived(in), there)
	}
	in := bufio.NewReader(bytes.NewReader([]byte{0x30, 0x88}))
	_, _ = in.Peek(2)
	assert.True(t, ber.Arrived(in), "what is wrong already needs no waiting for")
}

func TestIntegers(t *testing.T) {
	for name, tt := range map[string]struct {
		contents []byte
		want     int64
		err      error
	}{
		"zero":                      {[]byte{0}, 0, nil},
		"the largest of one byte":   {[]byte{0x7f}, 127, nil},
		"128, which gldap makes -1": {[]byte{0, 0x80}, 128, nil},
		"minus one":                 {[]byte{0xff}, -1, nil},
		"minus 128":                 {[]byte{0x80}, -128, nil},
		"the largest":               {[]byte{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, math.MaxInt64, nil},
		"the smallest":              {[]byte{0x80, 0, 0, 0, 0, 0, 0, 0}, math.MinInt64, nil},
		"none":                      {nil, 0, ber.ErrValue},
		"nine bytes":                {[]byte{1, 0, 0, 0, 0, 0, 0, 0, 0}, 0, ber.ErrValue},
		"a needless zero":           {[]byte{0, 1}, 0, ber.ErrValue},
		"needless ones":             {[]byte{0xff, 0xff}, 0, ber.ErrValue},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ber.NewReader(ber.AppendString(nil, ber.Integer, tt.contents)).Integer(ber.Integer)
			require.ErrorIs(t, err, tt.err)
			assert.Equal(t, tt.want, got)
			if err == nil {
				assert.Equal(t, ber.AppendString(nil, ber.Integer, tt.contents), ber.AppendInteger(nil, ber.Integer, got))
			}
		})
	}
}

func TestReaderErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		bytes []byte
		read  func(*ber.Reader) error
		want  error
	}{
		"nothing there":      {nil, func(r *ber.Reader) error { _, err := r.Boolean(ber.Boolean); return err }, ber.ErrTruncated},
		"another tag":        {[]byte{2, 1, 0}, func(r *ber.Reader) error { _, err := r.Boolean(ber.Boolean); return err }, ber.ErrTag},
		"a long boolean":     {[]byte{1, 2, 0, 0}, func(r *ber.Reader) error { _, err := r.Boolean(ber.Boolean); return err }, ber.ErrValue},
		"something behind":   {[]byte{1, 1, 0}, (*ber.Reader).End, ber.ErrTrailing},
		"beyond the end":     {[]byte{4, 2, 0}, func(r *ber.Reader) error { _, err := r.String(ber.OctetString); return err }, ber.ErrTruncated},
		"indefinite":         {[]byte{0x30, 0x80, 0, 0}, func(r *ber.Reader) error { _, err := r.Enter(ber.Sequence); return err }, ber.ErrIndefinite},
		"a length too long":  {[]byte{4, 0x85, 0, 0, 0, 0, 0}, func(r *ber.Reader) error { _, err := r.String(ber.OctetString); return err }, ber.ErrLength},
		"a length cut off":   {[]byte{4, 0x82, 0}, func(r *ber.Reader) error { _, err := r.String(ber.OctetString); return err }, ber.ErrTruncated},
		"a tag of two bytes": {[]byte{0x1f, 0x1f, 0}, func(r *ber.Reader) error { _, _, err := r.Element(); return err }, ber.ErrTag},
		"a constructed text": {[]byte{0x24, 3, 4, 1, 'x'}, func(r *ber.Reader) error { _, err := r.String(ber.OctetString); return err }, ber.ErrTag},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorIs(t, tt.read(ber.NewReader(tt.bytes)), tt.want)
		})
	}
}

func TestDepth(t *testing.T) {
	nested := []byte{}
	for range ber.MaxDepth + 1 {
		nested = ber.AppendString(nil, ber.Sequence, nested)
	}
	r := ber.NewReader(nested)
	for range ber.MaxDepth {
		inner, err := r.Enter(ber.Sequence)
		require.NoError(t, err)
		r = inner
	}
	_, err := r.Enter(ber.Sequence)
	assert.ErrorIs(t, err, ber.ErrTooDeep)
}

// TestAgainstAnotherEncoder compares with go-asn1-ber what is written, and reads it back.
func TestAgainstAnotherEncoder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOf(rapid.Int64()).Draw(t, "numbers")
		texts := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 300)).Draw(t, "texts")
		truth := rapid.Bool().Draw(t, "truth")

		other := asn1.NewSequence("")
		b, at := ber.Open([]byte("before"), ber.Sequence)
		for _, n := range numbers {
			other.AppendChild(asn1.NewInteger(asn1.ClassUniversal, asn1.TypePrimitive, asn1.TagInteger, n, ""))
			b = ber.AppendInteger(b, ber.Integer, n)
		}
		inner := asn1.Encode(asn1.ClassContext, asn1.TypeConstructed, 3, nil, "")
		b, in := ber.Open(b, ber.Context(3).Constructed())
		for _, text := range texts {
			inner.AppendChild(asn1.NewString(asn1.ClassUniversal, asn1.TypePrimitive, asn1.TagOctetString, string(text), ""))
			b = ber.AppendString(b, ber.OctetString, text)
		}
		b = ber.Close(b, in)
		other.AppendChild(inner)
		other.AppendChild(asn1.NewLDAPBoolean(asn1.ClassUniversal, asn1.TypePrimitive, asn1.TagBoolean, truth, ""))
		b = ber.Close(ber.AppendBoolean(b, ber.Boolean, truth), at)
		assert.Equal(t, append([]byte("before"), other.Bytes()...), b)

		r, err := ber.NewReader(b[len("before"):]).Enter(ber.Sequence)
		require.NoError(t, err)
		for _, n := range numbers {
			got, err := r.Integer(ber.Integer)
			require.NoError(t, err)
			assert.Equal(t, n, got)
		}
		list, err := r.Enter(ber.Context(3).Constructed())
		require.NoError(t, err)
		for _, text := range texts {
			got, err := list.Primitive(ber.OctetString)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(text, got))
		}
		require.NoError(t, list.End())
		got, err := r.Boolean(ber.Boolean)
		require.NoError(t, err)
		assert.Equal(t, truth, got)
		require.NoError(t, r.End())
	})
}

// FuzzReadElement reads strangers' bytes as a connection does, walks through what has arrived, and asks go-asn1-ber about it.
func FuzzReadElement(f *testing.F) {
	for _, seed := range [][]byte{
		{0x30, 3, 2, 1, 5},
		{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff},
		{0x30, 0x80, 0, 0},
		{0x24, 0x80},
		{0x3f, 0x81, 1, 0},
		bytes.Repeat([]byte{0x30, 0x82, 1, 0}, 60),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in := bufio.NewReader(bytes.NewReader(data))
		element, err := ber.ReadElement(in, 1<<16)
		if err != nil {
			return
		}
		require.LessOrEqual(t, len(element), len(data))
		require.Equal(t, data[:len(element)], element)
		if walk(ber.NewReader(element)) != nil {
			return
		}
		_, err = asn1.DecodePacketErr(element)
		require.NoError(t, err, "what is well formed here is well formed there")
	})
}

// errForeign is a universal type that LDAP does not have, of which the other decoder has opinions.
var errForeign = errors.New("not of LDAP")

// walk reads every element at every depth.
func walk(r *ber.Reader) (err error) {
	for r.More() && err == nil {
		switch tag := r.Next(); {
		case tag.IsConstructed():
			var inner *ber.Reader
			if inner, err = r.Enter(tag); err == nil {
				err = walk(inner)
			}
		case tag == ber.Integer || tag == ber.Enumerated:
			_, err = r.Integer(tag)
		case tag == ber.Boolean:
			_, err = r.Boolean(tag)
		case tag < ber.Application(0) && tag != ber.OctetString && tag != ber.Null:
			err = errForeign
		default:
			_, _, err = r.Element()
		}
	}
	return errors.Join(err, r.End())
}
