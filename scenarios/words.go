package scenarios

import (
	"fmt"
	"strings"
	"time"
)

// String says what is expected, as it is read aloud.
func (e Expectation) String() string {
	switch {
	case e.Outcome != nil:
		var parts []string
		for _, part := range []struct {
			count *Count
			state string
		}{
			{e.Outcome.Applied, "applied"},
			{e.Outcome.Parked, "parked"},
			{e.Outcome.Superseded, "superseded"},
			{e.Outcome.Skipped, "skipped"},
			{e.Outcome.Planned, "planned"},
		} {
			if part.count != nil {
				parts = append(parts, fmt.Sprintf("%s %s", part.count, part.state))
			}
		}
		return "of the changes, " + strings.Join(parts, ", ")
	case e.Parked != nil:
		var parts []string
		for _, reason := range sortedKeys(e.Parked) {
			parts = append(parts, fmt.Sprintf("%s parked for %s", e.Parked[reason], reason))
		}
		return "of the changes, " + strings.Join(parts, ", ")
	case e.Login != nil:
		return e.Login.String()
	case e.Mails != nil && e.Mails.None:
		return "nobody got a mail"
	case e.Mails != nil:
		return peopleWords(e.Mails.Users) + " got one mail each, and nobody else any"
	case e.Refused != nil:
		return fmt.Sprintf("of the changes, %s refused to the waiting source", e.Refused)
	case e.Speed != nil:
		var parts []string
		if e.Speed.Mean != nil {
			parts = append(parts, fmt.Sprintf("at most %s on average", e.Speed.Mean))
		}
		if e.Speed.P95 != nil {
			parts = append(parts, fmt.Sprintf("at most %s for 95 of 100", e.Speed.P95))
		}
		return "applied changes take " + strings.Join(parts, ", and ")
	case e.Within != nil:
		return fmt.Sprintf("settled within %s", e.Within)
	default:
		return strings.Join(strings.Fields(e.That), " ")
	}
}

// String says who signs in with what.
func (l Login) String() string {
	who := peopleWords(l.Users)
	then := ""
	if l.MustChange {
		then = ", and must change it at once"
	}
	switch l.With {
	case "nothing":
		return who + " cannot sign in with any password of the run"
	case "initial":
		return who + " sign in with the password from before the run, and with no newer one" + then
	default:
		return who + " sign in with the newest password, and with no older one" + then
	}
}

func peopleWords(u Users) string {
	switch {
	case u.All():
		return "all users"
	case u.Newcomers:
		return "the newcomers"
	case len(u.Ranges) == 1 && len(u.Names) == 0 && u.Ranges[0].From == 1 && u.Ranges[0].To > 1:
		return fmt.Sprintf("the first %d users", u.Ranges[0].To)
	case len(u.Ranges) == 0:
		return strings.Join(u.Names, ", ")
	default:
		return "the users " + u.String()
	}
}

