package scim

// Filter is a parsed filter. It is immutable and safe for concurrent use.
type Filter interface {
	// Match tells whether the resource fulfils the filter. A nil Schema stands for RFC 7643's own attributes.
	Match(resource map[string]any, s Schema) bool
	// String is the filter in canonical form: it parses again, and to the same String.
	String() string
}

// Schema answers what the filter needs to know of attributes. The name is "userName", "emails.value" or
// "urn:…:User:department", in the case in which the filter was written.
type Schema interface {
	CaseExact(attribute string) bool
}
