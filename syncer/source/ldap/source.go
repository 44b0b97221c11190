package ldap

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/robfig/cron/v3"

	"github.com/seatrial/seatrial/syncer/internal/flock"
	"github.com/seatrial/seatrial/syncer/source/hook"
)

// Receiver takes what is read.
type Receiver interface {
	// Accept returns when the change is durable. The same transaction again is the same change.
	Accept(ctx context.Context, c hook.Change) (hook.Receipt, error)
}

// Environment is what a file cannot say. Zero fields mean the real thing.
type Environment struct {
	// DialContext connects to the servers.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// RootCAs are the authorities to trust; nil means the system's and Config.CAFile's.
	RootCAs *x509.CertPool
	// Logger takes the log; nil discards it.
	Logger *slog.Logger
	// Registry takes the metrics; nil keeps them to itself.
	Registry prometheus.Registerer
	// ReadOnly leaves Config.State as it is: for a dry run.
	ReadOnly bool
	// Seed tells one source's pauses from another's.
	Seed uint64
}

// Source is a directory that passwords are read from. Run is called once.
type Source struct {
	config    Config
	base      *goldap.DN
	ignored   []*goldap.DN
	schedule  cron.Schedule
	dialer    *dialer
	log       *slog.Logger
	metrics   *metrics
	readOnly  bool
	seed      uint64
	seen      *seen
	park      *park
	position  position
	stored    position // on disk
	locked    *os.File // while Run reads
	to        Receiver
	strategy  string            // that was told last
	ailing    map[string]string // the failure of each server that was told last
	warned    string            // of the account, last
	referrals bool              // told that some are there
	partly    bool              // told that some entries hide their password
	bare      int               // users without a password, at the last comparison
	tally     tally
	clock     clock
}

// New finds out whether Config.State can be used. Nothing is connected.
func New(c Config, e Environment) (*Source, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if e.Logger == nil {
		e.Logger = slog.New(slog.DiscardHandler)
	}
	d, err := newDialer(c, e.DialContext, e.RootCAs)
	if err != nil {
		return nil, err
	}
	s := &Source{config: c, dialer: d, log: e.Logger, readOnly: e.ReadOnly, seed: e.Seed, ailing: map[string]string{}}
	if s.base, err = parseDN(c.Base); err != nil {
		return nil, err
	}
	for _, text := range c.IgnoreInitiators {
		dn, err := parseDN(text)
		if err != nil {
			return nil, err
		}
		s.ignored = append(s.ignored, dn)
	}
	if s.schedule, err = c.rhythm(); err != nil {
		return nil, err
	}
	if err := s.probe(); err != nil {
		return nil, err
	}
	s.metrics, err = newMetrics(e.Registry, c.URLs)
	return s, err
}

// probe finds out whether Config.State can be used, by this engine or by another one that reads at this moment.
func (s *Source) probe() error {
	if !s.readOnly {
		if err := os.MkdirAll(s.config.State, 0o700); err != nil {
			return fmt.Errorf("ldap.state: %w", err)
		}
	}
	err := s.lock()
	s.unlock()
	if err != nil && !errors.Is(err, flock.ErrInUse) {
		return err
	}
	return s.open(true)
}

// open reads what an earlier run has left.
func (s *Source) open(readOnly bool) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("ldap.state: %w", err)
		}
	}()
	if s.position, err = readPosition(s.config.State); err != nil {
		return err
	}
	s.stored = s.position
	if s.park, err = openPark(s.config.State, readOnly); err != nil {
		return err
	}
	s.seen, err = openSeen(s.config.State, s.config.Users, readOnly)
	return err
}

