package ldap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
)

var (
	errEmpty = errors.New("no user is found where there were some; ldap.allowEmptySource takes that for the truth")
	errCut   = &failure{reason: limits, err: errors.New("the server stopped at its size limit (4), so this is not all")}
)

// swept is what a walk over the users has shown.
type swept struct {
	users    int
	pages    int
	referred int       // references to other servers
	youngest time.Time // modifyTimestamp
	begun    time.Time
	took     time.Duration
}

// sweep walks over the users that a filter finds, page by page, and hands each page over. One page is in memory.
func (s *Source) sweep(ctx context.Context, c *conn, filter string, page func([]user) error) (swept, error) {
	w := swept{begun: time.Now()}
	paging := goldap.NewControlPaging(uint32(s.config.PageSize)) //nolint:gosec // Validated.
	for {
		r, cut, err := c.search(ctx, &goldap.SearchRequest{
			BaseDN: s.config.Base, Scope: goldap.ScopeWholeSubtree, Filter: filter, Attributes: s.config.userAttributes(),
			Controls: []goldap.Control{paging},
		})
		if err != nil {
			return w, fmt.Errorf("search for users: page %d, after %d users: %w", w.pages+1, w.users, err)
		}
		s.refer(ctx, len(r.Referrals))
		w.pages, w.referred = w.pages+1, w.referred+len(r.Referrals)
		users := make([]user, 0, len(r.Entries))
		for _, e := range r.Entries {
			u := s.config.user(e)
			if u.modified.After(w.youngest) {
				w.youngest = u.modified
			}
			users = append(users, u)
		}
		w.users += len(users)
		if err := page(users); err != nil {
			return w, err
		}
		if cut {
			return w, fmt.Errorf("search for users: page %d, after %d users: %w", w.pages, w.users, errCut)
		}
		answer, _ := goldap.FindControl(r.Controls, goldap.ControlTypePaging).(*goldap.ControlPaging)
		if answer == nil && len(paging.Cookie) > 0 {
			return w, fmt.Errorf("search for users: page %d says nothing of a next one, so this may not be all", w.pages)
		}
		if answer == nil || len(answer.Cookie) == 0 {
			w.took = time.Since(w.begun)
			return w, nil
		}
		if len(users) == 0 && bytes.Equal(answer.Cookie, paging.Cookie) {
			return w, errors.New("search for users: the server goes round in circles")
		}
		paging.SetCookie(answer.Cookie)
	}
}

// refer tells, once, of users elsewhere. Following would mean to say our password to whom a stranger names.
func (s *Source) refer(ctx context.Context, n int) {
	if n > 0 && !s.referrals {
		s.referrals = true
		s.log.WarnContext(ctx, "the directory refers to other servers, which are not asked; name them in a configuration of their own",
			"referrals", n)
	}
}

// compare reads all users and delivers the passwords that are not the ones delivered last.
func (s *Source) compare(ctx context.Context, c *conn) error {
	why := s.position.Pending
	first := why == pendingFirst && !s.config.DeliversFirst()
	s.log.DebugContext(ctx, "all users are compared", "why", why, "server", c.url)
	s.seen.begin()
	s.park.begin()
	w, err := s.sweep(ctx, c, s.config.Filter, func(users []user) error {
		looks := make([]look, len(users))
		for i, u := range users {
			looks[i].user = u
			s.seen.mark(keyOf(u.uid))
		}
		if err := s.take(ctx, looks, first); err != nil {
			return err
		}
		for _, u := range users {
			s.park.meet(u.dn)
		}
		return s.save()
	})
	if err != nil {
		return err
	}
	gone := s.seen.unseen()
	s.metrics.references.Set(float64(w.referred))
	if w.referred > 0 && len(gone) > 0 {
		s.log.WarnContext(ctx, "users were not found, and may be where the directory refers to, so they are not taken for deleted",
			"users", len(gone), "referrals", w.referred)
		gone = nil
	}
	if w.users == 0 && len(gone) > 0 && !s.config.AllowEmptySource {
		return errEmpty
	}
	for _, k := range gone {
		s.gone(ctx, k, "")
	}
	if w.referred == 0 {
		s.park.prune()
	}
	s.position.Pending, s.position.Reconciled = "", time.Now().UTC()
	s.since(w)
	s.tally.all = true
	if s.tally.shown > 0 {
		s.position.Unreadable = false
	}
	s.log.InfoContext(ctx, "all users were compared", "why", why, "delivered", !first, "users", w.users, "deleted", len(gone), "took", w.took)
	return s.looked(ctx, c)
}

// clock is what is known of the directory's clock: it showed at least this then.
type clock struct{ least, then time.Time }

// since moves on to where the next search by timestamps begins. Only the directory's clock counts, and ours to measure pauses.
// When a walk ended, the directory's clock showed no less than the date of the youngest entry; when it began, no less than that
// without the time it took, and no less than when the walk before began and the pause since. What is changed after the beginning
// is not dated before that, and what was changed before it has been seen.
func (s *Source) since(w swept) {
	least := w.youngest.Add(-w.took)
	if w.youngest.IsZero() {
		least = time.Time{}
	}
	if known := s.clock.least; !known.IsZero() {
		if known = known.Add(w.begun.Sub(s.clock.then)); known.After(least) {
			least = known
		}
	}
	if least.IsZero() {
		return
	}
	s.clock = clock{least, w.begun}
	if t := least.Add(-s.config.Overlap).Truncate(time.Second); t.After(s.position.Since) {
		s.position.Since = t
	}
}
