package invariants

import (
	"strings"
	"time"

	"github.com/seatrial/seatrial/reports"
	"github.com/seatrial/seatrial/sim/control"
)

// Exchange is an entry of the journal, which is redacted, in the form of a report.
func Exchange(e control.Entry) reports.Exchange {
	var notes []string
	switch {
	case e.Lost:
		notes = append(notes, "applied, but the answer was lost")
	case e.Unanswered():
		notes = append(notes, "no answer")
	}
	if e.Token != "" && e.Token != "valid" {
		notes = append(notes, e.Token+" token")
	}
	if e.Reason != "" {
		notes = append(notes, e.Outcome+": "+e.Reason)
	}
	if e.Surprise != "" {
		notes = append(notes, e.Surprise)
	}
	path := e.Path
	if e.Query != "" {
		path += "?" + e.Query
	}
	return reports.Exchange{
		Time: e.Received, Target: e.Target, Method: e.Method, Path: path, Status: e.Status,
		Request: e.RequestBody, Response: e.ResponseBody,
		Duration: e.Answered.Sub(e.Received).Round(time.Millisecond).String(),
		Faults:   e.Faults, Note: strings.Join(notes, "; "),
	}
}
