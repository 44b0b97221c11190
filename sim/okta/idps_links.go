package okta

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

// linkDocument has the members of Okta's example of a linked user.
func (c *call) linkDocument(idp string, l *idpLink) object {
	d := object{
		{"id", l.user}, {"externalId", l.externalID}, {"created", stamp(l.created)}, {"lastUpdated", stamp(l.lastUpdated)},
	}
	if l.profile != nil {
		shown := object{}
		for _, name := range slices.Sorted(maps.Keys(l.profile)) {
			shown = append(shown, member{name, l.profile[name]})
		}
		d = append(d, member{"profile", shown})
	}
	provider := c.base + idpsPath + "/" + idp
	return append(d, member{"_links", object{
		{"self", href(provider+"/users/"+l.user, http.MethodGet, http.MethodDelete)},
		{"idp", href(provider)},
		{"user", href(c.base + usersPath + "/" + l.user)},
	}})
}

func (c *call) listLinks() error {
	p, err := c.idp()
	if err != nil {
		return err
	}
	limit, err := c.limit(idpPage)
	if err != nil {
		return err
	}
	return sendPage(c, c.s.idps.linksOf(p.ID), limit, func(l *idpLink) string { return l.user }, func(l *idpLink) object {
		return c.linkDocument(p.ID, l)
	})
}

// linked finds the provider and the user of the path. The user is named by id here, unlike in the Users API.
func (c *call) linked() (IdentityProvider, people.Person, error) {
	p, err := c.idp()
	if err != nil {
		return IdentityProvider{}, people.Person{}, err
	}
	user, ok := c.s.people.ByID(c.other)
	if !ok {
		return IdentityProvider{}, people.Person{}, noUser(c.other)
	}
	c.x.User = user.UserName
	return p, user, nil
}

func (c *call) readLink() error {
	p, user, err := c.linked()
	if err != nil {
		return err
	}
	l, ok := c.s.idps.linkOf(p.ID, user.ID)
	if !ok {
		return noUser(c.other)
	}
	return c.sendJSON(c.linkDocument(p.ID, &l))
}

func (c *call) createLink() error {
	var b struct {
		ExternalID string `json:"externalId"`
	}
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	p, user, err := c.linked()
	if err != nil {
		return err
	}
	if b.ExternalID == "" || len(b.ExternalID) > 512 {
		return refuse(validation, "externalId").because("externalId: must be between 1 and 512 characters")
	}
	if other, taken := c.s.idps.linkTo(p.ID, b.ExternalID); taken && other.user != user.ID {
		return refuse(validation, "externalId").because("externalId: An object with this field already exists in the current organization")
	}
	now := c.s.now()
	l := idpLink{user: user.ID, externalID: b.ExternalID, created: now, lastUpdated: now}
	c.s.idps.link(p.ID, l)
	return c.sendJSON(c.linkDocument(p.ID, &l))
}

// deleteLink unlinks a user; at the next sign-in through the provider the account link policy decides again (Okta, OpenAPI,
// unlinkUserFromIdentityProvider). A profile that this provider had taken over is Okta's again. Whether the provider of the
// credentials changes with it is a switch: a client in production found that only reset_password does that.
func (c *call) deleteLink() error {
	p, user, err := c.linked()
	if err != nil {
		return err
	}
	l, ok := c.s.idps.unlink(p.ID, user.ID)
	if !ok {
		return noUser(c.other)
	}
	if err := c.s.giveBack(&l); err != nil {
		return err
	}
	if c.s.is(unlinkedProvider, "okta") {
		err = c.s.Change(user.ID, func(a *Account) {
			if a.federated() {
				a.Provider = Provider{OKTA, OKTA}
			}
		})
		if err != nil && !errors.Is(err, people.ErrNotFound) {
			return err
		}
	}
	c.send(http.StatusNoContent, nil)
	return nil
}

// giveBack makes the profile behind a link that is gone Okta's again, unless another provider masters it, too.
func (s *Server) giveBack(l *idpLink) error {
	if !l.masters || s.idps.mastered(l.user) {
		return nil
	}
	err := s.Change(l.user, func(a *Account) { a.Mastered = false })
	if errors.Is(err, people.ErrNotFound) {
		return nil
	}
	return err
}

func (c *call) idpsOfUser() error {
	id, err := c.user()
	if err != nil {
		return err
	}
	list := []object{}
	for _, p := range c.s.idps.of(id) {
		list = append(list, c.idpDocument(&p))
	}
	c.w.Header()["Link"] = []string{"<" + c.base + c.r.URL.RequestURI() + `>; rel="self"`}
	return c.sendJSON(list)
}

// linkNow notes a sign-in in a link, new or old.
func (s *Server) linkNow(p *IdentityProvider, user string, a Assertion, now time.Time) (created bool) {
	l, known := s.idps.linkOf(p.ID, user)
	if !known {
		l = idpLink{user: user, created: now}
	}
	l.externalID, l.lastUpdated, l.masters = a.Subject, now, l.masters || p.Policy.Provisioning.ProfileMaster
	l.profile = maps.Clone(a.Attributes)
	if l.profile == nil {
		l.profile = map[string]string{}
	}
	l.profile["subjectNameId"] = a.Subject
	s.idps.link(p.ID, l)
	return !known
}
