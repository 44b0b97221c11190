package graph

import (
	"time"

	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// FaultInput describes a fault to inject. Kind is one of those of sim/kernel/faults; the fields that the kind does not use stay
// zero.
type FaultInput struct {
	ID   string // made up when empty
	Kind string
	Note string

	Latency    *LatencyInput // latency
	Rate       float64       // throttle: requests a second; drip: bytes a second
	Burst      int           // throttle
	Status     int           // status, disconnect: the code
	Body       string        // status, disconnect: "vendor", "gateway", or the text itself
	RetryAfter time.Duration // throttle and status; zero is the vendor's way

	Certificate string // certificate: what is wrong with it
	Handshake   string // handshake: how it goes wrong
	After       int    // stall, cut, over LDAP status: what is sent before, in bytes of a body or entries of a search
	All         bool   // disconnect: every connection

	Share *float64 // of the requests in scope; nil is all of them, 0 is none
	First int      // only the first so many
	Skip  int      // none of the first so many
	Every int      // every so manieth
	From  time.Duration
	Until time.Duration

	Route  string // like "PATCH /admin/v1/Users/*"
	User   string
	Client string
}

// LatencyInput is a distribution of delays: Constant, or Min and Max (uniform), or Median and P95 (log-normal), or
// Percentiles.
type LatencyInput struct {
	Constant    time.Duration
	Min         time.Duration
	Max         time.Duration
	Median      time.Duration
	P95         time.Duration
	Percentiles []PercentileInput
}

// PercentileInput is one point of a distribution: Percentile percent of the delays are at most Value.
type PercentileInput struct {
	Percentile float64
	Value      time.Duration
}

// UserInput is a user to add.
type UserInput struct {
	UserName    string
	GivenName   string
	FamilyName  string
	DisplayName string
	Email       string
	ExternalID  string
	Password    secret.Value // empty: the user has none
	Active      *bool        // nil: active
	Federated   bool
	Delegated   bool // the password is elsewhere
}

// ClientInput is an OAuth client to register.
type ClientInput struct {
	ID     string
	Secret secret.Value
	Roles  []string
	Scopes []string
	Grants []string // grant types beside client_credentials
}

// LogInInput is one try of the log-in probe.
type LogInInput struct {
	UserName string
	Password secret.Value
}

// PasswordChangeInput is a user's new password; Old is shown when it is not empty.
type PasswordChangeInput struct {
	UserName string
	Password secret.Value
	Old      secret.Value
}
