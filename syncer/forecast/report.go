package forecast

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// Report is a whole forecast.
type Report struct {
	Source  Side     `json:"source"`
	Targets []Target `json:"targets"`
	// Remarks are what was found while reading the target.
	Remarks []string `json:"remarks,omitempty"`
}

// Side is a policy in words.
type Side struct {
	Name    string   `json:"name"`
	Rules   []string `json:"rules"`
	Remarks []string `json:"remarks,omitempty"`
}

// Words says the policy in words.
func (p Policy) Words() Side {
	s := Side{Name: p.Name, Rules: []string{}, Remarks: p.Remarks}
	for _, r := range p.Rules {
		if n := len(s.Rules); n == 0 || s.Rules[n-1] != r.Text {
			s.Rules = append(s.Rules, r.Text)
		}
	}
	return s
}

// Target is one policy of the target against that of the source.
type Target struct {
	Side
	Default  bool     `json:"default"`
	Priority int      `json:"priority,omitempty"`
	Groups   []string `json:"groups,omitempty"`
	Comparison

	Concerned *Concerned `json:"concerned,omitempty"`
	Share     *Share     `json:"share,omitempty"`
	// NoShare tells why no share can be known.
	NoShare string `json:"noShare,omitempty"`
	// NotConfirmed tells why the domain was not asked about the witnesses, although that was wanted.
	NotConfirmed string `json:"notConfirmed,omitempty"`
}

// Gaps are those of all policies of the target.
func (r Report) Gaps() []Gap {
	var list []Gap
	for _, t := range r.Targets {
		list = append(list, t.Gaps...)
	}
	return list
}

// Undecided tells whether a rule is left of which nothing could be told.
func (r Report) Undecided() bool {
	for _, t := range r.Targets {
		if len(t.Undecided) > 0 {
			return true
		}
	}
	return false
}

// page writes text; the first error stays.
type page struct {
	out io.Writer
	err error
}

func (p *page) f(format string, arguments ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format, arguments...)
	}
}

// Text writes the forecast for people.
func (r Report) Text(out io.Writer) error {
	p := &page{out: out}
	p.side("Source", r.Source)
	for _, remark := range r.Remarks {
		p.f("  note: %s\n", remark)
	}
	for _, t := range r.Targets {
		p.f("\n")
		p.side("Target", t.Side)
		switch {
		case len(t.Groups) > 0:
			p.f("  for members of %s\n", strings.Join(t.Groups, ", "))
		case len(r.Targets) > 1:
			p.f("  for everybody else\n")
		}
		p.gaps(t)
		p.unknown("Undecided", t.Undecided)
		p.unknown("Cannot be compared", t.NotComparable)
		if len(t.Stricter) > 0 {
			p.f("\nOnly the source demands (harmless): %s\n", strings.Join(t.Stricter, "; "))
		}
		p.share(t)
	}
	return p.err
}

func (p *page) side(title string, s Side) {
	rules := "no restriction"
	if len(s.Rules) > 0 {
		rules = strings.Join(s.Rules, "; ")
	}
	p.f("%s  %s\n  %s\n", title, s.Name, rules)
	for _, remark := range s.Remarks {
		p.f("  note: %s\n", remark)
	}
}

