package idcs

import (
	"iter"
	"slices"

	"github.com/seatrial/seatrial/sim/kernel/scim"
)

const appRolesPath = "/admin/v1/AppRoles"

// forClientsOnly are app roles that make no sense for people (Oracle, AppRoles for Clients and Users).
var forClientsOnly = []string{
	AuthenticatorClient, ChangePassword, CloudGate, "Forgot Password", KerberosAdministrator, Me, "MFA Client", ResetPassword,
	"Self Registration", Signin, "Verify Email", "DB Administrator",
}

// appRoleID is the id of an app role of the domain: the same in every domain of the simulator, whatever its seed.
func appRoleID(role string) string { return fingerprint("AppRole "+role, 0) }

// roleOf is the name of the app role with that id.
func roleOf(id string) (string, bool) {
	for _, role := range Roles() {
		if appRoleID(role) == id {
			return role, true
		}
	}
	return "", false
}

var appRoleType = resourceType{appRoleSchema, "AppRole", appRolesPath, "domainapprole"}

var appRoleCollection = &collection{
	resourceType: appRoleType, operation: "app_role", show: (*call).showHolders,
	all: func(c *call, f scim.Filter) iter.Seq[map[string]any] {
		withMembers := mentions(f, "members")
		return func(yield func(map[string]any) bool) {
			for _, role := range Roles() {
				m := c.appRoleResource(role)
				if withMembers {
					c.addHolders(m)
				}
				if !yield(m) {
					return
				}
			}
		}
	},
	get: func(c *call, id string) (map[string]any, bool) {
		role, ok := roleOf(id)
		if !ok {
			return nil, false
		}
		return c.appRoleResource(role), true
	},
}

// appRoleResource is an app role in the wire form (Oracle, Working with Apps).
func (c *call) appRoleResource(role string) map[string]any {
	id := appRoleID(role)
	m := c.render(appRoleType, &stored{id: id, created: c.s.born, modified: c.s.born, version: 1})
	people := !slices.Contains(forClientsOnly, role)
	m["displayName"], m["uniqueName"] = role, idcsAppID+"_"+role
	m["app"] = map[string]any{"value": idcsAppID, "name": idcsAppName, "display": idcsAppDisplay, "$ref": c.base + appsPath + "/" + idcsAppID}
	m["adminRole"], m["public"] = true, false
	m["availableToUsers"], m["availableToGroups"], m["availableToClients"] = people, people, true
	return m
}

// showHolders adds to an app role who has it.
func (c *call) showHolders(m map[string]any, v view) (view, error) {
	if asks(v, "members") {
		c.addHolders(m)
	}
	return v, nil
}

func (c *call) addHolders(m map[string]any) {
	var members []any
	for _, g := range c.s.grantsOfRole(textOf(m["displayName"])) {
		members = append(members, map[string]any{
			"value": g.grantee, "type": g.granteeType, "display": c.s.granteeName(&g), "$ref": c.base + granteePath(g.granteeType) + "/" + g.grantee,
		})
	}
	if members != nil {
		m["members"] = members
	}
}
