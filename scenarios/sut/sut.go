package sut

import (
	"context"
	"slices"
	"time"

	"github.com/seatrial/seatrial/sim/kernel/network"
	"github.com/seatrial/seatrial/sim/kernel/random"
	"github.com/seatrial/seatrial/sim/kernel/secret"
)

// Change is a new password at the source.
type Change struct {
	TransactionID, UserName string
	Password                secret.Value
	Attributes              map[string]string // as the source names them: givenName, sn, mail
	// Wait is how long the source waits for the outcome (strict mode); 0 is lenient.
	Wait time.Duration
}

// RefusedError says that a change for whose outcome the source waited was refused: it is final, and the source keeps the old
// password.
type RefusedError struct{ ID, Reason string }

// Error is "refused: policy".
func (e *RefusedError) Error() string { return "refused: " + e.Reason }

// Outcome is what the system says became of a change. State is "queued", "retrying", "applied", "parked" or "superseded";
// the last three are final. Reason says why it was parked.
type Outcome struct {
	ID, TransactionID, UserName, State, Reason string
	Attempts                                   int
	Replay                                     int // how often an operator had it sent again before this outcome
	Accepted, Finished                         time.Time
}

// System is an engine under test. Start returns when changes may be submitted. Submit returns once the system has
// acknowledged the change, which it may only do when the change is durable. Outcomes are the final outcomes so far, in
// order. Artifacts are what the system has written down so far: logs, audit, metrics, queue files, answers; they may be
// asked for after Stop too. Stop drains within its context.
type System interface {
	Start(ctx context.Context) error
	Submit(ctx context.Context, c Change) (id string, err error)
	Outcomes(ctx context.Context) ([]Outcome, error)
	Artifacts() ([]Artifact, error)
	Stop(ctx context.Context) error
}

// Artifact is something that the system wrote, by name: "log", "audit", "metrics", "responses", "queue/…".
type Artifact struct {
	Name string
	Data []byte
}

// Names of artifacts that have a meaning beyond the search for secrets.
const (
	ArtifactLog       = "log"
	ArtifactAudit     = "audit" // JSON lines: time, transactionId, userName, outcome, reason
	ArtifactMetrics   = "metrics"
	ArtifactResponses = "responses"
)

// Secrets are what a system keeps secret besides passwords and what its place told it: for example the token of its hook.
// It is an optional ability of a System.
func Secrets(s System) []secret.Value {
	if holder, ok := s.(interface{ Secrets() []secret.Value }); ok {
		return holder.Secrets()
	}
	return nil
}

// Secrets are what the place tells a system that nobody else may learn.
func (p Place) Secrets() []secret.Value {
	all := []secret.Value{p.ClientSecret, p.ClientKey, p.OktaToken}
	if p.Directory != nil {
		all = append(all, p.Directory.Password)
	}
	return slices.DeleteFunc(all, secret.Value.Empty)
}

// Factory builds a system for a place; it does not start it.
type Factory func(p Place) (System, error)

// Directory is a directory that a system reads passwords from.
type Directory struct {
	URLs     []string // of its servers; ldap:// is to be secured with StartTLS
	Account  string   // the DN to bind with
	Password secret.Value
	Base     string // where the users are
}

// Place is what a system is told about the world it works in.
type Place struct {
	Network      network.Network
	Authority    *network.Authority
	Target       string // what kind of target it is: "idcs" (the default) or "okta"
	URL          string // base URL of the target
	ClientID     string
	ClientSecret secret.Value // of the client at an identity domain
	ClientKey    secret.Value // of the client at an org, which authenticates with private_key_jwt: a JWK or PEM
	OktaToken    secret.Value // an API token of an org; used when there is no client
	Scope        string
	Directory    *Directory // where passwords are read from, by a system that is not told of changes; nil when it is told
	Dir          string     // an empty folder of its own
	Seed         random.Seed
	Host         string // where its hook may listen, on the network
	Door         string // how it is asked to write passwords: "changer" (the default) or "patch"
	// Settings lie over the configuration of our own engine, under the names of its file. Other systems ignore them.
	Settings  map[string]any
	Provision bool // whether it is asked to create a user that the target does not have
}
