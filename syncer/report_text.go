package syncer

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/seatrial/seatrial/syncer/source/hook"
)

const minute = "2006-01-02 15:04"

// Subject is the report in one line.
func (r Report) Subject() string {
	if len(r.Trouble) > 0 {
		return fmt.Sprintf("Password sync: the report is not complete; %d users wait", r.Waiting)
	}
	return fmt.Sprintf("Password sync: %d applied, %d parked, %d users wait",
		r.Outcomes[string(hook.Applied)], r.Outcomes[string(hook.Parked)], r.Waiting)
}

// WriteText writes the report for a person to read, with at most so many users; 0 is all.
func (r Report) WriteText(w io.Writer, users int) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(cells ...any) { _, _ = fmt.Fprintln(out, strings.TrimRight(tabbed(cells), "\t ")) }
	line(fmt.Sprintf("Password synchronisation from %s to %s UTC", r.From.Format(minute), r.To.Format(minute)))
	line()
	for _, trouble := range r.Trouble {
		line("NOT COMPLETE: " + oneLine(trouble))
		line()
	}
	known := []string{string(hook.Applied), string(hook.Parked), string(hook.Superseded)}
	for outcome := range r.Outcomes {
		if !slices.Contains(known, outcome) {
			known = append(known, outcome)
		}
	}
	slices.Sort(known[3:])
	for _, outcome := range known {
		line("  "+outcome, r.Outcomes[outcome])
	}
	line()
	if r.Oldest == nil {
		line("No user waits for a password.")
	} else {
		line(fmt.Sprintf("Users whose last change was parked: %d, the first for %s.", r.Waiting, age(r.To.Sub(*r.Oldest))))
	}
	if r.Kept != nil && r.Kept.Oldest != nil {
		line(fmt.Sprintf("Changes kept for replay: %d, the oldest for %s.", r.Kept.Changes, age(r.To.Sub(*r.Kept.Oldest))))
	} else if r.Kept != nil {
		line("No change is kept for replay.")
	}
	if len(r.Reasons) > 0 {
		line()
		line("reason", "changes", "users", "first", "last")
		for _, reason := range r.Reasons {
			line(reason.Reason, reason.Changes, reason.Users, reason.First.Format(minute), reason.Last.Format(minute))
		}
	}
	if len(r.Users) > 0 {
		line()
		line("user", "parked", "reason", "last", "waits for")
	}
	for i, u := range r.Users {
		if users > 0 && i == users {
			line(fmt.Sprintf("… and %d users more", len(r.Users)-i))
			break
		}
		waits := "no longer"
		if u.Waiting != nil {
			waits = age(r.To.Sub(*u.Waiting))
		}
		line(oneLine(u.UserName), u.Changes, u.Reason, u.Last.Format(minute), waits)
	}
	if r.Unlisted > 0 {
		line(fmt.Sprintf("%d parked changes are of users beyond the first %d and stand in no line.", r.Unlisted, maxReported))
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func tabbed(cells []any) string {
	text := make([]string, len(cells))
	for i, c := range cells {
		text[i] = fmt.Sprint(c)
	}
	return strings.Join(text, "\t")
}

// oneLine keeps a stranger's name within its cell.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

// age is a duration in the two largest units that matter.
func age(d time.Duration) string {
	d = max(d, 0).Truncate(time.Minute)
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	}
	return fmt.Sprintf("%d min", minutes)
}
