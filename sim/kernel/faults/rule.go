package faults

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/network"
)

// Kind is what a rule does.
type Kind string

// The kinds that act on a TLS handshake, in the order in which they do.
const (
	KindCertificate Kind = "certificate" // a certificate that the client must not accept
	KindHandshake   Kind = "handshake"   // a handshake that is not answered as TLS wants it
)

// The kinds that act on a request, in the order in which they do.
const (
	KindLatency    Kind = "latency"     // the answer comes late
	KindThrottle   Kind = "throttle"    // beyond a rate, the vendor's 429
	KindStatus     Kind = "status"      // an error instead of the answer, or of the rest of it
	KindDisconnect Kind = "disconnect"  // LDAP: a notice of disconnection instead of an answer
	KindReset      Kind = "reset"       // the connection is cut, nothing is carried out
	KindHalfOpen   Kind = "half_open"   // LDAP: the connection is dead from now on, and nobody says so
	KindHang       Kind = "hang"        // no answer until the client goes or the rule is removed
	KindDrip       Kind = "drip"        // carried out, and the answer trickles
	KindStall      Kind = "stall"       // carried out, and the answer stops; the connection stays
	KindCut        Kind = "cut"         // carried out, and the answer breaks off with the connection
	KindLoseAnswer Kind = "lose_answer" // carried out, then the connection is cut instead of an answer
)

// The values of Rule.Handshake.
const (
	HandshakeClose   = "close"   // the connection is closed instead of an answer
	HandshakeGarbage = "garbage" // something that is not TLS, then the connection is closed
	HandshakeHang    = "hang"    // nothing, until the client goes or the rule is removed
)

// Rule is one fault: what, to whom, when and how often.
type Rule struct {
	ID         string // made from the kind and a number when empty: "latency-1"
	Kind       Kind
	Note       string        // for people
	Latency    Latency       // latency
	Throttle   Throttle      // throttle
	Status     int           // status: 200 to 599, over LDAP a result code; disconnect: a result code, 0 is unavailable (52)
	Body       string        // status, disconnect: "vendor" (the default), "gateway" (what a proxy in front would say) or a literal text; lose_answer over LDAP: Half
	RetryAfter time.Duration // throttle, status: what the answer says; 0 leaves it to the vendor
	// Certificate is what is wrong with it, Handshake one of the values above: of the kinds of these names.
	Certificate network.Flaw
	Handshake   string
	// After is how much of an answer is sent before the rule acts: of HTTP so many bytes of the body (stall, cut), of a search over
	// LDAP so many entries (stall, cut, status).
	After   int
	Rate    float64 // drip: bytes a second
	All     bool    // disconnect: every connection of the server, not only the one that asked
	Trigger Trigger
	Scope   Scope
}

// Latency is a distribution of delays.
type Latency struct {
	Kind        string        // constant, uniform, lognormal or percentiles; may be left out when the other fields tell
	Value       time.Duration // constant
	Min, Max    time.Duration // uniform: the bounds; percentiles: the values at 0 and at 100; lognormal: Max cuts the tail
	Median, P95 time.Duration // lognormal
	// Percentiles are points of the distribution, such as {50: 120ms, 95: 450ms, 99: 1.2s}, joined by straight lines.
	// Below the lowest point the line goes to Min; beyond the highest it goes to Max, or stays level without one.
	Percentiles map[float64]time.Duration
}

// Throttle is a token bucket.
type Throttle struct {
	Rate      float64 // requests a second
	PerMinute float64 // the same by the minute; either of the two
	Burst     int     // requests that may come at once; 0 is one second's worth, at least one
}

// Trigger says which of the requests in scope a rule acts on, in this order: those within the window, without the first
// Skip, each Every-th of the rest, a random Share of these, and First times at most. The zero Trigger is always.
type Trigger struct {
	Share       *float64      // 0 to 1; nil is 1, and 0 never acts
	First       int           // acts so many times at most; 0 is without end
	Skip        int           // lets so many pass before
	Every       int           // 3 acts on the 3rd, the 6th, …; 0 and 1 on each
	From, Until time.Duration // the window, since the rule was added; 0 is open
}

