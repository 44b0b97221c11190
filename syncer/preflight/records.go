package preflight

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/syncer/preflight/code"
)

// record is a call that leaves something in IDM's repository for later.
type record struct {
	script   *script
	call     code.Call
	resource string
	fields   []string
	known    bool // the fields could be made out
}

func (p *project) records() []record {
	var all []record
	for _, s := range p.scripts {
		for _, call := range s.Calls {
			if call.Name != "openidm.create" || len(call.Args) < 3 {
				continue
			}
			r := record{script: s, call: call}
			r.resource, _ = s.Value(call.Args[0])
			entries, known := s.Map(call.Args[2])
			r.known = known
			for _, e := range entries {
				r.fields = append(r.fields, e.Key)
			}
			all = append(all, r)
		}
	}
	return all
}

// auditEntries is F06. Source: ForgeRock commons audit, AuditServiceImpl: "The request requires a transactionId and a timestamp".
func auditEntries(p *project) {
	for _, r := range p.records() {
		if !strings.HasPrefix(r.resource, "audit/") || !r.known {
			continue
		}
		var missing []string
		for _, field := range []string{"transactionId", "timestamp"} {
			if !slices.Contains(r.fields, field) {
				missing = append(missing, field)
			}
		}
		if len(missing) > 0 {
			p.found("F06", r.script.at(r.call.At),
				"The audit entry has no "+strings.Join(missing, " and no ")+": IDM answers 400 after the target has taken the password, and the success is handled as a failure.",
				"Add transactionId (of the request's context) and timestamp, use the fields of the activity topic, and never let auditing decide about the outcome.")
		}
	}
}

// job is a script that looks for records of failures.
type job struct {
	script   *script
	query    code.Call
	resource string
	filter   string
	filterAt int
	item     string   // the name of one record in the loop over the result
	reads    []string // the members that the loop reads
}

// failures are the names of resources that keep failures.
var failures = regexp.MustCompile(`(?i)fail|retr|pending|queue`)

func (p *project) jobs() []job {
	const many = 100 // no project has as many jobs; each is compared with each record
	var all []job
	for _, s := range p.scripts {
		for _, call := range s.Calls {
			if call.Name != "openidm.query" || len(call.Args) < 2 || len(all) == many {
				continue
			}
			j := job{script: s, query: call, filterAt: call.At}
			j.resource, _ = s.Value(call.Args[0])
			if !strings.HasPrefix(j.resource, "repo/") && !strings.HasPrefix(j.resource, "managed/") || !failures.MatchString(j.resource) {
				continue
			}
			entries, _ := s.Map(call.Args[1])
			for _, e := range entries {
				if e.Key == "_queryFilter" {
					s.Strings(e.Value, func(i int, value string) { j.filter, j.filterAt = j.filter+value, i })
				}
			}
			j.loop()
			all = append(all, j)
		}
	}
	return all
}

// loop finds the loop over the query's result, and what it reads of each record.
func (j *job) loop() {
	s, variable := j.script, ""
	for _, set := range s.Sets {
		if set.Value.Holds(j.query.At) {
			variable = set.Name
		}
	}
	for _, call := range s.Calls {
		if call.At < j.query.At || variable == "" || !strings.HasPrefix(call.Name, variable+".") {
			continue
		}
		for _, fn := range s.Functions {
			inBlock := !call.Block.Empty() && fn.At+1 == call.Block.From
			inArgs := len(call.Args) == 1 && call.Args[0].Holds(fn.At)
			if fn.Closure && (inBlock || inArgs) && len(fn.Params) > 0 {
				j.item = s.Tokens[fn.Params[0]].Text
				j.members(fn.Body)
				return
			}
		}
	}
}

func (j *job) members(body code.Span) {
	s := j.script
	for i := body.From; i+2 < body.To; i++ {
		if s.Tokens[i].Is(j.item) && !s.follows(i, ".", "?.") && s.precedes(i, ".", "?.") && !s.precedes(i+2, "=", "(") {
			if member := s.Tokens[i+2].Text; !slices.Contains(j.reads, member) && !strings.HasPrefix(member, "_") {
				j.reads = append(j.reads, member)
			}
		}
	}
}

var filtered = regexp.MustCompile(`/?([A-Za-z_][\w/]*)\s+(?:eq|lt|le|gt|ge|co|sw|ew|pr)\b`)

// unfoundRecords is F08.
func unfoundRecords(p *project) {
	for _, j := range p.jobs() {
		var asked []string
		for _, m := range filtered.FindAllStringSubmatch(j.filter, -1) {
			asked = append(asked, m[1])
		}
		for _, r := range p.records() {
			if r.resource != j.resource || !r.known {
				continue
			}
			missing := without(asked, r.fields)
			unread := without(j.reads, append(r.fields, asked...))
			query := fmt.Sprintf("%s:%d", j.script.Path, j.script.Tokens[j.query.At].Line)
			fix := "Write every field that the job asks for and reads: " + strings.Join(union(asked, j.reads), ", ") + "."
			switch {
			case len(missing) > 0:
				p.found("F08", r.script.at(r.call.At), fmt.Sprintf(
					"The record has no %s, by which %s looks for it: it is never found, and the change is never tried again.", strings.Join(missing, ", no "), query), fix)
			case len(unread) > 0:
				p.found("F08", r.script.at(r.call.At), fmt.Sprintf(
					"The record has no %s, which the job at %s reads: it works with null.", strings.Join(unread, ", no "), query), fix)
			}
		}
	}
}

