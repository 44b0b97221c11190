package scim

import (
	"slices"
	"strings"
)

// Returned says when an attribute is part of an answer (RFC 7643 section 7).
type Returned int

// When an attribute is returned.
const (
	ReturnedDefault Returned = iota // unless other attributes are asked for
	ReturnedAlways                  // whatever is asked for
	ReturnedRequest                 // only when asked for
	ReturnedNever                   // not even then
)

// Project returns what of the resource an answer shows. Attributes are those asked for, by path ("userName",
// "name.familyName", `members[value eq "x"].display`, "urn:…:User:mustChange", or the URN of an extension for its default
// attributes); sets are Oracle's attributeSets: all, always, never, request, default, in any case. The two are united.
// Without either, the default attributes are shown; those returned always are there in any case, those returned never in
// none. What is asked for and not there, or not a path, is passed over in silence, as Oracle documents.
//
// The function returned is asked for "userName", "name.familyName", "urn:…:User:locked" or "urn:…:User:locked.on", in the
// case in which the resource has it; for what it does not know it answers ReturnedDefault, as nil does for everything.
func Project(resource map[string]any, attributes []string, sets []string, returned func(attribute string) Returned) map[string]any {
	return NewProjection(attributes, sets, returned).Apply(resource)
}

// Projection is a choice of attributes, made once and applied to each resource of a list. It is immutable.
type Projection struct {
	paths              []Path
	defaults, requests bool
	returned           func(attribute string) Returned
}

// NewProjection reads the choice; see Project.
func NewProjection(attributes []string, sets []string, returned func(attribute string) Returned) *Projection {
	if returned == nil {
		returned = func(string) Returned { return ReturnedDefault }
	}
	p := &Projection{returned: returned, defaults: len(attributes) == 0 && len(sets) == 0}
	for _, name := range attributes {
		if path, err := ParsePath(strings.TrimSpace(name)); err == nil {
			if isOwnSchema(path.URN) {
				path.URN = ""
			}
			p.paths = append(p.paths, path)
		}
	}
	for _, set := range sets {
		switch strings.ToLower(set) {
		case "all":
			p.defaults, p.requests = true, true
		case "default":
			p.defaults = true
		case "request":
			p.requests = true
		}
	}
	return p
}

// Apply returns the chosen part; the resource stays as it is.
func (p *Projection) Apply(resource map[string]any) map[string]any {
	chosen := make(map[string]any, len(resource))
	for name, value := range resource {
		extension, ok := value.(map[string]any)
		if !ok || !isURN(name) {
			if value, shown := p.attribute("", name, value); shown {
				chosen[name] = value
			}
			continue
		}
		inner := make(map[string]any, len(extension))
		for attribute, value := range extension {
			if value, shown := p.attribute(name, attribute, value); shown {
				inner[attribute] = value
			}
		}
		if len(inner) > 0 {
			chosen[name] = inner
		}
	}
	return chosen
}

// attribute judges one attribute of a schema, and what is within it.
func (p *Projection) attribute(urn, name string, value any) (any, bool) {
	full := name
	if urn != "" {
		full = urn + ":" + name
	}
	kind := p.returned(full)
	if kind == ReturnedNever {
		return nil, false
	}
	s := selection{projection: p, full: full}
	s.whole = kind == ReturnedAlways || kind == ReturnedDefault && p.defaults || kind == ReturnedRequest && p.requests
	for _, path := range p.paths {
		switch {
		case !strings.EqualFold(path.URN, urn):
		case path.Attribute == "":
			s.whole = s.whole || kind == ReturnedDefault
		case strings.EqualFold(path.Attribute, name):
			s.paths = append(s.paths, path)
		}
	}
	if !s.whole && len(s.paths) == 0 {
		return nil, false
	}
	return s.value(value)
}

// selection is what of one attribute is shown.
type selection struct {
	projection *Projection
	full       string // the attribute's name, with its URN
	whole      bool   // all values, with their default sub-attributes
	paths      []Path // besides or instead, these
}

func (s *selection) value(value any) (any, bool) {
	if m, ok := value.(map[string]any); ok {
		return s.complex(m)
	}
	list, ok := listOf(value)
	if !ok {
		return value, true
	}
	if !s.whole || slices.ContainsFunc(list, isComplex) {
		kept := make([]any, 0, len(list))
		for _, one := range list {
			if !s.picks(one) {
				continue
			}
			if m, ok := one.(map[string]any); ok {
				if shown, ok := s.complex(m); ok {
					kept = append(kept, shown)
				}
				continue
			}
			kept = append(kept, one)
		}
		return kept, len(kept) > 0 || len(list) == 0
	}
	return value, true
}

func isComplex(value any) bool {
	_, ok := value.(map[string]any)
	return ok
}

// picks tells whether a value is among those asked for.
func (s *selection) picks(value any) bool {
	return s.whole || slices.ContainsFunc(s.paths, func(path Path) bool { return path.Filter == nil || path.Filter.Match(element(value), nil) })
}

// complex judges the sub-attributes of one value.
func (s *selection) complex(value map[string]any) (map[string]any, bool) {
	if !s.picks(value) {
		return nil, false
	}
	shown := make(map[string]any, len(value))
	for name, sub := range value {
		if s.shows(name, value) {
			shown[name] = sub
		}
	}
	return shown, len(shown) > 0 || len(value) == 0
}

func (s *selection) shows(sub string, of map[string]any) bool {
	kind := s.projection.returned(s.full + "." + sub)
	switch kind {
	case ReturnedNever:
		return false
	case ReturnedAlways:
		return true
	case ReturnedDefault:
		if s.whole {
			return true
		}
	case ReturnedRequest:
		if s.projection.requests {
			return true
		}
	}
	return slices.ContainsFunc(s.paths, func(path Path) bool {
		if path.Filter != nil && !path.Filter.Match(of, nil) {
			return false
		}
		return path.Sub == "" && kind == ReturnedDefault || strings.EqualFold(path.Sub, sub)
	})
}

// SplitAttributes cuts the comma list of an attributes parameter, but not within brackets and quotes.
func SplitAttributes(list string) []string {
	var names []string
	depth, quoted, start := 0, false, 0
	cut := func(end int) {
		if name := strings.TrimSpace(list[start:end]); name != "" {
			names = append(names, name)
		}
		start = end + 1
	}
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && depth > 0:
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ',' && depth <= 0:
			cut(i)
		}
	}
	cut(len(list))
	return names
}
