package directory

import (
	"slices"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// matchValues leaves of an answer's values those that one of the filters matches. An attribute of which none is left stays, without
// values (OpenDJ, SearchOperationBasis; RFC 3876, 3). What may not be read was left out before.
func (d *Directory) matchValues(out *ldap.Entry, filters []ldap.Filter) {
	if len(filters) == 0 {
		return
	}
	for i := range out.Attributes {
		a := &out.Attributes[i]
		kind := d.describe(a.Description).kind
		a.Values = slices.DeleteFunc(slices.Clone(a.Values), func(v []byte) bool {
			return !slices.ContainsFunc(filters, func(f ldap.Filter) bool { return d.valueMatches(kind, v, f) })
		})
	}
}

// valueMatches decides one item for one value: as a search would for an entry that has nothing else. An item is about its very
// attribute, not about the kinds of it (OpenDJ, MatchedValuesFilter).
func (d *Directory) valueMatches(kind *schema.Attribute, value []byte, f ldap.Filter) bool {
	if attr, _ := ldap.AttributeOf(f); attr != "" && d.describe(attr).kind != kind {
		return false
	}
	alone := &entry{id: pseudo, attributes: []attribute{attributeOf(kind, kind.Name(), value)}}
	return d.matches(view{d: d, asker: &asker{d: d, bypass: true}, entry: alone}, f) == yes
}
