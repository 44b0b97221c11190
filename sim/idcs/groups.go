package idcs

import (
	"fmt"
	"iter"
	"maps"
	"net/http"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/scim"
)

const (
	groupsPath = "/admin/v1/Groups"
	extGroup   = extensionURN + "group:Group"
)

// groupSchema follows Oracle's OCI SDK (package identitydomains).
var groupSchema = newSchema(scim.GroupURN, append(common(),
	one(text, "displayName").always().required().unique("global"),
	one(text, "nonUniqueDisplayName").always(),
	one(text, "externalId"),
	listOf("members",
		one(text, "value").always().caseExact(), one(text, "type").caseExact(), one(text, "ocid").always().caseExact(),
		one(instant, "dateAdded").readOnly(), one(text, "membershipOcid").readOnly().caseExact(),
		one(reference, "$ref").readOnly().caseExact(), one(text, "display").readOnly(), one(text, "name").readOnly(),
	).onRequest(),
), map[string][]attribute{
	extGroup: {
		one(text, "description"),
		one(text, "creationMechanism").immutable().onRequest(),
		complexOf("passwordPolicy", one(text, "value").always().caseExact(), one(reference, "$ref"), one(text, "name"), one(number, "priority")).readOnly().onRequest(),
		listOf("owners", one(text, "value").always().caseExact(), one(text, "type").caseExact(), one(reference, "$ref").readOnly(), one(text, "display").readOnly()).onRequest(),
		listOf("grants", one(text, "value").caseExact(), one(reference, "$ref"), one(text, "appId").caseExact(), one(text, "grantMechanism").caseExact()).readOnly().onRequest(),
		listOf("appRoles", one(text, "value").always().caseExact(), one(reference, "$ref"), one(text, "display"), one(text, "type"), one(text, "appId"), one(text, "appName"), one(flag, "adminRole")).readOnly().onRequest(),
	},
}, []string{
	extensionURN + "posix:Group", extensionURN + "requestable:Group", extensionURN + "dbcs:Group", extensionURN + "dynamic:Group", extTags,
})

var groupType = resourceType{groupSchema, "Group", groupsPath, "group"}

var groupCollection = &collection{
	resourceType: groupType, operation: "group",
	all: (*call).candidateGroups, show: (*call).showMembers,
	get: func(c *call, id string) (map[string]any, bool) {
		g, ok := c.s.groups.get(id)
		if !ok {
			return nil, false
		}
		return c.groupResource(&g), true
	},
}

// mountGroups is Groups with its search.
func mountGroups(t table) {
	groupCollection.mountRead(t, maySearchGroups, mayReadGroups)
	t.add(http.MethodPost, groupsPath, "group", mayWriteGroups, (*call).createGroup)
	t.add(http.MethodPut, groupsPath+"/{id}", "group", mayWriteGroups, (*call).replaceGroup)
	t.add(http.MethodPatch, groupsPath+"/{id}", "group", mayPatchGroups, (*call).patchGroup)
	t.add(http.MethodDelete, groupsPath+"/{id}", "group", mayWriteGroups, (*call).deleteGroup)
}

// groupResource is a group in the wire form, without its members.
func (c *call) groupResource(g *group) map[string]any {
	m := c.render(groupType, &g.stored)
	m["displayName"] = g.displayName
	extension := map[string]any{}
	if written, ok := m[extGroup].(map[string]any); ok {
		maps.Copy(extension, written)
	} else {
		m["schemas"] = []any{scim.GroupURN, extGroup}
	}
	if _, ok := extension["creationMechanism"]; !ok {
		extension["creationMechanism"] = "api"
	}
	if roles, grants := grantsResource(c.s.grants.given(g.id), c.base); grants != nil {
		extension["grants"] = grants
		if roles != nil {
			extension["appRoles"] = roles
		}
	}
	if p := c.s.policies.Load().byGroup[g.id]; p != nil {
		extension["passwordPolicy"] = map[string]any{
			"value": p.id, "name": p.name, "priority": float64(p.priority), "$ref": c.base + policiesPath + "/" + p.id,
		}
	}
	m[extGroup] = extension
	return m
}

