package okta

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	appsPath = "/api/v1/apps"
	appPath  = appsPath + "/{id}"
	appPage  = 20
)

func mountApps(t table) {
	t.add(http.MethodGet, appsPath, "app", readApps, (*call).listApps)
	t.add(http.MethodPost, appsPath, "app", writeApps, (*call).createApp)
	t.add(http.MethodGet, appPath, "app", readApps, (*call).readApp)
	t.add(http.MethodPut, appPath, "app", writeApps, (*call).replaceApp)
	t.add(http.MethodDelete, appPath, "app", writeApps, (*call).deleteApp)
	t.add(http.MethodPost, appPath+"/lifecycle/activate", "app", writeApps, func(c *call) error { return c.switchApp(true) })
	t.add(http.MethodPost, appPath+"/lifecycle/deactivate", "app", writeApps, func(c *call) error { return c.switchApp(false) })
	t.add(http.MethodGet, userPath+"/appLinks", "app", readUsers, (*call).appLinks)
}

func noApp(id string) *refusal { return refuse(notFound, id, "AppInstance") }

func (c *call) app() (application, error) {
	a, ok := c.s.apps.find(c.id)
	if !ok {
		return application{}, noApp(c.id)
	}
	return a, nil
}

// appBody is an application in a request.
type appBody struct {
	Name       string `json:"name"`
	Label      string `json:"label"`
	SignOnMode string `json:"signOnMode"`
	Settings   struct {
		App map[string]json.RawMessage `json:"app"`
	} `json:"settings"`
}

// settingsOf are the settings that each application knows, and the one that it cannot be without.
var settingsOf = map[string][]string{
	org2org:  {"baseUrl", "acsUrl", "audRestriction", "preferUsernameOverEmail", "creationState", "token"},
	bookmark: {"url", "requestIntegration"},
}

// apply puts a request into an application.
func (b *appBody) apply(a *application) error {
	blank := func(field string) error {
		return refuse(validation, field).because(field + ": The field cannot be left blank")
	}
	switch {
	case strings.TrimSpace(b.Label) == "":
		return blank("label")
	case b.Name != org2org && b.Name != bookmark:
		return refuse(notSimulated).surprising("applications other than %s and %s are not simulated", org2org, bookmark)
	case b.Name == org2org && b.SignOnMode != "SAML_2_0" && b.SignOnMode != "AUTO_LOGIN":
		return refuse(validation, "signOnMode").because("signOnMode: must be one of SAML_2_0, AUTO_LOGIN")
	}
	known := settingsOf[b.Name]
	for _, name := range slices.Sorted(maps.Keys(b.Settings.App)) {
		if !slices.Contains(known, name) {
			return refuse(validation, "settings").because("settings.app: Property name '" + name + "' is not defined")
		}
	}
	next := application{settings: maps.Clone(b.Settings.App)}
	address := next.setting(known[0])
	if u, err := url.Parse(address); address == "" || err != nil || u.Scheme != "https" || u.Host == "" {
		return refuse(validation, "settings").because("settings.app." + known[0] + ": must be an address that begins with https")
	}
	if token := next.setting("token"); token != "" {
		a.token = secret.New(token)
	}
	delete(next.settings, "token")
	a.name, a.label, a.signOn, a.settings = b.Name, b.Label, b.SignOnMode, next.settings
	if a.name == bookmark {
		a.signOn = "BOOKMARK"
	}
	return nil
}

// readAppBody reads an application with the defaults of Okta's document.
func (c *call) readAppBody() (appBody, error) {
	var b appBody
	if err := c.decodeBody(&b); err != nil {
		return appBody{}, err
	}
	if b.SignOnMode == "" {
		b.SignOnMode = "SAML_2_0"
	}
	return b, nil
}

func (c *call) createApp() error {
	activate, err := c.flag("activate", true)
	if err != nil {
		return err
	}
	b, err := c.readAppBody()
	if err != nil {
		return err
	}
	if b.Name != org2org && b.Name != bookmark && c.s.is(otherApplications, "E0000024") {
		return refuse(noAppMetadata)
	}
	a := application{id: c.s.ids.next("0oa"), inactive: !activate, created: c.s.now(), features: firstFeatures()}
	a.lastUpdated = a.created
	if err := b.apply(&a); err != nil {
		return err
	}
	c.s.apps.add(a)
	c.log(eventAppCreate, nil, "SUCCESS", "", a.target())
	return c.sendJSON(c.appDocument(&a))
}

func (c *call) readApp() error {
	a, err := c.app()
	if err != nil {
		return err
	}
	return c.sendJSON(c.appDocument(&a))
}

func (c *call) replaceApp() error {
	if _, err := c.app(); err != nil {
		return err
	}
	b, err := c.readAppBody()
	if err != nil {
		return err
	}
	return c.sendChangedApp(func(a *application) error {
		if b.Name != a.name {
			return refuse(validation, "name").because("name: The name of an application cannot be changed")
		}
		return b.apply(a)
	}, eventAppUpdate)
}

