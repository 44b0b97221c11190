package scim

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

type operator int

const (
	opEqual operator = iota
	opNotEqual
	opContains
	opStartsWith
	opEndsWith
	opPresent
	opGreater
	opGreaterOrEqual
	opLess
	opLessOrEqual
)

var operators = [...]string{"eq", "ne", "co", "sw", "ew", "pr", "gt", "ge", "lt", "le"}

// String is the operator as SCIM writes it.
func (o operator) String() string { return operators[o] }

func operatorOf(text string) (operator, bool) {
	for i, name := range operators {
		if strings.EqualFold(text, name) {
			return operator(i), true
		}
	}
	return 0, false
}

// takes tells which values an operator compares: RFC 7644 lets no boolean be greater than another.
func (o operator) takes(k literalKind) bool {
	switch o {
	case opEqual, opNotEqual:
		return true
	case opContains, opStartsWith, opEndsWith:
		return k == kindString
	case opGreater, opGreaterOrEqual, opLess, opLessOrEqual:
		return k == kindString || k == kindNumber
	case opPresent:
		return false
	default:
		return false
	}
}

// comparison is attribute, operator, value. With several values, one that fulfils it is enough, except that ne wants none
// to be equal: it is the opposite of eq, so an attribute without a value is not equal to anything.
type comparison struct {
	attribute attribute
	op        operator
	value     literal
	folded    string // value.text in lower case
	qualified string // the attribute with that of the value path around it, for the Schema
}

// Match looks the attribute up and compares.
func (c *comparison) Match(resource map[string]any, s Schema) bool {
	_, value, _ := lookup(container(resource, c.attribute.urn), c.attribute.name)
	if c.op == opPresent {
		return present(value, c.attribute.sub)
	}
	if c.value.kind == kindNull {
		return present(value, c.attribute.sub) == (c.op == opNotEqual)
	}
	exact := false
	if c.value.kind == kindString {
		if s != nil {
			exact = s.CaseExact(c.qualified)
		} else {
			exact = caseExact(c.qualified)
		}
	}
	return c.any(value, c.attribute.sub, exact) != (c.op == opNotEqual)
}

// String writes the attribute as it was written.
func (c *comparison) String() string {
	if c.op == opPresent {
		return c.attribute.text + " pr"
	}
	return c.attribute.text + " " + c.op.String() + " " + c.value.String()
}

// any tells whether the value, or one of its values, fulfils the comparison (for ne: eq). Of a complex value that is its
// sub-attribute, by default "value".
func (c *comparison) any(value any, sub string, exact bool) bool {
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			if c.any(one, sub, exact) {
				return true
			}
		}
		return false
	case map[string]any:
		if sub == "" {
			sub = "value"
		}
		_, inner, found := lookup(v, sub)
		return found && c.any(inner, "", exact)
	}
	if list, ok := listOf(value); ok {
		return c.any(list, sub, exact)
	}
	return sub == "" && c.scalar(value, exact)
}

func (c *comparison) scalar(value any, exact bool) bool {
	switch v := value.(type) {
	case nil:
		return false
	case string:
		return c.value.kind == kindString && c.string(v, exact)
	case time.Time:
		return !c.value.instant.IsZero() && c.order(v.Compare(c.value.instant))
	case bool:
		return c.value.kind == kindBoolean && v == c.value.boolean
	}
	number, ok := numberOf(value)
	return ok && c.value.kind == kindNumber && c.order(cmp.Compare(number, c.value.number))
}

func (c *comparison) string(text string, exact bool) bool {
	wanted := c.value.text
	if !c.value.instant.IsZero() && c.op != opContains && c.op != opStartsWith && c.op != opEndsWith {
		if t := instantOf(text); !t.IsZero() {
			return c.order(t.Compare(c.value.instant))
		}
	}
	if !exact {
		if c.op == opEqual || c.op == opNotEqual {
			return strings.EqualFold(text, wanted)
		}
		text, wanted = strings.ToLower(text), c.folded
	}
	switch c.op {
	case opContains:
		return strings.Contains(text, wanted)
	case opStartsWith:
		return strings.HasPrefix(text, wanted)
	case opEndsWith:
		return strings.HasSuffix(text, wanted)
	default:
		return c.order(strings.Compare(text, wanted))
	}
}

// order judges -1, 0 or 1; ne is judged as eq and turned round by Match.
func (c *comparison) order(sign int) bool {
	switch c.op {
	case opEqual, opNotEqual:
		return sign == 0
	case opGreater:
		return sign > 0
	case opGreaterOrEqual:
		return sign >= 0
	case opLess:
		return sign < 0
	case opLessOrEqual:
		return sign <= 0
	default:
		return false
	}
}

// present tells whether there is a value, or a sub-attribute of one, that is not empty.
func present(value any, sub string) bool {
	switch v := value.(type) {
	case nil:
		return false
	case string:
		return sub == "" && v != ""
	case map[string]any:
		if sub == "" {
			return len(v) > 0
		}
		_, inner, _ := lookup(v, sub)
		return present(inner, "")
	}
	if list, ok := listOf(value); ok {
		for _, one := range list {
			if present(one, sub) {
				return true
			}
		}
		return false
	}
	return sub == ""
}

func numberOf(value any) (float64, bool) {
	switch v := value.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	default:
		return 0, false
	}
}

// caseExact holds the attributes that RFC 7643 compares exactly: identifiers, versions, references and certificates.
func caseExact(attribute string) bool {
	if len(attribute) > len(UserURN) && strings.EqualFold(attribute[:len(UserURN)], UserURN) {
		attribute = attribute[len(UserURN)+1:]
	}
	for _, exact := range [...]string{
		"id", "externalId", "profileUrl", "meta.resourceType", "meta.location", "meta.version",
		"photos", "photos.value", "x509Certificates", "x509Certificates.value",
	} {
		if strings.EqualFold(attribute, exact) {
			return true
		}
	}
	return strings.HasSuffix(attribute, ".$ref")
}
