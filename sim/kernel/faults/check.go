package faults

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/network"
)

// order is in which kinds act; its members are all the kinds.
var order = []Kind{
	KindCertificate, KindHandshake,
	KindLatency, KindThrottle, KindStatus, KindDisconnect, KindReset, KindHalfOpen, KindHang, KindDrip, KindStall, KindCut, KindLoseAnswer,
}

// Kinds lists all of them, in the order in which they act.
func Kinds() []Kind { return slices.Clone(order) }

// ofHandshake tells the kinds that act on handshakes and not on requests.
func (k Kind) ofHandshake() bool { return k == KindCertificate || k == KindHandshake }

// mistakes collects every error of a rule, each with the path of its field.
type mistakes []error

func (m *mistakes) add(field, format string, values ...any) {
	*m = append(*m, fmt.Errorf("faults."+field+": "+format, values...))
}

// Validate names every mistake in the rule of an HTTP simulator: "faults.share: 1.5 is not within 0…1".
func (r Rule) Validate() error { return r.validate(overHTTP) }

// ValidateLDAP is Validate for the rule of a simulator that speaks LDAP.
func (r Rule) ValidateLDAP() error { return r.validate(overLDAP) }

func (r Rule) validate(p protocol) error {
	var m mistakes
	if !slices.Contains(order, r.Kind) {
		m.add("kind", "%q is none of %s", r.Kind, kinds())
	}
	if instead, not := p.without[r.Kind]; not {
		m.add("kind", "there is no %s over %s: %s", r.Kind, p.name, instead)
	}
	if strings.TrimSpace(r.ID) != r.ID || len(r.ID) > 100 || strings.ContainsFunc(r.ID, func(c rune) bool { return c < ' ' }) {
		m.add("id", "%q has blanks around it, control characters or more than 100 bytes", r.ID)
	}
	r.checkKind(&m, p)
	r.Trigger.check(&m)
	if r.Kind.ofHandshake() {
		r.Scope.checkHandshake(&m, p)
	} else if err := p.checkRoute(r.Scope.Route); err != nil {
		m.add("route", "%w", err)
	}
	return errors.Join(m...)
}

// checkHandshake: a handshake comes before anybody has asked for anything.
func (s Scope) checkHandshake(m *mistakes, p protocol) {
	if s.User != "" {
		m.add("user", "nobody has given a name yet when TLS begins: leave it out")
	}
	if s.Client != "" {
		m.add("client", "nobody has given a name yet when TLS begins: leave it out")
	}
	switch route := strings.ToUpper(s.Route); {
	case route == "", route == "*", slices.Contains(p.handshakes, route):
	case len(p.handshakes) == 0:
		m.add("route", "nobody has asked for %q yet when TLS begins: leave it out", s.Route)
	default:
		m.add("route", "%q is no handshake: write %s, or leave it out", s.Route, strings.Join(p.handshakes, " or "))
	}
}

// checkKind checks what the kind needs, and refuses what it would silently ignore.
func (r Rule) checkKind(m *mistakes, p protocol) {
	if r.Kind == KindLatency {
		r.Latency.check(m)
	} else if !r.Latency.zero() {
		m.add("latency", "does nothing for the kind %q", r.Kind)
	}
	if r.Kind == KindThrottle {
		r.Throttle.check(m)
	} else if r.Throttle != (Throttle{}) {
		m.add("throttle", "does nothing for the kind %q", r.Kind)
	}
	says := r.Kind == KindStatus || r.Kind == KindDisconnect
	switch {
	case p.without[r.Kind] != "": // that is mistake enough
	case says && !p.status(r.code()):
		m.add("status", "%d is not within %s", r.Status, p.statuses)
	case !says && r.Status != 0:
		m.add("status", "does nothing for the kind %q", r.Kind)
	case r.Kind == KindLoseAnswer && slices.Contains(p.lost, r.Body): // part of it is sent
	case !says && r.Body != "":
		m.add("body", "does nothing for the kind %q", r.Kind)
	}
	r.checkHandshakes(m)
	r.checkParts(m, p)
	switch answers := r.Kind == KindStatus || r.Kind == KindThrottle; {
	case r.RetryAfter < 0:
		m.add("retryAfter", "%v is negative", r.RetryAfter)
	case !answers && r.RetryAfter != 0:
		m.add("retryAfter", "does nothing for the kind %q", r.Kind)
	case r.RetryAfter != 0 && !p.retryAfter:
		m.add("retryAfter", "an answer over %s cannot ask for a wait", p.name)
	}
}

