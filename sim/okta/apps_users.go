package okta

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

const (
	appUsersPath = appPath + "/users"
	appUserPath  = appUsersPath + "/{other}"
	// Pages of an application's users are longer than those of others (Okta, OpenAPI, listApplicationUsers).
	appUserPage, appUserPageMax = 50, 500
)

func mountAppUsers(t table) {
	t.add(http.MethodGet, appUsersPath, "app_user", readApps, (*call).listAppUsers)
	t.add(http.MethodPost, appUsersPath, "assign", writeApps, (*call).assignApp)
	t.add(http.MethodGet, appUserPath, "app_user", readApps, (*call).readAppUser)
	t.add(http.MethodPost, appUserPath, "app_user", writeApps, (*call).changeAppUser)
	t.add(http.MethodDelete, appUserPath, "unassign", writeApps, (*call).unassignApp)
}

// appUserBody is an application's user in a request.
type appUserBody struct {
	ID          string                     `json:"id"`
	Scope       string                     `json:"scope"`
	Profile     map[string]json.RawMessage `json:"profile"`
	Credentials *struct {
		UserName string          `json:"userName"`
		Password json.RawMessage `json:"password"`
	} `json:"credentials"`
}

// own are the attributes of the application's profile: those that no mapping fills from the user's.
var ownAttributes = []string{"initialStatus"}

// take puts a request into an assignment. Attributes with a mapping are those of the user and may be sent as they are only
// (Okta, OpenAPI, assignUserToApplication).
func (b *appUserBody) take(u *appUser, m profile, pushes bool) error {
	if b.Credentials != nil {
		if len(b.Credentials.Password) > 0 {
			return refuse(credentialsNotHere).because("User level credentials should not be provided for this scheme.")
		}
		if b.Credentials.UserName != "" {
			u.userName, u.chosen = b.Credentials.UserName, true
		}
	}
	own := maps.Clone(u.profile)
	if own == nil {
		own = map[string]json.RawMessage{}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Profile)) {
		value := b.Profile[name]
		switch {
		case slices.Contains(ownAttributes, name):
			own[name] = value
		case !slices.Contains(baseAttributes, name):
			return refuse(validation, "profile").because("profile: Property name '" + name + "' is not defined in profile")
		case pushes && !sameText(value, m[name]):
			return refuse(mappedAttribute, name)
		}
	}
	u.profile = own
	return nil
}

func sameText(raw json.RawMessage, text string) bool {
	var sent *string
	if json.Unmarshal(raw, &sent) != nil {
		return false
	}
	return sent == nil && text == "" || sent != nil && *sent == text
}

// assignApp gives the application to a user. The other org hears of it later: the answer is that of an assignment that waits.
func (c *call) assignApp() error {
	a, err := c.app()
	if err != nil {
		return err
	}
	var b appUserBody
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	p, ok := c.s.people.ByID(b.ID)
	if !ok {
		return noUser(b.ID)
	}
	c.x.User = p.UserName
	account, m := c.s.view(&p)
	switch {
	case b.Scope != "" && b.Scope != "USER":
		return refuse(validation, "scope").because("scope: this simulator assigns applications to users, not by groups")
	case account.Status == Deprovisioned:
		return refuse(wrongStatus)
	}
	if _, there := c.s.apps.assignment(a.id, p.ID); there {
		c.other = p.ID
		return c.updateAppUser(&a, &b, p.ID, m)
	}
	now := c.s.now()
	u := appUser{
		id: c.s.ids.next("0ua"), app: a.id, user: p.ID, userName: m["login"], status: appUserActive,
		created: now, lastUpdated: now, statusChanged: now,
	}
	if a.provisions() {
		u.status = appUserStaged
	}
	if err := b.take(&u, m, a.provisions() && a.features.updates()); err != nil {
		return err
	}
	if !c.s.apps.assign(u) { // somebody else was faster
		return c.updateAppUser(&a, &b, p.ID, m)
	}
	c.log(eventAssigned, &p, "SUCCESS", "", a.target(), u.target(a.label))
	if a.provisions() {
		c.s.enqueue(PushUser, &a, &u, &p)
	}
	u, _, _ = c.s.apps.byID(u.id)
	return c.sendJSON(c.appUserDocument(&a, &u, &p))
}

// appUserOf finds the application and the assignment of the path.
func (c *call) appUserOf() (application, appUser, people.Person, error) {
	a, err := c.app()
	if err != nil {
		return application{}, appUser{}, people.Person{}, err
	}
	p, ok := c.s.people.ByID(c.other)
	u, there := c.s.apps.assignment(a.id, c.other)
	if !ok || !there {
		return application{}, appUser{}, people.Person{}, refuse(notFound, c.other, "AppUser")
	}
	c.x.User = p.UserName
	return a, u, p, nil
}

