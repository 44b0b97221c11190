package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"
)

// timing is how a queue waits.
type timing struct {
	lease          time.Duration // a leader who has written nothing for so long is taken for dead
	renew          time.Duration // a leader with nothing to write gives a sign of life
	poll           time.Duration // how often a process that stands by looks, and a reader who was told nothing
	pause          time.Duration // before a store that failed is asked again
	sweep          time.Duration // finished messages are removed together
	lines          int           // entries from which the journal is begun anew, when more than half of them are out of date
	administration bool
}

// usual replaces a dead leader within 25 seconds. The times are odd so that no two timers fall on the same instant.
var usual = timing{
	lease: 20*time.Second + 11, renew: 5*time.Second + 13, poll: 2*time.Second + 17, pause: time.Second + 19, sweep: 100*time.Millisecond + 23,
	lines: 8192,
}

// leaderName is this process as others see it, and like no other.
func leaderName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s, process %d, %s", host, os.Getpid(), rand.Text()[:8])
}

// Lead returns when this process is the one that delivers. On a directory that is at once: the lock keeps others out. By
// URL one process at a time leads; another takes over when it closes its queue, or when it has been silent for 20 seconds.
// Who has lost the lead opens the queue anew to stand by again.
func (q *Queue) Lead(ctx context.Context) error {
	if q.timing.administration {
		return ErrClosed
	}
	if q.leads() {
		return nil
	}
	var seen uint64
	var since time.Time
	for {
		if err := q.wait(ctx, closed, 0); err != nil {
			return err
		}
		last, p, err := q.leader(ctx)
		switch {
		case err != nil:
			if foreign := (*foreignError)(nil); errors.As(err, &foreign) {
				return err
			}
		case since.IsZero() || last != seen:
			seen, since = last, time.Now()
			q.index.setWaiting(p.waiting)
		}
		if err == nil && (p.leader == "" || time.Since(since) >= q.timing.lease) {
			err := q.takeOver(ctx)
			if err == nil || !errors.Is(err, ErrInUse) {
				return err
			}
			since = time.Time{} // Another process was faster.
		}
		if err := q.wait(ctx, nil, q.timing.poll); err != nil {
			return err
		}
	}
}

// Lost is closed when this process no longer leads.
func (q *Queue) Lost() <-chan struct{} { return q.lost }

func (q *Queue) isLost() bool { return isClosed(q.lost) }

func (q *Queue) leads() bool { return isClosed(q.led) && !isClosed(q.lost) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// leader reads the journal's last message.
func (q *Queue) leader(ctx context.Context) (last uint64, p page, err error) {
	m, ok, err := q.journal.newest(ctx, q.journal.subject)
	if err != nil {
		return 0, page{}, fmt.Errorf("lead: %w", err)
	}
	if !ok {
		return 0, page{}, nil
	}
	if p, err = decodePage(m.Data); err != nil {
		return 0, page{}, q.journal.foreign(m, err)
	}
	q.keeper.last = m.Sequence
	return m.Sequence, p, nil
}

// takeOver makes this process the leader: whatever another one writes from now on fails. Then it reads what there is.
func (q *Queue) takeOver(ctx context.Context) error {
	if q.config.URL == "" {
		if _, _, err := q.leader(ctx); err != nil {
			return err
		}
	}
	claim := page{leader: q.keeper.name, waiting: q.index.count()}.header()
	if err := q.follow(ctx, claim); err != nil {
		return fmt.Errorf("take the lead: %w", err)
	}
	if err := q.recall(ctx); err != nil {
		return err
	}
	if q.marker != nil {
		found, err := q.contents(ctx)
		if err != nil {
			return err
		}
		if err := q.marker.check(found); err != nil {
			return err
		}
		if err := q.marker.write(nil); err != nil {
			return err
		}
	}
	close(q.led)
	return nil
}

// farewell leaves the lead to others, and in a directory the word that all was stored.
func (q *Queue) farewell(ctx context.Context) error {
	if q.marker == nil {
		err := q.follow(ctx, page{waiting: q.index.count()}.header())
		if errors.Is(err, ErrInUse) {
			return nil // Another process leads already.
		}
		return err
	}
	found, err := q.contents(ctx)
	if err != nil {
		return err
	}
	return q.marker.write(&found)
}

// borrow takes a directory in which only parked changes will change.
func (q *Queue) borrow(ctx context.Context) error {
	if q.marker == nil || q.marker.last == (contents{}) {
		return nil
	}
	found, err := q.contents(ctx)
	if err != nil {
		return err
	}
	found.Waiting = q.marker.last.Waiting // Nobody has counted.
	if err := q.marker.check(found); err != nil {
		return err
	}
	return q.marker.write(nil)
}

// giveBack leaves the directory as the engine expects it.
func (q *Queue) giveBack(ctx context.Context) error {
	if q.marker == nil || q.marker.last == (contents{}) {
		return nil
	}
	found, err := q.contents(ctx)
	if err != nil {
		return err
	}
	found.Waiting = q.marker.last.Waiting
	return q.marker.write(&found)
}

// contents is what the store holds now.
func (q *Queue) contents(ctx context.Context) (contents, error) {
	changes, err := q.changes.state(ctx)
	if err != nil {
		return contents{}, err
	}
	parked, err := q.parked.state(ctx)
	if err != nil {
		return contents{}, err
	}
	return contents{Created: q.created, Changes: changes.LastSeq, Waiting: q.index.count(), Parked: parked.Msgs}, nil
}
