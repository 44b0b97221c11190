package scenarios

import (
	"slices"
	"strings"

	"github.com/seatrial/seatrial/scenarios/rulebook"
	"github.com/seatrial/seatrial/scenarios/sut"
	"github.com/seatrial/seatrial/sim/kernel/faults"
	"github.com/seatrial/seatrial/sim/kernel/policy"
)

// linter checks what the grammar cannot: that what is named exists, and that what is said makes sense.
type linter struct {
	scenario Scenario
	lines    [][]rune
	found    *problems
	faults   []string // the ids of the rules, in order
	settles  bool
}

func lint(s Scenario, lines [][]rune, found *problems) {
	l := &linter{scenario: s, lines: lines, found: found}
	l.given()
	steps := s.tree.find("steps")
	for i, step := range s.Steps {
		l.step(step, steps.find(i), true)
	}
	expect := s.tree.find("expect")
	for i := range s.Expect {
		l.expectation(&s.Expect[i], expect.find(i))
	}
}

func (l *linter) given() {
	given, target := l.scenario.Given, l.scenario.target()
	tree := l.scenario.tree.find("given")
	place, at := target.place(), tree.find(target.name())
	if tree.child(targetIDCS) != nil && tree.child(targetOkta) != nil {
		l.found.add(tree.key(targetOkta), "given: an identity domain and an org; a scenario has one target")
	}
	if given.Spoke != nil {
		l.spoke(*given.Spoke, tree)
	}
	if given.DS != nil && (given.Okta != nil || given.Spoke != nil) {
		l.found.add(tree.key("ds"), "ds: an org takes no hash, so nothing that is found in a directory reaches it; the target is an identity domain")
	}
	if l.scenario.residents()+given.Source.Newcomers == 0 {
		l.found.add(tree.at, "given: nobody lives there; write %s: {users: 20}", target.name())
	}
	l.targetPolicy(target.rules(), at.find("policy"))
	if given.Source.Policy != nil {
		l.policy(given.Source.Policy.Book, tree.find("source", "policy"))
	}
	for _, key := range sortedKeys(given.Source.Lengths) {
		if problem := given.Source.Lengths.check(key, l.scenario.sourceRules().Of(policy.Subject{})); problem != "" {
			l.found.add(tree.find("source", "lengths").key(key), "lengths: %s", problem)
		}
	}
	l.settings(given.Engine.Settings, tree.find("engine", "settings"))
	target.lint(l, at)
	if d := place.TokenLifetime; d != nil {
		l.positive(*d, "token_lifetime", at.find("token_lifetime"))
	}
	if latency := place.Latency; latency != nil {
		l.latency(*latency, at.find("latency"))
	}
	names := map[string]bool{}
	for i, person := range place.People {
		folded := strings.ToLower(person.UserName)
		if names[folded] {
			l.found.add(at.find("people", i, "userName").at, "userName: %q is there twice", person.UserName)
		}
		names[folded] = true
	}
}

// targetPolicy: a target has a policy in its own words.
func (l *linter) targetPolicy(b rulebook.Book, at *node) {
	if name := l.scenario.target().name(); b.Vendor() != name {
		l.found.add(at.at, "policy: is in the words of %s; those of %s are %s", b.Vendor(), name, vendorWords[name])
		return
	}
	l.policy(b, at)
}

var vendorWords = map[string]string{
	targetIDCS: "standard, simple, or {like: standard, minLength: 14}",
	targetOkta: "default, or {like: default, complexity: {minLength: 10}}",
}

func (l *linter) policy(b rulebook.Book, at *node) {
	if err := b.Validate(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			path, _, _ := strings.Cut(line, ":")
			place := at
			for step := range strings.SplitSeq(path, ".") {
				place = place.find(step)
			}
			l.found.add(place.at, "%s", line)
		}
	}
}

// settings are those of our own engine, which says what it does not know.
func (l *linter) settings(settings map[string]any, at *node) {
	if err := sut.CheckSettings(settings); err != nil {
		l.found.add(at.at, "settings: %v", err)
	}
}

func (l *linter) positive(d Duration, name string, at *node) {
	if d <= 0 {
		l.found.add(at.at, "%s: %s is not longer than nothing", name, d)
	}
}