// lines says what happens in a step, one sentence on each line.
func (s Step) lines() []string {
	one := func(format string, args ...any) []string { return []string{fmt.Sprintf(format, args...)} }
	switch {
	case s.Change != nil:
		return one("%s", s.Change)
	case s.After != nil:
		lines := one("When %s:", s.After)
		for _, inner := range s.Do {
			for _, line := range inner.lines() {
				lines = append(lines, "  "+line)
			}
		}
		return lines
	case s.Faults != nil:
		var lines []string
		for _, f := range s.Faults {
			lines = append(lines, f.String())
		}
		return lines
	case s.ClearFaults != nil:
		if len(*s.ClearFaults) == 0 {
			return one("All faults end.")
		}
		return one("The faults %s end.", strings.Join(*s.ClearFaults, ", "))
	case s.ExpireTokens != nil:
		return one("Access tokens%s expire.", s.ExpireTokens)
	case s.RevokeTokens != nil:
		return one("Access tokens%s are revoked.", s.RevokeTokens)
	case s.TokenLifetime != nil:
		return one("Tokens that are issued from now on live %s.", s.TokenLifetime)
	case s.TurnClock != nil:
		return one("The target's clock is turned by %s.", s.TurnClock)
	case s.SetPolicy != nil:
		return one("The target's password policy becomes %s.", s.SetPolicy)
	case s.SetSwitches != nil:
		var parts []string
		for _, name := range sortedKeys(s.SetSwitches) {
			parts = append(parts, name+" to "+s.SetSwitches[name])
		}
		return one("The target's switches are set: %s.", strings.Join(parts, ", "))
	case s.SetProvider != nil:
		return one("At the target, %s get the credential provider %s.", peopleWords(s.SetProvider.Users), s.SetProvider.Provider)
	case s.SetStatus != nil:
		return one("At the target, %s become %s.", peopleWords(s.SetStatus.Users), s.SetStatus.Status)
	case s.Disconnect != nil:
		return one("At the target, %s are parted from their identity provider.", peopleWords(*s.Disconnect))
	case s.JIT != nil:
		return one("At the target, %s sign in through the identity provider, just in time.", peopleWords(*s.JIT))
	case s.Assign != nil:
		return one("At the spoke, the application is assigned to %s.", peopleWords(*s.Assign))
	case s.Unassign != nil:
		return one("At the spoke, the application is taken from %s.", peopleWords(*s.Unassign))
	case s.Repair != nil && s.Repair.Fix == "recreate":
		return one("An operator has %s deleted and made anew.", peopleWords(s.Repair.Users))
	case s.Repair != nil:
		return one("An operator has %s made users of the org again.", peopleWords(s.Repair.Users))
	case s.ReadOnly != nil && *s.ReadOnly:
		return one("The target is read-only.")
	case s.ReadOnly != nil:
		return one("The target takes writes again.")
	case s.Federate != nil:
		return one("At the target, %s become federated.", peopleWords(*s.Federate))
	case s.Unfederate != nil:
		return one("At the target, %s are no longer federated.", peopleWords(*s.Unfederate))
	case s.Deactivate != nil:
		return one("At the target, %s are deactivated.", peopleWords(*s.Deactivate))
	case s.Activate != nil:
		return one("At the target, %s are activated again.", peopleWords(*s.Activate))
	case s.Remove != nil:
		return one("At the target, %s are deleted.", peopleWords(*s.Remove))
	case s.Lock != nil:
		return one("At the target, %s are locked.", peopleWords(*s.Lock))
	case s.Unlock != nil:
		return one("At the target, %s are unlocked.", peopleWords(*s.Unlock))
	case s.Maintenance != nil:
		return one("The target is maintained for %s: it answers 503.", s.Maintenance.For)
	case s.Replay != nil && s.Replay.Reason != "":
		return one("An operator has the changes that were parked for %s sent again.", s.Replay.Reason)
	case s.Replay != nil:
		return one("An operator has all parked changes sent again.")
	case s.Directory != nil:
		return s.Directory.lines()
	case s.Notice != nil:
		return one("Wait until %s.", s.Notice)
	case s.Restart != nil:
		return one("%s", s.Restart)
	case s.Wait != nil:
		return one("%s pass.", s.Wait)
	case s.Settle != nil:
		return one("Wait until every change is final, at most %s.", s.Settle)
	default:
		return nil
	}
}

// String is empty for every client's tokens.
func (t Tokens) String() string {
	if t.Client == "" {
		return ""
	}
	return " of the client " + t.Client
}

// String says how the engine ends and begins.
func (s Restart) String() string {
	text := "The engine is stopped"
	if s.Cut {
		text = "The engine is cut off in the middle of what it does"
	}
	switch s.Keys {
	case keysRotated:
		text += ", gets a new sealing key before its old one"
	case keysLost:
		text += ", loses its sealing keys and gets a new one"
	case keysBack:
		text += ", gets its lost sealing keys back"
	}
	text += ", and starts again"
	if s.After > 0 {
		text += fmt.Sprintf(" after %s", s.After)
	}
	if len(s.Settings) > 0 {
		text += fmt.Sprintf(" with other settings (%s)", strings.Join(sortedKeys(s.Settings), ", "))
	}
	return text + "."
}

