package scim

import "fmt"

// SyntaxError is a mistake in a filter or path.
type SyntaxError struct {
	Offset  int    // in bytes, from 0
	Message string // what is wrong and what would be right
	Near    string // the text at the offset; empty at the end
}

// Error names the place and the mistake.
func (e *SyntaxError) Error() string {
	if e.Near == "" {
		return fmt.Sprintf("at offset %d: %s", e.Offset, e.Message)
	}
	return fmt.Sprintf("at offset %d, near %q: %s", e.Offset, e.Near, e.Message)
}
