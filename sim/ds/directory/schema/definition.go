package schema

import (
	"errors"
	"fmt"
	"strings"
)

// ErrDefinition is wrapped by everything that is wrong with a definition.
var ErrDefinition = errors.New("wrong schema definition")

// definition is a description of RFC 4512, 4.1: an object identifier, and keywords with their words.
type definition struct {
	oid      string
	keywords map[string][]string
}

func (d definition) names() []string {
	if names := d.keywords["NAME"]; len(names) > 0 {
		return names
	}
	return []string{d.oid}
}

// first is the only word of a keyword, "" where the keyword is missing.
func (d definition) first(keyword string) string {
	if words := d.keywords[keyword]; len(words) > 0 {
		return words[0]
	}
	return ""
}

func (d definition) has(keyword string) bool {
	_, ok := d.keywords[keyword]
	return ok
}

// flags are the keywords that stand alone.
var flags = map[string]bool{
	"OBSOLETE": true, "SINGLE-VALUE": true, "COLLECTIVE": true, "NO-USER-MODIFICATION": true,
	"ABSTRACT": true, "STRUCTURAL": true, "AUXILIARY": true,
}

func parseDefinition(text string) (definition, error) {
	words, err := split(text)
	if err != nil {
		return definition{}, fmt.Errorf("%w: %w: %.60q", ErrDefinition, err, text)
	}
	if len(words) < 3 || words[0] != "(" || words[len(words)-1] != ")" {
		return definition{}, fmt.Errorf("%w: no parentheses around %.60q", ErrDefinition, text)
	}
	d := definition{oid: words[1], keywords: map[string][]string{}}
	words = words[2 : len(words)-1]
	for len(words) > 0 {
		keyword := words[0]
		words = words[1:]
		if flags[keyword] {
			d.keywords[keyword] = nil
			continue
		}
		var values []string
		if values, words, err = operand(words); err != nil {
			return definition{}, fmt.Errorf("%w: %s of %.60q: %w", ErrDefinition, keyword, text, err)
		}
		d.keywords[keyword] = values
	}
	return d, nil
}

// operand takes a word, or several in parentheses, from the front of words.
func operand(words []string) (values, rest []string, err error) {
	switch {
	case len(words) == 0 || words[0] == ")":
		return nil, nil, errors.New("a word is missing")
	case words[0] != "(":
		return words[:1], words[1:], nil
	}
	for i, word := range words[1:] {
		switch word {
		case ")":
			return values, words[i+2:], nil
		case "$":
		default:
			values = append(values, word)
		}
	}
	return nil, nil, errors.New("a parenthesis is missing")
}

// split makes words of a definition: parentheses, dollar signs, quoted strings without their quotation marks, the rest.
func split(text string) (words []string, err error) {
	for {
		text = strings.TrimLeft(text, " ")
		switch {
		case text == "":
			return words, nil
		case text[0] == '(' || text[0] == ')' || text[0] == '$':
			words, text = append(words, text[:1]), text[1:]
		case text[0] == '\'':
			word, rest, closed := strings.Cut(text[1:], "'")
			if !closed {
				return nil, errors.New("a quotation mark is missing")
			}
			words, text = append(words, word), rest
		default:
			end := strings.IndexAny(text, " ()$'")
			if end < 0 {
				end = len(text)
			}
			words, text = append(words, text[:end]), text[end:]
		}
	}
}