// fieldsOf are the names that are set, in the order of the file.
func fieldsOf(n *node) []string {
	names := make([]string, 0, len(n.fields))
	for _, f := range n.fields {
		names = append(names, f.name)
	}
	return names
}

// one checks that a mapping has exactly one name, or the two that belong together.
func (l *linter) one(n *node, what, first, second string) bool {
	names := fieldsOf(n)
	both := slices.Contains(names, first) && slices.Contains(names, second)
	switch {
	case len(names) == 0:
		l.found.add(n.at, "an empty %s", what)
		return false
	case slices.Contains(names, first) != slices.Contains(names, second):
		missing, present := second, first
		if slices.Contains(names, second) {
			missing, present = first, second
		}
		l.found.add(n.key(present), "%s without %s", present, missing)
		return false
	case both && len(names) > 2, !both && len(names) > 1:
		l.found.add(n.fields[1].at, "%s and %s in one %s; begin each with a dash of its own", names[0], names[1], what)
		return false
	}
	return true
}

func (l *linter) step(s Step, n *node, top bool) {
	l.settles = l.settles || s.Settle != nil
	if !l.one(n, "step", "after", "do") {
		return
	}
	switch {
	case s.Change != nil:
		l.change(*s.Change, n.find("change"))
	case s.After != nil:
		l.moment(*s.After, n.find("after"))
		if !top {
			l.found.add(n.key("after"), "after within do: moments follow each other, so write them one below the other")
		}
		for i, inner := range s.Do {
			l.step(inner, n.find("do", i), false)
		}
	case s.Faults != nil:
		for i, f := range s.Faults {
			l.fault(f, n.find("faults", i), faults.Rule.Validate)
		}
	case s.ClearFaults != nil:
		for i, id := range *s.ClearFaults {
			if !slices.Contains(l.faults, id) {
				l.found.add(n.find("clear_faults", i).at, "clear_faults: no rule %q was set before this step%s", id, didYouMean(id, l.faults))
			}
		}
	case s.TokenLifetime != nil:
		l.positive(*s.TokenLifetime, "token_lifetime", n.find("token_lifetime"))
	case s.Maintenance != nil:
		l.positive(s.Maintenance.For, "for", n.find("maintenance", "for"))
	case s.Restart != nil:
		l.settings(s.Restart.Settings, n.find("restart", "settings"))
		if s.Restart.After < 0 {
			l.found.add(n.find("restart", "after").at, "after: %s is below nothing", s.Restart.After)
		}
	case s.Wait != nil:
		l.positive(*s.Wait, "wait", n.find("wait"))
	case s.Settle != nil:
		l.positive(*s.Settle, "settle", n.find("settle"))
	case s.SetPolicy != nil:
		l.targetPolicy(s.SetPolicy.Book, n.find("set_policy"))
	}
	l.ofOkta(s, n)
	l.directory(s, n)
	for name, users := range map[string]*Users{"disconnect": s.Disconnect, "lock": s.Lock, "unlock": s.Unlock, "federate": s.Federate, "unfederate": s.Unfederate, "deactivate": s.Deactivate, "activate": s.Activate, "remove": s.Remove} {
		if users == nil {
			continue
		}
		l.users(*users, n.find(name))
		if users.Newcomers {
			l.found.add(n.find(name).at, "%s: newcomers are not at the target", name)
		}
	}
}

func (l *linter) moment(m Moment, n *node) {
	set := 0
	for _, count := range []int{m.Applied, m.Attempts, m.Requests} {
		if count > 0 {
			set++
		}
	}
	if set != 1 {
		l.found.add(n.at, "after: write one of applied, attempts and requests")
	}
	if m.Within != nil {
		l.positive(*m.Within, "within", n.find("within"))
	}
}

func (l *linter) change(c Change, n *node) {
	l.users(c.Users, n.find("users"))
	if c.Over != nil {
		l.positive(*c.Over, "over", n.find("over"))
	}
	if c.Wait != nil {
		l.positive(*c.Wait, "wait", n.find("wait"))
	}
	if c.Users.Newcomers && c.With.Kind == withInitial {
		l.found.add(n.find("with").at, "with: initial: newcomers have no password at the target")
	}
	if c.With.Kind == withViolates {
		l.rule(c, n.find("with", "violates"))
	}
}

