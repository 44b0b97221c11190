package ldap

// Filter is one of the filter types below. Its String is the text form of RFC 4515.
type Filter interface {
	String() string
	filter()
}

// The filters of RFC 4511, 4.5.1.7. An And without filters is true, an Or without filters false (RFC 4526).
type (
	// And is true when all are.
	And struct{ Filters []Filter }
	// Or is true when one is.
	Or struct{ Filters []Filter }
	// Not is the opposite.
	Not struct{ Filter Filter }
	// Equality is (attr=value).
	Equality struct {
		Attr  string
		Value []byte
	}
	// Substrings is (attr=initial*any*final); Initial and Final may be nil.
	Substrings struct {
		Attr    string
		Initial []byte
		Any     [][]byte
		Final   []byte
	}
	// GreaterOrEqual is (attr>=value).
	GreaterOrEqual struct {
		Attr  string
		Value []byte
	}
	// LessOrEqual is (attr<=value).
	LessOrEqual struct {
		Attr  string
		Value []byte
	}
	// Present is (attr=*).
	Present struct{ Attr string }
	// Approx is (attr~=value).
	Approx struct {
		Attr  string
		Value []byte
	}
	// Extensible is (attr:dn:rule:=value); Attr or Rule may be empty, not both.
	Extensible struct {
		Rule         string
		Attr         string
		Value        []byte
		DNAttributes bool
	}
)

// AttributeOf returns the attribute that an item of a filter asks for, "" for an extensible match of any. ok is false for And, Or
// and Not, which ask for those of others.
func AttributeOf(f Filter) (attr string, ok bool) {
	switch f := f.(type) {
	case Equality:
		return f.Attr, true
	case Substrings:
		return f.Attr, true
	case GreaterOrEqual:
		return f.Attr, true
	case LessOrEqual:
		return f.Attr, true
	case Present:
		return f.Attr, true
	case Approx:
		return f.Attr, true
	case Extensible:
		return f.Attr, true
	}
	return "", false
}

func (And) filter()            {}
func (Or) filter()             {}
func (Not) filter()            {}
func (Equality) filter()       {}
func (Substrings) filter()     {}
func (GreaterOrEqual) filter() {}
func (LessOrEqual) filter()    {}
func (Present) filter()        {}
func (Approx) filter()         {}
func (Extensible) filter()     {}