// candidateGroups yields the groups among whom a filter chooses. By name, id or member it is a look-up.
func (c *call) candidateGroups(f scim.Filter) iter.Seq[map[string]any] {
	groups := c.s.groups.all()
	withMembers := mentions(f, "members")
	if user, ok := equals(f, "members"); ok {
		return c.groupsWith(user)
	}
	if attribute, value, ok := equal(f); ok {
		switch strings.ToLower(attribute) {
		case "displayname":
			groups = found(c.s.groups.named(value))
		case "id":
			groups = found(c.s.groups.get(value))
		}
	}
	return func(yield func(map[string]any) bool) {
		for g := range groups {
			m := c.groupResource(&g)
			if withMembers {
				m["members"] = c.membersResource(g.id, c.s.groups.members(g.id, 0, 0))
			}
			if !yield(m) {
				return
			}
		}
	}
}

// groupsWith yields the groups that a user is in, each with that one member.
func (c *call) groupsWith(user string) iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		for _, id := range c.s.groupsOf(user) {
			g, ok := c.s.groups.get(id)
			if !ok { // deleted in between
				continue
			}
			m := c.groupResource(&g)
			m["members"] = c.membersResource(id, c.s.groups.member(id, user))
			if !yield(m) {
				return
			}
		}
	}
}

// equal is scim.Equal for a filter that may be absent.
func equal(f scim.Filter) (attribute, value string, ok bool) {
	if f == nil {
		return "", "", false
	}
	return scim.Equal(f)
}

// found is a sequence of one, or of none.
func found[T any](thing T, ok bool) iter.Seq[T] {
	return func(yield func(T) bool) {
		if ok {
			yield(thing)
		}
	}
}

func (c *call) createGroup() error {
	m, err := c.object(groupSchema)
	if err != nil {
		return err
	}
	g := group{stored: stored{id: c.s.ids.Hex(idLength)}}
	change, err := replaceMembers(member(m, "members"))
	if err != nil {
		return err
	}
	if err := c.writeGroup(&g, groupSchema.written(m), change); err != nil {
		return err
	}
	return c.sendResource(groupCollection, http.StatusCreated, c.groupResource(&g))
}

// changeGroup carries out one write of a group: the version that the client expects, the change, the answer. The answer is
// sent when the next write may begin.
func (c *call) changeGroup(change func(g *group) (written map[string]any, members memberChange, err error)) error {
	c.s.writes.Lock()
	g, ok := c.s.groups.get(plainID(c.id))
	err := error(refuse(noSuchResource, "Group", c.id))
	if ok {
		err = c.expects(g.tag())
	}
	if err == nil {
		var written map[string]any
		var members memberChange
		if written, members, err = change(&g); err == nil {
			err = c.putGroup(&g, written, members)
		}
	}
	c.s.writes.Unlock()
	if err != nil {
		return err
	}
	return c.sendResource(groupCollection, http.StatusOK, c.groupResource(&g))
}

// writeGroup is putGroup for who does not hold the lock.
func (c *call) writeGroup(g *group, written map[string]any, members memberChange) error {
	c.s.writes.Lock()
	defer c.s.writes.Unlock()
	return c.putGroup(g, written, members)
}

// putGroup stores what a client has written, members included: all of it or nothing. The caller holds Server.writes.
func (c *call) putGroup(g *group, written map[string]any, members memberChange) error {
	name, _ := written["displayName"].(string)
	delete(written, "displayName")
	delete(written, "members")
	if other, taken := c.s.groups.named(name); taken && other.id != g.id {
		return refuse(nameTaken, "group", name)
	}
	out, in, err := c.resolve(g.id, members)
	if err != nil {
		return err
	}
	g.displayName = name
	now := c.s.kernel.Clock.Now()
	c.write(&g.stored, written, now)
	c.s.groups.put(*g)
	c.s.groups.drop(g.id, out)
	c.s.groups.join(g.id, in, now)
	return nil
}

