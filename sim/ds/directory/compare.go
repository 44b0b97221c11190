package directory

import (
	"context"
	"fmt"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// Compare tells whether an entry has a value: CompareTrue or CompareFalse. A password is compared as it is stored, not verified.
func (d *Directory) Compare(_ context.Context, s *Session, r ldap.CompareRequest, controls []ldap.Control) ldap.Result {
	a, refused := d.begin(s, controls)
	if refused.Code != ldap.Success {
		return refused
	}
	u, refused := d.newUpdate(a, controls)
	if refused.Code != ldap.Success {
		return refused
	}
	dn, key, wrong := d.parseDN(r.DN)
	if wrong.Code != ldap.Success {
		return wrong
	}
	var e *entry
	switch d.special(key) {
	case inTree:
		if e = d.entry(key); key == "" {
			e = d.rootDSE()
		}
	case inSchema:
		e = d.schemaEntry()
	case inMonitor, inChangelog:
		return ldap.Result{Code: ldap.UnwillingToPerform, Message: fmt.Sprintf("Compare operations are not supported below %s", r.DN)}
	}
	if e == nil {
		return d.missing(dn, fmt.Sprintf("The specified entry %s does not exist in the Directory Server", r.DN))
	}
	asked := d.describe(r.Attribute)
	if asked.kind == nil {
		return ldap.Result{Code: ldap.NoSuchAttribute, Message: fmt.Sprintf("Entry %s does not contain any values for attribute \"%s\"", r.DN, r.Attribute)}
	}
	if !a.may(mayCompare, e, asked.kind) {
		return refuse(e.name, "compared")
	}
	if result := d.asserted(u, e); result.Code != ldap.Success {
		return result
	}
	if result := d.referred(e, u.manage); result.Code != ldap.Success {
		return result
	}
	present, equal := false, false
	v := view{d, &asker{d: d, bypass: true}, e}
	want, valid := d.schema.Equal(asked.kind, r.Value)
	v.any(asked, func(kind *schema.Attribute, value []byte) bool {
		normal, ok := d.schema.Equal(kind, value)
		present, equal = true, equal || ok && valid && normal == want
		return false
	})
	switch {
	case !present:
		return ldap.Result{Code: ldap.NoSuchAttribute, Message: fmt.Sprintf("Entry %s does not contain any values for attribute \"%s\"", r.DN, r.Attribute)}
	case equal:
		return ldap.Result{Code: ldap.CompareTrue}
	}
	return ldap.Result{Code: ldap.CompareFalse}
}