// rule: only a rule that the target has can be violated, and the target says which ones it has.
func (l *linter) rule(c Change, n *node) {
	book := l.scenario.targetRules()
	rules, rule := rulebook.Breakable(book), c.With.Violates
	if rulebook.Kernel(book, rule) == policy.RuleNumPasswordsInHistory {
		l.found.add(n.at, "violates: the history is violated by sending an old password again: write with: reused, or with: initial")
		return
	}
	if !slices.Contains(rules, rule) {
		l.found.add(n.at, "violates: the target's policy has no %s%s", rule, orKnown(rule, rules))
	}
}

func (l *linter) users(u Users, n *node) {
	given, place := l.scenario.Given, l.scenario.target().place()
	population := l.scenario.residents()
	if u.Newcomers && given.Source.Newcomers == 0 {
		l.found.add(n.at, "users: there are no newcomers; write given: {source: {newcomers: 3}}")
	}
	if u.All() && population == 0 {
		l.found.add(n.at, "users: all is nobody; the target has no users (for those that only the source has, write newcomers)")
	}
	for _, r := range u.Ranges {
		switch {
		case r.From < 1 || (r.To != 0 && r.To < r.From):
			l.found.add(n.at, "users: %d-%d is not a range: users are numbered from 1, the lower number first", r.From, r.To)
		case max(r.From, r.To) > population:
			l.found.add(n.at, "users: there are %d, not %d", population, max(r.From, r.To))
		}
	}
	var names []string
	for _, p := range place.People {
		names = append(names, p.UserName)
	}
	for _, name := range u.Names {
		if !slices.Contains(names, name) {
			l.found.add(n.holding(name).at, "users: nobody among given.%s.people is called %q%s", l.scenario.target().name(), name, didYouMean(name, names))
		}
	}
}

func (l *linter) expectation(e *Expectation, n *node) {
	if !l.one(n, "expectation", "query", "that") {
		return
	}
	switch {
	case e.Outcome != nil:
		if len(n.find("outcome").fields) == 0 {
			l.found.add(n.at, "outcome: write how many: {applied: 20}")
		}
	case e.Parked != nil:
		if len(n.find("parked").fields) == 0 {
			l.found.add(n.at, "parked: write how many for which reason: {policy: 3}")
		}
	case e.Login != nil:
		l.users(e.Login.Users, n.find("login", "users"))
		if e.Login.Users.Newcomers && e.Login.With == withInitial {
			l.found.add(n.find("login", "with").at, "login: newcomers have no initial password at the target")
		}
	case e.Mails != nil:
		l.users(e.Mails.Users, n.find("mails", "users"))
		if !l.scenario.Given.Engine.Mail {
			l.found.add(n.at, "mails: there is no mail server; write given: {engine: {mail: true}}")
		}
	case e.Refused != nil: // The grammar has seen to it.
	case e.Speed != nil:
		if e.Speed.Mean == nil && e.Speed.P95 == nil {
			l.found.add(n.at, "speed: write how long at most: {mean: 2.3s, p95: 4.1s}")
		}
	case e.Within != nil:
		l.positive(*e.Within, "within", n.find("within"))
		if !l.settles {
			l.found.add(n.at, "within: no step settles; write - settle: 1m among the steps")
		}
	case e.Query != "":
		l.query(e, n)
	default:
		l.found.add(n.at, "query: is empty")
	}
}

func (l *linter) query(e *Expectation, n *node) {
	query, that := textOf(n.find("query"), l.lines), textOf(n.find("that"), l.lines)
	answer, mistakes := checkQuery(query.value, l.scenario.asked(), l.faults)
	for _, m := range mistakes {
		l.found.add(query.place(m.line, m.column), "query: %s", m.message)
	}
	if len(mistakes) > 0 {
		return
	}
	if strings.TrimSpace(that.value) == "" {
		l.found.add(n.find("that").at, "that: is empty; write what must be true of the answer")
		return
	}
	program, m := compileThat(that.value, answer)
	if m != nil {
		l.found.add(that.place(m.line, m.column), "that: %s", m.message)
	}
	e.program = program
}
