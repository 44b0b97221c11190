package scim

import "strings"

// ParseFilter reads a filter (RFC 7644 section 3.4.2.2). Operators, attributes and URNs are read in any case. Its errors
// are *SyntaxError.
func ParseFilter(text string) (Filter, error) {
	p := parser{text: text}
	if err := p.check("filter"); err != nil {
		return nil, err
	}
	f, err := p.filter("")
	if err != nil {
		return nil, err
	}
	switch {
	case p.atEnd():
		return f, nil
	case p.next(')'):
		return nil, p.errorf(p.pos, "this parenthesis closes none")
	default:
		return nil, p.errorf(p.pos, "expected and, or, or the end of the filter")
	}
}

// ParsePath reads the path of a PATCH operation: an attribute, a sub-attribute, the values that a filter selects, or
// something of these in the schema of a URN, or a URN alone. Its errors are *SyntaxError.
func ParsePath(text string) (Path, error) {
	p := parser{text: text}
	if err := p.check("path"); err != nil {
		return Path{}, err
	}
	if p.next('/') {
		return Path{}, p.errorf(0, "SCIM paths are no JSON pointers: expected a name such as emails or name.familyName")
	}
	a, err := p.attribute("an attribute")
	if err != nil {
		return Path{}, err
	}
	path := Path{URN: a.urn, Attribute: a.name, Sub: a.sub}
	if p.next('[') {
		if path.Filter, err = p.brackets(a); err != nil {
			return Path{}, err
		}
		if p.next('.') {
			p.pos++
			start := p.pos
			if path.Sub = p.word(); !isName(path.Sub) {
				return Path{}, p.errorf(start, "expected the name of one sub-attribute after the dot")
			}
		}
	}
	if !p.atEnd() {
		return Path{}, p.errorf(p.pos, "expected the end of the path")
	}
	return path, nil
}

// filter reads terms joined by or; the attributes of the terms belong to parent.
func (p *parser) filter(parent string) (Filter, error) {
	return p.joined("or", func() (Filter, error) {
		return p.joined("and", func() (Filter, error) { return p.term(parent) })
	})
}

// joined reads terms with the operator between them, and the spaces behind the last.
func (p *parser) joined(operator string, term func() (Filter, error)) (Filter, error) {
	first, err := term()
	if err != nil {
		return nil, err
	}
	var terms []Filter
	for p.skipSpaces(); p.nextWord(operator); p.skipSpaces() {
		p.pos += len(operator)
		next, err := term()
		if err != nil {
			return nil, err
		}
		if terms == nil {
			terms = append(terms, first)
		}
		terms = append(terms, next)
	}
	if terms == nil {
		return first, nil
	}
	return &group{operator: operator, terms: terms}, nil
}

// nextWord tells whether the word comes next, in any case, and is not the beginning of a longer one.
func (p *parser) nextWord(word string) bool {
	end := p.pos + len(word)
	return end <= len(p.text) && strings.EqualFold(p.text[p.pos:end], word) && (end == len(p.text) || !isNameByte(p.text[end]))
}

// term reads a comparison, a value path, or a filter in parentheses, which not may precede.
func (p *parser) term(parent string) (Filter, error) {
	p.skipSpaces()
	if p.next('(') {
		return p.parentheses(parent)
	}
	if p.nextWord("not") {
		back := p.pos
		p.pos += len("not")
		p.skipSpaces()
		if p.next('(') {
			inner, err := p.parentheses(parent)
			if err != nil {
				return nil, err
			}
			return &negation{inner}, nil
		}
		p.pos = back // an attribute of this name
	}
	start := p.pos
	a, err := p.attribute("an attribute, not ( or (")
	if err != nil {
		return nil, err
	}
	if p.next('[') {
		if parent != "" {
			return nil, p.errorf(p.pos, "a value path within a value path is not part of SCIM")
		}
		inner, err := p.brackets(a)
		if err != nil {
			return nil, err
		}
		if p.next('.') {
			return nil, p.errorf(p.pos, "a sub-attribute behind a value path belongs in the brackets")
		}
		return &valuePath{attribute: a, inner: inner}, nil
	}
	if a.name == "" {
		return nil, p.errorf(start, "a schema is no attribute: expected :name behind it")
	}
	return p.comparison(a, parent)
}

func (p *parser) parentheses(parent string) (Filter, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	open := p.pos
	p.pos++
	inner, err := p.filter(parent)
	if err != nil {
		return nil, err
	}
	if !p.next(')') {
		return nil, p.errorf(p.pos, "expected and, or, or the ) for the parenthesis at offset %d", open)
	}
	p.pos++
	return inner, nil
}

// brackets reads the filter that selects among the values of a.
func (p *parser) brackets(a attribute) (Filter, error) {
	if a.name == "" || a.sub != "" {
		return nil, p.errorf(p.pos, "brackets follow an attribute, not a schema or a sub-attribute")
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	open := p.pos
	p.pos++
	if p.skipSpaces(); p.pos < len(p.text) && (p.text[p.pos] >= '0' && p.text[p.pos] <= '9' || p.next('*')) {
		return nil, p.errorf(p.pos, `SCIM has no array indexes: select with a filter such as [type eq "work"]`)
	}
	inner, err := p.filter(a.text)
	if err != nil {
		return nil, err
	}
	if !p.next(']') {
		return nil, p.errorf(p.pos, "expected and, or, or the ] for the bracket at offset %d", open)
	}
	p.pos++
	return inner, nil
}

// attribute reads a name; what says what else could have stood there.
func (p *parser) attribute(what string) (attribute, error) {
	start := p.pos
	text := p.word()
	if text == "" {
		return attribute{}, p.errorf(start, "expected %s", what)
	}
	return parseAttribute(text, start)
}

// comparison reads an operator and its value.
func (p *parser) comparison(a attribute, parent string) (Filter, error) {
	p.skipSpaces()
	start := p.pos
	text := p.word()
	op, known := operatorOf(text)
	if !known {
		return nil, p.errorf(start, "expected an operator: eq, ne, co, sw, ew, pr, gt, ge, lt or le")
	}
	c := &comparison{attribute: a, op: op, qualified: a.text}
	if parent != "" {
		c.qualified = parent + "." + a.text
	}
	if op == opPresent {
		return c, nil
	}
	if !p.next(' ') && !p.next('\t') {
		return nil, p.errorf(p.pos, "expected a space and a value after %s", text)
	}
	p.skipSpaces()
	start = p.pos
	value, err := p.literal()
	if err != nil {
		return nil, err
	}
	if !op.takes(value.kind) {
		return nil, p.errorf(start, "%s does not compare %s", op, value.kind)
	}
	c.value = value
	c.folded = strings.ToLower(value.text)
	return c, nil
}
