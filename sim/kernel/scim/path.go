package scim

// Path names an attribute, as in the path of a PATCH operation or in a list of attributes.
type Path struct {
	URN       string // of the schema; empty for the resource's own attributes
	Attribute string // empty when the whole extension is meant
	Filter    Filter // selects among the values; nil for all
	Sub       string // the sub-attribute; empty for the attribute itself
}
