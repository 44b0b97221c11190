package ldap

import (
	"time"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Message is a request as it came: its number on the connection, the operation, and what was asked besides.
type Message struct {
	ID       int32
	Request  Request
	Controls []Control
}

// Request is one of the …Request types.
type Request interface {
	// Op is the operation that is asked for.
	Op() Op
}

// Attribute is an attribute description (type and options) with its values.
type Attribute struct {
	Description string
	Values      [][]byte
}

// Entry is a DN with attributes.
type Entry struct {
	DN         string
	Attributes []Attribute
}

// BindRequest asks to be somebody: simple with a password, or SASL.
type BindRequest struct {
	Version  int
	DN       string
	Password secret.Value // simple
	SASL     *SASL        // nil for a simple bind
}

// SASL is one step of a SASL bind.
type SASL struct {
	Mechanism      string
	Credentials    []byte
	HasCredentials bool
}

// UnbindRequest says goodbye; it has no answer.
type UnbindRequest struct{}

// Scope is how far below its base a search looks.
type Scope int

// The scopes; subordinate subtree is RFC draft-sermersheim-ldap-subordinate-scope, which DS knows too.
const (
	ScopeBase Scope = iota
	ScopeOne
	ScopeSubtree
	ScopeSubordinates
)

// String is the scope as in an LDAP URL.
func (s Scope) String() string {
	switch s {
	case ScopeBase:
		return "base"
	case ScopeOne:
		return "one"
	case ScopeSubtree:
		return "sub"
	case ScopeSubordinates:
		return "subordinates"
	}
	return "unknown"
}

// DerefAliases says when aliases are followed.
type DerefAliases int

// The ways to treat aliases.
const (
	DerefNever DerefAliases = iota
	DerefInSearching
	DerefFindingBase
	DerefAlways
)

// SearchRequest asks for entries.
type SearchRequest struct {
	BaseDN     string
	Scope      Scope
	Deref      DerefAliases
	SizeLimit  int           // entries; 0 is none
	TimeLimit  time.Duration // whole seconds; 0 is none
	TypesOnly  bool
	Filter     Filter
	Attributes []string // as asked: "*", "+", "1.1", names with options, "@objectClass"
}

// ChangeOp is what one change of a modify does.
type ChangeOp int

// The kinds of changes; increment is RFC 4525.
const (
	Add ChangeOp = iota
	Delete
	Replace
	Increment
)

// String is the word in LDIF.
func (o ChangeOp) String() string {
	switch o {
	case Add:
		return "add"
	case Delete:
		return "delete"
	case Replace:
		return "replace"
	case Increment:
		return "increment"
	}
	return "unknown"
}

// Change is one change of a modify.
type Change struct {
	Op        ChangeOp
	Attribute Attribute
}

// ModifyRequest changes one entry, wholly or not at all.
type ModifyRequest struct {
	DN      string
	Changes []Change
}

// AddRequest adds an entry.
type AddRequest struct {
	DN         string
	Attributes []Attribute
}

// DeleteRequest removes an entry.
type DeleteRequest struct{ DN string }

// ModifyDNRequest renames or moves an entry.
type ModifyDNRequest struct {
	DN             string
	NewRDN         string
	DeleteOldRDN   bool
	NewSuperior    string
	HasNewSuperior bool // "" is the root
}

// CompareRequest asks whether an entry has a value.
type CompareRequest struct {
	DN        string
	Attribute string
	Value     []byte
}

// AbandonRequest ends another operation; neither is answered.
type AbandonRequest struct{ ID int32 }

// ExtendedRequest asks for something that an OID names.
type ExtendedRequest struct {
	Name     string
	Value    []byte
	HasValue bool
}

// Op is an operation of the protocol.
type Op int

// The operations, by the number of their request's tag.
const (
	OpBind     Op = 0
	OpUnbind   Op = 2
	OpSearch   Op = 3
	OpModify   Op = 6
	OpAdd      Op = 8
	OpDelete   Op = 10
	OpModifyDN Op = 12
	OpCompare  Op = 14
	OpAbandon  Op = 16
	OpExtended Op = 23
)

// String is the operation in a word.
func (o Op) String() string {
	switch o {
	case OpBind:
		return "bind"
	case OpUnbind:
		return "unbind"
	case OpSearch:
		return "search"
	case OpModify:
		return "modify"
	case OpAdd:
		return "add"
	case OpDelete:
		return "delete"
	case OpModifyDN:
		return "modify_dn"
	case OpCompare:
		return "compare"
	case OpAbandon:
		return "abandon"
	case OpExtended:
		return "extended"
	}
	return "unknown"
}

// Op is OpBind.
func (BindRequest) Op() Op { return OpBind }

// Op is OpUnbind.
func (UnbindRequest) Op() Op { return OpUnbind }

// Op is OpSearch.
func (SearchRequest) Op() Op { return OpSearch }

// Op is OpModify.
func (ModifyRequest) Op() Op { return OpModify }

// Op is OpAdd.
func (AddRequest) Op() Op { return OpAdd }

// Op is OpDelete.
func (DeleteRequest) Op() Op { return OpDelete }

// Op is OpModifyDN.
func (ModifyDNRequest) Op() Op { return OpModifyDN }

// Op is OpCompare.
func (CompareRequest) Op() Op { return OpCompare }

// Op is OpAbandon.
func (AbandonRequest) Op() Op { return OpAbandon }

// Op is OpExtended.
func (ExtendedRequest) Op() Op { return OpExtended }
