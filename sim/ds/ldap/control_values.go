package ldap

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/ber"
)

// ParseMatchedValues reads the filters of the matched values control (RFC 3876, 2): a SEQUENCE of items, none of them joined,
// negated or about the attributes of a name.
func ParseMatchedValues(c Control) (filters []Filter, err error) {
	in, err := value(c)
	if err != nil {
		return nil, err
	}
	for in.More() {
		f, err := readFilterItem(in)
		if err != nil {
			return nil, malformed(c, err)
		}
		filters = append(filters, f)
	}
	if len(filters) == 0 {
		return nil, malformed(c, errors.New("it does not specify any filters for use in matching attribute values"))
	}
	return filters, nil
}

func readFilterItem(in *ber.Reader) (Filter, error) {
	switch tag := in.Next(); tag.Number() {
	case tagAnd, tagOr, tagNot:
		return nil, fmt.Errorf("%v is no item of a filter: %w", tag, ber.ErrTag)
	}
	f, err := readFilter(in)
	if e, ok := f.(Extensible); ok && err == nil && e.DNAttributes {
		return nil, fmt.Errorf("the attributes of a name have no place here: %w", ber.ErrValue)
	}
	return f, err
}

// EffectiveRights is the request of the get effective rights control (OpenDJ, GetEffectiveRightsRequestControl): whose rights, and
// to which attributes besides those that the search asks for.
type EffectiveRights struct {
	DN         string
	Own        bool // nobody is named: the rights of who asks
	Attributes []string
}

// ParseEffectiveRights reads the request: SEQUENCE { authzId, attributes SEQUENCE OF AttributeType OPTIONAL }, or no value at all.
func ParseEffectiveRights(c Control) (r EffectiveRights, err error) {
	if !c.HasValue {
		return EffectiveRights{Own: true}, nil
	}
	in, err := value(c)
	if err != nil {
		return r, err
	}
	identity, err := in.String(ber.OctetString)
	if err != nil {
		return r, malformed(c, err)
	}
	if len(identity) < 3 || !strings.EqualFold(identity[:3], "dn:") {
		return r, fmt.Errorf("%w: the authorization ID %q contained in the geteffectiverights control is invalid because it does not start with \"dn:\" to indicate a user DN", ErrControl, strings.ToLower(identity))
	}
	r.DN = strings.TrimSpace(identity[3:])
	if in.More() {
		list, err := in.Enter(ber.Sequence)
		if err != nil {
			return r, malformed(c, err)
		}
		for list.More() {
			name, err := list.String(ber.OctetString)
			if err != nil {
				return r, malformed(c, err)
			}
			r.Attributes = append(r.Attributes, name)
		}
	}
	if err := in.End(); err != nil {
		return r, malformed(c, err)
	}
	return r, nil
}
