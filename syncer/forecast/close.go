package forecast

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Remedy says how to close a gap at the source.
type Remedy struct {
	Text string `json:"text"`
	// Policies are entries for the list of policies of managed/user's password. They replace those of the same id.
	Policies []IDMRule `json:"policies,omitempty"`
	// Open tells that the policies leave a part of the gap open, which only a policy of your own, a script, closes.
	Open bool `json:"open,omitempty"`

	expression string // the look-ahead that closes the gap, for IDM's regexpMatches
}

// remedy says a demand in IDM's own policies. Those that its versions do not all have are avoided: an id that IDM does not
// know makes every change fail. What no policy of IDM's says is said by regexpMatches, in look-aheads; BackReference stands
// for the number of a group.
func remedy(d demand, source Policy) Remedy {
	r := Remedy{}
	native := func(id string, params any) { r.Policies = append(r.Policies, NewIDMRule(id, params, "")) }
	switch d := d.(type) {
	case amount:
		r = remedyAmount(d, source)
	case distinct:
		r.expression = fmt.Sprintf(`(?=(?:.*?(.)(?!.*%s)){%d})`, backReference, d.least)
	case run:
		r.expression = fmt.Sprintf(`(?!.*(.)%s{%d})`, backReference, d.most)
	case every:
		for _, c := range runes(d.characters) {
			r.expression += fmt.Sprintf(`(?=.*%s)`, literal(string(c)))
		}
	case first:
		r.expression = `(?=[A-Za-z])`
	case sets:
		r.Open = true
		r.Text = "IDM has no policy for character sets; write one as a script, or ask for each kind that matters"
	case without:
		r.expression = fmt.Sprintf(`(?!.*%s)`, eitherCase(d.word))
	case attribute:
		r.Open = true
		r.Text = "compare in any case by a policy of your own (a script, named by additionalFiles in conf/policy.json): cannot-contain-others compares exactly"
		if field := idmAttribute(d.name); !slices.ContainsFunc(source.Rules, func(own Rule) bool {
			a, ok := own.demand.(attribute)
			return ok && sameAttribute(a.name, field)
		}) {
			r.Text = fmt.Sprintf("refuse %s, too; in another case than it is stored it still gets through, which only a policy of your own refuses (a script, named by additionalFiles in conf/policy.json)", field)
			native("cannot-contain-others", map[string][]string{"disallowedFields": append(fields(source), field)})
		}
	}
	if r.Text == "" {
		var ids []string
		for _, p := range r.Policies {
			ids = append(ids, p.ID)
		}
		if r.expression != "" {
			ids = append(ids, "regexpMatches")
		}
		r.Text = "demand it at the source, by " + strings.Join(ids, " and ")
	}
	if r.expression != "" {
		native("regexpMatches", map[string]string{"regexp": "^" + strings.ReplaceAll(r.expression, backReference, `\1`)})
	}
	return r
}

const backReference = "\x00"

func remedyAmount(d amount, source Policy) Remedy {
	var r Remedy
	native := func(id, param string, n int) {
		r.Policies = append(r.Policies, NewIDMRule(id, map[string]int{param: n}, ""))
	}
	times := func(set string, n int) {
		r.expression = fmt.Sprintf(`(?=(?:.*%s){%d})`, set, n)
		if n == 1 {
			r.expression = fmt.Sprintf(`(?=.*%s)`, set)
		}
	}
	if d.most < unlimited {
		switch d.of.name {
		case anything.name:
			r.expression = fmt.Sprintf(`(?=.{0,%d}$)`, d.most)
		case specials.name:
			r.expression = fmt.Sprintf(`(?!(?:.*[^A-Za-z0-9]){%d})`, d.most+1)
		default:
			r.expression = onlyExpression(d.of)
		}
		return r
	}
	switch d.of.name {
	case anything.name:
		native("minimum-length", "minLength", d.least)
	case digits.name:
		native("at-least-X-numbers", "numNums", d.least)
	case upperCase.name:
		if !demandsCapitals(source, d.least) {
			native("at-least-X-capitals", "numCaps", d.least)
		}
		times("[A-Z]", d.least) // at-least-X-capitals alone takes parentheses, too
	case lowerCase.name:
		times("[a-z]", d.least)
	case letters.name:
		times("[A-Za-z]", d.least)
	case alphaNumerals.name:
		times("[A-Za-z0-9]", d.least)
	case specials.name:
		times("[ -/:-@[-`{-~]", d.least) // of ASCII: [^A-Za-z0-9] would take an é
	}
	return r
}

func demandsCapitals(p Policy, least int) bool {
	return slices.ContainsFunc(p.Rules, func(r Rule) bool {
		own, ok := r.demand.(amount)
		return ok && own.of.name == idmCapitals.name && own.least >= least
	})
}

// onlyExpression refuses the characters of a class that the policy names, or all but those.
func onlyExpression(of class) string {
	set := strings.Builder{}
	for _, c := range runes(of.own) {
		if strings.ContainsRune(`\]^-[`, c) {
			set.WriteByte('\\')
		}
		set.WriteRune(c)
	}
	if of.has([]rune(of.own)[0]) {
		return fmt.Sprintf(`(?!.*[%s])`, set.String())
	}
	return fmt.Sprintf(`(?=[%s]*$)`, set.String())
}

