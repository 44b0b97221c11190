package idcs

import (
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/scim"
)

const grantsPath = "/admin/v1/Grants"

// mechanisms are the ways of granting that a client of the API has, by the type of the grantee.
var mechanisms = map[string]string{
	"User": "ADMINISTRATOR_TO_USER", "Group": "ADMINISTRATOR_TO_GROUP", "App": "ADMINISTRATOR_TO_APP",
}

var grantType = resourceType{grantSchema, "Grant", grantsPath, "domaingrant"}

var grantCollection = &collection{
	resourceType: grantType, operation: "grant", all: (*call).candidateGrants,
	get: func(c *call, id string) (map[string]any, bool) {
		g, ok := c.s.grantByID(id)
		if !ok {
			return nil, false
		}
		return c.grantResource(&g), true
	},
}

func mountGrants(t table) {
	grantCollection.mountRead(t, mayGrant, mayGrant)
	t.add(http.MethodPost, grantsPath, "grant", mayGrant, (*call).createGrant)
	t.add(http.MethodDelete, grantsPath+"/{id}", "grant", mayGrant, (*call).deleteGrant)
}

// candidateGrants yields the grants among which a filter chooses. By grantee it is a look-up.
func (c *call) candidateGrants(f scim.Filter) iter.Seq[map[string]any] {
	grants := c.s.allGrants
	if grantee, ok := equals(f, "grantee"); ok {
		grants = func() []entitled { return c.s.grantsTo(grantee) }
	}
	return func(yield func(map[string]any) bool) {
		for _, g := range grants() {
			if !yield(c.grantResource(&g)) {
				return
			}
		}
	}
}

func granteePath(kind string) string {
	switch kind {
	case "Group":
		return groupsPath
	case "App":
		return appsPath
	}
	return usersPath
}

// granteeName is what a grantee is called.
func (s *Server) granteeName(g *entitled) string {
	switch g.granteeType {
	case "Group":
		name, _ := s.groupName(g.grantee)
		return name
	case "App":
		a, _ := s.app(g.grantee)
		return a.displayName
	}
	p, _ := s.people.ByID(g.grantee)
	return p.DisplayName
}

// grantResource is a grant in the wire form.
func (c *call) grantResource(g *entitled) map[string]any {
	m := c.render(grantType, &g.stored)
	m["grantMechanism"], m["isFulfilled"], m["compositeKey"] = g.mechanism, true, g.key()
	m["grantee"] = map[string]any{
		"type": g.granteeType, "value": g.grantee, "display": c.s.granteeName(g), "$ref": c.base + granteePath(g.granteeType) + "/" + g.grantee,
	}
	owner, _ := c.s.app(g.app)
	m["app"] = map[string]any{"value": g.app, "display": owner.displayName, "$ref": c.base + appsPath + "/" + g.app}
	if g.role != "" {
		m["entitlement"] = map[string]any{"attributeName": "appRoles", "attributeValue": appRoleID(g.role)}
	}
	if by, ok := m[createdBy].(map[string]any); ok {
		m["grantor"] = by
	}
	return m
}

// grantsResource is what somebody was granted, in the two forms in which the grantee shows it.
func grantsResource(list []entitled, base string) (roles, grants []any) {
	for _, g := range list {
		grants = append(grants, map[string]any{
			"value": g.id, "$ref": base + grantsPath + "/" + g.id, "appId": g.app, "grantMechanism": g.mechanism,
		})
		if g.role != "" {
			role := appRoleID(g.role)
			roles = append(roles, map[string]any{
				"value": role, "$ref": base + appRolesPath + "/" + role, "appId": g.app, "appName": idcsAppName, "display": g.role,
				"type": "direct", "adminRole": true,
			})
		}
	}
	return roles, grants
}

func (c *call) createGrant() error {
	m, err := c.object(grantSchema)
	if err != nil {
		return err
	}
	g, err := readGrant(m)
	if err != nil {
		return err
	}
	if err := c.entitle(&g); err != nil {
		return err
	}
	return c.sendResource(grantCollection, http.StatusCreated, c.grantResource(&g))
}

