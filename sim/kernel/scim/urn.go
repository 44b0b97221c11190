package scim

import (
	"slices"
	"strings"
)

// The URNs that RFC 7643 and RFC 7644 define.
const (
	UserURN           = "urn:ietf:params:scim:schemas:core:2.0:User"
	GroupURN          = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseUserURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	PatchOpURN        = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	ListResponseURN   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	SearchRequestURN  = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	BulkRequestURN    = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	BulkResponseURN   = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
	ErrorURN          = "urn:ietf:params:scim:api:messages:2.0:Error"
)

const schemas = "urn:ietf:params:scim:schemas:"

func isURN(name string) bool {
	return len(name) >= 4 && strings.EqualFold(name[:4], "urn:")
}

// splitURN parts "urn:…:User:name.familyName" into the schema's URN and the attribute, which is empty for a bare URN. The
// last colon alone cannot tell ("…:User" is no attribute), nor can the first dot ("2.0"); what tells is how the families
// of URNs are built.
func splitURN(name string) (urn, attribute string, ok bool) {
	parts := strings.Split(name, ":")
	n := urnParts(parts)
	if len(parts) < n || len(parts) > n+1 {
		return "", "", false
	}
	if slices.Contains(parts[:n], "") {
		return "", "", false
	}
	if last := parts[n-1]; strings.Contains(last, ".") && !startsWithDigit(last) {
		return "", "", false // "…:User.userName"
	}
	if len(parts) == n {
		return name, "", true
	}
	attribute = parts[n]
	return name[:len(name)-len(attribute)-1], attribute, attribute != ""
}

// urnParts says how many of the parts make up the URN of the schema.
func urnParts(parts []string) int {
	is := func(i int, text string) bool { return i < len(parts) && strings.EqualFold(parts[i], text) }
	if is(1, "ietf") && is(2, "params") && is(3, "scim") && is(4, "schemas") {
		switch {
		case is(5, "core"): // core:2.0:User
			return 8
		case is(5, "extension") && len(parts) > 7 && startsWithDigit(parts[7]): // extension:enterprise:2.0:User
			return 9
		case is(5, "oracle") && is(6, "idcs") && is(7, "extension"):
			if len(parts) > 9 && isResourceType(parts[9]) { // oracle:idcs:extension:passwordState:User
				return 10
			}
			return 9 // oracle:idcs:extension:OCITags
		case is(5, "oracle") && is(6, "idcs"): // oracle:idcs:PasswordPolicy
			return 8
		}
	}
	// Any other family: types are written with a capital, attributes are not.
	if last := parts[len(parts)-1]; isResourceType(last) || last != "" && last[0] >= 'A' && last[0] <= 'Z' {
		return len(parts)
	}
	return len(parts) - 1
}

func startsWithDigit(text string) bool {
	return text != "" && text[0] >= '0' && text[0] <= '9'
}

// isResourceType knows the types that Oracle extends.
func isResourceType(part string) bool {
	for _, known := range [...]string{"User", "Group", "App", "AppRole", "Grant"} {
		if strings.EqualFold(part, known) {
			return true
		}
	}
	return false
}

// isOwnSchema tells whether the URN is that of a resource type itself, whose attributes stand at the top of the resource,
// rather than that of an extension.
func isOwnSchema(urn string) bool {
	if len(urn) < len(schemas) || !strings.EqualFold(urn[:len(schemas)], schemas) {
		return false
	}
	family := strings.ToLower(urn[len(schemas):])
	return strings.HasPrefix(family, "core:") ||
		strings.HasPrefix(family, "oracle:idcs:") && !strings.HasPrefix(family, "oracle:idcs:extension:")
}
