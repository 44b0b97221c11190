package forecast

import (
	"fmt"
	"slices"
	"strings"
)

// Comparison is what a target policy refuses of that which the source accepts.
type Comparison struct {
	// Gaps are the rules that refuse a password that the source accepts.
	Gaps []Gap `json:"gaps"`
	// Undecided are rules for which neither a witness nor a proof of the contrary was found.
	Undecided []Unknown `json:"undecided,omitempty"`
	// NotComparable are rules that no single password breaks, or whose content is not known.
	NotComparable []Unknown `json:"notComparable,omitempty"`
	// Stricter are rules of the source that the target does not have. They do no harm.
	Stricter []string `json:"sourceStricter,omitempty"`
	// Hopeless tells that no password at all satisfies both policies.
	Hopeless bool `json:"hopeless,omitempty"`
}

// Gap is a rule by which the target refuses what the source accepts.
type Gap struct {
	Rule   string `json:"rule"`
	Source string `json:"source"` // what the source lets through
	Target string `json:"target"` // what the target wants
	// Witness is a password that the source accepts and the target refuses. It is made up.
	Witness string `json:"witness"`
	// For is the person for whom the witness is one, where names matter. There is no such person.
	For *Person `json:"for,omitempty"`
	// Also are other rules of the target that the witness breaks, where none was found that breaks this one alone.
	Also []string `json:"also,omitempty"`
	// Because explains a gap that the numbers do not show.
	Because string `json:"because,omitempty"`
	// Unless names rules of the source whose content is not known: they may refuse the witness.
	Unless []string `json:"unless,omitempty"`
	// Close is what to change at the source.
	Close Remedy `json:"close"`
	// Confirmed is what the domain itself said about the witness, when it was asked.
	Confirmed string `json:"confirmed,omitempty"`

	rule Rule
}

// Compare looks for the gaps between two policies. The error is a policy that accepts no password at all.
func Compare(source, target Policy) (Comparison, error) {
	var c Comparison
	for _, p := range []Policy{source, target} {
		if _, end := find(p.shape(), p.accepts); end == impossible {
			return c, fmt.Errorf("%s: no password satisfies it: its rules contradict each other", p.Name)
		}
	}
	both := target.shape()
	source.add(&both, nil)
	_, end := find(both, func(password string) bool { return source.accepts(password) && target.accepts(password) })
	c.Hopeless = end == impossible

	for i, rule := range target.Rules {
		gap, end := source.witness(target, i)
		switch end {
		case found:
			gap.Close = remedy(rule.demand, source)
			c.Gaps = append(c.Gaps, gap)
		case gaveUp:
			c.Undecided = append(c.Undecided, Unknown{
				Rule: rule.ID, Text: rule.Text,
				Why: "neither a password that the source accepts and this rule refuses was found, nor a proof that there is none",
			})
		case impossible:
		}
	}
	c.NotComparable = append(source.historyOf(target), target.Beyond...)
	for i, rule := range source.Rules {
		if _, end := target.witness(source, i); end == found && !slices.Contains(c.Stricter, rule.Text) {
			c.Stricter = append(c.Stricter, rule.Text)
		}
	}
	return c, nil
}

// shape is the search for a password that the policy accepts.
func (p Policy) shape() shape {
	s := newShape()
	p.add(&s, nil)
	return s
}

// add adds the policy to a search, but for the rules that leave names.
func (p Policy) add(s *shape, leave func(i int) bool) {
	for i, r := range p.Rules {
		if leave == nil || !leave(i) {
			r.demand.keep(s, nobody)
		}
	}
}

func (p Policy) accepts(password string) bool { return len(p.broken(password, nobody)) == 0 }

// witness looks for a password that p accepts and rule i of the other policy refuses.
func (p Policy) witness(other Policy, i int) (Gap, outcome) {
	rule := other.Rules[i]
	if p.implies(rule.demand) {
		return Gap{}, impossible
	}
	search := func(leave func(j int) bool) (string, outcome) {
		ways, all := rule.demand.flaws(nobody)
		verdict := impossible
		if !all {
			verdict = gaveUp
		}
		for _, flaw := range ways {
			s := p.shape()
			other.add(&s, func(j int) bool { return j == i || leave(j) })
			flaw(&s)
			password, end := find(s, func(password string) bool {
				for j, r := range other.Rules {
					if j != i && !leave(j) && !r.demand.met(password, nobody) {
						return false
					}
				}
				return p.accepts(password) && !rule.demand.met(password, nobody)
			})
			if end == found {
				return password, found
			}
			verdict = max(verdict, end)
		}
		return "", verdict
	}
	// Whether there is a gap at all is a matter of the source alone. Then the other rules of the target are kept: all, or
	// all but one.
	password, end := search(func(int) bool { return true })
	if end != found {
		return Gap{}, end
	}
	for leave := -1; leave < len(other.Rules); leave++ {
		if narrow, end := search(func(j int) bool { return j == leave }); end == found {
			password = narrow
			break
		}
	}
	return p.gap(other, rule, password), found
}

