package idcs

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/scim"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

const (
	mePath = "/admin/v1/Me"
	extMe  = extensionURN + "me:User"
)

// mountMe is what users do for themselves.
func mountMe(t table) {
	t.add(http.MethodGet, mePath, "read", mayUseMe, (*call).readMe)
	t.add(http.MethodPatch, mePath, "update", mayUseMe, (*call).patchMe)
	mountOwnPassword(t)
	mountForgotten(t)
}

// me is the user whom the token stands for. A token ends with its user, or his being active.
func (c *call) me() (people.Person, error) {
	if c.token.User == "" {
		status, err := strconv.Atoi(c.s.switches.Value(meOfClient))
		if err != nil {
			return people.Person{}, err
		}
		return people.Person{}, refuse(noUserInToken).as(status)
	}
	p, ok := c.s.people.ByID(c.token.User)
	if !ok || !p.Active {
		return people.Person{}, refuse(invalidBearer)
	}
	c.x.User = p.UserName
	return p, nil
}

func (c *call) readMe() error {
	p, err := c.me()
	if err != nil {
		return err
	}
	c.x.ShowBodies()
	return c.sendMe(&p)
}

// sendMe shows a user as Me: the resource of Users, with a type and a place of its own (captured answers).
func (c *call) sendMe(p *people.Person) error {
	v, err := c.view()
	if err != nil {
		return err
	}
	m := c.s.resource(p, c.base)
	m["meta"] = map[string]any{
		"resourceType": "Me", "created": stamp(p.Created), "lastModified": stamp(p.Modified),
		"location": c.base + mePath + "/" + p.ID, "version": version(p),
	}
	c.w.Header()["Etag"] = []string{`"` + version(p) + `"`}
	return c.sendJSON(http.StatusOK, scim.Project(m, v.attributes, v.sets, userSchema.returned))
}

// own are the attributes that a user may change; which they are at Oracle is a setting per attribute.
var own = []string{
	"name", "displayname", "nickname", "emails", "phonenumbers", "addresses", "ims", "photos", "locale", "preferredlanguage",
	"timezone", "title", "profileurl",
}

// sensitive are those for which, as for the password, the current one must come along: which they are at Oracle is not
// documented.
var sensitive = []string{"emails"}

// patchMe changes the user's own profile. A change of something sensitive needs the current password, in an operation of
// its own (Oracle, idm-samples, IDCS REST Postman collection).
func (c *call) patchMe() error {
	patch, current, err := c.readOwnPatch()
	if err != nil {
		return err
	}
	me, err := c.me()
	if err != nil {
		return err
	}
	p, err := c.changeOwn(me.ID, current, func(p *people.Person) error { return c.s.applyPatch(p, patch, c.base) })
	if err != nil {
		return err
	}
	return c.sendMe(&p)
}

var currentPassword = userSchema.find(extMe + ":currentPassword")

// readOwnPatch reads a PATCH, takes the current password out of it, and refuses what a user may not change.
func (c *call) readOwnPatch() (patch userPatch, current *secret.Value, err error) {
	patch.rest, err = c.decodePatch(userSchema, func(t scim.Target, a *attribute) (taken bool, err error) {
		switch a {
		case currentPassword:
			plain, ok := t.Value.(string)
			if !ok {
				return true, refuse(wrongType, "currentPassword", text)
			}
			current = new(secret.New(plain))
			return true, nil
		case passwordAttribute:
			if t.Op == "remove" {
				return true, refuse(passwordRemoval)
			}
			patch.write, err = c.newWrite(t.Value, byUser)
			return true, err
		}
		return false, nil
	})
	if err != nil {
		return patch, nil, err
	}
	asks := patch.write != nil
	for _, o := range patch.rest.Operations {
		name := topLevel(o.Path)
		if !slices.Contains(own, name) {
			return patch, nil, refuse(readOnlyAttribute, o.Path)
		}
		asks = asks || slices.Contains(sensitive, name)
	}
	if asks && current == nil {
		return patch, nil, refuse(missingAttributes, extMe+":currentPassword")
	}
	return patch, current, nil
}

// topLevel is the attribute that a path begins with, in lower case.
func topLevel(path string) string {
	path = strings.ToLower(path)
	path = strings.TrimPrefix(path, strings.ToLower(scim.UserURN)+":")
	if end := strings.IndexAny(path, ".["); end >= 0 && !strings.HasPrefix(path, "urn:") {
		path = path[:end]
	}
	return path
}
