package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteJUnit writes what CI servers read: a test suite for the scenarios, with a case each, and one for each load, with a
// case for each criterion and invariant. What failed carries its exchanges. What is void is an error: the server must
// not count it as passed, and it is no finding against the engine either. An invariant that was not observable in a load
// is skipped.
func WriteJUnit(w io.Writer, r Report) error {
	r = r.judged()
	all := junitSuites{Name: line(r.Title)}
	if len(r.Suite.Scenarios) > 0 {
		s := junitSuite{Name: "scenarios", Timestamp: junitTime(r.Started), Time: junitSeconds(r.Suite.RealTime), Properties: r.properties()}
		for _, c := range r.Suite.Scenarios {
			s.add(c.junit())
		}
		all.Suites = append(all.Suites, s)
	}
	if len(r.Checklist) > 0 {
		s := junitSuite{Name: "checklist", Timestamp: junitTime(r.Started), Time: "0", Properties: r.properties()}
		for _, i := range r.Checklist {
			s.add(i.junit())
		}
		all.Suites = append(all.Suites, s)
	}
	for _, l := range r.Load {
		s := junitSuite{Name: "load " + line(l.Name), Timestamp: junitTime(l.Started), Time: junitSeconds(l.Duration), Properties: r.properties()}
		for _, c := range l.junit() {
			s.add(c)
		}
		all.Suites = append(all.Suites, s)
	}
	for _, s := range all.Suites {
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
	}
	body, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(body)+"\n")
	return err
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Timestamp  string          `xml:"timestamp,attr,omitempty"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitProblem `xml:"failure"`
	Error   *junitProblem `xml:"error"`
	Skipped *junitProblem `xml:"skipped"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Failure != nil:
		s.Failures++
	case c.Error != nil:
		s.Errors++
	case c.Skipped != nil:
		s.Skipped++
	}
}

func (r Report) properties() []junitProperty {
	return []junitProperty{
		{"verdict", line(string(r.Verdict))},
		{"seed", fmt.Sprint(r.Seed)},
		{"command", line(r.Command)},
		{"version", line(r.Version)},
	}
}

func (s Scenario) junit() junitCase {
	folder, _, found := strings.Cut(s.ID, "/")
	if !found {
		folder = "scenarios"
	}
	c := junitCase{Class: line(folder), Name: line(s.ID + ": " + s.Title), Time: junitSeconds(s.RealTime)}
	problem := &junitProblem{Message: line(first(s.reasons(), "no reason was given")), Type: severityOf(s), Text: s.evidence()}
	switch s.Verdict {
	case Passed:
	case Failed:
		c.Failure = problem
	default:
		problem.Type = string(Void)
		c.Error = problem
	}
	return c
}

// junit of an item: what is left to people is skipped, which a server shows without counting it as passed.
func (i Item) junit() junitCase {
	c := junitCase{Class: "checklist", Name: line(fmt.Sprintf("%02d %s", i.Number, i.Title)), Time: "0"}
	evidence := strings.Join(each(append(append([]string(nil), i.Own...), i.Evidence...), line), "\n")
	switch i.Verdict {
	case Passed:
	case Failed:
		c.Failure = &junitProblem{Message: line(first(append(append([]string(nil), i.Own...), i.Evidence...), i.Title)), Type: "checklist", Text: "\n" + evidence + "\n"}
	case Attest:
		c.Skipped = &junitProblem{Message: line(strings.TrimSpace("to be attested: " + i.Todo + " " + i.Command))}
	default:
		c.Error = &junitProblem{Message: line(first(i.Evidence, "nothing was shown")), Type: string(Void), Text: "\n" + evidence + "\n"}
	}
	return c
}

// evidence is everything known about a scenario that did not pass, as text.
func (s Scenario) evidence() string {
	var b strings.Builder
	for _, reason := range s.reasons() {
		fmt.Fprintf(&b, "%s\n", line(reason))
	}
	for _, f := range s.Faults {
		fmt.Fprintf(&b, "fault %s (%s): seen %d, fired %d\n", line(f.ID), line(f.Kind), f.Seen, f.Fired)
	}
	fmt.Fprintf(&b, "seed: %d\n", s.Seed)
	if s.Repeat != "" {
		fmt.Fprintf(&b, "repeat: %s\n", line(s.Repeat))
	}
	b.WriteString(exchangesText(s.Failures))
	return "\n" + b.String()
}

func exchangesText(failures []Failure) string {
	var b strings.Builder
	for _, f := range failures {
		fmt.Fprintf(&b, "\n%s\n", line(f.Summary))
		for _, x := range f.Exchanges {
			fmt.Fprintf(&b, "\n  %s  %s %s %s -> %s", instant(x.Time), line(x.Target), line(x.Method), line(x.Path), x.status())
			for _, extra := range []string{x.Duration, strings.Join(x.Faults, ", "), x.Note} {
				if extra != "" {
					fmt.Fprintf(&b, "  %s", line(extra))
				}
			}
			b.WriteByte('\n')
			quote(&b, "  > ", x.Request)
			quote(&b, "  < ", x.Response)
		}
	}
	return b.String()
}

func quote(b *strings.Builder, prefix, text string) {
	if text == "" {
		return
	}
	for l := range strings.SplitSeq(strings.TrimRight(block(text), "\n"), "\n") {
		fmt.Fprintf(b, "%s%s\n", prefix, l)
	}
}

func (l Load) junit() []junitCase {
	var cases []junitCase
	class := "load." + line(l.Name)
	void := func() *junitProblem {
		return &junitProblem{Message: line(first(l.Reasons, "the load is void")), Type: string(Void), Text: strings.Join(each(l.Reasons, line), "\n")}
	}
	for _, c := range l.Criteria {
		jc := junitCase{Class: class, Name: line(c.Name), Time: junitSeconds(l.Duration)}
		switch {
		case l.Verdict == Void:
			jc.Error = void()
		case !c.Met:
			message := line(fmt.Sprintf("%s is %s, wanted %s", c.Name, c.Got, c.Want))
			jc.Failure = &junitProblem{Message: message, Type: "criterion", Text: "\n" + message + "\n" + l.counts() + "\n" + exchangesText(l.Failures)}
		}
		cases = append(cases, jc)
	}
	for _, c := range l.Checks {
		jc := junitCase{Class: class, Name: line(c.Name), Time: "0"}
		switch c.Verdict {
		case Passed:
		case Failed:
			jc.Failure = &junitProblem{Message: line(c.Detail), Type: c.Kind, Text: "\n" + line(c.Detail) + "\n" + exchangesText(l.Failures)}
		default:
			jc.Skipped = &junitProblem{Message: line(c.Detail)}
		}
		cases = append(cases, jc)
	}
	if len(l.Criteria) == 0 && l.Verdict != Passed {
		jc := junitCase{Class: class, Name: line(l.Shape), Time: junitSeconds(l.Duration), Error: void()}
		if l.Verdict == Failed {
			jc.Failure, jc.Error = jc.Error, nil
		}
		cases = append(cases, jc)
	}
	return cases
}

func first(list []string, otherwise string) string {
	if len(list) == 0 {
		return otherwise
	}
	return list[0]
}

func each(list []string, f func(string) string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = f(s)
	}
	return out
}

func junitSeconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// junitTime is ISO 8601 without a zone, as the schema that CI servers follow wants it; the zone is UTC.
func junitTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05")
}