// emptyJobs is F07.
func emptyJobs(p *project) {
	for _, j := range p.jobs() {
		s := j.script
		if !slices.ContainsFunc(s.events, func(h hook) bool { return h.event == "schedule" }) && j.item == "" {
			continue
		}
		if !p.sends(s) {
			p.found("F07", s.at(j.query.At),
				"The job has no password and sends none: it cannot bring a single failed change to the target, it can only ask users to begin again.",
				"Keep the password of a failed change, sealed and for a short time, and send it again; `seatrial sync` does.")
		} else if p.storedWithoutPassword(j.resource) {
			p.found("F07", s.at(j.query.At), "The records hold no password, so the job sends an empty one.",
				"Keep the password of a failed change with its record, sealed and for a short time.")
		}
		if strings.Contains(j.filter, "retryCount") && j.item != "" && !s.sets(j.item+".retryCount") {
			p.found("F07", s.at(j.filterAt), "retryCount is asked for and never raised: a record that fails once comes back at every run, for ever.",
				"Raise "+j.item+".retryCount and store the record before the next try.")
		}
	}
	for _, s := range p.scripts {
		for _, call := range s.Calls {
			if !isAction(s, call, "selfservice/reset") || len(call.Args) < 3 {
				continue
			}
			if entries, ok := s.Map(call.Args[2]); ok && !slices.ContainsFunc(entries, func(e code.Entry) bool { return e.Key == "input" }) {
				p.found("F07", s.at(call.At),
					`The reset call has no member "input": IDM answers 400 "No input provided", no mail goes out, and the exception ends the job at its first record.`,
					`Send {"input": {"queryFilter": …}} and read status.success of the answer; or send the mail with external/email.`)
			}
		}
	}
}

func (s *script) sets(name string) bool {
	for _, set := range s.Sets {
		if set.Name == name {
			return true
		}
	}
	for i := range s.Tokens {
		if s.Tokens[i].Is("++", "+=") && i >= 3 && s.Name(code.Span{From: i - 3, To: i}) == name {
			return true
		}
	}
	return false
}

func (p *project) storedWithoutPassword(resource string) bool {
	stored := false
	for _, r := range p.records() {
		if r.resource == resource && r.known {
			stored = true
			if slices.ContainsFunc(r.fields, func(f string) bool { return strings.Contains(strings.ToLower(f), "password") }) {
				return false
			}
		}
	}
	return stored
}

// shiftedUpdates is P18. Source: Ping Identity, Scripting function reference: openidm.update(resourceName, rev, value, …).
func shiftedUpdates(p *project) {
	for _, s := range p.scripts {
		for _, call := range s.Calls {
			if call.Name != "openidm.update" || len(call.Args) < 4 {
				continue
			}
			resource, ok := s.Value(call.Args[0])
			if ok && strings.Count(resource, "/") == 1 && !strings.ContainsRune(resource, code.Hole) && s.Says(call.Args[1], "id") {
				p.found("P18", s.at(call.At),
					"openidm.update takes (name with id, revision, value); here the id stands where the revision belongs and the value is null: the update fails.",
					fmt.Sprintf(`Write openidm.update("%s/" + id, null, value).`, resource))
			}
		}
	}
}

// unrecorded is P25: a function that keeps records of some failures lets others go.
func unrecorded(p *project) {
	for _, s := range p.scripts {
		for _, try := range s.Tries {
			fn := s.method(try.At)
			if fn == nil || !slices.ContainsFunc(try.Catches, func(c code.Catch) bool { return s.keeps(c.Body) }) {
				continue
			}
			for i := fn.Body.From; i < fn.Body.To; i++ {
				if !s.Tokens[i].Is("return") || !s.returnsFailure(i) || s.keeps(s.Block(i)) {
					continue
				}
				p.found("P25", s.at(i), "This failure returns without a record: nothing will try the change again, and nobody is told.",
					"Leave the same record here as in the handler below, or throw so that the handler does it.")
			}
		}
	}
}

// keeps tells whether a block stores something in the repository.
func (s *script) keeps(block code.Span) bool {
	for _, call := range s.CallsIn(block) {
		value := ""
		if len(call.Args) > 0 {
			value, _ = s.Value(call.Args[0])
		}
		if call.Name == "openidm.create" && !strings.HasPrefix(value, "audit/") {
			return true
		}
	}
	return false
}

// returnsFailure tells whether "return" at i returns {success: false, …}.
func (s *script) returnsFailure(i int) bool {
	if !s.precedes(i, "[", "{") || s.Tokens[i+1].Pair < 0 {
		return false
	}
	for _, e := range s.Entries(code.Span{From: i + 1, To: s.Tokens[i+1].Pair + 1}) {
		if e.Key == "success" && !e.Value.Empty() && s.Tokens[e.Value.From].Is("false") {
			return true
		}
	}
	return false
}

func without(all, some []string) []string {
	var rest []string
	for _, one := range all {
		if !slices.Contains(some, one) && !slices.Contains(rest, one) {
			rest = append(rest, one)
		}
	}
	return rest
}

func union(a, b []string) []string { return append(without(a, nil), without(b, a)...) }
