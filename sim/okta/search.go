package okta

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/people"
)

const (
	pageSize      = 200 // default and maximum
	quickPageSize = 10  // of q
)

// searchDialect: any profile attribute and the times; no ne, no not; values without regard to case (Okta, Users API, search).
func (s *Server) searchDialect() dialect {
	all := []string{"eq", "sw", "pr", "gt", "ge", "lt", "le"}
	return dialect{expected: "eq,sw,pr,gt,ge,lt,le", operators: func(name string) []string {
		switch name {
		case "id", "status", "created", "activated", "statusChanged", "lastUpdated", "type.id":
			return all
		}
		if attribute, ok := strings.CutPrefix(name, "profile."); ok && (slices.Contains(baseAttributes, attribute) || slices.Contains(s.config.Attributes, attribute)) {
			return all
		}
		return nil
	}}
}

// filterDialect: seven attributes, eq only but for lastUpdated; values with regard to case (Okta, Users API, filter).
var filterDialect = dialect{expected: "eq,gt,ge,lt,le", exact: true, operators: func(name string) []string {
	switch name {
	case "status", "id", "profile.login", "profile.email", "profile.firstName", "profile.lastName":
		return []string{"eq"}
	case "lastUpdated":
		return []string{"eq", "gt", "ge", "lt", "le"}
	}
	return nil
}}

// attributeOf is a user's value for searches; no value is none.
func (s *Server) attributeOf(p *people.Person, a *Account, m profile, name string) []string {
	at := func(t time.Time) []string {
		if t.IsZero() {
			return nil
		}
		return []string{t.UTC().Format("2006-01-02T15:04:05.000Z")}
	}
	switch name {
	case "id":
		return []string{p.ID}
	case "status":
		return []string{string(a.Status)}
	case "created":
		return at(p.Created)
	case "activated":
		return at(a.Activated)
	case "statusChanged":
		return at(a.StatusChanged)
	case "lastUpdated":
		return at(a.LastUpdated)
	case "type.id":
		return []string{s.ids.userType}
	}
	if value, ok := m[strings.TrimPrefix(name, "profile.")]; ok {
		return []string{value}
	}
	return nil
}

// listing is what a request for a list asks for.
type listing struct {
	wanted func(*people.Person) bool
	limit  int
	paged  bool
	sortBy string
	down   bool
	only   string // the one id that can fit, when the index tells; else ""
	none   bool   // the index tells that nobody fits
	// late is what a search sees in the place of users who changed a moment ago; nil is somebody who was not there.
	late map[string]*people.Person
}

func (c *call) listUsers() error {
	l, err := c.listing()
	if err != nil {
		return err
	}
	o := c.omits()
	found, more := c.find(l)
	documents := make([]object, 0, len(found))
	for i := range found {
		documents = append(documents, c.document(&found[i], true, o))
	}
	if l.paged {
		c.pageLinks(found, more, l.limit)
	}
	return c.sendJSON(documents)
}

func (c *call) listing() (*listing, error) {
	search, filter, quick := c.query.Get("search"), c.query.Get("filter"), c.query.Get("q")
	l := &listing{limit: pageSize, paged: true}
	var err error
	switch {
	case search != "" && filter != "":
		return nil, refuse(searchAndFilter)
	case search != "":
		l.late = c.s.search.at(c.s.kernel.Clock.Now())
		err = c.byCondition(l, search, c.s.searchDialect())
		if order := c.query.Get("sortOrder"); err == nil && order != "" && !strings.EqualFold(order, "asc") && !strings.EqualFold(order, "desc") {
			return nil, refuse(invalidRequest, "sortOrder takes asc or desc")
		}
		l.sortBy, l.down = c.query.Get("sortBy"), strings.EqualFold(c.query.Get("sortOrder"), "desc")
		if l.sortBy != "" && c.s.searchDialect().operators(l.sortBy) == nil {
			return nil, refuse(invalidSearch)
		}
	case filter != "":
		err = c.byCondition(l, filter, filterDialect)
	default:
		l.wanted = func(p *people.Person) bool { a, _ := c.s.view(p); return a.Status != Deprovisioned }
		if quick != "" {
			l.limit, l.paged = quickPageSize, false
			l.wanted = c.s.startsWith(quick)
		}
	}
	if err != nil {
		return nil, err
	}
	l.limit, err = c.limit(l.limit)
	return l, err
}

// startsWith is q: the beginning of a name or the e-mail address, without DEPROVISIONED.
func (s *Server) startsWith(text string) func(*people.Person) bool {
	text = strings.ToLower(text)
	return func(p *people.Person) bool {
		a, m := s.view(p)
		return a.Status != Deprovisioned && slices.ContainsFunc([]string{m["firstName"], m["lastName"], m["email"]}, func(value string) bool {
			return strings.HasPrefix(strings.ToLower(value), text)
		})
	}
}

