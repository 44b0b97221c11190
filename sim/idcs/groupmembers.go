package idcs

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/scim"
)

// mostMembers is how many members one answer may hold; with more the request fails, and a client must ask for pages:
// attributes=members[startIndex=1&count=100] (Oracle, OCI SDK, package identitydomains, Group.members).
const mostMembers = 10_000

// memberWish is which members of a group a view shows.
type memberWish struct {
	all   bool
	pages [][2]int // first place, from 0, and how many
	users []string
}

// wish reads what a view says about members, and returns the view that projects them: "members[startIndex=1&count=10]" is
// no path of SCIM.
func wish(v view) (memberWish, view, error) {
	var w memberWish
	for _, set := range v.sets {
		if strings.EqualFold(set, "all") || strings.EqualFold(set, "request") {
			w.all = true
		}
	}
	attributes := slices.Clone(v.attributes)
	for i, name := range v.attributes {
		plain := name
		if len(name) > len(scim.GroupURN) && strings.EqualFold(name[:len(scim.GroupURN)], scim.GroupURN) {
			plain = name[len(scim.GroupURN)+1:]
		}
		if len(plain) < len("members") || !strings.EqualFold(plain[:len("members")], "members") {
			continue
		}
		selection, inBrackets := strings.CutPrefix(plain[len("members"):], "[")
		selection, _, closed := strings.Cut(selection, "]")
		switch {
		case !inBrackets || !closed:
			w.all = true
		case strings.Contains(selection, "=") && !strings.Contains(selection, `"`):
			page, err := memberPage(selection)
			if err != nil {
				return w, v, err
			}
			w.pages = append(w.pages, page)
			attributes[i] = "members"
		default:
			if user, ok := selected(selection); ok {
				w.users = append(w.users, user)
			} else {
				w.all = true
			}
		}
	}
	return w, view{attributes, v.sets}, nil
}

// selected is the user of a selection that is nothing but value eq "…".
func selected(selection string) (string, bool) {
	f, err := scim.ParseFilter(selection)
	if err != nil {
		return "", false
	}
	name, value, ok := scim.Equal(f)
	return value, ok && strings.EqualFold(name, "value")
}

func memberPage(selection string) ([2]int, error) {
	query, err := url.ParseQuery(selection)
	if err != nil {
		return [2]int{}, refuse(invalidPaging, "attributes", "members["+selection+"] is not members[startIndex=1&count=10]")
	}
	page := [2]int{0, defaultCount}
	for key, values := range query {
		n, err := strconv.Atoi(values[0])
		switch {
		case err != nil:
			return page, refuse(invalidPaging, "members."+key, "it is not a number")
		case strings.EqualFold(key, "startIndex"):
			page[0] = max(n, 1) - 1
		case strings.EqualFold(key, "count"):
			page[1] = max(n, 0)
		default:
			return page, refuse(invalidPaging, "attributes", "members has pages by startIndex and count, not by "+key)
		}
	}
	return page, nil
}

// showMembers adds to a group the members that the view asks for.
func (c *call) showMembers(m map[string]any, v view) (view, error) {
	w, v, err := wish(v)
	if err != nil {
		return v, err
	}
	delete(m, "members") // a filter may have looked at others
	id, _ := m["id"].(string)
	var list []any
	switch size := c.s.groups.size(id); {
	case w.all && size > mostMembers:
		return v, refuse(tooManyMembers, m["displayName"], size, mostMembers)
	case w.all:
		list = c.membersResource(id, c.s.groups.members(id, 0, 0))
	default:
		for _, page := range w.pages {
			if page[1] > mostMembers {
				return v, refuse(tooManyMembers, m["displayName"], page[1], mostMembers)
			}
			if page[1] > 0 {
				list = append(list, c.membersResource(id, c.s.groups.members(id, page[0], page[1]))...)
			}
		}
		for _, user := range w.users {
			list = append(list, c.membersResource(id, c.s.groups.member(id, user))...)
		}
	}
	if len(list) > 0 {
		m["members"] = list
	}
	return v, nil
}

// membersResource is members in the wire form. Whoever was deleted by the control plane is not among them any more.
func (c *call) membersResource(group string, members []membership) []any {
	list := make([]any, 0, len(members))
	for _, m := range members {
		p, ok := c.s.people.ByID(m.user)
		if !ok {
			continue
		}
		list = append(list, map[string]any{
			"value": p.ID, "ocid": ocidPrefix + p.ID, "type": "User", "display": p.DisplayName, "name": p.UserName,
			"$ref": c.base + usersPath + "/" + p.ID, "dateAdded": stamp(m.since), "membershipOcid": membershipOCID(group, p.ID),
		})
	}
	return list
}

