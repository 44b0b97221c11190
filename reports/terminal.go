package reports

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// reasonsShown bounds what the terminal says about one thing; the other renderings say everything.
const reasonsShown = 3

// WriteTerminal writes the report for a person at a terminal: what ran, a line each; what did not pass, with its first
// reasons and the command that repeats it; the verdict last, where the eye is when the command ends.
func WriteTerminal(w io.Writer, r Report, color bool) error {
	r = r.judged()
	t := terminal{w: bufio.NewWriter(w), color: color}
	t.head(r)
	t.inputs(r.Inputs)
	t.suite(r.Suite)
	for _, l := range r.Load {
		t.load(l)
	}
	t.checklist(r.Checklist)
	t.list("Limits", r.Limits)
	t.list("Remarks", r.Remarks())
	t.verdict(r)
	return t.w.Flush()
}

// terminal writes; its writer keeps the first error.
type terminal struct {
	w     *bufio.Writer
	color bool
}

const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (t terminal) paint(code, text string) string {
	if !t.color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (t terminal) mark(v Verdict) string { return t.paint(colorOf(v), symbol(v)) }

func colorOf(v Verdict) string {
	switch v {
	case Passed, Certified:
		return green
	case Failed, NotCertified:
		return red
	default:
		return yellow
	}
}

// row writes a line without the spaces that padding leaves at its end.
func (t terminal) row(format string, args ...any) {
	_, _ = t.w.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n") // Flush tells the error
}

func (t terminal) section(title, note string) {
	t.row("\n%s  %s", t.paint(bold, title), t.paint(dim, note))
}

func (t terminal) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	t.section(title, "")
	for _, item := range items {
		t.row("  - %s", line(item))
	}
}

func (t terminal) head(r Report) {
	t.row("%s", t.paint(bold, line(r.Title)))
	parts := []string{"seatrial"}
	if r.Version != "" {
		parts[0] += " " + r.Version
	}
	parts = append(parts, fmt.Sprintf("seed %d", r.Seed))
	if when := minute(r.Started); when != "" {
		parts = append(parts, when)
	}
	if took := r.Finished.Sub(r.Started); took > 0 && !r.Started.IsZero() {
		parts = append(parts, "took "+human(took))
	}
	t.row("%s", t.paint(dim, line(strings.Join(parts, " · "))))
}

func (t terminal) inputs(inputs []Input) {
	if len(inputs) == 0 {
		return
	}
	t.section("Inputs", "")
	what, value := 0, 0
	for _, i := range inputs {
		what, value = max(what, width(line(i.What))), max(value, width(line(i.Value)))
	}
	value = min(value, 48)
	for _, i := range inputs {
		mark, place := " ", line(i.place())
		if i.Problem != "" {
			mark, place = t.paint(red, "✗"), place+": "+line(i.Problem)
		}
		t.row("%s %s  %s  %s", mark, pad(line(i.What), what), pad(line(i.Value), value), place)
	}
}

// evidenceShown bounds what the terminal shows of an item's evidence.
const evidenceShown = 2

func (t terminal) checklist(items []Item) {
	if len(items) == 0 {
		return
	}
	attest := 0
	for _, i := range items {
		if i.Verdict == Attest {
			attest++
		}
	}
	note := fmt.Sprintf("%d points", len(items))
	if attest > 0 {
		note += fmt.Sprintf(" · %d to be attested by you", attest)
	}
	t.section("Go-live checklist", note)
	for _, i := range items {
		t.row("%s %2d  %s", t.mark(i.Verdict), i.Number, line(i.Title))
		evidence := append(append([]string(nil), i.Own...), i.Evidence...)
		for _, e := range evidence[:min(len(evidence), evidenceShown+len(i.Own))] {
			t.row("       %s", line(e))
		}
		if i.Todo != "" {
			todo := "yours: " + line(i.Todo)
			if i.Command != "" {
				todo += "  " + line(i.Command)
			}
			t.row("       %s", t.paint(dim, todo))
		}
	}
}

