package ldap

import (
	"fmt"

	"github.com/seatrial/seatrial/sim/ds/ber"
)

// The choices of a Filter (RFC 4511, 4.5.1).
const (
	tagAnd            = 0
	tagOr             = 1
	tagNot            = 2
	tagEquality       = 3
	tagSubstrings     = 4
	tagGreaterOrEqual = 5
	tagLessOrEqual    = 6
	tagPresent        = 7
	tagApprox         = 8
	tagExtensible     = 9
)

func readFilter(in *ber.Reader) (Filter, error) {
	tag := in.Next()
	if tag == ber.Context(tagPresent) {
		attr, err := in.String(tag)
		return Present{attr}, err
	}
	if tag != ber.Context(tag.Number()).Constructed() {
		return nil, fmt.Errorf("%v is no filter: %w", tag, ber.ErrTag)
	}
	switch tag.Number() {
	case tagAnd:
		list, err := readFilters(in, tag)
		return And{list}, err
	case tagOr:
		list, err := readFilters(in, tag)
		return Or{list}, err
	case tagNot:
		inner, err := in.Enter(tag)
		if err != nil {
			return nil, err
		}
		f, err := readFilter(inner)
		if err != nil {
			return nil, err
		}
		return Not{f}, inner.End()
	case tagSubstrings:
		return readSubstrings(in, tag)
	case tagExtensible:
		return readExtensible(in, tag)
	case tagEquality, tagGreaterOrEqual, tagLessOrEqual, tagApprox:
		attr, value, err := readAssertion(in, tag)
		if err != nil {
			return nil, err
		}
		switch tag.Number() {
		case tagGreaterOrEqual:
			return GreaterOrEqual{attr, value}, nil
		case tagLessOrEqual:
			return LessOrEqual{attr, value}, nil
		case tagApprox:
			return Approx{attr, value}, nil
		}
		return Equality{attr, value}, nil
	}
	return nil, invalid("the filter %v is not known", tag)
}

func readFilters(in *ber.Reader, tag ber.Tag) (list []Filter, err error) {
	if in, err = in.Enter(tag); err != nil {
		return nil, err
	}
	for in.More() {
		f, err := readFilter(in)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// The parts of a SubstringFilter, which come in this order.
const (
	tagInitial = 0
	tagAny     = 1
	tagFinal   = 2
)

func readSubstrings(in *ber.Reader, tag ber.Tag) (Filter, error) {
	in, err := in.Enter(tag)
	if err != nil {
		return nil, err
	}
	var f Substrings
	if f.Attr, err = in.String(ber.OctetString); err != nil {
		return nil, err
	}
	parts, err := in.Enter(ber.Sequence)
	if err != nil {
		return nil, err
	}
	if !parts.More() {
		return nil, invalid("a substring filter has no substrings")
	}
	for first := true; parts.More(); first = false {
		if f.Final != nil {
			return nil, invalid("a substring follows the final one")
		}
		kind := parts.Next()
		value, err := parts.Primitive(kind)
		if err != nil {
			return nil, err
		}
		switch {
		case kind == ber.Context(tagInitial) && first:
			f.Initial = value
		case kind == ber.Context(tagAny):
			f.Any = append(f.Any, value)
		case kind == ber.Context(tagFinal):
			f.Final = value
		default:
			return nil, invalid("%v is no substring here", kind)
		}
	}
	return f, nil
}

// readExtensible reads a MatchingRuleAssertion: [1] rule, [2] type, [3] value, [4] dnAttributes.
func readExtensible(in *ber.Reader, tag ber.Tag) (Filter, error) {
	in, err := in.Enter(tag)
	if err != nil {
		return nil, err
	}
	var f Extensible
	if in.Next() == ber.Context(1) {
		if f.Rule, err = in.String(ber.Context(1)); err != nil {
			return nil, err
		}
	}
	if in.Next() == ber.Context(2) {
		if f.Attr, err = in.String(ber.Context(2)); err != nil {
			return nil, err
		}
	}
	if f.Value, err = in.Primitive(ber.Context(3)); err != nil {
		return nil, err
	}
	if in.More() {
		if f.DNAttributes, err = in.Boolean(ber.Context(4)); err != nil {
			return nil, err
		}
	}
	if f.Attr == "" && f.Rule == "" {
		return nil, invalid("an extensible filter has neither a type nor a rule")
	}
	return f, in.End()
}
