package scim

import "errors"

var errSoon = errors.New("not there yet")

// ParseFilter reads a filter.
func ParseFilter(text string) (Filter, error) { return nil, errSoon }

// ParsePath reads the path of a PATCH operation.
func ParsePath(text string) (Path, error) { return Path{}, errSoon }

// Equal tells whether the filter is nothing but `attribute eq "value"`, so that a store can use its index.
func Equal(filter Filter) (attribute, value string, ok bool) { return "", "", false }

// String writes the path in the form that ParsePath reads.
func (p Path) String() string { return "" }

// Lookup returns what the path leads to.
func Lookup(resource map[string]any, p Path) (any, bool) { return nil, false }

// DecodePatch reads the body of a PATCH request.
func DecodePatch(body []byte) (PatchOp, error) { return PatchOp{}, errSoon }

// Apply carries out all operations, or none.
func (p PatchOp) Apply(resource map[string]any) (map[string]any, error) { return nil, errSoon }

// Targets lists what the operations touch, one entry per attribute.
func (p PatchOp) Targets() ([]Target, error) { return nil, errSoon }

// Project selects attributes.
func Project(resource map[string]any, attributes []string, sets []string, returned func(attribute string) Returned) map[string]any {
	return resource
}

// SplitAttributes cuts the comma list of an attributes parameter.
func SplitAttributes(list string) []string { return nil }
