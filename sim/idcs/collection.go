package idcs

import (
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/scim"
)

// resourceType is what all resources of a type have in common.
type resourceType struct {
	schema *schema
	name   string // "Group"
	path   string
	ocid   string // the kind of its OCIDs
}

// collection is a resource type of which a search looks at each resource. Users are not one: there are too many.
type collection struct {
	resourceType
	// operation names its requests in the journal.
	operation string
	// all yields what may fulfil the filter, with everything that the filter asks for.
	all func(c *call, f scim.Filter) iter.Seq[map[string]any]
	// get is one resource, in the wire form, with everything that is cheap to tell.
	get func(c *call, id string) (map[string]any, bool)
	// show adds what is told on request only, and returns the view that is left to project; nil adds nothing.
	show func(c *call, m map[string]any, v view) (view, error)
}

// mountRead adds the requests that only look.
func (col *collection) mountRead(t table, search, read []string) {
	t.add(http.MethodGet, col.path, col.operation, search, func(c *call) error {
		q, err := c.query(col.schema)
		if err != nil {
			return err
		}
		return c.list(col, q)
	})
	t.add(http.MethodPost, col.path+"/.search", col.operation, search, func(c *call) error {
		q, err := c.queryByPost(col.schema)
		if err != nil {
			return err
		}
		return c.list(col, q)
	})
	t.add(http.MethodGet, col.path+"/{id}", col.operation, read, func(c *call) error {
		m, err := c.find(col)
		if err != nil {
			return err
		}
		c.x.ShowBodies()
		return c.sendResource(col, http.StatusOK, m)
	})
}

// find is the resource of the path.
func (c *call) find(col *collection) (map[string]any, error) {
	m, ok := col.get(c, plainID(c.id))
	if !ok {
		return nil, refuse(noSuchResource, col.name, c.id)
	}
	return m, nil
}

func (c *call) list(col *collection, q search) error {
	page, total := choose(q, col.schema, col.all(c, q.filter), func(m map[string]any) map[string]any { return m })
	return c.sendList(q, total, len(page), func(body []byte, i int) ([]byte, error) {
		m, err := c.shown(col, page[i], q.view)
		if err != nil {
			return nil, err
		}
		return encode(body, m)
	})
}

// shown is a resource in a view.
func (c *call) shown(col *collection, m map[string]any, v view) (map[string]any, error) {
	if col.show != nil {
		var err error
		if v, err = col.show(c, m, v); err != nil {
			return nil, err
		}
	}
	return scim.Project(m, v.attributes, v.sets, col.schema.returned), nil
}

// sendResource answers with one resource in the view that the request asks for.
func (c *call) sendResource(col *collection, status int, m map[string]any) error {
	v, err := c.view()
	if err != nil {
		return err
	}
	meta, _ := m["meta"].(map[string]any)
	tag, _ := meta["version"].(string)
	location, _ := meta["location"].(string)
	if m, err = c.shown(col, m, v); err != nil {
		return err
	}
	if tag != "" {
		c.w.Header()["Etag"] = []string{`"` + tag + `"`}
	}
	if status == http.StatusCreated {
		c.w.Header()["Location"] = []string{location}
	}
	return c.sendJSON(status, m)
}

// object reads the body of a POST or PUT: a JSON object that says what it is and fits its schema.
func (c *call) object(s *schema) (map[string]any, error) {
	m, err := c.document(s.core)
	if err != nil {
		return nil, err
	}
	if err := checkTypes(m, s); err != nil {
		return nil, err
	}
	if missing := s.missing(m); missing != nil {
		return nil, refuse(missingAttributes, strings.Join(missing, ","))
	}
	return m, nil
}

// missing lists the required attributes that a resource of this type has not.
func (s *schema) missing(m map[string]any) []string { return missing("", s.rows, m) }

func missing(prefix string, rows []attribute, m map[string]any) []string {
	var names []string
	for _, a := range rows {
		value := member(m, a.name)
		if text, ok := value.(string); value == nil || ok && text == "" {
			if a.needed && a.mutability != readOnly {
				names = append(names, prefix+a.name)
			}
			continue
		}
		switch value := value.(type) {
		case map[string]any:
			names = append(names, missing(prefix+a.name+".", a.sub, value)...)
		case []any:
			for _, item := range value {
				content, _ := item.(map[string]any)
				if lacking := missing(prefix+a.name+".", a.sub, content); content != nil && lacking != nil {
					names = append(names, lacking...)
					break
				}
			}
		}
	}
	return names
}

