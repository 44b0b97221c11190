package queue

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func FuzzDecodeChanges(f *testing.F) {
	f.Add(appendChange(appendChange([]byte{changesMark}, change{"a", []byte("1")}), change{"", nil}))
	f.Add([]byte{changesMark, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := decodeChanges(data)
		if err != nil {
			assert.Nil(t, list)
			return
		}
		text := []byte{changesMark}
		for _, c := range list {
			text = appendChange(text, c)
		}
		again, err := decodeChanges(text)
		require.NoError(t, err)
		assert.Equal(t, list, again)
	})
}

func FuzzDecodePage(f *testing.F) {
	text := page{leader: "host", waiting: 7}.header()
	text = appendNote(text, note{"key", []byte("data"), 9})
	f.Add(appendMark(text, mark{12 << sequenceBits, digestOf("a"), 1_700_000_000}))
	f.Add([]byte{journalMark, 0, 0, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := decodePage(data)
		if err != nil {
			return
		}
		text := p.header()
		for _, n := range p.notes {
			text = appendNote(text, n)
		}
		for _, m := range p.marks {
			text = appendMark(text, m)
		}
		again, err := decodePage(text)
		require.NoError(t, err)
		assert.ElementsMatch(t, p.notes, again.notes)
		assert.ElementsMatch(t, p.marks, again.marks)
		assert.Equal(t, p.leader, again.leader)
		assert.Equal(t, p.waiting, again.waiting)
	})
}