// readGrant judges what needs no look at the domain.
func readGrant(m map[string]any) (entitled, error) {
	part := func(name string) map[string]any {
		content, _ := member(m, name).(map[string]any)
		return content
	}
	grantee, owner, entitlement := part("grantee"), part("app"), part("entitlement")
	g := entitled{
		mechanism: textOf(member(m, "grantMechanism")), granteeType: textOf(member(grantee, "type")),
		grantee: textOf(member(grantee, "value")), app: textOf(member(owner, "value")),
	}
	role := textOf(member(entitlement, "attributeValue"))
	for name, value := range map[string]string{"grantee.value": g.grantee, "app.value": g.app, "entitlement.attributeValue": role} {
		if err := checkReference(name, plainID(value)); err != nil {
			return g, err
		}
	}
	g.grantee, g.app = plainID(g.grantee), plainID(g.app)
	mechanism, known := mechanisms[g.granteeType]
	switch {
	case !known:
		return g, refuse(invalidValue, "grantee.type", "there are User, Group and App")
	case g.mechanism != mechanism:
		return g, refuse(invalidValue, "grantMechanism", "for a "+g.granteeType+" it is "+mechanism)
	case g.app == "" && entitlement == nil:
		return g, refuse(missingAttributes, "app,entitlement")
	case entitlement != nil && !strings.EqualFold(textOf(member(entitlement, "attributeName")), "appRoles"):
		return g, refuse(invalidValue, "entitlement.attributeName", "the simulator knows appRoles")
	case entitlement == nil:
		return g, nil // the application itself
	}
	var ok bool
	if g.role, ok = roleOf(plainID(role)); !ok {
		return g, refuse(referenceMissing, "Grant.entitlement", "AppRole", role)
	}
	if g.app == "" {
		g.app = idcsAppID // who owns the role
	}
	return g, nil
}

// entitle judges and keeps a grant.
func (c *call) entitle(g *entitled) error {
	c.s.writes.Lock()
	defer c.s.writes.Unlock()
	if _, ok := c.s.app(g.app); !ok {
		return refuse(referenceMissing, "Grant.app", "App", g.app)
	}
	switch {
	case g.role != "" && g.app != idcsAppID:
		return refuse(referenceMissing, "Grant.entitlement", "AppRole", appRoleID(g.role))
	case g.role == "" && g.app == idcsAppID:
		return refuse(missingAttributes, "entitlement")
	case g.role != "" && g.granteeType != "App" && slices.Contains(forClientsOnly, g.role):
		return refuse(invalidValue, "entitlement", "the app role "+g.role+" is for applications only")
	}
	known, isClient, client := c.s.grantee(g)
	switch {
	case !known:
		return refuse(referenceMissing, "Grant.grantee", g.granteeType, g.grantee)
	case g.granteeType == "App" && !isClient:
		return refuse(invalidValue, "grantee", "the application is no OAuth client")
	}
	if slices.ContainsFunc(c.s.grantsTo(g.grantee), func(other entitled) bool { return other.key() == g.key() }) {
		return refuse(alreadyGranted, g.key())
	}
	g.id = c.s.ids.Hex(idLength)
	c.write(&g.stored, map[string]any{}, c.s.kernel.Clock.Now())
	c.s.grants.put(*g)
	if isClient && g.role != "" {
		c.s.remember(client)
		c.s.issuer.Update(client, func(c *oauth.Client) { c.Roles = append(c.Roles, g.role) })
	}
	return nil
}

// grantee looks for the one who is granted something.
func (s *Server) grantee(g *entitled) (known, isClient bool, client string) {
	switch g.granteeType {
	case "Group":
		_, known = s.groups.get(g.grantee)
	case "App":
		a, ok := s.app(g.grantee)
		return ok, a.isClient, a.name
	default:
		_, known = s.people.ByID(g.grantee)
	}
	return known, false, ""
}

// deleteGrant takes a role away; tokens that were issued before keep it until they expire.
func (c *call) deleteGrant() error {
	err := func() error {
		c.s.writes.Lock()
		defer c.s.writes.Unlock()
		g, ok := c.s.grantByID(plainID(c.id))
		if !ok {
			return refuse(noSuchResource, "Grant", c.id)
		}
		if err := c.expects(g.tag()); err != nil {
			return err
		}
		c.s.grants.remove(g.id)
		if _, isClient, client := c.s.grantee(&g); isClient {
			c.s.remember(client)
			c.s.issuer.Update(client, func(c *oauth.Client) {
				c.Roles = slices.DeleteFunc(c.Roles, func(role string) bool { return role == g.role })
			})
		}
		return nil
	}()
	if err != nil {
		return err
	}
	c.send(http.StatusNoContent, nil, nil)
	return nil
}