func (c *call) byCondition(l *listing, text string, d dialect) error {
	condition, err := parseQuery(text, d)
	if err != nil {
		return refuse(invalidSearch).because(err.Error())
	}
	l.wanted = func(p *people.Person) bool {
		a, m := c.s.view(p)
		return condition.matches(func(name string) []string { return c.s.attributeOf(p, &a, m, name) })
	}
	if one, ok := condition.(*comparison); ok && one.op == "eq" && one.attribute == "profile.login" && len(l.late) == 0 {
		l.only, ok = c.s.index.owner(one.value)
		l.none = !ok
	}
	return nil
}

// limit reads the page size.
func (c *call) limit(otherwise int) (int, error) { return c.limitUpTo(otherwise, pageSize) }

func (c *call) limitUpTo(otherwise, most int) (int, error) {
	text := c.query.Get("limit")
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil, n < 1:
		return 0, refuse(typeMismatch, `"limit" is not a positive number`)
	case n <= most:
		return n, nil
	case c.s.is(limitOverMaximum, "refuse"):
		return 0, refuse(validation, "limit").because("limit: The limit must not be greater than " + strconv.Itoa(most))
	}
	return most, nil
}

// find returns one page of the users that are wanted, and whether there are more.
func (c *call) find(l *listing) (found []people.Person, more bool) {
	if l.none {
		return nil, false
	}
	after := c.query.Get("after")
	if l.sortBy != "" {
		return c.sorted(l, after)
	}
	ids := c.ids(l, after)
	if l.only != "" {
		if l.only <= after {
			return nil, false
		}
		ids = []string{l.only}
	}
	for _, id := range ids {
		p, ok := c.seen(l, id)
		if !ok || !l.wanted(&p) {
			continue
		}
		if len(found) == l.limit {
			return found, true
		}
		found = append(found, p)
	}
	return found, false
}

// ids are the users behind one, in order; those among them whom a late search still finds are gone.
func (c *call) ids(l *listing, after string) []string {
	ids := c.s.index.after(after)
	if len(l.late) == 0 {
		return ids
	}
	ids = slices.Clone(ids)
	for id := range l.late {
		if at, found := slices.BinarySearch(ids, id); !found && id > after {
			ids = slices.Insert(ids, at, id)
		}
	}
	return ids
}

// seen is a user as the listing sees it.
func (c *call) seen(l *listing, id string) (people.Person, bool) {
	if before, late := l.late[id]; late {
		if before == nil {
			return people.Person{}, false
		}
		return *before, true
	}
	return c.s.people.ByID(id)
}

// sorted finds all, sorts them by an attribute, equal ones by id, and cuts the page out.
func (c *call) sorted(l *listing, after string) (found []people.Person, more bool) {
	type keyed struct {
		key string
		p   people.Person
	}
	var all []keyed
	for _, id := range c.ids(l, "") {
		if p, ok := c.seen(l, id); ok && l.wanted(&p) {
			a, m := c.s.view(&p)
			all = append(all, keyed{strings.ToLower(strings.Join(c.s.attributeOf(&p, &a, m, l.sortBy), "")), p})
		}
	}
	slices.SortStableFunc(all, func(x, y keyed) int {
		if l.down {
			return strings.Compare(y.key, x.key)
		}
		return strings.Compare(x.key, y.key)
	})
	start := 0
	if after != "" {
		start = slices.IndexFunc(all, func(one keyed) bool { return one.p.ID == after }) + 1
	}
	for _, one := range all[start:] {
		if len(found) == l.limit {
			return found, true
		}
		found = append(found, one.p)
	}
	return found, false
}

// pageLinks are two headers: the page itself, and the next one if there are more (recorded).
func (c *call) pageLinks(found []people.Person, more bool, limit int) {
	links := []string{"<" + c.base + c.r.URL.RequestURI() + `>; rel="self"`}
	if more {
		links = append(links, c.nextLink(found[len(found)-1].ID, limit))
	}
	c.w.Header()["Link"] = links
}

// nextLink is the same query with the cursor in front.
func (c *call) nextLink(after string, limit int) string {
	rest := url.Values{}
	for key, values := range c.query {
		if key != "after" && key != "limit" {
			rest[key] = values
		}
	}
	query := "after=" + url.QueryEscape(after) + "&limit=" + strconv.Itoa(limit)
	if len(rest) > 0 {
		query += "&" + rest.Encode()
	}
	return "<" + c.base + c.r.URL.Path + "?" + query + `>; rel="next"`
}
