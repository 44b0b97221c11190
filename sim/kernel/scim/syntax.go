package scim

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	longestText = 8 << 10 // bytes of a filter or path
	deepest     = 50      // parentheses and brackets within each other
)

// SyntaxError is a mistake in a filter or path.
type SyntaxError struct {
	Offset  int    // in bytes, from 0
	Message string // what is wrong and what would be right
	Near    string // the text at the offset; empty at the end
}

// Error names the place and the mistake.
func (e *SyntaxError) Error() string {
	if e.Near == "" {
		return fmt.Sprintf("at offset %d: %s", e.Offset, e.Message)
	}
	return fmt.Sprintf("at offset %d, near %q: %s", e.Offset, e.Near, e.Message)
}

// near shortens text to what helps to find the place.
func near(text string) string {
	const enough = 24
	if len(text) <= enough {
		return text
	}
	end := enough
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// parser reads one filter or path. Its methods leave pos behind what they read.
type parser struct {
	text  string
	pos   int
	depth int
}

func (p *parser) errorf(offset int, format string, args ...any) error {
	return &SyntaxError{Offset: offset, Message: fmt.Sprintf(format, args...), Near: near(p.text[offset:])}
}

// check refuses what is not worth reading.
func (p *parser) check(what string) error {
	switch {
	case len(p.text) > longestText:
		return &SyntaxError{Offset: longestText, Message: fmt.Sprintf("the %s is longer than %d bytes", what, longestText)}
	case !utf8.ValidString(p.text):
		return p.errorf(len(p.text)-len(afterValid(p.text)), "the %s is not valid UTF-8", what)
	case strings.TrimSpace(p.text) == "":
		return &SyntaxError{Message: fmt.Sprintf("the %s is empty", what)}
	default:
		return nil
	}
}

func (p *parser) atEnd() bool { return p.pos == len(p.text) }

// next tells whether c comes next.
func (p *parser) next(c byte) bool { return p.pos < len(p.text) && p.text[p.pos] == c }

func (p *parser) skipSpaces() {
	for p.next(' ') || p.next('\t') {
		p.pos++
	}
}

// word reads a run of name characters, which may be none.
func (p *parser) word() string {
	start := p.pos
	for p.pos < len(p.text) && isNameByte(p.text[p.pos]) {
		p.pos++
	}
	return p.text[start:p.pos]
}

// enter and leave count how deep the parser is.
func (p *parser) enter() error {
	if p.depth++; p.depth > deepest {
		return p.errorf(p.pos, "more than %d parentheses and brackets within each other", deepest)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// afterValid cuts off the longest valid beginning.
func afterValid(text string) string {
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size == 1 {
			break
		}
		text = text[size:]
	}
	return text
}