// lock keeps a second engine out: two that append to one file of what was seen would spoil it, and deliver everything twice.
func (s *Source) lock() error {
	if s.readOnly {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(s.config.State, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("ldap.state: %w", err)
	}
	if err := flock.Take(f); err != nil {
		return errors.Join(fmt.Errorf("ldap.state: %s: %w", s.config.State, err), f.Close())
	}
	s.locked = f
	return nil
}

func (s *Source) unlock() {
	if s.locked != nil {
		_ = s.locked.Close() // It holds nothing.
		s.locked = nil
	}
}

// Close takes the metrics back. Run has ended before.
func (s *Source) Close() {
	if s != nil {
		s.metrics.unregister()
	}
}

const (
	// longestIdle is how long a connection is kept without being used; servers and firewalls end those that are silent.
	longestIdle = time.Minute
	// firstPause and longestPause bound the pauses while no server can be used.
	firstPause, longestPause = time.Second, time.Minute
	// longestLimited bounds the pauses when what stands in the way goes away by somebody's hand only.
	longestLimited = 15 * time.Minute
	// refusedPause and longestRefused bound those while the account is refused: more attempts would only lock it.
	refusedPause, longestRefused = 5 * time.Minute, time.Hour
	// glance is the time between two looks at the files of the account while it is refused.
	glance = 10 * time.Second
)

// Run reads the directory until ctx ends. It stays with a server until that fails, and goes on with the next.
func (s *Source) Run(ctx context.Context, to Receiver) {
	s.to = to
	for n := 1; ; n++ { // Anew: another engine may have led since, and left its own.
		err := s.lock()
		if err == nil {
			err = s.open(s.readOnly)
		}
		if err == nil {
			break
		}
		s.unlock()
		s.failed(ctx, s.config.State, &failure{reason: local, err: err})
		if !s.wait(ctx, backoff(n)) {
			return
		}
	}
	defer s.unlock()
	defer func() {
		if err := s.seen.close(); err != nil {
			s.log.ErrorContext(ctx, "what was seen of the directory cannot be stored", "error", err)
		}
	}()
	for turn := (turns{}); ctx.Err() == nil; {
		url, before := s.config.URLs[turn.server], s.metrics.looked()
		pause, err := s.visit(ctx, url)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			pause = turn.failed(s.failed(ctx, url, err), s.metrics.looked() != before, len(s.config.URLs))
		} else {
			turn = turns{server: turn.server}
		}
		if !s.rest(ctx, pause, turn.refused > 0) {
			return
		}
	}
}

// numbers differ from failure to failure: ports, sizes.
var numbers = regexp.MustCompile(`\d+`)

// failed tells of a failure, and not of the same one every minute.
func (s *Source) failed(ctx context.Context, url string, err error) reason {
	r := diagnose(err)
	s.metrics.failures.WithLabelValues(string(r)).Inc()
	if text := numbers.ReplaceAllString(err.Error(), "0"); text != s.ailing[url] {
		s.ailing[url] = text
		s.log.WarnContext(ctx, "the directory cannot be read", "server", url, "reason", string(r), "error", err, "advice", r.advice(s.config))
	}
	return r
}

// turns says which server comes next, and after what pause.
type turns struct {
	server   int
	failures int // in a row, of all servers
	refused  int // of them, those that were about the account
}

// failed returns the pause. worked: before it failed, all was read once, so the connection may be all that was lost.
//
// Replicas count refused binds together. So when the account was refused, not even the next server is tried at once: one attempt
// after 5, 10, 20 minutes and so on is below any sensible lockout.
func (t *turns) failed(r reason, worked bool, servers int) time.Duration {
	if worked {
		*t = turns{server: t.server}
		if !r.ofAccount() {
			return firstPause
		}
	}
	t.server = (t.server + 1) % servers
	t.failures++
	if r.ofAccount() {
		t.refused++
		return min(refusedPause<<min(t.refused-1, 10), longestRefused)
	}
	switch n := t.failures / servers; {
	case t.failures%servers != 0:
		return 0
	case r == limits || r == referred || r == rights:
		return min(firstPause<<min(n-1, 10), longestLimited) // Each attempt may read most of the directory, for nothing.
	default:
		return backoff(n)
	}
}

// backoff is the pause after the n-th round in which every server has failed.
func backoff(n int) time.Duration { return min(firstPause<<min(max(n-1, 0), 10), longestPause) }

