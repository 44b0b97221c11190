package idcs

import (
	"cmp"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/seatrial/seatrial/sim/kernel/people"
	"github.com/seatrial/seatrial/sim/kernel/scim"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Oracle, REST API for identity domains, Query Parameters.
const (
	defaultCount = 50
	maximumCount = 1000
)

// view is which attributes an answer shows; the zero view is the default set.
type view struct{ attributes, sets []string }

func (v view) isDefault() bool { return len(v.attributes) == 0 && len(v.sets) == 0 }

var knownSets = []string{"all", "always", "never", "request", "default"}

func newView(attributes, sets []string) (view, error) {
	for _, set := range sets {
		if !slices.Contains(knownSets, strings.ToLower(set)) {
			return view{}, refuse(invalidPaging, "attributeSets", "there are "+strings.Join(knownSets, ", "))
		}
	}
	return view{attributes, sets}, nil
}

// view reads what the URL asks for.
func (c *call) view() (view, error) {
	if c.r.URL.RawQuery == "" {
		return view{}, nil
	}
	return viewOf(c.r.URL.Query())
}

func viewOf(query url.Values) (view, error) {
	var attributes, sets []string
	for _, list := range query["attributes"] {
		attributes = append(attributes, scim.SplitAttributes(list)...)
	}
	for _, list := range query["attributeSets"] {
		for set := range strings.SplitSeq(list, ",") {
			if set = strings.TrimSpace(set); set != "" {
				sets = append(sets, set)
			}
		}
	}
	return newView(attributes, sets)
}

// search is a query, parsed.
type search struct {
	filter            scim.Filter // nil for everybody
	start, count      int
	sortBy            *scim.Path
	descending, exact bool
	view              view
}

func (c *call) searchUsers() error {
	q, err := c.query(userSchema)
	if err != nil {
		return err
	}
	return c.answerSearch(q)
}

func (c *call) searchUsersByPost() error {
	q, err := c.queryByPost(userSchema)
	if err != nil {
		return err
	}
	return c.answerSearch(q)
}

// query reads the parameters of a search in the URL.
func (c *call) query(s *schema) (search, error) {
	query := c.r.URL.Query()
	v, err := viewOf(query)
	if err != nil {
		return search{}, err
	}
	q := search{view: v, start: 1, count: defaultCount}
	if q.filter, err = c.filter(s, query.Get("filter")); err != nil {
		return search{}, err
	}
	if err := q.sort(s, query.Get("sortBy"), query.Get("sortOrder")); err != nil {
		return search{}, err
	}
	if query.Has("startIndex") {
		if q.start, err = strconv.Atoi(query.Get("startIndex")); err != nil {
			return search{}, refuse(invalidPaging, "startIndex", "it is not a number")
		}
	}
	if query.Has("count") {
		if q.count, err = strconv.Atoi(query.Get("count")); err != nil {
			return search{}, refuse(invalidPaging, "count", "it is not a number")
		}
	}
	c.x.ShowBodies()
	return q, c.page(&q)
}

// searchRequest is the body of .search.
var searchRequest = newSchema(scim.SearchRequestURN, []attribute{
	{name: "schemas", kind: text, many: true},
	{name: "attributes", kind: text, many: true},
	{name: "attributeSets", kind: text, many: true},
	one(text, "filter"), one(text, "sortBy"), one(text, "sortOrder"), one(number, "startIndex"), one(number, "count"),
	one(text, "page"), one(number, "limit"),
}, nil, nil)

// queryByPost reads the body of .search.
func (c *call) queryByPost(s *schema) (search, error) {
	body, err := c.body()
	if err != nil {
		return search{}, err
	}
	m, err := decodeObject(body)
	if err != nil {
		return search{}, err
	}
	if err := requireSchema(m, scim.SearchRequestURN); err != nil {
		return search{}, err
	}
	if err := checkTypes(m, searchRequest); err != nil {
		return search{}, err
	}
	q := search{start: 1, count: defaultCount}
	if q.view, err = newView(stringsOf(m["attributes"]), stringsOf(m["attributeSets"])); err != nil {
		return search{}, err
	}
	filter, _ := m["filter"].(string)
	if q.filter, err = c.filter(s, filter); err != nil {
		return search{}, err
	}
	by, _ := m["sortBy"].(string)
	order, _ := m["sortOrder"].(string)
	if err := q.sort(s, by, order); err != nil {
		return search{}, err
	}
	if n, ok := m["startIndex"].(float64); ok {
		q.start = int(n)
	}
	if n, ok := m["count"].(float64); ok {
		q.count = int(n)
	}
	c.x.ShowBodies()
	return q, c.page(&q)
}

// page brings start and count into their bounds.
func (c *call) page(q *search) error {
	q.start = max(q.start, 1)
	switch {
	case q.count < 0:
		q.count = defaultCount
	case q.count > maximumCount && c.s.is(countOverMaximum, "refuse"):
		return refuse(invalidPaging, "count", "the maximum is 1000")
	}
	q.count = min(q.count, maximumCount)
	return nil
}

func stringsOf(value any) []string {
	list, _ := value.([]any)
	all := make([]string, 0, len(list))
	for _, item := range list {
		if s, ok := item.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// filter parses a filter. One that compares a secret is refused and not shown.
func (c *call) filter(s *schema, given string) (scim.Filter, error) {
	if given == "" {
		return nil, nil //nolint:nilnil // no filter is everybody
	}
	f, err := scim.ParseFilter(given)
	if err != nil {
		if secretName(given) {
			c.x.Secret(secret.New(given))
		}
		return nil, refuse(invalidFilter, err.Error())
	}
	for _, attribute := range filterAttributes(f.String()) {
		switch a := s.find(attribute); {
		case a == nil && s.extensions[strings.ToLower(attribute)] == "":
			return nil, refuse(unknownAttribute, attribute).surprising("there is no attribute %s", attribute)
		case a != nil && secretName(a.name):
			c.x.Secret(secret.New(given))
			return nil, refuse(invalidFilter, "the attribute "+a.name+" cannot be searched")
		}
	}
	return f, nil
}

// filterAttributes lists the attributes in a filter of canonical form. An attribute stands before an operator or an opening
// bracket; within brackets it is a sub-attribute.
func filterAttributes(canonical string) []string {
	var (
		list   []string
		parent string
		word   string
	)
	for i := 0; i < len(canonical); i++ {
		switch c := canonical[i]; c {
		case '"':
			for i++; i < len(canonical) && canonical[i] != '"'; i++ {
				if canonical[i] == '\\' {
					i++
				}
			}
			word = ""
		case '[':
			list = append(list, parent+word)
			parent, word = parent+word+".", ""
		case ']':
			parent, word = "", ""
		case '(', ')':
			word = ""
		case ' ':
			next, _, _ := strings.Cut(canonical[i+1:], " ")
			if word != "" && slices.Contains(operators, strings.TrimRight(next, ")]")) {
				list = append(list, parent+word)
			}
			word = ""
		default:
			word += string(c)
		}
	}
	return list
}

var operators = []string{"eq", "ne", "co", "sw", "ew", "pr", "gt", "ge", "lt", "le"}

func (q *search) sort(s *schema, by, order string) error {
	switch strings.ToLower(order) {
	case "", "ascending":
	case "descending":
		q.descending = true
	default:
		return refuse(invalidPaging, "sortOrder", "it is ascending or descending")
	}
	if by == "" {
		return nil
	}
	path, err := scim.ParsePath(by)
	if err != nil {
		return refuse(invalidPaging, "sortBy", err.Error())
	}
	_, a, err := s.target(path)
	if err != nil {
		return err
	}
	if a == nil || a.returned == scim.ReturnedNever {
		return refuse(invalidPaging, "sortBy", by+" cannot be compared")
	}
	q.sortBy, q.exact = &path, a.exact
	return nil
}

func (c *call) answerSearch(q search) error {
	page, total := c.s.find(q, c.base)
	if total == 1 && len(page) == 1 {
		c.x.User = page[0].UserName
	}
	return c.sendList(q, total, len(page), func(body []byte, i int) ([]byte, error) {
		return c.s.appendView(body, &page[i], c.base, q.view)
	})
}

// sendList answers with a page of n resources.
func (c *call) sendList(q search, total, n int, appendResource func([]byte, int) ([]byte, error)) error {
	buffer := takeBuffer()
	defer buffer.put()
	body := append(buffer.bytes, `{"schemas":["`+scim.ListResponseURN+`"],"totalResults":`...)
	body = strconv.AppendInt(body, int64(total), 10)
	body = append(body, `,"Resources":[`...)
	for i := range n {
		if i > 0 {
			body = append(body, ',')
		}
		var err error
		if body, err = appendResource(body, i); err != nil {
			return err
		}
	}
	body = append(body, `],"startIndex":`...)
	body = strconv.AppendInt(body, int64(q.start), 10)
	// The page size that was asked for, not the number that came (captured answers).
	body = append(body, `,"itemsPerPage":`...)
	body = strconv.AppendInt(body, int64(q.count), 10)
	buffer.bytes = append(body, '}')
	c.send(http.StatusOK, scimContentType, buffer.bytes)
	return nil
}

// find returns one page of users and the number of all matches. A search by user name or id is a look-up.
func (s *Server) find(q search, base string) (page []people.Person, total int) {
	if p, ok, indexed := s.lookUp(q.filter); indexed {
		if !ok || s.unseen(p.ID) {
			return nil, 0
		}
		if q.start > 1 || q.count == 0 {
			return nil, 1
		}
		return []people.Person{p}, 1
	}
	return choose(q, userSchema, s.candidates(q.filter), func(p people.Person) map[string]any { return s.resource(&p, base) })
}

// candidates yields the users among whom the filter chooses.
func (s *Server) candidates(f scim.Filter) iter.Seq[people.Person] {
	everybody := s.people.All()
	if group, ok := equals(f, "groups"); ok {
		everybody = s.membersOf(plainID(group))
	}
	return func(yield func(people.Person) bool) {
		for p := range everybody {
			if !s.unseen(p.ID) && !yield(p) {
				return
			}
		}
	}
}

// choose returns one page of what fulfils the filter, and the number of all that does. A thing becomes a resource only if
// the filter or the order must look at it.
func choose[T any](q search, s *schema, all iter.Seq[T], resource func(T) map[string]any) (page []T, total int) {
	type row struct {
		thing T
		key   any
	}
	var rows []row
	for thing := range all {
		var key any
		if q.filter != nil || q.sortBy != nil {
			m := resource(thing)
			if q.filter != nil && !q.filter.Match(m, s) {
				continue
			}
			if q.sortBy != nil {
				key, _ = scim.Lookup(m, *q.sortBy)
			}
		}
		total++
		if q.sortBy != nil || total >= q.start && len(rows) < q.count {
			rows = append(rows, row{thing, key})
		}
	}
	if q.sortBy != nil {
		slices.SortStableFunc(rows, func(a, b row) int {
			if q.descending {
				a, b = b, a
			}
			return compareValues(a.key, b.key, q.exact)
		})
		rows = rows[min(q.start-1, len(rows)):]
		rows = rows[:min(q.count, len(rows))]
	}
	for _, r := range rows {
		page = append(page, r.thing)
	}
	return page, total
}

// equals tells whether a filter is nothing but a comparison with the value of a complex attribute, in one of its spellings:
// members eq "x", members.value eq "x" or members[value eq "x"].
func equals(f scim.Filter, attribute string) (value string, ok bool) {
	if f == nil {
		return "", false
	}
	if name, value, ok := scim.Equal(f); ok {
		return value, strings.EqualFold(name, attribute) || strings.EqualFold(name, attribute+".value")
	}
	canonical := f.String()
	if len(canonical) <= len(attribute) || !strings.EqualFold(canonical[:len(attribute)], attribute) {
		return "", false
	}
	inner, bracket := strings.CutPrefix(canonical[len(attribute):], "[")
	if inner, ok = strings.CutSuffix(inner, "]"); !bracket || !ok {
		return "", false
	}
	f, err := scim.ParseFilter(inner)
	if err != nil { // "members[…] and x[…]"
		return "", false
	}
	name, value, ok := scim.Equal(f)
	return value, ok && strings.EqualFold(name, "value")
}

// lookUp answers a filter that is one comparison with an indexed attribute.
func (s *Server) lookUp(f scim.Filter) (p people.Person, found, indexed bool) {
	if f == nil {
		return p, false, false
	}
	attribute, value, ok := scim.Equal(f)
	if !ok {
		return p, false, false
	}
	switch strings.ToLower(strings.TrimPrefix(attribute, scim.UserURN+":")) {
	case "username":
		p, found = s.people.ByUserName(value)
		return p, found, true
	case "id":
		p, found = s.people.ByID(value)
		return p, found, true
	case "ocid":
		p, found = s.people.ByID(plainID(value))
		return p, found && value != p.ID, true
	}
	return p, false, false
}

// compareValues orders what sortBy leads to; absent values come last (RFC 7644, 3.4.2.3).
func compareValues(a, b any, exact bool) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			if exact {
				return cmp.Compare(x, y)
			}
			return cmp.Compare(strings.ToLower(x), strings.ToLower(y))
		}
	case bool:
		if y, ok := b.(bool); ok && x != y {
			if y {
				return -1
			}
			return 1
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	case []any: // the first value stands for the list
		y, ok := b.([]any)
		if ok && len(x) > 0 && len(y) > 0 {
			return compareValues(x[0], y[0], exact)
		}
	}
	return 0
}
