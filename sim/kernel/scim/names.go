package scim

import "strings"

// multiValued are the attributes of a user and a group that have several values (RFC 7643 sections 4.1.2 and 4.2).
var multiValued = [...]string{
	"emails", "phoneNumbers", "addresses", "ims", "photos", "entitlements", "roles", "x509Certificates", "groups", "members", "schemas",
}

// singular are RFC 7643's other names, sub-attributes included.
var singular = [...]string{
	"userName", "password", "active", "displayName", "name", "nickName", "title", "userType", "externalId", "locale", "preferredLanguage",
	"timezone", "profileUrl", "formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix", "value", "type",
	"primary", "display", "streetAddress", "locality", "region", "postalCode", "country", "employeeNumber", "costCenter",
	"organization", "division", "department", "manager",
}

func isMultiValued(attribute string) bool {
	for _, name := range multiValued {
		if strings.EqualFold(name, attribute) {
			return true
		}
	}
	return false
}

// canonical writes a name that RFC 7643 knows as it is written there, so that a new attribute does not get its name from
// the client's carelessness.
func canonical(name string) string {
	for _, list := range [...][]string{singular[:], multiValued[:]} {
		for _, known := range list {
			if strings.EqualFold(known, name) {
				return known
			}
		}
	}
	return name
}
