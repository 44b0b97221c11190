package okta

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

const groupsPath = "/api/v1/groups"

func mountGroups(t table) {
	t.add(http.MethodGet, groupsPath, "group", readGroups, (*call).listGroups)
	t.add(http.MethodPost, groupsPath, "group", writeGroups, (*call).createGroup)
	t.add(http.MethodGet, groupsPath+"/{id}", "group", readGroups, (*call).readGroup)
	t.add(http.MethodDelete, groupsPath+"/{id}", "group", writeGroups, (*call).deleteGroup)
	t.add(http.MethodGet, groupsPath+"/{id}/users", "group", readGroups, (*call).groupMembers)
	t.add(http.MethodPut, groupsPath+"/{id}/users/{other}", "group", writeGroups, (*call).addMember)
	t.add(http.MethodDelete, groupsPath+"/{id}/users/{other}", "group", writeGroups, (*call).removeMember)
	t.add(http.MethodGet, userPath+"/groups", "group", readGroups, (*call).groupsOfUser)
}

// Group is a group of users, by whose members password policies are chosen.
type Group struct {
	ID, Name, Description string
	Created, LastUpdated  time.Time
}

// groupStore are the groups in the order of their creation; the first is Everyone. Members are with the users.
type groupStore struct {
	mu   sync.RWMutex
	list []Group
}

func newGroupStore() *groupStore { return &groupStore{} }

func (g *groupStore) reset(everyone string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.list = []Group{{ID: everyone, Name: "Everyone", Description: "All users in your organization", Created: now, LastUpdated: now}}
}

func (g *groupStore) everyone() string {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.list[0].ID
}

func (g *groupStore) find(id string) (Group, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	at := slices.IndexFunc(g.list, func(one Group) bool { return one.ID == id })
	if at < 0 {
		return Group{}, false
	}
	return g.list[at], true
}

func (g *groupStore) all() []Group {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return slices.Clone(g.list)
}

// has tells whether a user is a member.
func (g *groupStore) has(p *people.Person, id string) bool {
	if slices.Contains(p.Groups, id) {
		_, exists := g.find(id)
		return exists
	}
	return id == g.everyone()
}

// AddGroup creates a group; its name must be new.
func (s *Server) AddGroup(name, description string) (Group, error) {
	g := s.groups
	now := s.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if strings.TrimSpace(name) == "" || slices.ContainsFunc(g.list, func(one Group) bool { return one.Name == name }) {
		return Group{}, fmt.Errorf("%w: group %q has no name, or one that is taken", ErrInvalid, name)
	}
	group := Group{ID: s.ids.next("00g"), Name: name, Description: description, Created: now, LastUpdated: now}
	g.list = append(g.list, group)
	return group, nil
}

// SetMember puts a user into a group or takes it out.
func (s *Server) SetMember(group, idOrLogin string, member bool) error {
	found, ok := s.groups.find(group)
	if !ok {
		return refuse(notFound, group, "UserGroup")
	}
	id, ok := s.lookUp(idOrLogin)
	if !ok {
		return noUser(idOrLogin)
	}
	if found.ID == s.groups.everyone() {
		return refuse(roleTooSmall)
	}
	_, err := s.update(id, func(p *people.Person) error {
		p.Groups = slices.DeleteFunc(p.Groups, func(one string) bool { return one == group })
		if member {
			p.Groups = append(p.Groups, group)
		}
		return nil
	})
	if err != nil {
		return noUser(idOrLogin)
	}
	return nil
}

func (c *call) groupDocument(g Group) object {
	kind := "OKTA_GROUP"
	if g.ID == c.s.groups.everyone() {
		kind = "BUILT_IN"
	}
	return object{
		{"id", g.ID},
		{"created", stamp(g.Created)},
		{"lastUpdated", stamp(g.LastUpdated)},
		{"lastMembershipUpdated", stamp(g.LastUpdated)},
		{"objectClass", []string{"okta:user_group"}},
		{"type", kind},
		{"profile", object{{"name", g.Name}, {"description", g.Description}}},
		{"_links", object{{"users", object{{"href", c.base + groupsPath + "/" + g.ID + "/users"}}}}},
	}
}

// listGroups takes q, the beginning of a name. Groups are few here, so there is one page.
func (c *call) listGroups() error {
	return c.sendGroups(func(g Group) bool {
		return strings.HasPrefix(strings.ToLower(g.Name), strings.ToLower(c.query.Get("q")))
	})
}

func (c *call) sendGroups(wanted func(Group) bool) error {
	list := []object{}
	for _, g := range c.s.groups.all() {
		if wanted(g) {
			list = append(list, c.groupDocument(g))
		}
	}
	c.w.Header()["Link"] = []string{"<" + c.base + c.r.URL.RequestURI() + `>; rel="self"`}
	return c.sendJSON(list)
}

func (c *call) createGroup() error {
	var b struct {
		Profile map[string]json.RawMessage `json:"profile"`
	}
	if err := c.decodeBody(&b); err != nil {
		return err
	}
	var name, description string
	if err := decode(orNull(b.Profile["name"]), &name); err != nil {
		return err
	}
	if err := decode(orNull(b.Profile["description"]), &description); err != nil {
		return err
	}
	g, err := c.s.AddGroup(name, description)
	if err != nil {
		return refuse(validation, "name").because("name: An object with this field already exists in the current organization, or the field is blank")
	}
	return c.sendJSON(c.groupDocument(g))
}

func orNull(raw json.RawMessage) []byte {
	if raw == nil {
		return []byte("null")
	}
	return raw
}

func (c *call) group() (Group, error) {
	g, ok := c.s.groups.find(c.id)
	if !ok {
		return Group{}, refuse(notFound, c.id, "UserGroup")
	}
	return g, nil
}

func (c *call) readGroup() error {
	g, err := c.group()
	if err != nil {
		return err
	}
	return c.sendJSON(c.groupDocument(g))
}

// deleteGroup leaves its id with its members, where nobody finds it any more: ids are never given twice.
func (c *call) deleteGroup() error {
	g, err := c.group()
	if err != nil {
		return err
	}
	store := c.s.groups
	if g.ID == store.everyone() {
		return refuse(roleTooSmall)
	}
	store.mu.Lock()
	store.list = slices.DeleteFunc(slices.Clone(store.list), func(one Group) bool { return one.ID == g.ID })
	store.mu.Unlock()
	c.send(http.StatusNoContent, nil)
	return nil
}

func (c *call) groupMembers() error {
	g, err := c.group()
	if err != nil {
		return err
	}
	l := &listing{paged: true, wanted: func(p *people.Person) bool { return c.s.groups.has(p, g.ID) }}
	if l.limit, err = c.limit(pageSize); err != nil {
		return err
	}
	found, more := c.find(l)
	documents := make([]object, 0, len(found))
	for i := range found {
		documents = append(documents, c.document(&found[i], true, omissions{}))
	}
	c.pageLinks(found, more, l.limit)
	return c.sendJSON(documents)
}

func (c *call) addMember() error { return c.setMember(true) }

func (c *call) removeMember() error { return c.setMember(false) }

func (c *call) setMember(member bool) error {
	if err := c.s.SetMember(c.id, c.other, member); err != nil {
		return err
	}
	c.send(http.StatusNoContent, nil)
	return nil
}

func (c *call) groupsOfUser() error {
	id, err := c.user()
	if err != nil {
		return err
	}
	p, ok := c.s.people.ByID(id)
	if !ok {
		return noUser(c.id)
	}
	return c.sendGroups(func(g Group) bool { return c.s.groups.has(&p, g.ID) })
}