func (p *page) gaps(t Target) {
	if t.Hopeless {
		p.f("\nNo password at all satisfies both policies: every change will be refused.\n")
	}
	if len(t.Gaps) == 0 {
		p.f("\nNo gap: what the source accepts, these rules accept%s.\n", map[bool]string{true: ", as far as it could be decided"}[len(t.Undecided) > 0])
		return
	}
	p.f("\n%d %s: the source accepts what the target refuses\n", len(t.Gaps), plural(len(t.Gaps), "gap", "gaps"))
	if p.err != nil {
		return
	}
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "  rule\tsource\ttarget\twitness\n")
	for _, g := range t.Gaps {
		_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", g.Rule, g.Source, g.Target, g.Witness)
	}
	p.err = table.Flush() // a writer that failed says so here, too
	p.notes(t.Gaps, func(g Gap) string { return g.Because })
	p.notes(t.Gaps, func(g Gap) string {
		if len(g.Also) == 0 {
			return ""
		}
		return "its witness cannot but break " + strings.Join(g.Also, ", ") + ", too"
	})
	p.notes(t.Gaps, func(g Gap) string {
		if len(g.Unless) == 0 {
			return ""
		}
		return "unless the source refuses the witness by " + strings.Join(g.Unless, ", ") + ", which cannot be read here"
	})
	p.notes(t.Gaps, func(g Gap) string {
		if g.Confirmed == "" {
			return ""
		}
		return "the domain says: " + g.Confirmed
	})
	for _, g := range t.Gaps {
		if g.For != nil {
			p.f("  The witnesses about names are for a person who does not exist: user name %s, %s %s.\n", g.For.UserName, g.For.GivenName, g.For.FamilyName)
			break
		}
	}
	if t.NotConfirmed != "" {
		p.f("  The domain was not asked: %s\n", t.NotConfirmed)
	}
	p.f("\nTo close them at the source (--fix prints all of it)\n")
	for _, g := range t.Gaps {
		if len(g.Close.Policies) > 0 {
			p.f("  %s: %s\n", g.Rule, g.Close.Text)
		}
		for _, rule := range g.Close.Policies {
			p.f("    %s\n", rule)
		}
	}
	p.notes(t.Gaps, func(g Gap) string {
		if len(g.Close.Policies) > 0 {
			return ""
		}
		return g.Close.Text
	})
}

// notes writes each text once, after all the rules for which it holds.
func (p *page) notes(gaps []Gap, text func(Gap) string) {
	rules := map[string][]string{}
	var order []string
	for _, g := range gaps {
		note := text(g)
		if note == "" {
			continue
		}
		if rules[note] == nil {
			order = append(order, note)
		}
		if !slices.Contains(rules[note], g.Rule) {
			rules[note] = append(rules[note], g.Rule)
		}
	}
	for _, note := range order {
		p.f("  %s: %s\n", strings.Join(rules[note], ", "), note)
	}
}

func (p *page) unknown(title string, list []Unknown) {
	if len(list) == 0 {
		return
	}
	p.f("\n%s\n", title)
	for _, u := range list {
		p.f("  %s: %s: %s\n", u.Rule, u.Text, u.Why)
	}
}

func (p *page) share(t Target) {
	p.f("\nNext changes that will be refused\n")
	if len(t.Gaps)+len(t.Undecided) == 0 {
		p.f("  by these rules none\n")
		return
	}
	if t.NoShare != "" {
		p.f("  cannot be known: %s\n", t.NoShare)
	}
	if s := t.Share; s != nil {
		p.shareOf(*s, t.Concerned)
	}
	if c := t.Concerned; c != nil {
		for _, r := range []string{"firstNameDisallowed", "lastNameDisallowed", "userNameDisallowed"} {
			if n, ok := c.Names[r]; ok {
				p.f("  %s concerns %d of %d users, whose name is long enough to be looked for\n", r, n, c.Users)
			}
		}
	}
}

func (p *page) shareOf(s Share, c *Concerned) {
	switch {
	case s.Basis == "model":
		p.f("  about %.1f %% (%.1f to %.1f), estimated from %d passwords\n", 100*s.Refused, 100*s.Low, 100*s.High, s.Of)
	case s.Low == s.High:
		p.f("  %.1f %% of %d passwords, counted\n", 100*s.Low, s.Of)
	default:
		p.f("  %.1f to %.1f %% of %d passwords, counted\n", 100*s.Low, 100*s.High, s.Of)
	}
	if c != nil {
		p.f("  of the %d users' next changes: %.0f to %.0f\n", c.Users, s.Low*float64(c.Users), s.High*float64(c.Users))
	}
	for _, r := range s.Rules {
		p.f("    %-24s %5.1f %%\n", r.Rule, 100*r.Share)
	}
	for _, text := range s.Assumes {
		p.f("  assumed: %s\n", text)
	}
	for _, text := range s.Unknown {
		p.f("  not known: %s\n", text)
	}
}