func (c *call) sendChangedApp(f func(*application) error, kind eventKind) error {
	a, err := c.s.apps.change(c.id, func(a *application) error {
		a.lastUpdated = c.s.now()
		return f(a)
	})
	if err != nil {
		return err
	}
	c.log(kind, nil, "SUCCESS", "", a.target())
	return c.sendJSON(c.appDocument(&a))
}

// switchApp is answered with an empty object (Okta, OpenAPI, activateApplication).
func (c *call) switchApp(on bool) error {
	kind := eventAppActivate
	if !on {
		kind = eventAppDeactivate
	}
	a, err := c.s.apps.change(c.id, func(a *application) error {
		a.inactive, a.lastUpdated = !on, c.s.now()
		return nil
	})
	if err != nil {
		return err
	}
	c.log(kind, nil, "SUCCESS", "", a.target())
	return c.sendJSON(object{})
}

// deleteApp wants the application deactivated first.
func (c *call) deleteApp() error {
	a, err := c.app()
	if err != nil {
		return err
	}
	if !a.inactive {
		return refuse(appStillActive)
	}
	c.s.apps.remove(a.id)
	c.log(eventAppDelete, nil, "SUCCESS", "", a.target())
	c.send(http.StatusNoContent, nil)
	return nil
}

// listApps takes q, the beginning of a name or label.
func (c *call) listApps() error {
	limit, err := c.limit(appPage)
	if err != nil {
		return err
	}
	q := strings.ToLower(c.query.Get("q"))
	var list []application
	for _, a := range c.s.apps.all() {
		if strings.HasPrefix(a.name, q) || strings.HasPrefix(strings.ToLower(a.label), q) {
			list = append(list, a)
		}
	}
	return sendPage(c, list, limit, func(a *application) string { return a.id }, c.appDocument)
}

// appDocument has the members that matter of Okta's examples of applications.
func (c *call) appDocument(a *application) object {
	self := c.base + appsPath + "/" + a.id
	status, turn := "ACTIVE", "deactivate"
	if a.inactive {
		status, turn = "INACTIVE", "activate"
	}
	settings := object{}
	for _, name := range slices.Sorted(maps.Keys(a.settings)) {
		settings = append(settings, member{name, a.settings[name]})
	}
	return object{
		{"id", a.id},
		{"name", a.name},
		{"label", a.label},
		{"status", status},
		{"lastUpdated", stamp(a.lastUpdated)},
		{"created", stamp(a.created)},
		{"accessibility", object{{"selfService", false}, {"errorRedirectUrl", nil}, {"loginRedirectUrl", nil}}},
		{"visibility", object{{"autoSubmitToolbar", false}, {"hide", object{{"iOS", false}, {"web", false}}}, {"appLinks", object{}}}},
		{"features", a.flags()},
		{"signOnMode", a.signOn},
		{"credentials", object{{"userNameTemplate", object{{"template", "${source.login}"}, {"type", "BUILT_IN"}}}, {"signing", object{}}}},
		{"settings", object{{"app", settings}}},
		{"_links", object{
			{"users", href(self + "/users")},
			{turn, href(self + "/lifecycle/" + turn)},
		}},
	}
}

// flags are the features as the application itself shows them. That REACTIVATE_USERS goes with PUSH_USER_DEACTIVATION is our
// reading: USER_PROVISIONING has one setting for both.
func (a *application) flags() []string {
	flags := []string{}
	if a.name != org2org || !a.connection.enabled {
		return flags
	}
	add := func(on bool, names ...string) {
		if on {
			flags = append(flags, names...)
		}
	}
	add(a.features.creates(), "PUSH_NEW_USERS")
	add(a.features.updates(), "PUSH_PROFILE_UPDATES")
	add(a.features.deactivates(), "PUSH_USER_DEACTIVATION", "REACTIVATE_USERS")
	add(a.features.Update.Password.Status == enabled, "PUSH_PASSWORD_UPDATES")
	return flags
}

// appLinks are the applications that a user sees.
func (c *call) appLinks() error {
	id, err := c.user()
	if err != nil {
		return err
	}
	list := []object{}
	apps, assignments := c.s.apps.appsOf(id)
	for i, a := range apps {
		if a.inactive {
			continue
		}
		list = append(list, object{
			{"id", id},
			{"label", a.label},
			{"linkUrl", c.base + "/home/" + a.name + "/" + a.id + "/1"},
			{"logoUrl", c.base + "/img/logos/" + a.name + ".png"},
			{"appName", a.name},
			{"appInstanceId", a.id},
			{"appAssignmentId", assignments[i].id},
			{"credentialsSetup", false},
			{"hidden", false},
			{"sortOrder", len(list)},
		})
	}
	return c.sendJSON(list)
}
