package idcs

import (
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/oauth"
	"github.com/seatrial/seatrial/sim/kernel/scim"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	appsPath          = "/admin/v1/Apps"
	appStatusPath     = "/admin/v1/AppStatusChanger"
	regeneratorPath   = "/admin/v1/AppClientSecretRegenerator"
	appStatusURN      = idcsSchemas + "AppStatusChanger"
	regeneratorURN    = idcsSchemas + "AppClientSecretRegenerator"
	templatesPath     = "/admin/v1/AppTemplates"
	publicClient      = "public"
	clientCredentials = "client_credentials"
	// confidentialTemplate is for confidential and trusted clients (Oracle, Creating and Activating an OAuth Client App).
	confidentialTemplate = "CustomWebAppTemplateId"
)

// templates are those of Oracle's pages on applications.
var templates = []string{
	confidentialTemplate, "CustomBrowserMobileTemplateId", "CustomSAMLAppTemplateId", "CustomEnterpriseAppTemplateId",
}

var appType = resourceType{appSchema, "App", appsPath, "domainapp"}

var appCollection = &collection{
	resourceType: appType, operation: "app", show: (*call).showGrants,
	all: func(c *call, _ scim.Filter) iter.Seq[map[string]any] {
		return func(yield func(map[string]any) bool) {
			for _, a := range c.s.allApps() {
				if !yield(c.appResource(&a, c.s.is(clientSecretShown, "default"))) {
					return
				}
			}
		}
	},
	get: func(c *call, id string) (map[string]any, bool) {
		a, ok := c.s.app(id)
		if !ok {
			return nil, false
		}
		return c.appResource(&a, c.s.is(clientSecretShown, "default")), true
	},
}

// mountApps is Apps, AppRoles and Grants.
func mountApps(t table) {
	appCollection.mountRead(t, maySearchApps, mayReadApps)
	t.add(http.MethodPost, appsPath, "app", mayWriteApps, (*call).createApp)
	t.add(http.MethodPut, appsPath+"/{id}", "app", mayWriteApps, (*call).replaceApp)
	t.add(http.MethodPatch, appsPath+"/{id}", "app", mayWriteApps, (*call).patchApp)
	t.add(http.MethodDelete, appsPath+"/{id}", "app", mayWriteApps, (*call).deleteApp)
	t.add(http.MethodPut, appStatusPath+"/{id}", "app", mayActivateApps, (*call).changeAppStatus)
	t.add(http.MethodPost, regeneratorPath, "app", everyClient, (*call).regenerateSecret)
	appRoleCollection.mountRead(t, maySearchAppRoles, maySearchAppRoles)
	mountGrants(t)
}

// appDefaults are what the server fills in (Oracle, Updating Refresh Token Expirations, response example).
var appDefaults = map[string]any{
	"isAliasApp": false, "isLoginTarget": true, "showInMyApps": false, "isMobileTarget": false, "allowOffline": false,
	"isUnmanagedApp": false, "isOAuthClient": false, "isOAuthResource": false, "isSamlServiceProvider": false,
	"isWebTierPolicy": false, "isKerberosRealm": false, "allowAccessControl": false, "allUrlSchemesAllowed": false,
	"loginMechanism": "OIDC", "trustScope": "Explicit", "clientType": "",
}

// appResource is an application in the wire form. A secret in it is told to the journal, which hides it.
func (c *call) appResource(a *app, withSecret bool) map[string]any {
	m := c.render(appType, &a.stored)
	for key, value := range appDefaults {
		if _, written := m[key]; !written && value != "" {
			m[key] = value
		}
	}
	m["name"], m["displayName"], m["active"] = a.name, a.displayName, a.active
	m["isOPCService"], m["isManagedApp"], m["infrastructure"], m["migrated"] = false, false, false, false
	if based, ok := m["basedOnTemplate"].(map[string]any); ok {
		m["basedOnTemplate"] = map[string]any{"value": based["value"], "$ref": c.base + templatesPath + "/" + textOf(based["value"])}
	}
	if a.isClient && withSecret {
		c.x.Secret(a.client.Secret)
		m["clientSecret"] = a.client.Secret.Reveal()
	}
	if roles, _ := grantsResource(c.s.grantsTo(a.id), c.base); roles != nil {
		m["grantedAppRoles"] = roles
	}
	return m
}

