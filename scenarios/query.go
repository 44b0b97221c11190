package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/types"
	"github.com/expr-lang/expr/vm"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/seatrial/seatrial/sim/control"
)

var loadSchema = sync.OnceValues(func() (*ast.Schema, error) {
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: control.Schema})
	if err != nil {
		return nil, fmt.Errorf("the control plane's schema: %w", err)
	}
	return schema, nil
})

// textError is what is wrong with a text of the file, and where in the text.
type textError struct {
	line, column int
	message      string
}

// checkQuery validates a query against the control plane's schema and tells the shape of its answer.
func checkQuery(text string, targets, faults []string) (types.Map, []textError) {
	schema, err := loadSchema()
	if err != nil {
		return nil, []textError{{1, 1, err.Error()}}
	}
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, 5_000)
	if err != nil {
		return nil, graphErrors(text, err)
	}
	if len(document.Operations) == 0 {
		return nil, []textError{{1, 1, "the query asks for nothing"}}
	}
	if len(document.Operations) > 1 {
		at := document.Operations[1].Position
		return nil, []textError{{at.Line, at.Column, "a second operation; an expectation asks one query"}}
	}
	operation := document.Operations[0]
	if operation.Operation != ast.Query {
		return nil, []textError{{
			operation.Position.Line, operation.Position.Column,
			fmt.Sprintf("a %s changes the world; an expectation only looks (write a step)", operation.Operation),
		}}
	}
	if found := validator.ValidateWithRules(schema, document, rules.NewDefaultRules()); len(found) > 0 {
		return nil, graphErrors(text, found)
	}
	if len(operation.VariableDefinitions) > 0 {
		at := operation.VariableDefinitions[0].Position
		return nil, []textError{{at.Line, at.Column, "a scenario gives no variables; write the value into the query"}}
	}
	if found := checkArguments(operation.SelectionSet, targets, faults); len(found) > 0 {
		return nil, found
	}
	return shape(schema, operation.SelectionSet), nil
}

// operations are those of all targets, as the journal calls them.
var operations = []string{
	"token", "find", "read", "create", "update", "write_password", "delete", "log_in", "policy", "bulk", "group", "app", "app_role",
	"grant", "discover", "sessions", "activate", "reactivate", "deactivate", "suspend", "unsuspend", "unlock", "reset_password",
	"expire_password", "forgot_password", "recovery", "change_question", "log", "hook", "idp", "idp_link", "unlink", "app_user",
	"assign", "unassign", "feature", "connection", "recover", "bind", "search", "compare", "rename",
	"start_tls", "handshake", "who_am_i", "password_state", "cancel", "extended",
}

// checkArguments: a journal that is asked for a target or an outcome that does not exist answers with nothing, and
// "total == 0" would pass for the wrong reason.
func checkArguments(selection ast.SelectionSet, targets, faults []string) []textError {
	known := map[string][]string{
		"target":    targets,
		"operation": operations,
		"outcome":   {"accepted", "refused"},
		"token":     {"valid", "expired", "revoked", "unknown"},
		"fault":     faults,
	}
	var found []textError
	for _, s := range selection {
		f, isField := s.(*ast.Field)
		if !isField {
			continue
		}
		if absent := defaultTarget(f); absent != "" && !slices.Contains(targets, absent) {
			found = append(found, textError{
				f.Position.Line, f.Position.Column,
				fmt.Sprintf("%s asks for %s when no target is named; write target: %q", f.Name, absent, targets[0]),
			})
		}
		for _, a := range f.Arguments {
			words, limited := known[a.Name]
			if f.Name == "target" && a.Name == "name" {
				words, limited = known["target"], true
			}
			if limited && a.Value.Kind == ast.StringValue && !slices.Contains(words, a.Value.Raw) {
				found = append(found, textError{a.Value.Position.Line, a.Value.Position.Column - 1, // gqlparser puts a string behind its quotation mark
					fmt.Sprintf("there is no %s %q%s", a.Name, a.Value.Raw, orKnown(a.Value.Raw, words))})
			}
		}
		found = append(found, checkArguments(f.SelectionSet, targets, faults)...)
	}
	return found
}

