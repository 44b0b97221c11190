package syncer

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/seatrial/seatrial/syncer/queue"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
)

// settleDelay passes before a change is written: two edits in quick succession become one write, and two writes to one user
// never share a millisecond, which is as fine as the date of a password is shown.
const settleDelay = 2 * time.Millisecond

// dispatcher decides what is tried when. One goroutine owns all of it, so the order of a user's changes needs no lock, and
// nobody holds one across a wait. It serves each user's changes one at a time; of those that wait, only the newest counts.
type dispatcher struct {
	config   Config
	schedule cron.Schedule
	log      *slog.Logger
	ledger   *ledger
	metrics  *metrics
	inherits uint64 // changes up to this sequence may have been begun by an earlier engine
	// attempt tries a change in a goroutine of its own and sends the result to results.
	attempt func(ctx context.Context, c *change)
	// settle makes an outcome final.
	settle func(ctx context.Context, c *change, o outcome)

	deliveries chan queue.Delivery
	results    chan result
	drain      chan struct{}

	people   map[string]*person
	held     map[uint64]bool // sequences that are here
	ready    waiting
	parked   map[*change]bool
	inFlight int
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

// outcome is the end of a change.
type outcome struct {
	state  hook.State
	reason string // in the audit trail
}

func newDispatcher(c Config, schedule cron.Schedule, log *slog.Logger, l *ledger, m *metrics) *dispatcher {
	return &dispatcher{
		config: c, schedule: schedule, log: log, ledger: l, metrics: m,
		deliveries: make(chan queue.Delivery), results: make(chan result, c.Concurrency), drain: make(chan struct{}),
		people: map[string]*person{}, held: map[uint64]bool{}, parked: map[*change]bool{}, throttle: newThrottle(c.Concurrency),
	}
}

// run works until it is drained or ctx ends; then it waits for the attempts in flight, which obey ctx too.
func (d *dispatcher) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	drain, ended := d.drain, ctx.Done()
	for drain != nil && ended != nil || d.inFlight > 0 {
		var wake <-chan time.Time
		if drain != nil && ended != nil {
			if next := d.launch(ctx); !next.IsZero() {
				timer.Reset(time.Until(next))
				wake = timer.C
			}
		}
		select {
		case delivery := <-d.deliveries:
			d.arrive(ctx, delivery)
		case r := <-d.results:
			d.finish(ctx, r)
		case <-wake:
			d.scheduled(time.Now())
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
	for len(d.ready) > 0 {
		c := d.ready[0]
		if now.Before(c.due) {
			return d.sooner(c.due)
		}
		ok, again := d.throttle.room(now, d.inFlight)
		if !ok {
			return d.sooner(again)
		}
		if ok, again = d.breaker.admit(now); !ok {
			// All who wait for a target that is down share its time; who came later has waited less.
			patience := latest(d.breaker.since, c.due).Add(d.config.Retry.Patience)
			if now.Before(patience) {
				if patience.Before(again) {
					again = patience
				}
				return d.sooner(again)
			}
			d.ready.take(c)
			c.reason = d.lastDown
			d.ledger.failed(c.ID, string(c.reason), c.attempts)
			d.park(ctx, c)
			continue
		}
		d.ready.take(c)
		d.throttle.started(now)
		c.running = true
		d.inFlight++
		d.attempt(ctx, c)
	}
	return d.sooner(time.Time{})
}

// sooner is t or the schedule's next time, if something waits for it.
func (d *dispatcher) sooner(t time.Time) time.Time {
	if len(d.parked) > 0 && (t.IsZero() || d.tick.Before(t)) {
		return d.tick
	}
	return t
}

// arrive takes a change from the queue. Changes come in the order of their sequence, so it is the newest of its user.
func (d *dispatcher) arrive(ctx context.Context, delivery queue.Delivery) {
	if d.held[delivery.Sequence] {
		return // Delivered a second time because it was held for so long.
	}
	r, err := decodeRecord(delivery.Data)
	if err != nil {
		d.log.ErrorContext(ctx, "a change in the queue cannot be read; it stays there", "sequence", delivery.Sequence, "error", err)
		return
	}
	d.held[delivery.Sequence] = true
	c := &change{record: r, key: userKey(r.UserName), delivery: delivery, inherited: delivery.Sequence <= d.inherits, index: -1}
	if d.ledger.isFinal(r.ID) {
		// An earlier engine wrote the audit line and died before it could remove the change.
		d.end(ctx, c, outcome{})
		return
	}
	d.ledger.queued(r)
	p := d.people[c.key]
	if p == nil {
		p = &person{}
		d.people[c.key] = p
	}
	switch {
	case p.current == nil:
		d.begin(p, c)
	case p.current.running:
		if p.next != nil {
			d.supersede(ctx, p.next)
		}
		p.next = c
	default:
		d.withdraw(p.current)
		d.supersede(ctx, p.current)
		d.begin(p, c)
	}
}

func (d *dispatcher) begin(p *person, c *change) {
	p.current, p.next = c, nil
	d.ready.add(c, time.Now().Add(settleDelay+spread(d.config.Seed, c.ID, 0)))
}

// withdraw takes a change from wherever it waits.
func (d *dispatcher) withdraw(c *change) {
	d.ready.take(c)
	delete(d.parked, c)
	c.parked = false
}

func (d *dispatcher) supersede(ctx context.Context, c *change) {
	d.end(ctx, c, outcome{state: hook.Superseded})
}

// end gives a change its outcome. What is left of it is only to be written down.
func (d *dispatcher) end(ctx context.Context, c *change, o outcome) {
	delete(d.held, c.delivery.Sequence)
	d.settle(ctx, c, o)
}

// finish takes the result of an attempt.
func (d *dispatcher) finish(ctx context.Context, r result) {
	c, a := r.change, r.answer
	d.inFlight--
	c.running = false
	if r.noted {
		c.inherited = false
	}
	if n := r.begun; n != nil {
		c.attempts, c.round, c.prior = n.Attempts, n.Round, &n.Mark
	}
	d.health(r)
	if ctx.Err() != nil && a.Class != target.Applied && a.Class != target.Permanent {
		return // The attempt was cut short: the change stays in the queue, and the note tells what was begun.
	}
	if r.contacted && !c.lookOnly {
		c.attempts++
	}
	switch {
	case a.Unsettled:
		c.prior = &a.Mark
	case a.Settled:
		c.prior = nil
	}
	switch {
	case r.stale:
		d.done(ctx, c, outcome{state: hook.Superseded})
	case a.Class == target.Applied:
		d.done(ctx, c, outcome{state: hook.Applied, reason: string(a.Evidence)})
	case a.Class == target.Permanent || a.Class == target.Missing:
		d.refused(ctx, c, a)
	case d.people[c.key].next != nil:
		d.done(ctx, c, outcome{state: hook.Superseded})
	default:
		d.again(ctx, c, a)
	}
}

// done ends the user's current change and turns to the next.
func (d *dispatcher) done(ctx context.Context, c *change, o outcome) {
	p := d.people[c.key]
	d.end(ctx, c, o)
	if p.next == nil {
		delete(d.people, c.key)
		return
	}
	d.begin(p, p.next)
}

func (d *dispatcher) refused(ctx context.Context, c *change, a target.Answer) {
	d.log.WarnContext(ctx, "change parked", "change_id", c.ID, "transaction_id", c.TransactionID, "user_name", c.UserName,
		"reason", string(a.Reason), "attempts", c.attempts, "detail", a.Detail)
	d.done(ctx, c, outcome{hook.Parked, string(a.Reason)})
}

// again puts a change that failed in passing where it is tried again.
func (d *dispatcher) again(ctx context.Context, c *change, a target.Answer) {
	if c.lookOnly {
		d.giveUp(ctx, c)
		return
	}
	if c.reason != a.Reason {
		d.log.DebugContext(ctx, "attempt failed", "change_id", c.ID, "user_name", c.UserName, "reason", string(a.Reason),
			"attempt", c.attempts, "detail", a.Detail)
	}
	c.reason = a.Reason
	if a.RetryAfter > 0 {
		c.notBefore = time.Now().Add(a.RetryAfter)
	}
	d.ledger.failed(c.ID, string(c.reason), c.attempts)
	if a.Class == target.Credential || c.round > 0 || c.retries >= d.config.Retry.Retries {
		d.park(ctx, c)
		return
	}
	c.retries++
	d.metrics.retried(c.reason)
	d.ready.add(c, time.Now().Add(d.config.Retry.wait(d.config.Seed, c.ID, c.retries, a.RetryAfter)+spread(d.config.Seed, c.ID, c.retries)))
}

// park leaves a change to the schedule. When that has had its rounds, a write whose outcome is unknown gets one last look.
func (d *dispatcher) park(ctx context.Context, c *change) {
	switch {
	case c.lookOnly:
		d.giveUp(ctx, c)
	case c.round < d.config.Rounds:
		if len(d.parked) == 0 {
			d.tick = d.schedule.Next(time.Now().UTC())
		}
		c.parked = true
		d.parked[c] = true
	case c.prior != nil:
		c.lookOnly = true
		d.ready.add(c, time.Now().Add(d.config.Retry.First+spread(d.config.Seed, c.ID, -1)))
	default:
		d.giveUp(ctx, c)
	}
}

func (d *dispatcher) giveUp(ctx context.Context, c *change) {
	reason := c.reason
	if c.prior != nil {
		reason = target.UnknownOutcome
	}
	d.log.WarnContext(ctx, "change parked", "change_id", c.ID, "transaction_id", c.TransactionID, "user_name", c.UserName,
		"reason", string(reason), "attempts", c.attempts, "rounds", c.round)
	d.done(ctx, c, outcome{hook.Parked, string(reason)})
}

// scheduled starts a round when its time has come.
func (d *dispatcher) scheduled(now time.Time) {
	if len(d.parked) == 0 || now.Before(d.tick) {
		return
	}
	list := make([]*change, 0, len(d.parked))
	for c := range d.parked {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *change) int { return cmp.Compare(a.delivery.Sequence, b.delivery.Sequence) })
	d.log.Info("the schedule tries parked changes again", "changes", len(list))
	for _, c := range list {
		d.withdraw(c)
		c.round++
		d.metrics.retried(c.reason)
		d.ready.add(c, latest(now, c.notBefore).Add(spread(d.config.Seed, c.ID, 100+c.round)))
	}
}

// health draws from a result what it says about the target.
func (d *dispatcher) health(r result) {
	now, a := time.Now(), r.answer
	switch {
	case !r.contacted:
		d.breaker.skipped()
		return
	case a.Reason == target.Throttled:
		d.breaker.skipped()
		n := min(d.throttle.streak, 2) + 1
		d.throttle.refused(now, d.config.Retry.wait(d.config.Seed, r.change.ID, n, a.RetryAfter))
	case a.Reason == target.BadCredential, a.Reason == target.UnknownOutcome:
		d.breaker.skipped()
	case a.Class == target.Transient || a.Class == target.Unknown:
		if d.breaker.failed(now, r.change.key, spread(d.config.Seed, r.change.ID, 50+r.change.attempts)) {
			d.lastDown = a.Reason
			d.log.Warn("the target is down; changes wait", "reason", string(a.Reason), "detail", a.Detail)
		}
	default:
		if d.breaker.succeeded() {
			d.log.Info("the target is back")
		}
		d.throttle.succeeded()
	}
	d.ail(a)
}

// ail logs a failure when the reason is another one than before, not once per change.
func (d *dispatcher) ail(a target.Answer) {
	switch {
	case a.Class == target.Applied:
		if d.ailing != "" {
			d.log.Info("changes are applied again", "after", string(d.ailing))
		}
		d.ailing = ""
	case a.Class == target.Permanent || a.Class == target.Missing || a.Reason == d.ailing:
	default:
		d.ailing = a.Reason
		d.log.Warn("attempts fail", "reason", string(a.Reason), "detail", a.Detail)
	}
}
