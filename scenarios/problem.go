package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a scenario file. Both numbers count from 1; columns count characters.
type Position struct {
	Line   int
	Column int
}

// Problem is one mistake in a scenario file.
type Problem struct {
	File string
	Position
	Text string
}

// String is the form that editors and terminals turn into a link.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// InvalidError holds every mistake that was found in a scenario file, or in the words of a command.
type InvalidError struct {
	Problems []Problem
}

// Error shows one problem on each line.
func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// ExitCode is 2: nothing was run.
func (e *InvalidError) ExitCode() int { return exitInvalid }

// problems collects the mistakes of one file.
type problems struct {
	file  string
	found []Problem
}

func (p *problems) add(at Position, format string, args ...any) {
	if at.Line == 0 {
		at = Position{Line: 1, Column: 1}
	}
	text := []rune(fmt.Sprintf(format, args...))
	if len(text) > textLimit {
		text = append(text[:textLimit], '…')
	}
	p.found = append(p.found, Problem{File: p.file, Position: at, Text: string(text)})
}

// textLimit keeps a message readable that quotes something very long.
const textLimit = 500

// err returns what was found, in the order of the file, or nil.
func (p *problems) err() error {
	if len(p.found) == 0 {
		return nil
	}
	slices.SortStableFunc(p.found, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &InvalidError{Problems: slices.Compact(p.found)}
}
