package graph

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/journal"
)

// World is what runs: the simulators, and the seed that repeats them.
type World struct {
	Seed    string   `json:"seed"`
	Targets []Target `json:"targets"`
	Version string   `json:"version"`
}

// Target is one simulator. What the vendor does not have is empty.
type Target struct {
	Name     string   `json:"name"`
	URL      string   `json:"url"`
	Clock    Clock    `json:"clock"`
	Users    int      `json:"users"`
	Policy   any      `json:"policy"`
	Faults   []Fault  `json:"faults"`
	Switches []Switch `json:"switches"`
	Clients  []string `json:"clients"`
	// Tier is the domain type whose rate limits are in force, "" without any; Limits is how they stand.
	Tier   string  `json:"tier"`
	Limits []Limit `json:"limits"`
	// TokenShare is how much of the limits one token may use, in percent; ConcurrentLimit is of requests under way. 0 is none.
	TokenShare      int `json:"tokenShare"`
	ConcurrentLimit int `json:"concurrentLimit"`
	// ReadOnly: writes are refused, for the time being.
	ReadOnly      bool          `json:"readOnly"`
	Visibility    time.Duration `json:"-"` // in Go's syntax on the wire
	Maintenance   bool          `json:"maintenance"`
	GroupPolicies []GroupPolicy `json:"groupPolicies"`
	// Changelog is nil where there is none; ReplicationLag is how late other replicas' changes arrive.
	Changelog      *Changelog    `json:"changelog"`
	ReplicationLag time.Duration `json:"-"` // in Go's syntax on the wire
	// PasswordReadable: the account of a synchronisation may read what is stored of passwords.
	PasswordReadable bool `json:"passwordReadable"`
}

// Changelog is how a directory's changelog stands: how it can be read, and the numbers of the oldest change that is kept and of
// the newest, which is one less when none is.
type Changelog struct {
	Mode  string `json:"mode"`
	First int    `json:"first"`
	Last  int    `json:"last"`
}

// Answer is what a user is told: the code is that of the vendor's protocol.
type Answer struct {
	OK      bool   `json:"ok"`
	Code    int    `json:"code"`
	Message string `json:"message"`
	// Stored is the keyed digest of what is stored of the password afterwards.
	Stored string `json:"stored"`
}

// targetJSON is a Target but for its durations.
type targetJSON Target

// targetDurations are the durations of a Target in Go's syntax, as the schema has them.
type targetDurations struct {
	Visibility     string `json:"visibility"`
	ReplicationLag string `json:"replicationLag"`
}

// MarshalJSON writes durations as the schema does.
func (t Target) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		targetJSON
		targetDurations
	}{targetJSON(t), targetDurations{t.Visibility.String(), t.ReplicationLag.String()}})
}

// UnmarshalJSON reads what MarshalJSON and the control plane write.
func (t *Target) UnmarshalJSON(data []byte) error {
	var wire struct {
		targetJSON
		targetDurations
	}
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	*t = Target(wire.targetJSON)
	read := func(text string) (d time.Duration, err error) {
		if text != "" { // the query did ask for it
			d, err = time.ParseDuration(text)
		}
		return d, err
	}
	var err, second error
	t.Visibility, err = read(wire.targetDurations.Visibility)
	t.ReplicationLag, second = read(wire.targetDurations.ReplicationLag)
	return errors.Join(err, second)
}

// Limit is how one bucket of a tier stands.
type Limit struct {
	Bucket    string `json:"bucket"`
	PerSecond int    `json:"perSecond"`
	PerMinute int    `json:"perMinute"`
	Admitted  uint64 `json:"admitted"`
	Refused   uint64 `json:"refused"`
}

// GroupPolicy is a password policy for the members of some groups; priority 1 is the highest.
type GroupPolicy struct {
	Name     string   `json:"name"`
	Priority int      `json:"priority"`
	Groups   []string `json:"groups"`
	Policy   any      `json:"policy"`
}

// Outbox is some of the mails that a target would have sent; Sent counts all of them.
type Outbox struct {
	Sent  uint64 `json:"sent"`
	Mails []Mail `json:"mails"`
}

// Mail is what a user would have found in the mailbox. Kind is "password_reset", "password_changed" or "activation". The
// token is shown: to read a user's mail is what the outbox is for.
type Mail struct {
	Sequence uint64    `json:"sequence"`
	At       time.Time `json:"at"`
	User     string    `json:"user"`
	To       string    `json:"to"`
	Kind     string    `json:"kind"`
	Token    string    `json:"token"`
}

// Clock is a tenant's time and its distance from the real one.
type Clock struct {
	Now    time.Time     `json:"now"`
	Offset time.Duration `json:"offset"`
}

type clockJSON struct {
	Now    time.Time `json:"now"`
	Offset string    `json:"offset"`
}

// MarshalJSON writes the offset in Go's syntax, as the schema does.
func (c Clock) MarshalJSON() ([]byte, error) {
	return json.Marshal(clockJSON{Now: c.Now, Offset: c.Offset.String()})
}

// UnmarshalJSON reads what MarshalJSON and the control plane write.
func (c *Clock) UnmarshalJSON(data []byte) error {
	var wire clockJSON
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	c.Now, c.Offset = wire.Now, 0
	if wire.Offset == "" {
		return nil // the query did not ask for it
	}
	offset, err := time.ParseDuration(wire.Offset)
	c.Offset = offset
	return err
}

// Switch is a behaviour of the vendor that is not known for certain, with its default and the other ways it may be.
type Switch struct {
	Name    string   `json:"name"`
	Value   string   `json:"value"`
	Default string   `json:"default"`
	Options []string `json:"options"`
	Note    string   `json:"note"`
}

