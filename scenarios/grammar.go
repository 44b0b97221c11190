package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// checkGrammar compares a tree with the schema. Every mistake is found, not only the first.
func checkGrammar(tree *node, found *problems) {
	rules, err := compileGrammar()
	if err != nil {
		found.add(Position{}, "%v", err)
		return
	}
	err = rules.compiled.Validate(tree.plain())
	if invalid, is := errors.AsType[*validator.ValidationError](err); is {
		rules.report(invalid, tree, found)
	}
}

// report walks down to the mistakes themselves: the inner errors only say where they are.
func (g *grammar) report(e *validator.ValidationError, tree *node, found *problems) {
	if _, anyOf := e.ErrorKind.(*kind.AnyOf); len(e.Causes) > 0 && !anyOf {
		for _, cause := range e.Causes {
			g.report(cause, tree, found)
		}
		return
	}
	at, name := tree, "the file"
	for _, step := range e.InstanceLocation {
		if next := at.child(step); next != nil {
			at = next
		}
		if _, err := strconv.Atoi(step); err != nil {
			name = step
		}
	}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		known := g.properties(e.SchemaURL)
		for _, extra := range k.Properties {
			found.add(at.key(extra), "%s has no %s%s", name, extra, orKnown(extra, known))
		}
	case *kind.Required:
		found.add(at.at, "%s: %s missing", name, listed(k.Missing, "is", "are"))
	case *kind.Type:
		found.add(at.at, "%s: %s is not %s", name, describeValue(at), listed(articles(k.Want), "", ""))
	case *kind.Enum:
		want := make([]string, 0, len(k.Want))
		for _, w := range k.Want {
			want = append(want, fmt.Sprint(w))
		}
		found.add(at.at, "%s: %q is not one of %s%s", name, fmt.Sprint(k.Got), strings.Join(want, ", "), didYouMean(fmt.Sprint(k.Got), want))
	case *kind.Pattern:
		found.add(at.at, "%s: %q %s", name, k.Got, patternHint(k.Want))
	case *kind.MinLength:
		found.add(at.at, "%s: is empty", name)
	case *kind.MinItems:
		found.add(at.at, "%s: the list is empty", name)
	case *kind.Minimum:
		found.add(at.at, "%s: %s is below %s", name, describeValue(at), k.Want.RatString())
	case *kind.Maximum:
		found.add(at.at, "%s: %s is above %s", name, describeValue(at), k.Want.RatString())
	case *kind.AnyOf:
		found.add(at.at, "%s: %s is not understood here", name, describeValue(at))
	default:
		found.add(at.at, "%s: %v", name, e.ErrorKind)
	}
}

// properties are the names that the schema allows at a place.
func (g *grammar) properties(schemaURL string) []string {
	_, pointer, _ := strings.Cut(schemaURL, "#")
	at := g.document
	for step := range strings.SplitSeq(strings.Trim(pointer, "/"), "/") {
		if step == "" {
			continue
		}
		switch place := at.(type) {
		case map[string]any:
			at = place[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(place) {
				return nil
			}
			at = place[i]
		}
	}
	object, _ := at.(map[string]any)
	properties, _ := object["properties"].(map[string]any)
	return slices.Sorted(maps.Keys(properties))
}

func orKnown(word string, known []string) string {
	if hint := didYouMean(word, known); hint != "" {
		return hint
	}
	if len(known) > 0 {
		return "; it has " + strings.Join(known, ", ")
	}
	return ""
}

func patternHint(pattern string) string {
	switch pattern {
	case durationPattern:
		return "is not a duration such as 250ms, 90s or 1h30m"
	case countPattern.String():
		return "is not a count such as 3, at least 3, at most 3 or 3 to 5"
	case usersPattern:
		return "names no users: write all, newcomers, a number, a range such as 3-7, or a list"
	default:
		return "is not of the form area/what-happens: lower-case words joined by hyphens"
	}
}

func describeValue(n *node) string {
	switch n.kind {
	case mappingNode:
		return "a mapping"
	case sequenceNode:
		return "a list"
	case scalarNode:
	}
	if n.value == nil {
		return "nothing"
	}
	if s, ok := n.value.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(n.value)
}

func articles(types []string) []string {
	named := map[string]string{"object": "a mapping", "array": "a list", "string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false", "null": "nothing"}
	out := make([]string, 0, len(types))
	for _, t := range types {
		out = append(out, named[t])
	}
	return out
}

func listed(words []string, one, many string) string {
	text, verb := strings.Join(words, " and "), many
	if len(words) == 1 {
		verb = one
	}
	if verb == "" {
		return strings.Join(words, " or ")
	}
	return text + " " + verb
}
