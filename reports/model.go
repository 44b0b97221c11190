package reports

import "time"

// Verdict is what follows from what was observed.
type Verdict string

// A certificate is certified, not certified or void; a part of it passed, failed or is void.
const (
	Certified    Verdict = "certified"
	NotCertified Verdict = "not certified"
	Passed       Verdict = "passed"
	Failed       Verdict = "failed"
	// Void is a run that broke its own assumptions (a fault that never fired, too little traffic): it proves nothing,
	// neither good nor bad.
	Void Verdict = "void"
)

// Severities of a scenario. An unknown or empty one counts as major.
const (
	Critical = "critical" // fails the certificate
	Major    = "major"    // fails the certificate
	Minor    = "minor"    // is remarked upon
)

// Kinds of a Check.
const (
	Invariant   = "invariant"   // holds for every run, whatever its steps
	Expectation = "expectation" // stands in this scenario
)

// Report is the whole result of one command.
type Report struct {
	// Title heads the report, such as "Certificate of IDM to Oracle IDCS".
	Title string `json:"title"`
	// Verdict is filled by Judge or JudgeRun.
	Verdict Verdict `json:"verdict"`
	// Reasons say why the verdict is not the best one, the gravest first. Filled by Judge or JudgeRun.
	Reasons []string `json:"reasons,omitempty"`
	// Started and Finished are real times.
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
	// Seed repeats the run. A string in JSON: it does not fit a JavaScript number.
	Seed uint64 `json:"seed,string"`
	// Command repeats the run when typed; Version is the version of seatrial.
	Command string `json:"command,omitempty"`
	Version string `json:"version,omitempty"`
	// Checklist is the go-live checklist: every line with its proof, or what is left for people to attest.
	Checklist []Item `json:"checklist,omitempty"`
	// Inputs are the settings taken from the files under judgement, each with its place.
	Inputs []Input `json:"inputs,omitempty"`
	// Suite is the part in virtual time.
	Suite Suite `json:"suite"`
	// Load is the part over real sockets, one entry for each shape.
	Load []Load `json:"load,omitempty"`
	// Switches are the decisions about the vendor's behaviour that no public source settles.
	Switches []Switch `json:"switches,omitempty"`
	// Limits say what was not covered or not observable: the limits of the report's validity.
	Limits []string `json:"limits,omitempty"`
}

// Attest is the verdict of an item that no run can judge: somebody has to look and answer for it.
const Attest Verdict = "to attest"

// Item is one line of the go-live checklist.
type Item struct {
	Number int    `json:"number"`
	Title  string `json:"title"`
	// Verdict is Passed, Failed, Void or Attest.
	Verdict Verdict `json:"verdict"`
	// Evidence is what was seen, for and against, each a sentence.
	Evidence []string `json:"evidence,omitempty"`
	// Todo is what remains for people to attest, also beside evidence; Command is what shows it to them.
	Todo    string `json:"todo,omitempty"`
	Command string `json:"command,omitempty"`
	// Own are reasons against the item that stand nowhere else in the report; they decide the verdict of the whole.
	Own []string `json:"own,omitempty"`
}

// Input is one setting and where it was found.
type Input struct {
	// What names the setting, such as "endpoint".
	What string `json:"what"`
	// Value is what was understood.
	Value string `json:"value"`
	// From is the file, or "default"; Line is the line in it, from 1, or 0.
	From string `json:"from"`
	Line int    `json:"line,omitempty"`
	// Problem is what is wrong with it, such as "not JSON: …"; empty when nothing is.
	Problem string `json:"problem,omitempty"`
}

// Switch is a named decision about the vendor's behaviour under which the simulator ran.
type Switch struct {
	// Target is the simulator, such as "idcs".
	Target string `json:"target"`
	Name   string `json:"name"`
	// Value was in force; Default is what it is unless set.
	Value   string `json:"value"`
	Default string `json:"default"`
	// Note says what is uncertain and why this default.
	Note string `json:"note,omitempty"`
}

