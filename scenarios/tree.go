package scenarios

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// The bounds of a scenario file. A person wrote it; anything beyond is a mistake, or an attack on the parser.
const (
	fileLimit  = 64 << 10
	depthLimit = 32
)

// node is a value of a scenario file with its place.
type node struct {
	at     Position
	value  any // of a scalar: string, int64, uint64, float64, bool or nil
	fields []field
	items  []*node
	kind   nodeKind
	token  *token.Token // of a text: where its characters are
}

type nodeKind int

const (
	scalarNode nodeKind = iota
	mappingNode
	sequenceNode
)

type field struct {
	name  string
	at    Position
	value *node
}

// child returns the value under a name, or the item under a number.
func (n *node) child(step string) *node {
	switch n.kind {
	case mappingNode:
		for _, f := range n.fields {
			if f.name == step {
				return f.value
			}
		}
	case sequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.items) {
			return n.items[i]
		}
	case scalarNode:
	}
	return nil
}

// find follows a path as far as it goes.
func (n *node) find(path ...any) *node {
	for _, step := range path {
		next := n.child(fmt.Sprint(step))
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// holding is the item with this text.
func (n *node) holding(text string) *node {
	for _, item := range n.items {
		if item.value == text {
			return item
		}
	}
	return n
}

// key is the place of a field's name.
func (n *node) key(name string) Position {
	for _, f := range n.fields {
		if f.name == name {
			return f.at
		}
	}
	return n.at
}

// plain is the value as encoding/json would have it.
func (n *node) plain() any {
	switch n.kind {
	case mappingNode:
		m := make(map[string]any, len(n.fields))
		for _, f := range n.fields {
			m[f.name] = f.value.plain()
		}
		return m
	case sequenceNode:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.plain()
		}
		return list
	case scalarNode:
	}
	return n.value
}

// readTree reads one YAML document of the plain kind: no anchors, aliases, tags or merge keys, and texts as names.
func readTree(data []byte, found *problems) *node {
	if len(data) > fileLimit {
		found.add(Position{}, "%d bytes are more than the %d of a scenario", len(data), fileLimit)
		return nil
	}
	if at, deep := tooDeep(data); deep {
		found.add(at, "nested more than %d deep", depthLimit)
		return nil
	}
	file, err := parseYAML(data)
	if err != nil {
		found.add(yamlProblem(err))
		return nil
	}
	documents := slices.DeleteFunc(file.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil })
	switch len(documents) {
	case 0:
		found.add(Position{}, "the file is empty; a scenario begins with id, title, because, severity")
		return nil
	case 1:
	default:
		found.add(position(documents[1].Start), "a second document; a file holds one scenario")
		return nil
	}
	return (&builder{found: found, lines: splitLines(data)}).build(documents[0].Body, 0)
}

// parseYAML turns a panic of the YAML library, which strange bytes may cause, into an error.
func parseYAML(data []byte) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not YAML: %v", p)
		}
	}()
	return parser.ParseBytes(data, 0)
}

// tooDeep finds nesting that would exhaust the stack of the YAML library, which works by recursion: rows of brackets, and
// rows of indicators ("- - - -").
func tooDeep(data []byte) (Position, bool) {
	for i, line := range strings.Split(string(data), "\n") {
		brackets, indicators := 0, 0
		for j, r := range line {
			switch r {
			case '[', '{':
				brackets++
			case ']', '}':
				brackets--
			case '-', '?', ':':
				indicators++
			case ' ', '\t':
			default:
				indicators = 0
			}
			if brackets > depthLimit || indicators > 4*depthLimit {
				return Position{Line: i + 1, Column: j + 1}, true
			}
		}
	}
	return Position{}, false
}

func yamlProblem(err error) (Position, string) {
	if located, is := errors.AsType[yaml.Error](err); is {
		return position(located.GetToken()), located.GetMessage()
	}
	return Position{}, err.Error()
}

func position(t *token.Token) Position {
	if t == nil || t.Position == nil {
		return Position{Line: 1, Column: 1}
	}
	return Position{Line: t.Position.Line, Column: t.Position.Column}
}

type builder struct {
	found *problems
	lines [][]rune
}

// begin corrects the place of a plain text: the YAML library counts the spaces at the end of its line in front of it.
func (b *builder) begin(at Position, text string) Position {
	if at.Line > len(b.lines) || text == "" {
		return at
	}
	line := b.lines[at.Line-1]
	first := []rune(text)[0]
	for column := min(at.Column, len(line)); column > 0; column-- {
		if line[column-1] == first && strings.HasPrefix(text, strings.TrimRight(string(line[column-1:min(len(line), column-1+len([]rune(text)))]), " ")) {
			return Position{Line: at.Line, Column: column}
		}
	}
	return at
}

func (b *builder) build(from ast.Node, depth int) *node {
	n := &node{at: position(from.GetToken())}
	if depth > depthLimit {
		b.found.add(n.at, "nested more than %d deep", depthLimit)
		return n
	}
	switch from := from.(type) {
	case *ast.MappingNode:
		n.kind = mappingNode
		if len(from.Values) > 0 && !from.IsFlowStyle {
			n.at = position(from.Values[0].Key.GetToken())
		}
		for _, value := range from.Values {
			b.field(n, value, depth)
		}
	case *ast.MappingValueNode:
		n.kind, n.at = mappingNode, position(from.Key.GetToken())
		b.field(n, from, depth)
	case *ast.SequenceNode:
		n.kind = sequenceNode
		for _, item := range from.Values {
			n.items = append(n.items, b.build(item, depth+1))
		}
	case *ast.StringNode:
		n.value, n.token = from.Value, from.Token
		if from.Token != nil && from.Token.Type == token.StringType {
			n.at = b.begin(n.at, from.Value)
		}
	case *ast.LiteralNode:
		n.value, n.token = from.Value.Value, from.Start
	case *ast.IntegerNode:
		n.value = from.Value
	case *ast.FloatNode:
		n.value = from.Value
	case *ast.BoolNode:
		n.value = from.Value
	case *ast.NullNode:
	default:
		b.found.add(n.at, "%s is not part of the language: write plain names and values", foreign(from))
	}
	if f, ok := n.value.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) {
		b.found.add(n.at, "%v is not a number that a scenario can use", f)
	}
	return n
}

func (b *builder) field(n *node, value *ast.MappingValueNode, depth int) {
	key := value.Key
	at := position(key.GetToken())
	var name string
	switch key := key.(type) {
	case *ast.StringNode:
		name = key.Value
	case ast.ScalarNode:
		name = fmt.Sprint(key.GetValue())
	default:
		b.found.add(at, "%s is not part of the language: write plain names and values", foreign(key))
		return
	}
	for _, other := range n.fields {
		if other.name == name {
			b.found.add(at, "%s stands here twice; the first is in line %d", name, other.at.Line)
			return
		}
	}
	n.fields = append(n.fields, field{name: name, at: at, value: b.build(value.Value, depth+1)})
}

func foreign(n ast.Node) string {
	switch n.(type) {
	case *ast.AnchorNode:
		return "an anchor (&)"
	case *ast.AliasNode:
		return "an alias (*)"
	case *ast.TagNode:
		return "a tag (!)"
	case *ast.MergeKeyNode:
		return "a merge key (<<)"
	case *ast.InfinityNode, *ast.NanNode:
		return "a number without a value"
	default:
		return "a " + strings.ToLower(n.Type().String())
	}
}
