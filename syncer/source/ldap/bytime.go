package ldap

import (
	"context"
)

// timestampsGaps is what an operator must know about this strategy.
const timestampsGaps = "users are found by modifyTimestamp, which has gaps: no deletes are seen, and no change that reaches this server later than the overlap; a changelog has none of these"

// byTime searches for users who were modified since the last search, and somewhat before: what is found again is recognised. It
// needs no changelog, and no clock but the directory's. What it cannot find is told at the start: deletes, since nothing is left
// to be found, and changes that come by replication with an older date than the overlap reaches back, because they took that long
// or because the clocks of the replicas differ that much.
type byTime struct {
	source *Source
	conn   *conn
}

func (f *byTime) name() string { return Timestamps }

func (f *byTime) available(context.Context) error { return nil }

// latest leaves the position to the comparison that follows: it reads all users, so it knows the directory's clock.
func (f *byTime) latest(context.Context, *position) error { return nil }

// resume compares all users when it is another server: it may have got changes later than the one before.
func (f *byTime) resume(_ context.Context, p *position) error {
	if p.Server != f.conn.url {
		return gap("timestamps of %s say little about another server", p.Server)
	}
	return nil
}

func (f *byTime) pass(ctx context.Context, p *position) error {
	s := f.source
	since := generalized(p.Since)
	filter := "(&" + s.config.Filter + "(|(modifyTimestamp>=" + since + ")(createTimestamp>=" + since + ")))"
	w, err := s.sweep(ctx, f.conn, filter, func(users []user) error {
		looks := make([]look, len(users))
		for i, u := range users {
			looks[i].user = u
		}
		return s.take(ctx, looks, false)
	})
	if err != nil {
		return err
	}
	s.since(w)
	return nil
}