// Scope says whose requests a rule sees. The zero Scope is everybody's.
type Scope struct {
	Route  string // "PATCH /admin/v1/Users/*", "/oauth2/*", over LDAP "MODIFY uid=*,ou=People,dc=example,dc=com", "BIND"; a * stands for any characters; of handshakes "LDAPS", "START_TLS"
	User   string // a user name, in any case
	Client string // the id of an OAuth client, over LDAP the DN that is bound
}

// Status is a rule and what became of it.
type Status struct {
	Rule
	Seen                  uint64 // requests in scope while the window was open
	Fired                 uint64 // those that it acted on
	Added                 time.Time
	FirstFired, LastFired time.Time
}

// String describes the rule in a line: "latency 120ms, 25% of PATCH /admin/v1/Users/*, 3 times at most".
func (r Rule) String() string {
	parts := []string{strings.TrimSpace(string(r.Kind) + " " + r.detail())}
	whose := []string{}
	if r.Scope.Route != "" {
		whose = append(whose, r.Scope.Route)
	}
	if r.Scope.User != "" {
		whose = append(whose, "user "+r.Scope.User)
	}
	if r.Scope.Client != "" {
		whose = append(whose, "client "+r.Scope.Client)
	}
	t := r.Trigger
	scope := strings.Join(whose, ", ")
	if t.Share != nil {
		if scope == "" {
			scope = "requests"
		}
		scope = fmt.Sprintf("%.4g%% of %s", *t.Share*100, scope)
	}
	if scope != "" {
		parts = append(parts, scope)
	}
	if t.Skip > 0 {
		parts = append(parts, fmt.Sprintf("without the first %d", t.Skip))
	}
	if t.Every > 1 {
		parts = append(parts, fmt.Sprintf("each %d.", t.Every))
	}
	if t.First > 0 {
		parts = append(parts, fmt.Sprintf("%d times at most", t.First))
	}
	if t.From > 0 {
		parts = append(parts, "from "+t.From.String())
	}
	if t.Until > 0 {
		parts = append(parts, "until "+t.Until.String())
	}
	return strings.Join(parts, ", ")
}

func (r Rule) detail() string {
	var text string
	switch r.Kind {
	case KindLatency:
		text = r.Latency.String()
	case KindThrottle:
		rate, unit := r.Throttle.Rate, "s"
		if r.Throttle.PerMinute != 0 {
			rate, unit = r.Throttle.PerMinute, "min"
		}
		text = fmt.Sprintf("beyond %v/%s (burst %d)", rate, unit, r.Throttle.bucket().Burst())
	case KindStatus:
		text = strconv.Itoa(r.Status)
	case KindDisconnect:
		text = strconv.Itoa(r.code())
		if r.All {
			text += " all"
		}
	case KindCertificate:
		text = string(r.Certificate)
	case KindHandshake:
		text = r.Handshake
	case KindDrip:
		text = fmt.Sprintf("%v bytes/s", r.Rate)
	case KindReset, KindHalfOpen, KindHang, KindStall, KindCut, KindLoseAnswer:
	}
	if r.After > 0 {
		text += fmt.Sprintf(" after %d", r.After)
	}
	if r.RetryAfter > 0 {
		text += ", retry after " + r.RetryAfter.String()
	}
	return strings.TrimSpace(text)
}

// unavailable is LDAP's result code of a server that shuts down.
const unavailable = 52

// code is the status of an answer or of a notice of disconnection.
func (r Rule) code() int {
	if r.Kind == KindDisconnect && r.Status == 0 {
		return unavailable
	}
	return r.Status
}

// body is whose body an error has.
func (r Rule) body() string {
	if r.Body == "" {
		return "vendor"
	}
	return r.Body
}

// clone is a copy that shares nothing.
func (r Rule) clone() Rule {
	r.Latency.Percentiles = maps.Clone(r.Latency.Percentiles)
	if r.Trigger.Share != nil {
		share := *r.Trigger.Share
		r.Trigger.Share = &share
	}
	return r
}
