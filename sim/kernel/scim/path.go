package scim

import "strings"

// Path names an attribute, as in the path of a PATCH operation or in a list of attributes.
type Path struct {
	URN       string // of the schema, as written; empty for the resource's own attributes
	Attribute string // empty when the whole extension is meant
	Filter    Filter // selects among the values; nil for all
	Sub       string // the sub-attribute; empty for the attribute itself
}

// String writes the path in the form that ParsePath reads.
func (p Path) String() string {
	if p.Filter == nil && p.Sub == "" && p.URN == "" {
		return p.Attribute
	}
	var b strings.Builder
	b.WriteString(p.URN)
	if p.URN != "" && p.Attribute != "" {
		b.WriteByte(':')
	}
	b.WriteString(p.Attribute)
	if p.Filter != nil {
		b.WriteString("[" + p.Filter.String() + "]")
	}
	if p.Sub != "" {
		b.WriteString("." + p.Sub)
	}
	return b.String()
}

// Is tells whether the path leads to the named attribute, a sub-attribute of it or a choice of its values; the name is
// "userName" or "urn:…:User:mustChange", in any case, and the URN of the resource's own schema may be left out.
func (p Path) Is(name string) bool {
	a, err := parseAttribute(name, 0)
	return err == nil && sameSchema(p.URN, a.urn) && strings.EqualFold(p.Attribute, a.name)
}

func sameSchema(a, b string) bool {
	if a != "" && isOwnSchema(a) {
		a = ""
	}
	if b != "" && isOwnSchema(b) {
		b = ""
	}
	return strings.EqualFold(a, b)
}

// Lookup returns what the path leads to: a value, or with several values a list. The result is part of the resource and
// must not be changed.
func Lookup(resource map[string]any, p Path) (any, bool) {
	from := container(resource, p.URN)
	if p.Attribute == "" {
		if from == nil {
			return nil, false
		}
		return from, true
	}
	_, value, found := lookup(from, p.Attribute)
	if !found || p.Filter == nil && p.Sub == "" {
		return value, found
	}
	list, multiple := listOf(value)
	if !multiple {
		list = []any{value}
	}
	var chosen []any
	for _, one := range list {
		if p.Filter != nil && !p.Filter.Match(element(one), nil) {
			continue
		}
		if p.Sub == "" {
			chosen = append(chosen, one)
		} else if m, ok := one.(map[string]any); ok {
			if _, sub, found := lookup(m, p.Sub); found {
				chosen = append(chosen, sub)
			}
		}
	}
	if len(chosen) == 0 {
		return nil, false
	}
	if !multiple {
		return chosen[0], true
	}
	return chosen, true
}