// String says who changes to what.
func (c Change) String() string {
	text := "At the source, " + peopleWords(c.Users) + " change their passwords"
	if c.Count > 1 {
		text += fmt.Sprintf(" %d times each", c.Count)
	}
	switch c.With.Kind {
	case withReused:
		text += " to the one they have"
	case withInitial:
		text += " to the one from before the run"
	case withViolates:
		text += " to one that breaks the target's " + c.With.Violates
	}
	if c.Wait != nil {
		text += fmt.Sprintf(", and wait up to %s for the outcome", c.Wait)
	}
	if c.Over != nil {
		text += fmt.Sprintf(", spread over %s", c.Over)
	}
	return text + "."
}

// String says when the moment is.
func (m Moment) String() string {
	switch {
	case m.Applied > 0:
		return fmt.Sprintf("%d passwords have been written at the target", m.Applied)
	case m.Attempts > 0:
		return fmt.Sprintf("%d attempts to write a password have been seen", m.Attempts)
	default:
		return fmt.Sprintf("%d requests have been seen", m.Requests)
	}
}

// String says how the target misbehaves, when and for whom.
func (f Fault) String() string { return f.of("The target") }

// of is String for any server.
func (f Fault) of(who string) string {
	var what string
	switch f.Kind {
	case "latency":
		what = "takes " + f.Latency.String() + " longer to answer"
	case "throttle":
		what = fmt.Sprintf("answers 429 beyond %g requests a second", f.Rate)
	case "status":
		what = fmt.Sprintf("answers %d", f.Status)
	case "certificate":
		what = map[string]string{
			"expired": "shows an expired certificate", "not_yet_valid": "shows a certificate that is not valid yet",
			"wrong_host": "shows the certificate of another host", "unknown_ca": "shows a certificate of an unknown CA",
		}[f.Certificate]
	case "handshake":
		what = map[string]string{
			"close": "closes connections instead of a TLS handshake", "garbage": "answers TLS handshakes with garbage",
			"hang": "lets TLS handshakes hang",
		}[f.Handshake]
	case "disconnect":
		what = "disconnects whoever asks, with a notice"
		if f.All {
			what = "disconnects everybody, with a notice"
		}
	case "half_open":
		what = "is gone without a word from the connections that it is asked on"
	case "drip":
		what = fmt.Sprintf("lets its answers trickle, %g bytes a second", f.Rate)
	case "stall":
		what = "does what it is asked, but stops in the middle of the answer"
	case "cut":
		what = "does what it is asked, but its answers break off"
	case "reset":
		what = "resets connections"
	case "hang":
		what = "does not answer"
	case "lose_answer":
		what = "does what it is asked, but its answers are lost"
	}
	if f.After > 0 {
		what += fmt.Sprintf(" after %d %s of it", f.After, map[bool]string{true: "entries", false: "bytes"}[strings.HasPrefix(strings.ToUpper(f.Route), "SEARCH")])
	}
	if f.RetryAfter > 0 {
		what += fmt.Sprintf(" and asks to come back after %s", f.RetryAfter)
	}
	var when []string
	if f.Skip > 0 {
		when = append(when, fmt.Sprintf("after %d requests", f.Skip))
	}
	if f.First > 0 {
		when = append(when, fmt.Sprintf("to the first %d requests", f.First))
	}
	if f.Every > 0 {
		when = append(when, fmt.Sprintf("to one request in %d", f.Every))
	}
	if f.Share != nil {
		when = append(when, fmt.Sprintf("to %g %% of the requests", *f.Share*100))
	}
	if f.From > 0 {
		when = append(when, fmt.Sprintf("from %s on", f.From))
	}
	if f.Until > 0 {
		when = append(when, fmt.Sprintf("for %s", Duration(time.Duration(f.Until)-time.Duration(f.From))))
	}
	if f.Route != "" {
		when = append(when, "on "+f.Route)
	}
	if f.User != "" {
		when = append(when, "for "+f.User)
	}
	if f.Client != "" {
		when = append(when, "for the client "+f.Client)
	}
	text := who + " " + what
	if len(when) > 0 {
		text += ", " + strings.Join(when, ", ")
	}
	if f.Note != "" {
		text += " (" + f.Note + ")"
	}
	return text + "."
}

