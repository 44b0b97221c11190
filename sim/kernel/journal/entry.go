package journal

import (
	"context"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// BodyLimit is how many bytes of a body are kept.
const BodyLimit = 4096

// Entry is one exchange, redacted. It must not be changed once it is recorded.
type Entry struct {
	Sequence  uint64    // the order of recording, from 1; gaps never occur
	Target    string    // the simulator
	Client    string    // the OAuth client, or whatever the simulator knows its callers by
	Method    string    // as sent
	Path      string    // decoded, at most BodyLimit bytes
	Query     string    // as sent, at most BodyLimit bytes
	Route     string    // "PATCH /admin/v1/Users/{id}"; empty when no route matched
	User      string    // the user name, when it is known
	Received  time.Time // the real (or virtual) time, never a tenant's turned clock
	Answered  time.Time
	Protocol  Protocol // what Status means
	Status    int      // of HTTP, where 0 is that no answer was sent; of LDAP the result code, where that is Unanswered
	Lost      bool     // the request was carried out, but its answer was withheld
	Faults    []string // ids of the rules that acted
	Token     string   // the access token's state: "", "valid", "expired", "revoked", "unknown"
	Operation string   // "", "token", "find", "read", "create", "update", "write_password", "delete", "log_in", "policy", "bulk", "group", …
	Outcome   string   // of a password write: "accepted", "refused" or ""
	Reason    string   // why it was refused: "policy", "federated", "inactive", "not_found", "forbidden", "malformed", …
	Password  secret.Digest
	Surprise  string // what the target's API does not have: an unknown route, attribute or method

	RequestHeaders, ResponseHeaders Headers
	RequestBody, ResponseBody       string // at most BodyLimit bytes and a note, or "(312 bytes, not shown)"
}

// Protocol is what a simulator speaks.
type Protocol string

// The protocols. HTTP is the zero value.
const (
	HTTP Protocol = ""
	LDAP Protocol = "ldap"
)

// Unanswered tells whether no answer was sent.
func (e *Entry) Unanswered() bool {
	if e.Protocol == LDAP {
		return e.Status == Unanswered // 0 is success there
	}
	return e.Status == 0
}

// Exchange is an entry that is still being written. It travels in the request's context; one goroutine at a time may
// write it, and none after the handler has returned.
type Exchange struct {
	Entry
	secrets    []secret.Value
	showBodies bool
	open       bool
	after      []func()
}

type exchangeKey struct{}

// From returns the exchange of the request that ctx belongs to. Without one, it returns a throw-away, never nil.
func From(ctx context.Context) *Exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*Exchange); ok {
		return x
	}
	return new(Exchange)
}

// Secret names a value that must not appear in the entry, in whatever spelling.
func (x *Exchange) Secret(v secret.Value) {
	if !v.Empty() {
		x.secrets = append(x.secrets, v)
	}
}

// ShowBodies says that the handler has parsed the bodies and named their secrets, so that they may be kept.
func (x *Exchange) ShowBodies() { x.showBodies = true }

// AfterRecord runs f once the entry is in the journal. Who cuts a connection does it there: then whoever sees the cut
// also finds its entry. It returns false, and f is not run, for an exchange that nobody records.
func (x *Exchange) AfterRecord(f func()) bool {
	if x.open {
		x.after = append(x.after, f)
	}
	return x.open
}
