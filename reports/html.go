package reports

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's parts
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"
)

var (
	//go:embed page.gohtml
	pageText string
	//go:embed page.css
	pageStyle string
	//go:embed page.js
	pageScript string

	page = template.Must(template.New("page").Funcs(template.FuncMap{
		"line": line, "lines": block, "human": human, "instant": instant, "minute": minute, "symbol": symbol,
		"plural": plural, "counted": counted, "class": class, "met": met, "latency": newLatencyRow, "upper": strings.ToUpper, "join": strings.Join,
	}).Parse(pageText))
)

// WriteHTML writes one file that needs nothing else: no script to be read, no asset from elsewhere, no network. Its
// content security policy lets a browser run only the script that is part of this package, so that even text that slipped
// through the escaping could not act.
func WriteHTML(w io.Writer, r Report) error {
	var b bytes.Buffer
	if err := page.Execute(&b, newView(r.judged())); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// view is what the template shows: the report in the order of reading, with everything worked out.
type view struct {
	Report
	Style      template.CSS
	Script     template.JS
	ScriptHash string
	Meaning    string
	Facts      []fact
	Noted      []string
	Loads      []loadView
	Scenarios  []scenarioView
	Tally      tally
}

type fact struct{ Name, Value, Note string }

type loadView struct {
	Load
	ID       string
	Charts   []*chart
	Why      []string
	Evidence []failureView
}

type scenarioView struct {
	Scenario
	ID       string // the anchor
	Why      []string
	Evidence []failureView
}

type failureView struct {
	Failure
	Strip *chart
}

func newView(r Report) view {
	hash := sha256.Sum256([]byte(pageScript))
	v := view{
		Report:     r,
		Style:      template.CSS(pageStyle), //nolint:gosec // our own file, embedded at build time
		Script:     template.JS(pageScript), //nolint:gosec // our own file, embedded at build time
		ScriptHash: "sha256-" + base64.StdEncoding.EncodeToString(hash[:]),
		Meaning:    r.meaning(),
		Facts:      r.facts(),
		Noted:      r.Remarks(),
		Tally:      r.Suite.tally(),
	}
	for i, l := range r.Load {
		id := fmt.Sprintf("load-%d", i+1)
		lv := loadView{Load: l, ID: id, Why: l.reasons(), Evidence: failureViews(id, l.Failures, l.Faults)}
		if l.Verdict == Passed {
			lv.Why = nil
		}
		for _, c := range []*chart{percentileCurve(id+"-percentiles", l), timeline(id+"-timeline", l)} {
			if c != nil {
				lv.Charts = append(lv.Charts, c)
			}
		}
		v.Loads = append(v.Loads, lv)
	}
	for i, s := range r.Suite.Scenarios {
		id := fmt.Sprintf("scenario-%d", i+1)
		v.Scenarios = append(v.Scenarios, scenarioView{Scenario: s, ID: id, Why: s.reasons(), Evidence: failureViews(id, s.Failures, s.Faults)})
	}
	// What needs a reader comes first; otherwise the order of the suite.
	rank := map[string]int{"failed": 0, "void": 1, "passed": 2}
	slices.SortStableFunc(v.Scenarios, func(a, b scenarioView) int { return rank[class(a.Verdict)] - rank[class(b.Verdict)] })
	return v
}

func failureViews(id string, failures []Failure, faults []Fault) []failureView {
	var views []failureView
	for i, f := range failures {
		views = append(views, failureView{f, strip(fmt.Sprintf("%s-failure-%d", id, i+1), f, faults)})
	}
	return views
}

// class is the verdict's class in the style sheet: colour and symbol depend on it alone.
func class(v Verdict) string {
	switch v {
	case Passed, Certified:
		return "passed"
	case Failed, NotCertified:
		return "failed"
	case Attest:
		return "attest"
	default:
		return "void"
	}
}

// meaning says the verdict in a sentence for somebody who reads nothing else.
func (r Report) meaning() string {
	switch r.Verdict {
	case Certified:
		return "In this rehearsal the synchronisation met every requirement that decides a go-live. That holds for the inputs and within the limits named below."
	case NotCertified:
		return "Do not go live with this. What has to change first:"
	case Passed:
		return "Everything that was run passed."
	case Failed:
		return "Not everything that was run passed:"
	default:
		return "This run proves nothing, neither good nor bad. Run it again once this is put right:"
	}
}

// facts are the figures beside the verdict.
func (r Report) facts() []fact {
	var facts []fact
	if n := len(r.Suite.Scenarios); n > 0 {
		t := r.Suite.tally()
		facts = append(facts, fact{"Scenarios passed", fmt.Sprintf("%d of %d", t.Passed, n), r.Suite.speed()})
	}
	var checks tally
	for _, s := range r.Suite.Scenarios {
		for _, c := range s.Checks {
			checks.add(c.Verdict)
		}
	}
	changes, applied := 0, 0
	for _, l := range r.Load {
		changes, applied = changes+l.Planned, applied+l.Applied
		for _, c := range l.Checks {
			checks.add(c.Verdict)
		}
	}
	if n := checks.Passed + checks.Failed; n > 0 {
		note := "invariants and expectations"
		if checks.Void > 0 {
			note += fmt.Sprintf("; %d more not observable", checks.Void)
		}
		facts = append(facts, fact{"Checks passed", fmt.Sprintf("%d of %d", checks.Passed, n), note})
	}
	if len(r.Load) > 0 {
		facts = append(facts, fact{"Changes applied under load", fmt.Sprintf("%d of %d", applied, changes), plural(len(r.Load), "shape") + " of load"})
	}
	if !r.Started.IsZero() {
		note := r.Started.UTC().Format("15:04 UTC")
		if took := r.Finished.Sub(r.Started); took > 0 {
			note += ", took " + human(took)
		}
		facts = append(facts, fact{"Run", r.Started.UTC().Format("2 January 2006"), note})
	}
	return facts
}

// speed says how much virtual time passed in how much real time.
func (s Suite) speed() string {
	if s.VirtualTime <= 0 {
		return ""
	}
	return fmt.Sprintf("%s of virtual time in %s", human(s.VirtualTime), human(s.RealTime))
}

// met is the verdict on a criterion.
func met(c Criterion) Verdict {
	if c.Met {
		return Passed
	}
	return Failed
}

// latencyRow is a line of the table of latencies.
type latencyRow struct {
	Name   string
	Values []time.Duration
}

func newLatencyRow(name string, l Latency) latencyRow {
	return latencyRow{name, []time.Duration{l.Mean, l.P50, l.P90, l.P95, l.P99, l.Max}}
}
