package scenarios

import (
	"strings"

	"github.com/goccy/go-yaml/token"
)

// text is a string of a scenario file whose characters know their places: a query or an expression has its mistakes
// pointed at where they stand in the file, whichever of YAML's ways of writing a string was chosen.
type text struct {
	value  string
	places []Position // of each character of value, and of its end
}

// textOf aligns the value of a string with the lines of the file.
func textOf(n *node, lines [][]rune) text {
	value, _ := n.value.(string)
	t := text{value: value}
	a := aligner{lines: lines, at: n.at}
	if n.token != nil {
		switch n.token.Type {
		case token.LiteralType, token.FoldedType:
			a.at = Position{Line: n.at.Line + 1, Column: 1}
			a.indent = indentation(lines, a.at.Line)
			a.block = true
			a.skipIndent()
		case token.SingleQuoteType:
			a.quote = '\''
			a.at.Column++
		case token.DoubleQuoteType:
			a.quote = '"'
			a.at.Column++
		default:
		}
	}
	for _, r := range value {
		t.places = append(t.places, a.take(r))
	}
	end := a.at
	if last := len(t.places) - 1; last >= 0 { // not a.at, which may be in the next line already
		end = t.places[last]
		end.Column++
	}
	t.places = append(t.places, end)
	return t
}

// place is where the character at a line and a column of the value stands in the file; both count from 1.
func (t text) place(line, column int) Position {
	l, c := 1, 1
	for i, r := range []rune(t.value) {
		if l == line && c == column || l > line {
			return t.places[i]
		}
		if r == '\n' {
			if l == line {
				return t.places[i]
			}
			l, c = l+1, 1
			continue
		}
		c++
	}
	return t.places[len(t.places)-1]
}

// aligner walks through the file beside the value that YAML made of it.
type aligner struct {
	lines  [][]rune
	at     Position
	quote  rune
	indent int
	block  bool

	written struct{ line, end int } // where the writing on a line ends
}

// take returns the place of the next character of the value and moves behind it.
func (a *aligner) take(r rune) Position {
	if a.block {
		return a.takeBlock(r)
	}
	if r == ' ' || r == '\n' {
		return a.takeSpace()
	}
	a.skipBreak()
	at := a.at
	a.at.Column += a.width()
	return at
}

// takeBlock: in a block, a line is a line; where a folded block has made a space of a line's end, the next line follows.
func (a *aligner) takeBlock(r rune) Position {
	for a.atEnd() && a.at.Line < len(a.lines) {
		at := a.at
		a.at.Line++
		a.skipIndent()
		if r == '\n' || r == ' ' {
			return at
		}
	}
	at := a.at
	a.at.Column++
	return at
}

// takeSpace: a break with the indentation after it is one space of the value.
func (a *aligner) takeSpace() Position {
	at := a.at
	if a.atEnd() || a.onlySpaceLeft() {
		a.skipBreak()
		return at
	}
	a.at.Column += a.width()
	return at
}

// onlySpaceLeft tells whether the rest of the line is white and another line follows.
func (a *aligner) onlySpaceLeft() bool {
	if a.atEnd() || a.at.Line >= len(a.lines) {
		return false
	}
	if a.written.line != a.at.Line { // once for each line, not for each character
		a.written.line, a.written.end = a.at.Line, len([]rune(strings.TrimRight(string(a.line()), " \t")))
	}
	return a.at.Column > a.written.end
}

func (a *aligner) skipBreak() {
	for (a.atEnd() || a.onlySpaceLeft()) && a.at.Line < len(a.lines) {
		a.at.Line++
		a.at.Column = 1
		for a.onSpace() && !a.onlySpaceLeft() {
			a.at.Column++
		}
	}
}

func (a *aligner) skipIndent() {
	a.at.Column = 1
	for a.at.Column <= a.indent && a.onSpace() {
		a.at.Column++
	}
}

// width is how many characters of the file stand for the next one of the value.
func (a *aligner) width() int {
	line := a.line()
	rest := line[min(a.at.Column-1, len(line)):]
	switch {
	case len(rest) > 1 && a.quote == '\'' && rest[0] == '\'':
		return 2
	case len(rest) > 1 && a.quote == '"' && rest[0] == '\\':
		switch rest[1] {
		case 'x':
			return 4
		case 'u':
			return 6
		case 'U':
			return 10
		default:
			return 2
		}
	default:
		return 1
	}
}

func (a *aligner) line() []rune {
	if a.at.Line < 1 || a.at.Line > len(a.lines) {
		return nil
	}
	return a.lines[a.at.Line-1]
}

func (a *aligner) atEnd() bool { return a.at.Column > len(a.line()) }

// onSpace tells whether the file has a space at this place.
func (a *aligner) onSpace() bool { return !a.atEnd() && a.line()[a.at.Column-1] == ' ' }

// indentation of a block is that of its first line with anything on it.
func indentation(lines [][]rune, from int) int {
	for _, line := range lines[min(max(from-1, 0), len(lines)):] {
		if trimmed := strings.TrimLeft(string(line), " "); strings.TrimSpace(trimmed) != "" {
			return len(line) - len([]rune(trimmed))
		}
	}
	return 0
}

func splitLines(data []byte) [][]rune {
	var lines [][]rune
	for line := range strings.SplitSeq(string(data), "\n") {
		lines = append(lines, []rune(strings.TrimSuffix(line, "\r")))
	}
	return lines
}
