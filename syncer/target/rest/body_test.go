package rest

import (
	"encoding/json"
	"io"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func FuzzAppendQuoted(f *testing.F) {
	f.Add([]byte("a\"\\\x00\x1f\x7f\u2028é𝄞"))
	f.Fuzz(func(t *testing.T, s []byte) {
		var got string
		require.NoError(t, json.Unmarshal(AppendQuoted(nil, s), &got))
		if utf8.Valid(s) {
			assert.Equal(t, string(s), got)
		}
	})
}

func TestBodiesAreWiped(t *testing.T) {
	data := []byte("secret")
	b := &secretBody{data: data}
	got, err := io.ReadAll(b)
	require.NoError(t, err)
	assert.Equal(t, "secret", string(got))
	require.NoError(t, b.Close())
	assert.Equal(t, make([]byte, 6), data)
	n, err := b.Read(make([]byte, 9))
	assert.Zero(t, n)
	require.ErrorIs(t, err, io.EOF)
}
