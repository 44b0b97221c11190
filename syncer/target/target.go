package target

import (
	"context"
	"iter"
	"time"

	"github.com/seatrial/seatrial/syncer/seal"
)

// Class is what an answer means for the engine.
type Class string

// The classes.
const (
	// Applied: the target has the password.
	Applied Class = "applied"
	// Permanent: trying again cannot help.
	Permanent Class = "permanent"
	// Transient: trying again later may help, and the password was certainly or probably not taken.
	Transient Class = "transient"
	// Credential: our own credentials are refused; only the schedule tries again, when an operator may have helped.
	Credential Class = "credential"
	// Missing: the target has no such user.
	Missing Class = "missing"
	// Unknown: a write was sent and its outcome never came back. The next attempt looks before it writes.
	Unknown Class = "unknown"
	// Planned: the job was a dry run, and Answer.Plan says what would have been done.
	Planned Class = "planned"
)

// Reason says in one word why a change is not applied. It is the same in logs, metrics, audit and answers.
type Reason string

// The reasons.
const (
	Policy         Reason = "policy"          // the password breaks the target's policy
	Federated      Reason = "federated"       // the user signs in at another identity provider
	Inactive       Reason = "inactive"        // the user is deactivated
	Forbidden      Reason = "forbidden"       // our application lacks a role
	NotFound       Reason = "not_found"       // the target has no such user
	Malformed      Reason = "malformed"       // the target does not take the request as it is
	Duplicate      Reason = "duplicate"       // the target has several such users
	Timeout        Reason = "timeout"         // no answer in time
	Throttled      Reason = "throttled"       // too many requests
	Unavailable    Reason = "unavailable"     // the target or something before it is down
	Connection     Reason = "connection"      // no connection, or it broke
	BadCredential  Reason = "credential"      // token or client refused
	SealMismatch   Reason = "seal_mismatch"   // no key opens the stored password
	Hashed         Reason = "hashed"          // the source has a hash only, and the target takes none for this user
	UnknownOutcome Reason = "unknown_outcome" // a write may or may not have been applied
	Deadline       Reason = "deadline"        // it has waited for longer than it may
)

// Reasons lists all reasons.
func Reasons() []Reason {
	return []Reason{
		Policy, Federated, Inactive, Forbidden, NotFound, Malformed, Duplicate, Timeout, Throttled, Unavailable, Connection,
		BadCredential, SealMismatch, Hashed, UnknownOutcome, Deadline,
	}
}

// Mark is what is known of a user just before a write: enough to tell later whether that write was applied.
type Mark struct {
	User  string `json:"user"`  // the target's id of the user
	State string `json:"state"` // changes when the password changes; "" when it is not known or the target does not show it
	// Since is set when the write goes out without a look just before it. The write, if it is applied, gives the password a
	// date that is not before this one; both are by the target's clock. Another date than State alone says nothing then:
	// somebody else may have changed the password since the last look.
	Since time.Time `json:"since,omitzero"`
}

// Job is one attempt to bring one change to the target.
type Job struct {
	ID       string // of the change
	UserName string
	Password seal.Secret // the engine's; valid until Apply returns
	// Hash is there instead of the password when the source is a directory: "{PBKDF2-HMAC-SHA256}10:…", as it stands in
	// userPassword. A target that takes no hash for this user answers Permanent, Hashed.
	Hash       seal.Secret
	Attributes map[string]string
	// Provision creates a missing user.
	Provision bool
	// Prior is the mark of an earlier write of this change whose outcome is unknown. When the target shows another state
	// than that, the write was applied.
	Prior *Mark
	// LookOnly forbids a write: only Prior is to be settled.
	LookOnly bool
	// DryRun forbids every write: the user is looked up, and the answer is Planned or says what is in the way.
	DryRun bool
	// BeforeWrite stores the mark durably. The write is not sent when it fails.
	BeforeWrite func(ctx context.Context, m Mark) error
}

// Answer is what came of a job.
type Answer struct {
	Class  Class
	Reason Reason
	// RetryAfter is what the target asks for; 0 when it asks for nothing.
	RetryAfter time.Duration
	// Unsettled: the last write sent may have been applied although the class does not say so; Mark tells which.
	Unsettled bool
	Mark      Mark
	// Settled: a look at the target has shown that the write of Prior was not applied.
	Settled bool
	// Wrote: a write was sent in this attempt.
	Wrote bool
	// Evidence is set when a change is known to be applied although the target did not simply say so.
	Evidence Evidence
	// Allowance is what the target said about its limit, if it did.
	Allowance Allowance
	// Plan is what a dry run would have done: "update", "create", or "park: " and a reason.
	Plan string
	// Detail is for the log: status, the vendor's message id. It holds no secret and no text of the vendor's.
	Detail string
	// Account is the name under which the target knows the user, where that may be another one than the job's.
	Account string
	// Remedy says what a person can do about a change that is parked for this reason, where the target knows; "" is nothing.
	Remedy string
}

// Evidence says how an unanswered write turned out to be applied. It is the reason in the audit trail.
type Evidence string

// The evidence.
const (
	// ByDate: the date of the password has moved since the write.
	ByDate Evidence = "confirmed_by_date"
	// ByHistory: the repeat was refused for history and nothing else.
	ByHistory Evidence = "confirmed_by_history"
)

// Allowance is what a target says about its limit in the headers of an answer. The zero value says nothing.
type Allowance struct {
	// Known: the target said something, so that a Remaining of 0 is one.
	Known bool
	// Remaining is the number of requests that may still come before Reset.
	Remaining int
	// Limit is the number of requests of the whole period; 0 when the target does not say.
	Limit int
	// Reset is when the period ends, by our clock; zero when the target does not say.
	Reset time.Time
	// Concurrent: the limit that was met is one of requests at a time, not of requests in a period.
	Concurrent bool
}

// Person is a user of the target as a listing shows it.
type Person struct {
	ID, UserName                             string
	GivenName, FamilyName, DisplayName, Mail string
	Active, Federated                        bool
	// PasswordSetAt is zero when there is no password or the target does not tell.
	PasswordSetAt time.Time
	Created       time.Time
	// Attributes are further ones, by the names that sources use: title, employeeNumber, …
	Attributes map[string]string
}

// Target takes passwords. It is safe for concurrent use, but for one user there is one attempt at a time.
type Target interface {
	// Name is the target's label in metrics and audit.
	Name() string
	// Apply makes one attempt. It obeys ctx.
	Apply(ctx context.Context, j Job) Answer
	// People lists every user, page by page, without changing anything. An error ends the listing.
	People(ctx context.Context) iter.Seq2[Person, error]
	// KeepWarm looks all users up before they are needed, again and again until ctx ends, so that a write needs no look of
	// its own. It returns at once when that is not wanted.
	KeepWarm(ctx context.Context)
	// Close ends what the target has running.
	Close()
}
