package scim

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// PatchOp is the body of a PATCH request.
type PatchOp struct {
	Schemas    []string
	Operations []Operation
}

// Operation is one change.
type Operation struct {
	Op    string // add, remove or replace, in any case: Oracle's SDKs write capitals
	Path  string // empty: the value's members name the attributes
	Value any    // as encoding/json decodes it
}

// The reasons of a PatchError: RFC 7644's scimTypes that a PATCH can meet.
const (
	InvalidSyntax = "invalidSyntax"
	InvalidPath   = "invalidPath"
	InvalidValue  = "invalidValue"
	NoTarget      = "noTarget"
	Mutability    = "mutability"
)

// PatchError says which operation cannot be carried out, and why. Its message quotes names and paths, never values: one of
// them may be a password.
type PatchError struct {
	Operation int    // from 0; -1 when the message as a whole is wrong
	Reason    string // invalidSyntax, invalidPath, invalidValue, noTarget or mutability
	Message   string
}

// Error names the operation, the reason and the message.
func (e *PatchError) Error() string {
	if e.Operation < 0 {
		return e.Reason + ": " + e.Message
	}
	return fmt.Sprintf("Operations[%d]: %s: %s", e.Operation, e.Reason, e.Message)
}

func refuse(operation int, reason, format string, args ...any) error {
	return &PatchError{Operation: operation, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// DecodePatch reads the body of a PATCH request. Names of members are read in any case; the schema must be named, an
// operation must have what its op needs, and a member that no operation has is refused, for a misspelt path would turn a
// change of one attribute into a change of the resource. Its errors are *PatchError.
func DecodePatch(body []byte) (PatchOp, error) {
	if p, ok := plainPatch(body); ok {
		return p, nil
	}
	return decodePatch(body)
}

// decodePatch reads whatever body.
func decodePatch(body []byte) (PatchOp, error) {
	var message map[string]any
	if err := json.Unmarshal(body, &message); err != nil {
		return PatchOp{}, decodeError(err)
	}
	_, named, _ := lookup(message, "schemas")
	urns, err := stringsOf(named)
	if err != nil {
		return PatchOp{}, refuse(-1, InvalidSyntax, "schemas: %v", err)
	}
	if !slices.ContainsFunc(urns, func(urn string) bool { return strings.EqualFold(urn, PatchOpURN) }) {
		return PatchOp{}, refuse(-1, InvalidSyntax, "schemas must contain %s", PatchOpURN)
	}
	_, value, _ := lookup(message, "Operations")
	list, ok := value.([]any)
	if !ok || len(list) == 0 {
		return PatchOp{}, refuse(-1, InvalidSyntax, "Operations must be a list of at least one operation")
	}
	p := PatchOp{Schemas: urns, Operations: make([]Operation, len(list))}
	for i, one := range list {
		if p.Operations[i], err = decodeOperation(i, one); err != nil {
			return PatchOp{}, err
		}
	}
	return p, nil
}

// decodeError keeps the place of a JSON mistake but not its text.
func decodeError(err error) error {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return refuse(-1, InvalidSyntax, "the body is not JSON, at offset %d", syntax.Offset)
	case errors.As(err, &wrong):
		return refuse(-1, InvalidSyntax, "the body is a JSON %s, not an object", wrong.Value)
	default:
		return refuse(-1, InvalidSyntax, "the body is not JSON")
	}
}

func decodeOperation(i int, operation any) (Operation, error) {
	members, ok := operation.(map[string]any)
	if !ok {
		return Operation{}, refuse(i, InvalidSyntax, "an operation must be an object")
	}
	opKey, op, _ := lookup(members, "op")
	pathKey, path, hasPath := lookup(members, "path")
	valueKey, value, hasValue := lookup(members, "value")
	strange := ""
	for name := range members {
		if name != opKey && name != pathKey && name != valueKey && (strange == "" || name < strange) {
			strange = name
		}
	}
	if strange != "" {
		return Operation{}, refuse(i, InvalidSyntax, "an operation has one op, path and value, and no %q", near(strange))
	}
	o := Operation{Value: value}
	if o.Op, ok = op.(string); !ok {
		return Operation{}, refuse(i, InvalidSyntax, "op must be add, remove or replace")
	}
	if o.Path, ok = path.(string); hasPath && path != nil && (!ok || o.Path == "") {
		return Operation{}, refuse(i, InvalidPath, "path must be a string that is not empty; leave it out to name the attributes in the value")
	}
	v, err := o.verb()
	if err != nil {
		return Operation{}, refuse(i, InvalidSyntax, "%v", err)
	}
	if v != remove && !hasValue {
		return Operation{}, refuse(i, InvalidValue, "%s needs a value", v)
	}
	return o, nil
}

func stringsOf(value any) ([]string, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, errors.New("must be a list of strings")
	}
	texts := make([]string, len(list))
	for i, one := range list {
		if texts[i], ok = one.(string); !ok {
			return nil, errors.New("must be a list of strings")
		}
	}
	return texts, nil
}

