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
	errCut   = errors.New("the server stopped at its size limit, so not all users were read; raise the limit of the account (on DS ds-rlim-size-limit: 0)")
)

// swept is what a walk over the users has shown.
type swept struct {
	users    int
	youngest time.Time // modifyTimestamp
	took     time.Duration
}

// sweep walks over the users that a filter finds, page by page, and hands each page over. One page is in memory.
func (s *Source) sweep(ctx context.Context, c *conn, filter string, page func([]user) error) (swept, error) {
	var w swept
	begun := time.Now()
	paging := goldap.NewControlPaging(uint32(s.config.PageSize)) //nolint:gosec // Validated.
	for {
		r, cut, err := c.search(ctx, &goldap.SearchRequest{
			BaseDN: s.config.Base, Scope: goldap.ScopeWholeSubtree, Filter: filter, Attributes: s.config.userAttributes(),
			Controls: []goldap.Control{paging},
		})
		if err != nil {
			return w, fmt.Errorf("search for users: %w", hint(err))
		}
		s.refer(ctx, len(r.Referrals))
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
			return w, errCut
		}
		answer, _ := goldap.FindControl(r.Controls, goldap.ControlTypePaging).(*goldap.ControlPaging)
		if answer == nil || len(answer.Cookie) == 0 {
			w.took = time.Since(begun)
			return w, nil
		}
		if len(users) == 0 && bytes.Equal(answer.Cookie, paging.Cookie) {
			return w, errors.New("search for users: the server goes round in circles")
		}
		paging.SetCookie(answer.Cookie)
	}
}

// hint adds to an error what an operator can do about it.
func hint(err error) error {
	switch {
	case goldap.IsErrorWithCode(err, goldap.LDAPResultInsufficientAccessRights):
		return fmt.Errorf("%w; the account lacks a right, for searches without an index the privilege unindexed-search", err)
	case goldap.IsErrorWithCode(err, goldap.LDAPResultAdminLimitExceeded):
		return fmt.Errorf("%w; raise the lookthrough limit of the account (on DS ds-rlim-lookthrough-limit: 0)", err)
	case goldap.IsErrorWithCode(err, goldap.LDAPResultReferral):
		return fmt.Errorf("%w; referrals are not followed, name the server that holds the users in ldap.urls", err)
	}
	return err
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
	first := why == pendingFirst && !s.config.deliversFirst()
	s.log.InfoContext(ctx, "all users are compared", "why", why, "server", c.url, "deliver", !first)
	s.seen.begin()
	w, err := s.sweep(ctx, c, s.config.Filter, func(users []user) error {
		looks := make([]look, len(users))
		for i, u := range users {
			looks[i].user = u
			s.seen.mark(keyOf(u.uid))
		}
		if err := s.take(ctx, looks, first); err != nil {
			return err
		}
		return s.save()
	})
	if err != nil {
		return err
	}
	gone := s.seen.unseen()
	if w.users == 0 && len(gone) > 0 && !s.config.AllowEmptySource {
		return errEmpty
	}
	for _, k := range gone {
		s.gone(ctx, k, "")
	}
	s.position.Pending, s.position.Reconciled = "", time.Now().UTC()
	s.position.since(w, s.config.Overlap)
	if s.tally.shown > 0 {
		s.position.Unreadable = false
	}
	s.log.InfoContext(ctx, "all users were compared", "users", w.users, "deleted", len(gone), "took", w.took)
	return s.looked(ctx)
}

// since moves on to where the next search by timestamps begins. Everything is by the directory's clock: the youngest entry
// was there when the walk ended at the latest, so that many seconds before it as the walk took, no entry had been passed yet.
func (p *position) since(w swept, overlap time.Duration) {
	if w.youngest.IsZero() {
		return
	}
	if t := w.youngest.Add(-w.took - overlap).Truncate(time.Second); t.After(p.Since) {
		p.Since = t
	}
}
