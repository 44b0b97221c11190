package okta

import "slices"

// Role is what the administrator may do who made an API token.
type Role string

// The roles that matter to users, credentials and policies (Okta, Standard administrator roles).
const (
	SuperAdministrator    Role = "SUPER_ADMIN"
	OrgAdministrator      Role = "ORG_ADMIN"
	UserAdministrator     Role = "USER_ADMIN" // Okta's group administrator, for all groups
	HelpDeskAdministrator Role = "HELP_DESK_ADMIN"
	ReadOnlyAdministrator Role = "READ_ONLY_ADMIN"
)

// Roles lists the roles of tokens, the mightiest first.
func Roles() []Role {
	return []Role{SuperAdministrator, OrgAdministrator, UserAdministrator, HelpDeskAdministrator, ReadOnlyAdministrator}
}

// right is what an endpoint asks for.
type right int

const (
	readUsers right = iota
	writeUsers
	// resetCredentials is what a help desk may do: resets, expiries, unlocking.
	resetCredentials
	readPolicies
	writePolicies
	readGroups
	writeGroups
	readLogs
	readApps
	writeApps
	readIdPs
	writeIdPs
	readHooks
	writeHooks
)

// grant is what opens an endpoint: a scope of an access token, or a role of an API token.
type grant struct {
	scope string
	roles []Role
}

// The scopes are those of Okta's OpenAPI document; which role has which right is Okta's "Standard administrator roles" as far
// as it says, and the reset rights of the help desk over the API are unverified.
var grants = map[right]grant{
	readUsers:        {"okta.users.read", Roles()},
	writeUsers:       {"okta.users.manage", []Role{SuperAdministrator, OrgAdministrator, UserAdministrator}},
	resetCredentials: {"okta.users.manage", []Role{SuperAdministrator, OrgAdministrator, UserAdministrator, HelpDeskAdministrator}},
	readPolicies:     {"okta.policies.read", []Role{SuperAdministrator, OrgAdministrator, ReadOnlyAdministrator}},
	writePolicies:    {"okta.policies.manage", []Role{SuperAdministrator, OrgAdministrator}},
	readGroups:       {"okta.groups.read", Roles()},
	writeGroups:      {"okta.groups.manage", []Role{SuperAdministrator, OrgAdministrator, UserAdministrator}},
	readLogs:         {"okta.logs.read", []Role{SuperAdministrator, OrgAdministrator, ReadOnlyAdministrator}},
	readApps:         {"okta.apps.read", []Role{SuperAdministrator, OrgAdministrator, ReadOnlyAdministrator}},
	writeApps:        {"okta.apps.manage", []Role{SuperAdministrator, OrgAdministrator}},
	readIdPs:         {"okta.idps.read", []Role{SuperAdministrator, OrgAdministrator, ReadOnlyAdministrator}},
	writeIdPs:        {"okta.idps.manage", []Role{SuperAdministrator, OrgAdministrator}},
	readHooks:        {"okta.inlineHooks.read", []Role{SuperAdministrator, OrgAdministrator, ReadOnlyAdministrator}},
	writeHooks:       {"okta.inlineHooks.manage", []Role{SuperAdministrator, OrgAdministrator}},
}

// Scopes lists the scopes that can be granted to an application.
func Scopes() []string {
	return []string{
		"okta.apps.manage", "okta.apps.read", "okta.groups.manage", "okta.groups.read", "okta.idps.manage", "okta.idps.read",
		"okta.inlineHooks.manage", "okta.inlineHooks.read", "okta.logs.read", "okta.policies.manage", "okta.policies.read", "okta.users.manage", "okta.users.read",
	}
}

// opens tells whether one of the scopes is enough: manage includes read.
func (g grant) opens(scopes []string) bool {
	if slices.Contains(scopes, g.scope) {
		return true
	}
	const read = ".read"
	if len(g.scope) > len(read) && g.scope[len(g.scope)-len(read):] == read {
		return slices.Contains(scopes, g.scope[:len(g.scope)-len(read)]+".manage")
	}
	return false
}
