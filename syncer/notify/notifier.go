package notify

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"strings"
	"sync"
	"text/template"
	"time"
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
	// Final: the change was parked for good, so there is nothing to wait for.
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
type Notifier struct {
	config Config
	log    *slog.Logger
	count  func(outcome string)
	text   *template.Template
	server *server
	state  *state // the keeper's

	mu      sync.Mutex // guards what follows; never held across a wait
	entries map[string]*entry
	dirty   map[string]bool
	closed  bool

	changed   chan struct{} // the keeper has something to write
	mail      chan struct{} // the postman has something to look at
	closing   chan struct{} // the postman goes home
	delivered chan struct{} // he has gone
	cut       context.CancelFunc
	loops     sync.WaitGroup
}

// Open begins to send what waits in the state file, and what comes. Without a server it returns nil.
func Open(c Config, e Environment) (*Notifier, error) {
	if err := c.Validate(); err != nil || c.Server == "" {
		return nil, err
	}
	text, err := readTemplate(c.TemplateFile)
	if err != nil {
		return nil, err
	}
	server, err := newServer(c, e)
	if err != nil {
		return nil, err
	}
	state, entries, err := openState(c.State)
	if err != nil {
		return nil, err
	}
	n := &Notifier{
		config: c, log: e.Logger, count: e.Counted, text: text, server: server, state: state, entries: entries, dirty: map[string]bool{},
		changed: make(chan struct{}, 1), mail: make(chan struct{}, 1), closing: make(chan struct{}), delivered: make(chan struct{}),
	}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	if n.count == nil {
		n.count = func(string) {}
	}
	life, cut := context.WithCancel(context.Background())
	n.cut = cut
	n.loops.Go(func() {
		defer close(n.delivered)
		n.deliver(life)
	})
	n.loops.Go(n.keep)
	return n, nil
}

// Close ends what is being sent, within ctx. What waits is in the state file for the next time.
func (n *Notifier) Close(ctx context.Context) error {
	if n == nil {
		return nil
	}
	n.mu.Lock()
	closed := n.closed
	n.closed = true
	n.mu.Unlock()
	if closed {
		return nil
	}
	stop := context.AfterFunc(ctx, n.cut)
	defer stop()
	close(n.closing)
	n.loops.Wait()
	n.cut()
	return n.state.close()
}

// Failed counts a failed sync and makes a mail of it when it is one too many. It never waits.
func (n *Notifier) Failed(ctx context.Context, f Failure) {
	if n == nil {
		return
	}
	now := time.Now()
	key := userKey(f.UserName)
	n.mu.Lock()
	e := n.entry(key)
	e.Failures++
	outcome := n.judge(e, f, now)
	n.mu.Unlock()
	signal(n.changed)
	signal(n.mail)
	if outcome == NoAddress {
		n.count(NoAddress)
		n.log.WarnContext(ctx, "a user cannot be written to: the change has no usable address", "user_name", f.UserName,
			"attribute", n.config.Attribute, "transaction_id", f.TransactionID, "change_id", f.ChangeID)
	}
}

// judge decides whether a failure makes a mail. The caller holds the mutex.
func (n *Notifier) judge(e *entry, f Failure, now time.Time) (outcome string) {
	switch {
	case e.Mail != nil:
		if f.Final && e.Mail.Tries == 0 && e.Mail.Due.After(now) {
			e.Mail.Due = now // It was held back for an attempt that will not come.
		}
		return ""
	case e.Failures < n.config.After || now.Before(e.Settled.Add(n.config.Quiet)):
		return ""
	}
	to, err := parseAddress(f.Mail)
	if err != nil {
		if now.Before(e.NoAddress.Add(n.config.Quiet)) {
			return ""
		}
		e.NoAddress = now
		return NoAddress
	}
	due := now.Add(n.config.Wait)
	if f.Final {
		due = now
	}
	e.withdrawn = false
	e.Mail = &message{
		ID: n.messageID(e.Key, now), To: to, Subject: n.config.Subject, Text: n.write(f, e.Failures, now), Queued: now,
		Due: due, Expires: due.Add(n.config.Keep),
	}
	return ""
}

// Applied resets a user's count and withdraws a mail that has not gone out. It never waits.
func (n *Notifier) Applied(userName string) {
	if n == nil {
		return
	}
	key := userKey(userName)
	n.mu.Lock()
	e := n.entries[key]
	if e == nil || e.Failures == 0 && e.Mail == nil {
		n.mu.Unlock()
		return
	}
	e = n.entry(key)
	e.Failures = 0
	withdrawn := e.Mail != nil && !e.sending
	if withdrawn {
		e.Mail = nil
	}
	e.withdrawn = e.sending // If it does not get through this time, it is not tried again.
	n.mu.Unlock()
	if withdrawn {
		n.count(Withdrawn)
	}
	signal(n.changed)
}

// Report queues a text for each of Config.ReportTo. The same report asked for twice, for instance after a restart, is sent
// once; id tells which it is.
func (n *Notifier) Report(id, subject, text string) {
	if n == nil {
		return
	}
	now := time.Now()
	n.mu.Lock()
	for _, to := range n.config.ReportTo {
		address, err := parseAddress(to)
		key := "report " + id + " " + to
		if e := n.entries[key]; err != nil || e != nil {
			continue // Validate has seen the addresses; and this one has the report.
		}
		n.entry(key).Mail = &message{
			ID: n.messageID(key, now), To: address, Subject: oneLine(subject), Text: text, Queued: now, Due: now,
			Expires: now.Add(n.config.Keep),
		}
	}
	n.mu.Unlock()
	signal(n.changed)
	signal(n.mail)
}

// entry returns what is remembered under a key, for a change of it. The caller holds the mutex.
func (n *Notifier) entry(key string) *entry {
	e := n.entries[key]
	if e == nil {
		e = &entry{Key: key}
		n.entries[key] = e
	}
	n.dirty[key] = true
	return e
}

// userKey is equal for all spellings of a user name: targets do not care for case.
func userKey(userName string) string { return "user " + strings.ToLower(strings.ToUpper(userName)) }

// signal wakes a loop, or leaves word when it is busy.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