// String is the distribution in words.
func (l Latency) String() string {
	switch {
	case l.Constant > 0:
		return l.Constant.String()
	case l.Max > 0:
		return fmt.Sprintf("%s to %s", l.Min, l.Max)
	case l.Median > 0:
		return fmt.Sprintf("%s, at worst %s and more,", l.Median, l.P95)
	default:
		return "a measured time"
	}
}

// kinds are the targets in words.
var kinds = map[string]string{targetIDCS: "An identity domain", targetOkta: "An Okta org"}

// policyWords are the target's policy as it is written; each kind has a usual one.
func (s Scenario) policyWords() string {
	switch {
	case s.Given.Okta != nil && s.Given.Okta.Policy != nil:
		return s.Given.Okta.Policy.String()
	case s.Given.Okta != nil:
		return "default"
	case s.Given.IDCS.Policy != nil:
		return s.Given.IDCS.Policy.String()
	}
	return "standard"
}

// describe writes a scenario out as it would be told.
func describe(s Scenario) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s (%s)", s.ID, s.Severity)
	line("%s.", strings.TrimSuffix(s.Title, "."))
	line("Because: %s", strings.TrimSpace(s.Because))
	line("")
	line("Given")
	g := s.Given
	target := s.target()
	line("  %s with %d users, password policy %s, access tokens that live %s, answers in %s.",
		kinds[target.name()], s.residents(), s.policyWords(), Duration(s.tokenLifetime()), s.weather())
	for _, p := range target.place().People {
		line("  One of them is %s.", p.UserName)
	}
	for _, text := range target.words() {
		line("  %s", text)
	}
	for _, name := range sortedKeys(target.place().Switches) {
		line("  The target's switch %s is %s.", name, target.place().Switches[name])
	}
	if g.DS != nil {
		line("  %s", g.DS.words())
	}
	if g.Source.Policy != nil {
		line("  The source's password policy is %s.", g.Source.Policy)
	}
	if len(g.Source.Lengths) > 0 {
		line("  People choose passwords of %s characters.", strings.Join(sortedKeys(g.Source.Lengths), ", "))
	}
	if g.Source.Newcomers > 0 {
		line("  %d users that only the source has.", g.Source.Newcomers)
	}
	provision := "does not create users"
	if g.Engine.Provision {
		provision = "creates users that the target does not have"
	}
	if g.Spoke != nil {
		line("  A spoke with the same users, whose own provisioning (Org2Org) pushes them here.")
	}
	door := ""
	if target.name() == targetIDCS {
		door = fmt.Sprintf("writes through the door %q and ", s.door())
	}
	if g.Spoke == nil {
		line("  An engine that %s%s.", door, provision)
	}
	if len(g.Engine.Settings) > 0 {
		line("  Its settings differ in %s.", strings.Join(sortedKeys(g.Engine.Settings), ", "))
	}
	if g.Engine.Mail {
		line("  A mail server that it may use.")
	}
	line("")
	line("Steps")
	for i, step := range s.Steps {
		for j, text := range step.lines() {
			number := fmt.Sprintf("%3d.", i+1)
			if j > 0 {
				number = "    "
			}
			line("%s %s", number, text)
		}
	}
	line("")
	line("Expected, besides the universal invariants")
	if len(s.Expect) == 0 {
		line("  nothing")
	}
	for _, e := range s.Expect {
		line("  - %s", e)
		if e.Query != "" {
			line("    of the answer to %s", strings.Join(strings.Fields(e.Query), " "))
		}
	}
	return b.String()
}
