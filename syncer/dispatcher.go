package syncer

import (
	"context"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/seatrial/seatrial/syncer/notify"
	"github.com/seatrial/seatrial/syncer/queue"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
)

// settleDelay passes before a change is written: two edits in quick succession become one write, and two writes to one user
// never share a millisecond, which is as fine as the date of a password is shown.
const settleDelay = 2 * time.Millisecond

// deliveriesAhead is how many changes may be read before the dispatcher has time for them.
const deliveriesAhead = 256

// dispatcher decides what is tried when. One goroutine owns all of it, so the order of a user's changes needs no lock, and
// nobody holds one across a wait. It serves each user's changes one at a time; of those that wait, only the newest counts.
// What takes time, an attempt, parking for good, writing an outcome down, is done by others, who tell it the result.
type dispatcher struct {
	config   Config
	schedule cron.Schedule
	log      *slog.Logger
	ledger   *ledger
	metrics  *metrics
	lot      *lot
	notifier *notify.Notifier
	inherits uint64 // changes up to this sequence may have been begun by an earlier engine
	// attempt tries a change in a goroutine of its own and sends the result to results.
	attempt func(ctx context.Context, c *change)
	// keep parks a change for good in a goroutine of its own and sends the result to kept.
	keep func(ctx context.Context, c *change, reason target.Reason)
	// settle makes an outcome final. Outcomes become durable in the order of the calls.
	settle func(c *change, o outcome)

	deliveries chan queue.Delivery
	calls      chan func(ctx context.Context) // what others want to have done here
	results    chan result
	kept       chan kept
	drain      chan struct{}

	people   map[string]*person
	held     map[uint64]bool // sequences that are here
	ages     ages
	ready    waiting
	parked   map[*change]bool // they wait for the schedule
	inFlight int
	shelving int // changes that are being parked for good
	throttle *throttle
	breaker  breaker
	lastDown target.Reason // why the breaker opened
	ailing   target.Reason // the reason that was logged last
	tick     time.Time     // when the schedule comes next
}

// result is what came of an attempt.
type result struct {
	change *change
	answer target.Answer
	// stale: an earlier engine has begun a newer change of this user, so this one must not be written.
	stale bool
	// contacted: the attempt went as far as the target.
	contacted bool
	// noted: the user's note was read; begun is what an earlier engine wrote there about this very change.
	noted bool
	begun *note
}

// kept is what came of parking a change for good.
type kept struct {
	change *change
	reason target.Reason
	// withdrawn: the caller is still there and hears of it, so nothing was kept.
	withdrawn bool
	// ok is false when the engine was stopped before it could be done; the change is still in the queue.
	ok bool
}

// outcome is the end of a change.
type outcome struct {
	state  hook.State
	reason string // in the audit trail
	plan   string // of a dry run
}

func newDispatcher(c Config, schedule cron.Schedule, log *slog.Logger, l *ledger, m *metrics) *dispatcher {
	return &dispatcher{
		config: c, schedule: schedule, log: log, ledger: l, metrics: m,
		deliveries: make(chan queue.Delivery, deliveriesAhead), calls: make(chan func(context.Context)),
		results: make(chan result, c.Concurrency), kept: make(chan kept), drain: make(chan struct{}),
		people: map[string]*person{}, held: map[uint64]bool{}, parked: map[*change]bool{}, throttle: newThrottle(c.Concurrency),
	}
}

// run works until it is drained or ctx ends; then it waits for what is under way, which obeys ctx too.
func (d *dispatcher) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var armed time.Time // what the timer is set to; setting it costs more than looking
	drain, ended := d.drain, ctx.Done()
	for drain != nil && ended != nil || d.inFlight+d.shelving > 0 {
		var wake <-chan time.Time
		if drain != nil && ended != nil {
			if next := d.launch(ctx); !next.IsZero() {
				if !next.Equal(armed) {
					timer.Reset(time.Until(next))
					armed = next
				}
				wake = timer.C
			}
		}
		select {
		case delivery := <-d.deliveries:
			d.deliver(ctx, delivery)
		case f := <-d.calls:
			f(ctx)
		case r := <-d.results:
			d.finish(ctx, r)
		case k := <-d.kept:
			d.shelved(ctx, k)
		case <-wake:
			armed = time.Time{}
			d.scheduled(ctx, time.Now())
		case <-drain:
			drain = nil
		case <-ended:
			ended = nil
		}
		d.metrics.observe(d.inFlight, !d.breaker.since.IsZero())
	}
}

// launch starts what may start and returns when to look again; zero means when something happens.
func (d *dispatcher) launch(ctx context.Context) time.Time {
	now := time.Now()
	next := earliest(d.expire(ctx, now), d.nextRound())
	for len(d.ready) > 0 {
		c := d.ready[0]
		if now.Before(c.due) {
			return earliest(next, c.due)
		}
		ok, again := d.throttle.room(now, d.inFlight, len(d.ready))
		if !ok {
			return earliest(next, again)
		}
		if ok, again = d.breaker.admit(now); !ok {
			// All who wait for a target that is down share its time; who came later has waited less.
			patience := latest(d.breaker.since, c.due).Add(d.config.Retry.Patience)
			if now.Before(patience) {
				return earliest(next, earliest(again, patience))
			}
			d.ready.take(c)
			c.reason = d.lastDown
			d.ledger.failed(c.ID, string(c.reason), c.attempts)
			d.park(ctx, c)
			next = earliest(next, d.nextRound())
			continue
		}
		d.ready.take(c)
		d.throttle.started(now)
		c.running = true
		d.inFlight++
		d.attempt(ctx, c)
	}
	return next
}

// nextRound is the schedule's next time, if something waits for it.
func (d *dispatcher) nextRound() time.Time {
	if len(d.parked) == 0 {
		return time.Time{}
	}
	return d.tick
}

// earliest is the earlier of two moments; a zero one does not count.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
