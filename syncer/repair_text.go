package syncer

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

func (r *repair) print(p *repairPlan) error {
	if r.json {
		return printJSON(r.out, p)
	}
	return p.text(r.out)
}

// text prints the plan for people.
func (p *repairPlan) text(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	say("%s: %s to %s\n", p.Hub, many(len(p.Users), "user"), p.Fix)
	for _, i := range p.undoing() {
		say("%s (%s): %s; switch that off before the repair\n", plain(i.Name), i.ID, undoes(i.JIT, i.Masters))
	}
	calls, open, replays := 0, 0, 0
	for _, u := range p.Users {
		say("\n%s: %s\n", plain(u.Login), u.state())
		for _, s := range u.Steps {
			say("  %s\t%s\t%s\n", s.Method, plain(s.Path), plain(s.Why))
		}
		for _, id := range u.waiting() {
			say("  replay\t%s\tsets the password of the parked change\n", id)
		}
		if u.wiped > 0 {
			say("  %s without a password, which was kept for parked.keep only: he must change his once more\n", many(u.wiped, "parked change"))
		}
		for _, c := range u.Costs {
			say("  costs: %s\n", plain(c))
		}
		if u.open() {
			open++
			calls += len(u.Steps)
		}
		replays += len(u.waiting())
	}
	say("\n%s to repair, %s, %s\n", many(open, "user"), many(calls, "request"), many(replays, "replay"))
	return w.Flush()
}

func (u *repairUser) state() string {
	switch {
	case u.Nothing != "":
		return u.Nothing
	case u.Blocked != "":
		return "cannot be repaired like this: " + u.Blocked
	case u.Resumed:
		return "an earlier run broke off while he was made anew; it is taken up"
	}
	return fmt.Sprintf("%s, %s, %s", u.Case.Provider, u.Case.Status, u.Case.ID)
}

func undoes(jit, masters bool) string {
	var what []string
	if jit {
		what = append(what, "makes users at their sign-in (JIT)")
	}
	if masters {
		what = append(what, "becomes the source of profiles at a sign-in")
	}
	return strings.Join(what, " and ") + ", which undoes a repair"
}

// told prints what came of a user's repair.
func (u *repairUser) told(out io.Writer) {
	what := "repaired"
	switch {
	case u.Trouble != "" && u.Repaired:
		what = "repaired, but " + u.Trouble
	case u.Trouble != "":
		what = u.Trouble
	case u.replayed && !u.Repaired:
		what = many(len(u.Replays), "parked change") + " sent again"
	case u.replayed:
		what = "repaired; " + many(len(u.Replays), "parked change") + " sent again"
	case len(u.Replays) > 0:
		what = "repaired; now: seatrial sync parked replay " + strings.Join(u.Replays, " ")
	}
	_, _ = fmt.Fprintf(out, "%s: %s\n", plain(u.Login), plain(what))
}

func many(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