func (c *call) readAppUser() error {
	a, u, p, err := c.appUserOf()
	if err != nil {
		return err
	}
	return c.sendJSON(c.appUserDocument(&a, &u, &p))
}

func (c *call) changeAppUser() error {
	var b appUserBody
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	a, _, p, err := c.appUserOf()
	if err != nil {
		return err
	}
	return c.updateAppUser(&a, &b, p.ID, profileOf(&p))
}

func (c *call) updateAppUser(a *application, b *appUserBody, user string, m profile) error {
	u, ok := c.s.apps.assignment(a.id, user)
	p, there := c.s.people.ByID(user)
	if !ok || !there {
		return refuse(notFound, user, "AppUser")
	}
	var wrong error
	u, ok = c.s.apps.changeUser(u.id, func(u *appUser) {
		next := *u
		if wrong = b.take(&next, m, a.provisions() && a.features.updates()); wrong == nil {
			next.lastUpdated = c.s.now()
			*u = next
		}
	})
	switch {
	case wrong != nil:
		return wrong
	case !ok:
		return refuse(notFound, user, "AppUser")
	}
	return c.sendJSON(c.appUserDocument(a, &u, &p))
}

// unassignApp takes the application away. With lifecycleDeactivate the other org deactivates the user: step 3 of a fix that
// wants to keep him must not come before that was switched off.
func (c *call) unassignApp() error {
	a, _, p, err := c.appUserOf()
	if err != nil {
		return err
	}
	u, ok := c.s.apps.unassign(a.id, p.ID)
	if !ok { // somebody else was faster
		return refuse(notFound, c.other, "AppUser")
	}
	c.log(eventUnassigned, &p, "SUCCESS", "", a.target(), u.target(a.label))
	if a.provisions() && a.features.deactivates() {
		c.s.enqueue(Deactivate, &a, &u, &p)
	} else {
		c.s.apps.release(u.id)
	}
	c.send(http.StatusNoContent, nil)
	return nil
}

func (c *call) listAppUsers() error {
	a, err := c.app()
	if err != nil {
		return err
	}
	limit, err := c.limitUpTo(appUserPage, appUserPageMax)
	if err != nil {
		return err
	}
	return sendPage(c, c.s.apps.usersOf(a.id), limit, func(u *appUser) string { return u.user }, func(u *appUser) object {
		p, _ := c.s.people.ByID(u.user)
		return c.appUserDocument(&a, u, &p)
	})
}

// syncState is how the two orgs stand to one another (Okta, OpenAPI, AppUserSyncState).
func (u *appUser) syncState(a *application) string {
	switch {
	case !a.provisions():
		return "DISABLED"
	case u.open > 0:
		return "SYNCING"
	case len(u.failed) > 0:
		return "ERROR"
	case u.externalID == "":
		return "OUT_OF_SYNC"
	}
	return "SYNCHRONIZED"
}

// appUserDocument has the members of Okta's example, in its order.
func (c *call) appUserDocument(a *application, u *appUser, p *people.Person) object {
	_, m := c.s.view(p)
	shown := object{
		{"secondEmail", orNullText(m["secondEmail"])},
		{"lastName", m["lastName"]},
		{"mobilePhone", orNullText(m["mobilePhone"])},
		{"email", m["email"]},
		{"firstName", m["firstName"]},
	}
	for _, name := range slices.Sorted(maps.Keys(u.profile)) {
		shown = append(shown, member{name, u.profile[name]})
	}
	d := object{{"id", u.user}}
	if u.externalID != "" {
		d = append(d, member{"externalId", u.externalID})
	}
	d = append(
		d, member{"created", stamp(u.created)}, member{"lastUpdated", stamp(u.lastUpdated)}, member{"scope", "USER"},
		member{"status", u.status}, member{"statusChanged", stamp(u.statusChanged)},
		member{"passwordChanged", stamp(u.passwordChanged)}, member{"syncState", u.syncState(a)},
	)
	if !u.syncedAt.IsZero() {
		d = append(d, member{"lastSync", stamp(u.syncedAt)})
	}
	return append(
		d, member{"credentials", object{{"userName", u.userName}}}, member{"profile", shown},
		member{"_links", object{{"app", href(c.base + appsPath + "/" + a.id)}, {"user", href(c.base + usersPath + "/" + u.user)}}},
	)
}
