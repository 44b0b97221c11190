package directory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/ds/directory/schema"
	"github.com/seatrial/seatrial/sim/ds/ldap"
)

// checkSchema tells how an entry violates the schema, with the sentences of OpenDJ; "" when it does not.
func (d *Directory) checkSchema(e *entry) string {
	var classes []*schema.Class
	structural := false
	for _, value := range e.values(d.known.objectClass) {
		c, ok := d.schema.Class(string(value))
		if !ok {
			return fmt.Sprintf("Entry %s violates the Directory Server schema configuration because it includes objectclass %s which is not defined in the schema", e.name, value)
		}
		structural = structural || c.Kind == schema.Structural
		for _, above := range c.Above() {
			if !slices.Contains(classes, above) {
				classes = append(classes, above)
			}
		}
	}
	if !structural {
		return fmt.Sprintf("Entry %s violates the Directory Server schema configuration because it does not include a structural objectclass. All entries must contain a structural objectclass", e.name)
	}
	anything := slices.ContainsFunc(classes, func(c *schema.Class) bool { return c.Name() == "extensibleObject" })
	allowed := func(kind *schema.Attribute) bool {
		return anything || slices.ContainsFunc(classes, func(c *schema.Class) bool { return slices.Contains(c.Must, kind) || slices.Contains(c.May, kind) })
	}
	for i := range e.attributes {
		a := &e.attributes[i]
		switch {
		case !a.kind.Operational && !allowed(a.kind):
			return fmt.Sprintf("Entry %s violates the Directory Server schema configuration because it includes attribute %s which is not allowed by any of the objectclasses defined in that entry", e.name, a.kind.Name())
		case a.kind.SingleValue && len(a.values) > 1:
			return fmt.Sprintf("Entry %s violates the Directory Server schema configuration because it includes multiple values for attribute %s, which is defined as a single-valued attribute", e.name, a.kind.Name())
		}
	}
	for _, c := range classes {
		for _, kind := range c.Must {
			if len(gather(e, kind)) == 0 {
				return fmt.Sprintf("Entry %s violates the Directory Server schema configuration because it is missing attribute %s which is required by objectclass %s", e.name, kind.Name(), c.Name())
			}
		}
	}
	for _, pair := range e.dn[0] {
		kind, ok := d.schema.Attribute(pair.Type)
		if !ok || d.indexOf(kind, e.values(kind), []byte(pair.Value)) < 0 {
			return fmt.Sprintf("Entry %s violates the Directory Server schema configuration because its RDN attribute %s has no such value in the entry", e.name, pair.Type)
		}
	}
	return ""
}

// checkValues refuses values that are not of their attribute's syntax. Passwords are not looked at, nor told.
func (d *Directory) checkValues(name string, kind *schema.Attribute, values [][]byte) ldap.Result {
	if kind.Syntax == schema.SyntaxUserPassword {
		return ldap.Result{}
	}
	for _, v := range values {
		reason := ""
		if kind == d.known.subtreeSpecification {
			if _, err := parseSubtree(d.schema, nil, string(v)); err != nil {
				reason = fmt.Sprintf(": The provided value \"%.1000s\" could not be parsed as a valid RFC 3672 subtree specification", v)
			}
		}
		if reason == "" && d.schema.Valid(kind, v) && (kind != d.known.aci || d.validACI(v)) {
			continue
		}
		return ldap.Result{
			Code:    ldap.InvalidAttributeSyntax,
			Message: fmt.Sprintf("When attempting to modify entry %s, one value for attribute %s was found to be invalid according to the associated syntax%s", name, kind.Name(), reason),
		}
	}
	return ldap.Result{}
}

func (d *Directory) validACI(value []byte) bool {
	_, err := parseACI(d.schema, string(value), &entry{})
	return err == nil
}

// checkPrivileges refuses attributes that a right to write is not enough for.
func (d *Directory) checkPrivileges(a *asker, kind *schema.Attribute) ldap.Result {
	var needed Privilege
	switch kind {
	case d.known.aci:
		needed = ModifyACL
	case d.known.privilegeName:
		needed = PrivilegeChange
	default:
		return ldap.Result{}
	}
	if a.has(needed) {
		return ldap.Result{}
	}
	return ldap.Result{
		Code:    ldap.InsufficientAccessRights,
		Message: fmt.Sprintf("You do not have sufficient privileges to change %s: %s is needed", kind.Name(), needed),
	}
}

// addSuperiors completes object classes by those that they are kinds of, as DS does.
func (d *Directory) addSuperiors(e *entry) {
	values := slices.Clone(e.values(d.known.objectClass))
	for _, v := range values {
		c, ok := d.schema.Class(string(v))
		if !ok {
			continue
		}
		for _, above := range c.Above() {
			if d.indexOf(d.known.objectClass, values, []byte(above.Name())) < 0 {
				values = append(values, []byte(above.Name()))
			}
		}
	}
	e.setRaw(d.known.objectClass, "objectClass", "", values)
}

// unknownAttribute is the answer to an attribute that the schema does not have.
func unknownAttribute(entry, attr string) ldap.Result {
	attr, _, _ = strings.Cut(attr, ";")
	return ldap.Result{
		Code:    ldap.ObjectClassViolation,
		Message: fmt.Sprintf("Entry %s violates the Directory Server schema configuration because it includes attribute %s which is not allowed by any of the objectclasses defined in that entry", entry, attr),
	}
}
