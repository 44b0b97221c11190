package scim

import (
	"maps"
	"slices"
	"strings"
)

// Apply carries out all operations, or none: it returns a new resource and leaves the given one as it is. What the
// operations do not touch the two have in common, as they have the values with the message; treat all of them as
// immutable. Its errors are *PatchError.
//
// Apply knows no schema, so it takes the form of an attribute from the value it has, or from RFC 7643: there it knows which
// attributes of a user have several values. Of mutability it only knows that id and meta belong to the server; the rest
// is the caller's, who finds it with Targets. Members of "schemas" are not kept in step with the extensions.
func (p PatchOp) Apply(resource map[string]any) (map[string]any, error) {
	targets, err := p.Targets()
	if err != nil {
		return nil, err
	}
	changed := maps.Clone(resource)
	if changed == nil {
		changed = map[string]any{}
	}
	for _, t := range targets {
		e := edit{operation: t.Operation, verb: verb(t.Op), path: t.Path, value: t.Value}
		if err := e.resource(changed); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

// edit is one change of one attribute. Its methods may change the map they are given, but nothing within it: what they
// change further in, they copy first.
type edit struct {
	operation int
	verb      verb
	path      Path
	value     any
}

func (e *edit) refuse(reason, message string) error {
	return refuse(e.operation, reason, "%s: %s", e.path, message)
}

// resource finds the map in which the attribute stands.
func (e *edit) resource(resource map[string]any) error {
	if e.path.URN == "" {
		if isServers(e.path.Attribute) {
			return e.serversOwn(resource)
		}
		return e.attribute(resource)
	}
	key, current, found := lookup(resource, e.path.URN)
	if !found {
		if isOwnSchema(e.path.URN) {
			own := *e
			own.path.URN = ""
			return own.resource(resource)
		}
		key = e.path.URN
	}
	if e.path.Attribute == "" {
		delete(resource, key)
		return nil
	}
	extension, ok := current.(map[string]any)
	if found && !ok {
		return e.refuse(InvalidPath, "the resource has no extension of this name")
	}
	extension = cloned(extension)
	if err := e.attribute(extension); err != nil {
		return err
	}
	put(resource, key, extension)
	return nil
}

// isServers tells which attributes no client changes (RFC 7643 section 3.1).
func isServers(attribute string) bool {
	return strings.EqualFold(attribute, "id") || strings.EqualFold(attribute, "meta")
}

// serversOwn lets a client send back what it read.
func (e *edit) serversOwn(resource map[string]any) error {
	_, current, found := lookup(resource, e.path.Attribute)
	if e.verb != remove && e.path.Filter == nil && e.path.Sub == "" && found && same(current, e.value) {
		return nil
	}
	return e.refuse(Mutability, "the attribute is read-only")
}

// attribute changes the attribute in the map of its schema.
func (e *edit) attribute(in map[string]any) error {
	key, current, found := lookup(in, e.path.Attribute)
	if !found {
		key = canonical(e.path.Attribute)
	}
	var changed any
	var err error
	switch {
	case e.path.Filter != nil:
		changed, err = e.selected(current)
	case e.path.Sub != "":
		changed, err = e.sub(current)
	default:
		changed, err = e.whole(current)
	}
	if err != nil {
		return err
	}
	put(in, key, changed)
	return nil
}

// whole returns the attribute's new value; nil for none.
func (e *edit) whole(current any) (any, error) {
	list, multiple := listOf(current)
	multiple = multiple || current == nil && e.path.URN == "" && isMultiValued(e.path.Attribute)
	switch {
	case e.verb == remove:
		return nil, nil
	case e.value == nil && e.verb == add:
		return current, nil
	case e.value == nil:
		return nil, nil
	case multiple && e.verb == add:
		return e.appended(list)
	case multiple:
		return e.onePrimary(valuesOf(e.value), nil)
	}
	return e.merged(current)
}

// merged sets a value, and of a complex one the sub-attributes that are given.
func (e *edit) merged(current any) (any, error) {
	was, complexNow := current.(map[string]any)
	with, complexThen := e.value.(map[string]any)
	_, listThen := listOf(e.value)
	switch {
	case complexNow && complexThen:
		return merge(was, with), nil
	case complexNow:
		return nil, e.refuse(InvalidValue, "the attribute is complex: the value must be an object")
	case current != nil && (complexThen || listThen):
		return nil, e.refuse(InvalidValue, "the attribute has one simple value: the value must be one too")
	}
	return e.value, nil
}

// appended adds the values that are not there yet.
func (e *edit) appended(list []any) (any, error) {
	all := slices.Clone(list)
	added := []int{}
	for _, value := range valuesOf(e.value) {
		if !slices.ContainsFunc(all, func(other any) bool { return same(value, other) }) {
			added = append(added, len(all))
			all = append(all, value)
		}
	}
	return e.onePrimary(all, added)
}

// sub changes a sub-attribute, of each value if there are several.
func (e *edit) sub(current any) (any, error) {
	if list, ok := listOf(current); ok {
		return e.each(list, func(any) bool { return true })
	}
	switch was := current.(type) {
	case nil:
		if e.verb == remove || e.value == nil {
			return nil, nil
		}
		made := map[string]any{canonical(e.path.Sub): e.value}
		if e.path.URN == "" && isMultiValued(e.path.Attribute) {
			return []any{made}, nil
		}
		return made, nil
	case map[string]any:
		return e.subOf(was)
	default:
		return nil, e.refuse(InvalidPath, "the attribute has no sub-attributes")
	}
}

// selected changes the values that the path's filter selects.
func (e *edit) selected(current any) (any, error) {
	list, multiple := listOf(current)
	if !multiple && current != nil {
		list = []any{current}
	}
	changed, err := e.each(list, func(one any) bool { return e.path.Filter.Match(element(one), nil) })
	if err != nil || multiple {
		return changed, err
	}
	if values, ok := changed.([]any); ok && len(values) == 1 {
		return values[0], nil
	}
	return nil, nil
}

// each changes the chosen values, or their sub-attribute.
func (e *edit) each(list []any, chosen func(any) bool) (any, error) {
	kept := make([]any, 0, len(list))
	touched := []int{}
	matched := false
	for _, one := range list {
		if !chosen(one) {
			kept = append(kept, one)
			continue
		}
		matched = true
		changed, err := e.one(one)
		if err != nil {
			return nil, err
		}
		if !isEmpty(changed) {
			touched = append(touched, len(kept))
			kept = append(kept, changed)
		}
	}
	if !matched {
		return nil, e.refuse(NoTarget, "no value is selected")
	}
	return e.onePrimary(kept, touched)
}

// one changes one of several values; nil removes it.
func (e *edit) one(value any) (any, error) {
	was, isComplex := value.(map[string]any)
	if e.path.Sub != "" {
		if !isComplex {
			return nil, e.refuse(InvalidPath, "the values have no sub-attributes")
		}
		return e.subOf(was)
	}
	with, complexThen := e.value.(map[string]any)
	switch {
	case e.verb == remove, e.value == nil:
		return nil, nil
	case isComplex != complexThen:
		return nil, e.refuse(InvalidValue, "the value must have the form of the values that are there")
	case isComplex && e.verb == add:
		return merge(was, with), nil
	default:
		return e.value, nil
	}
}

// subOf changes a sub-attribute of one complex value.
func (e *edit) subOf(was map[string]any) (any, error) {
	key, current, found := lookup(was, e.path.Sub)
	if !found {
		key = canonical(e.path.Sub)
	}
	now := e.value
	switch {
	case e.verb == remove:
		now = nil
	case e.value == nil && e.verb == add:
		now = current
	case e.value != nil && current != nil && isSimple(current) != isSimple(e.value):
		return nil, e.refuse(InvalidValue, "the value must have the form of the one that is there")
	}
	changed := cloned(was)
	put(changed, key, now)
	return changed, nil
}

// onePrimary keeps RFC 7643's rule that at most one value is primary: one that the edit makes primary takes the place of
// the old one. Nil for touched means that all values are new; else the list is the edit's own and may be changed.
func (e *edit) onePrimary(list []any, touched []int) (any, error) {
	primary := -1
	for i, value := range list {
		if isPrimary(value) && (touched == nil || slices.Contains(touched, i)) {
			if primary >= 0 {
				return nil, e.refuse(InvalidValue, "only one value can be primary")
			}
			primary = i
		}
	}
	if primary < 0 {
		return list, nil
	}
	for i, value := range list {
		if m, ok := value.(map[string]any); ok && i != primary && isPrimary(value) {
			demoted := maps.Clone(m)
			key, _, _ := lookup(m, "primary")
			demoted[key] = false
			list[i] = demoted
		}
	}
	return list, nil
}

func isPrimary(value any) bool {
	m, ok := value.(map[string]any)
	if !ok {
		return false
	}
	_, primary, _ := lookup(m, "primary")
	return primary == true
}

// valuesOf returns the values of an edit, which may be a list or one value.
func valuesOf(value any) []any {
	if list, ok := listOf(value); ok {
		return list
	}
	return []any{value}
}

// merge sets members, whatever the case of their names, and removes those that are null.
func merge(was, with map[string]any) map[string]any {
	merged := cloned(was)
	for name, value := range with {
		key, _, found := lookup(merged, name)
		if !found {
			key = canonical(name)
		}
		put(merged, key, value)
	}
	return merged
}

// put sets a member; what is empty is unassigned (RFC 7643 section 2.5) and has none.
func put(m map[string]any, key string, value any) {
	if isEmpty(value) {
		delete(m, key)
		return
	}
	m[key] = value
}

// isEmpty tells what counts as unassigned: null, no values, no sub-attributes. The empty string is a value.
func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	}
	list, ok := listOf(value)
	return ok && len(list) == 0
}

func isSimple(value any) bool {
	_, isComplex := value.(map[string]any)
	_, isList := listOf(value)
	return !isComplex && !isList
}

// cloned is never nil.
func cloned(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return maps.Clone(m)
}

// same compares two values as JSON does: numbers by value, whatever their Go type.
func same(a, b any) bool {
	if x, ok := numberOf(a); ok {
		y, ok := numberOf(b)
		return ok && x == y
	}
	if x, ok := a.(map[string]any); ok {
		y, ok := b.(map[string]any)
		return ok && maps.EqualFunc(x, y, same)
	}
	if x, ok := listOf(a); ok {
		y, ok := listOf(b)
		return ok && slices.EqualFunc(x, y, same)
	}
	if _, ok := listOf(b); ok {
		return false
	}
	if _, ok := b.(map[string]any); ok {
		return false
	}
	return a == b
}