// defaultTarget is the simulator that a question is about when it does not say.
func defaultTarget(f *ast.Field) string {
	if f.Definition == nil {
		return ""
	}
	name := "target"
	if f.Name == "target" {
		name = "name"
	}
	argument := f.Definition.Arguments.ForName(name)
	if argument == nil || argument.DefaultValue == nil || f.Arguments.ForName(name) != nil {
		return ""
	}
	return argument.DefaultValue.Raw
}

func graphErrors(text string, err error) []textError {
	var list gqlerror.List
	if !errors.As(err, &list) {
		var one *gqlerror.Error
		if !errors.As(err, &one) {
			return []textError{{1, 1, err.Error()}}
		}
		list = gqlerror.List{one}
	}
	found := make([]textError, 0, len(list))
	for _, e := range list {
		at := textError{line: 1, column: 1, message: lowerFirst(strings.TrimSuffix(strings.ReplaceAll(e.Message, "Did you mean", "did you mean"), "."))}
		if len(e.Locations) > 0 {
			at.line, at.column = e.Locations[0].Line, e.Locations[0].Column
			if before, ok := runeAt(text, at.line, at.column-1); ok && before == '"' {
				at.column-- // gqlparser puts a string behind its quotation mark
			}
		}
		found = append(found, at)
	}
	return found
}

func runeAt(text string, line, column int) (rune, bool) {
	lines := splitLines([]byte(text))
	if line < 1 || line > len(lines) || column < 1 || column > len(lines[line-1]) {
		return 0, false
	}
	return lines[line-1][column-1], true
}

// shape gives the names of an answer their types, so that an expression with a typing error does not compile.
func shape(schema *ast.Schema, selection ast.SelectionSet) types.Map {
	fields := types.Map{}
	collect(schema, selection, fields)
	return fields
}

func collect(schema *ast.Schema, selection ast.SelectionSet, into types.Map) {
	for _, s := range selection {
		switch s := s.(type) {
		case *ast.Field:
			if s.Definition == nil {
				into[s.Alias] = types.Any
				continue
			}
			into[s.Alias] = typeOf(schema, s.Definition.Type, s.SelectionSet)
		case *ast.InlineFragment:
			collect(schema, s.SelectionSet, into)
		case *ast.FragmentSpread:
			if s.Definition != nil {
				collect(schema, s.Definition.SelectionSet, into)
			}
		}
	}
}

func typeOf(schema *ast.Schema, t *ast.Type, selection ast.SelectionSet) types.Type {
	if t.Elem != nil {
		return types.Array(typeOf(schema, t.Elem, selection))
	}
	if len(selection) > 0 {
		return shape(schema, selection)
	}
	if !t.NonNull {
		return types.Any // may be null
	}
	switch t.NamedType {
	case "Int", "Count":
		return types.Int
	case "Float":
		return types.Float64
	case "Boolean":
		return types.Bool
	case "JSON":
		return types.Any
	default: // texts, enums, and the scalars that travel as texts
		return types.String
	}
}

// compileThat compiles an expression over an answer of the given shape. It must be true or false.
func compileThat(text string, answer types.Map) (*vm.Program, *textError) {
	program, err := expr.Compile(text, expr.Env(answer), expr.AsBool())
	if err == nil {
		return program, nil
	}
	if located, is := errors.AsType[*file.Error](err); is {
		known := make([]string, 0, len(answer))
		for name := range answer {
			known = append(known, name)
		}
		message := located.Message
		if name, unknown := strings.CutPrefix(message, "unknown name "); unknown {
			message = fmt.Sprintf("the answer has no %s%s", name, didYouMean(name, known))
		}
		return nil, &textError{line: located.Line, column: located.Column + 1, message: message}
	}
	return nil, &textError{line: 1, column: 1, message: err.Error()}
}

// whole makes integers of the numbers that JSON has made floating, where the schema says they are.
func whole(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for k, v := range value {
			value[k] = whole(v)
		}
		return value
	case []any:
		for i, v := range value {
			value[i] = whole(v)
		}
		return value
	case float64:
		if value == float64(int(value)) {
			return int(value)
		}
		return value
	default:
		return value
	}
}

func lowerFirst(s string) string {
	if len(s) > 1 && s[0] >= 'A' && s[0] <= 'Z' && (s[1] < 'A' || s[1] > 'Z') {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}
