package ldap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"
)

// follower learns from one server what has changed since a position.
type follower interface {
	name() string
	// available returns why this server cannot be followed like this, as an absentError, or another error.
	available(ctx context.Context) error
	// latest sets the position of now.
	latest(ctx context.Context, p *position) error
	// resume finds out whether the position means something to this server; a gapError says that it does not.
	resume(ctx context.Context, p *position) error
	// pass deals with all that has changed, and moves the position on as it goes. A gapError says that changes are missing.
	pass(ctx context.Context, p *position) error
}

// gapError says that changes may have been missed.
type gapError struct{ why string }

func (e *gapError) Error() string { return e.why }

func gap(format string, a ...any) error { return &gapError{fmt.Sprintf(format, a...)} }

// absentError says that a server, or the rights on it, do not allow a strategy.
type absentError struct{ why string }

func (e *absentError) Error() string { return e.why }

// absent are the results that say that something is not there for us. A server that is only busy has others.
func absent(err error) error {
	if goldap.IsErrorAnyOf(err, goldap.LDAPResultInsufficientAccessRights, goldap.LDAPResultUnavailableCriticalExtension,
		goldap.LDAPResultUnwillingToPerform, goldap.LDAPResultNoSuchObject, goldap.LDAPResultProtocolError) {
		return &absentError{err.Error()}
	}
	return err
}

// choose picks the strategy: the configured one, or the first that can be had, the one of the stored position in front.
func (s *Source) choose(ctx context.Context, c *conn) (follower, error) {
	root, err := c.root(ctx)
	if err != nil {
		return nil, err
	}
	f, refused, err := s.pick(ctx, c, root)
	if err != nil {
		return nil, err
	}
	if name := f.name(); name != s.strategy {
		s.strategy = name
		s.log.InfoContext(ctx, "the directory is followed", "server", c.url, "vendor", root.vendor, "version", root.version, "strategy", name,
			"instead_of", strings.Join(refused, "; "))
		if name == Timestamps {
			s.log.WarnContext(ctx, timestampsGaps, "overlap", s.config.Overlap)
		}
	}
	return f, nil
}

func (s *Source) pick(ctx context.Context, c *conn, root rootDSE) (_ follower, refused []string, err error) {
	order := []string{s.config.Strategy}
	if s.config.Strategy == Auto {
		order = []string{s.position.Strategy, Cookie, ChangeNumber, Timestamps}
	}
	for i, name := range order {
		if name == "" || slices.Contains(order[:i], name) {
			continue
		}
		f := s.follower(name, c, root)
		err := f.available(ctx)
		if err == nil {
			return f, refused, nil
		}
		if _, ok := errors.AsType[*absentError](err); !ok {
			return nil, nil, err
		}
		refused = append(refused, name+": "+err.Error())
	}
	return nil, nil, &failure{reason: strategyAbsent, err: fmt.Errorf("ldap.strategy: %s", strings.Join(refused, "; "))}
}

func (s *Source) follower(name string, c *conn, root rootDSE) follower {
	switch name {
	case Cookie:
		return &byCookie{source: s, conn: c, root: root}
	case ChangeNumber:
		return &byNumber{source: s, conn: c, root: root, block: int64(s.config.PageSize)}
	default:
		return &byTime{source: s, conn: c}
	}
}

