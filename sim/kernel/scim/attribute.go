package scim

import "strings"

// attribute is a name as written in a filter or path, parted.
type attribute struct {
	text           string // as written
	urn, name, sub string
}

// parseAttribute reads text that stands at the offset of a longer one.
func parseAttribute(text string, offset int) (attribute, error) {
	a := attribute{text: text, name: text}
	if isURN(text) {
		var ok bool
		if a.urn, a.name, ok = splitURN(text); !ok {
			return attribute{}, &SyntaxError{offset, "not the URN of a schema, or of an attribute in one", near(text)}
		}
		if a.name == "" {
			return a, nil
		}
	} else if i := strings.IndexByte(text, ':'); i >= 0 {
		return attribute{}, &SyntaxError{offset + i, "a name with a colon must begin with urn:", near(text[i:])}
	}
	start := offset + len(text) - len(a.name)
	a.name, a.sub, _ = strings.Cut(a.name, ".")
	if !isName(a.name) {
		return attribute{}, &SyntaxError{start, "an attribute's name begins with a letter", near(text[start-offset:])}
	}
	if a.sub == "" && strings.HasSuffix(text, ".") || a.sub != "" && !isName(a.sub) {
		start += len(a.name) + 1
		return attribute{}, &SyntaxError{start, "expected the name of one sub-attribute after the dot", near(text[start-offset:])}
	}
	return a, nil
}

// isName tells whether text is a name as RFC 7643 section 2.1 has it; "$ref" is one too.
func isName(text string) bool {
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i == 0 && c == '$' && len(text) > 1:
		case i > 0 && ('0' <= c && c <= '9' || c == '-' || c == '_'):
		default:
			return false
		}
	}
	return text != ""
}

// isNameByte tells whether c may be part of an attribute's name, its URN included.
func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '.' || c == ':' || c == '-' || c == '_' || c == '$'
}

// lookup finds a member, whatever the case of its name; when several differ only in case, the first in byte order.
func lookup(m map[string]any, name string) (key string, value any, found bool) {
	if value, found = m[name]; found {
		return name, value, true
	}
	for k, v := range m {
		if len(k) == len(name) && strings.EqualFold(k, name) && (!found || k < key) {
			key, value, found = k, v, true
		}
	}
	return key, value, found
}

// container is the map in which the attributes of a schema stand.
func container(resource map[string]any, urn string) map[string]any {
	if urn == "" {
		return resource
	}
	if _, value, found := lookup(resource, urn); found {
		extension, _ := value.(map[string]any)
		return extension
	}
	if isOwnSchema(urn) {
		return resource
	}
	return nil
}

// element makes the values of a multi-valued attribute alike: a simple one counts as {"value": …}.
func element(value any) map[string]any {
	if m, ok := value.(map[string]any); ok {
		return m
	}
	return map[string]any{"value": value}
}

// listOf returns the values of a multi-valued attribute, in any of the forms that Go code gives them.
func listOf(value any) (list []any, ok bool) {
	switch v := value.(type) {
	case []any:
		return v, true
	case []map[string]any:
		list = make([]any, len(v))
		for i := range v {
			list[i] = v[i]
		}
		return list, true
	case []string:
		list = make([]any, len(v))
		for i := range v {
			list[i] = v[i]
		}
		return list, true
	default:
		return nil, false
	}
}
