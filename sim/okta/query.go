package okta

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// condition is a parsed search or filter expression.
type condition interface {
	// matches asks for the values of attributes; an attribute may have none.
	matches(values func(attribute string) []string) bool
}

// comparison is attribute, operator, value.
type comparison struct {
	attribute, op, value string
	instant              time.Time // of a value that is a time
	exact                bool      // compare with regard to case
}

type both struct{ left, right condition }

type either struct{ left, right condition }

type opposite struct{ inner condition }

func (b both) matches(v func(string) []string) bool { return b.left.matches(v) && b.right.matches(v) }

func (e either) matches(v func(string) []string) bool { return e.left.matches(v) || e.right.matches(v) }

func (o opposite) matches(v func(string) []string) bool { return !o.inner.matches(v) }

func (c *comparison) matches(values func(string) []string) bool {
	list := values(c.attribute)
	if c.op == "pr" {
		return slices.ContainsFunc(list, func(text string) bool { return text != "" })
	}
	if c.op == "ne" {
		return !slices.ContainsFunc(list, func(text string) bool { return c.compare("eq", text) })
	}
	return slices.ContainsFunc(list, func(text string) bool { return c.compare(c.op, text) })
}

func (c *comparison) compare(op, text string) bool {
	wanted := c.value
	if !c.exact {
		text, wanted = strings.ToLower(text), strings.ToLower(wanted)
	}
	switch op {
	case "sw":
		return strings.HasPrefix(text, wanted)
	case "ew":
		return strings.HasSuffix(text, wanted)
	case "co":
		return strings.Contains(text, wanted)
	}
	sign := strings.Compare(text, wanted)
	if !c.instant.IsZero() {
		if at, ok := instant(text); ok {
			sign = at.Compare(c.instant)
		}
	}
	switch op {
	case "eq":
		return sign == 0
	case "gt":
		return sign > 0
	case "ge":
		return sign >= 0
	case "lt":
		return sign < 0
	}
	return sign <= 0
}

// instant reads a time, in any case.
func instant(text string) (time.Time, bool) {
	if len(text) < len("2006-01-02T") || text[4] != '-' {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339Nano, strings.ToUpper(text))
	return at, err == nil
}

// dialect is what an expression may say: search, filter and the System Log differ.
type dialect struct {
	operators func(attribute string) []string // nil when there is no such attribute
	negation  bool
	exact     bool
	// expected is the list of operators in an error.
	expected string
}

// badExpression is a mistake in an expression: a place and a text.
type badExpression struct {
	offset int
	text   string
}

// Error names the mistake and the place.
func (e *badExpression) Error() string { return e.text }

const (
	longestExpression = 8 << 10
	deepestExpression = 50
)

// parser reads one expression: or binds weaker than and.
type parser struct {
	text  string
	at    int
	depth int
	d     dialect
}

// parseQuery reads an expression in a dialect.
func parseQuery(text string, d dialect) (condition, error) {
	p := &parser{text: text, d: d}
	if len(text) > longestExpression {
		return nil, p.wrong("the expression is longer than %d bytes", longestExpression)
	}
	c, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if p.spaces(); p.at < len(p.text) {
		return nil, p.wrong("unexpected input at position %d", p.at)
	}
	return c, nil
}

func (p *parser) wrong(format string, args ...any) error {
	return &badExpression{p.at, fmt.Sprintf(format, args...)}
}

func (p *parser) spaces() {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
}

// word takes the next word if it is this one, in any case.
func (p *parser) word(wanted string) bool {
	p.spaces()
	end := p.at + len(wanted)
	if end > len(p.text) || !strings.EqualFold(p.text[p.at:end], wanted) || end < len(p.text) && p.text[end] != ' ' && p.text[end] != '(' {
		return false
	}
	p.at = end
	return true
}

func (p *parser) alternatives() (condition, error) {
	left, err := p.conjunction()
	for err == nil && p.word("or") {
		var right condition
		if right, err = p.conjunction(); err == nil {
			left = either{left, right}
		}
	}
	return left, err
}

func (p *parser) conjunction() (condition, error) {
	left, err := p.term()
	for err == nil && p.word("and") {
		var right condition
		if right, err = p.term(); err == nil {
			left = both{left, right}
		}
	}
	return left, err
}

func (p *parser) term() (condition, error) {
	if p.d.negation && p.word("not") {
		inner, err := p.term()
		return opposite{inner}, err
	}
	p.spaces()
	if p.at < len(p.text) && p.text[p.at] == '(' {
		if p.depth++; p.depth > deepestExpression {
			return nil, p.wrong("more than %d parentheses within each other", deepestExpression)
		}
		p.at++
		inner, err := p.alternatives()
		if err != nil {
			return nil, err
		}
		if p.spaces(); p.at >= len(p.text) || p.text[p.at] != ')' {
			return nil, p.wrong("expected ) at position %d", p.at)
		}
		p.at++
		p.depth--
		return inner, nil
	}
	return p.comparison()
}

// name reads up to a space, a parenthesis or a quote.
func (p *parser) name() string {
	p.spaces()
	start := p.at
	for p.at < len(p.text) && !strings.ContainsRune(" ()\"", rune(p.text[p.at])) {
		p.at++
	}
	return p.text[start:p.at]
}

func (p *parser) comparison() (condition, error) {
	c := &comparison{attribute: p.name(), exact: p.d.exact}
	allowed := p.d.operators(c.attribute)
	if allowed == nil {
		return nil, p.wrong("field is not valid: %s", c.attribute)
	}
	p.spaces()
	start := p.at
	c.op = strings.ToLower(p.name())
	if !slices.Contains(allowed, c.op) {
		return nil, p.wrong("Unrecognized attribute operator '%s' at position %d. Expected: %s", c.op, start, p.d.expected)
	}
	if c.op == "pr" {
		return c, nil
	}
	value, err := p.value()
	c.value = value
	if at, ok := instant(value); ok {
		c.instant = at
	}
	return c, err
}

// value reads a string in double quotes with \" and \\, or a bare true, false or number.
func (p *parser) value() (string, error) {
	p.spaces()
	if p.at >= len(p.text) || p.text[p.at] != '"' {
		bare := p.name()
		if bare == "true" || bare == "false" || bare != "" && strings.Trim(bare, "0123456789.-") == "" {
			return bare, nil
		}
		return "", p.wrong("expected a value in double quotes at position %d", p.at)
	}
	var out strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch ch := p.text[p.at]; {
		case ch == '"':
			p.at++
			return out.String(), nil
		case ch == '\\' && p.at+1 < len(p.text):
			p.at++
			out.WriteByte(p.text[p.at])
		default:
			out.WriteByte(ch)
		}
	}
	return "", p.wrong("the value has no end")
}