// member is an attribute of an object, whatever the case of its name.
func member(m map[string]any, name string) any {
	if value, ok := m[name]; ok {
		return value
	}
	for key, value := range m {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return nil
}

// written is what of a resource a client decides, under the names of the schema: without what is readOnly or never kept.
func (s *schema) written(m map[string]any) map[string]any {
	kept := writable(s.rows, m)
	delete(kept, "schemas")
	delete(kept, "ocid")
	for key, value := range m {
		urn, ok := s.extensions[strings.ToLower(key)]
		content, isObject := value.(map[string]any)
		if !ok || !isObject {
			continue
		}
		if !s.open[strings.ToLower(urn)] {
			content = writable(s.parts[urn], content)
		}
		if len(content) > 0 {
			kept[urn] = content
		}
	}
	return kept
}

func writable(rows []attribute, m map[string]any) map[string]any {
	kept := map[string]any{}
	for _, a := range rows {
		if a.mutability == readOnly || a.returned == scim.ReturnedNever {
			continue
		}
		switch value := member(m, a.name).(type) {
		case nil:
		case map[string]any:
			if content := writable(a.sub, value); len(content) > 0 {
				kept[a.name] = content
			}
		case []any:
			list := make([]any, 0, len(value))
			for _, item := range value {
				if content, ok := item.(map[string]any); ok && a.kind == object {
					item = writable(a.sub, content)
				}
				list = append(list, item)
			}
			if len(list) > 0 {
				kept[a.name] = list
			}
		default:
			kept[a.name] = value
		}
	}
	return kept
}

// patched is the resource after the operations, as far as a client decides it.
func (s *schema) patched(op scim.PatchOp, before map[string]any) (map[string]any, error) {
	if len(op.Operations) == 0 {
		return s.written(before), nil
	}
	after, err := op.Apply(before)
	if err != nil {
		return nil, patchRefusal(err)
	}
	if key, changed := s.changedImmutable(before, after); changed {
		return nil, refuse(readOnlyAttribute, key)
	}
	if err := checkTypes(after, s); err != nil {
		return nil, err
	}
	if missing := s.missing(after); missing != nil {
		return nil, refuse(missingAttributes, strings.Join(missing, ","))
	}
	return s.written(after), nil
}

// changedImmutable names an immutable attribute that had a value and has another now.
func (s *schema) changedImmutable(before, after map[string]any) (string, bool) {
	for _, key := range slices.Sorted(maps.Keys(s.attributes)) {
		if s.attributes[key].mutability == immutable && changedImmutable(key, before, after) {
			return key, true
		}
	}
	return "", false
}

// stored is what all resources but users have in common.
type stored struct {
	id string
	// attributes is what clients have written, and who, in the wire form. It is shared, and replaced by each write.
	attributes        map[string]any
	created, modified time.Time
	version           uint64
}

// tag is meta.version.
func (r *stored) tag() string { return fingerprint(r.id, r.version) }

// write replaces what clients have written.
func (c *call) write(r *stored, attributes map[string]any, now time.Time) {
	actor := c.s.author(c.token.Client).actor
	if r.version == 0 {
		r.created = now
		attributes[createdBy] = actor
	} else if first, ok := r.attributes[createdBy]; ok {
		attributes[createdBy] = first
	}
	attributes[modifiedBy] = actor
	r.attributes, r.modified = attributes, now
	r.version++
}

// render is a stored resource in the wire form.
func (c *call) render(kind resourceType, r *stored) map[string]any {
	m := maps.Clone(r.attributes)
	if m == nil {
		m = map[string]any{}
	}
	schemas := []any{kind.schema.core}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if strings.HasPrefix(key, "urn:") {
			schemas = append(schemas, key)
		}
	}
	m["schemas"], m["id"] = schemas, r.id
	if len(r.id) == idLength {
		m["ocid"] = ocid(kind.ocid, r.id)
	}
	withAuthors(m, c.base)
	m["domainOcid"], m["compartmentOcid"], m["tenancyOcid"] = c.s.names.domainOCID, c.s.names.compartmentOCID, c.s.names.tenancyOCID
	m["meta"] = map[string]any{
		"resourceType": kind.name, "created": stamp(r.created), "lastModified": stamp(r.modified),
		"location": c.base + kind.path + "/" + r.id, "version": r.tag(),
	}
	return m
}

// withAuthors adds the addresses of those who created and changed a resource.
func withAuthors(m map[string]any, base string) {
	for _, key := range []string{createdBy, modifiedBy} {
		author, ok := m[key].(map[string]any)
		if !ok {
			continue
		}
		author = maps.Clone(author)
		if id, ok := author["value"].(string); ok {
			author["$ref"] = base + authorPath(author["type"]) + id
		}
		m[key] = author
	}
}

// referenceLimit is the longest value of a reference (public error reports of stringExceedsMaxLimit).
const referenceLimit = 40

// checkReference judges the form of a reference, before anybody looks for what it refers to.
func checkReference(name, value string) error {
	if len(value) > referenceLimit {
		return refuse(referenceTooLong, name, referenceLimit)
	}
	return nil
}

// mentions tells whether a filter may look at an attribute.
func mentions(f scim.Filter, attribute string) bool {
	return f != nil && strings.Contains(strings.ToLower(f.String()), attribute)
}

// asks tells whether a view may show an attribute that is returned on request.
func asks(v view, attribute string) bool {
	return slices.ContainsFunc(v.sets, func(set string) bool { return strings.EqualFold(set, "all") || strings.EqualFold(set, "request") }) ||
		slices.ContainsFunc(v.attributes, func(name string) bool { return strings.Contains(strings.ToLower(name), attribute) })
}