// checkHandshakes checks what belongs to the kinds that act on handshakes.
func (r Rule) checkHandshakes(m *mistakes) {
	flaws := network.Flaws()
	switch {
	case r.Kind == KindCertificate && r.Certificate == "":
		m.add("certificate", "is missing: write what is wrong with it, one of %s", list(flaws))
	case r.Kind == KindCertificate && !slices.Contains(flaws, r.Certificate):
		m.add("certificate", "%q is none of %s", r.Certificate, list(flaws))
	case r.Kind != KindCertificate && r.Certificate != "":
		m.add("certificate", "does nothing for the kind %q: use the kind certificate", r.Kind)
	}
	ways := []string{HandshakeClose, HandshakeGarbage, HandshakeHang}
	switch {
	case r.Kind == KindHandshake && r.Handshake == "":
		m.add("handshake", "is missing: write how it goes wrong, one of %s", list(ways))
	case r.Kind == KindHandshake && !slices.Contains(ways, r.Handshake):
		m.add("handshake", "%q is none of %s", r.Handshake, list(ways))
	case r.Kind != KindHandshake && r.Handshake != "":
		m.add("handshake", "does nothing for the kind %q: use the kind handshake", r.Kind)
	}
}

// checkParts checks what belongs to the kinds that act on a part of an answer, or on more than one.
func (r Rule) checkParts(m *mistakes, p protocol) {
	method, _, _ := strings.Cut(strings.ToUpper(r.Scope.Route), " ")
	switch {
	case r.After < 0:
		m.add("after", "%d is negative", r.After)
	case r.After > 0 && !slices.Contains(p.after, r.Kind):
		m.add("after", "does nothing for the kind %q over %s", r.Kind, p.name)
	case r.After > 0 && p.partsOnly != "" && method != p.partsOnly:
		m.add("after", "counts %s: write route: %s, alone or with a DN", p.counts, p.partsOnly)
	}
	switch {
	case r.Kind == KindDrip && !(r.Rate > 0 && r.Rate <= maxDrip): // NaN is not above 0 either
		m.add("rate", "%v is not above 0 and at most %d: how many bytes a second?", r.Rate, int(maxDrip))
	case r.Kind != KindDrip && r.Rate != 0:
		m.add("rate", "does nothing for the kind %q", r.Kind)
	}
	if r.All && r.Kind != KindDisconnect {
		m.add("all", "does nothing for the kind %q: use the kind disconnect", r.Kind)
	}
}

func kinds() string { return list(order) }

func list[S ~string](names []S) string {
	texts := make([]string, len(names))
	for i, name := range names {
		texts[i] = string(name)
	}
	return strings.Join(texts, ", ")
}

func (t Trigger) check(m *mistakes) {
	if t.Share != nil && !(*t.Share >= 0 && *t.Share <= 1) { // NaN is not within either
		m.add("share", "%v is not within 0…1", *t.Share)
	}
	for _, count := range []struct {
		field string
		value int
	}{{"first", t.First}, {"skip", t.Skip}, {"every", t.Every}} {
		if count.value < 0 {
			m.add(count.field, "%d is negative", count.value)
		}
	}
	notNegative(m, "from", t.From)
	notNegative(m, "until", t.Until)
	if t.Until > 0 && t.Until <= t.From {
		m.add("until", "%v is not after from (%v)", t.Until, t.From)
	}
}

func (t Throttle) check(m *mistakes) {
	good := func(rate float64) bool { return rate > 0 && !math.IsInf(rate, 0) }
	switch {
	case t.Rate != 0 && t.PerMinute != 0:
		m.add("throttle.perMinute", "give either this or rate")
	case t.PerMinute != 0 && !good(t.PerMinute):
		m.add("throttle.perMinute", "%v is not above 0", t.PerMinute)
	case t.PerMinute == 0 && !good(t.Rate):
		m.add("throttle.rate", "%v is not above 0; to refuse every request, use the kind status with 429", t.Rate)
	}
	if t.Burst < 0 {
		m.add("throttle.burst", "%d is negative", t.Burst)
	}
}

func notNegative(m *mistakes, field string, d time.Duration) {
	if d < 0 {
		m.add(field, "%v is negative", d)
	}
}
