package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seatrial/seatrial/sim/control"
	"github.com/seatrial/seatrial/sim/kernel/faults"
)

// parts of a fault rule that belong to some kinds only; the others (trigger, scope, note) belong to all.
var partsOfKind = map[string][]string{
	"certificate": {"certificate"},
	"handshake":   {"handshake"},
	"latency":     {"latency"},
	"throttle":    {"rate", "burst", "retryAfter"},
	"status":      {"status", "body", "retryAfter", "after"},
	"disconnect":  {"status", "body", "all"},
	"reset":       nil,
	"half_open":   nil,
	"hang":        nil,
	"drip":        {"rate"},
	"stall":       {"after"},
	"cut":         {"after"},
	"lose_answer": {"body"},
}

// fault checks a rule. What of it is right as a text is shown to the simulator's own check, of HTTP or of LDAP.
func (l *linter) fault(f Fault, n *node, check func(faults.Rule) error) {
	before := len(l.found.found)
	l.faultText(f, n)
	if len(l.found.found) > before {
		return
	}
	rule, err := control.FaultRule(f.input(f.ID))
	if err == nil {
		err = check(rule)
	}
	if err == nil {
		return
	}
	for line := range strings.Lines(err.Error()) {
		field, text, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "faults."), ": ")
		at := n.at
		if there := n.child(field); there != nil {
			at = there.at
		}
		l.found.add(at, "%s: %s", field, text)
	}
}

func (l *linter) faultText(f Fault, n *node) {
	id := faultID(f, len(l.faults))
	if slices.Contains(l.faults, id) {
		l.found.add(n.find("id").at, "id: a rule %q is there already", id)
	}
	if strings.HasPrefix(id, weatherID) {
		l.found.add(n.find("id").at, "id: %q is taken by the target's usual latency", id)
	}
	l.faults = append(l.faults, id)

	own := partsOfKind[f.Kind]
	for _, parts := range partsOfKind {
		for _, part := range parts {
			if !slices.Contains(own, part) && n.child(part) != nil {
				l.found.add(n.key(part), "%s: %s is not a part of kind %s", part, part, f.Kind)
			}
		}
	}
	switch f.Kind {
	case "latency":
		if f.Latency == nil {
			l.found.add(n.at, "latency: missing; write latency: {constant: 2s}")
		} else {
			l.latency(*f.Latency, n.find("latency"))
		}
	case "throttle":
		if f.Rate <= 0 {
			l.found.add(n.at, "rate: missing; write how many requests a second")
		}
	case "status":
		if f.Status == 0 {
			l.found.add(n.at, "status: missing; write the code, such as 503")
		}
	}
	if f.Share != nil && *f.Share == 0 {
		l.found.add(n.find("share").at, "share: 0 never fires, and a rule that never fires makes the run void")
	}
	for name, d := range map[string]Duration{"from": f.From, "until": f.Until, "retryAfter": f.RetryAfter} {
		if d < 0 {
			l.found.add(n.find(name).at, "%s: %s is before the beginning", name, d)
		}
	}
	if f.Until != 0 && f.Until <= f.From {
		l.found.add(n.find("until").at, "until: %s is not after from: %s", f.Until, f.From)
	}
	l.faultUser(f, n)
}

func (l *linter) faultUser(f Fault, n *node) {
	if number, ok := numbered(f.User); ok {
		population := l.scenario.residents()
		if number < 1 || number > population {
			l.found.add(n.find("user").at, "user: there are %d users, not %d", population, number)
		}
	}
}

// latency: each form needs its own numbers, and only one form may be there.
func (l *linter) latency(d Latency, n *node) {
	forms := map[string]bool{
		"constant":       n.child("constant") != nil,
		"min and max":    n.child("min") != nil || n.child("max") != nil,
		"median and p95": n.child("median") != nil || n.child("p95") != nil,
		"percentiles":    n.child("percentiles") != nil,
	}
	count := 0
	for _, present := range forms {
		if present {
			count++
		}
	}
	switch {
	case count != 1:
		l.found.add(n.at, "latency: write one of constant, min and max, median and p95, percentiles")
	case forms["min and max"] && d.Min > d.Max:
		l.found.add(n.at, "latency: min %s is above max %s", d.Min, d.Max)
	case forms["median and p95"] && (d.Median <= 0 || d.P95 <= d.Median):
		l.found.add(n.at, "latency: median %s is not below p95 %s", d.Median, d.P95)
	}
	for _, value := range []Duration{d.Constant, d.Min, d.Median} {
		if value < 0 {
			l.found.add(n.at, "latency: %s is less than nothing", value)
		}
	}
}

// faultID is the rule's own name, or its kind with its number, so that reports and repeated runs call it the same.
func faultID(f Fault, number int) string {
	if f.ID != "" {
		return f.ID
	}
	return fmt.Sprintf("%s-%d", f.Kind, number+1)
}

// numbered reads "#3", the third user.
func numbered(user string) (int, bool) {
	digits, is := strings.CutPrefix(user, "#")
	if !is {
		return 0, false
	}
	number := 0
	if _, err := fmt.Sscanf(digits, "%d", &number); err != nil {
		return 0, true
	}
	return number, true
}
