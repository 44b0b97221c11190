package preflight

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// schedules is P14 and P15.
func schedules(p *project) {
	for _, doc := range p.docs {
		if !strings.HasPrefix(path.Base(doc.File), "schedule-") {
			continue
		}
		root := doc.Object()
		at := p.member(doc, "/schedule")
		if enabled, ok := root["enabled"].(bool); ok && !enabled {
			p.found("P15", p.member(doc, "/enabled"), "The schedule is switched off: what it should do again is never done.", `Set "enabled": true.`)
		}
		if kind, _ := root["type"].(string); kind == "simple" {
			continue
		}
		expression, ok := root["schedule"].(string)
		if !ok || strings.Contains(expression, "&{") {
			continue
		}
		now := time.Now()
		if problem := quartz(expression, now); problem != "" {
			p.found("P14", at, problem, `Write six fields, seconds first, with ? for one of the two days: "0 0/15 * * * ?" is every 15 minutes.`)
		}
		end, _ := root["endTime"].(string)
		if ended, err := time.Parse(time.RFC3339, end); err == nil && ended.Before(now) {
			p.found("P14", p.member(doc, "/endTime"), "The schedule ended at "+end+": it never fires again.", "Take endTime out, or set it to a time to come.")
		}
	}
}

// quartz tells why a cron expression never fires; empty when it does, or when it uses what only Quartz can judge.
// Source: Quartz Scheduler, CronExpression.
func quartz(expression string, now time.Time) string {
	const (
		dayOfMonth, dayOfWeek, year = 3, 5, 6
	)
	fields := strings.Fields(expression)
	switch {
	case len(fields) == 5:
		return fmt.Sprintf("%q has the five fields of Unix cron; IDM's scheduler (Quartz) wants six, seconds first, and refuses it: the job never runs.", expression)
	case len(fields) < 6 || len(fields) > 7:
		return fmt.Sprintf("%q has %d fields; IDM's scheduler (Quartz) wants six or seven and refuses it: the job never runs.", expression, len(fields))
	case (fields[dayOfMonth] == "?") == (fields[dayOfWeek] == "?"):
		return fmt.Sprintf("%q needs ? in exactly one of the day of month and the day of week; IDM's scheduler (Quartz) refuses it: the job never runs.", expression)
	}
	if len(fields) > year {
		last := 0
		for _, part := range strings.FieldsFunc(fields[year], func(r rune) bool { return r < '0' || r > '9' }) {
			if n, err := strconv.Atoi(part); err == nil {
				last = max(last, n)
			}
		}
		if last > 0 && last < now.Year() && !strings.ContainsAny(fields[year], "*/") {
			return fmt.Sprintf("%q ends with the year %d: it never fires again.", expression, last)
		}
	}
	if strings.ContainsAny(fields[dayOfMonth]+fields[dayOfWeek], "LW#") {
		return ""
	}
	fields[dayOfWeek] = sundayIsZero(fields[dayOfWeek])
	parsed, err := cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(strings.Join(fields[:6], " "))
	switch {
	case err != nil:
		return fmt.Sprintf("%q is no cron expression (%v): IDM's scheduler refuses it, and the job never runs.", expression, err)
	case parsed.Next(now).IsZero():
		return fmt.Sprintf("%q is a day that does not exist: it never fires.", expression)
	}
	return ""
}

// sundayIsZero turns Quartz' days of the week, 1 to 7 from Sunday, into those of cron, 0 to 6.
func sundayIsZero(field string) string {
	days, step, stepped := strings.Cut(field, "/")
	days = strings.Map(func(r rune) rune {
		if r >= '1' && r <= '7' {
			return r - 1
		}
		return r
	}, days)
	if stepped {
		return days + "/" + step
	}
	return days
}