// UserPage is some of a target's users; Next, when set, asks for the following ones.
type UserPage struct {
	Total int     `json:"total"`
	Users []User  `json:"users"`
	Next  *string `json:"next"`
}

// User is a user of a target. History counts the passwords that are remembered, the current one included.
type User struct {
	ID            string     `json:"id"`
	UserName      string     `json:"userName"`
	GivenName     string     `json:"givenName"`
	FamilyName    string     `json:"familyName"`
	DisplayName   string     `json:"displayName"`
	Email         string     `json:"email"`
	Active        bool       `json:"active"`
	Federated     bool       `json:"federated"`
	Delegated     bool       `json:"delegated"`
	Locked        bool       `json:"locked"`
	LockedBy      string     `json:"lockedBy"` // "failures", "administrator" or ""
	Status        string     `json:"status"`   // the vendor's word: "ACTIVE"; "" where there is none
	Provider      string     `json:"provider"` // the vendor's word: "FEDERATION"; "" where there is none
	Mastered      bool       `json:"mastered"` // the profile belongs to another system
	MustChange    bool       `json:"mustChange"`
	HasPassword   bool       `json:"hasPassword"`
	History       int        `json:"history"`
	PasswordSetAt *time.Time `json:"passwordSetAt"`
	Created       time.Time  `json:"created"`
	Modified      time.Time  `json:"modified"`
	Version       uint64     `json:"version"`
}

// Journal is a page of the journal: Total counts every entry that matches, Last is the newest sequence number of the page,
// Dropped counts the entries that the bounded journal has let go.
type Journal struct {
	Total   int     `json:"total"`
	Dropped uint64  `json:"dropped"`
	Last    uint64  `json:"last"`
	Entries []Entry `json:"entries"`
}

// Entry is one exchange with a target, redacted. Lost means that the request was applied and its answer withheld. Digest is the keyed digest of the password that was written or refused, in hexadecimal, or "".
type Entry struct {
	Sequence        uint64    `json:"sequence"`
	Target          string    `json:"target"`
	Client          string    `json:"client"`
	User            string    `json:"user"`
	Method          string    `json:"method"`
	Path            string    `json:"path"`
	Query           string    `json:"query"`
	Route           string    `json:"route"`
	Received        time.Time `json:"received"`
	Answered        time.Time `json:"answered"`
	Protocol        string    `json:"protocol"` // of journal.Protocol; what Status means
	Status          int       `json:"status"`
	Lost            bool      `json:"lost"`
	Faults          []string  `json:"faults"`
	Token           string    `json:"token"`
	Operation       string    `json:"operation"`
	Outcome         string    `json:"outcome"`
	Reason          string    `json:"reason"`
	Digest          string    `json:"digest"`
	Surprise        string    `json:"surprise"`
	RequestHeaders  any       `json:"requestHeaders"`
	ResponseHeaders any       `json:"responseHeaders"`
	RequestBody     string    `json:"requestBody"`
	ResponseBody    string    `json:"responseBody"`
}

// Unanswered tells whether no answer was sent. Over LDAP a status of 0 is success.
func (e Entry) Unanswered() bool {
	if e.Protocol == string(journal.LDAP) {
		return e.Status == journal.Unanswered
	}
	return e.Status == 0
}

// PasswordWrites is a page of the attempts to write a password.
type PasswordWrites struct {
	Dropped uint64          `json:"dropped"`
	Last    uint64          `json:"last"`
	Writes  []PasswordWrite `json:"writes"`
}

// PasswordWrite is one attempt to write a password, by a change, a reset or the creation of a user.
type PasswordWrite struct {
	Sequence uint64    `json:"sequence"`
	User     string    `json:"user"`
	Client   string    `json:"client"`
	Digest   string    `json:"digest"`
	Outcome  string    `json:"outcome"`
	Reason   string    `json:"reason"`
	Status   int       `json:"status"`
	Lost     bool      `json:"lost"`
	Received time.Time `json:"received"`
	Answered time.Time `json:"answered"`
	Route    string    `json:"route"`
}

// Violation is a rule of the policy that a password breaks.
type Violation struct {
	Rule  string `json:"rule"`
	Limit int    `json:"limit"`
	Text  string `json:"text"`
}

// Task is one thing that an application's provisioning does to a user of another org. Kind is "push_user", "push_profile",
// "push_password", "deactivate" or "reactivate", State "running", "done" or "failed"; Error is what administrators see.
type Task struct {
	ID    string    `json:"id"`
	Kind  string    `json:"kind"`
	User  string    `json:"user"`
	App   string    `json:"app"`
	State string    `json:"state"`
	Error string    `json:"error"`
	At    time.Time `json:"at"`
}

// FederatedSignIn is what a sign-in through an identity provider came to.
type FederatedSignIn struct {
	User    User `json:"user"`
	Created bool `json:"created"`
	Linked  bool `json:"linked"`
	Updated bool `json:"updated"`
}

// Fault is an injected fault: Seen counts the requests in its scope, Fired those it acted on.
type Fault struct {
	ID          string     `json:"id"`
	Kind        string     `json:"kind"`
	Note        string     `json:"note"`
	Seen        uint64     `json:"seen"`
	Fired       uint64     `json:"fired"`
	Added       time.Time  `json:"added"`
	FirstFired  *time.Time `json:"firstFired"`
	LastFired   *time.Time `json:"lastFired"`
	Description string     `json:"description"`
}

// LogIn is the answer of the log-in probe. Reason is "", "wrong_password", "not_found", "inactive", "federated", "delegated",
// "locked", "expired" or "no_password".
type LogIn struct {
	OK         bool   `json:"ok"`
	MustChange bool   `json:"mustChange"`
	Reason     string `json:"reason"`
}
