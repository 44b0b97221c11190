package schema

import (
	_ "embed" // The definitions are read at the start.
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

var (
	//go:embed standard.ldif
	standard string
	//go:embed vendor.ldif
	vendor string
	//go:embed policies.ldif
	policies string // subentries, and what makes them password policies
)

// DN is where the schema is published.
const DN = "cn=schema"

// Attribute is an attribute type. Attributes of one Schema are compared by their addresses.
type Attribute struct {
	OID    string
	Names  []string
	Syntax string
	// Sup is the attribute type that this one is a kind of.
	Sup *Attribute

	SingleValue        bool
	NoUserModification bool
	// Operational attributes are only returned when they are asked for.
	Operational bool

	equality, ordering, substring rule
	key                           string // the lower-case name
}

// Name is the name under which the attribute is returned when it was not asked for by another.
func (a *Attribute) Name() string { return a.Names[0] }

// Key is the name in lower case.
func (a *Attribute) Key() string { return a.key }

// Is tells whether the attribute is b or a kind of b.
func (a *Attribute) Is(b *Attribute) bool {
	for ; a != nil; a = a.Sup {
		if a == b {
			return true
		}
	}
	return false
}

// Kind is what an object class may be used for.
type Kind int

// The kinds.
const (
	Structural Kind = iota
	Auxiliary
	Abstract
)

// Class is an object class.
type Class struct {
	OID   string
	Names []string
	Kind  Kind
	Sups  []*Class
	Must  []*Attribute
	May   []*Attribute
}

// Name is how the class is written.
func (c *Class) Name() string { return c.Names[0] }

// Above returns the class and all that it is a kind of.
func (c *Class) Above() []*Class {
	all := []*Class{c}
	for i := 0; i < len(all); i++ {
		for _, sup := range all[i].Sups {
			if !slices.Contains(all, sup) {
				all = append(all, sup)
			}
		}
	}
	return all
}

// Schema is a set of definitions. It is never changed once it is made, and safe for concurrent use.
type Schema struct {
	attributes map[string]*Attribute
	classes    map[string]*Class
	text       map[string][]string
}

// Standard is the schema without additions.
var Standard = sync.OnceValue(func() *Schema {
	s, err := New()
	if err != nil {
		return &Schema{} // Cannot be: a test makes it.
	}
	return s
})

// New returns the standard schema with further definitions, each as in cn=schema: "attributeTypes: ( … )".
func New(more ...string) (*Schema, error) {
	s := &Schema{attributes: map[string]*Attribute{}, classes: map[string]*Class{}, text: map[string][]string{}}
	lines := strings.Split(standard+"\n"+vendor+"\n"+policies, "\n")
	for _, line := range append(lines, more...) {
		if line == "" {
			continue
		}
		if err := s.define(line); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Schema) define(line string) error {
	kind, text, ok := strings.Cut(line, ":")
	text = strings.TrimSpace(text)
	if !ok {
		return fmt.Errorf("%w: no colon in %.60q", ErrDefinition, line)
	}
	d, err := parseDefinition(text)
	if err != nil {
		return err
	}
	switch strings.ToLower(kind) {
	case "attributetypes":
		kind, err = "attributeTypes", s.attribute(d)
	case "objectclasses":
		kind, err = "objectClasses", s.class(d)
	case "ldapsyntaxes":
		kind = "ldapSyntaxes"
	case "matchingrules":
		kind = "matchingRules"
	default:
		err = errors.New("a definition is of attributeTypes or objectClasses")
	}
	if err != nil {
		return fmt.Errorf("%w: %.60q: %w", ErrDefinition, line, err)
	}
	s.text[kind] = append(s.text[kind], text)
	return nil
}

func (s *Schema) attribute(d definition) error {
	a := &Attribute{
		OID: d.oid, Names: d.names(), Syntax: d.first("SYNTAX"), key: strings.ToLower(d.names()[0]),
		SingleValue: d.has("SINGLE-VALUE"), NoUserModification: d.has("NO-USER-MODIFICATION"),
		Operational: d.has("USAGE") && d.first("USAGE") != "userApplications",
	}
	rules := [...]string{d.first("EQUALITY"), d.first("ORDERING"), d.first("SUBSTR")}
	if name := d.first("SUP"); name != "" {
		sup, ok := s.attributes[strings.ToLower(name)]
		if !ok {
			return fmt.Errorf("SUP %s is not defined before it", name)
		}
		a.Sup = sup
		a.equality, a.ordering, a.substring = sup.equality, sup.ordering, sup.substring
		a.Operational = a.Operational || sup.Operational
		if a.Syntax == "" {
			a.Syntax = sup.Syntax
		}
	}
	for i, into := range []*rule{&a.equality, &a.ordering, &a.substring} {
		if rules[i] == "" {
			continue
		}
		found, ok := ruleNamed(rules[i])
		if !ok {
			return fmt.Errorf("the matching rule %s is not known", rules[i])
		}
		*into = found
	}
	// Some syntaxes carry a length: 1.3.6.1.4.1.1466.115.121.1.15{256}.
	a.Syntax, _, _ = strings.Cut(a.Syntax, "{")
	for _, name := range append([]string{d.oid}, a.Names...) {
		key := strings.ToLower(name)
		if other, taken := s.attributes[key]; taken && other != a {
			return fmt.Errorf("%s is defined twice", name)
		}
		s.attributes[key] = a
	}
	return nil
}

func (s *Schema) class(d definition) error {
	c := &Class{OID: d.oid, Names: d.names()}
	switch {
	case d.has("ABSTRACT"):
		c.Kind = Abstract
	case d.has("AUXILIARY"):
		c.Kind = Auxiliary
	}
	for _, name := range d.keywords["SUP"] {
		sup, ok := s.classes[strings.ToLower(name)]
		if !ok {
			return fmt.Errorf("SUP %s is not defined before it", name)
		}
		c.Sups = append(c.Sups, sup)
	}
	for keyword, into := range map[string]*[]*Attribute{"MUST": &c.Must, "MAY": &c.May} {
		for _, name := range d.keywords[keyword] {
			a, ok := s.attributes[strings.ToLower(name)]
			if !ok {
				return fmt.Errorf("%s %s is not defined before it", keyword, name)
			}
			*into = append(*into, a)
		}
	}
	for _, name := range append([]string{d.oid}, c.Names...) {
		key := strings.ToLower(name)
		if other, taken := s.classes[key]; taken && other != c {
			return fmt.Errorf("%s is defined twice", name)
		}
		s.classes[key] = c
	}
	return nil
}

// Attribute finds an attribute type by a name or its object identifier, whatever the case, without options.
func (s *Schema) Attribute(name string) (*Attribute, bool) {
	if a, ok := s.attributes[name]; ok {
		return a, true
	}
	a, ok := s.attributes[strings.ToLower(name)]
	return a, ok
}

// Class finds an object class by a name or its object identifier, whatever the case.
func (s *Schema) Class(name string) (*Class, bool) {
	c, ok := s.classes[strings.ToLower(name)]
	return c, ok
}

// Text is what cn=schema has under "attributeTypes", "objectClasses", "matchingRules" and "ldapSyntaxes".
func (s *Schema) Text(kind string) []string { return s.text[kind] }
