package syncer

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/seatrial/seatrial/syncer/notify"
	"github.com/seatrial/seatrial/syncer/source/hook"
	"github.com/seatrial/seatrial/syncer/target"
)

// freeRefusals is how often a change may be refused for the target's limit before that counts as a failure of its own: one
// that is refused while others are taken must not make them pause forever.
const freeRefusals = 10

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
		d.notifier.Applied(c.UserName)
		d.done(ctx, c, outcome{state: hook.Applied, reason: string(a.Evidence)})
	case a.Class == target.Planned:
		d.done(ctx, c, outcome{state: hook.Planned, plan: a.Plan})
	case a.Class == target.Permanent || a.Class == target.Missing:
		c.account, c.remedy = a.Account, a.Remedy
		d.shelve(ctx, c, a.Reason, a.Detail)
	case d.people[c.key].next != nil:
		d.done(ctx, c, outcome{state: hook.Superseded})
	case !c.lookOnly && d.late(c, time.Now()):
		d.expired(ctx, c)
	default:
		d.again(ctx, c, a)
	}
}

// again puts a change that failed in passing where it is tried again.
func (d *dispatcher) again(ctx context.Context, c *change, a target.Answer) {
	if c.lookOnly {
		d.giveUp(ctx, c)
		return
	}
	now := time.Now()
	if c.reason != a.Reason {
		d.log.DebugContext(ctx, "attempt failed", "change_id", c.ID, "user_name", c.UserName, "reason", string(a.Reason),
			"attempt", c.attempts, "detail", a.Detail)
	}
	c.reason = a.Reason
	if a.RetryAfter > 0 {
		c.notBefore = now.Add(a.RetryAfter)
	}
	d.ledger.failed(c.ID, string(c.reason), c.attempts)
	limit := a.Reason == target.Throttled && a.Class == target.Transient && c.refusals < freeRefusals && !d.throttle.hopeless(now, d.config.Retry.Patience)
	if !limit {
		d.tell(ctx, c, c.reason, false)
	}
	switch {
	case limit: // It is not to blame, so it keeps its retries.
		c.refusals++
	case a.Class == target.Credential || c.round > 0 || c.retries >= d.config.Retry.Retries:
		d.park(ctx, c)
		return
	default:
		c.retries++
	}
	d.metrics.retried(c.reason)
	n := max(1, min(c.retries+c.refusals, d.config.Retry.Retries))
	d.ready.add(c, now.Add(d.config.Retry.wait(d.config.Seed, c.ID, n, a.RetryAfter)+spread(d.config.Seed, c.ID, c.retries+c.refusals)))
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
		d.look(c)
	default:
		d.giveUp(ctx, c)
	}
}

func (d *dispatcher) giveUp(ctx context.Context, c *change) {
	reason := c.reason
	if c.prior != nil {
		reason = target.UnknownOutcome
	}
	d.shelve(ctx, c, reason, "")
}

// shelve parks a change for good. It is kept on disk before its outcome is told, and the user's next change waits for that:
// otherwise the next one could be applied first, and this one stay behind to be replayed over it.
func (d *dispatcher) shelve(ctx context.Context, c *change, reason target.Reason, detail string) {
	d.log.WarnContext(ctx, "change parked", "change_id", c.ID, "transaction_id", c.TransactionID, "user_name", c.UserName,
		"reason", string(reason), "attempts", c.attempts, "rounds", c.round, "detail", detail, "remedy", c.remedy)
	switch {
	case c.DryRun:
		d.done(ctx, c, outcome{state: hook.Planned, plan: "park: " + string(reason)})
	case c.replay > 0: // It is kept already.
		d.tell(ctx, c, reason, true)
		d.done(ctx, c, outcome{state: hook.Parked, reason: string(reason)})
	default:
		c.running = true
		d.shelving++
		d.keep(ctx, c, reason)
	}
}

func (d *dispatcher) shelved(ctx context.Context, k kept) {
	d.shelving--
	if !k.ok {
		return
	}
	k.change.running = false
	if !k.withdrawn { // Who waits for the outcome tells the user himself.
		d.tell(ctx, k.change, k.reason, true)
	}
	d.done(ctx, k.change, outcome{state: hook.Parked, reason: string(k.reason)})
}

// tell lets the user hear of a failure, sooner or later.
func (d *dispatcher) tell(ctx context.Context, c *change, reason target.Reason, final bool) {
	if c.DryRun {
		return
	}
	d.notifier.Failed(ctx, notify.Failure{
		UserName: c.UserName, Mail: c.Attributes[d.config.Mail.Attribute], TransactionID: c.TransactionID, ChangeID: c.ID,
		Reason: string(reason), Attempts: c.attempts, Final: final,
	})
}

// scheduled starts a round when its time has come.
func (d *dispatcher) scheduled(ctx context.Context, now time.Time) {
	if len(d.parked) == 0 || now.Before(d.tick) {
		return
	}
	list := make([]*change, 0, len(d.parked))
	for c := range d.parked {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *change) int { return cmp.Compare(a.order, b.order) })
	d.log.InfoContext(ctx, "the schedule tries parked changes again", "changes", len(list))
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
	d.throttle.told(now, a.Allowance, d.inFlight)
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
		d.throttle.pause(now.Add(a.RetryAfter))
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
	case a.Class == target.Permanent || a.Class == target.Missing || a.Class == target.Planned || a.Reason == d.ailing:
	default:
		d.ailing = a.Reason
		d.log.Warn("attempts fail", "reason", string(a.Reason), "detail", a.Detail)
	}
}