// implies tells that a rule of p's covers the demand for everybody, whatever their names.
func (p Policy) implies(d demand) bool {
	return slices.ContainsFunc(p.Rules, func(r Rule) bool {
		switch own := r.demand.(type) {
		case attribute:
			other, ok := d.(attribute)
			return ok && sameAttribute(own.name, other.name) && (own.anyCase || !other.anyCase) && own.shortest <= other.shortest
		case without:
			other, ok := d.(without)
			if !ok {
				return false
			}
			if own.anyCase || strings.ToLower(own.word) == strings.ToUpper(own.word) {
				return strings.Contains(strings.ToLower(other.word), strings.ToLower(own.word))
			}
			return !other.anyCase && strings.Contains(other.word, own.word)
		}
		return false
	})
}

// sameAttribute compares names of attributes of IDM and Oracle.
func sameAttribute(a, b string) bool {
	return strings.EqualFold(idmAttribute(a), idmAttribute(b))
}

// idmAttribute is IDM's name of an attribute of Oracle's. Source: the attributes of IDM's managed/user and of SCIM's User.
func idmAttribute(name string) string {
	switch strings.ToLower(name) {
	case "name.givenname":
		return "givenName"
	case "name.familyname", "familyname":
		return "sn"
	case "emails.value", "emails":
		return "mail"
	case "phonenumbers.value":
		return "telephoneNumber"
	}
	return name
}

func (p Policy) gap(other Policy, rule Rule, password string) Gap {
	g := Gap{Rule: rule.ID, Target: rule.Text, Witness: password, Unless: p.Opaque, rule: rule}
	for _, r := range other.broken(password, nobody) {
		if r.ID != rule.ID || r.Text != rule.Text {
			g.Also = append(g.Also, r.ID)
		}
	}
	if _, names := rule.demand.(attribute); names {
		person := nobody
		g.For = &person
	}
	g.Source, g.Because = p.lets(rule.demand)
	return g
}

// lets says in words what the policy lets through of that which a demand of the other side refuses.
func (p Policy) lets(d demand) (text, because string) {
	switch d := d.(type) {
	case amount:
		if d.most == 0 {
			return "accepted", ""
		}
		text = p.letsAmount(d)
		if d.least > 0 && d.of.name == upperCase.name && slices.ContainsFunc(p.Rules, func(r Rule) bool {
			own, ok := r.demand.(amount)
			return ok && own.of.name == idmCapitals.name && own.least >= d.least
		}) {
			because = "IDM counts ( and ) as capitals: its script matches [(A-Z)]"
		}
		return text, because
	case distinct:
		for n := 1; n < d.least; n++ {
			s := p.shape()
			s.distinctMost = n
			if _, end := find(s, p.accepts); end == found {
				return fmt.Sprintf("%d different %s enough", n, plural(n, "is", "are")), ""
			}
		}
		return "fewer are enough", ""
	case run:
		return "longer runs are accepted", ""
	case every:
		return "not asked for", ""
	case first:
		return "any first character", ""
	case attribute:
		if slices.ContainsFunc(p.Rules, func(r Rule) bool {
			own, ok := r.demand.(attribute)
			return ok && sameAttribute(own.name, d.name)
		}) {
			return "refused only as it is written", "IDM compares the value exactly, case included, the target in any case"
		}
		return "accepted", ""
	case without:
		if slices.ContainsFunc(p.Rules, func(r Rule) bool {
			own, ok := r.demand.(without)
			return ok && strings.EqualFold(own.word, d.word)
		}) {
			return "refused only as it is written", "IDM compares exactly, case included, the target in any case"
		}
		return "accepted", ""
	}
	return "accepted", ""
}

// probe is a number of characters that stands for "any number".
const probe = 1000

// letsAmount is the bound that the source itself has, whichever of its rules it comes from.
func (p Policy) letsAmount(d amount) string {
	possible := func(least, most int) bool {
		s := p.shape()
		s.amounts = append(s.amounts, amount{d.of, least, most})
		_, end := find(s, p.accepts)
		return end == found
	}
	if d.least > 0 {
		for n := range d.least {
			switch {
			case !possible(0, n):
			case n == 0:
				return "none is asked for"
			default:
				return fmt.Sprintf("%d %s enough", n, plural(n, "is", "are"))
			}
		}
		return "fewer are enough"
	}
	if possible(probe, unlimited) {
		return "any number"
	}
	for n := probe; n > d.most; n /= 2 {
		if possible(n, unlimited) {
			for possible(n+1, unlimited) {
				n++
			}
			return fmt.Sprintf("up to %d", n)
		}
	}
	return "more are accepted"
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// historyOf compares what the two sides remember.
func (p Policy) historyOf(target Policy) []Unknown {
	if target.History == 0 {
		return nil
	}
	keeps := "keeps none"
	if p.History > 0 {
		keeps = fmt.Sprintf("refuses the last %d", p.History)
	}
	if p.History >= target.History {
		return []Unknown{{
			Rule: "numPasswordsInHistory", Text: fmt.Sprintf("the target refuses the last %d passwords, the source the last %d", target.History, p.History),
			Why: "the two remember different passwords until every user has changed often enough",
		}}
	}
	return []Unknown{{
		Rule: "numPasswordsInHistory",
		Text: fmt.Sprintf("the target refuses the last %d passwords; the source %s", target.History, keeps),
		Why:  "no policy says how often people go back to an old password",
	}}
}
