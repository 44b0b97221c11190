package preflight

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity is how sure it is that password changes fail.
type Severity string

// The severities, the worst first.
const (
	WillFail Severity = "will fail" // whenever this code runs, or this file is loaded
	MayFail  Severity = "may fail"  // in a situation that production will bring
	Advice   Severity = "advice"    // nothing fails, but somebody will be sorry
)

// Severities are the severities, the worst first.
func Severities() []Severity { return []Severity{WillFail, MayFail, Advice} }

// rank orders severities, the worst first.
func (s Severity) rank() int { return slices.Index(Severities(), s) }

// Finding is one thing that is wrong with the folder.
type Finding struct {
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	File     string   `json:"file"`               // below the folder, with forward slashes
	Line     int      `json:"line,omitempty"`     // from 1; 0 when the whole file is meant
	Column   int      `json:"column,omitempty"`   // from 1, in characters
	Problem  string   `json:"problem"`            // what will happen in production
	Evidence string   `json:"evidence,omitempty"` // the line, secrets masked
	Fix      string   `json:"fix"`
}

// Where is the finding's place, "script/hook.js:2:5".
func (f Finding) Where() string {
	switch {
	case f.Line == 0:
		return f.File
	case f.Column == 0:
		return fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
}

// Report is what a folder shows.
type Report struct {
	Folder   string    `json:"folder"`
	Read     []string  `json:"read"` // the files that were read
	Findings []Finding `json:"findings"`
}

// Count is how many findings are of a severity.
func (r Report) Count(s Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// sort puts the worst first, then by id and place, and drops repetitions.
func (r *Report) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity.rank(), b.Severity.rank()), cmp.Compare(a.ID, b.ID),
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	r.Findings = slices.CompactFunc(r.Findings, func(a, b Finding) bool {
		return a.ID == b.ID && a.File == b.File && a.Line == b.Line && a.Column == b.Column
	})
}
