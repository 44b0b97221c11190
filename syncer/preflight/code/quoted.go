package code

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// quoted reads a string in quotes, in Groovy also in three of them.
func (l *lexer) quoted(quote rune) {
	q := string(quote)
	if l.language == Groovy && l.sees(q+q+q) {
		l.until(q+q+q, q+q+q, true, quote == '"')
		return
	}
	l.until(q, q, quote == '`', quote == '`' || quote == '"' && l.language == Groovy)
}

// until reads a string between two marks. The text token comes first, the expressions in it after.
func (l *lexer) until(begin, end string, lines, holes bool) {
	line, column := l.line, l.column
	at := l.token(Text, "")
	l.skip(len(begin))
	var value strings.Builder
	for {
		r := l.peek()
		switch {
		case l.at >= len(l.text) || r == '\n' && !lines && begin != "/":
			l.problem(line, column, "the string is never closed")
			l.tokens[at].Text = value.String()
			return
		case l.sees(end):
			l.skip(len(end))
			l.tokens[at].Text = value.String()
			return
		case r == '\\' && end != "/$":
			l.escape(&value, begin == "/")
		case r == '$' && holes && l.hole(at):
			value.WriteRune(Hole)
		default:
			_, size := utf8.DecodeRuneInString(l.text[l.at:])
			value.WriteString(l.text[l.at : l.at+size])
			l.skip(size)
		}
	}
}

// escape reads a backslash and what it stands for. In a regular expression it stands for itself.
func (l *lexer) escape(value *strings.Builder, regex bool) {
	l.skip(1)
	if l.at >= len(l.text) {
		return
	}
	r, size := utf8.DecodeRuneInString(l.text[l.at:])
	l.skip(size)
	switch {
	case regex && r != '/':
		value.WriteByte('\\')
		value.WriteRune(r)
	case r == 'n':
		value.WriteByte('\n')
	case r == 't':
		value.WriteByte('\t')
	case r == 'r':
		value.WriteByte('\r')
	case r == '\n': // the line goes on
	default:
		value.WriteRune(r)
	}
}

// hole reads the expression behind a dollar, of the string whose token is at: ${…}, or in Groovy $name.name.
func (l *lexer) hole(at int) bool {
	if l.depth >= deepest {
		return false
	}
	if l.sees("${") {
		opened := l.token(Symbol, "${")
		l.skip(2)
		before := len(l.open)
		l.open = append(l.open, opened)
		l.depth++
		for l.at < len(l.text) && len(l.open) > before {
			l.next()
		}
		l.depth--
		l.tokens[at].Holes++
		return true
	}
	r, _ := utf8.DecodeRuneInString(l.text[l.at+1:])
	if l.language != Groovy || !unicode.IsLetter(r) && r != '_' {
		return false
	}
	opened := l.token(Symbol, "${")
	l.skip(1)
	for {
		word := func() string {
			return l.take(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' })
		}
		column := l.column
		l.tokens[l.token(Word, word())].Column = column
		r, _ := utf8.DecodeRuneInString(l.text[min(l.at+1, len(l.text)):])
		if l.peek() != '.' || !unicode.IsLetter(r) && r != '_' {
			break
		}
		l.token(Symbol, ".")
		l.skip(1)
	}
	closed := l.token(Symbol, "}")
	l.tokens[opened].Pair, l.tokens[closed].Pair = closed, opened
	l.tokens[at].Holes++
	return true
}
