package scim

import "fmt"

// PatchOp is the body of a PATCH request.
type PatchOp struct {
	Schemas    []string
	Operations []Operation
}

// Operation is one change.
type Operation struct {
	Op    string // add, remove or replace, in any case
	Path  string // empty: the value's members name the attributes
	Value any    // as encoding/json decodes it
}

// Target is one attribute that a PATCH touches; an operation without path has one for each member of its value.
type Target struct {
	Operation int    // index of the operation
	Op        string // add, remove or replace, in lower case
	Path      Path
	Value     any // nil for remove
}

// The reasons of a PatchError: RFC 7644's scimTypes that PATCH can meet.
const (
	InvalidSyntax = "invalidSyntax"
	InvalidPath   = "invalidPath"
	InvalidValue  = "invalidValue"
	NoTarget      = "noTarget"
	Mutability    = "mutability"
)

// PatchError says which operation cannot be carried out, and why.
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