func (c *call) replaceGroup() error {
	m, err := c.object(groupSchema)
	if err != nil {
		return err
	}
	var change memberChange
	// What a PUT leaves out is cleared; a client that reads a group does not see its members unless it asks for them.
	if members := member(m, "members"); members != nil || c.s.is(membersOnPut, "clear") {
		if change, err = replaceMembers(members); err != nil {
			return err
		}
	}
	return c.changeGroup(func(g *group) (map[string]any, memberChange, error) {
		return groupSchema.written(m), change, c.keepsReadOnly(groupSchema, m, c.groupResource(g))
	})
}

func (c *call) patchGroup() error {
	var change memberChange
	members := groupSchema.find("members")
	op, err := c.decodePatch(groupSchema, func(t scim.Target, a *attribute) (bool, error) {
		if !t.Path.Is("members") {
			return false, nil
		}
		if a != members {
			return false, refuse(invalidPath, t.Path.String()+" cannot be written: add members, or remove them")
		}
		return true, change.add(t)
	})
	if err != nil {
		return err
	}
	return c.changeGroup(func(g *group) (map[string]any, memberChange, error) {
		written, err := groupSchema.patched(op, c.groupResource(g))
		return written, change, err
	})
}

func (c *call) deleteGroup() error {
	id := plainID(c.id)
	err := func() error {
		c.s.writes.Lock()
		defer c.s.writes.Unlock()
		g, ok := c.s.groups.get(id)
		if !ok {
			return refuse(noSuchResource, "Group", c.id)
		}
		if err := c.expects(g.tag()); err != nil {
			return err
		}
		if err := c.mayRelease("group", g.displayName, c.s.groups.size(id) > 0 || c.s.grants.hasGrantee("Group", id)); err != nil {
			return err
		}
		c.s.groups.remove(id)
		c.s.grants.forget("Group", id)
		return nil
	}()
	if err != nil {
		return err
	}
	c.send(http.StatusNoContent, nil, nil)
	return nil
}

// mayRelease judges the deletion of something that others refer to. With forceDelete the references go first (Oracle,
// Deleting User Accounts).
func (c *call) mayRelease(noun, name string, referenced bool) error {
	if referenced && !strings.EqualFold(c.r.URL.Query().Get("forceDelete"), "true") && c.s.is(referencedDelete, "refuse") {
		return refuse(stillReferenced, noun, name)
	}
	return nil
}

// PopulateGroup adds a group, or members to the group of that name, as an administrator of the domain would: users by user
// name. It returns the group's id. The journal does not see it.
func (s *Server) PopulateGroup(displayName string, userNames ...string) (string, error) {
	if displayName == "" {
		return "", fmt.Errorf("%w: a group needs a display name", ErrInvalid)
	}
	users := make([]string, 0, len(userNames))
	s.writes.Lock()
	defer s.writes.Unlock()
	for _, name := range userNames {
		p, ok := s.people.ByUserName(name)
		if !ok {
			return "", fmt.Errorf("%w: group %q: there is no user %q", ErrInvalid, displayName, name)
		}
		users = append(users, p.ID)
	}
	now := s.kernel.Clock.Now()
	g, ok := s.groups.named(displayName)
	if !ok {
		g = group{stored: stored{id: s.ids.Hex(idLength), created: now}, displayName: displayName}
	}
	g.modified, g.version = now, g.version+1
	s.groups.put(g)
	s.groups.join(g.id, users, now)
	return g.id, nil
}

// groupsResource is the attribute groups of a user, which is returned on request.
func (s *Server) groupsResource(user, base string) []any {
	in := s.groups.memberships(user)
	if len(in) == 0 {
		return nil
	}
	list := make([]any, 0, len(in))
	for _, m := range in {
		list = append(list, map[string]any{
			"value": m.id, "display": m.displayName, "type": "direct", "$ref": base + groupsPath + "/" + m.id,
			"ocid": ocid("group", m.id), "membershipOcid": membershipOCID(m.id, user), "dateAdded": stamp(m.since),
		})
	}
	return list
}

// membersOf yields the users in a group, in the order in which they joined.
func (s *Server) membersOf(group string) iter.Seq[people.Person] {
	members := s.groups.members(group, 0, 0)
	return func(yield func(people.Person) bool) {
		for _, m := range members {
			if p, ok := s.people.ByID(m.user); ok && !yield(p) {
				return
			}
		}
	}
}