// handle deals with a part of the changelog. Of several changes of one entry the last one counts: the entry is read as it is
// now, so what lies between is never delivered.
func (s *Source) handle(ctx context.Context, c *conn, entries []*goldap.Entry, root rootDSE) error {
	var list []*record
	latest := map[string]int{} // by entry, its place in list
	for _, e := range entries {
		r := s.config.readRecord(e, root)
		if r == nil {
			continue
		}
		if r.was != "" {
			s.park.remove(r.was)
		}
		name := cmp.Or(r.uid, strings.ToLower(cmp.Or(r.was, r.dn)))
		i, ok := latest[name]
		switch {
		case r.idle && ok:
			if list[i].dn = r.dn; r.uid == "" { // Its changes stand under its new name.
				delete(latest, name)
				latest[strings.ToLower(r.dn)] = i
			}
			continue
		case r.idle && !s.awaited(r), !within(s.base, r.dn):
			continue
		case ok:
			if !r.deleted && !list[i].deleted {
				r.merge(list[i])
			}
			list[i] = nil
		}
		latest[cmp.Or(r.uid, strings.ToLower(r.dn))] = len(list)
		list = append(list, r)
	}
	list = slices.DeleteFunc(list, func(r *record) bool { return r == nil })
	for _, r := range list {
		switch {
		case r.deleted && r.uid != "":
			s.gone(ctx, keyOf(r.uid), r.dn)
		case r.deleted: // 389-DS gives no id. The next comparison finds out who it was.
			s.log.InfoContext(ctx, "an entry was deleted", "dn", r.dn)
			s.park.remove(r.dn)
		}
	}
	list = slices.DeleteFunc(list, func(r *record) bool { return r.deleted || !within(s.base, r.dn) }) // Some have moved away.
	looks, err := s.find(ctx, c, list)
	if err != nil {
		return err
	}
	return s.take(ctx, looks, false)
}

// awaited tells whether an entry is to be looked at although no password was changed: it was put aside, and may be mended now, or
// it has got a name under which it may be seen for the first time.
func (s *Source) awaited(r *record) bool {
	if r.was == "" {
		return s.park.has(r.dn)
	}
	_, known := s.seen.get(keyOf(r.uid))
	return !known
}

// together is how many entries are looked up with one search.
const together = 50

// find reads the entries that changes are about, as they are now. An entry that is not found is deleted, or no user.
func (s *Source) find(ctx context.Context, c *conn, list []*record) ([]look, error) {
	var looks []look
	for part := range slices.Chunk(list, together) {
		found, err := s.findByUID(ctx, c, part)
		if err != nil {
			return nil, err
		}
		for _, r := range part {
			u, ok := found[r.uid]
			if !ok {
				if u, ok, err = s.findByDN(ctx, c, r.dn); err != nil {
					return nil, err
				}
			}
			switch {
			case !ok, r.uid != "" && u.uid != "" && keyOf(r.uid) != keyOf(u.uid): // Another entry has its name now.
			case r.idle:
				looks = append(looks, look{user: u})
			default:
				looks = append(looks, look{u, r})
			}
		}
	}
	return looks, nil
}

func (s *Source) findByUID(ctx context.Context, c *conn, list []*record) (map[string]user, error) {
	var uids strings.Builder
	for _, r := range list {
		if r.uid != "" {
			_, _ = fmt.Fprintf(&uids, "(%s=%s)", s.config.UIDAttribute, goldap.EscapeFilter(r.uid))
		}
	}
	if uids.Len() == 0 {
		return nil, nil
	}
	found := map[string]user{}
	r, cut, err := c.search(ctx, &goldap.SearchRequest{
		BaseDN: s.config.Base, Scope: goldap.ScopeWholeSubtree, Filter: "(&" + s.config.Filter + "(|" + uids.String() + "))",
		Attributes: s.config.userAttributes(),
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("look users up: %w", err)
	case cut:
		return nil, fmt.Errorf("look users up: %w", errCut)
	}
	s.refer(ctx, len(r.Referrals))
	for _, e := range r.Entries {
		u := s.config.user(e)
		found[u.uid] = u
	}
	return found, nil
}

func (s *Source) findByDN(ctx context.Context, c *conn, dn string) (user, bool, error) {
	r, _, err := c.search(ctx, &goldap.SearchRequest{
		BaseDN: dn, Scope: goldap.ScopeBaseObject, Filter: s.config.Filter, Attributes: s.config.userAttributes(),
	})
	switch {
	case goldap.IsErrorWithCode(err, goldap.LDAPResultNoSuchObject):
		return user{}, false, nil
	case err != nil:
		return user{}, false, fmt.Errorf("look a user up: %w", err)
	case len(r.Entries) != 1:
		return user{}, false, nil
	}
	return s.config.user(r.Entries[0]), true, nil
}