func fields(p Policy) []string {
	var list []string
	for _, r := range p.Rules {
		if a, ok := r.demand.(attribute); ok {
			list = append(list, a.name)
		}
	}
	return list
}

func literal(text string) string { return regexp.QuoteMeta(text) }

// eitherCase matches a word in any case: JavaScript has no flag for a part of an expression.
func eitherCase(text string) string {
	var b strings.Builder
	for _, c := range text {
		low, high := strings.ToLower(string(c)), strings.ToUpper(string(c))
		if low == high || len([]rune(low)) != 1 || len([]rune(high)) != 1 {
			b.WriteString(literal(string(c)))
			continue
		}
		fmt.Fprintf(&b, "[%s%s]", low, high)
	}
	return b.String()
}

var group = regexp.MustCompile(`\\.|\[(?:\\.|[^\]\\])*\]|\((\?(?:[:=!]|<[=!]))?`)

// Close applies the remedies of all gaps to the rules of IDM. Left lists what policies of IDM's cannot close.
func (m IDM) Close(gaps []Gap) (closed IDM, left []string) {
	closed = m
	var expressions []string
	fieldsToo := fields(m.Policy())
	for _, g := range gaps {
		for _, rule := range g.Close.Policies {
			switch rule.ID {
			case "regexpMatches":
			case "cannot-contain-others":
				var params struct{ DisallowedFields []string }
				if json.Unmarshal(rule.Params, &params) == nil {
					fieldsToo = append(fieldsToo, params.DisallowedFields...)
				}
				fieldsToo = distinctNames(fieldsToo)
				closed.Set(NewIDMRule(rule.ID, map[string][]string{"disallowedFields": fieldsToo}, ""))
			default:
				closed.raise(rule)
			}
		}
		if e := g.Close.expression; e != "" && !slices.Contains(expressions, e) {
			expressions = append(expressions, e)
		}
		if note := g.Rule + ": " + g.Close.Text; g.Close.Open && !slices.Contains(left, note) {
			left = append(left, note)
		}
	}
	if len(expressions) == 0 {
		return closed, left
	}
	// One expression for all: where policy.json has policies, too, IDM keeps only the last rule of an id.
	whole, groups := "^", 0
	for _, rule := range m.Rules {
		if rule.ID != "regexpMatches" {
			continue
		}
		var params idmParams
		if json.Unmarshal(rule.Params, &params) != nil || params.Regexp == nil {
			continue
		}
		if params.Flags != "" {
			return closed, append(left, fmt.Sprintf("regexpMatches: %s has the flags %q; add ^%s to it by hand", rule.place, params.Flags, strings.Join(expressions, "")))
		}
		whole += aheadOf(*params.Regexp)
		groups += countGroups(*params.Regexp)
	}
	for _, e := range expressions {
		if strings.Contains(e, backReference) {
			groups++
			e = strings.ReplaceAll(e, backReference, fmt.Sprintf(`\%d`, groups))
		}
		whole += e
	}
	closed.Set(NewIDMRule("regexpMatches", map[string]string{"regexp": whole}, ""))
	return closed, left
}

// raise sets a rule with a number, unless there is one with a higher number: IDM has one policy for everybody, so that of
// the strictest group decides.
func (m *IDM) raise(rule IDMRule) {
	number := func(r IDMRule) int {
		var params idmParams
		if json.Unmarshal(r.Params, &params) != nil {
			return 0
		}
		n := 0
		for _, value := range []*int{params.MinLength, params.NumCaps, params.NumNums} {
			if value != nil {
				n = max(n, *value)
			}
		}
		return n
	}
	if i := slices.IndexFunc(m.Rules, func(r IDMRule) bool { return r.ID == rule.ID }); i < 0 || number(m.Rules[i]) < number(rule) {
		m.Set(rule)
	}
}

// aheadOf says an expression in look-aheads, without the anchor before them: others can follow.
func aheadOf(expression string) string {
	rest, anchored := strings.CutPrefix(expression, "^")
	if !anchored || alternatives(expression) {
		return fmt.Sprintf(`(?=.*?(?:%s))`, expression)
	}
	ahead := ""
	for strings.HasPrefix(rest, "(?=") || strings.HasPrefix(rest, "(?!") {
		end := closing(rest)
		if end < 0 {
			break
		}
		ahead, rest = ahead+rest[:end+1], rest[end+1:]
	}
	if strings.Trim(rest, ".*") == "" {
		return ahead
	}
	return fmt.Sprintf(`%s(?=%s)`, ahead, rest)
}

// countGroups counts the groups of an expression that are numbered.
func countGroups(expression string) int {
	n := 0
	for _, m := range group.FindAllStringSubmatch(expression, -1) {
		if m[0] == "(" {
			n++
		}
	}
	return n
}

func distinctNames(list []string) []string {
	var out []string
	for _, name := range list {
		if !slices.ContainsFunc(out, func(known string) bool { return sameAttribute(known, name) }) {
			out = append(out, name)
		}
	}
	return out
}