func membershipOCID(group, user string) string {
	return ocid("groupmembership", fingerprint(group+user, 0))
}

// memberChange is what a request does to the members of a group, step by step.
type memberChange []memberStep

type memberStep struct {
	clear  bool
	add    []string
	remove scim.Filter // of those whom it selects
	path   string
}

// replaceMembers is the change to just these.
func replaceMembers(value any) (memberChange, error) {
	users, err := memberIDs(value)
	return memberChange{{clear: true, add: users}}, err
}

// add appends an operation of a PATCH.
func (change *memberChange) add(t scim.Target) error {
	step := memberStep{path: t.Path.String()}
	switch {
	case t.Op == "remove" && t.Path.Filter != nil:
		step.remove = t.Path.Filter
	case t.Op == "remove":
		step.clear = true
	case t.Path.Filter != nil:
		return refuse(invalidPath, t.Path.String()+" cannot be written: add members, or remove them")
	default:
		users, err := memberIDs(t.Value)
		if err != nil {
			return err
		}
		step.add, step.clear = users, t.Op == "replace"
	}
	*change = append(*change, step)
	return nil
}

// memberIDs reads members: a list of them, or one.
func memberIDs(value any) ([]string, error) {
	list, ok := value.([]any)
	if !ok && value != nil {
		list = []any{value}
	}
	if err := checkTypes(map[string]any{"members": list}, groupSchema); err != nil {
		return nil, err
	}
	users := make([]string, 0, len(list))
	for _, item := range list {
		content, ok := item.(map[string]any)
		if !ok {
			return nil, refuse(wrongType, "members", object)
		}
		id, _ := member(content, "value").(string)
		if err := checkReference("members.value", id); err != nil {
			return nil, err
		}
		if byOCID, _ := member(content, "ocid").(string); id == "" {
			id = plainID(byOCID)
		}
		if id == "" {
			return nil, refuse(missingAttributes, "members.value")
		}
		if kind, ok := member(content, "type").(string); ok && kind != "User" {
			return nil, refuse(invalidValue, "members.type", "a member is a User")
		}
		users = append(users, id)
	}
	return users, nil
}

// resolve works out who leaves and who joins. Nothing is changed: a step that cannot be taken refuses them all. The caller
// holds Server.writes.
func (c *call) resolve(group string, change memberChange) (out, in []string, err error) {
	var (
		cleared bool
		joined  []string
		now     = map[string]bool{} // of those whom a step has named: whether they are in
	)
	isIn := func(user string) bool {
		if in, named := now[user]; named {
			return in
		}
		return !cleared && c.s.groups.has(group, user)
	}
	for _, step := range change {
		switch {
		case step.remove != nil:
			matched := false
			for _, user := range c.selectMembers(group, step, joined) {
				if isIn(user) {
					now[user], matched = false, true
				}
			}
			if !matched && c.s.is(absentMember, "refuse") {
				return nil, nil, refuse(invalidPath, step.path+" selects no member")
			}
			continue
		case step.clear:
			cleared = true
			clear(now)
		}
		for _, user := range step.add {
			if _, ok := c.s.people.ByID(user); !ok {
				return nil, nil, refuse(referenceMissing, "Group.members", "User", user)
			}
			if !isIn(user) {
				joined = append(joined, user)
			}
			now[user] = true
		}
	}
	if cleared {
		for _, m := range c.s.groups.members(group, 0, 0) {
			if !now[m.user] {
				out = append(out, m.user)
			}
		}
	}
	for user, in := range now {
		if !in && !cleared {
			out = append(out, user)
		}
	}
	for _, user := range joined {
		if now[user] {
			in = append(in, user)
		}
	}
	return out, in, nil
}

// selectMembers finds those whom a filter selects, among the members and those who are about to join. By id it is a
// look-up.
func (c *call) selectMembers(group string, step memberStep, joined []string) []string {
	if name, value, ok := scim.Equal(step.remove); ok && strings.EqualFold(name, "value") {
		return []string{value}
	}
	members := c.s.groups.members(group, 0, 0)
	for _, user := range joined {
		members = append(members, membership{user: user})
	}
	var chosen []string
	for _, item := range c.membersResource(group, members) {
		content, ok := item.(map[string]any)
		if !ok || !step.remove.Match(content, memberSchema) {
			continue
		}
		if id, ok := content["value"].(string); ok {
			chosen = append(chosen, id)
		}
	}
	return chosen
}

// memberSchema answers what a filter within members[…] asks.
var memberSchema = newSchema("", groupSchema.find("members").sub, nil, nil)
