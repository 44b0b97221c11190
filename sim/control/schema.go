package control

import (
	_ "embed"

	"github.com/seatrial/seatrial/sim/control/graph"
)

// Schema is the text of the control plane's schema, to validate queries against before they are sent.
//
//go:embed schema.graphqls
var Schema string

// The types of the schema, as Go callers see them.
type (
	// World is what runs: the simulators, and the seed that repeats them.
	World = graph.World
	// Target is one simulator.
	Target = graph.Target
	// Clock is a tenant's time and its distance from the real one.
	Clock = graph.Clock
	// Switch is a behaviour of the vendor that is not known for certain.
	Switch = graph.Switch
	// Limit is how one bucket of a tier stands.
	Limit = graph.Limit
	// GroupPolicy is a password policy for the members of some groups.
	GroupPolicy = graph.GroupPolicy
	// Outbox is some of the mails that a target would have sent.
	Outbox = graph.Outbox
	// Mail is what a user would have found in the mailbox.
	Mail = graph.Mail
	// UserPage is some of a target's users.
	UserPage = graph.UserPage
	// User is a user of a target.
	User = graph.User
	// Journal is a page of the journal.
	Journal = graph.Journal
	// Entry is one exchange with a target, redacted.
	Entry = graph.Entry
	// PasswordWrites is a page of the attempts to write a password.
	PasswordWrites = graph.PasswordWrites
	// PasswordWrite is one attempt to write a password.
	PasswordWrite = graph.PasswordWrite
	// Violation is a rule of the policy that a password breaks.
	Violation = graph.Violation
	// Task is one thing that an org's provisioning does to a user of another org.
	Task = graph.Task
	// Changelog is how a directory's changelog stands.
	Changelog = graph.Changelog
	// Answer is what a user is told who signs in or changes a password.
	Answer = graph.Answer
	// FederatedSignIn is what a sign-in through an identity provider came to.
	FederatedSignIn = graph.FederatedSignIn
	// Fault is an injected fault and what it did so far.
	Fault = graph.Fault
	// LogIn is the answer of the log-in probe.
	LogIn = graph.LogIn

	// FaultInput describes a fault to inject.
	FaultInput = graph.FaultInput
	// LatencyInput is a distribution of delays.
	LatencyInput = graph.LatencyInput
	// PercentileInput is one point of a distribution of delays.
	PercentileInput = graph.PercentileInput
	// UserInput is a user to add.
	UserInput = graph.UserInput
	// ClientInput is an OAuth client to register.
	ClientInput = graph.ClientInput
	// PasswordChangeInput is a user's new password.
	PasswordChangeInput = graph.PasswordChangeInput
	// LogInInput is one try of the log-in probe.
	LogInInput = graph.LogInInput
)