// wait is false when ctx has ended first. A few nanoseconds of each source's own keep two timers from ending at once.
func (s *Source) wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d + 1 + time.Duration(s.seed%997))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// rest waits; when the account was refused, only until there is another password or certificate to try.
func (s *Source) rest(ctx context.Context, d time.Duration, refused bool) bool {
	if !refused {
		return s.wait(ctx, d)
	}
	for tried := s.dialer.fingerprint(); d > 0 && s.dialer.fingerprint() == tried; d -= glance {
		if !s.wait(ctx, min(d, glance)) {
			return false
		}
	}
	return ctx.Err() == nil
}

// visit uses one server until it fails, or until the next look is so far off that the connection is not kept.
func (s *Source) visit(ctx context.Context, url string) (pause time.Duration, err error) {
	if s.config.Mode == Reconciliation {
		if pause := s.untilReconciliation(); pause > 0 {
			return pause, nil
		}
	}
	c, err := s.dialer.connect(ctx, url)
	if err != nil {
		return 0, err
	}
	defer c.close(ctx)
	if text := c.account.warning(); text != s.warned {
		if s.warned = text; text != "" {
			s.log.WarnContext(ctx, "the account of the source needs attention", "server", url, "account", s.config.who(), "warning", text)
		}
	}
	s.metrics.connect(url)
	defer s.metrics.connect("")
	if s.config.Mode == Reconciliation {
		return 0, s.reconcile(ctx, c)
	}
	return s.follow(ctx, c)
}

// untilReconciliation is the time to the next one: none when there was none yet, or one was missed.
func (s *Source) untilReconciliation() time.Duration {
	if s.position.Reconciled.IsZero() || s.position.Pending != "" {
		return 0
	}
	return time.Until(s.schedule.Next(s.position.Reconciled))
}

func (s *Source) reconcile(ctx context.Context, c *conn) error {
	if s.position.Pending == "" {
		s.position.Pending = "schedule"
		if s.position.Reconciled.IsZero() {
			s.position.Pending = pendingFirst
		}
	}
	s.position.Server = c.url
	if err := s.save(); err != nil {
		return err
	}
	return s.compare(ctx, c)
}

// follow reads what changes, from the stored position on.
func (s *Source) follow(ctx context.Context, c *conn) (time.Duration, error) {
	f, err := s.choose(ctx, c)
	if err != nil {
		return 0, err
	}
	if err := s.resume(ctx, c, f); err != nil {
		return 0, err
	}
	for {
		if s.position.Pending != "" {
			if err := s.compare(ctx, c); err != nil {
				return 0, err
			}
		}
		err := f.pass(ctx, &s.position)
		if missed, ok := errors.AsType[*gapError](err); ok {
			if err = s.begin(ctx, c, f, missed.why); err == nil {
				err = s.compare(ctx, c)
			}
		}
		if err != nil {
			return 0, err
		}
		if err := s.looked(ctx, c); err != nil {
			return 0, err
		}
		now := time.Now().UTC()
		pause := s.schedule.Next(now).Sub(now)
		if pause > longestIdle {
			return pause, nil
		}
		if !s.wait(ctx, pause) {
			return 0, ctx.Err()
		}
	}
}

// resume finds out whether the stored position means something to this server, and begins anew when it does not.
func (s *Source) resume(ctx context.Context, c *conn, f follower) error {
	switch p := s.position; {
	case p.Strategy == f.name():
	case p.Strategy == "" && p.Reconciled.IsZero():
		return s.begin(ctx, c, f, pendingFirst)
	case p.Strategy == "":
		return s.begin(ctx, c, f, "liveSync follows a reconciliation")
	default:
		return s.begin(ctx, c, f, "the strategy was "+p.Strategy)
	}
	err := f.resume(ctx, &s.position)
	if missed, ok := errors.AsType[*gapError](err); ok {
		return s.begin(ctx, c, f, missed.why)
	}
	return err
}

