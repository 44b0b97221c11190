package scim

// Returned says when an attribute is part of an answer (RFC 7643 section 7).
type Returned int

// When an attribute is returned.
const (
	ReturnedDefault Returned = iota // unless other attributes are asked for
	ReturnedAlways                  // whatever is asked for
	ReturnedRequest                 // only when asked for
	ReturnedNever                   // not even then
)