func (t terminal) suite(s Suite) {
	if len(s.Scenarios) == 0 {
		return
	}
	note := s.tally().String()
	if speed := s.speed(); speed != "" {
		note += " · " + speed
	}
	t.section("Scenarios", note)
	id := 0
	for _, c := range s.Scenarios {
		id = max(id, width(line(c.ID)))
	}
	for _, c := range s.Scenarios {
		title := line(c.Title)
		if c.Verdict != Passed {
			title = "[" + severityOf(c) + "] " + title
		}
		t.row("%s %s  %s", t.mark(c.Verdict), pad(line(c.ID), id), title)
		if c.Verdict == Passed {
			continue
		}
		t.reasons(c.reasons())
		if c.Repeat != "" {
			t.row("    %s %s", t.paint(dim, "repeat:"), line(c.Repeat))
		}
	}
}

func (t terminal) reasons(reasons []string) {
	for _, reason := range reasons[:min(len(reasons), reasonsShown)] {
		t.row("    %s", line(reason))
	}
	if rest := len(reasons) - reasonsShown; rest > 0 {
		t.row("    %s", t.paint(dim, fmt.Sprintf("and %d more in the other renderings of this report", rest)))
	}
}

func (t terminal) load(l Load) {
	t.section("Load "+line(l.Name), line(l.Shape))
	name, want := 0, 0
	for _, c := range l.Criteria {
		name, want = max(name, width(line(c.Name))), max(want, width(line(c.Want)))
	}
	for _, c := range l.Criteria {
		t.row("%s %s  want %s  got %s", t.mark(met(c)), pad(line(c.Name), name), pad(line(c.Want), want), line(c.Got))
	}
	t.row("  %s", l.counts())
	if l.FromIntended != (Latency{}) {
		t.row("  %-22s%9s %9s %9s %9s %9s %9s", "latency", "mean", "p50", "p90", "p95", "p99", "max")
		t.latency("from the due time", l.FromIntended)
		t.latency("from the sending", l.FromSent)
	}
	for _, e := range counted(l.Errors) {
		t.row("  %5d × %s", e.N, line(e.Name))
	}
	if len(l.Checks) > 0 {
		var n tally
		for _, c := range l.Checks {
			n.add(c.Verdict)
		}
		t.row("  invariants: %s", n)
	}
	if l.Verdict != Passed {
		t.row("%s %s", t.mark(l.Verdict), t.paint(colorOf(l.Verdict), "load "+line(l.Name)+" "+participle(l.Verdict)))
		t.reasons(l.reasons())
		if l.Repeat != "" {
			t.row("    %s %s", t.paint(dim, "repeat:"), line(l.Repeat))
		}
	}
}

func (t terminal) latency(name string, l Latency) {
	t.row("  %-22s%9s %9s %9s %9s %9s %9s", name, human(l.Mean), human(l.P50), human(l.P90), human(l.P95), human(l.P99), human(l.Max))
}

// counts is one line on what became of the changes.
func (l Load) counts() string {
	parts := []string{fmt.Sprintf("%d of %s sent", l.Sent, plural(l.Planned, "change"))}
	for _, p := range []struct {
		n    int
		what string
	}{{l.Accepted, "accepted"}, {l.Applied, "applied"}, {l.Refused, "refused"}, {l.Lost, "not seen in time"}} {
		if p.n > 0 || p.what == "applied" {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if l.AskedRate > 0 {
		parts = append(parts, fmt.Sprintf("%.1f/s of %.1f/s", l.SentRate, l.AskedRate))
	}
	parts = append(parts, fmt.Sprintf("%d in flight at most", l.Concurrency))
	if l.Duration > 0 {
		parts = append(parts, "over in "+human(l.Duration))
	}
	return strings.Join(parts, " · ")
}

func (t terminal) verdict(r Report) {
	t.row("\n%s", t.paint(bold+";"+colorOf(r.Verdict), strings.ToUpper(line(string(r.Verdict)))))
	for _, reason := range r.Reasons {
		t.row("  - %s", line(reason))
	}
	if r.Command != "" {
		t.row("%s %s", t.paint(dim, "repeat:"), line(r.Command))
	}
}

func width(s string) int { return utf8.RuneCountInString(s) }

func pad(s string, n int) string {
	if missing := n - width(s); missing > 0 {
		return s + strings.Repeat(" ", missing)
	}
	return s
}
