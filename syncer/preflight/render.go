package preflight

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// WriteText writes a report for people: the worst first, each with its place, its line and what to do.
func (r Report) WriteText(w io.Writer) error {
	var out strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&out, "%-9s %s  %s\n", f.Severity, f.ID, f.Where())
		if f.Evidence != "" {
			fmt.Fprintf(&out, "    | %s\n", f.Evidence)
		}
		fmt.Fprintf(&out, "%s\n%s\n\n", wrap("    ", f.Problem), wrap("    → ", f.Fix))
	}
	fmt.Fprintf(&out, "%s\n", r.Summary())
	_, err := io.WriteString(w, out.String())
	return err
}

// Summary is the report in one line.
func (r Report) Summary() string {
	files := fmt.Sprintf("%d files read", len(r.Read))
	if len(r.Read) == 1 {
		files = "1 file read"
	}
	if len(r.Findings) == 0 {
		return files + "; nothing found"
	}
	parts := []string{files}
	for _, s := range Severities() {
		label := string(s)
		if s == Advice {
			label = "for advice"
		}
		if n := r.Count(s); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, label))
		}
	}
	return strings.Join(parts, "; ")
}

// wrap breaks a text into lines; the first begins with the indent, the others align with it.
func wrap(indent, text string) string {
	const wide = 110
	var out strings.Builder
	line := indent
	rest := strings.Repeat(" ", len([]rune(indent)))
	for word := range strings.FieldsSeq(text) {
		switch {
		case strings.TrimSpace(strings.TrimPrefix(line, indent)) == "" || line == rest:
			line += word
		case len([]rune(line))+1+len([]rune(word)) > wide:
			out.WriteString(line + "\n")
			line = rest + word
		default:
			line += " " + word
		}
	}
	out.WriteString(line)
	return out.String()
}

// WriteJSON writes a report for programs.
func (r Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
