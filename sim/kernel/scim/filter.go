package scim

import "strings"

// Filter is a parsed filter. It is immutable and safe for concurrent use.
type Filter interface {
	// Match tells whether the resource fulfils the filter. A nil Schema stands for RFC 7643's own attributes.
	Match(resource map[string]any, s Schema) bool
	// String is the filter in canonical form: it parses again, and to the same String.
	String() string
}

// Schema answers what the filter needs to know of attributes. The name is "userName", "emails.value" or
// "urn:…:User:department", in the case in which the filter was written.
type Schema interface {
	CaseExact(attribute string) bool
}

// Equal tells whether the filter is nothing but `attribute eq "value"`, so that a store can use its index. An attribute of
// the resource's own schema comes without its URN.
func Equal(filter Filter) (attribute, value string, ok bool) {
	c, ok := filter.(*comparison)
	if !ok || c.op != opEqual || c.value.kind != kindString {
		return "", "", false
	}
	if c.attribute.urn != "" && isOwnSchema(c.attribute.urn) {
		return c.attribute.text[len(c.attribute.urn)+1:], c.value.text, true
	}
	return c.attribute.text, c.value.text, true
}

// group is two or more filters joined by one operator.
type group struct {
	operator string // "and", "or"
	terms    []Filter
}

// Match stops at the first term that decides.
func (g *group) Match(resource map[string]any, s Schema) bool {
	decisive := g.operator == "or"
	for _, term := range g.terms {
		if term.Match(resource, s) == decisive {
			return decisive
		}
	}
	return !decisive
}

// String puts parentheses only where and binds an or.
func (g *group) String() string {
	var b strings.Builder
	for i, term := range g.terms {
		if i > 0 {
			b.WriteString(" " + g.operator + " ")
		}
		if inner, ok := term.(*group); ok && g.operator == "and" && inner.operator == "or" {
			b.WriteString("(" + inner.String() + ")")
		} else {
			b.WriteString(term.String())
		}
	}
	return b.String()
}

// negation is not (…).
type negation struct{ inner Filter }

// Match is the opposite.
func (n *negation) Match(resource map[string]any, s Schema) bool { return !n.inner.Match(resource, s) }

// String writes the parentheses that RFC 7644 demands.
func (n *negation) String() string { return "not (" + n.inner.String() + ")" }

// valuePath is attribute[…]: one value must fulfil the whole filter.
type valuePath struct {
	attribute attribute
	inner     Filter
}

// Match tries one value after the other.
func (v *valuePath) Match(resource map[string]any, s Schema) bool {
	_, value, found := lookup(container(resource, v.attribute.urn), v.attribute.name)
	if !found {
		return false
	}
	list, ok := listOf(value)
	if !ok {
		return v.inner.Match(element(value), s)
	}
	for _, one := range list {
		if v.inner.Match(element(one), s) {
			return true
		}
	}
	return false
}

// String writes the attribute as it was written.
func (v *valuePath) String() string { return v.attribute.text + "[" + v.inner.String() + "]" }