// showGrants adds to an application what was granted of it, and to whom.
func (c *call) showGrants(m map[string]any, v view) (view, error) {
	if !asks(v, "grants") {
		return v, nil
	}
	var list []any
	for _, g := range c.s.grantsIn(textOf(m["id"])) {
		list = append(list, map[string]any{
			"value": g.id, "$ref": c.base + grantsPath + "/" + g.id, "granteeId": g.grantee, "granteeType": g.granteeType,
			"grantMechanism": g.mechanism,
		})
	}
	if list != nil {
		m["grants"] = list
	}
	return v, nil
}

func textOf(value any) string {
	text, _ := value.(string)
	return text
}

func (c *call) createApp() error {
	m, err := c.object(appSchema)
	if err != nil {
		return err
	}
	written := appSchema.written(m)
	a := app{name: textOf(written["name"])}
	if a.name == "" {
		a.name = c.s.ids.Hex(idLength)
	}
	if !plainName(a.name) {
		return refuse(invalidValue, "name", "it has characters other than letters, digits and the underscore")
	}
	a.id = clientGUID(a.name)
	if _, stated := written["active"]; !stated {
		written["active"] = c.s.is(newApp, "active")
	}
	err = func() error {
		c.s.writes.Lock()
		defer c.s.writes.Unlock()
		if _, taken := c.s.app(a.id); taken {
			return refuse(nameTaken, "n application", a.name)
		}
		return c.putApp(&a, written)
	}()
	if err != nil {
		return err
	}
	return c.sendResource(appCollection, http.StatusCreated, c.appResource(&a, true))
}

