package scenarios

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each file has one §: its place in the file must be found from its place in the value.
func TestCharactersOfATextKnowTheirPlaces(t *testing.T) {
	tests := []struct{ name, file string }{
		{"plain", "a: one §two"},
		{"plain with spaces at the end", "a: one §two   \nb: 1"},
		{"plain over two lines", "a: one\n   two §three"},
		{"plain after wide letters", "a: 山田 é §two"},
		{"single quoted", "a: 'one §two'"},
		{"single quoted with quotes", "a: 'it''s ''one'' §two'"},
		{"single quoted over lines", "a: 'one\n    two\n    §three'"},
		{"double quoted", `a: "one §two"`},
		{"double quoted with escapes", `a: "\"one\"\tt\u0041\x41\\ §two"`},
		{"in a flow mapping", "a: {x: 1, b: 'one §two'}"},
		{"literal block", "a: |\n  one\n    two §three\n"},
		{"literal block with an empty line", "a: |\n  one\n\n  §two\n"},
		{"literal block that begins with an empty line", "a: |\n\n  one §two\n"},
		{"literal block without the last break", "a: |-\n    one\n    §two"},
		{"literal block with a zero byte", "a: |\n  one\x00two\n  §three\n"},
		{"folded block", "a: >\n  one\n  two §three\n"},
		{"folded block without the last break", "a: >-\n  §one\n  two\n"},
		{"in a list", "a:\n  - b: 1\n  - >-\n    one\n    two §three\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			found := &problems{}
			tree := readTree([]byte(test.file), found)
			require.NoError(t, found.err())
			n := tree
			for n.kind != scalarNode {
				if n.kind == sequenceNode {
					n = n.items[len(n.items)-1]
					continue
				}
				next := n.fields[0].value
				if b := n.child("b"); b != nil && b.value != nil && strings.Contains(test.file, "flow") {
					next = b
				}
				for _, f := range n.fields {
					if s, ok := f.value.value.(string); ok && strings.Contains(s, "§") {
						next = f.value
					}
				}
				n = next
			}
			lines := splitLines([]byte(test.file))
			text := textOf(n, lines)
			before, _, ok := strings.Cut(text.value, "§")
			require.True(t, ok, "value %q", text.value)
			line, column := 1+strings.Count(before, "\n"), 1+len([]rune(before[strings.LastIndex(before, "\n")+1:]))
			got := text.place(line, column)
			require.LessOrEqual(t, got.Line, len(lines))
			require.LessOrEqual(t, got.Column, len(lines[got.Line-1]), "line %d", got.Line)
			assert.Equal(t, "§", string(lines[got.Line-1][got.Column-1]), "at %v", got)
		})
	}
}

func TestNear(t *testing.T) {
	known := []string{"settle", "set_policy", "minLength", "maxLength"}
	tests := []struct {
		word string
		want []string
	}{
		{"setle", []string{"settle"}},
		{"minLenght", []string{"minLength"}},
		{"length", []string{"minLength", "maxLength"}},
		{"elephant", []string{}},
		{strings.Repeat("x", 10_000), nil},
	}
	for _, test := range tests {
		assert.Equal(t, test.want, near(test.word, known), "%.20s", test.word)
	}
}

func FuzzParse(f *testing.F) {
	list, err := Suite()
	require.NoError(f, err)
	for _, s := range list {
		data, err := suites.ReadFile(s.file)
		require.NoError(f, err)
		f.Add(data)
	}
	for _, seed := range []string{
		valid, "", "\x00", "a: [", "- - - - -", "? ?", "a: &b [*b]", "a: !!binary x", "<<: {a: 1}", "a: |\n\tb", "---\n---", "a: .inf", "1: 2",
		strings.Replace(valid, "{ journal", "{\x00journal", 1), strings.Replace(valid, "operation", "\x00", 1), strings.Repeat("[", 4000), strings.Repeat("- ", 4000), strings.Repeat("a: \n ", 500), "a: \"\\U0010FFFF\"", "id: {id: {id: {}}}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("fuzz.yaml", data)
		if err == nil {
			_ = describe(s) // must be able to tell whatever is valid
			return
		}
		var invalid *InvalidError
		require.ErrorAs(t, err, &invalid)
		require.NotEmpty(t, invalid.Problems)
		for _, p := range invalid.Problems {
			require.Positive(t, p.Line, "%s", p)
			require.Positive(t, p.Column, "%s", p)
		}
	})
}