// begin takes the position of now, and stores it with the reason why all users must be compared: whatever has changed
// before it is found by comparing, whatever comes later by following, and nothing falls between.
func (s *Source) begin(ctx context.Context, c *conn, f follower, why string) error {
	if why != pendingFirst {
		s.metrics.gaps.Inc()
		s.log.ErrorContext(ctx, "changes may have been missed, so all users are compared", "why", why, "server", c.url,
			"position", s.position.String())
	}
	p := position{
		Version: positionVersion, Strategy: f.name(), Server: c.url, Reconciled: s.position.Reconciled, Unreadable: s.position.Unreadable,
		Pending: why,
	}
	if s.position.Pending == pendingFirst {
		p.Pending = pendingFirst // It never ended.
	}
	if err := f.latest(ctx, &p); err != nil {
		return err
	}
	if s.position.Server != p.Server {
		s.clock = clock{} // Each server has its own.
	}
	s.position = p
	return s.save()
}

// save stores the position when it has moved, and before it what was seen.
func (s *Source) save() error {
	if s.readOnly {
		return nil
	}
	if err := errors.Join(s.seen.flush(), s.park.flush()); err != nil {
		return &failure{reason: local, err: fmt.Errorf("ldap.state: %w", err)}
	}
	if s.position == s.stored {
		return nil
	}
	if err := writeJSON(positionFile(s.config.State), s.position); err != nil {
		return &failure{reason: local, err: fmt.Errorf("ldap.state: %w", err)}
	}
	s.stored = s.position
	return nil
}

// looked ends a look at the directory: it judges whether passwords can be read at all, and stores the position.
func (s *Source) looked(ctx context.Context, c *conn) error {
	t := s.tally
	s.tally = tally{}
	if err := s.judgeSight(ctx, c, t); err != nil {
		return err
	}
	if len(s.ailing) > 0 {
		clear(s.ailing)
		s.log.InfoContext(ctx, "the directory is read again")
	}
	s.metrics.look()
	s.metrics.parked.Set(float64(len(s.park.entries)))
	return s.save()
}

// judgeSight tells when passwords cannot be read, or can be again. A few entries of which nothing can be told change nothing.
func (s *Source) judgeSight(ctx context.Context, c *conn, t tally) error {
	if t.users == 0 {
		return nil
	}
	sees, how, err := s.sight(ctx, c, t)
	if err != nil {
		return err
	}
	if sees == hidden && !t.all { // Of these few. The right may be missing for them only.
		users, err := s.glimpse(ctx, c)
		if err != nil {
			return err
		}
		for _, u := range users {
			t.count(u, false)
		}
		if t.shown > 0 {
			sees = shown
		}
	}
	if t.dated > 0 || t.all {
		s.tellPartly(ctx, t)
	}
	if sees == unclear && !t.all {
		return nil
	}
	blind := sees == hidden || sees == unclear
	switch {
	case blind && !s.position.Unreadable:
		means := "so no password is delivered"
		if t.revealed > 0 {
			means = "what the changelog shows is delivered, but no comparison can make up for a gap"
		}
		s.log.ErrorContext(ctx, "no entry shows userPassword", "meaning", means, "account", s.config.who(), "entries", t.users, "sight", string(sees), "because", how, "advice", sees.advice())
	case sees == none && t.all && s.bare != t.users:
		s.log.WarnContext(ctx, "nobody has a password", "entries", t.users, "because", how)
	case sees == shown && s.position.Unreadable:
		s.position.Pending = "userPassword can be read now"
	}
	if t.all {
		s.bare = t.users - t.shown
	}
	s.metrics.readable.Set(1)
	if blind {
		s.metrics.readable.Set(0)
	}
	s.position.Unreadable = blind
	return nil
}

// tellPartly is for a right that covers only some users.
func (s *Source) tellPartly(ctx context.Context, t tally) {
	part := t.shown > 0 && t.dated > 0
	if part && !s.partly {
		s.log.WarnContext(ctx, "some entries show when their password was set and not the password; the right to read it does not cover them",
			"entries", t.dated, "one", t.witness, "advice", hidden.advice())
	}
	s.partly = part || s.partly && !t.all
}
