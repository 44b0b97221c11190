package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// line makes a stranger's text fit for one line: whatever would steer a terminal, break the line or reorder the text
// around it becomes visible as an escape.
func line(s string) string { return visible(s, "") }

// block is line for text of several lines, such as a body: newlines and tabs stay.
func block(s string) string { return visible(strings.ReplaceAll(s, "\r\n", "\n"), "\n\t") }

func visible(s, keep string) string {
	if !strings.ContainsFunc(s, steers) {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case !steers(r) || strings.ContainsRune(keep, r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// steers tells the characters that act instead of showing: controls (C0, C1, DEL), the line and paragraph separators,
// and the marks that change the direction of text (Unicode Standard Annex 9, section 2), with which a name can pretend
// to be another.
func steers(r rune) bool {
	return unicode.IsControl(r) || r == 0x2028 || r == 0x2029 || r == 0xFEFF || unicode.Is(unicode.Bidi_Control, r)
}

// human shows a span of time with about three digits, the precision a reader can use.
func human(d time.Duration) string {
	switch a := d.Abs(); {
	case d == 0:
		return "0 s"
	case a < time.Millisecond:
		return fmt.Sprintf("%.3g µs", float64(d)/float64(time.Microsecond))
	case a < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
	case a < time.Second-500*time.Microsecond:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	case a < 10*time.Second-5*time.Millisecond:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case a < time.Minute-50*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case a < time.Hour-time.Second/2:
		d = d.Round(time.Second)
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	case a < 48*time.Hour:
		d = d.Round(time.Minute)
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	default:
		d = d.Round(time.Hour)
		return fmt.Sprintf("%d d %d h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
	}
}

// instant shows a time to the millisecond in UTC; a zero time is empty.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05.000")
}

// minute shows a time to the minute in UTC; a zero time is empty.
func minute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// plural counts things: "1 change", "3 changes".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// counted is a map of counts in a fixed order: the largest first, ties by name.
func counted(m map[string]int) []count {
	list := make([]count, 0, len(m))
	for name, n := range m {
		list = append(list, count{Name: name, N: n})
	}
	slices.SortFunc(list, func(a, b count) int {
		if a.N != b.N {
			return b.N - a.N
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list
}

type count struct {
	Name string
	N    int
}

// tally counts verdicts.
type tally struct{ Passed, Failed, Void int }

func (t *tally) add(v Verdict) {
	switch v {
	case Passed, Certified:
		t.Passed++
	case Failed, NotCertified:
		t.Failed++
	default:
		t.Void++
	}
}

func (t tally) String() string {
	parts := []string{fmt.Sprintf("%d passed", t.Passed)}
	if t.Failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", t.Failed))
	}
	if t.Void > 0 {
		parts = append(parts, fmt.Sprintf("%d void", t.Void))
	}
	return strings.Join(parts, ", ")
}

func (s Suite) tally() (t tally) {
	for _, c := range s.Scenarios {
		t.add(c.Verdict)
	}
	return t
}

// symbol carries a verdict without colour.
func symbol(v Verdict) string {
	switch v {
	case Passed, Certified:
		return "✓"
	case Failed, NotCertified:
		return "✗"
	case Attest:
		return "☐"
	default:
		return "○"
	}
}

// status is the answer to an exchange in words.
func (x Exchange) status() string {
	if x.Status == 0 {
		return "no answer"
	}
	return fmt.Sprint(x.Status)
}
