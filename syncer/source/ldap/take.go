package ldap

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/seatrial/seatrial/syncer/source/hook"
)

// look is a user as he was read, and the change that has led to him, if one has.
type look struct {
	user   user
	record *record
}

// delivery is a change on its way to the engine, and what is remembered when the engine has it.
type delivery struct {
	change hook.Change
	key    key
	memo   memo
	dn     string
}

// deliveriesAtOnce is how many changes are handed over at the same time: the engine flushes them to disk together.
const deliveriesAtOnce = 64

// take judges users and delivers the passwords that are new. When it returns without an error, the engine has acknowledged
// them all. first notes users who were never seen instead of delivering their passwords.
func (s *Source) take(ctx context.Context, looks []look, first bool) error {
	var list []delivery
	for _, l := range looks {
		d, v, err := s.judge(ctx, l, first)
		if err != nil {
			return err
		}
		if v == delivered {
			list = append(list, d)
			continue
		}
		s.metrics.count(v)
	}
	if err := s.deliver(ctx, list); err != nil {
		return err
	}
	for _, d := range list {
		if err := s.seen.put(d.key, d.memo); err != nil {
			return err
		}
		s.park.remove(d.dn)
		s.metrics.count(delivered)
	}
	return nil
}

// judge says what becomes of one user. What it remembers at once needs no acknowledgement.
func (s *Source) judge(ctx context.Context, l look, first bool) (delivery, verdict, error) {
	u, r := l.user, l.record
	s.metrics.entries.Inc()
	var brought []string
	place := ""
	if r != nil {
		brought, place = r.brought, r.place
	}
	s.tally.count(u, len(brought) > 0)
	if len(u.passwords) == 0 && len(brought) > 0 {
		u.passwords = brought[len(brought)-1:] // The changelog shows what the entry hides.
	}
	aside := func(t trouble) (delivery, verdict, error) {
		s.park.add(ctx, s.log, u.dn, t, place)
		return delivery{}, aside, nil
	}
	switch {
	case u.trouble != "":
		return aside(u.trouble)
	case len(u.passwords) == 0 && r != nil && r.garbled:
		return aside(changesNotRead)
	case len(u.passwords) == 0 && !u.changed.IsZero():
		return delivery{}, unshown, nil
	case len(u.passwords) == 0:
		return delivery{}, bare, nil
	}
	k := keyOf(u.uid)
	s.seen.mark(k)
	sorted := slices.Sorted(slices.Values(u.passwords))
	now := memo{digest: s.seen.digest(sorted), changed: u.changed, modified: u.modified}
	old, known := s.seen.get(k)
	v := judge(old, known, now, r)
	switch {
	case v == stale:
		s.log.WarnContext(ctx, "a user is older than he was: this server lags behind another one, or was restored; his password is not delivered",
			"dn", u.dn, "modified", u.modified, "seen", old.modified)
		return delivery{}, v, nil
	case v == delivered && r != nil && r.madeBy(s.ignored):
		v = ignored
	case v == delivered && first && !known:
		v = baseline
	case v == rehash:
		now.rehashed = true
	}
	if v != delivered {
		s.park.remove(u.dn)
		if known && v == same && old.modified.Equal(now.modified) && old.changed.Equal(now.changed) {
			return delivery{}, v, nil
		}
		if v == same {
			now.rehashed = old.rehashed
		}
		return delivery{}, v, s.seen.put(k, now)
	}
	password, t := u.password(brought)
	if t != "" {
		return aside(t)
	}
	c, t := s.config.change(u, password, s.transaction(k, now, place))
	if t != "" {
		return aside(t)
	}
	return delivery{c, k, now, u.dn}, delivered, nil
}

// transaction is the id of a change: the entry, the value, and when it was set. pwdChangedTime is the same however the change
// is learned of; without it, the place in the changelog or the date of the entry tells a return to an old value from that
// value.
func (s *Source) transaction(k key, m memo, place string) string {
	when := place
	switch {
	case !m.changed.IsZero():
		when = m.changed.Format(time.RFC3339Nano)
	case place == "":
		when = m.modified.Format(time.RFC3339Nano)
	}
	return "ldap-" + hex.EncodeToString(s.seen.mac("transaction", k.String(), string(m.digest[:]), when)[:16])
}

// deliver hands changes over, and returns when the engine has acknowledged each of them.
func (s *Source) deliver(ctx context.Context, list []delivery) error {
	var all sync.WaitGroup
	room := make(chan struct{}, deliveriesAtOnce)
	errs := make([]error, len(list))
	for i := range list {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			all.Wait()
			return ctx.Err()
		}
		all.Go(func() {
			defer func() { <-room }()
			errs[i] = s.insist(ctx, list[i].change)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// insist hands one change over, however long that takes: the position does not move before.
func (s *Source) insist(ctx context.Context, c hook.Change) error {
	defer c.Hash.Wipe()
	defer c.Password.Wipe()
	for n := 1; ; n++ {
		_, err := s.to.Accept(ctx, c)
		if err == nil {
			return nil
		}
		if n == 1 && ctx.Err() == nil {
			s.log.WarnContext(ctx, "the engine does not take a change, which is handed over again", "transaction_id", c.TransactionID, "error", err)
		}
		if !s.wait(ctx, backoff(n)) {
			return ctx.Err()
		}
	}
}

// gone is for a user whose entry is deleted. The engine is not told: what becomes of the account at the target is not a
// matter of passwords.
func (s *Source) gone(ctx context.Context, k key, dn string) {
	if _, known := s.seen.get(k); known {
		s.log.InfoContext(ctx, "a user was deleted", "entry", k.String(), "dn", dn)
		s.metrics.count(deleted)
	}
	s.seen.forget(k)
	s.park.remove(dn)
}
