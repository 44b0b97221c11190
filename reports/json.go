package reports

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteJSON writes the whole report, indented. Names are in camelCase; spans of time are seconds as numbers and their
// names end in Seconds; instants are RFC 3339; seeds are strings, because they do not fit a JavaScript number.
func WriteJSON(w io.Writer, r Report) error {
	body, err := json.MarshalIndent(r.judged(), "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, plainJSON(string(body))+"\n")
	return err
}

// plainJSON escapes the characters that encoding/json leaves as they are but that steer a terminal or reorder text.
// They can only stand inside strings, where \uXXXX means the same.
func plainJSON(body string) string {
	steersRaw := func(r rune) bool { return steers(r) && r != '\n' } // the indentation's own newlines
	if !strings.ContainsFunc(body, steersRaw) {
		return body
	}
	var b strings.Builder
	for _, r := range body {
		if steersRaw(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// ReadJSON reads what WriteJSON wrote, so that a report can be rendered again later.
func ReadJSON(r io.Reader) (Report, error) {
	var report Report
	err := json.NewDecoder(r).Decode(&report)
	return report, err
}

// The types below carry durations. encoding/json would write them as nanoseconds without a unit; each is written
// through a twin in which they are seconds.

type times struct {
	VirtualTimeSeconds seconds `json:"virtualTimeSeconds"`
	RealTimeSeconds    seconds `json:"realTimeSeconds"`
}

// seconds is a span of time in JSON.
type seconds time.Duration

// MarshalJSON writes seconds.
func (s seconds) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(s).Seconds()) }

// UnmarshalJSON reads seconds.
func (s *seconds) UnmarshalJSON(text []byte) error {
	var f float64
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	half := 0.5
	if f < 0 {
		half = -half
	}
	*s = seconds(f*float64(time.Second) + half) // to the nearest nanosecond
	return nil
}

type (
	plainSuite    Suite
	plainScenario Scenario
	plainLoad     Load
	suiteTwin     struct {
		plainSuite
		times
	}
	scenarioTwin struct {
		plainScenario
		times
	}
	loadTwin struct {
		plainLoad
		DurationSeconds seconds `json:"durationSeconds"`
	}
	latencyTwin struct {
		MeanSeconds seconds `json:"meanSeconds"`
		P50Seconds  seconds `json:"p50Seconds"`
		P90Seconds  seconds `json:"p90Seconds"`
		P95Seconds  seconds `json:"p95Seconds"`
		P99Seconds  seconds `json:"p99Seconds"`
		MaxSeconds  seconds `json:"maxSeconds"`
	}
	pointTwin struct {
		IntendedSeconds seconds `json:"intendedSeconds"`
		SentSeconds     seconds `json:"sentSeconds"`
		DoneSeconds     seconds `json:"doneSeconds"`
		OK              bool    `json:"ok"`
	}
)

// MarshalJSON writes durations as seconds.
func (s Suite) MarshalJSON() ([]byte, error) {
	if s.Scenarios == nil {
		s.Scenarios = []Scenario{} // a list, not null: readers loop over it
	}
	return json.Marshal(suiteTwin{plainSuite(s), times{seconds(s.VirtualTime), seconds(s.RealTime)}})
}

// UnmarshalJSON reads durations from seconds.
func (s *Suite) UnmarshalJSON(text []byte) error {
	var twin suiteTwin
	err := json.Unmarshal(text, &twin)
	*s = Suite(twin.plainSuite)
	s.VirtualTime, s.RealTime = time.Duration(twin.VirtualTimeSeconds), time.Duration(twin.RealTimeSeconds)
	return err
}

// MarshalJSON writes durations as seconds.
func (s Scenario) MarshalJSON() ([]byte, error) {
	return json.Marshal(scenarioTwin{plainScenario(s), times{seconds(s.VirtualTime), seconds(s.RealTime)}})
}

// UnmarshalJSON reads durations from seconds.
func (s *Scenario) UnmarshalJSON(text []byte) error {
	var twin scenarioTwin
	err := json.Unmarshal(text, &twin)
	*s = Scenario(twin.plainScenario)
	s.VirtualTime, s.RealTime = time.Duration(twin.VirtualTimeSeconds), time.Duration(twin.RealTimeSeconds)
	return err
}

// MarshalJSON writes durations as seconds.
func (l Load) MarshalJSON() ([]byte, error) {
	return json.Marshal(loadTwin{plainLoad(l), seconds(l.Duration)})
}

// UnmarshalJSON reads durations from seconds.
func (l *Load) UnmarshalJSON(text []byte) error {
	var twin loadTwin
	err := json.Unmarshal(text, &twin)
	*l = Load(twin.plainLoad)
	l.Duration = time.Duration(twin.DurationSeconds)
	return err
}

// MarshalJSON writes durations as seconds.
func (l Latency) MarshalJSON() ([]byte, error) {
	return json.Marshal(latencyTwin{seconds(l.Mean), seconds(l.P50), seconds(l.P90), seconds(l.P95), seconds(l.P99), seconds(l.Max)})
}

// UnmarshalJSON reads durations from seconds.
func (l *Latency) UnmarshalJSON(text []byte) error {
	var t latencyTwin
	err := json.Unmarshal(text, &t)
	*l = Latency{
		Mean: time.Duration(t.MeanSeconds), P50: time.Duration(t.P50Seconds), P90: time.Duration(t.P90Seconds),
		P95: time.Duration(t.P95Seconds), P99: time.Duration(t.P99Seconds), Max: time.Duration(t.MaxSeconds),
	}
	return err
}

// MarshalJSON writes durations as seconds.
func (p Point) MarshalJSON() ([]byte, error) {
	return json.Marshal(pointTwin{seconds(p.Intended), seconds(p.Sent), seconds(p.Done), p.OK})
}

// UnmarshalJSON reads durations from seconds.
func (p *Point) UnmarshalJSON(text []byte) error {
	var t pointTwin
	err := json.Unmarshal(text, &t)
	*p = Point{Intended: time.Duration(t.IntendedSeconds), Sent: time.Duration(t.SentSeconds), Done: time.Duration(t.DoneSeconds), OK: t.OK}
	return err
}
