package reports

import "io"

// WriteTerminal writes the report for a person at a terminal.
func WriteTerminal(w io.Writer, r Report, color bool) error { return WriteJSON(w, r) }
