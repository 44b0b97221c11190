package okta

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

func mountLogs(t table) {
	t.add(http.MethodGet, "/api/v1/logs", "log", readLogs, (*call).readLog)
}

const (
	logPage    = 100
	logPageMax = 1000
	logSpan    = 7 * 24 * time.Hour
)

// logDialect is SCIM's, with co, ew and not (Okta, System Log API). The list of operators in an error is quoted from there.
var logDialect = dialect{negation: true, expected: "eq,co,sw,pr,gt,ge,lt,le", operators: func(name string) []string {
	switch name {
	case "eventType", "severity", "displayMessage", "legacyEventType", "uuid", "published", "outcome.result", "outcome.reason",
		"actor.id", "actor.alternateId", "actor.type", "actor.displayName", "target.id", "target.alternateId", "target.type",
		"target.displayName", "client.ipAddress", "client.userAgent.rawUserAgent", "transaction.id", "debugContext.debugData.requestId":
		return []string{"eq", "ne", "co", "sw", "ew", "pr", "gt", "ge", "lt", "le"}
	}
	return nil
}}

func (e *event) attribute(name string) []string {
	switch name {
	case "eventType":
		return []string{e.kind.name}
	case "severity":
		return []string{e.severity}
	case "displayMessage":
		return []string{e.kind.message}
	case "legacyEventType":
		return []string{e.legacy()}
	case "uuid":
		return []string{e.uuid}
	case "published":
		return []string{e.published.UTC().Format(time.RFC3339Nano)}
	case "outcome.result":
		return []string{e.outcome}
	case "outcome.reason":
		return []string{e.reason}
	case "actor.id", "actor.alternateId", "actor.displayName":
		return []string{e.actor}
	case "actor.type":
		return []string{e.actorType}
	case "target.id":
		return e.ofTargets(func(t eventTarget) string { return t.id })
	case "target.alternateId":
		return e.ofTargets(func(t eventTarget) string { return t.alternateID })
	case "target.displayName":
		return e.ofTargets(func(t eventTarget) string { return t.displayName })
	case "target.type":
		return e.ofTargets(func(t eventTarget) string { return t.kind })
	case "client.ipAddress":
		return []string{e.ip}
	case "client.userAgent.rawUserAgent":
		return []string{e.userAgent}
	case "transaction.id", "debugContext.debugData.requestId":
		return []string{e.requestID}
	}
	return nil
}

// failures are the old names of what failed, where they differ (Okta, Event types, 2020).
var failures = strings.NewReplacer("password_update.success", "password_update.failure", "login_success", "login_failed")

// legacy is the old name.
func (e *event) legacy() string {
	if e.outcome == "FAILURE" {
		return failures.Replace(e.kind.legacy)
	}
	return e.kind.legacy
}

// logRequest is what a client wants of the log.
type logRequest struct {
	since, until time.Time
	bounded      bool // with an until: the last page has no next
	down         bool
	limit        int
	after        uint64
	wanted       func(*event) bool
}

// readLog answers a polling request (ascending, without until) with a next link always, even behind an empty page: that is how
// clients wait for more.
func (c *call) readLog() error {
	q, err := c.logRequest()
	if err != nil {
		return err
	}
	events := c.s.log.all()
	if q.down {
		slices.Reverse(events)
	}
	page, last, more := []object{}, q.after, false
	for _, e := range events {
		passed := q.after != 0 && (!q.down && e.sequence <= q.after || q.down && e.sequence >= q.after)
		if passed || e.published.Before(q.since) || !e.published.Before(q.until) || !q.wanted(e) {
			continue
		}
		if len(page) == q.limit {
			more = true
			break
		}
		page, last = append(page, c.eventDocument(e)), e.sequence
	}
	links := []string{"<" + c.base + c.r.URL.RequestURI() + `>; rel="self"`}
	if more || !q.bounded && !q.down {
		links = append(links, c.nextLink(strconv.FormatUint(last, 10), q.limit))
	}
	c.w.Header()["Link"] = links
	return c.sendJSON(page)
}