// Suite is a number of scenarios that ran together.
type Suite struct {
	Scenarios []Scenario `json:"scenarios"`
	// VirtualTime is how long the scenarios lasted by their own clocks, all added up; RealTime is what the run took.
	VirtualTime time.Duration `json:"-"` // virtualTimeSeconds
	RealTime    time.Duration `json:"-"` // realTimeSeconds
}

// Scenario is the result of one scenario.
type Scenario struct {
	// ID is unique in the suite, such as "idcs/token-revoked-mid-run".
	ID string `json:"id"`
	// Title says what must hold, as a sentence; Because says where that comes from.
	Title   string `json:"title"`
	Because string `json:"because,omitempty"`
	// Severity is Critical, Major or Minor.
	Severity string  `json:"severity"`
	Verdict  Verdict `json:"verdict"`
	// Reasons say why the scenario did not pass, beyond what Checks and Failures say: above all why it is void.
	Reasons []string `json:"reasons,omitempty"`
	// Seed repeats this scenario; Repeat is the command that does.
	Seed   uint64 `json:"seed,string"`
	Repeat string `json:"repeat,omitempty"`
	// VirtualTime is how long it lasted by its own clock; RealTime is what that took.
	VirtualTime time.Duration `json:"-"` // virtualTimeSeconds
	RealTime    time.Duration `json:"-"` // realTimeSeconds
	// Outcomes counts the changes by how they ended: "applied", "parked: policy", "superseded".
	Outcomes map[string]int `json:"outcomes,omitempty"`
	// Speed is how long the applied changes took, from their submission to their end, by the clock of the run.
	Speed Latency `json:"speed,omitzero"`
	// Checks are what was judged: the invariants, then the scenario's own expectations.
	Checks []Check `json:"checks,omitempty"`
	// Faults are the rules that were planted, with what became of them.
	Faults []Fault `json:"faults,omitempty"`
	// Failures are the evidence.
	Failures []Failure `json:"failures,omitempty"`
}

// Check is one thing that was judged.
type Check struct {
	// Name is the invariant's, such as "newest-wins", or the text of the expectation.
	Name string `json:"name"`
	// Kind is Invariant or Expectation.
	Kind string `json:"kind"`
	// Verdict is Passed, Failed, or Void when it could not be observed.
	Verdict Verdict `json:"verdict"`
	// Detail names what was found: the user, the change, the journal entries; or why it could not be observed.
	Detail string `json:"detail,omitempty"`
}

// Fault is a planted fault and what became of it.
type Fault struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// Seen counts the requests in its scope while it was open, Fired those it touched.
	Seen  uint64 `json:"seen"`
	Fired uint64 `json:"fired"`
	// From and Until are its window, by the clock of the run; zero means open.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// Failure is one thing that went wrong, with what was said on the wire.
type Failure struct {
	// Summary is one sentence.
	Summary string `json:"summary"`
	// User is the user name it is about; may be empty.
	User string `json:"user,omitempty"`
	// Exchanges are the requests and answers that show it, in order.
	Exchanges []Exchange `json:"exchanges,omitempty"`
}

// Exchange is a request and its answer, redacted by the journal.
type Exchange struct {
	// Time is when the request arrived, by the clock of the run.
	Time time.Time `json:"time,omitzero"`
	// Target is the simulator.
	Target string `json:"target"`
	Method string `json:"method"`
	Path   string `json:"path"`
	// Status is the HTTP status; 0 means that no answer was sent.
	Status int `json:"status"`
	// Request and Response are headers and body as text, or the body alone.
	Request  string `json:"request,omitempty"`
	Response string `json:"response,omitempty"`
	// Duration is for people, such as "120ms".
	Duration string `json:"duration,omitempty"`
	// Faults are the ids of the rules that fired on it.
	Faults []string `json:"faults,omitempty"`
	// Note is a remark, such as "applied, but the answer was lost".
	Note string `json:"note,omitempty"`
}

