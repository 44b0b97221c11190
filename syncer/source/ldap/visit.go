package ldap

import (
	"context"
	"errors"
	"time"
)

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