func (c *call) logRequest() (*logRequest, error) {
	now := c.s.kernel.Clock.Now()
	q := &logRequest{until: now.Add(time.Second), limit: logPage, wanted: func(*event) bool { return true }}
	if err := c.logTimes(q); err != nil {
		return nil, err
	}
	switch order := c.query.Get("sortOrder"); order {
	case "", "ASCENDING":
	case "DESCENDING":
		q.down = true
	default:
		return nil, refuse(validation, "sortOrder").because("sortOrder: must be ASCENDING or DESCENDING")
	}
	if text := c.query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > logPageMax {
			return nil, refuse(validation, "limit").because("limit: must be between 0 and 1000")
		}
		q.limit = n
	}
	if text := c.query.Get("after"); text != "" {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, refuse(validation, "after").because("after: is not a cursor of this log")
		}
		q.after = n
	}
	return q, c.logFilter(q)
}

func (c *call) logTimes(q *logRequest) error {
	for name, at := range map[string]*time.Time{"since": &q.since, "until": &q.until} {
		text := c.query.Get(name)
		if text == "" {
			continue
		}
		parsed, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return refuse(validation, name).because(name + ": must be a valid date-time or empty.")
		}
		*at = parsed
		q.bounded = q.bounded || name == "until"
	}
	if q.since.IsZero() {
		q.since = q.until.Add(-logSpan)
	}
	return nil
}

// logFilter reads filter and q; each word of q must occur in some value.
func (c *call) logFilter(q *logRequest) error {
	words := strings.Fields(strings.ToLower(c.query.Get("q")))
	var condition condition
	if text := c.query.Get("filter"); text != "" {
		var err error
		if condition, err = parseQuery(text, logDialect); err != nil {
			var bad *badExpression
			if errors.As(err, &bad) && strings.HasPrefix(bad.text, "field is not valid") {
				return refuse(invalidLogFilter, bad.text)
			}
			return refuse(invalidLogFilter, "Invalid filter '"+text+"': "+err.Error())
		}
	}
	q.wanted = func(e *event) bool {
		if condition != nil && !condition.matches(e.attribute) {
			return false
		}
		if len(words) == 0 {
			return true
		}
		all := strings.ToLower(strings.Join([]string{e.kind.name, e.kind.message, e.login, e.displayName, e.actor, e.reason, e.outcome, e.userID}, "\n"))
		return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(all, word) })
	}
	return nil
}

func orNullText(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// eventDocument has the members of Okta's example of a LogEvent.
func (c *call) eventDocument(e *event) object {
	var target any
	if targets := e.targets(); targets != nil {
		list := make([]object, 0, len(targets))
		for _, t := range targets {
			list = append(list, object{
				{"id", t.id}, {"type", t.kind}, {"alternateId", t.alternateID}, {"displayName", t.displayName}, {"detailEntry", nil},
			})
		}
		target = list
	}
	transaction, debug := "WEB", object{{"requestId", e.requestID}, {"requestUri", e.path}, {"url", e.path + "?"}}
	if e.path == "" { // the org's own doing
		transaction, debug = "JOB", object{}
	}
	return object{
		{"actor", object{{"id", e.actor}, {"type", e.actorType}, {"alternateId", e.actor}, {"displayName", e.actor}, {"detailEntry", nil}}},
		{"client", object{
			{"userAgent", object{{"rawUserAgent", orNullText(e.userAgent)}, {"os", "Unknown"}, {"browser", "UNKNOWN"}}},
			{"zone", "null"},
			{"device", "Unknown"},
			{"id", nil},
			{"ipAddress", orNullText(e.ip)},
			{"geographicalContext", nil},
		}},
		{"device", nil},
		{"authenticationContext", object{
			{"authenticationProvider", nil},
			{"credentialProvider", nil},
			{"credentialType", nil},
			{"issuer", nil},
			{"interface", nil},
			{"authenticationStep", 0},
			{"externalSessionId", "unknown"},
		}},
		{"displayMessage", e.kind.message},
		{"eventType", e.kind.name},
		{"outcome", object{{"result", orNullText(e.outcome)}, {"reason", orNullText(e.reason)}}},
		{"published", e.published.UTC().Format("2006-01-02T15:04:05.000Z")},
		{"securityContext", object{{"asNumber", nil}, {"asOrg", nil}, {"isp", nil}, {"domain", nil}, {"isProxy", nil}}},
		{"severity", e.severity},
		{"debugContext", object{{"debugData", debug}}},
		{"legacyEventType", orNullText(e.legacy())},
		{"transaction", object{{"type", transaction}, {"id", e.requestID}, {"detail", object{}}}},
		{"uuid", e.uuid},
		{"version", "0"},
		{"request", object{{"ipChain", []object{{{"ip", orNullText(e.ip)}, {"geographicalContext", nil}, {"version", "V4"}, {"source", nil}}}}}},
		{"target", target},
	}
}
