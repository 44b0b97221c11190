package syncer

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// mailedUsers is how many users the mailed report shows.
const mailedUsers = 50

// daily mails a report whenever the schedule says so.
type daily struct {
	schedule cron.Schedule
	audit    string // file
	parked   parkedStore
	post     func(id, subject, text string) // sends a report once, however often it is asked to
	log      *slog.Logger
	seed     uint64
}

// run works until ctx ends. A report that came due while no engine ran is made up for, unless there is nothing to tell.
func (d daily) run(ctx context.Context) {
	now := time.Now().UTC()
	last := time.Time{}
	for t := d.schedule.Next(now.Add(-makeUp)); !t.IsZero() && t.Before(now); t = d.schedule.Next(t) {
		last = t
	}
	if !last.IsZero() {
		if r, err := d.report(ctx, last); err == nil && (len(r.Outcomes) > 0 || r.Waiting > 0) {
			d.send(ctx, r, nil)
		}
	}
	for n := 0; ; n++ {
		next := d.schedule.Next(time.Now().UTC())
		if next.IsZero() {
			return
		}
		select {
		case <-time.After(time.Until(next) + spread(d.seed, "report", n)):
		case <-ctx.Done():
			return
		}
		r, err := d.report(ctx, next)
		d.send(ctx, r, err)
	}
}

// makeUp is how late a report may be.
const makeUp = 12 * time.Hour

// report makes the report that is due at a time; it reaches back as far as the schedule's next time lies ahead.
func (d daily) report(ctx context.Context, due time.Time) (Report, error) {
	r := newReporter(due.Add(-d.schedule.Next(due).Sub(due)), due)
	if err := r.file(d.audit); err != nil {
		return r.report, err
	}
	if d.parked != nil {
		r.kept(ctx, d.parked)
	}
	return r.finish(), nil
}

func (d daily) send(ctx context.Context, r Report, err error) {
	var text strings.Builder
	if err == nil {
		err = r.WriteText(&text, mailedUsers)
	}
	if err != nil {
		d.log.ErrorContext(ctx, "the daily report cannot be made", "error", err)
		r.Trouble = append(r.Trouble, err.Error())
		text.WriteString("The report cannot be made: " + err.Error() + "\n")
	}
	d.post(r.To.Format(time.RFC3339), r.Subject(), text.String())
}