// verb is an op in lower case.
type verb string

const (
	add     verb = "add"
	remove  verb = "remove"
	replace verb = "replace"
)

func (o Operation) verb() (verb, error) {
	for _, v := range [...]verb{add, remove, replace} {
		if strings.EqualFold(o.Op, string(v)) {
			return v, nil
		}
	}
	return "", fmt.Errorf("op must be add, remove or replace, not %q", near(o.Op))
}

// Target is one attribute that a PATCH touches; an operation without path has one for each member of its value, and one
// on a whole extension one for each attribute that it sets.
type Target struct {
	Operation int    // index of the operation
	Op        string // add, remove or replace, in lower case
	Path      Path
	Value     any // nil for remove
}

// Targets lists what the operations touch, in the order in which Apply works: what is needed to judge mutability and to
// find the password before anything is changed. Its errors are those that Apply returns for op, path and value.
func (p PatchOp) Targets() ([]Target, error) {
	targets := make([]Target, 0, len(p.Operations))
	for i, o := range p.Operations {
		v, err := o.verb()
		if err != nil {
			return nil, refuse(i, InvalidSyntax, "%v", err)
		}
		if o.Path == "" {
			if v == remove {
				return nil, refuse(i, NoTarget, "remove needs a path")
			}
			if targets, err = appendMembers(targets, Target{Operation: i, Op: string(v)}, "", o.Value); err != nil {
				return nil, err
			}
			continue
		}
		path, err := ParsePath(o.Path)
		if err != nil {
			return nil, refuse(i, InvalidPath, "%v", err)
		}
		t := Target{Operation: i, Op: string(v), Path: path, Value: o.Value}
		switch {
		case v == remove && o.Value != nil:
			return nil, refuse(i, InvalidValue, "remove takes no value; select with a filter in the path")
		case v != remove && path.Attribute == "":
			targets, err = appendMembers(targets, t, path.URN, o.Value)
		case path.Attribute == "" && isOwnSchema(path.URN):
			return nil, refuse(i, InvalidPath, "the resource's own schema cannot be removed")
		default:
			targets = append(targets, t)
		}
		if err != nil {
			return nil, err
		}
	}
	return targets, nil
}

// appendMembers makes a target of each member of the value, in the order of their names so that a PATCH repeats itself.
// Inside the value of an extension the names are attributes; elsewhere they may be paths, and URNs of extensions with an
// object of their own.
func appendMembers(targets []Target, t Target, urn string, value any) ([]Target, error) {
	members, ok := value.(map[string]any)
	if !ok {
		return nil, refuse(t.Operation, InvalidValue, "without an attribute in the path, the value must be an object that names the attributes")
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		path, err := ParsePath(name)
		if err != nil {
			return nil, refuse(t.Operation, InvalidPath, "member %q: %v", near(name), err)
		}
		if path.URN != "" && urn != "" {
			return nil, refuse(t.Operation, InvalidPath, "member %q: an extension has no other schema inside", near(name))
		}
		if path.URN == "" {
			path.URN = urn
		}
		t.Path, t.Value = path, members[name]
		if path.Attribute == "" {
			if targets, err = appendMembers(targets, t, path.URN, t.Value); err != nil {
				return nil, err
			}
			continue
		}
		targets = append(targets, t)
	}
	return targets, nil
}
