package ldap

import (
	"context"
	"regexp"
	"time"
)

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
