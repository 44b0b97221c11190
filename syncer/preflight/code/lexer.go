package code

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// How deep strings may stand inside each other's expressions, and brackets inside each other, before a file is none that
// a person wrote.
const (
	deepest       = 50
	deepestNested = 200
)

// lexer turns a script into tokens.
type lexer struct {
	language     Language
	text         string
	at           int // byte offset
	line, column int
	tokens       []Token
	problems     []Problem
	open         []int // brackets without a partner so far
	fresh        bool  // nothing stood on this line yet
	depth        int   // of strings in expressions
}

func lex(language Language, text string) *lexer {
	l := &lexer{language: language, text: strings.TrimPrefix(text, "\ufeff"), line: 1, column: 1, fresh: true}
	if l.sees("#!") {
		l.skipLine()
	}
	for l.at < len(l.text) {
		l.next()
	}
	for _, i := range l.open {
		t := l.tokens[i]
		l.problem(t.Line, t.Column, "the bracket "+t.Text+" is never closed")
	}
	return l
}

func (l *lexer) problem(line, column int, message string) {
	const many = 20
	if len(l.problems) < many {
		l.problems = append(l.problems, Problem{line, column, message})
	}
}

func (l *lexer) sees(s string) bool { return strings.HasPrefix(l.text[l.at:], s) }

// peek is the character at the lexer, 0 at the end.
func (l *lexer) peek() rune {
	r, size := utf8.DecodeRuneInString(l.text[l.at:])
	if size == 0 {
		return 0
	}
	return r
}

// skip goes over n bytes, which must end with a character.
func (l *lexer) skip(n int) {
	for end := l.at + n; l.at < end; {
		r, size := utf8.DecodeRuneInString(l.text[l.at:])
		l.at += size
		if r == '\n' {
			l.line, l.column, l.fresh = l.line+1, 1, true
		} else {
			l.column++
		}
	}
}

func (l *lexer) skipLine() {
	rest := l.text[l.at:]
	if end := strings.IndexByte(rest, '\n'); end >= 0 {
		rest = rest[:end]
	}
	l.skip(len(rest))
}

// token appends a token that begins at the lexer, without going over it.
func (l *lexer) token(kind Kind, text string) int {
	l.tokens = append(l.tokens, Token{Kind: kind, Text: text, Line: l.line, Column: l.column, First: l.fresh, Pair: -1})
	l.fresh = false
	return len(l.tokens) - 1
}

// next reads one token, or what stands between tokens.
func (l *lexer) next() {
	r := l.peek()
	switch {
	case unicode.IsSpace(r):
		l.skip(utf8.RuneLen(r))
	case l.sees("//"):
		l.skipLine()
	case l.sees("/*"):
		l.comment()
	case r == '"' || r == '\'' || r == '`' && l.language == JavaScript:
		l.quoted(r)
	case l.language == Groovy && l.sees("$/"):
		l.until(string('$')+"/", "/$", true, true)
	case r == '/' && l.regexFits() && l.regex():
	case letter(r):
		word := l.take(func(r rune) bool { return letter(r) || unicode.IsDigit(r) })
		l.tokens[l.token(Word, word)].Column -= utf8.RuneCountInString(word)
	case unicode.IsDigit(r):
		l.number()
	default:
		l.symbol()
	}
}

func letter(r rune) bool { return unicode.IsLetter(r) || r == '_' || r == '$' }

// take goes over the characters that fit, all on one line, and returns them.
func (l *lexer) take(fits func(rune) bool) string {
	end := l.at
	for end < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[end:])
		if !fits(r) {
			break
		}
		end += size
	}
	text := l.text[l.at:end]
	l.skip(len(text))
	return text
}

func (l *lexer) number() {
	column := l.column
	digits := l.take(func(r rune) bool { return unicode.IsDigit(r) || letter(r) })
	if rest := l.text[l.at:]; len(rest) > 1 && rest[0] == '.' && unicode.IsDigit(rune(rest[1])) { // not the dots of a range
		l.skip(1)
		digits += "." + l.take(func(r rune) bool { return unicode.IsDigit(r) || letter(r) })
	}
	l.tokens[l.token(Number, digits)].Column = column
}

func (l *lexer) comment() {
	line, column := l.line, l.column
	end := strings.Index(l.text[l.at+2:], "*/")
	if end < 0 {
		l.problem(line, column, "the comment is never closed")
		l.skip(len(l.text) - l.at)
		return
	}
	fresh := l.fresh
	l.skip(end + 4)
	l.fresh = l.fresh || fresh
}

func (l *lexer) symbol() {
	for _, s := range symbols {
		if l.sees(s) {
			l.token(Symbol, s)
			l.skip(len(s))
			return
		}
	}
	r := l.peek()
	_, size := utf8.DecodeRuneInString(l.text[l.at:])
	i := l.token(Symbol, string(r))
	l.skip(size)
	switch r {
	case '(', '[', '{':
		l.open = append(l.open, i)
		if len(l.open) > deepestNested {
			l.problem(l.line, l.column, "the brackets are nested too deeply; the rest is not read")
			l.at = len(l.text)
		}
	case ')', ']', '}':
		l.close(i)
	}
}

// close pairs a closing bracket with the innermost open one. One that does not fit is left alone and told.
func (l *lexer) close(i int) {
	last := len(l.open) - 1
	if last < 0 || partners[l.tokens[l.open[last]].Text] != l.tokens[i].Text {
		l.problem(l.tokens[i].Line, l.tokens[i].Column, "the bracket "+l.tokens[i].Text+" closes nothing")
		return
	}
	l.tokens[i].Pair, l.tokens[l.open[last]].Pair = l.open[last], i
	l.open = l.open[:last]
}

// regexFits tells whether a slash begins a regular expression (or Groovy's slashy string) here, or divides.
func (l *lexer) regexFits() bool {
	if len(l.tokens) == 0 {
		return true
	}
	switch last := l.tokens[len(l.tokens)-1]; last.Kind {
	case Word:
		return last.Is("return", "typeof", "case", "in", "of", "new", "delete", "void", "throw", "else", "do", "assert")
	case Symbol:
		return !last.Is(")", "]", "}", "++", "--")
	case Number, Text, Regex:
	}
	return false
}

// regex reads a regular expression up to its slash on the same line; without one the slash was none.
func (l *lexer) regex() bool {
	rest := l.text[l.at+1:]
	class := false
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\n':
			return false
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && (!class || l.language == Groovy):
			if l.language == Groovy {
				l.until("/", "/", false, true)
				return true
			}
			l.token(Regex, rest[:i])
			l.skip(i + 2)
			l.take(letter) // flags
			return true
		}
	}
	return false
}