// plainName: a name has letters, digits and the underscore only (Oracle, Creating and Activating an OAuth Client App). The
// hyphen is let pass, for clients of the configuration have it.
func plainName(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// putApp stores what a client has written of an application, and tells the issuer. The caller holds Server.writes.
func (c *call) putApp(a *app, written map[string]any) error {
	name := textOf(written["displayName"])
	if name == "" {
		return refuse(missingAttributes, "displayName")
	}
	for _, other := range c.s.allApps() {
		if other.id != a.id && strings.EqualFold(other.displayName, name) {
			return refuse(nameTaken, "n application", name)
		}
	}
	based, _ := written["basedOnTemplate"].(map[string]any)
	if template := textOf(based["value"]); !slices.Contains(templates, template) {
		return refuse(referenceMissing, "App.basedOnTemplate", "AppTemplate", template)
	}
	kind := textOf(written["clientType"])
	isClient := written["isOAuthClient"] == true
	switch {
	case isClient && kind == "":
		return refuse(missingAttributes, "clientType")
	case kind != "" && !slices.Contains([]string{"confidential", "trusted", publicClient}, kind):
		return refuse(invalidValue, "clientType", "there are confidential, trusted and public")
	}
	a.displayName, a.active = name, written["active"] == true
	for _, key := range []string{"displayName", "name", "active"} {
		delete(written, key)
	}
	c.write(&a.stored, written, c.s.kernel.Clock.Now())
	c.s.remember(a.name)
	c.s.apps.put(*a)
	c.s.registerApp(a, isClient && kind != publicClient)
	c.s.authors.Delete(a.name) // which remembers the display name
	c.s.complete(a)
	return nil
}

// registerApp makes the issuer's client what the application says. Without a secret there is no client: a public one cannot
// authenticate.
func (s *Server) registerApp(a *app, isClient bool) {
	if !isClient {
		s.issuer.Remove(a.name)
		a.isClient = false
		return
	}
	client := oauth.Client{ID: a.name, Secret: s.newSecret()}
	if known, ok := s.issuer.Client(a.name); ok {
		client = known
	}
	client.Name, client.Active = a.displayName, a.active
	client.Grants = slices.DeleteFunc(a.grantTypes(), func(grant string) bool { return !slices.Contains(userGrants, grant) })
	// An id and a secret are all that it needs.
	_ = s.issuer.Register(client)
	if !a.active {
		s.issuer.Revoke(a.name)
	}
}

// newSecret is a client secret in the form of Oracle's.
func (s *Server) newSecret() secret.Value {
	h := s.secrets.Hex(32)
	return secret.New(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
}

// changeApp carries out one write of an application.
func (c *call) changeApp(id string, change func(a *app) error) (app, error) {
	c.s.writes.Lock()
	defer c.s.writes.Unlock()
	a, ok := c.s.app(id)
	if !ok {
		return a, refuse(noSuchResource, "App", id)
	}
	if err := c.expects(a.tag()); err != nil {
		return a, err
	}
	if id == idcsAppID {
		return a, refuse(builtInResource, idcsAppDisplay)
	}
	return a, change(&a)
}

func (c *call) replaceApp() error {
	m, err := c.object(appSchema)
	if err != nil {
		return err
	}
	return c.updateApp(func(a *app) (map[string]any, error) {
		return appSchema.written(m), c.keepsReadOnly(appSchema, m, c.appResource(a, true))
	})
}

func (c *call) patchApp() error {
	op, err := c.decodePatch(appSchema, func(scim.Target, *attribute) (bool, error) { return false, nil })
	if err != nil {
		return err
	}
	return c.updateApp(func(a *app) (map[string]any, error) { return appSchema.patched(op, c.appResource(a, false)) })
}

func (c *call) updateApp(change func(a *app) (written map[string]any, err error)) error {
	a, err := c.changeApp(plainID(c.id), func(a *app) error {
		written, err := change(a)
		if err != nil {
			return err
		}
		return c.putApp(a, written)
	})
	if err != nil {
		return err
	}
	return c.sendResource(appCollection, http.StatusOK, c.appResource(&a, c.s.is(clientSecretShown, "default")))
}

// deleteApp deletes a deactivated application.
func (c *call) deleteApp() error {
	_, err := c.changeApp(plainID(c.id), func(a *app) error {
		if a.active && c.s.is(deleteActiveApp, "refuse") {
			return refuse(appStillActive, a.displayName)
		}
		c.s.remember(a.name)
		c.s.issuer.Remove(a.name)
		c.s.apps.remove(a.id)
		c.s.grants.forget("App", a.id)
		c.s.grants.forgetApp(a.id)
		return nil
	})
	if err != nil {
		return err
	}
	c.send(http.StatusNoContent, nil, nil)
	return nil
}

var appStatusSchema = newSchema(appStatusURN, append(common(), one(flag, "active").required()), nil, nil)

// changeAppStatus activates or deactivates (Oracle, Creating and Activating an OAuth Client App). The shape of the answer is
// that of the password changers.
func (c *call) changeAppStatus() error {
	m, err := c.object(appStatusSchema)
	if err != nil {
		return err
	}
	active := member(m, "active")
	id := plainID(c.id)
	_, err = c.changeApp(id, func(a *app) error {
		written := appSchema.written(c.appResource(a, false))
		written["active"] = active
		return c.putApp(a, written)
	})
	if err != nil {
		return err
	}
	return c.sendJSON(http.StatusOK, map[string]any{
		"schemas": []string{appStatusURN}, "id": id, "active": active,
		"meta": map[string]any{"resourceType": "AppStatusChanger", "location": c.base + appStatusPath + "/" + id},
	})
}

var regeneratorSchema = newSchema(regeneratorURN, append(common(), one(text, "appId").required(), one(text, "clientSecret").readOnly()), nil, nil)

// regenerateSecret gives an application a new secret; the old one ends at once, for there is only one (reports of several
// clients). A client may do it to itself (Oracle, AppRole Permissions, Authenticated Client; tried on one tenancy).
func (c *call) regenerateSecret() error {
	m, err := c.object(regeneratorSchema)
	if err != nil {
		return err
	}
	id := plainID(textOf(member(m, "appId")))
	if id != clientGUID(c.token.Client) {
		if err := c.authorize(mayRegenerateSecrets); err != nil {
			return err
		}
	}
	next := c.s.newSecret()
	c.x.Secret(next)
	if _, ok := c.s.app(id); !ok {
		return refuse(referenceMissing, "AppClientSecretRegenerator.appId", "App", id)
	}
	_, err = c.changeApp(id, func(a *app) error {
		if !a.isClient {
			return refuse(invalidValue, "appId", "the application has no client secret")
		}
		c.s.remember(a.name)
		c.s.issuer.Update(a.name, func(client *oauth.Client) { client.Secret = next })
		return nil
	})
	if err != nil {
		return err
	}
	return c.sendJSON(http.StatusCreated, map[string]any{
		"schemas": []string{regeneratorURN}, "appId": id, "clientSecret": next.Reveal(),
	})
}