// Load is the result of one shape of load. A change is counted in exactly one of Applied, Refused and Lost once it was
// accepted, and in Errors when it was not.
type Load struct {
	// Name is the shape's name, such as "burst"; Shape says it in words, such as "150 changes at once".
	Name    string  `json:"name"`
	Shape   string  `json:"shape"`
	Verdict Verdict `json:"verdict"`
	// Reasons say why it failed or is void, beyond Criteria and Checks.
	Reasons []string `json:"reasons,omitempty"`
	// Started is the start of the attack: the zero of Points.
	Started time.Time `json:"started,omitzero"`
	// Planned changes were to be sent; Sent ones were; Accepted ones were taken by the engine; Applied ones were seen as
	// accepted by the target; Refused ones ended with a refusal; Lost ones did neither in time.
	Planned  int `json:"planned"`
	Sent     int `json:"sent"`
	Accepted int `json:"accepted"`
	Applied  int `json:"applied"`
	Refused  int `json:"refused"`
	Lost     int `json:"lost"`
	// Concurrency is the highest number of changes seen in flight at once.
	Concurrency int `json:"concurrency"`
	// AskedRate and SentRate are changes per second, asked for and reached; 0 for a burst.
	AskedRate float64 `json:"askedRate,omitempty"`
	SentRate  float64 `json:"sentRate,omitempty"`
	// FromIntended is the latency of the applied changes from the time at which each was due: the headline. A system that
	// is late in taking changes looks slow here. FromSent is measured from the time at which it was in fact sent.
	FromIntended Latency `json:"fromIntended"`
	FromSent     Latency `json:"fromSent"`
	// Duration is from the start to the last change's end.
	Duration time.Duration `json:"-"` // durationSeconds
	// Criteria are the thresholds and what was measured.
	Criteria []Criterion `json:"criteria,omitempty"`
	// Errors counts what went wrong by its text.
	Errors map[string]int `json:"errors,omitempty"`
	// Faults are the rules that were open meanwhile, the target's latency among them.
	Faults []Fault `json:"faults,omitempty"`
	// Points are the changes, all of them or an even selection, in the order in which they were due.
	Points []Point `json:"points,omitempty"`
	// Failures are the evidence: the first changes that went wrong.
	Failures []Failure `json:"failures,omitempty"`
	// Checks are the invariants over the whole history of the shape.
	Checks []Check `json:"checks,omitempty"`
	// Repeat is the command that repeats the shape.
	Repeat string `json:"repeat,omitempty"`
}

// Latency are exact figures from all values, not estimates. A percentile is the smallest value that at least that share
// of all values does not exceed. All are 0 when nothing was measured.
type Latency struct {
	Mean time.Duration `json:"-"` // meanSeconds
	P50  time.Duration `json:"-"` // p50Seconds
	P90  time.Duration `json:"-"` // p90Seconds
	P95  time.Duration `json:"-"` // p95Seconds
	P99  time.Duration `json:"-"` // p99Seconds
	Max  time.Duration `json:"-"` // maxSeconds
}

// Criterion is one threshold with what was measured, both as text with their units.
type Criterion struct {
	// Name is what is measured, such as "success rate".
	Name string `json:"name"`
	// Want is the threshold, such as ">= 98.7 %"; Got is the figure, such as "97.2 %".
	Want string `json:"want"`
	Got  string `json:"got"`
	Met  bool   `json:"met"`
}

// Point is one change of a load, each time since the load's start.
type Point struct {
	// Intended is when it was due, Sent when it was sent, Done when the target had accepted it or it was given up.
	Intended time.Duration `json:"-"` // intendedSeconds
	Sent     time.Duration `json:"-"` // sentSeconds
	Done     time.Duration `json:"-"` // doneSeconds
	// OK means that the target accepted it.
	OK bool `json:"ok"`
}
