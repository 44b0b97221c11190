package idmconf

import (
	"io/fs"
	"path"
	"strings"

	"github.com/robfig/cron/v3"
)

// schedule takes the cron expression of the retry job: the schedule whose script or own name speaks of retries.
func (r *reader) schedule() {
	const what, instead = "retry schedule", "every 15 minutes (0 0/15 * * * ?)"
	names, err := fs.Glob(r.folder, "conf/schedule-*.json")
	if err != nil || len(names) == 0 {
		r.found(Finding{Kind: Missing, What: what, File: "conf", Problem: "has no schedule-*.json", Instead: instead})
		return
	}
	for _, name := range names {
		doc, ok := r.read(name, what, instead)
		if !ok {
			continue
		}
		script, _ := doc.Object("invokeContext", "script")["file"].(string)
		if !strings.Contains(strings.ToLower(path.Base(name)+script), "retry") {
			continue
		}
		at := doc.finding(what, "/schedule")
		at.Kind, at.Instead = Unusable, instead
		expression, _ := doc.Object()["schedule"].(string)
		if enabled, ok := doc.Object()["enabled"].(bool); ok && !enabled {
			at.Position, at.Problem = doc.Position("/enabled"), "the schedule is disabled"
		} else if err := CheckCron(expression); err != nil {
			at.Problem = err.Error()
		} else {
			at.Kind, at.Value, at.Instead = Taken, expression, ""
			r.project.Schedule = expression
		}
		r.found(at)
		return
	}
}

// CheckCron tells what is wrong with a Quartz cron expression of six fields (second, minute, hour, day of month, month,
// day of week).
func CheckCron(expression string) error {
	_, err := cron.NewParser(cron.Second | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow).Parse(expression)
	return err
}
